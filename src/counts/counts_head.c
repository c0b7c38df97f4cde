/* Heads of counts: how words were cut, and the totals, without the words. */
/* SPDX-License-Identifier: MIT */
#include "counts/counts_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sized_struct.h"
#include "counts/count_file_format.h"
#include "counts/count_file_reader.h"
#include "pretokenize/pattern.h"

bool pmill_counts_head_init(
	struct pmill_counts_head *head, const struct pmill_counts_identity *identity)
{
	struct pmill_counts_identity named = *identity;
	const struct pmill_pattern *known = pmill_pattern_find(identity->pattern);
	if (known != NULL)
		named.pattern = known->name;
	*head = (struct pmill_counts_head){0};
	return pmill_counts_identity_copy(&named, &head->strings, &head->identity);
}

void pmill_counts_head_release(struct pmill_counts_head *head)
{
	pmill_arena_release(&head->strings);
}

pmill_status pmill_counts_head_create(const struct pmill_counts_identity *identity,
	const pmill_totals *totals, pmill_counts_head **head, pmill_error *error)
{
	struct pmill_counts_head *made = malloc(sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	if (!pmill_counts_head_init(made, identity)) {
		pmill_counts_head_free(made);
		return pmill_fail_memory(error);
	}
	made->totals = *totals;
	*head = made;
	return PMILL_OK;
}

void pmill_counts_head_free(pmill_counts_head *head)
{
	if (head == NULL)
		return;
	pmill_counts_head_release(head);
	free(head);
}

pmill_status pmill_counts_head_get_info(const pmill_counts_head *head, pmill_counts_info *info)
{
	const pmill_counts_info full = {.totals = head->totals,
		.pattern = head->identity.pattern,
		.unicode_version = head->identity.unicode_version,
		.special_tokens = head->identity.special_tokens,
		.special_token_count = head->identity.special_token_count};
	return pmill_sized_struct_write(info, &full, sizeof full, "pmill_counts_info", NULL);
}

/* ---- Loading ---- */

/* A regular file that is stored as it is, not compressed; -1 if it is none. */
static int open_plain(const char *path)
{
	struct stat about;
	char magic[PMILL_COUNT_FILE_MAGIC_LEN];
	if (strcmp(path, "-") == 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode))
		return -1;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor >= 0 &&
		(pread(descriptor, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
			memcmp(magic, PMILL_COUNT_FILE_MAGIC, sizeof magic) != 0)) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

/* Reads the last bytes of the file, skipping the blocks. */
static pmill_status read_end_record(
	int descriptor, const char *path, pmill_totals *totals, pmill_error *error)
{
	uint8_t record[PMILL_COUNT_FILE_END_LEN];
	off_t size = lseek(descriptor, 0, SEEK_END);
	off_t offset = size - (off_t)sizeof record;
	pmill_status status = PMILL_OK;
	if (size < 0)
		status = pmill_fail_errno(error, path, "cannot read", errno);
	else if (offset < 0 ||
		pread(descriptor, record, sizeof record, offset) != (ssize_t)sizeof record)
		status = pmill_fail_input(error, path, (uint64_t)size, "the count file ends too early");
	if (status != PMILL_OK)
		return status;
	return pmill_count_file_parse_end(path, (uint64_t)offset, record, totals, error);
}

static pmill_status skip_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	(void)context;
	(void)word;
	(void)count;
	(void)error;
	return PMILL_OK;
}

/* `descriptor`: where the end record can be read without the blocks; -1: read them all. */
static pmill_status load(struct pmill_count_file_reader *reader, const char *path, int descriptor,
	pmill_counts_head **head, pmill_error *error)
{
	struct pmill_progress_state silent = {0};
	pmill_totals totals = {0};
	pmill_status status = PMILL_OK;
	if (descriptor < 0) {
		status = pmill_count_file_reader_each(reader, skip_word, NULL, &silent, error);
		totals = reader->totals;
	} else {
		status = read_end_record(descriptor, path, &totals, error);
	}
	return status == PMILL_OK ? pmill_counts_head_create(&reader->identity, &totals, head, error)
							  : status;
}

pmill_status pmill_counts_head_load(
	const char *path, int check, pmill_counts_head **head, pmill_error *error)
{
	struct pmill_lookahead input;
	struct pmill_count_file_reader reader;
	pmill_status status = pmill_lookahead_open(&input, path, error);
	if (status == PMILL_OK)
		status = pmill_count_file_reader_open(&reader, &input, error);
	if (status != PMILL_OK)
		return status;
	int descriptor = check ? -1 : open_plain(path);
	status = load(&reader, path, descriptor, head, error);
	if (descriptor >= 0)
		close(descriptor);
	pmill_count_file_reader_release(&reader);
	return status;
}
