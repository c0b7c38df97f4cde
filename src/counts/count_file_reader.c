/* Reads the count file. Nothing in it is trusted: each number is checked before use. */
/* SPDX-License-Identifier: MIT */
#include "counts/count_file_reader.h"

#include "base/error.h"
#include "counts/count_file_format.h"

static pmill_status fail_at(const struct pmill_count_file_reader *reader, uint64_t offset,
	pmill_error *error, const char *what)
{
	return pmill_fail_input(error, reader->input.name, offset, "%s", what);
}

/* Makes `len` bytes available; it is an error if the file ends before them. */
static pmill_status need(struct pmill_count_file_reader *reader, uint64_t len, pmill_error *error)
{
	struct pmill_lookahead *input = &reader->input;
	pmill_status status = pmill_lookahead_fill(input, (size_t)len, error);
	if (status == PMILL_OK && input->len < len)
		return fail_at(reader, input->offset + input->len, error, "the count file ends too early");
	return status;
}

pmill_status pmill_count_file_recognise(
	struct pmill_lookahead *input, bool *is_count_file, pmill_error *error)
{
	pmill_status status = pmill_lookahead_fill(input, PMILL_COUNT_FILE_MAGIC_LEN, error);
	if (status == PMILL_OK)
		*is_count_file = input->len >= PMILL_COUNT_FILE_MAGIC_LEN &&
			memcmp(input->data, PMILL_COUNT_FILE_MAGIC, PMILL_COUNT_FILE_MAGIC_LEN) == 0;
	return status;
}

/* The rest of the header. */
struct fields {
	const uint8_t *at, *end;
};

static bool take_number(struct fields *fields, uint32_t *number)
{
	if (fields->end - fields->at < 4)
		return false;
	*number = pmill_get32(fields->at);
	fields->at += 4;
	return true;
}

static bool take_bytes(struct fields *fields, pmill_bytes *bytes)
{
	uint32_t len;
	if (!take_number(fields, &len) || (size_t)(fields->end - fields->at) < len)
		return false;
	*bytes = (pmill_bytes){fields->at, len};
	fields->at += len;
	return true;
}

static bool take_text(struct fields *fields, pmill_bytes *text)
{
	return take_bytes(fields, text) && memchr(text->data, 0, text->len) == NULL;
}

/* PMILL_BAD_INPUT, without a message, if the special tokens are malformed. */
static pmill_status take_special_tokens(
	struct pmill_count_file_reader *reader, struct fields *fields)
{
	uint32_t count;
	if (!take_number(fields, &count) || count > (size_t)(fields->end - fields->at) / 5)
		return PMILL_BAD_INPUT; /* each token is a length and at least one byte */
	pmill_bytes *tokens = pmill_arena_allocate(
		&reader->strings, (count + 1) * sizeof *tokens, _Alignof(pmill_bytes));
	if (tokens == NULL)
		return PMILL_NO_MEMORY;
	for (uint32_t i = 0; i < count; i++) {
		if (!take_bytes(fields, &tokens[i]) || tokens[i].len == 0)
			return PMILL_BAD_INPUT;
		tokens[i].data = pmill_arena_copy(&reader->strings, tokens[i].data, tokens[i].len);
		if (tokens[i].data == NULL)
			return PMILL_NO_MEMORY;
	}
	reader->identity.special_tokens = tokens;
	reader->identity.special_token_count = count;
	return fields->at == fields->end ? PMILL_OK : PMILL_BAD_INPUT;
}

static pmill_status check_pattern(
	const struct pmill_count_file_reader *reader, const uint8_t *stored, pmill_error *error)
{
	uint8_t digest[32];
	const struct pmill_pattern *known;
	pmill_count_file_pattern_digest(reader->identity.pattern, digest);
	if (memcmp(digest, stored, sizeof digest) == 0 &&
		pmill_pattern_resolve(reader->identity.pattern, &known, NULL) == PMILL_OK)
		return PMILL_OK;
	return pmill_fail_input(error, reader->input.name, PMILL_COUNT_FILE_FIXED_LEN,
		"this version of pairmill does not know the pattern %.200s, or defines it differently",
		reader->identity.pattern);
}

/* `body` lies between the header's fixed part and its checksum. */
static pmill_status parse_header(
	struct pmill_count_file_reader *reader, struct fields body, pmill_error *error)
{
	pmill_bytes pattern, version;
	const uint8_t *digest = NULL;
	bool done = take_text(&body, &pattern) && body.end - body.at >= 32;
	if (done) {
		digest = body.at;
		body.at += 32;
		done = take_text(&body, &version);
	}
	if (!done)
		return fail_at(reader, PMILL_COUNT_FILE_FIXED_LEN, error, "malformed header");
	reader->identity.pattern = pmill_arena_copy(&reader->strings, pattern.data, pattern.len);
	reader->identity.unicode_version = pmill_arena_copy(
		&reader->strings, version.data, version.len);
	if (reader->identity.pattern == NULL || reader->identity.unicode_version == NULL)
		return pmill_fail_memory(error);
	pmill_status status = take_special_tokens(reader, &body);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error);
	if (status != PMILL_OK)
		return fail_at(
			reader, PMILL_COUNT_FILE_FIXED_LEN, error, "malformed special tokens in the header");
	return check_pattern(reader, digest, error);
}

static pmill_status read_header(struct pmill_count_file_reader *reader, pmill_error *error)
{
	struct pmill_lookahead *input = &reader->input;
	pmill_status status = need(reader, PMILL_COUNT_FILE_FIXED_LEN, error);
	if (status != PMILL_OK)
		return status;
	if (memcmp(input->data, PMILL_COUNT_FILE_MAGIC, PMILL_COUNT_FILE_MAGIC_LEN) != 0)
		return fail_at(reader, 0, error, "not a count file");
	uint32_t version = pmill_get32(input->data + 8), len = pmill_get32(input->data + 12);
	if (version != PMILL_COUNT_FILE_VERSION)
		return pmill_fail_input(error, input->name, 8,
			"a count file of version %u, but this version of pairmill reads only version %d",
			(unsigned)version, PMILL_COUNT_FILE_VERSION);
	if (len > PMILL_COUNT_FILE_MAX_HEADER)
		return fail_at(reader, 12, error, "the header is too long");
	size_t checked = PMILL_COUNT_FILE_FIXED_LEN + (size_t)len;
	status = need(reader, checked + 8, error);
	if (status != PMILL_OK)
		return status;
	reader->chain = pmill_get64(input->data + checked);
	if (pmill_hash64(input->data, checked, 0) != reader->chain)
		return fail_at(reader, checked, error, "the checksum of the header does not match");
	struct fields body = {input->data + PMILL_COUNT_FILE_FIXED_LEN, input->data + checked};
	status = parse_header(reader, body, error);
	if (status == PMILL_OK)
		pmill_lookahead_take(input, checked + 8);
	return status;
}

pmill_status pmill_count_file_reader_open(
	struct pmill_count_file_reader *reader, struct pmill_lookahead *input, pmill_error *error)
{
	*reader = (struct pmill_count_file_reader){.input = *input};
	*input = (struct pmill_lookahead){0};
	pmill_status status = pmill_block_codec_check(error);
	if (status == PMILL_OK)
		status = read_header(reader, error);
	if (status != PMILL_OK)
		pmill_count_file_reader_release(reader);
	return status;
}

pmill_status pmill_count_file_parse_end(const char *name, uint64_t offset, const uint8_t *record,
	pmill_totals *totals, pmill_error *error)
{
	if (memcmp(record, PMILL_COUNT_FILE_END_TAG, 4) != 0 || pmill_get32(record + 4) != 0)
		return pmill_fail_input(
			error, name, offset, "expected a block or the end record: the file is damaged");
	if (pmill_hash64(record, 64, 0) != pmill_get64(record + 64))
		return pmill_fail_input(
			error, name, offset + 64, "the checksum of the end record does not match");
	*totals = (pmill_totals){.words = pmill_get64(record + 16),
		.pretokens = pmill_get64(record + 24),
		.documents = pmill_get64(record + 32),
		.bytes = pmill_get64(record + 40),
		.bad_lines = pmill_get64(record + 48)};
	return PMILL_OK;
}

static pmill_status read_end(struct pmill_count_file_reader *reader, pmill_error *error)
{
	struct pmill_lookahead *input = &reader->input;
	pmill_status status = need(reader, PMILL_COUNT_FILE_END_LEN, error);
	if (status != PMILL_OK)
		return status;
	const uint8_t *record = input->data;
	uint64_t offset = input->offset;
	status = pmill_count_file_parse_end(input->name, offset, record, &reader->totals, error);
	if (status != PMILL_OK)
		return status;
	if (pmill_get64(record + 8) != reader->blocks)
		return fail_at(reader, offset + 8, error, "the number of blocks does not match");
	if (reader->totals.words != reader->words)
		return fail_at(reader, offset + 16, error, "the number of words does not match");
	if (reader->totals.pretokens != reader->pretokens)
		return fail_at(reader, offset + 24, error, "the sum of the counts does not match");
	if (pmill_get64(record + 56) != reader->chain)
		return fail_at(reader, offset + 56, error, "the checksum of the whole file does not match");
	pmill_lookahead_take(input, PMILL_COUNT_FILE_END_LEN);
	status = pmill_lookahead_fill(input, 1, error);
	if (status == PMILL_OK && input->len > 0)
		return fail_at(
			reader, input->offset, error, "trailing data after the end of the count file");
	reader->is_ended = status == PMILL_OK;
	return status;
}

static pmill_status unpack_block(struct pmill_count_file_reader *reader, const uint8_t *payload,
	size_t stored, size_t len, pmill_error *error)
{
	reader->block.len = 0;
	if (!pmill_buffer_reserve(&reader->block, len))
		return pmill_fail_memory(error);
	reader->block.len = len;
	reader->at = 0;
	if (stored == len) {
		memcpy(reader->block.data, payload, len);
		return PMILL_OK;
	}
	pmill_status status = pmill_block_decompress(
		&reader->codec, payload, stored, reader->block.data, len);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error);
	if (status != PMILL_OK)
		return fail_at(reader, reader->block_offset, error, "the block can't be decompressed");
	return PMILL_OK;
}

/* Uses no size before the head's checksum matches and the size is in bounds. */
static pmill_status read_block(struct pmill_count_file_reader *reader, pmill_error *error)
{
	struct pmill_lookahead *input = &reader->input;
	pmill_status status = need(reader, PMILL_COUNT_FILE_HEAD_LEN, error);
	if (status != PMILL_OK)
		return status;
	uint64_t offset = input->offset, check = pmill_get64(input->data + 32);
	if (pmill_hash64(input->data, 32, 0) != check)
		return fail_at(
			reader, offset + 32, error, "the checksum of the block's head does not match");
	uint32_t words = pmill_get32(input->data + 4);
	uint64_t len = pmill_get64(input->data + 8), stored = pmill_get64(input->data + 16);
	uint64_t payload_check = pmill_get64(input->data + 24);
	bool fits = len <= PMILL_COUNT_FILE_MAX_BLOCK || (words == 1 && stored == len);
	if (!fits || words == 0 || stored == 0 || stored > len || stored > SIZE_MAX / 2)
		return fail_at(reader, offset, error, "malformed block head");
	if (reader->longest_word > 0 && len > PMILL_COUNT_FILE_MAX_BLOCK && len > reader->longest_word)
		return pmill_fail_longest(error, input->name, offset, "word", reader->longest_word);
	pmill_lookahead_take(input, PMILL_COUNT_FILE_HEAD_LEN);
	status = need(reader, stored, error);
	if (status != PMILL_OK)
		return status;
	if (pmill_hash64(input->data, (size_t)stored, 0) != payload_check)
		return fail_at(reader, offset, error, "the checksum of the block does not match");
	reader->block_offset = offset;
	reader->block_words_left = words;
	reader->blocks++;
	reader->chain = pmill_count_file_chain(reader->chain, check);
	status = unpack_block(reader, input->data, (size_t)stored, (size_t)len, error);
	if (status == PMILL_OK)
		pmill_lookahead_take(input, (size_t)stored);
	return status;
}

/* At most 63 bits, in the fewest bytes. */
static bool take_varint(struct pmill_count_file_reader *reader, uint64_t *number)
{
	uint64_t x = 0;
	for (unsigned shift = 0; shift < 63; shift += 7) {
		if (reader->at == reader->block.len)
			return false;
		uint8_t byte = reader->block.data[reader->at++];
		x |= (uint64_t)(byte & 127) << shift;
		if (byte < 128) {
			*number = x;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

/*
 * Whether the word made of the first `prefix_len` bytes of `previous` and then `rest` sorts after
 * `previous`. Within a block the prefix is all that the two have in common, so one byte decides.
 */
static bool sorts_after(
	const struct pmill_buffer *previous, bool is_first, size_t prefix_len, pmill_bytes rest)
{
	if (previous->len == 0)
		return true;
	if (is_first)
		return pmill_word_compare(rest, (pmill_bytes){previous->data, previous->len}) > 0;
	return prefix_len == previous->len || *(const uint8_t *)rest.data > previous->data[prefix_len];
}

/* Reads the next word into reader->word. PMILL_BAD_INPUT comes without a message. */
static pmill_status take_word(struct pmill_count_file_reader *reader, int64_t *count)
{
	struct pmill_buffer *word = &reader->word;
	bool is_first = reader->at == 0;
	uint64_t prefix_len, len, number;
	if (!take_varint(reader, &prefix_len) || !take_varint(reader, &len) || len == 0 ||
		len > reader->block.len - reader->at || prefix_len > (is_first ? 0 : word->len))
		return PMILL_BAD_INPUT;
	pmill_bytes rest = {reader->block.data + reader->at, (size_t)len};
	if (!sorts_after(word, is_first, (size_t)prefix_len, rest))
		return PMILL_BAD_INPUT;
	word->len = (size_t)prefix_len;
	if (!pmill_buffer_append(word, rest.data, rest.len))
		return PMILL_NO_MEMORY;
	reader->at += rest.len;
	if (!take_varint(reader, &number) || number == 0)
		return PMILL_BAD_INPUT;
	*count = (int64_t)number;
	reader->block_words_left--;
	bool is_block_done = reader->at == reader->block.len;
	return is_block_done == (reader->block_words_left == 0) ? PMILL_OK : PMILL_BAD_INPUT;
}

/* Reads the next block or the end record. */
static pmill_status advance(struct pmill_count_file_reader *reader, pmill_error *error)
{
	pmill_status status = need(reader, 4, error);
	if (status != PMILL_OK)
		return status;
	if (memcmp(reader->input.data, PMILL_COUNT_FILE_BLOCK_TAG, 4) == 0)
		return read_block(reader, error);
	return read_end(reader, error);
}

pmill_status pmill_count_file_reader_next(
	struct pmill_count_file_reader *reader, pmill_bytes *word, int64_t *count, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (reader->block_words_left == 0 && !reader->is_ended)
		status = advance(reader, error);
	if (status != PMILL_OK || reader->is_ended) {
		*word = (pmill_bytes){0};
		return status;
	}
	status = take_word(reader, count);
	if (status == PMILL_NO_MEMORY)
		return pmill_fail_memory(error);
	if (status != PMILL_OK)
		return fail_at(
			reader, reader->block_offset, error, "malformed or unsorted words in the block");
	if (__builtin_add_overflow(reader->pretokens, (uint64_t)*count, &reader->pretokens))
		return fail_at(
			reader, reader->block_offset, error, "the sum of the counts does not fit in 64 bits");
	reader->words++;
	*word = (pmill_bytes){reader->word.data, reader->word.len};
	return PMILL_OK;
}

pmill_status pmill_count_file_reader_each(struct pmill_count_file_reader *reader,
	pmill_word_fn *visit, void *context, struct pmill_progress_state *progress, pmill_error *error)
{
	enum { WORDS_BETWEEN_EVENTS = 4096 };
	for (;;) {
		pmill_bytes word;
		int64_t count;
		pmill_status status = pmill_count_file_reader_next(reader, &word, &count, error);
		if (status != PMILL_OK || word.len == 0)
			return status;
		status = visit(context, word, count, error);
		if (status != PMILL_OK)
			return status;
		if (reader->words % WORDS_BETWEEN_EVENTS == 0 &&
			!pmill_progress_step(progress, reader->input.offset))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	}
}

void pmill_count_file_reader_release(struct pmill_count_file_reader *reader)
{
	pmill_lookahead_release(&reader->input);
	pmill_block_codec_release(&reader->codec);
	pmill_arena_release(&reader->strings);
	pmill_buffer_release(&reader->block);
	pmill_buffer_release(&reader->word);
	*reader = (struct pmill_count_file_reader){0};
}
