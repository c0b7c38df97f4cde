/* What the files of the extension share: types, errors, borrowed text, calls without the GIL. */
/* SPDX-License-Identifier: MIT */
#ifndef PAIRMILL_CORE_H
#define PAIRMILL_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pairmill.h"

/* One interpreter uses the extension: the module refuses to be loaded into a second one. */
struct core {
	PyTypeObject *tokenizer, *token_array, *token_batch, *offset_array, *memory, *stream,
		*stream_decoder, *counts, *counter;
	PyObject *resolve_policy; /* of pairmill._policy: what a call is given → a Policy */
};
extern struct core core;

/* Calls shorter than this keep the GIL: giving it up and taking it again would cost more. */
#define CORE_SHORT_TEXT 1024

#define KEYWORDS (METH_FASTCALL | METH_KEYWORDS)

/*
 * An item of a list or dict that other threads may change: a new reference, not one that the list
 * or dict holds; NULL if it isn't there, for a list with an exception.
 */
#ifdef Py_GIL_DISABLED
#define core_list_item(list, index) PyList_GetItemRef(list, index)

static inline PyObject *core_dict_item(PyObject *dict, PyObject *key)
{
	PyObject *item;
	(void)PyDict_GetItemRef(dict, key, &item);
	return item;
}
#else
#define core_list_item(list, index) Py_XNewRef(PyList_GetItem(list, index))
#define core_dict_item(dict, key) Py_XNewRef(PyDict_GetItemWithError(dict, key))
#endif

typedef PyObject *(*core_fast_fn)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
#define AS_METHOD(function) ((PyCFunction)(void (*)(void))(core_fast_fn)(function))

/* ---- Errors (errors.c) ---- */

/* Sets the exception for a failed call, unless one is set. Always returns NULL. */
PyObject *core_raise(const pmill_error *error);
/* Gives the exception that is set the attribute `offset`. */
void core_set_offset(uint64_t offset);
/* None, or NULL with the exception of a failed call. */
PyObject *core_done(pmill_status status, const pmill_error *error);
/* The same as core_raise for a status without an error. */
PyObject *core_raise_status(pmill_status status);

/* ---- Arguments (arguments.c) ---- */

/*
 * Sorts the arguments of a call by name into `values`, NULL where one is missing. The first
 * `positional` names may be given by position, the first `required` ones must be given. Returns
 * false with an exception.
 */
bool core_sort_arguments(const char *function, const char *const *names, Py_ssize_t positional,
	Py_ssize_t required, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords,
	PyObject **values);

/* ---- Options (options.c) ---- */

enum core_option_kind {
	OPTION_STRING, /* const char *; str or None */
	OPTION_FLAG,   /* int; bool */
	OPTION_U32,    /* uint32_t or unsigned */
	OPTION_U64,    /* uint64_t */
	OPTION_I64,    /* int64_t */
	OPTION_BYTES,  /* pmill_bytes; str, bytes or None */
	OPTION_IDS,    /* const uint32_t *; as many as another option says */
	OPTION_TOKENS, /* const pmill_bytes * and, after it, size_t; an iterable of str or bytes */
};

struct core_option {
	const char *name;
	enum core_option_kind kind;
	size_t offset;
};

/* Python objects and memory that options point to. Zeroed is empty. */
struct core_holder {
	PyObject *objects; /* a list */
	void **blocks;
	size_t block_count;
};

void core_holder_release(struct core_holder *holder);
/* Memory of the holder's, zeroed; NULL with an exception. */
void *core_hold_memory(struct core_holder *holder, size_t len);
/* Takes a reference of its own. False with an exception. */
bool core_hold_object(struct core_holder *holder, PyObject *object);

/*
 * Fills a struct from a dict by a table that ends with a NULL name. None is skipped, an unknown
 * name is a TypeError. What the struct points to is the holder's.
 */
bool core_fill_options(
	PyObject *dict, const struct core_option *table, void *options, struct core_holder *holder);
extern const struct core_option core_text_options[], core_run_options[], core_input_options[],
	core_load_options[], core_train_options[], core_encode_file_options[];

/*
 * A whole number from 0 to `most`, of any type with __index__. False with an exception whose
 * message begins with `name`.
 */
bool core_get_number(const char *name, PyObject *value, uint64_t most, uint64_t *number);
/* A number of threads; 0 for NULL or None. */
bool core_get_threads(PyObject *value, unsigned *threads);

/* Paths of one str or os.PathLike, or of an iterable of them. */
bool core_fill_paths(
	PyObject *object, const char *const **paths, size_t *count, struct core_holder *holder);
/* One path, as the file system's bytes; NULL with an exception. */
const char *core_path(PyObject *object, struct core_holder *holder);

/* ---- Text (text.c) ---- */

/* Text borrowed from a str, as UTF-8, or from a bytes-like object. */
struct core_text {
	const char *data;
	size_t len;
	bool has_buffer;
	Py_buffer buffer;
};

bool core_text_borrow(PyObject *object, struct core_text *text);
void core_text_release(struct core_text *text);

/* Many texts, of a sequence, an iterable or an Arrow array (arrow_in.c). */
struct core_texts {
	pmill_bytes *texts;
	size_t count;
	PyObject *held;     /* a tuple of the objects */
	Py_buffer *buffers; /* of bytes-like objects that are not bytes */
	size_t buffer_count;
	void *arrow; /* struct arrow_chunks *, with what the texts are in */
};

bool core_texts_borrow(PyObject *object, struct core_texts *texts);
void core_texts_release(struct core_texts *texts);

/* True if the object gives Arrow data through a PyCapsule. */
bool core_is_arrow(PyObject *object);
bool core_arrow_borrow(PyObject *object, struct core_texts *texts);
void core_arrow_release(void *arrow);

/* ---- Progress and signals (progress.c) ---- */

struct core_progress {
	PyObject *callback; /* NULL or None: none */
};

/* A pmill_progress_fn, whose context is a struct core_progress; takes the GIL. */
int core_report(void *context, const pmill_progress *progress);
/*
 * Takes `progress`, a callable or None, out of the dict of run options (`run` may be NULL), fills
 * the rest into `options`, and lets signals and the callable end the call.
 */
bool core_fill_run(PyObject *run, pmill_run_options *options, struct core_progress *progress,
	struct core_holder *holder);
/* A pmill_notice_fn whose context is a list of (kind, name, detail). */
void core_notice(void *context, pmill_notice notice, const char *name, const char *detail);

/* ---- Arrays of ids (arrays.c, batch.c) ---- */

/* An object that releases memory of the library. Steals `data`; NULL with an exception. */
PyObject *core_memory(void *data);
/* A TokenArray over memory that `owner` keeps. */
PyObject *core_token_array(PyObject *owner, const void *data, size_t count, unsigned id_bytes);
/* Takes what the buffer holds. `ids` is empty afterwards. */
PyObject *core_take_array(pmill_ids *ids);
PyObject *core_take_offsets(const uint64_t *offsets, uint64_t count);
PyObject *core_take_batch(pmill_ids *ids);
/* What a TokenArray or TokenBatch holds, for other calls. False if it is neither. */
bool core_array_view(PyObject *object, const void **data, size_t *count, unsigned *id_bytes);
bool core_batch_view(PyObject *object, pmill_ids_view *view);

/* ids as a Python list. */
PyObject *core_id_list(const void *data, size_t count, unsigned id_bytes);
PyObject *core_unsigned_list(const uint64_t *values, size_t count);

/* Ids that a caller gave: any iterable of int, or a buffer of integers. */
struct core_ids {
	const uint32_t *ids;
	size_t count;
	uint32_t *own; /* PyMem_Free */
	PyObject *held;
};

/* `before`: how many ids came before these, for the attribute `offset` of a ValueError. */
bool core_ids_borrow(PyObject *object, size_t before, struct core_ids *ids);
void core_ids_release(struct core_ids *ids);

/* Arrow (arrow_out.c): a pair of capsules (schema, array). Steals nothing. */
PyObject *core_arrow_ids(PyObject *owner, const void *data, size_t count, unsigned id_bytes);
PyObject *core_arrow_lists(PyObject *owner, const void *data, unsigned id_bytes,
	const int64_t *offsets, size_t document_count);

/* ---- Types ---- */

/* A list of what `make` gives for each index; NULL with an exception. */
PyObject *core_make_list(
	size_t count, PyObject *(*make)(const void *context, size_t index), const void *context);

PyTypeObject *core_make_type(PyObject *module, PyType_Spec *spec);
bool core_add_arrays(PyObject *module);
bool core_add_batch(PyObject *module);
bool core_add_tokenizer(PyObject *module);
bool core_add_streams(PyObject *module);
bool core_add_counts(PyObject *module);
bool core_add_training(PyObject *module);

#endif
