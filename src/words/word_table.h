/* A hash table from words to counts: one for each thread while counting. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_WORD_TABLE_H
#define PMILL_WORDS_WORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/page_pool.h"
#include "pairmill.h"
#include "words/word_list.h"

/*
 * Bytes of each word while tables become a list, beside its slot: its entry, the table that has it, and what it takes
 * in the list beside its bytes.
 */
enum { PMILL_TAKING_EACH_WORD = 24 + 2 + 16 };

/* See word_table.c for the layout. Tables that will be merged must have the same seed. */
struct pmill_word_table;

pmill_status pmill_word_table_create(
	uint64_t seed, struct pmill_word_table **table, pmill_error *error);
/*
 * An empty table: it may take up to twice as much memory as it needs, while that is up to 12 MiB, and takes it from
 * the pool, which must live longer.
 */
void pmill_word_table_make_roomy(struct pmill_word_table *table, struct pmill_page_pool *pool);
void pmill_word_table_free(struct pmill_word_table *table);
void pmill_word_table_clear(struct pmill_word_table *table);

size_t pmill_word_table_count(const struct pmill_word_table *table); /* of distinct words */
size_t pmill_word_table_memory(const struct pmill_word_table *table);
size_t pmill_word_table_bytes(const struct pmill_word_table *table); /* of all words, at most */

/* Adds `count` > 0 to the word. `len` > 0. PMILL_OVERFLOW where the sum would not fit. */
pmill_status pmill_word_table_add(struct pmill_word_table *table, const uint8_t *word, size_t len,
	int64_t count, pmill_error *error);

/*
 * Adds one for each pretoken of `text`: the first begins at `begin`, the others where the one
 * before ends. The fast path: hashes and prefetches in batches. Does not read beyond text +
 * readable.
 */
pmill_status pmill_word_table_add_pretokens(struct pmill_word_table *table, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, pmill_error *error);

/*
 * How many of the first of these pretokens can be added, all new at the worst, before the table
 * with what growing and draining it takes for a moment passes `limit` bytes.
 */
size_t pmill_word_table_room(const struct pmill_word_table *table, size_t limit, size_t begin,
	const size_t *ends, size_t count);

/*
 * Gives all words, sorted by bytes, and empties the table: it is sorted where it stands. Where `limit`
 * is not 0, the empty table then takes the capacity at once that it may have within so many bytes.
 */
pmill_status pmill_word_table_drain(struct pmill_word_table *table, size_t limit,
	pmill_word_fn *give, void *context, pmill_error *error);

/*
 * All words of several tables, counts added up, sorted by bytes: merged by hash range and sorted on
 * `threads` threads. The tables are emptied as it goes, so that memory is not needed twice.
 */
pmill_status pmill_word_tables_take(struct pmill_word_table *const *tables, size_t table_count,
	unsigned threads, struct pmill_word_list *words, pmill_error *error);

#endif
