/* Structs of the public header that begin with their size: read and written across versions. */
/* SPDX-License-Identifier: MIT */
#include "base/sized_struct.h"

#include <string.h>

#include "base/error.h"

enum { MAX_SIZE = 1 << 16 }; /* more is a size that was never set */

static size_t size_of(const void *caller)
{
	size_t size;
	memcpy(&size, caller, sizeof size);
	return size;
}

static int has_unknown_part(const unsigned char *caller, size_t known_size)
{
	for (size_t i = known_size; i < size_of(caller); i++)
		if (caller[i] != 0)
			return 1;
	return 0;
}

pmill_status pmill_sized_struct_check(
	const void *caller, size_t known_size, const char *name, pmill_error *error)
{
	if (caller == NULL)
		return PMILL_OK;
	size_t size = size_of(caller);
	if (size < sizeof size || size > MAX_SIZE)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: its size is %zu; set it to sizeof (%s)", name, size, name);
	if (has_unknown_part(caller, known_size))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%s: sets a field that version %s of the library does not have: it knows %zu of %zu "
			"bytes",
			name, pmill_version(), known_size, size);
	return PMILL_OK;
}

pmill_status pmill_sized_struct_read(
	void *to, size_t to_size, const void *from, const char *name, pmill_error *error)
{
	pmill_status status = pmill_sized_struct_check(from, to_size, name, error);
	if (status != PMILL_OK)
		return status;
	memset(to, 0, to_size);
	if (from != NULL)
		memcpy(to, from, size_of(from) < to_size ? size_of(from) : to_size);
	memcpy(to, &to_size, sizeof to_size);
	return PMILL_OK;
}

pmill_status pmill_sized_struct_write(
	void *to, const void *from, size_t from_size, const char *name, pmill_error *error)
{
	pmill_status status = pmill_sized_struct_check(to, from_size, name, error);
	if (status != PMILL_OK)
		return status;
	size_t size = size_of(to);
	memcpy(to, from, size < from_size ? size : from_size);
	memcpy(to, &size, sizeof size);
	return PMILL_OK;
}
