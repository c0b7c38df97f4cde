/* How a memory limit is shared out while text is counted. */
/* SPDX-License-Identifier: MIT */
#include "counter/memory_plan.h"

#include "base/error.h"
#include "counts/runs.h"

enum {
	LEAST_CHUNK = 1 << 16,
	USUAL_CHUNK = 1 << 19,
	LEAST_TABLE = 1 << 19, /* of a thread: room for some 10,000 words */
	LEAST_SHARED = 2 << 20,
	/* The program, its tables of characters, the C library's heap, and what huge pages round up: measured. */
	OWN_MEMORY = 7 << 20,
	/* The file that runs are merged into: its block, compressor and buffer. */
	TARGET_MEMORY = 5 << 19,
};

/* A chunk of each thread may begin with as much again, and the source keeps the same for the next. */
static uint64_t chunk_memory(uint64_t chunk_size, unsigned threads)
{
	return 2 * chunk_size * ((uint64_t)threads + 1);
}

static uint64_t least_memory(unsigned threads)
{
	return OWN_MEMORY + LEAST_SHARED + chunk_memory(LEAST_CHUNK, threads) +
		(uint64_t)threads * (PMILL_RUN_WRITER_MEMORY + LEAST_TABLE);
}

/* Chunks get at most an eighth. */
static uint64_t choose_chunk(uint64_t asked, uint64_t limit, unsigned threads)
{
	uint64_t most = limit / 8 / chunk_memory(1, threads);
	uint64_t wanted = asked == 0 ? USUAL_CHUNK : asked;
	if (most < LEAST_CHUNK)
		most = LEAST_CHUNK;
	return wanted < most ? wanted : most;
}

pmill_status pmill_memory_plan_make(const pmill_text_options *text, unsigned threads,
	struct pmill_memory_plan *plan, pmill_error *error)
{
	*plan = (struct pmill_memory_plan){.chunk_size = text->chunk_size};
	if (text->memory_limit == 0)
		return PMILL_OK;
	uint64_t limit = text->memory_limit < SIZE_MAX / 2 ? text->memory_limit : SIZE_MAX / 2;
	if (limit < least_memory(threads))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"a memory limit of %llu bytes is too small for %u thread%s: the least is %llu bytes",
			(unsigned long long)limit, threads, threads == 1 ? "" : "s",
			(unsigned long long)least_memory(threads));
	plan->limit = (size_t)limit;
	limit -= OWN_MEMORY;
	uint64_t chunk_size = choose_chunk(text->chunk_size, limit, threads);
	uint64_t chunks = chunk_memory(chunk_size, threads);
	plan->chunk_size = (size_t)chunk_size;
	plan->tables = (size_t)(limit - chunks - (uint64_t)threads * PMILL_RUN_WRITER_MEMORY);
	plan->taking = (size_t)(limit - chunks);
	plan->reading = (size_t)limit - TARGET_MEMORY;
	return PMILL_OK;
}
