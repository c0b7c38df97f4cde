/* What a token file holds: by its header, index and sidecar, and by its ids. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "model/model_digest.h"
#include "model/tokenizer.h"
#include "tokens/sidecar.h"
#include "tokens/token_file.h"

static const char info_name[] = "pmill_token_file_info";

struct look {
	const char *path, *format;
	const pmill_tokenizer *tokenizer; /* NULL: none */
	bool reads_all;
	struct pmill_sidecar sidecar;
	struct pmill_lookahead bytes;
	struct pmill_token_reader reader;
	struct pmill_token_batch batch;
	pmill_token_file_info info;
};

static pmill_status check_width_is_known(const struct look *look, pmill_error *error)
{
	if (look->sidecar.format != NULL || look->tokenizer != NULL ||
		!pmill_token_format_needs_vocab(look->reader.format, look->format, look->path))
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s: nothing says whether its ids have 16 or 32 bits: name the model, or the format u16 or "
		"u32",
		look->path);
}

static pmill_status open_ids(struct look *look, pmill_error *error)
{
	const uint32_t vocab_size = look->tokenizer == NULL
		? look->sidecar.vocab_size
		: pmill_tokenizer_vocab_size(look->tokenizer);
	const struct pmill_token_format *format;
	pmill_status status = pmill_sidecar_pick_format(
		look->format, look->path, vocab_size, &format, error);
	if (status != PMILL_OK)
		return status;
	look->reader = (struct pmill_token_reader){.format = format, .bytes = &look->bytes};
	status = check_width_is_known(look, error);
	if (status != PMILL_OK)
		return status;
	struct pmill_reader *stored;
	status = pmill_reader_open(
		look->path, format->may_be_compressed ? 0 : PMILL_READER_AS_STORED, NULL, &stored, error);
	if (status != PMILL_OK)
		return status;
	pmill_lookahead_open_reader(&look->bytes, stored);
	return pmill_token_reader_open(&look->reader, look->path, error);
}

/* ---- Ids ---- */

static void note_batch(struct look *look)
{
	pmill_token_file_info *info = &look->info;
	const size_t room = sizeof info->ids / sizeof *info->ids;
	for (size_t i = 0; i < look->batch.count; i++) {
		if (info->id_count < room)
			info->ids[info->id_count++] = look->batch.ids[i];
		if (look->tokenizer != NULL)
			info->unknown_ids +=
				pmill_vocab_token(&look->tokenizer->vocab, look->batch.ids[i]).data == NULL;
	}
}

static pmill_status read_ids(struct look *look, pmill_error *error)
{
	const bool reads_all = look->reads_all || look->reader.format->width == 0;
	uint64_t tokens = 0;
	do {
		const pmill_status status = pmill_token_reader_next(&look->reader, &look->batch, error);
		if (status != PMILL_OK)
			return status;
		note_batch(look);
		tokens += look->batch.count;
	} while (look->batch.count > 0 && reads_all);
	if (reads_all)
		look->info.tokens = tokens;
	return PMILL_OK;
}

/* ---- Numbers ---- */

/* How many ids a file of this size has, and whether that is what its header or index says. */
static pmill_status count_by_size(struct look *look, pmill_error *error)
{
	struct stat about;
	const unsigned width = look->reader.format->width;
	if (width == 0 || stat(look->path, &about) != 0 || !S_ISREG(about.st_mode))
		return PMILL_OK;
	const uint64_t size = (uint64_t)about.st_size, begin = look->bytes.offset;
	const uint64_t count = (size - begin) / width;
	if (size < begin || (size - begin) % width != 0)
		return pmill_fail_input(error, look->path, begin + count * width,
			"the file ends within an id of %u bytes", width);
	if (look->reader.has_count && count != look->reader.expected)
		return pmill_fail_input(error, look->path, PMILL_NO_OFFSET,
			"there are %" PRIu64 " ids, but %" PRIu64 " by the %s", count, look->reader.expected,
			look->reader.format->header != NULL ? "header" : "index");
	look->info.tokens = count;
	return PMILL_OK;
}

static void set_counts(struct look *look)
{
	pmill_token_file_info *info = &look->info;
	const struct pmill_token_format *format = look->reader.format;
	info->format = format->name;
	info->dtype = format->dtype;
	if (info->tokens == UINT64_MAX && look->reader.has_count)
		info->tokens = look->reader.expected;
	if (format->width == 0)
		info->documents = look->reader.documents;
	else if (format->index_format != NULL)
		info->documents = look->reader.documents + look->reader.indexed;
	else if (look->sidecar.has_counts)
		info->documents = look->sidecar.counts.documents;
	info->bytes = look->sidecar.has_counts ? look->sidecar.counts.bytes : UINT64_MAX;
	info->eot = look->sidecar.eot;
	info->bos = look->sidecar.bos;
	memcpy(info->model_sha256, look->sidecar.model_sha256, sizeof info->model_sha256);
}

static pmill_status compare_with_sidecar(const struct look *look, pmill_error *error)
{
	const uint64_t said = look->sidecar.counts.tokens;
	if (!look->sidecar.has_counts || said == look->info.tokens)
		return PMILL_OK;
	return pmill_fail_input(error, look->path, PMILL_NO_OFFSET,
		"there are %" PRIu64 " ids, but %" PRIu64 " by the .json beside it", look->info.tokens,
		said);
}

static pmill_status compare_models(struct look *look, pmill_error *error)
{
	char sha256[65];
	if (look->tokenizer == NULL || look->info.model_sha256[0] == '\0')
		return PMILL_OK;
	const pmill_status status = pmill_model_digest(look->tokenizer, sha256, error);
	if (status == PMILL_OK)
		look->info.is_of_model = strcmp(sha256, look->info.model_sha256) == 0;
	return status;
}

static pmill_status look_at(struct look *look, pmill_error *error)
{
	look->info.tokens = look->info.documents = UINT64_MAX;
	pmill_status status = pmill_sidecar_read(look->path, &look->sidecar, error);
	if (status != PMILL_OK && look->format == NULL)
		return status;
	status = open_ids(look, error);
	if (status == PMILL_OK)
		status = count_by_size(look, error);
	if (status == PMILL_OK)
		status = read_ids(look, error);
	if (status != PMILL_OK)
		return status;
	set_counts(look);
	status = compare_with_sidecar(look, error);
	return status == PMILL_OK ? compare_models(look, error) : status;
}

pmill_status pmill_token_file_get_info(const char *path, const char *format,
	const pmill_tokenizer *tokenizer, int reads_all, pmill_token_file_info *info,
	pmill_error *error)
{
	pmill_status status = pmill_sized_struct_check(info, sizeof *info, info_name, error);
	if (status != PMILL_OK)
		return status;
	struct look *look = calloc(1, sizeof *look);
	char *ids = pmill_token_format_find_ids(format, path);
	if (look == NULL || ids == NULL) {
		status = pmill_fail_memory(error);
	} else {
		look->path = ids;
		look->format = format;
		look->tokenizer = tokenizer;
		look->reads_all = reads_all != 0;
		status = look_at(look, error);
		pmill_lookahead_release(&look->bytes);
		if (status == PMILL_OK)
			status = pmill_sized_struct_write(
				info, &look->info, sizeof look->info, info_name, error);
	}
	free(ids);
	free(look);
	return status;
}
