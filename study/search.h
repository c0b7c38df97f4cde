/* The ways to find the best pair: what they get, and what they say of themselves. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_STUDY_SEARCH_H
#define PMILL_STUDY_SEARCH_H

#include "process.h"
#include "state.h"

struct pmill_study_system;

/* For tests: a worker that kills itself. */
struct pmill_study_fault {
	unsigned worker; /* from 1; 0: none */
	uint64_t merge;  /* at which it does, from 1 */
};

/* One run of one system. */
struct pmill_study_search {
	const struct pmill_study_system *system;
	unsigned workers;
	struct pmill_study_state state;
	struct pmill_study_times times;
	uint64_t merge; /* the one that is looked for, from 1 */
	struct pmill_study_crew crew;
	struct pmill_study_fault fault;
	/* The table copied to an array: see pmill_study_search_copy. */
	struct pmill_study_item *items;
	size_t item_count, item_capacity;
	void *own; /* what the system keeps from merge to merge */
};

/* One way to find the best pair. Any may fail; stop is called in any case, and takes what start left. */
struct pmill_study_finder {
	pmill_status (*start)(
		struct pmill_study_search *search, pmill_error *error); /* NULL: nothing */
	/* Count 0: no pair is left. Adds to the times of its sections. */
	pmill_status (*find)(
		struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error);
	pmill_status (*stop)(struct pmill_study_search *search, pmill_error *error); /* NULL: nothing */
};

enum pmill_study_sending { PMILL_STUDY_IN_ORDER, PMILL_STUDY_SHUFFLED };

/* A row. What systems share is the finder; what makes one of it is said here. */
struct pmill_study_system {
	const char *name;    /* of --systems */
	const char *article; /* the article's name, or NULL */
	const char *summary;
	const struct pmill_study_finder *finder; /* NULL: the library merges, in batches on threads */
	bool has_workers;                        /* else it runs once, whatever --workers says */
	bool is_pinned;                          /* each worker stays on one processor */
	bool is_deep_copy; /* the array is serialised and read back before the workers are forked */
	enum pmill_study_sending sending; /* which worker gets which chunk */
};

extern const struct pmill_study_finder pmill_study_find_serial, pmill_study_find_time2,
	pmill_study_find_heap, pmill_study_find_forked, pmill_study_find_pool, pmill_study_find_spawned,
	pmill_study_find_threads, pmill_study_find_team, pmill_study_find_shared;

/* The pairs of the table as an array: section copy. */
pmill_status pmill_study_search_copy(struct pmill_study_search *search, pmill_error *error);

/* Worker i of n gets [begin, end): chunks of count / n, the rest to the last. */
struct pmill_study_range {
	size_t begin, end;
};
struct pmill_study_range pmill_study_search_chunk(size_t count, unsigned workers, unsigned worker);

/* What a worker has found, and how long it searched. */
struct pmill_study_finding {
	struct pmill_study_item best;
	uint64_t compute_ns;
};
bool pmill_study_put_finding(
	struct pmill_buffer *message, const struct pmill_study_finding *finding);
struct pmill_study_finding pmill_study_get_finding(const struct pmill_buffer *message);
/* The best of all; the slowest one's time is added to section compute. */
struct pmill_study_item pmill_study_search_reduce(
	struct pmill_study_search *search, const struct pmill_study_finding *findings, unsigned count);

/* For tests: does not return if it is this worker's turn to die. */
void pmill_study_search_fault(const struct pmill_study_search *search, unsigned worker);

/* A task as a message: a chunk, the strings of all pairs, and where in those the chunk begins. */
bool pmill_study_put_task(struct pmill_buffer *message, const struct pmill_study_search *search,
	const struct pmill_study_item *chunk, size_t count, size_t begin);
/* Reads a task back and searches its chunk: what pooled and spawned workers do. False: a bad message, or no memory. */
bool pmill_study_do_task(const struct pmill_buffer *message, struct pmill_study_finding *finding);

/* What a spawned worker does; the exit code. */
int pmill_study_spawned_worker(void);

/* Adds the time since `began` to a section. */
void pmill_study_search_note(
	struct pmill_study_search *search, enum pmill_study_section section, uint64_t began);

#endif
