/* Text borrowed from Python objects. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core.h"

bool core_text_borrow(PyObject *object, struct core_text *text)
{
	text->has_buffer = false;
	if (PyUnicode_Check(object)) {
		Py_ssize_t len;
		text->data = PyUnicode_AsUTF8AndSize(object, &len);
		text->len = (size_t)len;
		return text->data != NULL;
	}
	if (!PyObject_CheckBuffer(object)) {
		PyErr_SetString(PyExc_TypeError, "text must be a str or bytes-like object");
		return false;
	}
	if (PyObject_GetBuffer(object, &text->buffer, PyBUF_SIMPLE) != 0)
		return false;
	text->data = text->buffer.buf;
	text->len = (size_t)text->buffer.len;
	text->has_buffer = true;
	return true;
}

void core_text_release(struct core_text *text)
{
	if (text->has_buffer)
		PyBuffer_Release(&text->buffer);
	text->has_buffer = false;
}

/* Borrows from a bytes-like object, whose buffer is held until the texts are released. */
static bool borrow_buffer(PyObject *object, struct core_texts *texts, pmill_bytes *text)
{
	if (texts->buffers == NULL) {
		texts->buffers = PyMem_Calloc(texts->count, sizeof *texts->buffers);
		if (texts->buffers == NULL) {
			PyErr_NoMemory();
			return false;
		}
	}
	Py_buffer *buffer = &texts->buffers[texts->buffer_count];
	if (PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE) != 0)
		return false;
	texts->buffer_count++;
	*text = (pmill_bytes){buffer->buf, (size_t)buffer->len};
	return true;
}

static bool borrow_item(PyObject *object, struct core_texts *texts, pmill_bytes *text)
{
	Py_ssize_t len;
	if (PyUnicode_Check(object)) {
		const char *data = PyUnicode_AsUTF8AndSize(object, &len);
		*text = (pmill_bytes){data, (size_t)len};
		return data != NULL;
	}
	if (PyBytes_Check(object)) {
		*text = (pmill_bytes){PyBytes_AsString(object), (size_t)PyBytes_Size(object)};
		return true;
	}
	if (PyObject_CheckBuffer(object))
		return borrow_buffer(object, texts, text);
	PyErr_Format(PyExc_TypeError, "texts: item %zd is not a str or bytes-like object",
		(Py_ssize_t)(text - texts->texts));
	return false;
}

bool core_texts_borrow(PyObject *object, struct core_texts *texts)
{
	*texts = (struct core_texts){0};
	if (core_is_arrow(object))
		return core_arrow_borrow(object, texts);
	if (PyUnicode_Check(object) || PyObject_CheckBuffer(object)) {
		PyErr_SetString(PyExc_TypeError, "expected a list of texts, not one");
		return false;
	}
	texts->held = PySequence_Tuple(object);
	if (texts->held == NULL)
		return false;
	texts->count = (size_t)PyTuple_Size(texts->held);
	texts->texts = PyMem_Calloc(texts->count + 1, sizeof *texts->texts);
	if (texts->texts == NULL) {
		core_texts_release(texts);
		PyErr_NoMemory();
		return false;
	}
	for (size_t i = 0; i < texts->count; i++) {
		if (!borrow_item(PyTuple_GetItem(texts->held, (Py_ssize_t)i), texts, &texts->texts[i])) {
			core_texts_release(texts);
			return false;
		}
	}
	return true;
}

void core_texts_release(struct core_texts *texts)
{
	for (size_t i = 0; i < texts->buffer_count; i++)
		PyBuffer_Release(&texts->buffers[i]);
	PyMem_Free(texts->buffers);
	PyMem_Free(texts->texts);
	Py_XDECREF(texts->held);
	if (texts->arrow != NULL)
		core_arrow_release(texts->arrow);
	*texts = (struct core_texts){0};
}
