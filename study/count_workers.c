/* The work of the processes that count words: one reads, some count, some merge. */
/* SPDX-License-Identifier: MIT */
#include "count_workers.h"

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "chunker.h"
#include "counter/worker.h"

/* An empty item in a queue means that no more will follow. */
static const struct pmill_buffer no_more = {0};

/* ---- Chunks as messages ---- */

static bool put_name(struct pmill_buffer *message, const char *name)
{
	return pmill_study_put_bytes(message, (pmill_bytes){name, strlen(name) + 1});
}

static bool put_chunk(struct pmill_buffer *message, const struct pmill_chunk *chunk)
{
	message->len = 0;
	return put_name(message, chunk->name) && put_name(message, chunk->format->name) &&
		pmill_study_put_u64(message, chunk->offset) &&
		pmill_study_put_u64(message, chunk->first_line) &&
		pmill_study_put_u32(message, chunk->is_segment_end) &&
		pmill_study_put_u32(message, chunk->is_file_end) &&
		pmill_study_put_u64(message, chunk->lookahead) &&
		pmill_study_put_bytes(message, (pmill_bytes){chunk->data, chunk->len + chunk->lookahead});
}

/* The chunk points into the message. */
static bool get_chunk(const struct pmill_buffer *message, struct pmill_chunk *chunk)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	*chunk = (struct pmill_chunk){.name = pmill_study_get_bytes(&reader).data};
	const char *format = pmill_study_get_bytes(&reader).data;
	chunk->offset = pmill_study_get_u64(&reader);
	chunk->first_line = pmill_study_get_u64(&reader);
	chunk->is_segment_end = pmill_study_get_u32(&reader);
	chunk->is_file_end = pmill_study_get_u32(&reader);
	chunk->lookahead = (size_t)pmill_study_get_u64(&reader);
	pmill_bytes text = pmill_study_get_bytes(&reader);
	if (reader.is_short || chunk->lookahead > text.len)
		return false;
	chunk->data = text.data;
	chunk->len = text.len - chunk->lookahead;
	chunk->format = pmill_corpus_format_find(format);
	return chunk->format != NULL;
}

/* ---- Tables as messages ---- */

static pmill_status put_word(void *context, pmill_bytes word, int64_t count, pmill_error *error)
{
	struct pmill_buffer *message = context;
	bool done = pmill_study_put_bytes(message, word) &&
		pmill_study_put_u64(message, (uint64_t)count);
	return done ? PMILL_OK : pmill_fail_memory(error);
}

/* Appends all words, and empties the table. */
static pmill_status put_table(
	struct pmill_buffer *message, struct pmill_word_table *table, pmill_error *error)
{
	if (!pmill_study_put_u64(message, pmill_word_table_count(table)))
		return pmill_fail_memory(error);
	return pmill_word_table_drain(table, 0, put_word, message, error);
}

static pmill_status fail_message(pmill_error *error)
{
	return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "a message is too short");
}

static pmill_status add_table(
	struct pmill_study_reader *reader, struct pmill_word_table *table, pmill_error *error)
{
	uint64_t count = pmill_study_get_u64(reader);
	pmill_status status = PMILL_OK;
	for (uint64_t i = 0; i < count && status == PMILL_OK; i++) {
		pmill_bytes word = pmill_study_get_bytes(reader);
		int64_t occurrences = (int64_t)pmill_study_get_u64(reader);
		if (reader->is_short)
			break;
		status = pmill_word_table_add(table, word.data, word.len, occurrences, error);
	}
	return status == PMILL_OK && reader->is_short ? fail_message(error) : status;
}

/* ---- Reports ---- */

static bool put_report(struct pmill_buffer *message, const struct pmill_study_count_report *report)
{
	message->len = 0;
	return pmill_study_put_u32(message, (uint32_t)report->status) &&
		pmill_study_put_u64(message, report->error.offset) &&
		put_name(message, report->error.message) &&
		pmill_study_put_u64(message, report->pretokens) &&
		pmill_study_put_u64(message, report->documents);
}

pmill_status pmill_study_count_report_get(const struct pmill_buffer *message,
	struct pmill_study_count_report *report, struct pmill_word_table *table, pmill_error *error)
{
	struct pmill_study_reader reader = {.data = message->data, .len = message->len};
	report->status = (pmill_status)pmill_study_get_u32(&reader);
	report->error.status = report->status;
	report->error.offset = pmill_study_get_u64(&reader);
	pmill_bytes text = pmill_study_get_bytes(&reader);
	report->pretokens = pmill_study_get_u64(&reader);
	report->documents = pmill_study_get_u64(&reader);
	if (reader.is_short || text.len > sizeof report->error.message)
		return fail_message(error);
	memcpy(report->error.message, text.data, text.len);
	if (report->status == PMILL_OK)
		return add_table(&reader, table, error);
	if (error != NULL)
		*error = report->error;
	return report->status;
}

/*
 * Sends the report, followed by the table (NULL: an empty one). A process that has reported stays
 * until the parent hangs up, so one that ends by itself has not finished its work.
 */
static int end_work(
	int in, int out, struct pmill_study_count_report *report, struct pmill_word_table *table)
{
	struct pmill_buffer message = {0};
	uint8_t byte;
	bool done = put_report(&message, report);
	if (done && table == NULL)
		done = pmill_study_put_u64(&message, 0);
	else if (done)
		done = put_table(&message, table, NULL) == PMILL_OK;
	done = done && pmill_study_send(out, &message, "the parent", NULL, NULL) == PMILL_OK;
	pmill_buffer_release(&message);
	while (done && read(in, &byte, 1) > 0)
		;
	return done ? 0 : 1;
}

/* ---- Reading ---- */

static pmill_status put_chunks(struct pmill_study_count_plan *plan,
	struct pmill_study_chunker *chunker, struct pmill_buffer *message, pmill_error *error)
{
	struct pmill_chunk chunk;
	pmill_status status;
	while ((status = pmill_study_chunker_next(chunker, &chunk, error)) == PMILL_OK &&
		chunk.data != NULL) {
		if (!put_chunk(message, &chunk))
			return pmill_fail_memory(error);
		status = pmill_study_queue_put(&plan->chunks, message, error);
		if (status != PMILL_OK)
			return status;
	}
	return status;
}

int pmill_study_read_chunks(void *context, unsigned worker, int in, int out)
{
	struct pmill_study_count_plan *plan = context;
	struct pmill_study_chunker chunker = {.inputs = &plan->inputs,
		.pretokenizer = plan->pretokenizer,
		.specials = plan->specials,
		.chunk_size = plan->task->chunk_size};
	struct pmill_buffer message = {0};
	struct pmill_study_count_report report = {0};
	(void)worker;
	pmill_study_queue_keep_putting(&plan->chunks);
	pmill_study_queue_close(&plan->tables);
	report.status = put_chunks(plan, &chunker, &message, &report.error);
	for (unsigned i = 0; i < plan->task->counters && report.status == PMILL_OK; i++)
		report.status = pmill_study_queue_put(&plan->chunks, &no_more, &report.error);
	if (report.status == PMILL_OK)
		report.status = pmill_study_queue_flush(&plan->chunks, &report.error);
	pmill_buffer_release(&message);
	pmill_study_chunker_release(&chunker);
	return end_work(in, out, &report, NULL);
}

/* ---- Counting ---- */

struct counting {
	struct pmill_study_count_plan *plan;
	unsigned number;   /* of this process, from 1 */
	uint64_t sequence; /* of the chunk within this process, from 1 */
	struct pmill_worker *worker;
	struct pmill_buffer message; /* the chunk, then its table */
};

/* For tests. */
static void maybe_die(const struct counting *counting)
{
	const struct pmill_study_fault *fault = &counting->plan->task->fault;
	if (fault->worker == counting->number && fault->merge == counting->sequence)
		raise(SIGKILL);
}

static pmill_status count_chunk(struct counting *counting, pmill_error *error)
{
	struct pmill_chunk chunk;
	struct pmill_buffer *message = &counting->message;
	if (!get_chunk(message, &chunk))
		return fail_message(error);
	pmill_status status = pmill_worker_count(counting->worker, &chunk, error);
	message->len = 0;
	if (status == PMILL_OK)
		status = put_table(message, counting->worker->table, error);
	return status == PMILL_OK ? pmill_study_queue_put(&counting->plan->tables, message, error)
							  : status;
}

static pmill_status count_all(struct counting *counting, pmill_error *error)
{
	for (counting->sequence = 1;; counting->sequence++) {
		pmill_status status = pmill_study_queue_get(
			&counting->plan->chunks, &counting->message, error);
		if (status != PMILL_OK || counting->message.len == 0)
			return status;
		maybe_die(counting);
		status = count_chunk(counting, error);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status create_worker(const struct pmill_study_count_plan *plan,
	const struct pmill_counter_spill *spill, struct pmill_worker **worker, pmill_error *error)
{
	const struct pmill_worker_settings settings = {.pretokenizer = plan->pretokenizer,
		.specials = plan->specials,
		.separator_index = plan->specials != NULL ? 0 : SIZE_MAX,
		.seed = pmill_hash_random_seed(),
		.spill = spill};
	return pmill_worker_create(&settings, worker, error);
}

/* Flushes before the last process says that no more will follow: all tables are then queued. */
static pmill_status end_tables(struct pmill_study_count_plan *plan, pmill_error *error)
{
	pmill_status status = pmill_study_queue_flush(&plan->tables, error);
	if (status != PMILL_OK || atomic_fetch_sub(&plan->board->counting, 1) > 1)
		return status;
	for (unsigned i = 0; i < plan->task->mergers && status == PMILL_OK; i++)
		status = pmill_study_queue_put(&plan->tables, &no_more, error);
	return status == PMILL_OK ? pmill_study_queue_flush(&plan->tables, error) : status;
}

int pmill_study_count_chunks(void *context, unsigned worker, int in, int out)
{
	struct counting counting = {.plan = context, .number = worker};
	const struct pmill_counter_spill spill = {0};
	struct pmill_study_count_report report = {0};
	pmill_study_queue_keep_getting(&counting.plan->chunks);
	pmill_study_queue_keep_putting(&counting.plan->tables);
	report.status = create_worker(counting.plan, &spill, &counting.worker, &report.error);
	if (report.status == PMILL_OK)
		report.status = count_all(&counting, &report.error);
	if (report.status == PMILL_OK)
		report.status = end_tables(counting.plan, &report.error);
	if (counting.worker != NULL) {
		report.pretokens = pmill_worker_totals(counting.worker).pretokens;
		report.documents = pmill_worker_totals(counting.worker).documents;
	}
	pmill_worker_free(counting.worker);
	pmill_buffer_release(&counting.message);
	return end_work(in, out, &report, NULL);
}

/* ---- Merging ---- */

static pmill_status merge_all(struct pmill_study_count_plan *plan, struct pmill_word_table *table,
	struct pmill_buffer *message, pmill_error *error)
{
	for (;;) {
		pmill_status status = pmill_study_queue_get(&plan->tables, message, error);
		if (status != PMILL_OK || message->len == 0)
			return status;
		struct pmill_study_reader reader = {.data = message->data, .len = message->len};
		status = add_table(&reader, table, error);
		if (status != PMILL_OK)
			return status;
	}
}

int pmill_study_merge_tables(void *context, unsigned worker, int in, int out)
{
	struct pmill_study_count_plan *plan = context;
	struct pmill_word_table *table = NULL;
	struct pmill_buffer message = {0};
	struct pmill_study_count_report report = {0};
	(void)worker;
	pmill_study_queue_close(&plan->chunks);
	pmill_study_queue_keep_getting(&plan->tables);
	report.status = pmill_word_table_create(pmill_hash_random_seed(), &table, &report.error);
	if (report.status == PMILL_OK)
		report.status = merge_all(plan, table, &message, &report.error);
	int code = end_work(in, out, &report, table);
	pmill_word_table_free(table);
	pmill_buffer_release(&message);
	return code;
}
