/* .tiktoken: lines of base64 and a rank. */
/* SPDX-License-Identifier: MIT */
/*
 * The file has the byte strings of tokens and the order in which they were made, but no merges,
 * pattern or special tokens. Ranks are ids: other ids in between (special tokens in the layout
 * bytes-first) leave holes in the ranks, so that a model has the same ids in every format.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/bytes.h"
#include "notation/base64.h"
#include "formats/format.h"
#include "notation/known_ranks.h"
#include "formats/load.h"
#include "formats/model_kind.h"
#include "notation/ranks.h"
#include "pretokenize/pattern.h"
#include "unicode/utf8.h"

struct reader {
	const uint8_t *text;
	size_t len;
	size_t at; /* start of the current line */
	const char *name;
	size_t line_count; /* of the whole file: limits the ranks */
	struct pmill_tokenizer *tokenizer;
	struct pmill_buffer bytes; /* of the current token */
	pmill_error *error;
};

static size_t count_lines(const uint8_t *text, size_t len)
{
	size_t count = 1;
	if (len == 0)
		return count;
	const uint8_t *end = text + len;
	while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* Room for the tokens beforehand, so that nothing is moved; not more than a large vocab takes. */
static bool reserve_tokens(struct reader *reader)
{
	enum { MOST = 1 << 18, SHORTEST_LINE = 7 };
	size_t count = reader->len / SHORTEST_LINE;
	count = count < reader->line_count ? count : reader->line_count;
	return pmill_vocab_reserve(&reader->tokenizer->vocab, count < MOST ? count : MOST);
}

/* Decimal digits and nothing else. */
static pmill_status read_rank(struct reader *reader, size_t begin, size_t end, uint32_t *rank)
{
	const uint64_t limit = (uint64_t)reader->line_count + PMILL_MOST_HOLES;
	uint64_t value = 0;
	if (begin == end)
		return pmill_fail_input(reader->error, reader->name, begin, "the rank is missing");
	for (size_t i = begin; i < end; i++) {
		if (reader->text[i] < '0' || reader->text[i] > '9')
			return pmill_fail_input(reader->error, reader->name, i, "the rank is not a number");
		value = value * 10 + (uint64_t)(reader->text[i] - '0');
		if (value >= limit || value >= PMILL_NO_ID)
			return pmill_fail_input(reader->error, reader->name, begin,
				"the rank is out of range among %zu lines", reader->line_count);
	}
	*rank = (uint32_t)value;
	return PMILL_OK;
}

static pmill_status read_line(struct reader *reader, size_t end)
{
	const uint8_t *line = reader->text + reader->at;
	const uint8_t *space = memchr(line, ' ', end - reader->at);
	if (space == NULL)
		return pmill_fail_input(
			reader->error, reader->name, reader->at, "expected base64, a space and a rank");
	size_t bad_offset;
	reader->bytes.len = 0;
	if (!pmill_base64_parse(&reader->bytes, line, (size_t)(space - line), &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(reader->error)
									  : pmill_fail_input(reader->error, reader->name,
											reader->at + bad_offset, "not valid base64");
	uint32_t rank = 0;
	pmill_status status = read_rank(reader, (size_t)(space + 1 - reader->text), end, &rank);
	if (status != PMILL_OK)
		return status;
	status = pmill_vocab_add_read(&reader->tokenizer->vocab, rank, reader->bytes.data,
		reader->bytes.len, false, reader->error);
	if (status != PMILL_BAD_INPUT || reader->error == NULL)
		return status;
	reader->error->offset = 0;
	pmill_error_locate(reader->error, reader->name, reader->at);
	return status;
}

static pmill_status read_lines(struct reader *reader)
{
	if (!reserve_tokens(reader))
		return pmill_fail_memory(reader->error);
	while (reader->at < reader->len) {
		const uint8_t *line = reader->text + reader->at;
		const uint8_t *line_end = memchr(line, '\n', reader->len - reader->at);
		const size_t next = line_end == NULL ? reader->len : (size_t)(line_end - reader->text) + 1;
		size_t end = line_end == NULL ? next : next - 1;
		if (end > reader->at && reader->text[end - 1] == '\r')
			end--;
		if (end > reader->at) {
			const pmill_status status = read_line(reader, end);
			if (status != PMILL_OK)
				return status;
		}
		reader->at = next;
	}
	if (reader->tokenizer->vocab.count > 0)
		return PMILL_OK;
	return pmill_fail(
		reader->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "%s: contains no tokens", reader->name);
}

/* ---- What the file doesn't say ---- */

struct known_specials {
	pmill_token *tokens;
	size_t count;
};

static uint32_t find_known(const void *context, pmill_bytes content)
{
	const struct known_specials *known = context;
	for (size_t i = 0; i < known->count; i++)
		if (pmill_bytes_are_equal(known->tokens[i].bytes, content))
			return known->tokens[i].id;
	return PMILL_NO_ID;
}

/* Those of the encoding, and then those of the options that it hasn't got. */
static pmill_status add_specials(
	struct reader *reader, const struct known_specials *known, const pmill_load_options *options)
{
	pmill_bytes *all = pmill_array_allocate(
		known->count + options->special_token_count, sizeof *all);
	if (all == NULL)
		return pmill_fail_memory(reader->error);
	pmill_load_options whole = *options;
	size_t count = 0;
	for (size_t i = 0; i < known->count; i++)
		all[count++] = known->tokens[i].bytes;
	for (size_t i = 0; i < options->special_token_count; i++)
		if (find_known(known, options->special_tokens[i]) == PMILL_NO_ID)
			all[count++] = options->special_tokens[i];
	whole.special_tokens = all;
	whole.special_token_count = count;
	const pmill_status status = pmill_load_specials(
		reader->tokenizer, &whole, find_known, known, reader->error);
	free(all);
	return pmill_name_error(reader->error, reader->name, status);
}

static pmill_status add_known(
	struct reader *reader, const struct pmill_encoding *encoding, const pmill_load_options *options)
{
	static const struct pmill_normal_step nfc = {.kind = PMILL_NORMAL_NFC};
	struct known_specials known = {0};
	known.tokens = pmill_known_ranks_specials(encoding, &known.count);
	if (known.tokens == NULL)
		return pmill_fail_memory(reader->error);
	pmill_status status = add_specials(reader, &known, options);
	free(known.tokens);
	if (status == PMILL_OK)
		status = pmill_tokenizer_set_normal_steps(
			reader->tokenizer, &nfc, encoding->is_nfc, reader->error);
	reader->tokenizer->encoding = encoding->name;
	return status == PMILL_OK ? pmill_load_text(reader->tokenizer, reader->name, encoding->pattern,
									options, reader->error)
							  : status;
}

static pmill_status add_rest(struct reader *reader, const pmill_load_options *options)
{
	const struct pmill_encoding *encoding;
	pmill_status status = pmill_known_ranks_find(
		reader->text, reader->len, options->encoding, &encoding, reader->error);
	if (status != PMILL_OK)
		return pmill_name_error(reader->error, reader->name, status);
	if (encoding != NULL)
		return add_known(reader, encoding, options);
	status = pmill_load_specials(reader->tokenizer, options, NULL, NULL, reader->error);
	if (status != PMILL_OK)
		return pmill_name_error(reader->error, reader->name, status);
	return pmill_load_text(reader->tokenizer, reader->name, NULL, options, reader->error);
}

/* Special tokens come last: merging considers only ordinary tokens. */
static pmill_status read_all(struct reader *reader, const pmill_load_options *options)
{
	pmill_status status = read_lines(reader);
	if (status != PMILL_OK)
		return status;
	pmill_tokenizer_find_bytes(reader->tokenizer);
	reader->tokenizer->meaning = PMILL_MEANING_RANK_BY_ID;
	return add_rest(reader, options);
}

static pmill_status load(const void *data, size_t len, const char *name,
	const pmill_load_options *options, pmill_tokenizer **tokenizer, pmill_error *error)
{
	struct reader reader = {.text = data, .len = len, .name = name, .error = error};
	reader.at = pmill_byte_order_mark(data, len);
	reader.line_count = count_lines(data, len);
	reader.tokenizer = pmill_tokenizer_create_empty();
	if (reader.tokenizer == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = read_all(&reader, options);
	if (status == PMILL_OK)
		*tokenizer = reader.tokenizer;
	else
		pmill_tokenizer_free(reader.tokenizer);
	pmill_buffer_release(&reader.bytes);
	return status;
}

static pmill_status check_ranks(const pmill_tokenizer *tokenizer, pmill_error *error)
{
	return pmill_ranks_check(tokenizer, ".tiktoken", error);
}

static bool append_lines(const pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = true;
	for (uint32_t id = 0; id < tokenizer->vocab.count && done; id++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		if (token.data != NULL && !tokenizer->vocab.tokens[id].is_special)
			done = pmill_base64_append(out, token.data, token.len) &&
				pmill_buffer_append_format(out, " %u\n", id);
	}
	return done;
}

static pmill_status save(
	const pmill_tokenizer *tokenizer, unsigned flags, struct pmill_buffer *out, pmill_error *error)
{
	(void)flags;
	const pmill_status status = check_ranks(tokenizer, error);
	if (status != PMILL_OK)
		return status;
	return append_lines(tokenizer, out) ? PMILL_OK : pmill_fail_memory(error);
}

/* ---- What a file would not say ---- */

/*
 * The base encoding of the file that would be written; NULL if that isn't known. Whether it can be
 * written at all takes longer to find out, and saving does.
 */
static pmill_status find_written(
	const pmill_tokenizer *tokenizer, const struct pmill_encoding **encoding, pmill_error *error)
{
	struct pmill_buffer text = {0};
	*encoding = NULL;
	const pmill_status status = append_lines(tokenizer, &text)
		? pmill_known_ranks_find(text.data, text.len, NULL, encoding, error)
		: pmill_fail_memory(error);
	pmill_buffer_release(&text);
	return status == PMILL_NO_MEMORY ? status : PMILL_OK;
}

static bool has_specials(const pmill_tokenizer *tokenizer, const struct known_specials *known)
{
	bool is_equal = known->count == tokenizer->special_count;
	for (size_t i = 0; i < tokenizer->special_count && is_equal; i++)
		is_equal = find_known(known, tokenizer->specials[i].content) == tokenizer->specials[i].id;
	return is_equal;
}

/* Whether the encoding has the model's pattern, special tokens and normal form. */
static pmill_status compare_encoding(const pmill_tokenizer *tokenizer,
	const struct pmill_encoding *encoding, bool *is_equal, pmill_error *error)
{
	const char *pattern = pmill_tokenizer_pattern(tokenizer);
	const size_t steps = tokenizer->normal_step_count;
	*is_equal = pattern != NULL && pmill_pattern_is_same(pattern, encoding->pattern) &&
		steps == encoding->is_nfc &&
		(steps == 0 || tokenizer->normal_steps[0].kind == PMILL_NORMAL_NFC);
	if (!*is_equal)
		return PMILL_OK;
	struct known_specials known = {0};
	known.tokens = pmill_known_ranks_specials(encoding, &known.count);
	if (known.tokens == NULL)
		return pmill_fail_memory(error);
	*is_equal = has_specials(tokenizer, &known);
	free(known.tokens);
	return PMILL_OK;
}

/*
 * Whether reading the file gives the model's pattern, special tokens and normal form again. Writing
 * it takes longer than comparing those.
 */
static pmill_status check_implied(
	const pmill_tokenizer *tokenizer, bool *is_implied, pmill_error *error)
{
	const struct pmill_encoding *encoding = pmill_known_ranks_encoding(0);
	pmill_status status = PMILL_OK;
	*is_implied = false;
	for (size_t i = 1; status == PMILL_OK && !*is_implied && encoding != NULL; i++) {
		status = compare_encoding(tokenizer, encoding, is_implied, error);
		encoding = pmill_known_ranks_encoding(i);
	}
	if (status != PMILL_OK || !*is_implied)
		return status;
	status = find_written(tokenizer, &encoding, error);
	*is_implied = false;
	return status == PMILL_OK && encoding != NULL
		? compare_encoding(tokenizer, encoding, is_implied, error)
		: status;
}

static pmill_status list_losses(
	const pmill_tokenizer *tokenizer, struct pmill_buffer *losses, pmill_error *error)
{
	bool is_implied;
	const pmill_status status = check_implied(tokenizer, &is_implied, error);
	if (status != PMILL_OK)
		return status;
	bool done = true;
	if (!is_implied)
		done = (tokenizer->step_count == 0 || pmill_ranks_add_loss(losses, "the pattern")) &&
			(tokenizer->special_count == 0 || pmill_ranks_add_loss(losses, "the special tokens")) &&
			(tokenizer->normal_step_count == 0 || pmill_ranks_add_loss(losses, "the normalizer"));
	done = done &&
		(!pmill_ranks_has_template(tokenizer) || pmill_ranks_add_loss(losses, "the template"));
	return done ? PMILL_OK : pmill_fail_memory(error);
}

const struct pmill_format pmill_format_tiktoken = {
	.name = "tiktoken",
	.suffix = ".tiktoken",
	.load = load,
	.save = save,
	.list_losses = list_losses,
	.check_model = check_ranks,
};
