/* What a thread that matches and the thread that watches it tell each other. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_REGEX_MATCH_WATCH_H
#define PMILL_REGEX_MATCH_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/progress.h"

/* All zero to begin with. */
struct pmill_match_watch {
	atomic_bool is_stopped;          /* the caller asked to stop: matching fails soon */
	atomic_uint_fast64_t crawled_ns; /* when matching last found itself slow; 0: never */
};

/* How slowly text is matched that the expression is to blame; JIT does 100 times as much. */
enum { PMILL_MATCH_CRAWL_BYTES_PER_S = 1000000 };

/*
 * Gives the running stage a note if it has lasted ten seconds and matching crawls; else takes the
 * note away.
 */
static inline void pmill_match_watch_note(
	struct pmill_match_watch *watch, struct pmill_progress_state *progress)
{
	const uint64_t second_ns = 1000000000, now = pmill_clock_ns();
	const uint64_t crawled = atomic_load_explicit(&watch->crawled_ns, memory_order_relaxed);
	const bool is_crawling = crawled != 0 && now < crawled + 5 * second_ns &&
		now > progress->stage_began_ns + 10 * second_ns;
	progress->note = is_crawling ? "the expression backtracks" : NULL;
}

#endif
