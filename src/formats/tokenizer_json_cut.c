/* tokenizer.json: pre_tokenizer → steps of cutting, and back. */
/* SPDX-License-Identifier: MIT */
/*
 * Every kind of step is an expression whose matches, and the text between them, are the pieces:
 *
 *   Isolated              X
 *   Contiguous            (?>X)+
 *   MergedWithPrevious    (?:(?!X)[\s\S])+(?>X)?|X     a match and the text before it
 *   MergedWithNext        (?>X)(?:(?!X)[\s\S])*        a match and the text after it
 *
 * Inverted, the last two change places: the text between matches joins its neighbours. Removed and
 * inverted drops it: for a pattern that leaves none, as all known ones do, that is Isolated; for
 * others an error where text would be dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/tokenizer_json.h"
#include "notation/hf_expression.h"
#include "pretokenize/pattern.h"
#include "unicode/quote.h"

/*
 * What Rust's char::is_numeric finds and \p{N} doesn't: tokenizers is built with Unicode 17.0 there
 * and with 16.0, our default, in expressions.
 */
#define DIGIT "[\\p{N}\\x{11DE0}-\\x{11DE9}\\x{16FF4}-\\x{16FF6}]"

/* ASCII's punctuation and symbols, and Unicode 8.0's punctuation: the crate unicode_categories. */
#define PUNCTUATION                                                                                \
	"!-/:-@\\[-`{-~\\x{A1}\\x{A7}\\x{AB}\\x{B6}-\\x{B7}\\x{BB}\\x{BF}\\x{37E}\\x{387}"             \
	"\\x{55A}-\\x{55F}\\x{589}-\\x{58A}\\x{5BE}\\x{5C0}\\x{5C3}\\x{5C6}\\x{5F3}-\\x{5F4}"          \
	"\\x{609}-\\x{60A}\\x{60C}-\\x{60D}\\x{61B}\\x{61E}-\\x{61F}\\x{66A}-\\x{66D}\\x{6D4}"         \
	"\\x{700}-\\x{70D}\\x{7F7}-\\x{7F9}\\x{830}-\\x{83E}\\x{85E}\\x{964}-\\x{965}\\x{970}"         \
	"\\x{AF0}\\x{DF4}\\x{E4F}\\x{E5A}-\\x{E5B}\\x{F04}-\\x{F12}\\x{F14}\\x{F3A}-\\x{F3D}"          \
	"\\x{F85}\\x{FD0}-\\x{FD4}\\x{FD9}-\\x{FDA}\\x{104A}-\\x{104F}\\x{10FB}"                       \
	"\\x{1360}-\\x{1368}\\x{1400}\\x{166D}-\\x{166E}\\x{169B}-\\x{169C}\\x{16EB}-\\x{16ED}"        \
	"\\x{1735}-\\x{1736}\\x{17D4}-\\x{17D6}\\x{17D8}-\\x{17DA}\\x{1800}-\\x{180A}"                 \
	"\\x{1944}-\\x{1945}\\x{1A1E}-\\x{1A1F}\\x{1AA0}-\\x{1AA6}\\x{1AA8}-\\x{1AAD}"                 \
	"\\x{1B5A}-\\x{1B60}\\x{1BFC}-\\x{1BFF}\\x{1C3B}-\\x{1C3F}\\x{1C7E}-\\x{1C7F}"                 \
	"\\x{1CC0}-\\x{1CC7}\\x{1CD3}\\x{2010}-\\x{2027}\\x{2030}-\\x{2043}\\x{2045}-\\x{2051}"        \
	"\\x{2053}-\\x{205E}\\x{207D}-\\x{207E}\\x{208D}-\\x{208E}\\x{2308}-\\x{230B}"                 \
	"\\x{2329}-\\x{232A}\\x{2768}-\\x{2775}\\x{27C5}-\\x{27C6}\\x{27E6}-\\x{27EF}"                 \
	"\\x{2983}-\\x{2998}\\x{29D8}-\\x{29DB}\\x{29FC}-\\x{29FD}\\x{2CF9}-\\x{2CFC}"                 \
	"\\x{2CFE}-\\x{2CFF}\\x{2D70}\\x{2E00}-\\x{2E2E}\\x{2E30}-\\x{2E42}\\x{3001}-\\x{3003}"        \
	"\\x{3008}-\\x{3011}\\x{3014}-\\x{301F}\\x{3030}\\x{303D}\\x{30A0}\\x{30FB}"                   \
	"\\x{A4FE}-\\x{A4FF}\\x{A60D}-\\x{A60F}\\x{A673}\\x{A67E}\\x{A6F2}-\\x{A6F7}"                  \
	"\\x{A874}-\\x{A877}\\x{A8CE}-\\x{A8CF}\\x{A8F8}-\\x{A8FA}\\x{A8FC}\\x{A92E}-\\x{A92F}"        \
	"\\x{A95F}\\x{A9C1}-\\x{A9CD}\\x{A9DE}-\\x{A9DF}\\x{AA5C}-\\x{AA5F}\\x{AADE}-\\x{AADF}"        \
	"\\x{AAF0}-\\x{AAF1}\\x{ABEB}\\x{FD3E}-\\x{FD3F}\\x{FE10}-\\x{FE19}\\x{FE30}-\\x{FE52}"        \
	"\\x{FE54}-\\x{FE61}\\x{FE63}\\x{FE68}\\x{FE6A}-\\x{FE6B}\\x{FF01}-\\x{FF03}"                  \
	"\\x{FF05}-\\x{FF0A}\\x{FF0C}-\\x{FF0F}\\x{FF1A}-\\x{FF1B}\\x{FF1F}-\\x{FF20}"                 \
	"\\x{FF3B}-\\x{FF3D}\\x{FF3F}\\x{FF5B}\\x{FF5D}\\x{FF5F}-\\x{FF65}\\x{10100}-\\x{10102}"       \
	"\\x{1039F}\\x{103D0}\\x{1056F}\\x{10857}\\x{1091F}\\x{1093F}\\x{10A50}-\\x{10A58}"            \
	"\\x{10A7F}\\x{10AF0}-\\x{10AF6}\\x{10B39}-\\x{10B3F}\\x{10B99}-\\x{10B9C}"                    \
	"\\x{11047}-\\x{1104D}\\x{110BB}-\\x{110BC}\\x{110BE}-\\x{110C1}\\x{11140}-\\x{11143}"         \
	"\\x{11174}-\\x{11175}\\x{111C5}-\\x{111C9}\\x{111CD}\\x{111DB}\\x{111DD}-\\x{111DF}"          \
	"\\x{11238}-\\x{1123D}\\x{112A9}\\x{114C6}\\x{115C1}-\\x{115D7}\\x{11641}-\\x{11643}"          \
	"\\x{1173C}-\\x{1173E}\\x{12470}-\\x{12474}\\x{16A6E}-\\x{16A6F}\\x{16AF5}"                    \
	"\\x{16B37}-\\x{16B3B}\\x{16B44}\\x{1BC9F}\\x{1DA87}-\\x{1DA8B}"

/* Of a pre_tokenizer that is being read. */
struct cut_reader {
	struct pmill_tokenizer *tokenizer;
	struct pmill_hf_cuts *cuts;
};

static const char *quote(struct pmill_quote *room, const char *text)
{
	return pmill_quote(room, text, strlen(text));
}

static pmill_status add_step(
	struct cut_reader *reader, struct pmill_cut_step step, struct pmill_json_error *error)
{
	struct pmill_hf_cuts *cuts = reader->cuts;
	void *steps = cuts->steps;
	if (!pmill_array_reserve(&steps, &cuts->capacity, cuts->count + 1, sizeof step))
		return pmill_fail_memory(error->error);
	cuts->steps = steps;
	step.on_printable = cuts->is_byte_level;
	cuts->steps[cuts->count++] = step;
	return PMILL_OK;
}

/* ---- Kinds of steps ---- */

/* use_regex is true if it is missing, as in files from before 0.11. */
static pmill_status read_byte_level(
	struct cut_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const json_t *adds_space = json_object_get(value, "add_prefix_space");
	if (!json_is_boolean(adds_space))
		return pmill_json_fail(error, pmill_json_at_member(value, "add_prefix_space"),
			"the pre_tokenizer ByteLevel has no add_prefix_space");
	if (reader->cuts->is_byte_level)
		return pmill_hf_refuse(reader->tokenizer, error,
			"two pre_tokenizers ByteLevel in a row, which map bytes twice, are not supported");
	const bool use_regex = !json_is_false(json_object_get(value, "use_regex"));
	const struct pmill_cut_step step = {
		.pattern = use_regex ? "gpt2" : "none", .adds_space = json_is_true(adds_space)};
	const pmill_status status = add_step(reader, step, error);
	reader->cuts->is_byte_level = true;
	return status;
}

/* The expression that finds `text` itself. */
static bool append_escaped(struct pmill_buffer *out, const char *text)
{
	bool done = true;
	for (; *text != '\0' && done; text++)
		done = (strchr("\\^$.[]|()?*+{}-#&~", *text) == NULL ||
				   pmill_buffer_append(out, "\\", 1)) &&
			pmill_buffer_append(out, text, 1);
	return done;
}

/* What a kind of piece makes of an expression; each X stands for it. */
static const struct behavior {
	const char *name;
	bool is_inverted;
	const char *form;
} behaviors[] = {
	{"Isolated", false, "X"},
	{"Isolated", true, "X"},
	{"Contiguous", false, "(?>X)+"},
	{"Contiguous", true, "(?>X)+"},
	{"MergedWithPrevious", false, "(?:(?!X)[\\s\\S])+(?>X)?|(?:X)"},
	{"MergedWithNext", true, "(?:(?!X)[\\s\\S])+(?>X)?|(?:X)"},
	{"MergedWithNext", false, "(?>X)(?:(?!X)[\\s\\S])*"},
	{"MergedWithPrevious", true, "(?>X)(?:(?!X)[\\s\\S])*"},
};

static const struct behavior *find_behavior(const char *name, bool is_inverted)
{
	for (size_t i = 0; i < sizeof behaviors / sizeof behaviors[0]; i++)
		if (strcmp(behaviors[i].name, name) == 0 && behaviors[i].is_inverted == is_inverted)
			return &behaviors[i];
	return NULL;
}

static pmill_status put_in(struct cut_reader *reader, const struct behavior *behavior,
	const char **pattern, struct pmill_json_error *error)
{
	if (strcmp(behavior->form, "X") == 0)
		return PMILL_OK;
	const char *named = pmill_pattern_expression(*pattern);
	struct pmill_buffer out = {0};
	const char *copy = NULL;
	bool done = true;
	for (const char *at = behavior->form; *at != '\0' && done; at++)
		done = *at == 'X' ? pmill_buffer_append_text(&out, named != NULL ? named : *pattern)
						  : pmill_buffer_append(&out, at, 1);
	if (done)
		copy = pmill_arena_copy(&reader->tokenizer->arena, out.data, out.len);
	pmill_buffer_release(&out);
	if (copy == NULL)
		return pmill_fail_memory(error->error);
	*pattern = copy;
	return PMILL_OK;
}

/* `type`: of the step, for messages. */
static pmill_status add_behavior(struct cut_reader *reader, const char *type, const char *pattern,
	const char *name, bool is_inverted, struct pmill_json_error *error)
{
	const bool is_removed = strcmp(name, "Removed") == 0 && is_inverted;
	const struct behavior *behavior = find_behavior(is_removed ? "Isolated" : name, is_inverted);
	struct pmill_quote other;
	if (behavior == NULL)
		return pmill_hf_refuse(reader->tokenizer, error,
			"the pre_tokenizer %s with the behavior %s%s is not supported", type,
			quote(&other, name), is_inverted ? ", inverted," : "");
	const pmill_status status = put_in(reader, behavior, &pattern, error);
	/* Known patterns leave nothing between matches that could be dropped. */
	const struct pmill_cut_step step = {
		.pattern = pattern, .drops_gaps = is_removed && pmill_pattern_find(pattern) == NULL};
	return status == PMILL_OK ? add_step(reader, step, error) : status;
}

static pmill_status escape(
	struct cut_reader *reader, const char *text, const char **pattern, pmill_error *error)
{
	struct pmill_buffer out = {0};
	*pattern = NULL;
	/* In a group, so that it can't be taken for the name of a pattern. */
	if (pmill_buffer_append_text(&out, "(?:") && append_escaped(&out, text) &&
		pmill_buffer_append(&out, ")", 1))
		*pattern = pmill_arena_copy(&reader->tokenizer->arena, out.data, out.len);
	pmill_buffer_release(&out);
	return *pattern == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

static pmill_status read_split(
	struct cut_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const json_t *pattern = json_object_get(value, "pattern");
	const char *expression = json_string_value(json_object_get(pattern, "Regex"));
	const char *text = json_string_value(json_object_get(pattern, "String"));
	if (expression == NULL && text == NULL)
		return pmill_json_fail(error, pmill_json_at_member(value, "pattern"),
			"the pre_tokenizer Split has neither a \"Regex\" nor a \"String\"");
	if ((expression == NULL ? text : expression)[0] == '\0')
		return pmill_hf_refuse(
			reader->tokenizer, error, "the pre_tokenizer Split at the empty text is not supported");
	const char *found = NULL;
	pmill_error reason = {0};
	const pmill_status status = expression != NULL
		? pmill_hf_expression_read(&reader->tokenizer->arena, expression, &found, &reason)
		: escape(reader, text, &found, &reason);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error->error);
	if (status != PMILL_OK)
		return pmill_hf_refuse(reader->tokenizer, error, "%s", reason.message);
	return add_behavior(reader, "Split", found, pmill_hf_text(value, "behavior"),
		json_is_true(json_object_get(value, "invert")), error);
}

static pmill_status read_digits(
	struct cut_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const bool is_single = json_is_true(json_object_get(value, "individual_digits"));
	return add_step(
		reader, (struct pmill_cut_step){.pattern = is_single ? DIGIT : DIGIT "+"}, error);
}

static pmill_status read_punctuation(
	struct cut_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const char *behavior = pmill_hf_text(value, "behavior");
	return add_behavior(reader, "Punctuation", "[" PUNCTUATION "]",
		behavior[0] == '\0' ? "Isolated" : behavior, false, error);
}

static const struct kind {
	const char *type;
	pmill_status (*read)(
		struct cut_reader *reader, const json_t *value, struct pmill_json_error *error);
} kinds[] = {
	{"ByteLevel", read_byte_level},
	{"Split", read_split},
	{"Digits", read_digits},
	{"Punctuation", read_punctuation},
};

static pmill_status read_leaf(
	struct cut_reader *reader, const json_t *value, struct pmill_json_error *error)
{
	const char *type = pmill_hf_type(value);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].read(reader, value, error);
	struct pmill_quote room;
	return pmill_hf_refuse(
		reader->tokenizer, error, "the pre_tokenizer %s is not supported", quote(&room, type));
}

/* ---- The whole ---- */

/*
 * A step that cuts nothing goes; its space is added by the next one. (What is left may be a known
 * pattern: pmill_load_steps.)
 */
static void reduce(struct pmill_hf_cuts *cuts)
{
	size_t count = 0;
	bool adds_space = false;
	for (size_t i = 0; i < cuts->count; i++) {
		struct pmill_cut_step step = cuts->steps[i];
		step.adds_space = step.adds_space || adds_space;
		const bool is_last = i + 1 == cuts->count;
		const bool is_kept = strcmp(step.pattern, "none") != 0 ||
			(is_last && (count == 0 || step.adds_space));
		adds_space = !is_kept && step.adds_space;
		if (is_kept)
			cuts->steps[count++] = step;
	}
	cuts->count = count;
}

pmill_status pmill_hf_read_pre_tokenizer(struct pmill_tokenizer *tokenizer,
	const json_t *pre_tokenizer, struct pmill_hf_cuts *cuts, struct pmill_json_error *error)
{
	struct cut_reader reader = {tokenizer, cuts};
	json_t *leaves;
	pmill_status status = pmill_hf_flatten(pre_tokenizer, "pretokenizers", &leaves, error);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < json_array_size(leaves) && status == PMILL_OK; i++)
		status = read_leaf(&reader, json_array_get(leaves, i), error);
	json_decref(leaves);
	if (status == PMILL_OK && !cuts->is_byte_level)
		status = pmill_hf_refuse(
			tokenizer, error, "it is not byte-level: there is no pre_tokenizer ByteLevel");
	if (!cuts->is_byte_level)
		cuts->count = 0;
	reduce(cuts);
	return status;
}

/* ---- Writing ---- */

static int append_byte_level(json_t *steps, bool adds_space, bool use_regex)
{
	return json_array_append_new(steps,
		json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", adds_space,
			"trim_offsets", 1, "use_regex", use_regex));
}

static pmill_status append_expression(
	json_t *steps, const char *pattern, bool drops_gaps, pmill_error *error)
{
	const char *expression;
	const pmill_status status = pmill_hf_expression_write(pattern, &expression, error);
	if (status != PMILL_OK || expression == NULL)
		return status;
	const int failed = json_array_append_new(steps,
		json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "Regex", expression,
			"behavior", drops_gaps ? "Removed" : "Isolated", "invert", drops_gaps));
	return failed ? pmill_fail_memory(error) : PMILL_OK;
}

/* A known pattern may stand for several. */
static pmill_status append_split(
	json_t *steps, const struct pmill_cut_step *step, pmill_error *error)
{
	const struct pmill_pattern *known = pmill_pattern_find(step->pattern);
	if (known == NULL || known->steps == NULL)
		return append_expression(steps, step->pattern, step->drops_gaps, error);
	pmill_status status = PMILL_OK;
	for (size_t i = 0; known->steps[i] != NULL && status == PMILL_OK; i++)
		status = append_expression(steps, known->steps[i], false, error);
	return status;
}

/* A step that ByteLevel does itself, while no step before sees printable bytes. */
static bool is_byte_level(const struct pmill_tokenizer *tokenizer, size_t index)
{
	const struct pmill_cut_step *step = &tokenizer->steps[index];
	const bool is_last = index + 1 == tokenizer->step_count || step[1].on_printable;
	return !step->on_printable && !step->drops_gaps && is_last &&
		(strcmp(step->pattern, "gpt2") == 0 || strcmp(step->pattern, "none") == 0);
}

static pmill_status append_steps(
	const struct pmill_tokenizer *tokenizer, json_t *list, pmill_error *error)
{
	bool has_byte_level = false;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < tokenizer->step_count && status == PMILL_OK; i++) {
		const struct pmill_cut_step *step = &tokenizer->steps[i];
		const bool is_built_in = !has_byte_level && is_byte_level(tokenizer, i);
		if (step->adds_space && !is_built_in && (has_byte_level || !step->on_printable))
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"a tokenizer.json can't add a space before the pieces of %.300s", step->pattern);
		int failed = 0;
		if (is_built_in || (step->on_printable && !has_byte_level)) {
			failed = append_byte_level(
				list, step->adds_space, is_built_in && strcmp(step->pattern, "gpt2") == 0);
			has_byte_level = true;
		}
		status = failed ? pmill_fail_memory(error) : PMILL_OK;
		if (status == PMILL_OK && !is_built_in)
			status = append_split(list, step, error);
	}
	if (status == PMILL_OK && !has_byte_level && append_byte_level(list, false, false) != 0)
		status = pmill_fail_memory(error);
	return status;
}

pmill_status pmill_hf_make_pre_tokenizer(
	const struct pmill_tokenizer *tokenizer, json_t **value, pmill_error *error)
{
	json_t *list = json_array();
	pmill_status status = list == NULL ? pmill_fail_memory(error)
									   : append_steps(tokenizer, list, error);
	*value = NULL;
	if (status == PMILL_OK) {
		*value = json_array_size(list) == 1
			? json_incref(json_array_get(list, 0))
			: json_pack("{s:s, s:O}", "type", "Sequence", "pretokenizers", list);
		status = *value == NULL ? pmill_fail_memory(error) : PMILL_OK;
	}
	json_decref(list);
	return status;
}
