/* A progress callback that checks what it hears of one stage, and may stop it. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_WATCH_PROGRESS_H
#define PMILL_TESTS_SUPPORT_WATCH_PROGRESS_H

#include "pairmill.h"

/* Include cmocka.h before. */
struct watch {
	const char *stage, *unit; /* expected */
	uint64_t done, total;     /* heard last */
	size_t calls, stop_at;    /* 0: never */
};

static inline int watch_progress(void *context, const pmill_progress *progress)
{
	struct watch *watch = context;
	assert_string_equal(progress->stage, watch->stage);
	assert_string_equal(progress->unit, watch->unit);
	assert_true(progress->done >= watch->done && progress->done <= progress->total);
	watch->done = progress->done;
	watch->total = progress->total;
	return ++watch->calls == watch->stop_at;
}

#endif
