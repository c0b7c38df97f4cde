/* Counts: words and how often they occur. */
/* SPDX-License-Identifier: MIT */
#include "counts.h"

#include <string.h>

PyObject *core_wrap_counts(PyTypeObject *type, pmill_counts *counts)
{
	allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	struct counts *self = (struct counts *)allocate(type, 0);
	if (self == NULL) {
		pmill_counts_free(counts);
		return NULL;
	}
	self->counts = counts;
	return (PyObject *)self;
}

static pmill_counts_info get_info(PyObject *self)
{
	pmill_counts_info info = {.size = sizeof info};
	pmill_counts_get_info(as_counts(self), &info);
	return info;
}

static PyObject *counts_load(PyObject *type, PyObject *args)
{
	PyObject *path, *text_dict, *run_dict;
	const char *tsv;
	if (!PyArg_ParseTuple(
			args, "OzO!O!", &path, &tsv, &PyDict_Type, &text_dict, &PyDict_Type, &run_dict))
		return NULL;
	struct core_holder holder = {0};
	struct core_progress progress = {0};
	pmill_text_options text = {.size = sizeof text};
	pmill_run_options run = {.size = sizeof run};
	PyObject *self = NULL;
	const char *name = core_path(path, &holder);
	if (name != NULL && core_fill_options(text_dict, core_text_options, &text, &holder) &&
		core_fill_run(run_dict, &run, &progress, &holder)) {
		pmill_counts *counts;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_counts_load(name, tsv, &text, &run, &counts, &error);
		PyEval_RestoreThread(thread);
		self = status == PMILL_OK ? core_wrap_counts((PyTypeObject *)type, counts)
								  : core_raise(&error);
	}
	core_holder_release(&holder);
	return self;
}

PyObject *core_save_counts(PyObject *self, PyObject *args, core_save_fn save)
{
	PyObject *object;
	int overwrite;
	if (!PyArg_ParseTuple(args, "Op", &object, &overwrite))
		return NULL;
	struct core_holder holder = {0};
	const char *path = core_path(object, &holder);
	PyObject *none = NULL;
	if (path != NULL) {
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = save(self, path, overwrite ? PMILL_OVERWRITE : 0, &error);
		PyEval_RestoreThread(thread);
		none = core_done(status, &error);
	}
	core_holder_release(&holder);
	return none;
}

static pmill_status save_counts(
	PyObject *self, const char *path, unsigned flags, pmill_error *error)
{
	return pmill_counts_save(as_counts(self), path, flags, error);
}

static PyObject *counts_save(PyObject *self, PyObject *args)
{
	return core_save_counts(self, args, save_counts);
}

PyObject *core_token_tuple(const pmill_bytes *tokens, size_t count)
{
	PyObject *tuple = PyTuple_New((Py_ssize_t)count);
	for (size_t i = 0; tuple != NULL && i < count; i++) {
		PyObject *token = PyBytes_FromStringAndSize(tokens[i].data, (Py_ssize_t)tokens[i].len);
		if (token == NULL)
			Py_CLEAR(tuple);
		else
			PyTuple_SetItem(tuple, (Py_ssize_t)i, token);
	}
	return tuple;
}

static PyObject *counts_info(PyObject *self, PyObject *none)
{
	(void)none;
	pmill_counts_info info = get_info(self);
	PyObject *tokens = core_token_tuple(info.special_tokens, info.special_token_count);
	if (tokens == NULL)
		return NULL;
	return Py_BuildValue("{sKsKsKsKsKsssssN}", "documents",
		(unsigned long long)info.totals.documents, "bytes", (unsigned long long)info.totals.bytes,
		"pretokens", (unsigned long long)info.totals.pretokens, "words",
		(unsigned long long)info.totals.words, "bad_lines",
		(unsigned long long)info.totals.bad_lines, "pattern", info.pattern, "unicode_version",
		info.unicode_version, "special_tokens", tokens);
}

/* ---- Words, sorted by their bytes ---- */

static pmill_bytes get_word(PyObject *self, size_t index, int64_t *count)
{
	pmill_bytes word = {NULL, 0};
	pmill_counts_get_word(as_counts(self), index, &word, count);
	return word;
}

static int compare_bytes(pmill_bytes a, pmill_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static Py_ssize_t counts_length(PyObject *self)
{
	return (Py_ssize_t)get_info(self).totals.words;
}

/* The word's count, 0 if it doesn't occur. */
static int64_t find_count(PyObject *self, pmill_bytes wanted)
{
	size_t begin = 0, end = (size_t)counts_length(self);
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		int64_t count = 0;
		int order = compare_bytes(get_word(self, middle, &count), wanted);
		if (order == 0)
			return count;
		if (order < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return 0;
}

static PyObject *counts_subscript(PyObject *self, PyObject *key)
{
	struct core_text word;
	if (!core_text_borrow(key, &word))
		return NULL;
	int64_t count = find_count(self, (pmill_bytes){word.data, word.len});
	core_text_release(&word);
	return PyLong_FromLongLong(count);
}

static int counts_contains(PyObject *self, PyObject *key)
{
	struct core_text word;
	if (!core_text_borrow(key, &word))
		return -1;
	int64_t count = find_count(self, (pmill_bytes){word.data, word.len});
	core_text_release(&word);
	return count > 0;
}

/* A list of (word, count) for the words from begin to end. */
static PyObject *counts_slice(PyObject *self, PyObject *args)
{
	Py_ssize_t begin, end;
	if (!PyArg_ParseTuple(args, "nn", &begin, &end))
		return NULL;
	Py_ssize_t all = counts_length(self);
	end = end < all ? end : all;
	begin = begin < 0 ? 0 : begin < end ? begin : end;
	PyObject *list = PyList_New(end - begin);
	for (Py_ssize_t i = begin; list != NULL && i < end; i++) {
		int64_t count = 0;
		pmill_bytes word = get_word(self, (size_t)i, &count);
		PyObject *item = Py_BuildValue("(y#L)", word.data, (Py_ssize_t)word.len, (long long)count);
		if (item == NULL)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, i - begin, item);
	}
	return list;
}

/* ---- Adding up ---- */

static pmill_status add_all(
	PyObject *const *counts, size_t count, pmill_counts **sum, pmill_error *error)
{
	pmill_counts_info info = get_info(counts[0]);
	pmill_text_options text = {.size = sizeof text,
		.pattern = info.pattern,
		.unicode_version = info.unicode_version,
		.special_tokens = info.special_tokens,
		.special_token_count = info.special_token_count};
	pmill_run_options run = {.size = sizeof run, .threads = 1};
	pmill_counter *counter = NULL;
	pmill_status status = pmill_counter_create(&text, &run, &counter, error);
	for (size_t i = 0; status == PMILL_OK && i < count; i++)
		status = pmill_counter_add_counts(counter, as_counts(counts[i]), error);
	if (status == PMILL_OK)
		status = pmill_counter_take(counter, sum, error);
	pmill_counter_free(counter);
	return status;
}

/* The sum of a list of Counts, not empty. */
static PyObject *counts_sum(PyObject *type, PyObject *list)
{
	PyObject *tuple = PySequence_Tuple(list);
	if (tuple == NULL)
		return NULL;
	struct core_holder holder = {0};
	size_t count = (size_t)PyTuple_Size(tuple);
	PyObject **items = core_hold_memory(&holder, count * sizeof *items);
	PyObject *sum = NULL;
	bool worked = items != NULL && count > 0;
	for (size_t i = 0; worked && i < count; i++) {
		items[i] = PyTuple_GetItem(tuple, (Py_ssize_t)i);
		worked = PyObject_TypeCheck(items[i], core.counts);
	}
	if (worked) {
		pmill_counts *made;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = add_all(items, count, &made, &error);
		PyEval_RestoreThread(thread);
		sum = status == PMILL_OK ? core_wrap_counts((PyTypeObject *)type, made)
								 : core_raise(&error);
	} else if (!PyErr_Occurred()) {
		PyErr_SetString(PyExc_TypeError, "expected Counts, at least one");
	}
	core_holder_release(&holder);
	Py_DECREF(tuple);
	return sum;
}

/* ---- The type ---- */

static PyObject *counts_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	(void)type;
	(void)args;
	(void)keywords;
	PyErr_SetString(PyExc_TypeError, "Counts come from count(), Counts.load() or a sum");
	return NULL;
}

static void counts_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	pmill_counts_free(((struct counts *)self)->counts);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF(type);
}

static PyMethodDef counts_methods[] = {
	{"_load", counts_load, METH_VARARGS | METH_CLASS, NULL},
	{"_sum", counts_sum, METH_O | METH_CLASS, NULL},
	{"_save", counts_save, METH_VARARGS, NULL},
	{"_info", counts_info, METH_NOARGS, NULL},
	{"_slice", counts_slice, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot counts_slots[] = {
	{Py_tp_doc, (void *)"Counts()\n--\n\nWhat pairmill.Counts is made of."},
	{Py_tp_new, counts_new},
	{Py_tp_dealloc, counts_dealloc},
	{Py_tp_methods, counts_methods},
	{Py_mp_length, counts_length},
	{Py_mp_subscript, counts_subscript},
	{Py_sq_contains, counts_contains},
	{0, NULL},
};

static PyType_Spec counts_spec = {
	.name = "pairmill._core.Counts",
	.basicsize = sizeof(struct counts),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = counts_slots,
};

bool core_add_counts(PyObject *module)
{
	core.counts = core_make_type(module, &counts_spec);
	return core.counts != NULL;
}
