/* All that makes the ids of a folder of shards, so that only the same run goes on with it. */
/* SPDX-License-Identifier: MIT */
#include "encode/shard_identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"

static bool append_digest(struct pmill_buffer *out, const char *name, struct pmill_sha256 *sha)
{
	uint8_t digest[32];
	char text[65];
	pmill_sha256_finish(sha, digest);
	pmill_sha256_text(digest, text);
	return pmill_sidecar_append_text(out, name, text);
}

static bool append_options(const struct pmill_shard_identity *identity, struct pmill_buffer *out)
{
	const pmill_encode_file_options *file = identity->file;
	const struct pmill_document_writer *writer = identity->writer;
	return pmill_sidecar_append_text(out, "format", writer->format->name) &&
		pmill_sidecar_append_text(out, "dtype", writer->format->dtype) &&
		pmill_sidecar_append_number(out, "shard_tokens", file->shard_tokens) &&
		pmill_sidecar_append_id(out, "eot_id", writer->eot) &&
		pmill_sidecar_append_id(out, "bos_id", writer->bos) &&
		pmill_sidecar_append_number(out, "max_tokens", file->most_ids) &&
		pmill_sidecar_append_number(out, "offsets", file->add_offsets != 0) &&
		pmill_sidecar_append_number(out, "template", identity->policy->adds_template) &&
		pmill_sidecar_append_text(out, "input_format", identity->input->format) &&
		pmill_sidecar_append_text(out, "field", identity->input->field) &&
		pmill_sidecar_append_number(out, "skip_bad_lines", identity->input->skip_bad_lines != 0);
}

/* Of the policy, and what ends documents. */
static bool append_special(const struct pmill_shard_identity *identity, struct pmill_buffer *out)
{
	struct pmill_sha256 sha;
	pmill_sha256_init(&sha);
	pmill_sha256_add(
		&sha, identity->policy->treatments, identity->policy->tokenizer->special_count);
	if (!append_digest(out, "special_tokens", &sha))
		return false;
	const pmill_bytes separator = identity->file->doc_separator;
	pmill_sha256_init(&sha);
	pmill_sha256_add(&sha, separator.data, separator.len);
	return append_digest(out, "doc_separator", &sha);
}

#ifdef __APPLE__
#define st_mtim st_mtimespec
#endif

static pmill_status add_input(
	struct pmill_sha256 *sha, const struct pmill_input_file *file, pmill_error *error)
{
	struct stat about;
	char figures[100];
	const bool is_stdin = strcmp(file->path, "-") == 0;
	if (!is_stdin && stat(file->path, &about) != 0)
		return pmill_fail_errno(error, file->path, "cannot read", errno);
	if (is_stdin || !S_ISREG(about.st_mode))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: shards are made of files: a pipe can't be gone on with",
			is_stdin ? "stdin" : file->path);
	const int len = snprintf(figures, sizeof figures, "%" PRIu64 " %lld.%09ld",
		(uint64_t)about.st_size, (long long)about.st_mtim.tv_sec, (long)about.st_mtim.tv_nsec);
	pmill_sha256_add(sha, file->path, strlen(file->path) + 1);
	pmill_sha256_add(sha, figures, (size_t)len + 1);
	return PMILL_OK;
}

pmill_status pmill_shard_identity_write(
	const struct pmill_shard_identity *identity, struct pmill_buffer *out, pmill_error *error)
{
	struct pmill_sha256 sha;
	pmill_sha256_init(&sha);
	for (size_t i = 0; i < identity->inputs->count; i++) {
		const pmill_status status = add_input(&sha, &identity->inputs->files[i], error);
		if (status != PMILL_OK)
			return status;
	}
	const bool done = pmill_buffer_append_text(out, "{\n") &&
		pmill_sidecar_append_text(out, "model", identity->model->sha256) &&
		append_options(identity, out) && append_special(identity, out) &&
		pmill_sidecar_append_number(out, "input_count", identity->inputs->count) &&
		append_digest(out, "inputs", &sha) && (out->len -= 2, true) &&
		pmill_buffer_append_text(out, "\n}\n") && pmill_buffer_terminate(out);
	return done ? PMILL_OK : pmill_fail_memory(error);
}
