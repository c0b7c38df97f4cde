/* GGUF: the vocab in the header of a model file, and files of a vocab alone. */
/* SPDX-License-Identifier: MIT */
#include "formats/gguf.h"

#include <stdio.h>

#include "base/error.h"
#include "formats/format.h"
#include "formats/load.h"
#include "gguf/gguf_header.h"
#include "gguf/gguf_pre.h"
#include "gguf/gguf_tokens.h"
#include "unicode/quote.h"

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
	pmill_error *error;
};

static const struct pmill_gguf_value *get(const struct reading *reading, enum pmill_gguf_key key)
{
	return &reading->header->values[key];
}

/* ---- What it is ---- */

static bool is_text(pmill_bytes text, const char *wanted)
{
	return text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0;
}

static pmill_status find_kind(struct reading *reading)
{
	const struct pmill_gguf_value *model = get(reading, PMILL_GGUF_MODEL);
	if (!model->is_there)
		return pmill_gguf_fail_missing(PMILL_GGUF_MODEL, reading->name, reading->error);
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
	return refuse(reading, "its tokenizer.ggml.pre, ", name.data, name.len,
		", stands for a pattern that is not known; name the one that it was trained with");
}

static pmill_status set_text(struct reading *reading)
{
	struct pmill_cut_step steps[PMILL_GGUF_MOST_STEPS] = {0};
	const struct pmill_gguf_pre *pre = reading->pre;
	const size_t count = pre == NULL ? 0 : pmill_gguf_pre_step_count(pre);
	for (size_t i = 0; i < count; i++)
		steps[i].pattern = pre->patterns[i];
	const pmill_status status = pmill_load_steps(
		reading->tokenizer, reading->name, steps, count, reading->options, reading->error);
	return status == PMILL_OK && pre == NULL ? refuse_pattern(reading) : status;
}

/* ---- All of it ---- */

static pmill_status read_byte_level(struct reading *reading)
{
	const pmill_bytes name = get_pre(reading);
	char text[64] = "";
	if (name.len < sizeof text)
		memcpy(text, name.data, name.len);
	reading->pre = pmill_gguf_pre_find(text);
	const pmill_status status = pmill_gguf_read_merges(
		reading->header, reading->name, reading->tokenizer, reading->error);
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
		status = pmill_gguf_read_tokens(
			reading->header, reading->name, is_spaced(reading), reading->tokenizer, reading->error);
	if (status == PMILL_OK)
		status = pmill_name_error(reading->error, reading->name,
			pmill_load_check_specials(reading->tokenizer, reading->options, reading->error));
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
	pmill_gguf_header_release(&header);
	return status;
}

/* ---- The format ---- */

static bool is_small(const uint8_t *bytes)
{
	return bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0;
}

/* After the letters comes a small number, little-endian or big-endian; text has neither there. */
bool pmill_gguf_is(const uint8_t *head, size_t len)
{
	if (len < 5 || memcmp(head, "GGUF", 4) != 0)
		return false;
	return len >= PMILL_GGUF_HEAD ? is_small(head + 5) || is_small(head + 4) : head[4] < '\t';
}

static pmill_status load(const void *data, size_t len, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_byte_source source;
	pmill_byte_source_of_memory(&source, data, len, name);
	return pmill_gguf_read(&source, options, tokenizer, error);
}

static pmill_status load_path(const char *path, const pmill_load_options *options,
	pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct pmill_byte_source source;
	pmill_status status = pmill_byte_source_open(&source, path, error);
	if (status == PMILL_OK)
		status = pmill_gguf_read(&source, options, tokenizer, error);
	pmill_byte_source_release(&source);
	return status;
}

const struct pmill_format pmill_format_gguf = {
	.name = "gguf",
	.suffix = ".gguf",
	.load = load,
	.save = pmill_gguf_write,
	.list_losses = pmill_gguf_list_losses,
	.check_model = pmill_gguf_check,
	.check_special = pmill_gguf_check_special,
	.check_pattern = pmill_gguf_check_pattern,
	.load_path = load_path,
};
