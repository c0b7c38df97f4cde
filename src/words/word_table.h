/* A hash table from words to counts; each counting thread has one. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_WORDS_WORD_TABLE_H
#define PMILL_WORDS_WORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/page_pool.h"
#include "base/progress.h"
#include "pairmill.h"
#include "pretokenize/pretoken_keys.h"
#include "words/word_list.h"

/*
 * Memory per word while tables become a list, besides its slot: its entry, the number of its table,
 * and its share of the list's arrays besides its bytes.
 */
enum { PMILL_TAKING_EACH_WORD = 24 + 2 + 16 };

/* See word_table.c for the layout. Tables that will be merged must have the same seed. */
struct pmill_word_table;

pmill_status pmill_word_table_create(
	uint64_t seed, struct pmill_word_table **table, pmill_error *error);
/*
 * Lets an empty table take up to twice the memory it needs, while that is up to 12 MiB, and makes
 * it allocate from `pool`, which must outlive it.
 */
void pmill_word_table_make_roomy(struct pmill_word_table *table, struct pmill_page_pool *pool);
/* Instead of the fastest one. */
void pmill_word_table_set_key_maker(
	struct pmill_word_table *table, const struct pmill_key_maker *maker);
void pmill_word_table_free(struct pmill_word_table *table);
void pmill_word_table_clear(struct pmill_word_table *table);

size_t pmill_word_table_count(const struct pmill_word_table *table); /* distinct words */
size_t pmill_word_table_memory(const struct pmill_word_table *table);
size_t pmill_word_table_bytes(const struct pmill_word_table *table); /* of all words, at most */

/* Adds `count` > 0 to a word of `len` > 0 bytes. PMILL_OVERFLOW if the sum does not fit. */
pmill_status pmill_word_table_add(struct pmill_word_table *table, const uint8_t *word, size_t len,
	int64_t count, pmill_error *error);

/*
 * Adds one for each pretoken of `text`: the first begins at `begin`, each of the others where the
 * previous one ends. The fast path: hashes and prefetches in batches. Reads nothing past text +
 * readable.
 */
pmill_status pmill_word_table_add_pretokens(struct pmill_word_table *table, const uint8_t *text,
	size_t readable, size_t begin, const size_t *ends, size_t count, pmill_error *error);

/*
 * How many of these pretokens can be added, in the worst case all of them new, before the table,
 * with the temporary memory of growing and draining, exceeds `limit` bytes.
 */
size_t pmill_word_table_room(const struct pmill_word_table *table, size_t limit, size_t begin,
	const size_t *ends, size_t count);

/*
 * Passes all words to `give`, sorted by bytes, and empties the table, which is sorted in place. If
 * `limit` is not 0, the empty table then grows at once to the capacity that fits into that many
 * bytes.
 */
pmill_status pmill_word_table_drain(struct pmill_word_table *table, size_t limit,
	pmill_word_fn *give, void *context, pmill_error *error);

/*
 * All words of several tables with their counts added up, sorted by bytes: merged by ranges of
 * words and sorted on `threads` threads. Empties the tables as it goes, so that memory is not
 * needed twice; after a failure they are empty, too. `progress` (may be NULL) is in a stage of its
 * own whose total is any measure of all words.
 */
pmill_status pmill_word_tables_take(struct pmill_word_table *const *tables, size_t table_count,
	unsigned threads, struct pmill_word_list *words, struct pmill_progress_state *progress,
	pmill_error *error);

#endif
