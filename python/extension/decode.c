/* Tokenizer's methods that decode ids in memory. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "tokenizer.h"

enum {
	SHORT_IDS = 256,    /* more are decoded without the GIL */
	LONG_IDS = 1 << 20, /* decoding more sees signals meanwhile */
};

/* As pmill_tokenizer_decode, but signals can end it. */
static pmill_status decode_watched(struct tokenizer *self, const struct core_ids *ids,
	const pmill_decode_options *options, void **data, size_t *len, pmill_error *error)
{
	const uint64_t end = ids->count;
	const pmill_ids_view view = {.size = sizeof view,
		.data = ids->ids,
		.id_bytes = sizeof *ids->ids,
		.count = end,
		.ends = &end,
		.document_count = 1};
	struct core_progress signals = {0};
	const pmill_run_options run = {
		.size = sizeof run, .threads = 1, .progress = core_report, .progress_context = &signals};
	uint64_t *ends;
	pmill_status status = pmill_tokenizer_decode_batch(
		self->tokenizer, &view, options, &run, data, &ends, error);
	if (status == PMILL_OK) {
		*len = (size_t)ends[0];
		pmill_memory_free(ends);
	}
	return status;
}

/* The bytes of ids; release `*data` with pmill_memory_free. False with an exception. */
static bool decode_ids(
	struct tokenizer *self, PyObject *object, PyObject *skips, void **data, size_t *len)
{
	pmill_decode_options options = {.size = sizeof options};
	options.skip_special_tokens = skips == NULL ? 0 : PyObject_IsTrue(skips);
	struct core_ids ids;
	if (options.skip_special_tokens < 0 || !core_ids_borrow(object, 0, &ids))
		return false;
	pmill_error error;
	pmill_status status;
	if (ids.count <= SHORT_IDS) {
		status = pmill_tokenizer_decode(
			self->tokenizer, ids.ids, ids.count, &options, data, len, &error);
	} else {
		PyThreadState *thread = PyEval_SaveThread();
		status = ids.count > LONG_IDS ? decode_watched(self, &ids, &options, data, len, &error)
									  : pmill_tokenizer_decode(self->tokenizer, ids.ids, ids.count,
											&options, data, len, &error);
		PyEval_RestoreThread(thread);
	}
	core_ids_release(&ids);
	if (status != PMILL_OK)
		core_raise(&error);
	return status == PMILL_OK;
}

/* The UTF-8 of `errors`, "replace" if NULL; NULL with an exception. */
static const char *errors_name(PyObject *errors)
{
	if (errors == NULL)
		return "replace";
	if (!PyUnicode_Check(errors)) {
		PyErr_SetString(PyExc_TypeError, "errors must be a str");
		return NULL;
	}
	return PyUnicode_AsUTF8AndSize(errors, NULL);
}

static PyObject *tokenizer_decode(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"ids", "errors", "skip_special_tokens", NULL};
	PyObject *values[3];
	if (!core_sort_arguments("decode", names, 2, 1, args, nargs, keywords, values))
		return NULL;
	const char *errors = errors_name(values[1]);
	void *data;
	size_t len;
	if (errors == NULL || !decode_ids(as_tokenizer(self), values[0], values[2], &data, &len))
		return NULL;
	PyObject *text = PyUnicode_DecodeUTF8(data == NULL ? "" : data, (Py_ssize_t)len, errors);
	pmill_memory_free(data);
	return text;
}

static PyObject *tokenizer_decode_bytes(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"ids", "skip_special_tokens", NULL};
	PyObject *values[2];
	void *data;
	size_t len;
	if (!core_sort_arguments("decode_bytes", names, 1, 1, args, nargs, keywords, values) ||
		!decode_ids(as_tokenizer(self), values[0], values[1], &data, &len))
		return NULL;
	PyObject *bytes = PyBytes_FromStringAndSize(data == NULL ? "" : data, (Py_ssize_t)len);
	pmill_memory_free(data);
	return bytes;
}

/* ---- Batches ---- */

/* Ids of documents that a caller gave as an iterable. */
struct gathered {
	uint32_t *ids;
	uint64_t *ends;
	size_t count, capacity, documents;
};

static void release_gathered(struct gathered *all)
{
	PyMem_Free(all->ids);
	PyMem_Free(all->ends);
}

static bool append_document(struct gathered *all, PyObject *object)
{
	struct core_ids ids;
	if (!core_ids_borrow(object, all->count, &ids))
		return false;
	bool has_room = all->capacity - all->count >= ids.count && all->ids != NULL;
	if (!has_room) {
		size_t capacity = 2 * all->capacity + ids.count + 64;
		uint32_t *grown = PyMem_Realloc(all->ids, capacity * sizeof *grown);
		has_room = grown != NULL;
		if (has_room) {
			all->ids = grown;
			all->capacity = capacity;
		}
	}
	if (has_room && ids.count > 0)
		memcpy(all->ids + all->count, ids.ids, ids.count * sizeof *ids.ids);
	all->count += ids.count;
	all->ends[all->documents++] = all->count;
	core_ids_release(&ids);
	if (!has_room)
		PyErr_NoMemory();
	return has_room;
}

static bool gather(PyObject *batch, struct gathered *all)
{
	PyObject *items = PySequence_Tuple(batch);
	if (items == NULL)
		return false;
	size_t count = (size_t)PyTuple_Size(items);
	all->ends = PyMem_Calloc(count + 1, sizeof *all->ends);
	bool worked = all->ends != NULL || PyErr_NoMemory() != NULL;
	for (size_t i = 0; worked && i < count; i++)
		worked = append_document(all, PyTuple_GetItem(items, (Py_ssize_t)i));
	Py_DECREF(items);
	return worked;
}

/* What the documents' bytes become; `errors` is NULL for bytes. */
static PyObject *make_texts(
	const char *data, const uint64_t *ends, size_t count, const char *errors)
{
	PyObject *list = PyList_New((Py_ssize_t)count);
	uint64_t begin = 0;
	for (size_t i = 0; list != NULL && i < count; i++) {
		Py_ssize_t len = (Py_ssize_t)(ends[i] - begin);
		const char *text = len == 0 ? "" : data + begin;
		PyObject *item = errors == NULL ? PyBytes_FromStringAndSize(text, len)
										: PyUnicode_DecodeUTF8(text, len, errors);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, (Py_ssize_t)i, item);
		begin = ends[i];
	}
	return list;
}

static PyObject *decode_view(struct tokenizer *self, const pmill_ids_view *view, PyObject *skips,
	PyObject *threads, const char *errors)
{
	pmill_decode_options options = {.size = sizeof options};
	options.skip_special_tokens = skips == NULL ? 0 : PyObject_IsTrue(skips);
	struct core_progress signals = {0};
	pmill_run_options run = {
		.size = sizeof run, .progress = core_report, .progress_context = &signals};
	if (view->count <= LONG_IDS)
		run.progress = NULL;
	if (options.skip_special_tokens < 0 || !core_get_threads(threads, &run.threads))
		return NULL;
	void *data;
	uint64_t *ends;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_tokenizer_decode_batch(
		self->tokenizer, view, &options, &run, &data, &ends, &error);
	PyEval_RestoreThread(thread);
	if (status != PMILL_OK)
		return core_raise(&error);
	PyObject *texts = make_texts(data, ends, (size_t)view->document_count, errors);
	pmill_memory_free(data);
	pmill_memory_free(ends);
	return texts;
}

static PyObject *decode_batch(
	struct tokenizer *self, PyObject *batch, PyObject *skips, PyObject *threads, const char *errors)
{
	pmill_ids_view view = {.size = sizeof view};
	if (core_batch_view(batch, &view))
		return decode_view(self, &view, skips, threads, errors);
	struct gathered all = {0};
	PyObject *texts = NULL;
	if (gather(batch, &all)) {
		view.data = all.ids;
		view.id_bytes = 4;
		view.count = all.count;
		view.ends = all.ends;
		view.document_count = all.documents;
		texts = decode_view(self, &view, skips, threads, errors);
	}
	release_gathered(&all);
	return texts;
}

static PyObject *tokenizer_decode_batch(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"batch", "errors", "skip_special_tokens", "threads", NULL};
	PyObject *values[4];
	if (!core_sort_arguments("decode_batch", names, 2, 1, args, nargs, keywords, values))
		return NULL;
	const char *errors = errors_name(values[1]);
	return errors == NULL
		? NULL
		: decode_batch(as_tokenizer(self), values[0], values[2], values[3], errors);
}

static PyObject *tokenizer_decode_bytes_batch(
	PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
	static const char *const names[] = {"batch", "skip_special_tokens", "threads", NULL};
	PyObject *values[3];
	if (!core_sort_arguments("decode_bytes_batch", names, 1, 1, args, nargs, keywords, values))
		return NULL;
	return decode_batch(as_tokenizer(self), values[0], values[1], values[2], NULL);
}

#define ABOUT_IDS                                                                                  \
	"``ids``: an iterable of int, or a buffer of integers with one dimension (TokenArray, "        \
	"NumPy).\n"

#define DECODE_ERRORS                                                                              \
	"Raises ValueError for an id that the vocab lacks, with its index as the "                     \
	"attribute\n``offset``"

PyMethodDef core_decode_methods[] = {
	{"decode", AS_METHOD(tokenizer_decode), KEYWORDS,
		"decode($self, /, ids, errors='replace', *, skip_special_tokens=False)\n--\n\n"
		"The text of ids: a str.\n\n" ABOUT_IDS
		"``errors``: what becomes of bytes that aren't UTF-8, as for ``bytes.decode``.\n"
		"``skip_special_tokens``: leave out special tokens; added ones that aren't special "
		"stay.\n\n" DECODE_ERRORS "; UnicodeDecodeError with errors='strict'.\n\n"
		">>> tok.decode([259, 114])\n"
		"'lower'"},
	{"decode_bytes", AS_METHOD(tokenizer_decode_bytes), KEYWORDS,
		"decode_bytes($self, /, ids, *, skip_special_tokens=False)\n--\n\n"
		"The bytes of ids. Arguments and errors as for ``decode``.\n\n"
		">>> tok.decode_bytes([259, 114])\n"
		"b'lower'"},
	{"decode_batch", AS_METHOD(tokenizer_decode_batch), KEYWORDS,
		"decode_batch($self, /, batch, errors='replace', *, skip_special_tokens=False,\n"
		"             threads=0)\n--\n\n"
		"The texts of many documents, on threads: a list of str.\n\n"
		"``batch``: a TokenBatch, or an iterable of what ``decode`` takes. Other arguments as for\n"
		"``decode``.\n\n" DECODE_ERRORS " among the ids of all.\n\n"
		">>> tok.decode_batch(tok.encode_batch(['low', 'lower']))\n"
		"['low', 'lower']"},
	{"decode_bytes_batch", AS_METHOD(tokenizer_decode_bytes_batch), KEYWORDS,
		"decode_bytes_batch($self, /, batch, *, skip_special_tokens=False, threads=0)\n--\n\n"
		"The same as ``decode_batch``, as a list of bytes."},
	{NULL, NULL, 0, NULL},
};
