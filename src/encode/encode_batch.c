/* Many documents in memory → ids, on threads. */
/* SPDX-License-Identifier: MIT */
/*
 * Documents are taken in groups of some size, in order, by whichever thread is free; each group has
 * a buffer of its own, and the buffers are joined in order at the end.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/sized_struct.h"
#include "base/team.h"
#include "base/thread.h"
#include "base/watched_run.h"
#include "encode/encode_document.h"
#include "encode/encode_joined.h"

enum {
	GROUP_BYTES = 1 << 16, /* enough that taking one costs nothing */
	DOCUMENT_BYTES = 64,   /* what a document costs beside its text */
};

struct group {
	size_t begin, end; /* documents */
	struct pmill_ids *ids;
};

struct batch {
	const struct pmill_encoder *encoder;
	const pmill_bytes *texts;
	const pmill_policy *policy;
	struct pmill_ids *ids; /* of the caller */
	struct group *groups;
	size_t group_count, text_count;
	unsigned threads;
	atomic_size_t next;
	atomic_uint_fast64_t bytes_done;
	struct pmill_match_watch watch;
	pthread_mutex_t lock;
	/* The first failure, by document. */
	atomic_size_t failed; /* no document after it needs to be encoded */
	struct pmill_outcome outcome;
};

/* ---- Groups ---- */

static size_t end_of_group(const struct batch *batch, size_t begin)
{
	size_t bytes = 0, end = begin;
	while (end < batch->text_count && bytes < GROUP_BYTES)
		bytes += batch->texts[end++].len + DOCUMENT_BYTES;
	return end;
}

static bool make_groups(struct batch *batch)
{
	size_t count = 0;
	for (size_t at = 0; at < batch->text_count; at = end_of_group(batch, at))
		count++;
	batch->groups = pmill_array_allocate(count + 1, sizeof *batch->groups);
	if (batch->groups == NULL)
		return false;
	for (size_t at = 0; at < batch->text_count; at = batch->groups[batch->group_count++].end)
		batch->groups[batch->group_count] = (struct group){at, end_of_group(batch, at), NULL};
	return true;
}

static void free_groups(struct batch *batch)
{
	for (size_t i = 0; i < batch->group_count; i++)
		pmill_ids_free(batch->groups[i].ids);
	free(batch->groups);
}

/* ---- One thread ---- */

static void note_failure(
	struct batch *batch, size_t document, pmill_status status, const pmill_error *error)
{
	pthread_mutex_lock(&batch->lock);
	if (document < atomic_load(&batch->failed)) {
		atomic_store(&batch->failed, document);
		batch->outcome = (struct pmill_outcome){status, *error};
	}
	pthread_mutex_unlock(&batch->lock);
}

static pmill_status fail_document(
	pmill_status status, size_t document, const pmill_error *cause, pmill_error *error)
{
	if (status != PMILL_BAD_INPUT)
		return pmill_fail(error, status, PMILL_NO_OFFSET, "%s", cause->message);
	return pmill_fail(error, status, document, "document %zu: %.950s", document, cause->message);
}

/* Several at once, if that is possible, and none of them fails. */
static bool encode_joined(
	struct batch *batch, struct pmill_encoder *encoder, const struct group *group)
{
	const pmill_bytes *texts = batch->texts + group->begin;
	const size_t count = group->end - group->begin;
	if (count < 2 || !pmill_encoder_may_join(encoder, batch->policy, group->ids) ||
		pmill_encoder_add_joined(encoder, texts, count, batch->policy, group->ids) != PMILL_OK)
		return false;
	uint64_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += texts[i].len;
	atomic_fetch_add_explicit(&batch->bytes_done, bytes, memory_order_relaxed);
	return true;
}

static pmill_status encode_documents(struct batch *batch, struct pmill_encoder *encoder,
	const struct group *group, size_t *at, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	if (!atomic_load_explicit(&batch->watch.is_stopped, memory_order_relaxed) &&
		encode_joined(batch, encoder, group))
		return PMILL_OK;
	for (*at = group->begin; *at < group->end && status == PMILL_OK; ++*at) {
		const pmill_bytes text = batch->texts[*at];
		pmill_error cause;
		if (atomic_load_explicit(&batch->watch.is_stopped, memory_order_relaxed))
			return pmill_fail(error, PMILL_CANCELLED, PMILL_NO_OFFSET, "cancelled");
		status = pmill_encoder_encode(
			encoder, text.data, text.len, batch->policy, group->ids, &cause);
		if (status != PMILL_OK)
			return fail_document(status, *at, &cause, error);
		atomic_fetch_add_explicit(&batch->bytes_done, text.len, memory_order_relaxed);
	}
	return status;
}

static pmill_status create_alike(
	const struct pmill_ids *ids, struct pmill_ids **made, pmill_error *error)
{
	const enum pmill_offset_unit unit = pmill_ids_unit(ids);
	const pmill_ids_options options = {.size = sizeof options,
		.id_bytes = ids->id_bytes,
		.offsets = unit == PMILL_OFFSETS_NONE ? NULL : pmill_offset_unit_name(unit - 1u)};
	return pmill_ids_create(NULL, &options, made, error);
}

/* Takes groups until none is left, or one before them has failed. */
static void work(void *context, unsigned index)
{
	struct batch *batch = context;
	struct pmill_encoder encoder = {.plan = batch->encoder->plan};
	(void)index;
	for (;;) {
		const size_t number = atomic_fetch_add(&batch->next, 1);
		if (number >= batch->group_count ||
			batch->groups[number].begin > atomic_load(&batch->failed))
			break;
		struct group *group = &batch->groups[number];
		size_t at = group->begin;
		pmill_error error;
		pmill_encoder_set_watch(&encoder, &batch->watch);
		pmill_status status = create_alike(batch->ids, &group->ids, &error);
		if (status == PMILL_OK)
			status = encode_documents(batch, &encoder, group, &at, &error);
		if (status != PMILL_OK)
			note_failure(batch, at, status, &error);
	}
	pmill_encoder_release(&encoder);
}

/* ---- All ---- */

static void encode_groups(void *context)
{
	struct batch *batch = context;
	pmill_error error;
	struct pmill_team *team = pmill_team_create(batch->threads);
	if (team == NULL) {
		note_failure(batch, 0, pmill_fail_memory(&error), &error);
		return;
	}
	pmill_team_run(team, work, batch);
	pmill_team_free(team);
}

static void stop(void *context)
{
	struct batch *batch = context;
	atomic_store(&batch->watch.is_stopped, true);
}

static uint64_t bytes_done(void *context)
{
	struct batch *batch = context;
	return atomic_load_explicit(&batch->bytes_done, memory_order_relaxed);
}

static pmill_status join(struct batch *batch, pmill_error *error)
{
	const struct pmill_ids_mark mark = pmill_ids_mark(batch->ids);
	for (size_t i = 0; i < batch->group_count; i++) {
		if (!pmill_ids_append_all(batch->ids, batch->groups[i].ids)) {
			pmill_ids_rewind(batch->ids, mark);
			return pmill_fail_memory(error);
		}
		pmill_ids_free(batch->groups[i].ids);
		batch->groups[i].ids = NULL;
	}
	return PMILL_OK;
}

static pmill_status run_batch(
	struct batch *batch, const pmill_run_options *running, pmill_error *error)
{
	const struct pmill_watched_work watched = {encode_groups, stop, bytes_done, batch};
	struct pmill_progress_state progress = {
		.callback = running->progress, .context = running->progress_context};
	uint64_t bytes = 0;
	if (!make_groups(batch))
		return pmill_fail_memory(error);
	for (size_t i = 0; i < batch->text_count; i++)
		bytes += batch->texts[i].len;
	batch->threads = pmill_thread_count(running->threads);
	if (batch->threads > batch->group_count)
		batch->threads = batch->group_count > 0 ? (unsigned)batch->group_count : 1;
	pmill_progress_stage(&progress, "encode", "bytes", bytes);
	const pmill_status status = pmill_watched_run(&watched, &progress, &batch->outcome, error);
	return status == PMILL_OK ? join(batch, error) : status;
}

pmill_status pmill_encoder_encode_batch(const pmill_encoder *encoder, const pmill_bytes *texts,
	size_t text_count, const pmill_policy *policy, const pmill_run_options *run, pmill_ids *ids,
	pmill_error *error)
{
	pmill_run_options running;
	struct batch batch = {.encoder = encoder,
		.texts = texts,
		.text_count = text_count,
		.policy = policy,
		.ids = ids,
		.lock = PTHREAD_MUTEX_INITIALIZER};
	atomic_init(&batch.failed, SIZE_MAX);
	pmill_status status = pmill_sized_struct_read(
		&running, sizeof running, run, "pmill_run_options", error);
	if (status == PMILL_OK)
		status = pmill_encoder_check_ids(encoder, ids, error);
	if (status == PMILL_OK)
		status = pmill_encode_plan_check(encoder->plan, policy, error);
	if (status != PMILL_OK)
		return status;
	status = run_batch(&batch, &running, error);
	free_groups(&batch);
	pthread_mutex_destroy(&batch.lock);
	return status;
}
