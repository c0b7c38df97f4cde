/* A stream of bytes from a file: plain, gzip or zstd, told apart by their magic numbers. */
/* SPDX-License-Identifier: MIT */
#include "corpus/reader.h"

#include <stdlib.h>

#include "base/error.h"
#include "corpus/reader_kind.h"

struct pmill_reader {
	struct pmill_stored_file file;
	const struct pmill_reader_kind *kind; /* NULL until the first read */
	void *decoder;
};

/* ---- Plain files ---- */

static bool matches_anything(const uint8_t *head, size_t len)
{
	(void)head;
	(void)len;
	return true;
}

static pmill_status start_plain(const char *name, void **decoder, pmill_error *error)
{
	(void)name;
	(void)decoder;
	(void)error;
	return PMILL_OK;
}

static pmill_status read_plain(struct pmill_stored_file *file, void *decoder, uint8_t *data,
	size_t capacity, size_t *len, pmill_error *error)
{
	(void)decoder;
	return pmill_stored_file_read(file, data, capacity, len, error);
}

static void release_plain(void *decoder)
{
	(void)decoder;
}

static const struct pmill_reader_kind plain = {
	"plain", matches_anything, start_plain, read_plain, release_plain};

/* The first match wins. */
static const struct pmill_reader_kind *const kinds[] = {
	&pmill_reader_gzip,
	&pmill_reader_zstd,
	&plain,
};

/* ---- All kinds ---- */

static const struct pmill_reader_kind *find_kind(const uint8_t *head, size_t len)
{
	size_t i = 0;
	while (!kinds[i]->matches(head, len < PMILL_READER_HEAD_LEN ? len : PMILL_READER_HEAD_LEN))
		i++;
	return kinds[i];
}

bool pmill_reader_is_compressed(const uint8_t *head, size_t len)
{
	return find_kind(head, len) != &plain;
}

static pmill_status start_kind(struct pmill_reader *reader, pmill_error *error)
{
	struct pmill_stored_file *file = &reader->file;
	pmill_status status = pmill_stored_file_peek(file, PMILL_READER_HEAD_LEN, error);
	if (status != PMILL_OK)
		return status;
	const struct pmill_reader_kind *kind = find_kind(file->input, file->end);
	status = kind->start(file->name, &reader->decoder, error);
	if (status == PMILL_OK)
		reader->kind = kind;
	return status;
}

pmill_status pmill_reader_read(
	struct pmill_reader *reader, void *data, size_t capacity, size_t *len, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (reader->kind == NULL)
		status = start_kind(reader, error);
	if (status == PMILL_OK)
		status = reader->kind->read(&reader->file, reader->decoder, data, capacity, len, error);
	return status;
}

pmill_status pmill_reader_open(const char *path, unsigned flags, const atomic_bool *is_stopped,
	struct pmill_reader **reader, pmill_error *error)
{
	struct pmill_reader *opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return pmill_fail_memory(error);
	if (flags & PMILL_READER_AS_STORED)
		opened->kind = &plain;
	pmill_status status = pmill_stored_file_open(
		&opened->file, path, flags & PMILL_READER_SHA256, is_stopped, error);
	if (status == PMILL_OK)
		*reader = opened;
	else
		free(opened);
	return status;
}

void pmill_reader_limit_window(struct pmill_reader *reader, uint64_t bytes)
{
	reader->file.window_limit = bytes;
}

void pmill_reader_close(struct pmill_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->kind != NULL)
		reader->kind->release(reader->decoder);
	pmill_stored_file_release(&reader->file);
	free(reader);
}

const char *pmill_reader_name(const struct pmill_reader *reader)
{
	return reader->file.name;
}

uint64_t pmill_reader_stored_bytes(const struct pmill_reader *reader)
{
	return reader->file.taken;
}

bool pmill_reader_sha256(struct pmill_reader *reader, char text[65])
{
	if (!reader->file.is_hashed)
		return false;
	uint8_t digest[32];
	pmill_sha256_finish(&reader->file.sha, digest);
	pmill_sha256_text(digest, text);
	return true;
}
