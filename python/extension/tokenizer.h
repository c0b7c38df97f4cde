/* The extension's Tokenizer: a model, encoders for its threads, policies that were asked for. */
/* SPDX-License-Identifier: MIT */
#ifndef PAIRMILL_CORE_TOKENIZER_H
#define PAIRMILL_CORE_TOKENIZER_H

#include <pthread.h>

#include "core.h"

/* What one call encodes with. */
struct worker {
	pmill_encoder *encoder;
	pmill_ids *ids;
	struct worker *next;
};

struct tokenizer {
	PyObject_HEAD pmill_tokenizer *tokenizer;
	pthread_mutex_t mutex; /* of the two below; held for a few instructions */
	pmill_encoder
		*prototype; /* never encodes text: workers are clones of it; NULL: not needed yet */
	struct worker *idle;
	PyObject *policies; /* dict: Policy → capsule of a pmill_policy */
};

static inline struct tokenizer *as_tokenizer(PyObject *self)
{
	return (struct tokenizer *)self;
}

/* An object of `type`, a Tokenizer or a class derived from it. Takes the model, in any case. */
PyObject *core_wrap_tokenizer(PyTypeObject *type, pmill_tokenizer *tokenizer);

/* ---- Workers (workers.c) ---- */

/* The encoder that others are clones of, made at first use; NULL with an exception. */
const pmill_encoder *core_prototype(struct tokenizer *self);
/* NULL with an exception. */
struct worker *core_take_worker(struct tokenizer *self);
/* Empties the worker's ids. Any number of idle workers is kept: as many as ever worked at once. */
void core_give_worker(struct tokenizer *self, struct worker *worker);
void core_free_workers(struct tokenizer *self);

/* ---- Policies (policies.c) ---- */

/* A policy, and what keeps it alive. */
struct policy {
	const pmill_policy *policy; /* NULL: the default */
	PyObject *capsule;
};

/*
 * The policy for the arguments `special_tokens` and `policy`, each NULL or None if not given.
 * False with an exception.
 */
bool core_find_policy(
	struct tokenizer *self, PyObject *special_tokens, PyObject *policy, struct policy *found);
void core_drop_policy(struct policy *policy);

/* ---- Methods ---- */

extern PyMethodDef core_encode_methods[], core_decode_methods[], core_model_methods[],
	core_file_methods[], core_stream_methods[], core_train_methods[];
extern PyGetSetDef core_model_getters[];

#endif
