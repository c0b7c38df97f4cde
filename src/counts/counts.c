/* Counts as the public API has them: load, save, inspect, look. */
/* SPDX-License-Identifier: MIT */
#include "counts/counts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/progress.h"
#include "counts/count_target.h"
#include "counts/tsv.h"
#include "pretokenize/pattern.h"

enum { WORDS_BETWEEN_EVENTS = 4096 };

pmill_status pmill_counts_create(
	const struct pmill_counts_identity *identity, pmill_counts **counts, pmill_error *error)
{
	pmill_counts *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	struct pmill_counts_identity named = *identity;
	const struct pmill_pattern *known = pmill_pattern_find(identity->pattern);
	if (known != NULL)
		named.pattern = known->name;
	if (!pmill_counts_identity_copy(&named, &made->names, &made->identity)) {
		pmill_counts_free(made);
		return pmill_fail_memory(error);
	}
	*counts = made;
	return PMILL_OK;
}

void pmill_counts_free(pmill_counts *counts)
{
	if (counts == NULL)
		return;
	pmill_arena_release(&counts->names);
	pmill_word_list_release(&counts->words);
	free(counts);
}

void pmill_counts_get_info(const pmill_counts *counts, pmill_counts_info *info)
{
	*info = (pmill_counts_info){.totals = counts->totals,
		.pattern = counts->identity.pattern,
		.unicode_version = counts->identity.unicode_version,
		.special_tokens = counts->identity.special_tokens,
		.special_token_count = counts->identity.special_token_count};
}

void pmill_counts_get_word(
	const pmill_counts *counts, size_t index, pmill_bytes *word, int64_t *count)
{
	assert(index < counts->words.count);
	*word = pmill_word_list_word(&counts->words, index);
	*count = counts->words.counts[index];
}

/* Bytes of a regular file; 0 where that is not known. */
static uint64_t file_size(const char *path)
{
	struct stat about;
	if (stat(path, &about) != 0 || !S_ISREG(about.st_mode))
		return 0;
	return (uint64_t)about.st_size;
}

static uint64_t limit_of(const pmill_text_options *expected)
{
	pmill_text_options copy;
	pmill_options_copy(&copy, sizeof copy, expected);
	return copy.memory_limit;
}

static void start_progress(
	struct pmill_progress_state *progress, const pmill_text_options *expected, const char *path)
{
	pmill_text_options copy;
	pmill_options_copy(&copy, sizeof copy, expected);
	*progress = (struct pmill_progress_state){
		.callback = copy.progress, .context = copy.progress_context};
	pmill_progress_stage(progress, "read counts", "bytes", file_size(path));
}

/* Takes what a reader gives. All zero does nothing with it. */
struct taker {
	struct pmill_word_list *words; /* NULL: they are not kept */
	uint64_t limit;                /* of memory to read them and add them to others; 0: none */
	uint64_t bytes;                /* of all words so far */
};

static uint64_t memory_needed(const struct taker *taker, uint64_t words)
{
	return PMILL_ADDING_LISTS * pmill_word_list_memory(words, taker->bytes);
}

/* Beyond the limit nothing is kept, and the rest is read to know how much there is. */
static pmill_status take(
	struct taker *taker, uint64_t words, pmill_bytes word, int64_t count, pmill_error *error)
{
	taker->bytes += word.len;
	if (taker->words == NULL)
		return PMILL_OK;
	if (taker->limit > 0 && memory_needed(taker, words) > taker->limit)
		pmill_word_list_release(taker->words);
	else if (!pmill_word_list_append(taker->words, word, count))
		return pmill_fail_memory(error);
	return PMILL_OK;
}

static pmill_status check_limit(
	const struct pmill_count_file_reader *reader, const struct taker *taker, pmill_error *error)
{
	uint64_t needed = memory_needed(taker, reader->words);
	if (taker->limit == 0 || needed <= taker->limit)
		return PMILL_OK;
	return pmill_fail_limit(error, needed, taker->limit,
		"%s: reading and adding up its %llu words takes", reader->input.name,
		(unsigned long long)reader->words);
}

/* To the end of the file. */
static pmill_status read_words(struct pmill_count_file_reader *reader,
	struct pmill_progress_state *progress, struct taker *taker, pmill_error *error)
{
	for (;;) {
		pmill_bytes word;
		int64_t count;
		pmill_status status = pmill_count_file_reader_next(reader, &word, &count, error);
		if (status != PMILL_OK)
			return status;
		if (word.len == 0)
			return check_limit(reader, taker, error);
		status = take(taker, reader->words, word, count, error);
		if (status != PMILL_OK)
			return status;
		if (reader->words % WORDS_BETWEEN_EVENTS == 0 &&
			!pmill_progress_step(progress, reader->input.offset))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	}
}

static pmill_status load_count_file(struct pmill_lookahead *input,
	const pmill_text_options *expected, struct pmill_progress_state *progress,
	pmill_counts **counts, pmill_error *error)
{
	struct pmill_count_file_reader reader;
	pmill_counts *made = NULL;
	pmill_status status = pmill_count_file_reader_open(&reader, input, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_counts_identity_check(&reader.identity, reader.input.name, expected, error);
	if (status == PMILL_OK)
		status = pmill_counts_create(&reader.identity, &made, error);
	if (status == PMILL_OK)
		status = read_words(&reader, progress,
			&(struct taker){.words = &made->words, .limit = limit_of(expected)}, error);
	if (status == PMILL_OK) {
		made->totals = reader.totals;
		*counts = made;
	} else {
		pmill_counts_free(made);
	}
	pmill_count_file_reader_release(&reader);
	return status;
}

static pmill_status load_tsv(struct pmill_lookahead *input, const char *tsv,
	const pmill_text_options *expected, struct pmill_progress_state *progress,
	pmill_counts **counts, pmill_error *error)
{
	struct pmill_arena names = {0};
	struct pmill_counts_identity identity;
	pmill_counts *made = NULL;
	pmill_status status = pmill_counts_identity_resolve(expected, NULL, &names, &identity, error);
	if (status == PMILL_OK)
		status = pmill_counts_create(&identity, &made, error);
	if (status == PMILL_OK)
		status = pmill_tsv_read(input, tsv, progress, limit_of(expected), &made->words, error);
	if (status == PMILL_OK)
		status = pmill_word_list_sum(&made->words, &made->totals.pretokens, error);
	if (status == PMILL_OK) {
		made->totals.words = made->words.count;
		*counts = made;
	} else {
		pmill_counts_free(made);
	}
	pmill_arena_release(&names);
	return status;
}

pmill_status pmill_counts_load(const char *path, const char *tsv,
	const pmill_text_options *expected, pmill_counts **counts, pmill_error *error)
{
	struct pmill_lookahead input;
	struct pmill_progress_state progress;
	pmill_counts *made = NULL;
	bool is_count_file = false;
	pmill_status status = pmill_lookahead_open(&input, path, error);
	if (status != PMILL_OK)
		return status;
	start_progress(&progress, expected, path);
	status = pmill_count_file_recognise(&input, &is_count_file, error);
	if (status == PMILL_OK && is_count_file)
		status = load_count_file(&input, expected, &progress, &made, error);
	else if (status == PMILL_OK)
		status = load_tsv(&input, tsv, expected, &progress, &made, error);
	pmill_lookahead_release(&input);
	if (status == PMILL_OK && !pmill_progress_end(&progress, progress.total)) {
		pmill_counts_free(made);
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	}
	if (status == PMILL_OK)
		*counts = made;
	return status;
}

pmill_status pmill_counts_save(
	const pmill_counts *counts, const char *path, unsigned flags, pmill_error *error)
{
	struct pmill_count_target target;
	pmill_totals totals = counts->totals;
	pmill_status status = pmill_count_target_open(&target, path, flags, &counts->identity, error);
	for (size_t i = 0; status == PMILL_OK && i < counts->words.count; i++)
		status = pmill_count_target_add(
			&target, pmill_word_list_word(&counts->words, i), counts->words.counts[i], error);
	if (status == PMILL_OK)
		status = pmill_count_target_commit(&target, &totals, error);
	pmill_count_target_release(&target);
	return status;
}

/* The end record, where it stands at the end of a file that can be read anywhere. */
static pmill_status read_end_record(const char *path, pmill_totals *totals, pmill_error *error)
{
	uint8_t record[PMILL_COUNT_FILE_END_LEN];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return pmill_fail_errno(error, path, "cannot open", errno);
	off_t size = lseek(descriptor, 0, SEEK_END);
	off_t offset = size - (off_t)sizeof record;
	pmill_status status = PMILL_OK;
	if (size < 0)
		status = pmill_fail_errno(error, path, "cannot read", errno);
	else if (offset < 0 ||
		pread(descriptor, record, sizeof record, offset) != (ssize_t)sizeof record)
		status = pmill_fail_input(error, path, (uint64_t)size, "the count file ends too early");
	close(descriptor);
	if (status != PMILL_OK)
		return status;
	return pmill_count_file_parse_end(path, (uint64_t)offset, record, totals, error);
}

static pmill_status inspect_reader(const char *path, int check,
	struct pmill_count_file_reader *reader, pmill_counts **head, pmill_error *error)
{
	struct pmill_progress_state nobody = {0};
	pmill_totals totals = {0};
	pmill_counts *made = NULL;
	bool is_file = strcmp(path, "-") != 0 && file_size(path) > 0;
	pmill_status status = PMILL_OK;
	if (check || !is_file) {
		status = read_words(reader, &nobody, &(struct taker){0}, error);
		totals = reader->totals;
	} else {
		status = read_end_record(path, &totals, error);
	}
	if (status == PMILL_OK)
		status = pmill_counts_create(&reader->identity, &made, error);
	if (status != PMILL_OK)
		return status;
	made->totals = totals;
	*head = made;
	return PMILL_OK;
}

pmill_status pmill_counts_inspect(
	const char *path, int check, pmill_counts **head, pmill_error *error)
{
	struct pmill_lookahead input;
	struct pmill_count_file_reader reader;
	pmill_status status = pmill_lookahead_open(&input, path, error);
	if (status == PMILL_OK)
		status = pmill_count_file_reader_open(&reader, &input, error);
	if (status != PMILL_OK)
		return status;
	status = inspect_reader(path, check, &reader, head, error);
	pmill_count_file_reader_release(&reader);
	return status;
}
