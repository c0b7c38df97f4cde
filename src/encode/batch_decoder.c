/* Documents of ids → bytes, on threads. */
/* SPDX-License-Identifier: MIT */
/*
 * The ids are dealt out in parts of equal number, wherever documents end. In the first pass each
 * thread measures its part, and sets the ends that lie in it as if its bytes began at 0. The parts
 * are then put one after another, and in the second pass each thread writes its bytes and moves its
 * ends to where they begin.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/sized_struct.h"
#include "base/thread.h"
#include "base/watched_run.h"
#include "encode/decode_rule.h"

enum {
	LEAST_PART = 1 << 14, /* a thread takes about as long to start as 2,000 ids take to decode */
	STEP_IDS = 1 << 16,   /* between looks at whether to stop */
	PASSES = 2,
};

struct part {
	uint64_t begin, end;             /* ids */
	uint64_t document, document_end; /* those that end after `begin`, the first also there */
	uint64_t len, offset;            /* bytes of text, and where they begin */
	uint64_t measured;               /* ids; fewer than there are if the next one is refused */
};

struct batch {
	struct pmill_decode_rule rule;
	pmill_ids_view ids;
	struct part *parts;
	uint64_t *ends; /* in bytes */
	uint8_t *text;
	unsigned part_count;
	atomic_bool is_stopped;
	atomic_uint_fast64_t passed; /* ids, by all passes */
	struct pmill_outcome outcome;
};

static uint32_t id_at(const struct batch *batch, uint64_t index)
{
	return batch->ids.id_bytes == 2 ? ((const uint16_t *)batch->ids.data)[index]
									: ((const uint32_t *)batch->ids.data)[index];
}

/* ---- Checks ---- */

static pmill_status check_view(const pmill_ids_view *ids, pmill_error *error)
{
	uint64_t before = 0;
	if (ids->id_bytes != 2 && ids->id_bytes != 4)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"ids of %u bytes are not possible: 2 or 4", ids->id_bytes);
	for (uint64_t i = 0; i < ids->document_count; i++) {
		if (ids->ends[i] < before || ids->ends[i] > ids->count)
			return pmill_fail(error, PMILL_BAD_OPTION, i, "the end of document %llu is %s",
				(unsigned long long)i,
				ids->ends[i] < before ? "before that of the one before" : "after the last id");
		before = ids->ends[i];
	}
	return PMILL_OK;
}

/* The first document that ends after `index`. */
static uint64_t document_at(const pmill_ids_view *ids, uint64_t index)
{
	uint64_t low = 0, high = ids->document_count;
	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;
		if (ids->ends[middle] <= index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- The two passes ---- */

/* Every STEP_IDS ids, when `left` are left: false if the caller asked to stop. */
static bool begin_step(struct batch *batch, uint64_t left)
{
	if (atomic_load_explicit(&batch->is_stopped, memory_order_relaxed))
		return false;
	atomic_fetch_add_explicit(
		&batch->passed, left < STEP_IDS ? left : STEP_IDS, memory_order_relaxed);
	return true;
}

static void measure_part(void *context, unsigned index)
{
	struct batch *batch = context;
	struct part *part = &batch->parts[index];
	uint64_t len = 0, document = part->document, i = part->begin;
	for (;;) {
		for (; document < part->document_end && batch->ids.ends[document] == i; document++)
			batch->ends[document] = len;
		if (i == part->end)
			break;
		if ((i - part->begin) % STEP_IDS == 0 && !begin_step(batch, part->end - i))
			break;
		const pmill_bytes token = pmill_decode_id(&batch->rule, id_at(batch, i));
		if (token.data == NULL || __builtin_add_overflow(len, token.len, &len))
			break;
		i++;
	}
	part->len = len;
	part->measured = i - part->begin;
}

static void put_part(void *context, unsigned index)
{
	struct batch *batch = context;
	const struct part *part = &batch->parts[index];
	uint8_t *out = batch->text + part->offset;
	for (uint64_t i = part->begin; i < part->end; i++) {
		if ((i - part->begin) % STEP_IDS == 0 && !begin_step(batch, part->end - i))
			break;
		const pmill_bytes token = pmill_decode_id(&batch->rule, id_at(batch, i));
		memcpy(out, token.data, token.len);
		out += token.len;
	}
	for (uint64_t i = part->document; i < part->document_end; i++)
		batch->ends[i] += part->offset;
}

/* ---- All of it ---- */

static pmill_status fail_at(const struct batch *batch, uint64_t index, pmill_error *error)
{
	const uint32_t id = id_at(batch, index);
	if (pmill_decode_id(&batch->rule, id).data != NULL)
		return pmill_fail(error, PMILL_OVERFLOW, index, "the text of the ids is too long");
	if (batch->ids.document_count == 1)
		return pmill_fail(error, PMILL_BAD_INPUT, index, "id %u at index %llu is not in the vocab",
			(unsigned)id, (unsigned long long)index);
	return pmill_fail(error, PMILL_BAD_INPUT, index,
		"id %u at index %llu, in document %llu, is not in the vocab", (unsigned)id,
		(unsigned long long)index, (unsigned long long)document_at(&batch->ids, index));
}

static uint64_t count_used(const pmill_ids_view *ids)
{
	return ids->document_count > 0 ? ids->ends[ids->document_count - 1] : 0;
}

static void deal(struct batch *batch)
{
	const pmill_ids_view *ids = &batch->ids;
	const uint64_t used = count_used(ids);
	const unsigned count = batch->part_count;
	uint64_t begin = 0, document = 0;
	for (unsigned i = 0; i < count; i++) {
		const uint64_t end = begin + used / count + (i < used % count);
		const uint64_t document_end = document_at(ids, end);
		batch->parts[i] = (struct part){
			.begin = begin, .end = end, .document = document, .document_end = document_end};
		begin = end;
		document = document_end;
	}
}

/* Puts the parts one after another, and makes room for their text. */
static pmill_status join(struct batch *batch, pmill_error *error)
{
	size_t sum = 0;
	if (atomic_load(&batch->is_stopped))
		return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
	for (unsigned i = 0; i < batch->part_count; i++) {
		struct part *part = &batch->parts[i];
		if (part->measured < part->end - part->begin)
			return fail_at(batch, part->begin + part->measured, error);
		part->offset = sum;
		if (__builtin_add_overflow(sum, part->len, &sum))
			return pmill_fail(
				error, PMILL_OVERFLOW, part->begin, "the text of the ids is too long");
	}
	batch->text = malloc(sum > 0 ? sum : 1);
	return batch->text == NULL ? pmill_fail_memory(error) : PMILL_OK;
}

static void decode_parts(void *context)
{
	struct batch *batch = context;
	pmill_threads_run(batch->part_count, measure_part, batch);
	batch->outcome.status = join(batch, &batch->outcome.error);
	if (batch->outcome.status == PMILL_OK)
		pmill_threads_run(batch->part_count, put_part, batch);
}

static void stop(void *context)
{
	struct batch *batch = context;
	atomic_store(&batch->is_stopped, true);
}

static uint64_t ids_done(void *context)
{
	struct batch *batch = context;
	return atomic_load_explicit(&batch->passed, memory_order_relaxed) / PASSES;
}

static pmill_status decode(
	struct batch *batch, const pmill_run_options *running, pmill_error *error)
{
	const struct pmill_watched_work watched = {decode_parts, stop, ids_done, batch};
	struct pmill_progress_state progress = {
		.callback = running->progress, .context = running->progress_context};
	batch->parts = pmill_array_allocate(batch->part_count, sizeof *batch->parts);
	const uint64_t documents = batch->ids.document_count;
	if (documents <= SIZE_MAX)
		batch->ends = pmill_array_allocate(
			documents > 0 ? (size_t)documents : 1, sizeof *batch->ends);
	if (batch->parts == NULL || batch->ends == NULL)
		return pmill_fail_memory(error);
	deal(batch);
	pmill_progress_stage(&progress, "decode", "ids", count_used(&batch->ids));
	return pmill_watched_run(&watched, &progress, &batch->outcome, error);
}

static unsigned count_parts(const pmill_ids_view *ids, unsigned threads)
{
	const uint64_t most = count_used(ids) / LEAST_PART + 1;
	threads = pmill_thread_count(threads);
	return threads < most ? threads : (unsigned)most;
}

pmill_status pmill_tokenizer_decode_batch(const pmill_tokenizer *tokenizer,
	const pmill_ids_view *ids, const pmill_decode_options *options, const pmill_run_options *run,
	void **data, uint64_t **ends, pmill_error *error)
{
	struct batch batch = {0};
	pmill_run_options running;
	pmill_status status = pmill_decode_rule_read(&batch.rule, tokenizer, options, error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(&running, sizeof running, run, "pmill_run_options", error);
	if (status == PMILL_OK)
		status = pmill_sized_struct_read(
			&batch.ids, sizeof batch.ids, ids, "pmill_ids_view", error);
	if (status == PMILL_OK)
		status = check_view(&batch.ids, error);
	if (status == PMILL_OK) {
		batch.part_count = count_parts(&batch.ids, running.threads);
		status = decode(&batch, &running, error);
	}
	if (status == PMILL_OK) {
		*data = batch.text;
		*ends = batch.ends;
	} else {
		free(batch.text);
		free(batch.ends);
	}
	free(batch.parts);
	return status;
}
