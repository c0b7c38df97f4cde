/* Token files: ids ↔ bytes, one row for each format. */
/* SPDX-License-Identifier: MIT */
/*
 * text: decimal ids separated by spaces, with an LF after each document.
 * u16, u32: little-endian ids and nothing else; only an end-of-text id marks a document's end.
 * jsonl: a line for each document, an object with the ids in one array.
 * npy, llmc: the same as u16 or u32 after a header that counts the ids.
 * olmo: the same as u16 or u32, under a name that ends in .npy.
 * megatron, datatrove: the same, and files beside it that say where documents end.
 */
#include "tokens/token_file.h"

#include "base/error.h"
#include "files/file.h"
#include "tokens/binary_ids.h"
#include "tokens/jsonl_reader.h"
#include "tokens/jsonl_writer.h"
#include "tokens/text_ids.h"

/* ---- The table ---- */

#define U16                                                                                        \
	.dtype = "uint16", .width = 2, .id_limit = UINT64_C(1) << 16, .append = pmill_binary_append_2, \
	.end_document = pmill_binary_end_document, .read = pmill_binary_read_2

#define WIDE(type, limit)                                                                          \
	.dtype = (type), .width = 4, .id_limit = (limit), .append = pmill_binary_append_4,             \
	.end_document = pmill_binary_end_document, .read = pmill_binary_read_4

#define U32 WIDE("uint32", PMILL_NO_ID)

#define MEGATRON                                                                                   \
	.ids_suffix = ".bin", .shard_suffix = "", .skips_empty = true,                                 \
	.index_format = &pmill_megatron_index

/* Of a name, the narrow one comes first. Megatron has 16 bits only below 65,500 entries. */
static const struct pmill_token_format formats[] = {
	{.name = "text",
		.suffix = ".txt",
		.id_limit = PMILL_NO_ID,
		.may_be_compressed = true,
		.append = pmill_text_append,
		.end_document = pmill_text_end_document,
		.read = pmill_text_read},
	{.name = "u16", .suffix = ".u16", U16},
	{.name = "u32", .suffix = ".u32", U32},
	{.name = "jsonl",
		.suffix = ".jsonl",
		.id_limit = PMILL_NO_ID,
		.may_be_compressed = true,
		.read = pmill_jsonl_read,
		.write_document = pmill_jsonl_write_document},
	{.name = "npy", .suffix = ".npy", U16, .header = &pmill_npy_header},
	{.name = "npy", .suffix = ".npy", U32, .header = &pmill_npy_header},
	{.name = "olmo", U16, .shard_suffix = ".npy"},
	{.name = "olmo", U32, .shard_suffix = ".npy"},
	{.name = "llmc", U16, .shard_suffix = ".bin", .header = &pmill_llmc_header},
	{.name = "llmc", U32, .shard_suffix = ".bin", .header = &pmill_llmc_header},
	{.name = "megatron", U16, MEGATRON},
	{.name = "megatron", WIDE("int32", UINT64_C(1) << 31), MEGATRON},
	{.name = "datatrove", .suffix = ".ds", U16, .index_format = &pmill_datatrove_index},
	{.name = "datatrove", .suffix = ".ds", U32, .index_format = &pmill_datatrove_index},
};

enum { ROWS = sizeof formats / sizeof *formats, MEGATRON_U16_LIMIT = 65500 };

const struct pmill_token_format *pmill_token_format_at(size_t index)
{
	return index < ROWS ? &formats[index] : NULL;
}

/* The names, each once. */
const char *pmill_token_format_name(size_t index)
{
	for (size_t i = 0; i < ROWS; i++) {
		const bool is_again = i > 0 && strcmp(formats[i].name, formats[i - 1].name) == 0;
		if (!is_again && index-- == 0)
			return formats[i].name;
	}
	return NULL;
}

/* ---- Picking ---- */

/* Whether a vocab's ids go into the format. Megatron's scripts have a limit of their own. */
static bool takes(const struct pmill_token_format *format, uint32_t vocab_size)
{
	const bool is_narrow_megatron = format->index_format == &pmill_megatron_index &&
		format->width == 2;
	return vocab_size <= (is_narrow_megatron ? MEGATRON_U16_LIMIT - 1 : format->id_limit);
}

/* Of the rows with a name, the first that takes the vocab, else the last. NULL: no such name. */
static const struct pmill_token_format *find_by_name(const char *name, uint32_t vocab_size)
{
	const struct pmill_token_format *found = NULL;
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(name, formats[i].name) == 0 && (found == NULL || !takes(found, vocab_size)))
			found = &formats[i];
	return found;
}

const struct pmill_token_format *pmill_token_format_find(const char *name, const char *dtype)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *own = formats[i].dtype == NULL ? "" : formats[i].dtype;
		if (strcmp(name, formats[i].name) == 0 && strcmp(dtype, own) == 0)
			return &formats[i];
	}
	return NULL;
}

bool pmill_token_format_needs_vocab(
	const struct pmill_token_format *format, const char *name, const char *path)
{
	const bool has_widths = find_by_name(format->name, 0) != find_by_name(format->name, UINT32_MAX);
	const bool is_bin = name == NULL && pmill_path_has_suffix(path, ".bin");
	return format->header == NULL && format->index_format == NULL && (has_widths || is_bin);
}

char *pmill_token_format_find_ids(const char *name, const char *path)
{
	const struct pmill_token_format *format = name == NULL ? NULL : find_by_name(name, 0);
	const char *suffix = format == NULL || format->ids_suffix == NULL ? "" : format->ids_suffix;
	char *ids = pmill_path_extend(path, suffix);
	if (ids != NULL && !pmill_path_exists(ids))
		ids[strlen(path)] = '\0';
	return ids;
}

const struct pmill_token_format *pmill_token_format_widen(
	const struct pmill_token_format *format, unsigned width)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(format->name, formats[i].name) == 0 && formats[i].width == width)
			return &formats[i];
	return format;
}

/* The name that a suffix tells, or NULL. */
static const char *name_by_suffix(const char *path, uint32_t vocab_size)
{
	for (size_t i = 0; i < ROWS; i++)
		if (formats[i].suffix != NULL && pmill_path_has_suffix(path, formats[i].suffix))
			return formats[i].name;
	if (!pmill_path_has_suffix(path, ".bin"))
		return NULL;
	return takes(find_by_name("u16", 0), vocab_size) ? "u16" : "u32";
}

pmill_status pmill_token_format_pick(const char *name, const char *path, uint32_t vocab_size,
	const struct pmill_token_format **format, pmill_error *error)
{
	const bool has_path = path != NULL && strcmp(path, "-") != 0;
	const char *known = name;
	if (name == NULL)
		known = has_path ? name_by_suffix(path, vocab_size) : "text";
	if (known == NULL) {
		char names[200];
		pmill_list_names(names, sizeof names, pmill_token_format_name);
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: the suffix does not tell the token file format: name one (%s)", path, names);
	}
	const struct pmill_token_format *found = find_by_name(known, vocab_size);
	if (found == NULL)
		return pmill_fail_unknown(error, "token file format", name, pmill_token_format_name);
	*format = found;
	return PMILL_OK;
}

pmill_status pmill_token_format_check_width(
	const struct pmill_token_format *format, uint32_t vocab_size, pmill_error *error)
{
	if (takes(format, vocab_size))
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s holds ids below %llu, but the vocab has %u entries: narrowing would lose data",
		format->name, (unsigned long long)format->id_limit, (unsigned)vocab_size);
}

/* ---- Reading ---- */

static pmill_status open_index(
	struct pmill_token_reader *reader, const char *path, unsigned *width, pmill_error *error)
{
	const char *suffix = reader->format->ids_suffix;
	struct pmill_index_facts facts = {0};
	const bool has_suffix = suffix != NULL && pmill_path_has_suffix(path, suffix);
	char *stem = pmill_copy_text(path, strlen(path) - (has_suffix ? strlen(suffix) : 0));
	if (stem == NULL)
		return pmill_fail_memory(error);
	const pmill_status status = reader->format->index_format->read(stem, &facts, error);
	pmill_memory_free(stem);
	*width = facts.width;
	reader->indexed = facts.documents;
	reader->expected = facts.tokens;
	return status;
}

pmill_status pmill_token_reader_open(
	struct pmill_token_reader *reader, const char *path, pmill_error *error)
{
	const struct pmill_token_format *format = reader->format;
	unsigned width = format->width;
	pmill_status status = PMILL_OK;
	reader->has_count = format->header != NULL || format->index_format != NULL;
	if (format->header != NULL)
		status = format->header->parse(reader->bytes, &width, &reader->expected, error);
	else if (format->index_format != NULL)
		status = open_index(reader, path, &width, error);
	if (status == PMILL_OK)
		reader->format = pmill_token_format_widen(format, width);
	return status;
}

static pmill_status check_count(struct pmill_token_reader *reader, bool is_end, pmill_error *error)
{
	const bool is_wrong = is_end ? reader->read < reader->expected
								 : reader->read > reader->expected;
	if (!reader->has_count || !is_wrong)
		return PMILL_OK;
	return pmill_fail_input(error, reader->bytes->name, reader->bytes->offset,
		"there are %s ids than the %llu that the %s says", is_end ? "fewer" : "more",
		(unsigned long long)reader->expected, reader->format->header != NULL ? "header" : "index");
}

pmill_status pmill_token_reader_next(
	struct pmill_token_reader *reader, struct pmill_token_batch *batch, pmill_error *error)
{
	batch->count = 0;
	while (batch->count < PMILL_TOKEN_BATCH) {
		bool is_there;
		pmill_status status = reader->format->read(
			reader, &batch->ids[batch->count], &batch->offsets[batch->count], &is_there, error);
		if (status != PMILL_OK)
			return status;
		reader->read += is_there;
		status = check_count(reader, !is_there, error);
		if (status != PMILL_OK)
			return status;
		if (!is_there) {
			reader->documents += reader->indexed;
			reader->indexed = 0;
			break;
		}
		batch->documents[batch->count] = reader->documents;
		batch->count++;
	}
	return PMILL_OK;
}
