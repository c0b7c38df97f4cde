/* Structs of options, filled from dicts by tables. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "core.h"

#define ROW(type, name, kind)                                                                      \
	{                                                                                              \
#name, kind, offsetof(type, name)                                                          \
	}
#define END                                                                                        \
	{                                                                                              \
		NULL, 0, 0                                                                                 \
	}

const struct core_option core_text_options[] = {
	ROW(pmill_text_options, pattern, OPTION_STRING),
	ROW(pmill_text_options, unicode_version, OPTION_STRING),
	ROW(pmill_text_options, special_tokens, OPTION_TOKENS),
	ROW(pmill_text_options, doc_separator, OPTION_BYTES),
	ROW(pmill_text_options, reserve, OPTION_U32),
	END,
};

const struct core_option core_run_options[] = {
	ROW(pmill_run_options, threads, OPTION_U32),
	ROW(pmill_run_options, memory_limit, OPTION_U64),
	ROW(pmill_run_options, tmp_dir, OPTION_STRING),
	ROW(pmill_run_options, scanner, OPTION_STRING),
	END,
};

const struct core_option core_input_options[] = {
	{"input_format", OPTION_STRING, offsetof(pmill_input_options, format)},
	ROW(pmill_input_options, field, OPTION_STRING),
	ROW(pmill_input_options, skip_bad_lines, OPTION_FLAG),
	ROW(pmill_input_options, sha256, OPTION_FLAG),
	ROW(pmill_input_options, skip_binary, OPTION_FLAG),
	END,
};

const struct core_option core_load_options[] = {
	ROW(pmill_load_options, format, OPTION_STRING),
	ROW(pmill_load_options, pattern, OPTION_STRING),
	ROW(pmill_load_options, unicode_version, OPTION_STRING),
	ROW(pmill_load_options, special_tokens, OPTION_TOKENS),
	ROW(pmill_load_options, encoding, OPTION_STRING),
	END,
};

const struct core_option core_train_options[] = {
	ROW(pmill_train_options, vocab_size, OPTION_U64),
	ROW(pmill_train_options, min_count, OPTION_I64),
	ROW(pmill_train_options, reserve, OPTION_U32),
	ROW(pmill_train_options, pad_vocab_to, OPTION_U32),
	ROW(pmill_train_options, max_token_length, OPTION_U64),
	ROW(pmill_train_options, ties, OPTION_STRING),
	ROW(pmill_train_options, layout, OPTION_STRING),
	ROW(pmill_train_options, compat, OPTION_STRING),
	END,
};

const struct core_option core_encode_file_options[] = {
	ROW(pmill_encode_file_options, doc_separator, OPTION_BYTES),
	ROW(pmill_encode_file_options, eot, OPTION_BYTES),
	ROW(pmill_encode_file_options, bos, OPTION_BYTES),
	ROW(pmill_encode_file_options, shard_tokens, OPTION_U64),
	ROW(pmill_encode_file_options, resume, OPTION_FLAG),
	ROW(pmill_encode_file_options, format, OPTION_STRING),
	{"max_tokens", OPTION_U64, offsetof(pmill_encode_file_options, most_ids)},
	{"offsets", OPTION_FLAG, offsetof(pmill_encode_file_options, add_offsets)},
	END,
};

/* ---- What options point to ---- */

void core_holder_release(struct core_holder *holder)
{
	for (size_t i = 0; i < holder->block_count; i++)
		PyMem_Free(holder->blocks[i]);
	PyMem_Free(holder->blocks);
	Py_XDECREF(holder->objects);
	*holder = (struct core_holder){0};
}

void *core_hold_memory(struct core_holder *holder, size_t len)
{
	void *block = PyMem_Calloc(1, len > 0 ? len : 1);
	void **blocks = block == NULL
		? NULL
		: PyMem_Realloc(holder->blocks, (holder->block_count + 1) * sizeof *blocks);
	if (blocks == NULL) {
		PyMem_Free(block);
		return PyErr_NoMemory();
	}
	holder->blocks = blocks;
	blocks[holder->block_count++] = block;
	return block;
}

bool core_hold_object(struct core_holder *holder, PyObject *object)
{
	if (holder->objects == NULL)
		holder->objects = PyList_New(0);
	return holder->objects != NULL && PyList_Append(holder->objects, object) == 0;
}

/* ---- Values ---- */

static bool fill_string(PyObject *value, const char **string, struct core_holder *holder)
{
	if (!PyUnicode_Check(value)) {
		PyErr_SetString(PyExc_TypeError, "expected a str");
		return false;
	}
	Py_ssize_t len;
	*string = PyUnicode_AsUTF8AndSize(value, &len);
	if (*string == NULL || !core_hold_object(holder, value))
		return false;
	if (strlen(*string) != (size_t)len) {
		PyErr_SetString(PyExc_ValueError, "embedded null character");
		return false;
	}
	return true;
}

static bool fill_bytes(PyObject *value, pmill_bytes *bytes, struct core_holder *holder)
{
	Py_ssize_t len;
	const char *data;
	if (PyUnicode_Check(value)) {
		data = PyUnicode_AsUTF8AndSize(value, &len);
		if (data == NULL)
			return false;
	} else if (PyBytes_Check(value)) {
		data = PyBytes_AsString(value);
		len = PyBytes_Size(value);
	} else {
		PyErr_SetString(PyExc_TypeError, "expected a str or bytes");
		return false;
	}
	*bytes = (pmill_bytes){data, (size_t)len};
	return core_hold_object(holder, value);
}

/* A tuple of what an iterable yields. A single str or bytes, which is also iterable, is refused. */
static PyObject *make_tuple(PyObject *value, const char *what)
{
	if (PyUnicode_Check(value) || PyBytes_Check(value)) {
		PyErr_Format(PyExc_TypeError, "expected a list of %s, not one", what);
		return NULL;
	}
	return PySequence_Tuple(value);
}

struct token_list {
	const pmill_bytes *tokens;
	size_t count;
};

static bool fill_tokens(PyObject *value, struct token_list *list, struct core_holder *holder)
{
	PyObject *tuple = make_tuple(value, "tokens");
	if (tuple == NULL)
		return false;
	size_t count = (size_t)PyTuple_Size(tuple);
	pmill_bytes *tokens = core_hold_memory(holder, count * sizeof *tokens);
	bool worked = tokens != NULL;
	for (size_t i = 0; worked && i < count; i++)
		worked = fill_bytes(PyTuple_GetItem(tuple, (Py_ssize_t)i), &tokens[i], holder);
	Py_DECREF(tuple);
	*list = (struct token_list){tokens, count};
	return worked;
}

static bool fill_ids(PyObject *value, const uint32_t **ids, struct core_holder *holder)
{
	struct core_ids given;
	if (!core_ids_borrow(value, 0, &given))
		return false;
	uint32_t *copy = core_hold_memory(holder, given.count * sizeof *copy);
	if (copy != NULL && given.count > 0)
		memcpy(copy, given.ids, given.count * sizeof *copy);
	core_ids_release(&given);
	*ids = copy;
	return copy != NULL;
}

static bool get_unsigned(PyObject *value, uint64_t most, uint64_t *number)
{
	PyObject *index = PyNumber_Index(value);
	if (index == NULL)
		return false;
	*number = PyLong_AsUnsignedLongLong(index);
	Py_DECREF(index);
	bool fails = *number == UINT64_MAX && PyErr_Occurred();
	if (!fails && *number <= most)
		return true;
	PyErr_Clear();
	PyErr_Format(PyExc_ValueError, "%R is not from 0 to %llu", value, (unsigned long long)most);
	return false;
}

static bool fill_value(
	PyObject *value, enum core_option_kind kind, void *field, struct core_holder *holder)
{
	uint64_t number;
	switch (kind) {
	case OPTION_STRING: return fill_string(value, field, holder);
	case OPTION_BYTES: return fill_bytes(value, field, holder);
	case OPTION_TOKENS: return fill_tokens(value, field, holder);
	case OPTION_IDS: return fill_ids(value, field, holder);
	case OPTION_FLAG: {
		int truth = PyObject_IsTrue(value);
		*(int *)field = truth;
		return truth >= 0;
	}
	case OPTION_U32:
		if (!get_unsigned(value, UINT32_MAX, &number))
			return false;
		*(uint32_t *)field = (uint32_t)number;
		return true;
	case OPTION_I64:
		if (!get_unsigned(value, INT64_MAX, &number))
			return false;
		*(int64_t *)field = (int64_t)number;
		return true;
	case OPTION_U64: return get_unsigned(value, UINT64_MAX, field);
	}
	return false;
}

/* "expected a str" becomes "pattern: expected a str". */
static void name_error(const char *name)
{
	PyObject *type, *value, *trace;
	PyErr_Fetch(&type, &value, &trace);
	if (type == PyExc_TypeError || type == PyExc_ValueError)
		PyErr_Format(type, "%s: %S", name, value);
	else
		PyErr_SetObject(type, value);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
}

static const struct core_option *find_option(const struct core_option *table, PyObject *name)
{
	for (; table->name != NULL; table++) {
		if (PyUnicode_CompareWithASCIIString(name, table->name) == 0)
			return table;
	}
	PyErr_Format(PyExc_TypeError, "unexpected keyword argument '%S'", name);
	return NULL;
}

bool core_fill_options(
	PyObject *dict, const struct core_option *table, void *options, struct core_holder *holder)
{
	PyObject *name, *value;
	Py_ssize_t place = 0;
	while (dict != NULL && PyDict_Next(dict, &place, &name, &value)) {
		if (value == Py_None)
			continue;
		const struct core_option *option = find_option(table, name);
		if (option == NULL)
			return false;
		if (!fill_value(value, option->kind, (char *)options + option->offset, holder)) {
			name_error(option->name);
			return false;
		}
	}
	return true;
}

/* ---- Numbers ---- */

bool core_get_number(const char *name, PyObject *value, uint64_t most, uint64_t *number)
{
	if (get_unsigned(value, most, number))
		return true;
	name_error(name);
	return false;
}

bool core_get_threads(PyObject *value, unsigned *threads)
{
	uint64_t number = 0;
	if (value != NULL && value != Py_None && !core_get_number("threads", value, UINT_MAX, &number))
		return false;
	*threads = (unsigned)number;
	return true;
}

/* ---- Paths ---- */

const char *core_path(PyObject *object, struct core_holder *holder)
{
	PyObject *bytes = NULL;
	if (!PyUnicode_FSConverter(object, &bytes))
		return NULL;
	const char *path = core_hold_object(holder, bytes) ? PyBytes_AsString(bytes) : NULL;
	Py_DECREF(bytes);
	return path;
}

static bool is_path(PyObject *object)
{
	return PyUnicode_Check(object) || PyBytes_Check(object) ||
		PyObject_HasAttrString(object, "__fspath__");
}

bool core_fill_paths(
	PyObject *object, const char *const **paths, size_t *count, struct core_holder *holder)
{
	PyObject *tuple = is_path(object) ? PyTuple_Pack(1, object) : PySequence_Tuple(object);
	if (tuple == NULL)
		return false;
	*count = (size_t)PyTuple_Size(tuple);
	const char **list = core_hold_memory(holder, *count * sizeof *list);
	bool worked = list != NULL;
	for (size_t i = 0; worked && i < *count; i++) {
		list[i] = core_path(PyTuple_GetItem(tuple, (Py_ssize_t)i), holder);
		worked = list[i] != NULL;
	}
	Py_DECREF(tuple);
	*paths = list;
	return worked;
}
