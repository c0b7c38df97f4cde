/* Encoders for the threads that call a Tokenizer. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tokenizer.h"

const pmill_encoder *core_prototype(struct tokenizer *self)
{
	pthread_mutex_lock(&self->mutex);
	pmill_encoder *prototype = self->prototype;
	pthread_mutex_unlock(&self->mutex);
	if (prototype != NULL)
		return prototype;
	pmill_error error;
	pmill_encoder *made = NULL;
	static struct core_progress signals; /* without a callback */
	const pmill_run_options run = {
		.size = sizeof run, .progress = core_report, .progress_context = &signals};
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_encoder_create(self->tokenizer, &run, &made, &error);
	PyEval_RestoreThread(thread);
	if (status != PMILL_OK) {
		core_raise(&error);
		return NULL;
	}
	/* Two threads may both have made one. */
	pthread_mutex_lock(&self->mutex);
	if (self->prototype == NULL) {
		self->prototype = made;
		made = NULL;
	}
	prototype = self->prototype;
	pthread_mutex_unlock(&self->mutex);
	pmill_encoder_free(made);
	return prototype;
}

static void free_worker(struct worker *worker)
{
	pmill_encoder_free(worker->encoder);
	pmill_ids_free(worker->ids);
	free(worker);
}

static struct worker *make_worker(struct tokenizer *self)
{
	const pmill_encoder *prototype = core_prototype(self);
	if (prototype == NULL)
		return NULL;
	struct worker *worker = calloc(1, sizeof *worker);
	if (worker == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	pmill_error error;
	if (pmill_encoder_clone(prototype, &worker->encoder, &error) != PMILL_OK ||
		pmill_ids_create(self->tokenizer, NULL, &worker->ids, &error) != PMILL_OK) {
		free_worker(worker);
		core_raise(&error);
		return NULL;
	}
	return worker;
}

struct worker *core_take_worker(struct tokenizer *self)
{
	pthread_mutex_lock(&self->mutex);
	struct worker *worker = self->idle;
	if (worker != NULL)
		self->idle = worker->next;
	pthread_mutex_unlock(&self->mutex);
	return worker != NULL ? worker : make_worker(self);
}

/* A buffer that has grown beyond this many bytes gives its memory back. */
enum { KEPT_BYTES = 1 << 20 };

static void empty_ids(pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	pmill_ids_get(ids, &view);
	if (view.count * view.id_bytes <= KEPT_BYTES) {
		pmill_ids_clear(ids);
		return;
	}
	pmill_ids_take(ids, &view);
	pmill_memory_free((void *)view.data);
	pmill_memory_free((void *)view.ends);
	pmill_memory_free((void *)view.offsets);
}

void core_give_worker(struct tokenizer *self, struct worker *worker)
{
	empty_ids(worker->ids);
	pthread_mutex_lock(&self->mutex);
	worker->next = self->idle;
	self->idle = worker;
	pthread_mutex_unlock(&self->mutex);
}

void core_free_workers(struct tokenizer *self)
{
	while (self->idle != NULL) {
		struct worker *worker = self->idle;
		self->idle = worker->next;
		free_worker(worker);
	}
	pmill_encoder_free(self->prototype);
}
