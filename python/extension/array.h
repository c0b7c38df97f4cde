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
PyObject *core_arrow_id_schema(unsigned id_bytes);
PyObject *core_arrow_list_schema(unsigned id_bytes);

#endif
