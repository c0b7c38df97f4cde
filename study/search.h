/* The ways to find the best pair: their input, and their description. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_SEARCH_H
#define PMILL_STUDY_SEARCH_H

#include "process.h"
#include "state.h"

struct pmill_study_system;

/* For tests: a worker that kills itself. */
struct pmill_study_fault {
	unsigned worker; /* from 1; 0: none */
	uint64_t merge;  /* at which it does so, from 1 */
};

/* One run of one system. */
struct pmill_study_search {
	const struct pmill_study_system *system;
	unsigned workers;
	struct pmill_study_state state;
	struct pmill_study_times times;
	uint64_t merge; /* the one being searched for, from 1 */
	struct pmill_study_crew crew;
	struct pmill_study_fault fault;
	/* The table copied to an array: see pmill_study_search_copy. */
	struct pmill_study_item *items;
	size_t item_count, item_capacity;
	void *own; /* the system's own state between merges */
};

/* One way to find the best pair. Any may fail; stop is always called, and frees what start made. */
struct pmill_study_finder {
	pmill_status (*start)(
		struct pmill_study_search *search, pmill_error *error); /* NULL: nothing */
	/* Finds the best pair; count 0: none is left. Adds to the times of its sections. */
	pmill_status (*find)(
		struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error);
	pmill_status (*stop)(struct pmill_study_search *search, pmill_error *error); /* NULL: nothing */
};

enum pmill_study_sending { PMILL_STUDY_IN_ORDER, PMILL_STUDY_SHUFFLED };

/* A row of the table. Systems may share a finder; the row says how they differ. */
struct pmill_study_system {
	const char *name;    /* of --systems */
	const char *article; /* the article's name for it, or NULL */
	const char *summary;
	const struct pmill_study_finder *finder; /* NULL: the library merges, in batches on threads */
	bool has_workers;                        /* if not, it runs once, whatever --workers says */
	bool is_pinned;                          /* each worker stays on one processor */
	bool is_deep_copy; /* the array is serialised and read back before the workers are forked */
	enum pmill_study_sending sending; /* which worker gets which chunk */
};

extern const struct pmill_study_finder pmill_study_find_serial, pmill_study_find_time2,
	pmill_study_find_heap, pmill_study_find_forked, pmill_study_find_pool, pmill_study_find_spawned,
	pmill_study_find_threads, pmill_study_find_team, pmill_study_find_shared;

/* Copies the table's pairs to an array: section copy. */
pmill_status pmill_study_search_copy(struct pmill_study_search *search, pmill_error *error);

/* Worker i of n gets [begin, end): chunks of count / n, the rest to the last. */
struct pmill_study_range {
	size_t begin, end;
};
struct pmill_study_range pmill_study_search_chunk(size_t count, unsigned workers, unsigned worker);

/* What a worker found, and how long it searched. */
struct pmill_study_finding {
	struct pmill_study_item best;
	uint64_t compute_ns;
};
bool pmill_study_put_finding(
	struct pmill_buffer *message, const struct pmill_study_finding *finding);
struct pmill_study_finding pmill_study_get_finding(const struct pmill_buffer *message);
/* The best of all findings; adds the slowest worker's time to section compute. */
struct pmill_study_item pmill_study_search_reduce(
	struct pmill_study_search *search, const struct pmill_study_finding *findings, unsigned count);

/* For tests: doesn't return if it is this worker's turn to die. */
void pmill_study_search_fault(const struct pmill_study_search *search, unsigned worker);

/* Writes a task: a chunk, the strings of all pairs, and where the chunk begins in them. */
bool pmill_study_put_task(struct pmill_buffer *message, const struct pmill_study_search *search,
	const struct pmill_study_item *chunk, size_t count, size_t begin);
/*
 * Reads a task and searches its chunk: the work of pooled and spawned workers. Returns false on a
 * bad message or if out of memory.
 */
bool pmill_study_do_task(const struct pmill_buffer *message, struct pmill_study_finding *finding);

/* A spawned worker's work; returns the exit code. */
int pmill_study_spawned_worker(void);

/* Adds the time since `began` to a section. */
void pmill_study_search_note(
	struct pmill_study_search *search, enum pmill_study_section section, uint64_t began);

#endif
