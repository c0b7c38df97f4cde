/* Counter: text in, counts or a tokenizer out; the record of a training. */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>

#include "counts.h"
#include "tokenizer.h"

struct counter {
	PyObject_HEAD pmill_counter *counter;
	struct core_progress progress; /* what the counter's progress context points to */
	struct core_holder holder;     /* of the callable */
	atomic_bool is_stopped;        /* texts still to be added are left out */
};

static struct counter *as_counter(PyObject *self)
{
	return (struct counter *)self;
}

static PyObject *counter_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	static char *names[] = {"text", "run", NULL};
	PyObject *text_dict, *run_dict;
	if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!O!:_Counter", names, &PyDict_Type,
			&text_dict, &PyDict_Type, &run_dict))
		return NULL;
	allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	struct counter *self = (struct counter *)allocate(type, 0);
	if (self == NULL)
		return NULL;
	struct core_holder holder = {0};
	pmill_text_options text = {.size = sizeof text};
	pmill_run_options run = {.size = sizeof run};
	pmill_error error;
	bool worked = core_fill_options(text_dict, core_text_options, &text, &holder) &&
		core_fill_run(run_dict, &run, &self->progress, &self->holder);
	if (worked && pmill_counter_create(&text, &run, &self->counter, &error) != PMILL_OK)
		worked = core_raise(&error) != NULL;
	core_holder_release(&holder);
	if (!worked) {
		Py_DECREF(self);
		return NULL;
	}
	return (PyObject *)self;
}

static void counter_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	pmill_counter_free(as_counter(self)->counter);
	core_holder_release(&as_counter(self)->holder);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF(type);
}

/* ---- Text in ---- */

/* Returns the notices: a list of (kind, name, detail). */
static PyObject *counter_add_files(PyObject *self, PyObject *args)
{
	PyObject *paths_object, *dict;
	if (!PyArg_ParseTuple(args, "OO!", &paths_object, &PyDict_Type, &dict))
		return NULL;
	struct core_holder holder = {0};
	const char *const *paths;
	size_t count;
	PyObject *notices = PyList_New(0);
	pmill_input_options input = {
		.size = sizeof input, .notice = core_notice, .notice_context = notices};
	if (notices != NULL && core_fill_paths(paths_object, &paths, &count, &holder) &&
		core_fill_options(dict, core_input_options, &input, &holder)) {
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_counter_add_files(
			as_counter(self)->counter, paths, count, &input, &error);
		PyEval_RestoreThread(thread);
		if (status != PMILL_OK) {
			core_raise(&error);
			Py_CLEAR(notices);
		}
	} else {
		Py_CLEAR(notices);
	}
	core_holder_release(&holder);
	return notices;
}

/*
 * Each text is a document. With (texts, part, parts), counts that part of them only. Any number of
 * threads may call this at once.
 */
static PyObject *counter_add_texts(PyObject *self, PyObject *args)
{
	PyObject *object;
	Py_ssize_t part = 0, parts = 1;
	struct core_texts texts;
	if (!PyArg_ParseTuple(args, "O|nn", &object, &part, &parts) ||
		!core_texts_borrow(object, &texts))
		return NULL;
	size_t begin = texts.count * (size_t)part / (size_t)parts;
	size_t end = texts.count * (size_t)(part + 1) / (size_t)parts;
	pmill_error error;
	pmill_status status = PMILL_OK;
	PyThreadState *thread = PyEval_SaveThread();
	for (size_t i = begin; status == PMILL_OK && i < end && !as_counter(self)->is_stopped; i++)
		status = pmill_counter_add_text(
			as_counter(self)->counter, texts.texts[i].data, texts.texts[i].len, &error);
	PyEval_RestoreThread(thread);
	core_texts_release(&texts);
	return core_done(status, &error);
}

/* Ends calls of add_texts on other threads soon: what they count is of no use any more. */
static PyObject *counter_stop(PyObject *self, PyObject *none)
{
	(void)none;
	as_counter(self)->is_stopped = true;
	return Py_NewRef(Py_None);
}

static PyObject *counter_add_counts(PyObject *self, PyObject *counts)
{
	if (!PyObject_TypeCheck(counts, core.counts)) {
		PyErr_SetString(PyExc_TypeError, "expected Counts");
		return NULL;
	}
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_counter_add_counts(
		as_counter(self)->counter, as_counts(counts), &error);
	PyEval_RestoreThread(thread);
	return core_done(status, &error);
}

/* ---- Counts and tokenizers out ---- */

static PyObject *counter_take(PyObject *self, PyObject *type)
{
	pmill_counts *counts;
	pmill_error error;
	PyThreadState *thread = PyEval_SaveThread();
	pmill_status status = pmill_counter_take(as_counter(self)->counter, &counts, &error);
	PyEval_RestoreThread(thread);
	return status == PMILL_OK ? core_wrap_counts((PyTypeObject *)type, counts) : core_raise(&error);
}

static pmill_status save_counter(
	PyObject *self, const char *path, unsigned flags, pmill_error *error)
{
	return pmill_counter_save(as_counter(self)->counter, path, flags, NULL, error);
}

static PyObject *counter_save(PyObject *self, PyObject *args)
{
	return core_save_counts(self, args, save_counter);
}

static PyObject *counter_bad_files(PyObject *self, PyObject *none)
{
	(void)none;
	pmill_counter_info info = {.size = sizeof info};
	pmill_status status = pmill_counter_get_info(as_counter(self)->counter, &info);
	return status == PMILL_OK ? core_bad_files(info.bad_files, info.bad_file_count)
							  : core_raise_status(status);
}

static PyObject *counter_train(PyObject *self, PyObject *args)
{
	PyObject *type, *dict;
	if (!PyArg_ParseTuple(args, "OO!", &type, &PyDict_Type, &dict))
		return NULL;
	struct core_holder holder = {0};
	pmill_train_options options = {.size = sizeof options};
	PyObject *trained = NULL;
	if (core_fill_options(dict, core_train_options, &options, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_train(
			as_counter(self)->counter, &options, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		trained = status == PMILL_OK ? core_wrap_tokenizer((PyTypeObject *)type, tokenizer)
									 : core_raise(&error);
	}
	core_holder_release(&holder);
	return trained;
}

/* Checks options before hours of counting. */
static PyObject *check_train(PyObject *module, PyObject *args)
{
	PyObject *text_dict, *dict;
	(void)module;
	if (!PyArg_ParseTuple(args, "O!O!", &PyDict_Type, &text_dict, &PyDict_Type, &dict))
		return NULL;
	struct core_holder holder = {0};
	pmill_text_options text = {.size = sizeof text};
	pmill_train_options options = {.size = sizeof options};
	bool worked = core_fill_options(text_dict, core_text_options, &text, &holder) &&
		core_fill_options(dict, core_train_options, &options, &holder);
	pmill_error error;
	if (worked && pmill_tokenizer_check_train(&text, &options, &error) != PMILL_OK)
		worked = core_raise(&error) != NULL;
	core_holder_release(&holder);
	return worked ? Py_NewRef(Py_None) : NULL;
}

static PyMethodDef check_train_definition = {"_check_train", check_train, METH_VARARGS, NULL};

static PyObject *train_from_counts(PyObject *type, PyObject *args)
{
	PyObject *counts, *dict, *run_dict;
	if (!PyArg_ParseTuple(
			args, "O!O!O!", core.counts, &counts, &PyDict_Type, &dict, &PyDict_Type, &run_dict))
		return NULL;
	struct core_holder holder = {0};
	struct core_progress progress = {0};
	pmill_train_options options = {.size = sizeof options};
	pmill_run_options run = {.size = sizeof run};
	PyObject *trained = NULL;
	if (core_fill_options(dict, core_train_options, &options, &holder) &&
		core_fill_run(run_dict, &run, &progress, &holder)) {
		pmill_tokenizer *tokenizer;
		pmill_error error;
		PyThreadState *thread = PyEval_SaveThread();
		pmill_status status = pmill_tokenizer_train_from_counts(
			as_counts(counts), &options, &run, &tokenizer, &error);
		PyEval_RestoreThread(thread);
		trained = status == PMILL_OK ? core_wrap_tokenizer((PyTypeObject *)type, tokenizer)
									 : core_raise(&error);
	}
	core_holder_release(&holder);
	return trained;
}

/* ---- The record ---- */

static PyObject *make_stage(const void *context, size_t index)
{
	const pmill_stage *stage = &((const pmill_training *)context)->stages[index];
	return Py_BuildValue("{sssdsK}", "name", stage->name, "seconds", stage->seconds, "peak_memory",
		(unsigned long long)stage->peak_memory);
}

static PyObject *make_input(const void *context, size_t index)
{
	const pmill_input *input = &((const pmill_training *)context)->inputs[index];
	return Py_BuildValue("{sNsKsz}", "name", PyUnicode_DecodeFSDefault(input->name), "bytes",
		(unsigned long long)input->bytes, "sha256", input->sha256);
}

static PyObject *make_merge_count(const void *context, size_t index)
{
	return PyLong_FromLongLong(((const pmill_training *)context)->merge_counts[index]);
}

static PyObject *get_training(PyObject *self, PyObject *none)
{
	(void)none;
	pmill_training training = {.size = sizeof training};
	pmill_status status = pmill_tokenizer_get_training(as_tokenizer(self)->tokenizer, &training);
	if (status != PMILL_OK)
		return core_raise_status(status);
	if (training.version == NULL)
		return Py_NewRef(Py_None);
	size_t merge_count = training.merge_counts == NULL ? 0 : (size_t)training.merges;
	return Py_BuildValue("{sssKsKsKsKsKsKsKsssLsKsIsIszszszsIsNsNsNsKsK}", "version",
		training.version, "documents", (unsigned long long)training.totals.documents, "bytes",
		(unsigned long long)training.totals.bytes, "pretokens",
		(unsigned long long)training.totals.pretokens, "words",
		(unsigned long long)training.totals.words, "bad_lines",
		(unsigned long long)training.totals.bad_lines, "vocab_size_asked",
		(unsigned long long)training.vocab_size_asked, "merges",
		(unsigned long long)training.merges, "stopped", training.stopped, "min_count",
		(long long)training.min_count, "max_token_length",
		(unsigned long long)training.max_token_length, "reserve", (unsigned)training.reserve,
		"pad_vocab_to", (unsigned)training.pad_vocab_to, "ties", training.ties, "layout",
		training.layout, "compat", training.compat, "threads", training.threads, "stages",
		core_make_list(training.stage_count, make_stage, &training), "inputs",
		core_make_list(training.input_count, make_input, &training), "merge_counts",
		core_make_list(merge_count, make_merge_count, &training), "memory_limit",
		(unsigned long long)training.memory_limit, "spilled_runs",
		(unsigned long long)training.spilled_runs);
}

PyMethodDef core_train_methods[] = {
	{"_train_from_counts", train_from_counts, METH_VARARGS | METH_CLASS, NULL},
	{"_training", get_training, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef counter_methods[] = {
	{"add_files", counter_add_files, METH_VARARGS, NULL},
	{"add_texts", counter_add_texts, METH_VARARGS, NULL},
	{"stop", counter_stop, METH_NOARGS, NULL},
	{"add_counts", counter_add_counts, METH_O, NULL},
	{"take", counter_take, METH_O, NULL},
	{"save", counter_save, METH_VARARGS, NULL},
	{"train", counter_train, METH_VARARGS, NULL},
	{"bad_files", counter_bad_files, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot counter_slots[] = {
	{Py_tp_new, counter_new},
	{Py_tp_dealloc, counter_dealloc},
	{Py_tp_methods, counter_methods},
	{0, NULL},
};

static PyType_Spec counter_spec = {
	.name = "pairmill._core._Counter",
	.basicsize = sizeof(struct counter),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = counter_slots,
};

bool core_add_training(PyObject *module)
{
	core.counter = core_make_type(module, &counter_spec);
	PyObject *check = PyCFunction_New(&check_train_definition, NULL);
	bool worked = core.counter != NULL && check != NULL &&
		PyModule_AddObjectRef(module, check_train_definition.ml_name, check) == 0;
	Py_XDECREF(check);
	return worked;
}
