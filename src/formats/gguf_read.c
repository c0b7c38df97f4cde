/* GGUF: from the values of the header to a tokenizer. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "formats/gguf.h"
#include "formats/gguf_header.h"
#include "formats/gguf_pre.h"
#include "formats/load.h"
#include "notation/printable_model.h"
#include "unicode/printable.h"
#include "unicode/quote.h"

#define WORD_START "\xE2\x96\x81" /* U+2581, SentencePiece's space */

/* The kinds of vocab, by tokenizer.ggml.model. */
static const struct kind {
	const char *model;
	bool is_byte_level;
	bool is_readable; /* its tokens can be read, so that ids can be decoded */
	const char *what;
} kinds[] = {
	{"gpt2", true, true, "byte-level BPE"},
	{"llama", false, true, "SentencePiece BPE with byte fallback"},
	{"gemma4", false, true, "BPE with byte fallback"},
	{"t5", false, true, "Unigram"},
	{"bert", false, false, "WordPiece"},
	{"rwkv", false, false, "RWKV's own kind"},
	{"plamo2", false, false, "PLaMo's own kind"},
	{"none", false, false, "empty"},
	{"no_vocab", false, false, "empty"},
};

/* With these names of `pre`, tokens of a "gpt2" aren't spelled in printable bytes. */
static const char *const spaced_pres[] = {
	"gemma4", "granite-embed-multi-311m", "sarvam-moe", "whitespace"};

/* One file that is being read. */
struct reading {
	const struct pmill_gguf_header *header;
	const char *name;
	const pmill_load_options *options;
	struct pmill_tokenizer *tokenizer;
	const struct kind *kind;
	const struct pmill_gguf_pre *pre; /* NULL: unknown */
	struct pmill_special *specials;   /* their contents are in the header */
	size_t special_count, special_capacity;
	struct pmill_buffer bytes; /* of the current token */
	pmill_error *error;
};

static const struct pmill_gguf_value *get(const struct reading *reading, enum pmill_gguf_key key)
{
	return &reading->header->values[key];
}

/* Makes an error one at the string `index` of a value, if it is about the file. */
static pmill_status locate(const struct reading *reading, const struct pmill_gguf_value *value,
	size_t index, pmill_status status)
{
	if (status == PMILL_BAD_INPUT && reading->error != NULL) {
		reading->error->offset = 0;
		pmill_error_locate(reading->error, reading->name, pmill_gguf_string_offset(value, index));
		return status;
	}
	return pmill_name_error(reading->error, reading->name, status);
}

/* ---- What it is ---- */

static pmill_status fail_missing(struct reading *reading, enum pmill_gguf_key key)
{
	return pmill_fail(reading->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"%.300s: holds no vocab: %s is missing (of a model in several files, the first one has it)",
		reading->name, pmill_gguf_fields[key].key);
}

static bool is_text(pmill_bytes text, const char *wanted)
{
	return text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0;
}

static pmill_status find_kind(struct reading *reading)
{
	const struct pmill_gguf_value *model = get(reading, PMILL_GGUF_MODEL);
	if (!model->is_there)
		return fail_missing(reading, PMILL_GGUF_MODEL);
	const pmill_bytes text = pmill_gguf_string(model, 0);
	struct pmill_quote quote;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (is_text(text, kinds[i].model))
			reading->kind = &kinds[i];
	if (reading->kind == NULL)
		return pmill_fail(reading->error, PMILL_UNSUPPORTED, model->offset,
			"%.300s: its vocab is of an unknown kind, tokenizer.ggml.model %s", reading->name,
			pmill_quote(&quote, text.data, text.len));
	if (!reading->kind->is_readable)
		return pmill_fail(reading->error, PMILL_UNSUPPORTED, model->offset,
			"%.300s: its vocab is %s (tokenizer.ggml.model %s), not byte-level BPE", reading->name,
			reading->kind->what, pmill_quote(&quote, text.data, text.len));
	return PMILL_OK;
}

/* The name of `pre`, or "" if there is none. */
static pmill_bytes get_pre(const struct reading *reading)
{
	const struct pmill_gguf_value *pre = get(reading, PMILL_GGUF_PRE);
	return pre->is_there ? pmill_gguf_string(pre, 0) : (pmill_bytes){"", 0};
}

static bool is_spaced(const struct reading *reading)
{
	if (!reading->kind->is_byte_level)
		return true;
	for (size_t i = 0; i < sizeof spaced_pres / sizeof spaced_pres[0]; i++)
		if (is_text(get_pre(reading), spaced_pres[i]))
			return true;
	return false;
}

/* ---- Tokens ---- */

static int32_t type_of(const struct reading *reading, size_t id)
{
	const struct pmill_gguf_value *types = get(reading, PMILL_GGUF_TOKEN_TYPES);
	return types->is_there ? pmill_gguf_number(types, id) : PMILL_GGUF_NORMAL;
}

static bool is_added(int32_t type)
{
	return type == PMILL_GGUF_UNKNOWN_TOKEN || type == PMILL_GGUF_CONTROL ||
		type == PMILL_GGUF_USER_DEFINED;
}

static pmill_status check_tokens(struct reading *reading)
{
	const struct pmill_gguf_value *tokens = get(reading, PMILL_GGUF_TOKENS);
	const struct pmill_gguf_value *types = get(reading, PMILL_GGUF_TOKEN_TYPES);
	if (!tokens->is_there || tokens->count == 0)
		return fail_missing(reading, PMILL_GGUF_TOKENS);
	if (tokens->count >= PMILL_NO_ID)
		return pmill_fail_input(reading->error, reading->name, tokens->offset,
			"%llu tokens are too many", (unsigned long long)tokens->count);
	if (types->is_there && types->count < tokens->count)
		return pmill_fail_input(reading->error, reading->name, types->offset,
			"%llu tokens have only %llu types", (unsigned long long)tokens->count,
			(unsigned long long)types->count);
	for (size_t id = 0; id < tokens->count; id++) {
		const pmill_bytes text = pmill_gguf_string(tokens, id);
		if (memchr(text.data, 0, text.len) != NULL)
			return pmill_fail_input(reading->error, reading->name,
				pmill_gguf_string_offset(tokens, id), "the token with id %zu contains a NUL", id);
	}
	return pmill_vocab_reserve(&reading->tokenizer->vocab, (size_t)tokens->count)
		? PMILL_OK
		: pmill_fail_memory(reading->error);
}

static pmill_status add_special(
	struct reading *reading, uint32_t id, int32_t type, pmill_bytes text)
{
	void *specials = reading->specials;
	if (!pmill_array_reserve(&specials, &reading->special_capacity, reading->special_count + 1,
			sizeof *reading->specials))
		return pmill_fail_memory(reading->error);
	reading->specials = specials;
	reading->specials[reading->special_count++] = (struct pmill_special){
		.content = text, .id = id, .is_special = type != PMILL_GGUF_USER_DEFINED};
	return pmill_vocab_add(
		&reading->tokenizer->vocab, id, text.data, text.len, true, reading->error);
}

static pmill_status add_printable(struct reading *reading, uint32_t id, pmill_bytes text)
{
	size_t bad_offset;
	struct pmill_quote quote;
	reading->bytes.len = 0;
	if (pmill_printable_parse(&reading->bytes, text.data, text.len, &bad_offset))
		return pmill_vocab_add(&reading->tokenizer->vocab, id, reading->bytes.data,
			reading->bytes.len, false, reading->error);
	if (bad_offset == SIZE_MAX)
		return pmill_fail_memory(reading->error);
	return pmill_fail(reading->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the token %s (id %u) is not spelled in printable bytes",
		pmill_quote(&quote, text.data, text.len), id);
}

static pmill_status add_byte_level(
	struct reading *reading, uint32_t id, int32_t type, pmill_bytes text)
{
	if (is_added(type))
		return add_special(reading, id, type, text);
	if (type == PMILL_GGUF_NORMAL)
		return add_printable(reading, id, text);
	return pmill_fail(reading->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the token with id %u has the type %d, which byte-level BPE doesn't have", id, type);
}

static int hex_digit(uint8_t digit)
{
	return digit >= '0' && digit <= '9' ? digit - '0'
		: digit >= 'A' && digit <= 'F'  ? digit - 'A' + 10
										: -1;
}

/* The byte that "<0x0A>" stands for, or -1. */
static int parse_byte(pmill_bytes text)
{
	const uint8_t *data = text.data;
	if (text.len != 6 || memcmp(data, "<0x", 3) != 0 || data[5] != '>')
		return -1;
	const int high = hex_digit(data[3]), low = hex_digit(data[4]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The token's text with its word starts as spaces. */
static pmill_status read_spaced(struct reading *reading, pmill_bytes text)
{
	const size_t mark = strlen(WORD_START);
	const uint8_t *data = text.data;
	reading->bytes.len = 0;
	for (size_t at = 0; at < text.len;) {
		const bool is_mark = text.len - at >= mark && memcmp(data + at, WORD_START, mark) == 0;
		if (!pmill_buffer_append(&reading->bytes, is_mark ? " " : (const char *)data + at, 1))
			return pmill_fail_memory(reading->error);
		at += is_mark ? mark : 1;
	}
	return PMILL_OK;
}

/*
 * A token of a model that can only decode. Where two have the same bytes ("A" and "<0x41>"), only
 * the first one added is found by them.
 */
static pmill_status add_found_once(struct reading *reading, uint32_t id)
{
	struct pmill_vocab *vocab = &reading->tokenizer->vocab;
	const bool is_taken = pmill_vocab_find(vocab, reading->bytes.data, reading->bytes.len) !=
		PMILL_NO_ID;
	return pmill_vocab_add(
		vocab, id, reading->bytes.data, reading->bytes.len, is_taken, reading->error);
}

static pmill_status add_spaced(struct reading *reading, uint32_t id, int32_t type, pmill_bytes text)
{
	if (is_added(type))
		return add_special(reading, id, type, text);
	if (type == PMILL_GGUF_BYTE)
		return PMILL_OK; /* added after all others */
	const pmill_status status = read_spaced(reading, text);
	return status == PMILL_OK ? add_found_once(reading, id) : status;
}

static pmill_status add_byte(struct reading *reading, uint32_t id, pmill_bytes text)
{
	const int value = parse_byte(text);
	const uint8_t byte = (uint8_t)value;
	struct pmill_quote quote;
	if (value < 0)
		return pmill_fail(reading->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token %s (id %u) has the type of a byte, but isn't spelled like <0x0A>",
			pmill_quote(&quote, text.data, text.len), id);
	reading->bytes.len = 0;
	if (!pmill_buffer_append(&reading->bytes, &byte, 1))
		return pmill_fail_memory(reading->error);
	return add_found_once(reading, id);
}

static pmill_status read_bytes(struct reading *reading)
{
	const struct pmill_gguf_value *tokens = get(reading, PMILL_GGUF_TOKENS);
	pmill_status status = PMILL_OK;
	for (size_t id = 0; id < tokens->count && status == PMILL_OK; id++)
		if (type_of(reading, id) == PMILL_GGUF_BYTE)
			status = locate(reading, tokens, id,
				add_byte(reading, (uint32_t)id, pmill_gguf_string(tokens, id)));
	return status;
}

static bool is_padding(pmill_bytes text)
{
	const char *data = text.data;
	size_t digits = 4;
	while (digits < text.len && data[digits] >= '0' && data[digits] <= '9')
		digits++;
	return digits > 4 && digits + 1 == text.len && memcmp(data, "[PAD", 4) == 0 &&
		data[digits] == ']';
}

/*
 * Padding ("[PAD5]") and empty entries are ids without a token. Byte-level BPE has no other tokens
 * of type "unused"; SentencePiece's are tokens that text doesn't become.
 */
static bool is_hole(pmill_bytes text, int32_t type, bool spaced)
{
	return text.len == 0 || (type == PMILL_GGUF_UNUSED && (!spaced || is_padding(text)));
}

static pmill_status read_tokens(struct reading *reading)
{
	const struct pmill_gguf_value *tokens = get(reading, PMILL_GGUF_TOKENS);
	const bool spaced = is_spaced(reading);
	pmill_status status = check_tokens(reading);
	for (size_t id = 0; id < tokens->count && status == PMILL_OK; id++) {
		const pmill_bytes text = pmill_gguf_string(tokens, id);
		const int32_t type = type_of(reading, id);
		if (is_hole(text, type, spaced))
			continue;
		status = locate(reading, tokens, id,
			spaced ? add_spaced(reading, (uint32_t)id, type, text)
				   : add_byte_level(reading, (uint32_t)id, type, text));
	}
	if (status == PMILL_OK && spaced)
		status = read_bytes(reading);
	if (status != PMILL_OK)
		return status;
	return pmill_vocab_extend(&reading->tokenizer->vocab, (size_t)tokens->count)
		? PMILL_OK
		: pmill_fail_memory(reading->error);
}

static int compare_specials(const void *left, const void *right)
{
	const struct pmill_special *a = left, *b = right;
	const size_t shorter = a->content.len < b->content.len ? a->content.len : b->content.len;
	const int order = memcmp(a->content.data, b->content.data, shorter);
	if (order != 0 || a->content.len != b->content.len)
		return order != 0 ? order : a->content.len < b->content.len ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static bool is_same(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static pmill_status set_specials(struct reading *reading)
{
	struct pmill_special *specials = reading->specials;
	const size_t count = reading->special_count;
	if (count > 0)
		qsort(specials, count, sizeof *specials, compare_specials);
	for (size_t i = 1; i < count; i++) {
		struct pmill_quote quote;
		const pmill_bytes content = specials[i].content;
		if (is_same(content, specials[i - 1].content))
			return pmill_fail_input(reading->error, reading->name,
				pmill_gguf_string_offset(get(reading, PMILL_GGUF_TOKENS), specials[i].id),
				"the token %s occurs twice, with the ids %u and %u",
				pmill_quote(&quote, content.data, content.len), specials[i - 1].id, specials[i].id);
	}
	return pmill_tokenizer_set_specials(reading->tokenizer, specials, count, reading->error);
}

/* ---- Merges ---- */

static pmill_status read_merges(struct reading *reading)
{
	const struct pmill_gguf_value *merges = get(reading, PMILL_GGUF_MERGES);
	struct pmill_printable_reader printable = {.tokenizer = reading->tokenizer};
	pmill_status status = merges->is_there ? PMILL_OK : fail_missing(reading, PMILL_GGUF_MERGES);
	for (size_t i = 0; i < merges->count && status == PMILL_OK; i++) {
		const pmill_bytes line = pmill_gguf_string(merges, i);
		status = locate(reading, merges, i,
			pmill_printable_add_line(&printable, line.data, line.len, reading->error));
	}
	pmill_printable_reader_release(&printable);
	return status == PMILL_OK
		? pmill_name_error(reading->error, reading->name,
			  pmill_printable_check_merges(reading->tokenizer, reading->error))
		: status;
}

/* ---- Template ---- */

/* Whether the file asks for a token around each document; `by_default` if it doesn't say. */
static bool is_asked(const struct reading *reading, enum pmill_gguf_key key, bool by_default)
{
	const struct pmill_gguf_value *value = get(reading, key);
	return value->is_there ? (value->number & 0xFF) != 0 : by_default;
}

static pmill_status check_id(struct reading *reading, enum pmill_gguf_key id_key)
{
	const struct pmill_gguf_value *id = get(reading, id_key);
	if (!id->is_there)
		return pmill_fail(reading->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"%.300s: a token is to be added to each document, but %s is missing", reading->name,
			pmill_gguf_fields[id_key].key);
	if (pmill_vocab_token(&reading->tokenizer->vocab, id->number).data == NULL)
		return pmill_fail_input(reading->error, reading->name, id->offset,
			"%s is %u, which is not in the vocab", pmill_gguf_fields[id_key].key, id->number);
	return PMILL_OK;
}

static pmill_status set_template(struct reading *reading)
{
	const bool adds_bos = is_asked(reading, PMILL_GGUF_ADD_BOS,
		reading->pre != NULL ? reading->pre->adds_bos : !reading->kind->is_byte_level);
	const bool adds_eos = is_asked(reading, PMILL_GGUF_ADD_EOS, false);
	pmill_status status = adds_bos ? check_id(reading, PMILL_GGUF_BOS) : PMILL_OK;
	if (status == PMILL_OK && adds_eos)
		status = check_id(reading, PMILL_GGUF_EOS);
	if (status != PMILL_OK)
		return status;
	const struct pmill_template whole = {&get(reading, PMILL_GGUF_BOS)->number,
		&get(reading, PMILL_GGUF_EOS)->number, adds_bos, adds_eos};
	return pmill_tokenizer_set_template(reading->tokenizer, &whole, reading->error);
}

/* ---- Pattern ---- */

static pmill_status refuse(
	struct reading *reading, const char *before, const char *what, size_t len, const char *after)
{
	struct pmill_quote quote;
	char reason[400];
	snprintf(reason, sizeof reason, "%s%s%s", before, pmill_quote(&quote, what, len), after);
	return pmill_tokenizer_refuse(reading->tokenizer, reason, reading->error);
}

/* Without a pattern of the file's the one in the options is taken. */
static pmill_status refuse_pattern(struct reading *reading)
{
	const pmill_bytes name = get_pre(reading);
	if (reading->options->pattern != NULL)
		return PMILL_OK;
	if (name.len == 0 || is_text(name, "default"))
		return pmill_tokenizer_refuse(reading->tokenizer,
			"the file doesn't say its pattern (tokenizer.ggml.pre); name the one that it was "
			"trained with",
			reading->error);
	if (reading->pre != NULL) {
		const char *pattern = pmill_gguf_pre_unknown(reading->pre);
		return refuse(reading, "the pattern ", pattern, strlen(pattern), " is not supported yet");
	}
	return refuse(reading, "its tokenizer.ggml.pre, ", name.data, name.len,
		", stands for a pattern that is not known; name the one that it was trained with");
}

static pmill_status set_steps(struct reading *reading)
{
	struct pmill_cut_step steps[PMILL_GGUF_MOST_STEPS] = {0};
	const size_t count = pmill_gguf_pre_step_count(reading->pre);
	if (reading->options->pattern != NULL)
		return pmill_fail(reading->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%.300s: it has %zu patterns in a row, so none can be named", reading->name, count);
	for (size_t i = 0; i < count; i++)
		steps[i].pattern = reading->pre->patterns[i];
	return pmill_tokenizer_set_steps(reading->tokenizer, steps, count, reading->error);
}

static pmill_status set_text(struct reading *reading)
{
	const bool is_known = reading->pre != NULL && pmill_gguf_pre_unknown(reading->pre) == NULL;
	const bool is_single = is_known && pmill_gguf_pre_step_count(reading->pre) == 1;
	pmill_status status = pmill_load_text(reading->tokenizer, reading->name,
		is_single ? reading->pre->patterns[0] : NULL, reading->options, reading->error);
	if (status == PMILL_OK && is_known && !is_single)
		status = set_steps(reading);
	return status == PMILL_OK && !is_known ? refuse_pattern(reading) : status;
}

/* ---- All of it ---- */

static pmill_status check_asked(struct reading *reading)
{
	for (size_t i = 0; i < reading->options->special_token_count; i++) {
		const pmill_bytes asked = reading->options->special_tokens[i];
		struct pmill_quote quote;
		if (pmill_tokenizer_find_special(reading->tokenizer, asked) == NULL)
			return pmill_fail(reading->error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%.300s: %s was asked for, but is not one of its special tokens", reading->name,
				pmill_quote(&quote, asked.data, asked.len));
	}
	return PMILL_OK;
}

static pmill_status read_byte_level(struct reading *reading)
{
	const pmill_bytes name = get_pre(reading);
	char text[64] = "";
	if (name.len < sizeof text)
		memcpy(text, name.data, name.len);
	reading->pre = pmill_gguf_pre_find(text);
	pmill_status status = read_merges(reading);
	if (status != PMILL_OK)
		return status;
	pmill_tokenizer_find_bytes(reading->tokenizer);
	reading->tokenizer->meaning = reading->pre != NULL && reading->pre->ignores_merges
		? PMILL_MEANING_IGNORE_MERGES
		: PMILL_MEANING_MERGE_LIST;
	return set_text(reading);
}

/* What SentencePiece and its like made: its tokens are there, but text isn't encoded so. */
static pmill_status read_decodable(struct reading *reading)
{
	struct pmill_load_options options = *reading->options;
	options.pattern = NULL;
	pmill_tokenizer_find_bytes(reading->tokenizer);
	const pmill_status status = pmill_load_text(
		reading->tokenizer, reading->name, NULL, &options, reading->error);
	const char *what = reading->kind->is_byte_level ? "BPE of characters" : reading->kind->what;
	char reason[100];
	snprintf(reason, sizeof reason, "its vocab is %s, not byte-level BPE", what);
	return status == PMILL_OK ? pmill_tokenizer_refuse(reading->tokenizer, reason, reading->error)
							  : status;
}

static pmill_status read_all(struct reading *reading)
{
	pmill_status status = find_kind(reading);
	if (status == PMILL_OK)
		status = read_tokens(reading);
	if (status == PMILL_OK)
		status = set_specials(reading);
	if (status == PMILL_OK)
		status = check_asked(reading);
	if (status == PMILL_OK)
		status = is_spaced(reading) ? read_decodable(reading) : read_byte_level(reading);
	return status == PMILL_OK ? set_template(reading) : status;
}

pmill_status pmill_gguf_read(struct pmill_byte_source *source, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_gguf_header header = {0};
	struct reading reading = {
		.header = &header, .name = source->name, .options = options, .error = error};
	pmill_status status = pmill_gguf_header_read(&header, source, error);
	if (status == PMILL_OK) {
		reading.tokenizer = pmill_tokenizer_create_empty();
		status = reading.tokenizer == NULL ? pmill_fail_memory(error) : read_all(&reading);
	}
	if (status == PMILL_OK)
		*tokenizer = reading.tokenizer;
	else
		pmill_tokenizer_free(reading.tokenizer);
	free(reading.specials);
	pmill_buffer_release(&reading.bytes);
	pmill_gguf_header_release(&header);
	return status;
}
