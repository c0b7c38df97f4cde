/* A pool of processes over shared memory: pairs and byte strings are copied there once for all. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "base/error.h"
#include "base/progress.h"
#include "search.h"

enum { MOST_WORKERS = 256 };
#define ITEM_BYTES ((size_t)4 << 30) /* reserved only: pages are allocated when written */
#define TOKEN_BYTES ((size_t)256 << 20)

/* In shared memory, at the same address in all processes: they are forked from its creator. */
struct board {
	uint64_t merge; /* 0: stop */
	size_t item_count;
	struct pmill_study_tokens tokens; /* their arrays are on the board, too */
	sem_t go[MOST_WORKERS];
	sem_t done[MOST_WORKERS];
	struct pmill_study_finding findings[MOST_WORKERS];
};

struct shared {
	struct board *board;
	struct pmill_study_item *items;
	uint8_t *token_bytes;
	uint32_t *token_offsets;
};

static void *map(size_t len)
{
	void *memory = mmap(
		NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static bool map_all(struct shared *shared)
{
	shared->board = map(sizeof *shared->board);
	shared->items = map(ITEM_BYTES);
	shared->token_bytes = map(TOKEN_BYTES);
	shared->token_offsets = map(TOKEN_BYTES);
	return shared->board != NULL && shared->items != NULL && shared->token_bytes != NULL &&
		shared->token_offsets != NULL;
}

static void wait_on(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0 && errno == EINTR)
		;
}

static int serve(void *context, unsigned worker, int in, int out)
{
	struct pmill_study_search *search = context;
	const struct shared *shared = search->own;
	struct board *board = shared->board;
	(void)in;
	(void)out;
	for (;;) {
		wait_on(&board->go[worker]);
		search->merge = board->merge;
		if (search->merge == 0)
			return 0;
		pmill_study_search_fault(search, worker);
		struct pmill_study_range chunk = pmill_study_search_chunk(
			board->item_count, search->workers, worker);
		uint64_t began = pmill_clock_ns();
		struct pmill_study_item best = pmill_study_best_of(
			&board->tokens, shared->items + chunk.begin, chunk.end - chunk.begin);
		board->findings[worker] = (struct pmill_study_finding){best, pmill_clock_ns() - began};
		sem_post(&board->done[worker]);
	}
}

static pmill_status start(struct pmill_study_search *search, pmill_error *error)
{
	struct shared *shared = calloc(1, sizeof *shared);
	search->own = shared;
	if (search->workers > MOST_WORKERS)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "%s: at most %d workers",
			search->system->name, MOST_WORKERS);
	if (shared == NULL || !map_all(shared))
		return pmill_fail_memory(error);
	pmill_status status = PMILL_OK;
	for (unsigned i = 0; i < search->workers; i++)
		if (sem_init(&shared->board->go[i], 1, 0) != 0 ||
			sem_init(&shared->board->done[i], 1, 0) != 0)
			return pmill_fail_errno(error, search->system->name, "cannot make a semaphore", errno);
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = pmill_study_crew_fork(
			&search->crew, serve, search, search->system->is_pinned ? (int)i : -1, error);
	return status;
}

/* Copies the new token's bytes; the others are there already. */
static pmill_status share_tokens(struct pmill_study_search *search, pmill_error *error)
{
	struct shared *shared = search->own;
	const struct pmill_study_tokens *tokens = &search->state.tokens;
	struct pmill_study_tokens *there = &shared->board->tokens;
	uint64_t began = pmill_clock_ns();
	size_t from = there->count > 0 ? tokens->offsets[there->count] : 0;
	size_t to = tokens->offsets[tokens->count];
	if (to > TOKEN_BYTES || (tokens->count + 1) * sizeof *tokens->offsets > TOKEN_BYTES)
		return pmill_fail_memory(error);
	memcpy(shared->token_bytes + from, tokens->bytes + from, to - from);
	memcpy(shared->token_offsets + there->count, tokens->offsets + there->count,
		(tokens->count + 1 - there->count) * sizeof *tokens->offsets);
	*there = (struct pmill_study_tokens){
		.bytes = shared->token_bytes, .offsets = shared->token_offsets, .count = tokens->count};
	pmill_study_search_note(search, PMILL_STUDY_COPY_STRINGS, began);
	return PMILL_OK;
}

static pmill_status share_items(struct pmill_study_search *search, pmill_error *error)
{
	struct shared *shared = search->own;
	uint64_t began = pmill_clock_ns();
	const struct pmill_study_state *state = &search->state;
	if (state->used >= ITEM_BYTES / sizeof *shared->items)
		return pmill_fail_memory(error);
	shared->board->item_count = pmill_study_state_copy(state, shared->items);
	pmill_study_search_note(search, PMILL_STUDY_COPY, began);
	return PMILL_OK;
}

/* Checks now and then that the worker is still alive. */
static pmill_status wait_for(struct pmill_study_search *search, unsigned worker, pmill_error *error)
{
	struct shared *shared = search->own;
	for (;;) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (sem_timedwait(&shared->board->done[worker], &until) == 0)
			return PMILL_OK;
		pmill_status status = pmill_study_crew_check(&search->crew, error);
		if (status != PMILL_OK)
			return status;
	}
}

static pmill_status find(
	struct pmill_study_search *search, struct pmill_study_item *best, pmill_error *error)
{
	struct shared *shared = search->own;
	pmill_status status = share_items(search, error);
	if (status == PMILL_OK)
		status = share_tokens(search, error);
	if (status != PMILL_OK)
		return status;
	uint64_t began = pmill_clock_ns();
	shared->board->merge = search->merge;
	for (unsigned i = 0; i < search->workers; i++)
		sem_post(&shared->board->go[i]);
	for (unsigned i = 0; i < search->workers && status == PMILL_OK; i++)
		status = wait_for(search, i, error);
	if (status == PMILL_OK)
		*best = pmill_study_search_reduce(search, shared->board->findings, search->workers);
	pmill_study_search_note(search, PMILL_STUDY_MAX, began);
	return status;
}

static void unmap(void *memory, size_t len)
{
	if (memory != NULL)
		munmap(memory, len);
}

static pmill_status stop(struct pmill_study_search *search, pmill_error *error)
{
	struct shared *shared = search->own;
	if (shared != NULL && shared->board != NULL) {
		shared->board->merge = 0;
		for (unsigned i = 0; i < search->crew.count; i++)
			sem_post(&shared->board->go[i]);
	}
	pmill_status status = pmill_study_crew_join(&search->crew, error);
	if (shared != NULL) {
		unmap(shared->board, sizeof *shared->board);
		unmap(shared->items, ITEM_BYTES);
		unmap(shared->token_bytes, TOKEN_BYTES);
		unmap(shared->token_offsets, TOKEN_BYTES);
	}
	free(shared);
	search->own = NULL;
	return status;
}

const struct pmill_study_finder pmill_study_find_shared = {
	.start = start, .find = find, .stop = stop};
