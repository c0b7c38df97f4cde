/* TSV: each line has a word in printable spelling, a tab and the count. */
/* SPDX-License-Identifier: MIT */
/*
 * Sorted lines, as we write them, go straight into the list. The first line out of order moves all
 * words to a hash table, which adds up repeated words and is sorted at the end.
 */
#include "counts/tsv.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "unicode/printable.h"
#include "words/word_table.h"

#define FIRST_LINE "#pairmill-counts 1"
#define FIRST_WORD "#pairmill-counts "
#define PRINTABLE "printable"

enum { LINES_BETWEEN_EVENTS = 4096 };

struct tsv {
	struct pmill_lookahead *input;
	bool is_printable;
	uint64_t line; /* number of the current line, from 1 */
	struct pmill_buffer word;
	struct pmill_word_list list;
	struct pmill_word_table *table; /* NULL while the lines are sorted */
	struct pmill_runs *runs;        /* NULL: keep all words in memory */
	size_t table_limit;
	uint64_t memory_limit; /* without runs; 0: none */
	uint64_t file_size;    /* 0: unknown */
	size_t longest_line;   /* SIZE_MAX: no limit */
};

/* A long word is in memory several times: its line, its bytes, a table, the buffers of a run. */
static size_t longest_line(uint64_t limit)
{
	enum { COPIES = 12, LEAST = 1 << 16 };
	uint64_t longest = limit / COPIES > LEAST ? limit / COPIES : LEAST;
	return limit == 0 || longest > SIZE_MAX ? SIZE_MAX : (size_t)longest;
}

static pmill_status fail_line(
	const struct tsv *tsv, uint64_t offset, pmill_error *error, const char *what)
{
	return pmill_fail_input(error, tsv->input->name, tsv->input->offset + offset,
		"line %" PRIu64 ": %s", tsv->line, what);
}

/* Makes a whole line available; `*len` excludes its LF. */
static pmill_status fill_line(struct tsv *tsv, size_t *len, bool *has_end, pmill_error *error)
{
	struct pmill_lookahead *input = tsv->input;
	size_t searched = 0;
	for (;;) {
		const uint8_t *end = input->len > searched
			? memchr(input->data + searched, '\n', input->len - searched)
			: NULL;
		*has_end = end != NULL;
		*len = end != NULL ? (size_t)(end - input->data) : input->len;
		if (*len > tsv->longest_line)
			return pmill_fail_longest(error, input->name, input->offset, "line", tsv->longest_line);
		if (end != NULL || input->is_ended)
			return PMILL_OK;
		searched = input->len;
		pmill_status status = pmill_lookahead_fill(input, input->len + 1, error);
		if (status != PMILL_OK)
			return status;
	}
}

static bool parse_count(const uint8_t *at, const uint8_t *end, int64_t *count)
{
	int64_t number = 0;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9' || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, *at - '0', &number))
			return false;
	}
	*count = number;
	return number > 0;
}

static pmill_status parse_word(
	struct tsv *tsv, const uint8_t *line, size_t len, pmill_bytes *word, pmill_error *error)
{
	*word = (pmill_bytes){line, len};
	if (!tsv->is_printable)
		return PMILL_OK;
	size_t bad_offset = 0;
	tsv->word.len = 0;
	if (!pmill_printable_parse(&tsv->word, line, len, &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(error)
									  : fail_line(tsv, bad_offset, error,
											"not a printable byte: is the word in raw spelling?");
	*word = (pmill_bytes){tsv->word.data, tsv->word.len};
	return PMILL_OK;
}

/*
 * Whether the limit has room for one more word: in a list that will be added to others, or in a
 * table, which takes memory to grow and to become a list.
 */
static bool has_room(const struct tsv *tsv, pmill_bytes word)
{
	const struct pmill_word_list *list = &tsv->list;
	const struct pmill_word_table *table = tsv->table;
	uint64_t limit = tsv->memory_limit, bytes = pmill_word_list_bytes(list);
	if (table == NULL)
		return PMILL_ADDING_LISTS * pmill_word_list_memory(list->count + 1, bytes + word.len) <=
			limit;
	/* The list is held until the table is filled from it. */
	uint64_t held = pmill_word_list_memory(list->count, bytes);
	uint64_t taken = held + pmill_word_table_memory(table) + pmill_word_table_bytes(table) +
		(uint64_t)PMILL_TAKING_EACH_WORD * pmill_word_table_count(table);
	size_t growing = limit - held < SIZE_MAX ? (size_t)(limit - held) : SIZE_MAX;
	return taken <= limit && pmill_word_table_room(table, growing, 0, &word.len, 1) > 0;
}

/* Estimates what the whole file needs from the fraction of it that was read. */
static pmill_status fail_limit(const struct tsv *tsv, pmill_error *error)
{
	uint64_t limit = tsv->memory_limit, needed = limit + 1, offset = tsv->input->offset;
	double whole = offset == 0 ? 0 : (double)limit * ((double)tsv->file_size / (double)offset);
	if (whole > (double)needed)
		needed = whole < 0x1p63 ? (uint64_t)whole : UINT64_MAX;
	return pmill_fail_limit(error, needed, limit,
		"%s: line %" PRIu64 ": reading and adding up the words of this file may take",
		tsv->input->name, tsv->line);
}

static pmill_status start_table(struct tsv *tsv, pmill_error *error)
{
	pmill_status status = pmill_word_table_create(pmill_hash_random_seed(), &tsv->table, error);
	for (size_t i = 0; i < tsv->list.count && status == PMILL_OK; i++) {
		pmill_bytes word = pmill_word_list_word(&tsv->list, i);
		if (tsv->memory_limit > 0 && !has_room(tsv, word))
			return fail_limit(tsv, error);
		status = pmill_word_table_add(tsv->table, word.data, word.len, tsv->list.counts[i], error);
	}
	pmill_word_list_release(&tsv->list);
	return status;
}

/* With runs, a full table becomes one. */
static pmill_status make_room(struct tsv *tsv, pmill_bytes word, pmill_error *error)
{
	if (tsv->runs == NULL)
		return tsv->memory_limit == 0 || has_room(tsv, word) ? PMILL_OK : fail_limit(tsv, error);
	if (pmill_word_table_room(tsv->table, tsv->table_limit, 0, &word.len, 1) > 0)
		return PMILL_OK;
	return pmill_runs_add_table(tsv->runs, tsv->table, tsv->table_limit, error);
}

static pmill_status add_word(struct tsv *tsv, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_word_list *list = &tsv->list;
	if (tsv->table == NULL &&
		(list->count == 0 ||
			pmill_word_compare(pmill_word_list_word(list, list->count - 1), word) < 0)) {
		if (tsv->memory_limit > 0 && !has_room(tsv, word))
			return fail_limit(tsv, error);
		return pmill_word_list_append(list, word, count) ? PMILL_OK : pmill_fail_memory(error);
	}
	pmill_status status = tsv->table == NULL ? start_table(tsv, error) : PMILL_OK;
	if (status == PMILL_OK)
		status = make_room(tsv, word, error);
	if (status == PMILL_OK)
		status = pmill_word_table_add(tsv->table, word.data, word.len, count, error);
	if (status == PMILL_OVERFLOW)
		return pmill_fail(error, status, tsv->input->offset,
			"%s: line %" PRIu64 ": the counts of this word add up to more than 63 bits",
			tsv->input->name, tsv->line);
	return status;
}

static pmill_status add_line(struct tsv *tsv, size_t len, bool has_end, pmill_error *error)
{
	const uint8_t *line = tsv->input->data;
	const uint8_t *tab = pmill_bytes_find_last(line, len, '\t');
	if (has_end && len > 0 && line[len - 1] == '\r')
		return fail_line(tsv, len - 1, error, "the line ends in CR LF; it must end in LF alone");
	if (tab == NULL)
		return fail_line(tsv, 0, error, "expected a word, a tab and a count");
	if (tab == line)
		return fail_line(tsv, 0, error, "the word is empty");
	int64_t count;
	if (!parse_count(tab + 1, line + len, &count))
		return fail_line(tsv, (uint64_t)(tab + 1 - line), error,
			"the count must be a decimal number from 1 to 9223372036854775807");
	pmill_bytes word;
	pmill_status status = parse_word(tsv, line, (size_t)(tab - line), &word, error);
	return status == PMILL_OK ? add_word(tsv, word, count, error) : status;
}

static pmill_status read_lines(
	struct tsv *tsv, struct pmill_progress_state *progress, pmill_error *error)
{
	for (;; tsv->line++) {
		size_t len;
		bool has_end;
		pmill_status status = fill_line(tsv, &len, &has_end, error);
		if (status != PMILL_OK || (len == 0 && !has_end))
			return status;
		status = add_line(tsv, len, has_end, error);
		if (status != PMILL_OK)
			return status;
		pmill_lookahead_take(tsv->input, len + has_end);
		if (tsv->line % LINES_BETWEEN_EVENTS == 0 &&
			!pmill_progress_step(progress, tsv->input->offset))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	}
}

/* Consumes our first line if present. */
static pmill_status read_first_line(struct tsv *tsv, const char *spelling, pmill_error *error)
{
	struct pmill_lookahead *input = tsv->input;
	pmill_status status = pmill_lookahead_fill(input, sizeof FIRST_LINE, error);
	if (status != PMILL_OK)
		return status;
	const size_t len = sizeof FIRST_LINE - 1, word_len = sizeof FIRST_WORD - 1;
	bool is_ours = input->len >= word_len && memcmp(input->data, FIRST_WORD, word_len) == 0;
	if (is_ours && input->len >= len && memcmp(input->data, FIRST_LINE, len) == 0 &&
		(input->len == len || input->data[len] == '\n')) {
		pmill_lookahead_take(input, input->len == len ? len : len + 1);
		tsv->line++;
		tsv->is_printable = true;
		return PMILL_OK;
	}
	if (spelling != NULL) {
		tsv->is_printable = strcmp(spelling, PRINTABLE) == 0;
		return PMILL_OK;
	}
	return pmill_fail_input(error, input->name, 0,
		is_ours ? "the first line must be \"" FIRST_LINE "\" followed by LF"
				: "neither a count file nor a TSV that begins with \"" FIRST_LINE
				  "\"; for any other TSV, say how its words are spelled: raw or printable");
}

static const char *const spellings[] = {"raw", PRINTABLE};

const char *pmill_tsv_name(size_t index)
{
	return index < sizeof spellings / sizeof *spellings ? spellings[index] : NULL;
}

static bool is_spelling(const char *name)
{
	size_t i = 0;
	while (pmill_tsv_name(i) != NULL && strcmp(pmill_tsv_name(i), name) != 0)
		i++;
	return pmill_tsv_name(i) != NULL;
}

static pmill_status read_all(
	struct tsv *reading, const char *tsv, struct pmill_progress_state *progress, pmill_error *error)
{
	if (tsv != NULL && !is_spelling(tsv))
		return pmill_fail_unknown(error, "spelling of TSV words", tsv, pmill_tsv_name);
	pmill_status status = read_first_line(reading, tsv, error);
	return status == PMILL_OK ? read_lines(reading, progress, error) : status;
}

pmill_status pmill_tsv_read_to_runs(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, size_t table_limit, struct pmill_runs *runs,
	pmill_error *error)
{
	struct tsv reading = {.input = input,
		.line = 1,
		.runs = runs,
		.table_limit = table_limit,
		.longest_line = longest_line(table_limit)};
	pmill_status status = start_table(&reading, error);
	if (status == PMILL_OK)
		status = read_all(&reading, tsv, progress, error);
	if (status == PMILL_OK)
		status = pmill_runs_add_table(runs, reading.table, 0, error);
	pmill_word_table_free(reading.table);
	pmill_buffer_release(&reading.word);
	return status;
}

pmill_status pmill_tsv_read(struct pmill_lookahead *input, const char *tsv,
	struct pmill_progress_state *progress, uint64_t limit, struct pmill_word_list *words,
	pmill_error *error)
{
	struct tsv reading = {.input = input,
		.line = 1,
		.memory_limit = limit,
		.file_size = progress->total,
		.longest_line = longest_line(limit / 2)};
	struct pmill_word_list taken = {0};
	pmill_status status = read_all(&reading, tsv, progress, error);
	if (status == PMILL_OK && reading.table != NULL)
		status = pmill_word_tables_take(&reading.table, 1, 1, &taken, NULL, error);
	else if (status == PMILL_OK)
		taken = reading.list;
	if (status == PMILL_OK)
		*words = taken;
	else
		pmill_word_list_release(&reading.list);
	pmill_word_table_free(reading.table);
	pmill_buffer_release(&reading.word);
	return status;
}

pmill_status pmill_tsv_writer_open(
	struct pmill_tsv_writer *writer, const char *path, unsigned flags, pmill_error *error)
{
	*writer = (struct pmill_tsv_writer){0};
	pmill_status status = pmill_file_writer_open(&writer->file, path, flags, error);
	if (status == PMILL_OK)
		status = pmill_file_writer_append(&writer->file, FIRST_LINE "\n", sizeof FIRST_LINE, error);
	if (status != PMILL_OK)
		pmill_tsv_writer_release(writer);
	return status;
}

static bool append_count(struct pmill_buffer *line, int64_t count)
{
	char digits[20];
	size_t at = sizeof digits;
	for (; count > 0; count /= 10)
		digits[--at] = (char)('0' + count % 10);
	return pmill_buffer_append(line, digits + at, sizeof digits - at);
}

pmill_status pmill_tsv_writer_add(
	struct pmill_tsv_writer *writer, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_buffer *line = &writer->line;
	line->len = 0;
	if (!pmill_printable_append(line, word.data, word.len) || !pmill_buffer_append(line, "\t", 1) ||
		!append_count(line, count) || !pmill_buffer_append(line, "\n", 1))
		return pmill_fail_memory(error);
	return pmill_file_writer_append(&writer->file, line->data, line->len, error);
}

pmill_status pmill_tsv_writer_commit(struct pmill_tsv_writer *writer, pmill_error *error)
{
	pmill_status status = pmill_file_writer_commit(&writer->file, error);
	pmill_tsv_writer_release(writer);
	return status;
}

void pmill_tsv_writer_release(struct pmill_tsv_writer *writer)
{
	pmill_file_writer_release(&writer->file);
	pmill_buffer_release(&writer->line);
	*writer = (struct pmill_tsv_writer){0};
}
