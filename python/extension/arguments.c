/* Sorts the arguments of a call by name. */
/* SPDX-License-Identifier: MIT */
#include "core.h"

static Py_ssize_t find_name(const char *const *names, PyObject *name)
{
	for (Py_ssize_t i = 0; names[i] != NULL; i++) {
		if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0)
			return i;
	}
	return -1;
}

static bool sort_keywords(const char *function, const char *const *names, PyObject *const *args,
	Py_ssize_t nargs, PyObject *keywords, PyObject **values)
{
	Py_ssize_t count = keywords == NULL ? 0 : PyTuple_Size(keywords);
	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *name = PyTuple_GetItem(keywords, i);
		Py_ssize_t place = find_name(names, name);
		if (place < 0 || values[place] != NULL) {
			PyErr_Format(PyExc_TypeError, "%s() got %s argument '%U'", function,
				place < 0 ? "an unexpected keyword" : "two values for", name);
			return false;
		}
		values[place] = args[nargs + i];
	}
	return true;
}

bool core_sort_arguments(const char *function, const char *const *names, Py_ssize_t positional,
	Py_ssize_t required, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords,
	PyObject **values)
{
	if (nargs > positional) {
		PyErr_Format(PyExc_TypeError, "%s() takes at most %zd positional arguments (%zd given)",
			function, positional, nargs);
		return false;
	}
	for (Py_ssize_t i = 0; names[i] != NULL; i++)
		values[i] = i < nargs ? args[i] : NULL;
	if (keywords != NULL && !sort_keywords(function, names, args, nargs, keywords, values))
		return false;
	for (Py_ssize_t i = 0; i < required; i++) {
		if (values[i] == NULL) {
			PyErr_Format(
				PyExc_TypeError, "%s() missing required argument '%s'", function, names[i]);
			return false;
		}
	}
	return true;
}
