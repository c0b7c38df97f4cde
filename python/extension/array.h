/* An array of ids or offsets, as arrays.c and its users see it. */
/* SPDX-License-Identifier: MIT */
#ifndef PAIRMILL_CORE_ARRAY_H
#define PAIRMILL_CORE_ARRAY_H

#include "core.h"

#include <stdint.h>

struct array {
	PyObject_HEAD PyObject *owner; /* keeps `data` */
	const void *data;
	unsigned item_bytes; /* 2, 4 or 8 */
	unsigned columns;    /* 1 or 2 */
	Py_ssize_t shape[2], strides[2];
};

/* A TokenArray with a copy of the ids. */
PyObject *core_copied_array(const void *data, size_t count, unsigned id_bytes);
/* An OffsetArray of `count` rows over memory that `owner` keeps. */
PyObject *core_offset_array(PyObject *owner, const uint64_t *data, size_t count, unsigned columns);

/* ---- What every array does (arrays.c): slots and methods ---- */

void core_array_dealloc(PyObject *self);
Py_ssize_t core_array_length(PyObject *self);
PyObject *core_array_item(PyObject *self, Py_ssize_t index);
PyObject *core_array_subscript(PyObject *self, PyObject *key);
PyObject *core_array_compare(PyObject *self, PyObject *other, int operation);
PyObject *core_array_repr(PyObject *self);
int core_array_get_buffer(PyObject *self, Py_buffer *view, int flags);
PyObject *core_array_list(PyObject *self, PyObject *none);
PyObject *core_array_bytes(PyObject *self, PyObject *none);
/* "uint16", "uint32" or "uint64". */
const char *core_number_name(const struct array *array);
extern PyType_Spec core_memory_spec;

/* ---- Methods of any sequence: count(value), index(value, start=0, stop=...) ---- */

PyObject *core_sequence_count(PyObject *self, PyObject *value);
PyObject *core_sequence_index(PyObject *self, PyObject *args);
#define CORE_SEQUENCE_METHODS                                                                      \
	{"count", core_sequence_count, METH_O,                                                         \
		"count($self, value, /)\n--\n\nHow many items are equal to the value: an int."},           \
	{                                                                                              \
		"index", core_sequence_index, METH_VARARGS,                                                \
			"index($self, value, start=0, stop=sys.maxsize, /)\n--\n\n"                            \
			"The index of the first item that is equal to the value, from ``start`` on and "       \
			"before\n"                                                                             \
			"``stop``. Raises ValueError if there is none."                                        \
	}

/* Compares what `to_list` gives with `other`, if that is a list. */
PyObject *core_compare_list(PyObject *self, PyObject *other, int operation, PyCFunction to_list);

/* ---- Arrow (arrow_out.c) ---- */

PyObject *core_arrow_id_schema(unsigned id_bytes);
PyObject *core_arrow_list_schema(unsigned id_bytes);

#endif
