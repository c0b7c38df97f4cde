/* Writes the count file. */
/* SPDX-License-Identifier: MIT */
#include "counts/count_file_writer.h"

#include <assert.h>

#include "base/error.h"
#include "counts/count_file_format.h"

enum { MAX_VARINTS_LEN = 30 }; /* of a word's three numbers */

static bool append64(struct pmill_buffer *buffer, uint64_t x)
{
	uint8_t bytes[8];
	pmill_put64(bytes, x);
	return pmill_buffer_append(buffer, bytes, sizeof bytes);
}

static bool append_counted(struct pmill_buffer *buffer, const void *data, size_t len)
{
	uint8_t bytes[4];
	pmill_put32(bytes, (uint32_t)len);
	return pmill_buffer_append(buffer, bytes, sizeof bytes) &&
		pmill_buffer_append(buffer, data, len);
}

static bool append_identity(struct pmill_buffer *out, const struct pmill_counts_identity *identity)
{
	uint8_t digest[32], count[4];
	pmill_count_file_pattern_digest(identity->pattern, digest);
	pmill_put32(count, (uint32_t)identity->special_token_count);
	bool done = append_counted(out, identity->pattern, strlen(identity->pattern)) &&
		pmill_buffer_append(out, digest, sizeof digest) &&
		append_counted(out, identity->unicode_version, strlen(identity->unicode_version)) &&
		pmill_buffer_append(out, count, sizeof count);
	for (size_t i = 0; done && i < identity->special_token_count; i++)
		done = append_counted(
			out, identity->special_tokens[i].data, identity->special_tokens[i].len);
	return done;
}

/* Whatever passes also fits the header's 32-bit lengths. */
static bool fits_header(const struct pmill_counts_identity *identity)
{
	uint64_t len = (uint64_t)strlen(identity->pattern) + strlen(identity->unicode_version) + 44;
	for (size_t i = 0; i < identity->special_token_count; i++) {
		len += 4 + (uint64_t)identity->special_tokens[i].len;
		if (len > PMILL_COUNT_FILE_MAX_HEADER)
			return false;
	}
	return len <= PMILL_COUNT_FILE_MAX_HEADER;
}

static pmill_status write_header(struct pmill_count_file_writer *writer,
	const struct pmill_counts_identity *identity, pmill_error *error)
{
	if (!fits_header(identity))
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"%s: the pattern and special tokens exceed the %d bytes that a count file can hold",
			writer->file.path, PMILL_COUNT_FILE_MAX_HEADER);
	struct pmill_buffer *out = &writer->stored;
	uint8_t fixed[PMILL_COUNT_FILE_FIXED_LEN] = PMILL_COUNT_FILE_MAGIC;
	pmill_put32(fixed + 8, PMILL_COUNT_FILE_VERSION);
	out->len = 0;
	if (!pmill_buffer_append(out, fixed, sizeof fixed) || !append_identity(out, identity))
		return pmill_fail_memory(error);
	pmill_put32(out->data + 12, (uint32_t)(out->len - sizeof fixed));
	writer->chain = pmill_hash64(out->data, out->len, 0);
	if (!append64(out, writer->chain))
		return pmill_fail_memory(error);
	return pmill_file_writer_append(&writer->file, out->data, out->len, error);
}

pmill_status pmill_count_file_writer_open(struct pmill_count_file_writer *writer, const char *path,
	unsigned flags, const struct pmill_counts_identity *identity, pmill_error *error)
{
	*writer = (struct pmill_count_file_writer){.block_len = PMILL_COUNT_FILE_BLOCK};
	pmill_status status = pmill_block_codec_check(error);
	if (status == PMILL_OK)
		status = pmill_file_writer_open(&writer->file, path, flags, error);
	if (status == PMILL_OK)
		status = write_header(writer, identity, error);
	if (status != PMILL_OK)
		pmill_count_file_writer_release(writer);
	return status;
}

pmill_status pmill_count_file_writer_borrow(struct pmill_count_file_writer *writer, int descriptor,
	const char *name, size_t block_len, const struct pmill_counts_identity *identity,
	pmill_error *error)
{
	*writer = (struct pmill_count_file_writer){.block_len = block_len};
	pmill_status status = pmill_block_codec_check(error);
	if (status == PMILL_OK)
		status = pmill_file_writer_borrow(&writer->file, descriptor, name, error);
	if (status == PMILL_OK)
		status = write_header(writer, identity, error);
	if (status != PMILL_OK)
		pmill_count_file_writer_release(writer);
	return status;
}

static pmill_status flush_block(struct pmill_count_file_writer *writer, pmill_error *error)
{
	const struct pmill_buffer *payload = &writer->block;
	if (writer->block.len <= PMILL_COUNT_FILE_MAX_BLOCK) {
		pmill_status status = pmill_block_compress(
			&writer->codec, writer->block.data, writer->block.len, &writer->stored, error);
		if (status != PMILL_OK)
			return status;
		if (writer->stored.len < writer->block.len)
			payload = &writer->stored;
	}
	uint8_t head[PMILL_COUNT_FILE_HEAD_LEN] = PMILL_COUNT_FILE_BLOCK_TAG;
	pmill_put32(head + 4, writer->block_words);
	pmill_put64(head + 8, writer->block.len);
	pmill_put64(head + 16, payload->len);
	pmill_put64(head + 24, pmill_hash64(payload->data, payload->len, 0));
	uint64_t check = pmill_hash64(head, 32, 0);
	pmill_put64(head + 32, check);
	writer->chain = pmill_count_file_chain(writer->chain, check);
	writer->blocks++;
	pmill_status status = pmill_file_writer_append(&writer->file, head, sizeof head, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&writer->file, payload->data, payload->len, error);
	writer->block.len = 0;
	writer->block_words = 0;
	return status;
}

static void put_varint(struct pmill_buffer *buffer, uint64_t x)
{
	for (; x >= 128; x >>= 7)
		buffer->data[buffer->len++] = (uint8_t)(x | 128);
	buffer->data[buffer->len++] = (uint8_t)x;
}

static size_t common_prefix_len(const struct pmill_buffer *previous, pmill_bytes word)
{
	const uint8_t *bytes = word.data;
	size_t max = previous->len < word.len ? previous->len : word.len, len = 0;
	while (len < max && previous->data[len] == bytes[len])
		len++;
	return len;
}

static bool append_word(struct pmill_count_file_writer *writer, pmill_bytes word, int64_t count)
{
	if (word.len > SIZE_MAX - MAX_VARINTS_LEN)
		return false;
	size_t prefix_len = writer->block_words > 0 ? common_prefix_len(&writer->word, word) : 0;
	const uint8_t *rest = (const uint8_t *)word.data + prefix_len;
	size_t rest_len = word.len - prefix_len;
	writer->word.len = prefix_len;
	if (!pmill_buffer_append(&writer->word, rest, rest_len) ||
		!pmill_buffer_reserve(&writer->block, rest_len + MAX_VARINTS_LEN))
		return false;
	put_varint(&writer->block, prefix_len);
	put_varint(&writer->block, rest_len);
	memcpy(writer->block.data + writer->block.len, rest, rest_len);
	writer->block.len += rest_len;
	put_varint(&writer->block, (uint64_t)count);
	writer->block_words++;
	return true;
}

pmill_status pmill_count_file_writer_add(
	struct pmill_count_file_writer *writer, pmill_bytes word, int64_t count, pmill_error *error)
{
	assert(word.len > 0 && count > 0);
	if (__builtin_add_overflow(writer->pretokens, (uint64_t)count, &writer->pretokens))
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"%s: the sum of all counts does not fit in 64 bits", writer->file.path);
	pmill_status status = PMILL_OK;
	size_t max = PMILL_COUNT_FILE_MAX_BLOCK - MAX_VARINTS_LEN;
	if (writer->block_words > 0 && (word.len > max || writer->block.len > max - word.len))
		status = flush_block(writer, error);
	if (status == PMILL_OK && !append_word(writer, word, count))
		status = pmill_fail_memory(error);
	writer->words++;
	if (status == PMILL_OK && writer->block.len >= writer->block_len)
		status = flush_block(writer, error);
	return status;
}

static pmill_status write_end(
	struct pmill_count_file_writer *writer, const pmill_totals *totals, pmill_error *error)
{
	uint8_t record[PMILL_COUNT_FILE_END_LEN] = PMILL_COUNT_FILE_END_TAG;
	const uint64_t fields[] = {writer->blocks, writer->words, writer->pretokens, totals->documents,
		totals->bytes, totals->bad_lines, writer->chain};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		pmill_put64(record + 8 + 8 * i, fields[i]);
	pmill_put64(record + 64, pmill_hash64(record, 64, 0));
	return pmill_file_writer_append(&writer->file, record, sizeof record, error);
}

pmill_status pmill_count_file_writer_commit(
	struct pmill_count_file_writer *writer, const pmill_totals *totals, pmill_error *error)
{
	pmill_status status = writer->block_words > 0 ? flush_block(writer, error) : PMILL_OK;
	if (status == PMILL_OK)
		status = write_end(writer, totals, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_commit(&writer->file, error);
	pmill_count_file_writer_release(writer);
	return status;
}

void pmill_count_file_writer_release(struct pmill_count_file_writer *writer)
{
	pmill_file_writer_release(&writer->file);
	pmill_block_codec_release(&writer->codec);
	pmill_buffer_release(&writer->block);
	pmill_buffer_release(&writer->stored);
	pmill_buffer_release(&writer->word);
	*writer = (struct pmill_count_file_writer){0};
}
