/* Cuts text that ends at an inaccessible page, and compares with the cuts that are right. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_CHECK_CUTS_H
#define PMILL_TESTS_SUPPORT_CHECK_CUTS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pretokenize/pretokenizer.h"

/* ---- Text before an inaccessible page ---- */

static size_t page_size;
static uint8_t *guarded; /* two pages, the second inaccessible */

static inline int open_guard(void **state)
{
	(void)state;
	page_size = (size_t)sysconf(_SC_PAGESIZE);
	guarded = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return guarded == MAP_FAILED || mprotect(guarded + page_size, page_size, PROT_NONE) != 0;
}

static inline int close_guard(void **state)
{
	(void)state;
	return munmap(guarded, 2 * page_size);
}

static inline const uint8_t *put_before_guard(const char *text, size_t len)
{
	assert_true(len <= page_size);
	uint8_t *begin = guarded + page_size - len;
	memcpy(begin, text, len);
	return begin;
}

/* ---- Cutting ---- */

static inline struct pmill_pretokenizer *make(const char *pattern, const char *scanner)
{
	struct pmill_pretokenizer *pretokenizer;
	pmill_error error;
	pmill_status status = pmill_pretokenizer_create(pattern, NULL, scanner, &pretokenizer, &error);
	if (status != PMILL_OK)
		fail_msg("%s: %s", pattern, error.message);
	return pretokenizer;
}

/* `expected` is `text` with bars between its pretokens. */
static inline void check_cuts(struct pmill_pretoken_cursor *cursor, const char *text, size_t len,
	bool is_final, const char *expected)
{
	char got[400];
	size_t used = 0, begin = 0, count;
	const uint8_t *bytes = put_before_guard(text, len);
	assert_int_equal(pmill_pretoken_cursor_start(cursor, bytes, len, is_final, NULL), PMILL_OK);
	do {
		size_t ends[3];
		assert_int_equal(pmill_pretoken_cursor_next(cursor, ends, 3, &count, NULL), PMILL_OK);
		for (size_t i = 0; i < count; i++) {
			if (begin > 0)
				got[used++] = '|';
			memcpy(got + used, bytes + begin, ends[i] - begin);
			used += ends[i] - begin;
			begin = ends[i];
		}
		assert_int_equal(cursor->position, begin);
	} while (count > 0);
	got[used] = '\0';
	assert_string_equal(got, expected);
}

static inline size_t remove_bars(const char *expected, char *text)
{
	size_t len = 0;
	for (; *expected != '\0'; expected++) {
		if (*expected != '|')
			text[len++] = *expected;
	}
	return len;
}

#endif
