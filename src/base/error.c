/* Errors: how messages are formed. */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *pmill_version(void)
{
#define TEXT(x) #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)
	return VERSION(PMILL_VERSION_MAJOR, PMILL_VERSION_MINOR, PMILL_VERSION_PATCH);
#undef VERSION
#undef TEXT
}

const char *pmill_status_text(pmill_status status)
{
	switch (status) {
	case PMILL_OK: return "done";
	case PMILL_NO_MEMORY: return "out of memory";
	case PMILL_BAD_OPTION: return "bad option";
	case PMILL_BAD_INPUT: return "bad input";
	case PMILL_IO: return "input/output error";
	case PMILL_EXISTS: return "already exists";
	case PMILL_OVERFLOW: return "number too large";
	case PMILL_UNSUPPORTED: return "not supported";
	case PMILL_CANCELLED: return "cancelled";
	case PMILL_MEMORY_LIMIT: return "memory limit exceeded";
	}
	return "unknown status";
}

static void start_error(pmill_error *error, pmill_status status, uint64_t offset)
{
	error->status = status;
	error->offset = offset;
	error->message[0] = '\0';
}

pmill_status pmill_fail(
	pmill_error *error, pmill_status status, uint64_t offset, const char *format, ...)
{
	if (error == NULL)
		return status;
	start_error(error, status, offset);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	return status;
}

pmill_status pmill_fail_memory(pmill_error *error)
{
	return pmill_fail(
		error, PMILL_NO_MEMORY, PMILL_NO_OFFSET, "%s", pmill_status_text(PMILL_NO_MEMORY));
}

pmill_status pmill_fail_errno(
	pmill_error *error, const char *name, const char *verb, int error_number)
{
	char reason[200];
	/* The XSI strerror_r, which reports failure and is thread-safe. */
	if (strerror_r(error_number, reason, sizeof reason) != 0)
		snprintf(reason, sizeof reason, "error %d", error_number);
	return pmill_fail(error, PMILL_IO, PMILL_NO_OFFSET, "%s: %s: %s", name, verb, reason);
}

/* Rounds the need up and the limit down, so that the need always reads as the larger one. */
static void append_figures(pmill_error *error, size_t used, uint64_t needed, uint64_t limit)
{
	const uint64_t mib = UINT64_C(1) << 20;
	uint64_t tenths = needed % mib * 10 / mib + (needed % mib * 10 % mib > 0);
	snprintf(error->message + used, sizeof error->message - used,
		" %llu.%llu MiB of memory, more than the limit of %llu.%llu MiB",
		(unsigned long long)(needed / mib + tenths / 10), (unsigned long long)(tenths % 10),
		(unsigned long long)(limit / mib), (unsigned long long)(limit % mib * 10 / mib));
}

pmill_status pmill_fail_limit(
	pmill_error *error, uint64_t needed, uint64_t limit, const char *format, ...)
{
	if (error == NULL)
		return PMILL_MEMORY_LIMIT;
	start_error(error, PMILL_MEMORY_LIMIT, PMILL_NO_OFFSET);
	va_list arguments;
	va_start(arguments, format);
	int used = vsnprintf(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	if (used >= 0 && (size_t)used < sizeof error->message)
		append_figures(error, (size_t)used, needed, limit);
	return PMILL_MEMORY_LIMIT;
}

pmill_status pmill_fail_longest(
	pmill_error *error, const char *name, uint64_t offset, const char *what, uint64_t longest)
{
	return pmill_fail(error, PMILL_MEMORY_LIMIT, offset,
		"%s: byte %llu: here begins a %s of more than %llu bytes, which is what the memory limit "
		"leaves for one; raise the limit, or use fewer threads",
		name, (unsigned long long)offset, what, (unsigned long long)longest);
}

pmill_status pmill_fail_input(
	pmill_error *error, const char *name, uint64_t offset, const char *format, ...)
{
	if (error == NULL)
		return PMILL_BAD_INPUT;
	start_error(error, PMILL_BAD_INPUT, offset);
	int used = snprintf(
		error->message, sizeof error->message, "%s: byte %llu: ", name, (unsigned long long)offset);
	if (used < 0 || (size_t)used >= sizeof error->message)
		return PMILL_BAD_INPUT;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->message + used, sizeof error->message - (size_t)used, format, arguments);
	va_end(arguments);
	return PMILL_BAD_INPUT;
}

void pmill_list_names(char *list, size_t capacity, pmill_name_at *name_at)
{
	size_t used = 0;
	list[0] = '\0';
	for (size_t i = 0; name_at(i) != NULL && used < capacity; i++)
		used += (size_t)snprintf(list + used, capacity - used, i > 0 ? ", %s" : "%s", name_at(i));
}

pmill_status pmill_fail_unknown(
	pmill_error *error, const char *kind, const char *name, pmill_name_at *name_at)
{
	char known[300];
	pmill_list_names(known, sizeof known, name_at);
	const char *nearest = pmill_nearest_name(name, name_at);
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"unknown %s \"%.100s\" (known: %s)%s%s%s", kind, name, known,
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

void pmill_error_locate(pmill_error *error, const char *name, uint64_t base)
{
	if (error == NULL || error->status != PMILL_BAD_INPUT || error->offset == PMILL_NO_OFFSET)
		return;
	char message[sizeof error->message];
	memcpy(message, error->message, sizeof message);
	pmill_fail_input(error, name, base + error->offset, "%s", message);
}

pmill_status pmill_error_move(pmill_status status, uint64_t by, pmill_error *error)
{
	if (status != PMILL_OK && error != NULL && error->offset != PMILL_NO_OFFSET)
		error->offset += by;
	return status;
}
