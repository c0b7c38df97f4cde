/* Divides a memory limit among the needs of counting text. */
/* SPDX-License-Identifier: MIT */
#include "counter/memory_plan.h"

#include "base/error.h"
#include "counts/runs.h"

enum {
	MIN_CHUNK = 1 << 16,
	DEFAULT_CHUNK = 1 << 19,
	MIN_TABLE = 1 << 19,  /* for each thread: about 10,000 words */
	MIN_COMMON = 2 << 20, /* whatever the number of threads */
	/* Measured: the program, character tables, the C library's heap, rounding up to huge pages. */
	OWN_MEMORY = 7 << 20,
	/* The file that runs are merged into: block, compressor and buffer. */
	TARGET_MEMORY = 5 << 19,
	USUAL_WINDOW = 9 << 18, /* 2 MiB, and what else the decompressor needs */
	WINDOW_SHARE = 8,
	/*
	 * Text that can't be cut gets a quarter. It is in memory several times: as JSON and
	 * unescaped, in a chunk and after its cut, in a table, in the buffers of a run.
	 */
	UNCUT_SHARE = 4,
	COPIES = 6,
};

/* A chunk may begin with as much carried-over text again, and the source holds one more chunk. */
static uint64_t chunk_memory(uint64_t chunk_size, unsigned threads)
{
	return 2 * chunk_size * ((uint64_t)threads + 1);
}

static uint64_t min_memory(unsigned threads)
{
	return OWN_MEMORY + MIN_COMMON + chunk_memory(MIN_CHUNK, threads) +
		(uint64_t)threads * (PMILL_RUN_WRITER_MEMORY + MIN_TABLE);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Chunks get at most an eighth of the limit. */
static uint64_t choose_chunk(uint64_t asked, uint64_t limit, unsigned threads)
{
	uint64_t max = limit / 8 / chunk_memory(1, threads);
	uint64_t wanted = asked == 0 ? DEFAULT_CHUNK : asked;
	if (max < MIN_CHUNK)
		max = MIN_CHUNK;
	return wanted < max ? wanted : max;
}

/* Enough for the windows of 2 MiB that zstd uses by default, if that leaves room. */
static uint64_t choose_window(uint64_t limit, uint64_t spare)
{
	uint64_t usual = smaller(USUAL_WINDOW, spare / 3 * 2), share = limit / WINDOW_SHARE;
	return share > usual ? smaller(share, spare / 2) : usual;
}

pmill_status pmill_memory_plan_make(const pmill_run_options *run, unsigned threads,
	struct pmill_memory_plan *plan, pmill_error *error)
{
	*plan = (struct pmill_memory_plan){.chunk_size = run->chunk_size};
	if (run->memory_limit == 0)
		return PMILL_OK;
	uint64_t limit = run->memory_limit < SIZE_MAX / 2 ? run->memory_limit : SIZE_MAX / 2;
	if (limit < min_memory(threads))
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"a memory limit of %llu bytes is too small for %u thread%s: the minimum is %llu bytes",
			(unsigned long long)limit, threads, threads == 1 ? "" : "s",
			(unsigned long long)min_memory(threads));
	plan->limit = (size_t)limit;
	limit -= OWN_MEMORY;
	uint64_t chunk_size = choose_chunk(run->chunk_size, limit, threads);
	uint64_t chunks = chunk_memory(chunk_size, threads);
	uint64_t writers = (uint64_t)threads * PMILL_RUN_WRITER_MEMORY;
	uint64_t spare = limit - chunks - writers - (uint64_t)threads * MIN_TABLE;
	uint64_t window = choose_window(limit, spare);
	uint64_t uncut = smaller(limit / UNCUT_SHARE, spare / 4);
	plan->chunk_size = (size_t)chunk_size;
	plan->longest_text = (size_t)(uncut / COPIES / threads) + 1;
	plan->zstd_window = (size_t)window;
	plan->taking = (size_t)(limit - chunks - window - uncut);
	plan->tables = plan->taking - (size_t)writers;
	plan->reading = (size_t)limit - TARGET_MEMORY;
	return PMILL_OK;
}
