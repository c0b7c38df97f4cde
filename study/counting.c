/* Counts words as the article does, with processes and queues. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "counting.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "count_workers.h"
#include "interrupt.h"
#include "unicode/quote.h"
#include "words/word_list.h"

enum {
	/* Of waiting chunks, and tables: 64 times 50 kB is a few ms of counting, and little memory. */
	CAPACITY = 64,
	WAIT_MS = 100, /* between checks for Ctrl-C */
	LONGEST_DEATH_MS = 100,
};

struct counting {
	const struct pmill_study_counting_task *task;
	struct pmill_study_counting *result;
	struct pmill_study_count_plan plan;
	struct pmill_study_crew crew;
	struct pollfd *reports; /* one per worker; file -1: it has reported */
	struct pmill_buffer message;
	struct pmill_word_table *table;
	struct pmill_word_list words;
	uint64_t last_look_ns; /* when the monitor last looked */
};

/* ---- Preparing ---- */

static pmill_status add_inputs(struct counting *counting, pmill_error *error)
{
	struct pmill_inputs *inputs = &counting->plan.inputs;
	const pmill_input_options options = {.size = sizeof options};
	pmill_status status = pmill_inputs_add(
		inputs, counting->task->paths, counting->task->path_count, &options, error);
	for (size_t i = 0; i < inputs->count && status == PMILL_OK; i++)
		if (strcmp(inputs->files[i].path, "-") == 0)
			status = pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"count_queue reads the text again, so it can't be stdin");
	return status;
}

static pmill_status make_board(struct pmill_study_count_plan *plan, pmill_error *error)
{
	struct pmill_study_count_board *board = mmap(
		NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return pmill_fail_memory(error);
	atomic_init(&board->counting, plan->task->counters);
	plan->board = board;
	return PMILL_OK;
}

static pmill_status prepare(struct counting *counting, pmill_error *error)
{
	struct pmill_study_count_plan *plan = &counting->plan;
	const struct pmill_study_counting_task *task = counting->task;
	pmill_status status = add_inputs(counting, error);
	if (status == PMILL_OK)
		status = pmill_pretokenizer_create(NULL, NULL, NULL, &plan->pretokenizer, error);
	if (status == PMILL_OK && task->special.len > 0)
		status = pmill_special_finder_create(&task->special, 1, &plan->specials, error);
	if (status == PMILL_OK)
		status = pmill_study_queue_init(&plan->chunks, "queue of chunks", CAPACITY, error);
	if (status == PMILL_OK)
		status = pmill_study_queue_init(&plan->tables, "queue of tables", CAPACITY, error);
	if (status == PMILL_OK)
		status = make_board(plan, error);
	if (status == PMILL_OK)
		status = pmill_word_table_create(pmill_hash_random_seed(), &counting->table, error);
	return status == PMILL_OK
		? pmill_study_crew_init(&counting->crew, "count_queue", 1 + task->counters + task->mergers,
			  &counting->result->system, error)
		: status;
}

static void release(struct counting *counting)
{
	struct pmill_study_count_plan *plan = &counting->plan;
	pmill_study_crew_release(&counting->crew);
	pmill_study_queue_release(&plan->chunks);
	pmill_study_queue_release(&plan->tables);
	if (plan->board != NULL)
		munmap(plan->board, sizeof *plan->board);
	pmill_special_finder_free(plan->specials);
	pmill_pretokenizer_free(plan->pretokenizer);
	pmill_inputs_release(&plan->inputs);
	pmill_word_table_free(counting->table);
	pmill_word_list_release(&counting->words);
	pmill_buffer_release(&counting->message);
	free(counting->reports);
}

/* ---- The processes ---- */

static pmill_status start(struct counting *counting, pmill_study_work_fn *work, const char *what,
	unsigned count, pmill_error *error)
{
	struct pmill_study_crew *crew = &counting->crew;
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < count && status == PMILL_OK; i++) {
		status = pmill_study_crew_fork(crew, work, &counting->plan, -1, error);
		if (status != PMILL_OK)
			break;
		struct pmill_study_process *process = &crew->workers[crew->count - 1];
		snprintf(process->name, sizeof process->name, "%s process %u", what, i + 1);
	}
	return status;
}

static pmill_status start_all(struct counting *counting, pmill_error *error)
{
	const struct pmill_study_counting_task *task = counting->task;
	pmill_status status = start(counting, pmill_study_read_chunks, "reading", 1, error);
	if (status == PMILL_OK)
		status = start(counting, pmill_study_count_chunks, "counting", task->counters, error);
	if (status == PMILL_OK)
		status = start(counting, pmill_study_merge_tables, "merging", task->mergers, error);
	pmill_study_queue_close(&counting->plan.chunks);
	pmill_study_queue_close(&counting->plan.tables);
	return status;
}

/*
 * When a process dies, others may report that it is gone, even before it can be waited for. The
 * error reported is its own end.
 */
static bool has_death(struct counting *counting, pmill_error *error)
{
	for (int i = 0; i < LONGEST_DEATH_MS; i++) {
		if (pmill_study_crew_check(&counting->crew, error) != PMILL_OK)
			return true;
		usleep(1000);
	}
	return false;
}

static pmill_status take_report(struct counting *counting, unsigned worker, pmill_error *error)
{
	struct pmill_study_count_report report = {0};
	pmill_status status = pmill_study_crew_receive(
		&counting->crew, worker, &counting->message, error);
	if (status != PMILL_OK)
		return status;
	status = pmill_study_count_report_get(&counting->message, &report, counting->table, error);
	if (report.status == PMILL_IO && has_death(counting, error))
		return PMILL_IO;
	counting->result->pretokens += report.pretokens;
	counting->result->documents += report.documents;
	counting->reports[worker].fd = -1;
	return status;
}

static void monitor(struct counting *counting)
{
	uint64_t now = pmill_clock_ns();
	double seconds = (double)(now - counting->last_look_ns) / 1e9;
	if (counting->task->monitor_seconds <= 0 || seconds < counting->task->monitor_seconds)
		return;
	counting->last_look_ns = now;
	fprintf(stderr, "count_queue: %u chunks and %u tables in the queues\n",
		pmill_study_queue_length(&counting->plan.chunks),
		pmill_study_queue_length(&counting->plan.tables));
}

static int wait_ms(const struct counting *counting)
{
	double seconds = counting->task->monitor_seconds;
	return seconds > 0 && seconds * 1000 < WAIT_MS ? (int)(seconds * 1000) + 1 : WAIT_MS;
}

/* A process that ends before its report makes its pipe readable, too. */
static pmill_status take_reports(struct counting *counting, pmill_error *error)
{
	unsigned left = counting->crew.count;
	pmill_status status = PMILL_OK;
	while (left > 0 && status == PMILL_OK) {
		int ready = poll(counting->reports, counting->crew.count, wait_ms(counting));
		if (pmill_study_is_interrupted())
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "interrupted");
		if (ready < 0 && errno != EINTR)
			return pmill_fail_errno(error, "count_queue", "cannot wait", errno);
		monitor(counting);
		for (unsigned i = 0; ready > 0 && i < counting->crew.count && status == PMILL_OK; i++) {
			if (counting->reports[i].fd < 0 || counting->reports[i].revents == 0)
				continue;
			status = take_report(counting, i, error);
			left--;
		}
	}
	return status;
}

static pmill_status run(struct counting *counting, pmill_error *error)
{
	pmill_status status = start_all(counting, error);
	if (status != PMILL_OK)
		return status;
	counting->reports = calloc(counting->crew.count, sizeof *counting->reports);
	if (counting->reports == NULL)
		return pmill_fail_memory(error);
	for (unsigned i = 0; i < counting->crew.count; i++)
		counting->reports[i] = (struct pollfd){
			.fd = counting->crew.workers[i].from, .events = POLLIN};
	status = take_reports(counting, error);
	return status == PMILL_OK ? pmill_study_crew_join(&counting->crew, error) : status;
}

/* ---- The result ---- */

static pmill_status append_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	return pmill_word_list_append(context, word, count) ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status fail_word(pmill_bytes word, int64_t count, pmill_bytes expected,
	int64_t expected_count, pmill_error *error)
{
	struct pmill_quote quote, expected_quote;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"count_queue: the words differ from the library's: %s occurs %lld times; the library has "
		"%s %lld times",
		pmill_quote(&quote, word.data, word.len), (long long)count,
		pmill_quote(&expected_quote, expected.data, expected.len), (long long)expected_count);
}

static pmill_status compare_totals(
	const struct pmill_study_counting *result, const pmill_totals *totals, pmill_error *error)
{
	if (result->words == totals->words && result->pretokens == totals->pretokens &&
		result->documents == totals->documents)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"count_queue: %llu words, %llu pretokens, %llu documents; the library has %llu, %llu and "
		"%llu",
		(unsigned long long)result->words, (unsigned long long)result->pretokens,
		(unsigned long long)result->documents, (unsigned long long)totals->words,
		(unsigned long long)totals->pretokens, (unsigned long long)totals->documents);
}

/* Both lists are sorted by bytes. */
static pmill_status compare(const struct counting *counting, pmill_error *error)
{
	const struct pmill_word_list *words = &counting->words;
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(counting->task->expected, &info);
	for (size_t i = 0; i < words->count && i < info.totals.words; i++) {
		pmill_bytes word = pmill_word_list_word(words, i), expected;
		int64_t expected_count;
		pmill_counts_get_word(counting->task->expected, i, &expected, &expected_count);
		if (pmill_word_compare(word, expected) != 0 || words->counts[i] != expected_count)
			return fail_word(word, words->counts[i], expected, expected_count, error);
	}
	return compare_totals(counting->result, &info.totals, error);
}

static pmill_status count(struct counting *counting, pmill_error *error)
{
	struct pmill_study_counting *result = counting->result;
	uint64_t began = pmill_clock_ns();
	counting->last_look_ns = began;
	pmill_status status = prepare(counting, error);
	if (status == PMILL_OK)
		status = run(counting, error);
	if (status == PMILL_OK)
		status = pmill_word_table_drain(counting->table, 0, append_word, &counting->words, error);
	result->ns = pmill_clock_ns() - began;
	if (status != PMILL_OK)
		return status;
	result->words = counting->words.count;
	result->most_chunks_queued = pmill_study_queue_most(&counting->plan.chunks);
	result->most_tables_queued = pmill_study_queue_most(&counting->plan.tables);
	result->system.bytes_sent += pmill_study_queue_bytes(&counting->plan.chunks);
	result->system.bytes_received += pmill_study_queue_bytes(&counting->plan.tables);
	return compare(counting, error);
}

pmill_status pmill_study_count_with_queues(const struct pmill_study_counting_task *task,
	struct pmill_study_counting *result, pmill_error *error)
{
	*result = (struct pmill_study_counting){.name = "count_queue",
		.counters = task->counters,
		.mergers = task->mergers,
		.chunk_size = task->chunk_size,
		.run = result->run};
	struct counting counting = {.task = task, .result = result, .plan = {.task = task}};
	pmill_study_counters_read(&result->system);
	pmill_status status = count(&counting, error);
	release(&counting);
	pmill_study_counters_since(&result->system);
	return status;
}
