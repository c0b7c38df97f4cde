/* GGUF: vocab, special tokens and merges, from the values of the header. */
/* SPDX-License-Identifier: MIT */
#include "gguf/gguf_tokens.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "notation/printable_model.h"
#include "unicode/printable.h"
#include "unicode/quote.h"

#define WORD_START "\xE2\x96\x81" /* U+2581, SentencePiece's space */

/* One file that is being read. */
struct reading {
	const struct pmill_gguf_header *header;
	const char *name;
	bool is_spaced;
	struct pmill_tokenizer *tokenizer;
	struct pmill_special *specials; /* their contents are in the header */
	size_t special_count, special_capacity;
	struct pmill_buffer bytes; /* of the current token */
	pmill_error *error;
};

static const struct pmill_gguf_value *get(const struct reading *reading, enum pmill_gguf_key key)
{
	return &reading->header->values[key];
}

/* Makes an error one at the string `index` of a value. */
static pmill_status locate(const struct reading *reading, const struct pmill_gguf_value *value,
	size_t index, pmill_status status)
{
	if (status == PMILL_BAD_INPUT && reading->error != NULL) {
		reading->error->offset = 0;
		pmill_error_locate(reading->error, reading->name, pmill_gguf_string_offset(value, index));
	}
	return status;
}

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
		return pmill_gguf_fail_missing(PMILL_GGUF_TOKENS, reading->name, reading->error);
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
	return pmill_vocab_add_read(
		&reading->tokenizer->vocab, id, text.data, text.len, true, reading->error);
}

static pmill_status add_printable(struct reading *reading, uint32_t id, pmill_bytes text)
{
	size_t bad_offset;
	struct pmill_quote quote;
	reading->bytes.len = 0;
	if (pmill_printable_parse(&reading->bytes, text.data, text.len, &bad_offset))
		return pmill_vocab_add_read(&reading->tokenizer->vocab, id, reading->bytes.data,
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
	return pmill_vocab_add_read(
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
	const bool spaced = reading->is_spaced;
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

static pmill_status set_specials(struct reading *reading)
{
	struct pmill_special *specials = reading->specials;
	const size_t count = reading->special_count;
	if (count > 0)
		qsort(specials, count, sizeof *specials, compare_specials);
	for (size_t i = 1; i < count; i++) {
		struct pmill_quote quote;
		const pmill_bytes content = specials[i].content;
		if (pmill_bytes_are_equal(content, specials[i - 1].content))
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
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < merges->count && status == PMILL_OK; i++) {
		const pmill_bytes line = pmill_gguf_string(merges, i);
		status = locate(reading, merges, i,
			pmill_printable_add_line(&printable, line.data, line.len, reading->error));
	}
	pmill_printable_reader_release(&printable);
	size_t rank = 0;
	if (status != PMILL_OK)
		return status;
	status = pmill_printable_check_merges(reading->tokenizer, &rank, reading->error);
	return locate(reading, merges, rank, status);
}

pmill_status pmill_gguf_read_tokens(const struct pmill_gguf_header *header, const char *name,
	bool is_spaced, struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct reading reading = {.header = header,
		.name = name,
		.is_spaced = is_spaced,
		.tokenizer = tokenizer,
		.error = error};
	pmill_status status = read_tokens(&reading);
	if (status == PMILL_OK)
		status = set_specials(&reading);
	pmill_buffer_release(&reading.bytes);
	free(reading.specials);
	return status;
}

pmill_status pmill_gguf_read_merges(const struct pmill_gguf_header *header, const char *name,
	struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct reading reading = {
		.header = header, .name = name, .tokenizer = tokenizer, .error = error};
	if (!get(&reading, PMILL_GGUF_MERGES)->is_there)
		return pmill_gguf_fail_missing(PMILL_GGUF_MERGES, name, error);
	return read_merges(&reading);
}
