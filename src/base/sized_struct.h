/* Structs of the public header that begin with their size: read and written across versions. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BASE_SIZED_STRUCT_H
#define PMILL_BASE_SIZED_STRUCT_H

#include "pairmill.h"

/*
 * Copies the caller's options over zeroes. NULL is all defaults. PMILL_BAD_OPTION if the size is
 * not set, or if the caller has a newer struct and uses a part of it that this library doesn't
 * know. `name` is that of the type.
 */
pmill_status pmill_sized_struct_read(
	void *to, size_t to_size, const void *from, const char *name, pmill_error *error);

/* The same check alone, for a result before the work that it is the result of. NULL passes. */
pmill_status pmill_sized_struct_check(
	const void *caller, size_t known_size, const char *name, pmill_error *error);

/*
 * Copies a result to the caller's struct as far as the caller knows it; the size stays the
 * caller's.
 */
pmill_status pmill_sized_struct_write(
	void *to, const void *from, size_t from_size, const char *name, pmill_error *error);

#endif
