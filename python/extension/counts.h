/* The extension's Counts and Counter. */
/* SPDX-License-Identifier: MIT */
#ifndef PAIRMILL_CORE_COUNTS_H
#define PAIRMILL_CORE_COUNTS_H

#include "core.h"

struct counts {
	PyObject_HEAD pmill_counts *counts;
};

static inline const pmill_counts *as_counts(PyObject *self)
{
	return ((struct counts *)self)->counts;
}

/* An object of `type`, Counts or a class derived from it. Takes the counts, in any case. */
PyObject *core_wrap_counts(PyTypeObject *type, pmill_counts *counts);
/* A list of (name, count, first line, offset, reason). */
PyObject *core_bad_files(const pmill_bad_lines *files, size_t count);
/* Saves, without the GIL, what `args` say: a path, and whether to overwrite a file. */
typedef pmill_status (*core_save_fn)(
	PyObject *self, const char *path, unsigned flags, pmill_error *error);
PyObject *core_save_counts(PyObject *self, PyObject *args, core_save_fn save);
/* A tuple of bytes. */
PyObject *core_token_tuple(const pmill_bytes *tokens, size_t count);

#endif
