/* Token files in binary formats: little-endian ids of 2 or 4 bytes, some after a header. */
/* SPDX-License-Identifier: MIT */
#include "tokens/binary_ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tokens/little_endian.h"

/* ---- Ids ---- */

static bool append(struct pmill_buffer *out, const uint32_t *ids, size_t count, size_t width)
{
	if (count == 0)
		return true;
	if (count > SIZE_MAX / width || !pmill_buffer_reserve(out, count * width))
		return false;
	uint8_t *to = out->data + out->len;
	for (size_t i = 0; i < count; i++)
		pmill_put_little_endian(to + i * width, ids[i], width);
	out->len += count * width;
	return true;
}

bool pmill_binary_append_2(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
{
	(void)before;
	return append(out, ids, count, 2);
}

bool pmill_binary_append_4(
	struct pmill_buffer *out, uint64_t before, const uint32_t *ids, size_t count)
{
	(void)before;
	return append(out, ids, count, 4);
}

bool pmill_binary_end_document(struct pmill_buffer *out)
{
	(void)out;
	return true;
}

static inline pmill_status read_id(struct pmill_token_reader *reader, size_t width, uint32_t *id,
	uint64_t *offset, bool *is_there, pmill_error *error)
{
	struct pmill_lookahead *bytes = reader->bytes;
	if (bytes->len < width) {
		pmill_status status = pmill_lookahead_fill(bytes, width, error);
		if (status != PMILL_OK)
			return status;
	}
	*is_there = bytes->len > 0;
	if (bytes->len == 0)
		return PMILL_OK;
	*offset = bytes->offset;
	if (bytes->len < width)
		return pmill_fail_input(
			error, bytes->name, *offset, "the file ends within an id of %zu bytes", width);
	*id = (uint32_t)pmill_get_little_endian(bytes->data, width);
	pmill_lookahead_take(bytes, width);
	return PMILL_OK;
}

pmill_status pmill_binary_read_2(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	return read_id(reader, 2, id, offset, is_there, error);
}

pmill_status pmill_binary_read_4(struct pmill_token_reader *reader, uint32_t *id, uint64_t *offset,
	bool *is_there, pmill_error *error)
{
	return read_id(reader, 4, id, offset, is_there, error);
}

/* ---- npy ---- */

/*
 * The magic, the version, the length of the rest, then a Python dict padded with spaces. What we
 * write always has 128 bytes, so that the number of ids can be put in at the end. Of others' files
 * any dict of one dimension with ids of our types is read.
 */
enum { NPY_LEN = 128, NPY_PREFIX = 10, NPY_MOST = 1 << 16 };

static const uint8_t npy_magic[8] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

static void fill_npy(uint8_t *header, uint64_t tokens, unsigned width)
{
	memcpy(header, npy_magic, sizeof npy_magic);
	pmill_put_little_endian(header + 8, NPY_LEN - NPY_PREFIX, 2);
	char dict[NPY_LEN];
	const int len = snprintf(dict, sizeof dict,
		"{'descr': '<u%u', 'fortran_order': False, 'shape': (%" PRIu64 ",), }", width, tokens);
	memset(header + NPY_PREFIX, ' ', NPY_LEN - NPY_PREFIX);
	memcpy(header + NPY_PREFIX, dict, (size_t)len);
	header[NPY_LEN - 1] = '\n';
}

static pmill_status fail_npy(struct pmill_lookahead *bytes, const char *reason, pmill_error *error)
{
	return pmill_fail_input(error, bytes->name, 0, "%s", reason);
}

/* The text after 'KEY': in the dict, or NULL. */
static const char *find_value(const char *dict, const char *key)
{
	const char *found = strstr(dict, key);
	if (found == NULL)
		return NULL;
	found += strlen(key);
	while (*found == ' ' || *found == ':')
		found++;
	return found;
}

/* Of a shape like "(17,)". Numbers of 20 digits are beyond any file. */
static bool read_length(const char *shape, uint64_t *len)
{
	uint64_t number = 0;
	size_t at = 1;
	for (; shape[0] == '(' && at < 20 && shape[at] >= '0' && shape[at] <= '9'; at++)
		number = number * 10 + (uint64_t)(shape[at] - '0');
	*len = number;
	return at > 1 && shape[at] == ',' && shape[at + 1] == ')';
}

static pmill_status parse_npy_dict(struct pmill_lookahead *bytes, const char *dict, unsigned *width,
	uint64_t *tokens, pmill_error *error)
{
	const char *type = find_value(dict, "'descr'"), *shape = find_value(dict, "'shape'");
	if (type == NULL || shape == NULL)
		return fail_npy(bytes, "the NumPy header lacks 'descr' or 'shape'", error);
	if (strncmp(type, "'<u2'", 5) == 0)
		*width = 2;
	else if (strncmp(type, "'<u4'", 5) == 0 || strncmp(type, "'<i4'", 5) == 0)
		*width = 4;
	else
		return fail_npy(bytes,
			"the array's type is none that ids are written in (little-endian uint16, uint32 or "
			"int32)",
			error);
	if (!read_length(shape, tokens))
		return fail_npy(bytes, "the array has not one dimension", error);
	return PMILL_OK;
}

static pmill_status parse_npy(
	struct pmill_lookahead *bytes, unsigned *width, uint64_t *tokens, pmill_error *error)
{
	pmill_status status = pmill_lookahead_fill(bytes, 12, error);
	if (status != PMILL_OK)
		return status;
	if (bytes->len < 12 || memcmp(bytes->data, npy_magic, 6) != 0)
		return fail_npy(
			bytes, "no NumPy header; ids without one are --format u16, u32 or olmo", error);
	const bool is_first = bytes->data[6] == 1;
	const size_t prefix = is_first ? NPY_PREFIX : NPY_PREFIX + 2;
	const uint64_t len = pmill_get_little_endian(bytes->data + 8, is_first ? 2 : 4);
	if (len > NPY_MOST)
		return fail_npy(
			bytes, "the NumPy header is longer than any that an array of ids has", error);
	status = pmill_lookahead_fill(bytes, prefix + (size_t)len, error);
	if (status != PMILL_OK)
		return status;
	if (bytes->len < prefix + len)
		return fail_npy(bytes, "the file ends within the NumPy header", error);
	char *dict = pmill_copy_text(bytes->data + prefix, (size_t)len);
	if (dict == NULL)
		return pmill_fail_memory(error);
	status = parse_npy_dict(bytes, dict, width, tokens, error);
	pmill_memory_free(dict);
	pmill_lookahead_take(bytes, prefix + (size_t)len);
	return status;
}

const struct pmill_token_header pmill_npy_header = {
	.len = NPY_LEN, .most_tokens = UINT64_MAX, .fill = fill_npy, .parse = parse_npy};

/* ---- llm.c ---- */

/* Numbers: the magic, the version, how many ids follow; the rest is zero. */
enum { LLMC_LEN = 256 * 4, LLMC_NUMBER = 4 };

static const struct llmc_kind {
	uint32_t magic, version;
	unsigned width;
} llmc_kinds[] = {{20240520, 1, 2}, {20240801, 7, 4}}; /* GPT-2 and Llama 3 */

static void fill_llmc(uint8_t *header, uint64_t tokens, unsigned width)
{
	const struct llmc_kind *kind = &llmc_kinds[width == 4];
	memset(header, 0, LLMC_LEN);
	pmill_put_little_endian(header, kind->magic, LLMC_NUMBER);
	pmill_put_little_endian(header + LLMC_NUMBER, kind->version, LLMC_NUMBER);
	pmill_put_little_endian(header + 2 * LLMC_NUMBER, tokens, LLMC_NUMBER);
}

static pmill_status parse_llmc(
	struct pmill_lookahead *bytes, unsigned *width, uint64_t *tokens, pmill_error *error)
{
	const pmill_status status = pmill_lookahead_fill(bytes, LLMC_LEN, error);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < 2 && bytes->len >= LLMC_LEN; i++) {
		const struct llmc_kind *kind = &llmc_kinds[i];
		if (pmill_get_little_endian(bytes->data, LLMC_NUMBER) != kind->magic ||
			pmill_get_little_endian(bytes->data + LLMC_NUMBER, LLMC_NUMBER) != kind->version)
			continue;
		*width = kind->width;
		*tokens = pmill_get_little_endian(bytes->data + 2 * LLMC_NUMBER, LLMC_NUMBER);
		pmill_lookahead_take(bytes, LLMC_LEN);
		return PMILL_OK;
	}
	return pmill_fail_input(error, bytes->name, 0,
		"no header of llm.c (magic 20240520 with version 1, or 20240801 with version 7)");
}

const struct pmill_token_header pmill_llmc_header = {
	.len = LLMC_LEN, .most_tokens = INT32_MAX, .fill = fill_llmc, .parse = parse_llmc};
