/* Errors of the library as exceptions. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core.h"

static bool ends_with(const char *message, const char *words)
{
	size_t len = strlen(message), words_len = strlen(words);
	return words_len <= len && strcmp(message + len - words_len, words) == 0;
}

/*
 * The library's messages of the system end with its words for the error. With its number, OSError
 * becomes FileNotFoundError, PermissionError and so on.
 */
static int find_errno(const char *message)
{
	static const int numbers[] = {ENOENT, EACCES, EPERM, EISDIR, ENOTDIR, ENOSPC, EFBIG, EDQUOT,
		EROFS, EPIPE, EIO, EMFILE, ENFILE, ENAMETOOLONG, ELOOP, EINVAL, EBADF, ENOTEMPTY, EBUSY};
	if (ends_with(message, " does not exist"))
		return ENOENT;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (ends_with(message, strerror(numbers[i])))
			return numbers[i];
	}
	return 0;
}

static PyObject *make_message(const char *message)
{
	return PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "backslashreplace");
}

static void raise_os_error(int number, const char *text)
{
	PyObject *message = make_message(text);
	if (message == NULL)
		return;
	PyObject *arguments = number == 0 ? Py_BuildValue("(O)", message)
									  : Py_BuildValue("(iO)", number, message);
	if (arguments != NULL)
		PyErr_SetObject(PyExc_OSError, arguments);
	Py_XDECREF(arguments);
	Py_DECREF(message);
}

/* The exception's attribute `offset`: in bytes or what the message names, None if unknown. */
static void raise_with_offset(PyObject *type, const pmill_error *error)
{
	PyObject *message = make_message(error->message);
	PyObject *exception = message == NULL ? NULL : PyObject_CallFunction(type, "(O)", message);
	PyObject *offset = exception == NULL   ? NULL
		: error->offset == PMILL_NO_OFFSET ? Py_NewRef(Py_None)
										   : PyLong_FromUnsignedLongLong(error->offset);
	if (offset != NULL && PyObject_SetAttrString(exception, "offset", offset) == 0)
		PyErr_SetObject(type, exception);
	Py_XDECREF(offset);
	Py_XDECREF(exception);
	Py_XDECREF(message);
}

void core_set_offset(uint64_t offset)
{
	PyObject *type, *exception, *trace;
	PyErr_Fetch(&type, &exception, &trace);
	PyErr_NormalizeException(&type, &exception, &trace);
	PyObject *number = PyLong_FromUnsignedLongLong(offset);
	if (number == NULL || PyObject_SetAttrString(exception, "offset", number) != 0)
		PyErr_Clear();
	Py_XDECREF(number);
	PyErr_Restore(type, exception, trace);
}

PyObject *core_raise(const pmill_error *error)
{
	if (PyErr_Occurred())
		return NULL;
	switch (error->status) {
	case PMILL_NO_MEMORY: return PyErr_NoMemory();
	case PMILL_MEMORY_LIMIT: raise_with_offset(PyExc_MemoryError, error); break;
	case PMILL_IO: raise_os_error(find_errno(error->message), error->message); break;
	case PMILL_EXISTS: raise_os_error(EEXIST, error->message); break;
	case PMILL_CANCELLED: PyErr_SetNone(PyExc_KeyboardInterrupt); break;
	default: raise_with_offset(PyExc_ValueError, error);
	}
	return NULL;
}

PyObject *core_raise_status(pmill_status status)
{
	pmill_error error = {.status = status, .offset = PMILL_NO_OFFSET};
	strncpy(error.message, pmill_status_text(status), sizeof error.message - 1);
	return core_raise(&error);
}

PyObject *core_done(pmill_status status, const pmill_error *error)
{
	return status == PMILL_OK ? Py_NewRef(Py_None) : core_raise(error);
}
