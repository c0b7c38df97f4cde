/* Ids that a caller gives: arrays, buffers of integers of any width, iterables of int. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core.h"

/* A ValueError, unless the value isn't a number at all; the index is its attribute `offset`. */
static bool refuse_id(PyObject *value, size_t before, size_t index)
{
	if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_OverflowError)) {
		PyErr_Clear();
		PyErr_Format(PyExc_ValueError, "ids: %R at index %zu is not an id", value, index);
		core_set_offset(before + index);
	}
	return false;
}

static bool read_id(PyObject *value, size_t before, size_t index, uint32_t *id)
{
	unsigned long number = PyLong_AsUnsignedLong(value);
	if (number == (unsigned long)-1 && PyErr_Occurred()) {
		if (!PyErr_ExceptionMatches(PyExc_TypeError))
			return refuse_id(value, before, index);
		PyErr_Clear();
		PyObject *whole = PyNumber_Index(value);
		number = whole == NULL ? 0 : PyLong_AsUnsignedLong(whole);
		Py_XDECREF(whole);
		if (PyErr_Occurred())
			return refuse_id(value, before, index);
	}
	if (number >= UINT32_MAX)
		return refuse_id(value, before, index);
	*id = (uint32_t)number;
	return true;
}

static bool make_room(struct core_ids *ids, size_t count)
{
	ids->own = PyMem_Malloc((count > 0 ? count : 1) * sizeof *ids->own);
	if (ids->own == NULL) {
		PyErr_NoMemory();
		return false;
	}
	ids->ids = ids->own;
	ids->count = count;
	return true;
}

static bool copy_items(PyObject *object, size_t before, struct core_ids *ids)
{
	PyObject *items = PyList_Check(object) ? Py_NewRef(object) : PySequence_Tuple(object);
	if (items == NULL)
		return false;
	bool is_list = PyList_Check(items);
	size_t count = (size_t)(is_list ? PyList_Size(items) : PyTuple_Size(items));
	bool worked = make_room(ids, count);
	for (size_t i = 0; worked && i < count; i++) {
		/* A list may change while a number of the caller's own type is read. */
		PyObject *item = is_list ? core_list_item(items, (Py_ssize_t)i)
								 : Py_NewRef(PyTuple_GetItem(items, (Py_ssize_t)i));
		worked = item != NULL && read_id(item, before, i, &ids->own[i]);
		Py_XDECREF(item);
	}
	Py_DECREF(items);
	return worked;
}

/*
 * A number of a buffer; -1 if it is negative or too large. Its size, not the letter of its format,
 * says how wide it is: with "<" and "=", letters have other sizes, but ctypes writes "<l" all the
 * same.
 */
static int64_t read_native(const char *place, size_t size, bool is_signed)
{
#define READ(bits)                                                                                 \
	case bits / 8: {                                                                               \
		uint##bits##_t number;                                                                     \
		memcpy(&number, place, sizeof number);                                                     \
		bool is_negative = is_signed && number >> (bits - 1) != 0;                                 \
		uint64_t wide = number;                                                                    \
		return is_negative || wide > UINT32_MAX ? -1 : (int64_t)wide;                              \
	}
	switch (size) {
		READ(8)
		READ(16)
		READ(32)
		READ(64)
	default: return -1;
	}
#undef READ
}

/* The letter of a format of one integer in the machine's order; 0 for anything else. */
static char native_letter(const char *format)
{
	const char *letters = "BHILQbhilq";
	if (format == NULL || format[0] == '\0')
		return 0;
	if (*format == '@' || *format == '=')
		format++;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	else if (*format == '<')
		format++;
#endif
	return format[0] != '\0' && format[1] == '\0' && strchr(letters, *format) != NULL ? *format : 0;
}

static bool copy_buffer(const Py_buffer *view, bool is_signed, size_t before, struct core_ids *ids)
{
	size_t count = (size_t)(view->len / view->itemsize);
	if (!make_room(ids, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *place = (const char *)view->buf + i * (size_t)view->itemsize;
		int64_t number = read_native(place, (size_t)view->itemsize, is_signed);
		if (number < 0 || number >= UINT32_MAX) {
			PyErr_Format(PyExc_ValueError, "ids: the number at index %zu is not an id", i);
			core_set_offset(before + i);
			return false;
		}
		ids->own[i] = (uint32_t)number;
	}
	return true;
}

/*
 * Reads a buffer of integers. Sets `*is_done` unless the object must be read item by item: one of
 * another format, or with gaps, or that is bytes, whose items are bytes and hardly ids.
 */
static bool read_buffer(PyObject *object, size_t before, struct core_ids *ids, bool *is_done)
{
	Py_buffer view;
	if (PyObject_GetBuffer(object, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) != 0) {
		PyErr_Clear();
		return true;
	}
	char letter = native_letter(view.format);
	bool worked = true;
	if (view.ndim > 1) {
		PyErr_Format(PyExc_ValueError, "ids must have one dimension, not %d", view.ndim);
		worked = false;
	} else if (letter != 0 && view.ndim == 1) {
		*is_done = true;
		worked = copy_buffer(&view, strchr("bhilq", letter) != NULL, before, ids);
	}
	PyBuffer_Release(&view);
	return worked;
}

bool core_ids_borrow(PyObject *object, size_t before, struct core_ids *ids)
{
	*ids = (struct core_ids){0};
	const void *data;
	size_t count;
	unsigned id_bytes;
	if (core_array_view(object, &data, &count, &id_bytes) && id_bytes == 4) {
		ids->ids = data;
		ids->count = count;
		ids->held = Py_NewRef(object);
		return true;
	}
	if (PyUnicode_Check(object) || PyBytes_Check(object) || PyByteArray_Check(object)) {
		PyErr_SetString(PyExc_TypeError, "ids must be integers, not text");
		return false;
	}
	bool is_done = false, worked = true;
	if (!PyList_Check(object) && PyObject_CheckBuffer(object))
		worked = read_buffer(object, before, ids, &is_done);
	if (worked && !is_done)
		worked = copy_items(object, before, ids);
	if (!worked)
		core_ids_release(ids);
	return worked;
}

void core_ids_release(struct core_ids *ids)
{
	PyMem_Free(ids->own);
	Py_XDECREF(ids->held);
	*ids = (struct core_ids){0};
}
