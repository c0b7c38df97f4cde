/* One word table → its words in order, in little more than its own memory. */
/* SPDX-License-Identifier: MIT */
/*
 * Slots and sorted entries have the same size: short words are turned into entries and sorted in
 * place, and only the few long ones need an array of their own.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "words/word_slots.h"
#include "words/word_sort.h"
#include "words/word_table.h"

static_assert(sizeof(struct pmill_word_slot) == sizeof(struct pmill_word_entry),
	"a slot is as long as an entry");

enum {
	SLOT = sizeof(struct pmill_word_slot),
	LEAST_SPARED = 256 << 10, /* several batches of pretokens, all new and all long */
};

static size_t add(size_t a, size_t b)
{
	return a < SIZE_MAX - b ? a + b : SIZE_MAX;
}

/*
 * The peak memory of the table while that many words of that many bytes are added and then drained.
 */
static size_t most_memory(const struct pmill_word_table *table, size_t words, size_t bytes)
{
	const struct pmill_word_slots *small = &table->short_words, *large = &table->long_words;
	size_t small_then = pmill_slots_capacity(small, words) * SLOT;
	size_t large_then = pmill_slots_capacity(large, words) * SLOT;
	size_t small_now = small_then > small->capacity * SLOT ? small->capacity * SLOT : 0;
	size_t large_now = large_then > large->capacity * SLOT ? large->capacity * SLOT : 0;
	size_t records = add(bytes, words * (sizeof(struct pmill_long_word) + 8));
	size_t most = sizeof *table + small_then + large_then;
	most = add(most, small_now > large_now ? small_now : large_now);
	most = add(most, table->long_bytes.total);
	most = add(most, pmill_arena_growth(&table->long_bytes, records));
	return add(most, (large->used + words) * sizeof(struct pmill_word_entry));
}

size_t pmill_word_table_bytes(const struct pmill_word_table *table)
{
	return table->short_words.used * PMILL_SHORT_PRETOKEN + table->long_bytes.total;
}

size_t pmill_word_table_room(const struct pmill_word_table *table, size_t limit, size_t begin,
	const size_t *ends, size_t count)
{
	while (count > 0 && most_memory(table, count, ends[count - 1] - begin) > limit)
		count /= 2;
	return count;
}

static pmill_status give_entry(
	const struct pmill_word_entry *entry, pmill_word_fn *give, void *context, pmill_error *error)
{
	uint8_t bytes[PMILL_SHORT_PRETOKEN + 1];
	pmill_bytes word = {bytes, pmill_word_entry_len(entry)};
	if (pmill_word_entry_is_long(entry))
		word.data = entry->slot->long_word->bytes;
	else
		pmill_word_entry_write(entry, bytes, sizeof bytes);
	return give(context, word, pmill_word_entry_count(entry), error);
}

static pmill_status give_all(const struct pmill_word_entry *a, size_t a_count,
	const struct pmill_word_entry *b, size_t b_count, pmill_word_fn *give, void *context,
	pmill_error *error)
{
	pmill_status status = PMILL_OK;
	while (status == PMILL_OK && (a_count > 0 || b_count > 0)) {
		bool is_a = b_count == 0 || (a_count > 0 && pmill_word_entry_compare(a, b) < 0);
		status = give_entry(is_a ? a++ : b++, give, context, error);
		a_count -= is_a;
		b_count -= !is_a;
	}
	return status;
}

/*
 * Growing needs the old and the new slots at once, so a table that must not grow any more can be
 * twice as large from the start. Leaves room for what the long words took before, and some more.
 */
static void set_capacity(
	struct pmill_word_table *table, size_t limit, size_t short_memory, size_t long_memory)
{
	size_t spared = add(limit / 8 > LEAST_SPARED ? limit / 8 : LEAST_SPARED, long_memory);
	size_t capacity = pmill_slots_capacity(&table->short_words, 0);
	if (long_memory > short_memory / 2 || spared >= limit || capacity > (limit - spared) / SLOT)
		return;
	while (capacity <= (limit - spared) / SLOT / 2)
		capacity *= 2;
	/* If out of memory, the table grows as it did before. */
	pmill_slots_reserve(&table->short_words, table->seed, capacity / 2);
}

pmill_status pmill_word_table_drain(struct pmill_word_table *table, size_t limit,
	pmill_word_fn *give, void *context, pmill_error *error)
{
	size_t short_memory = table->short_words.used * SLOT;
	size_t long_memory = table->long_words.capacity * SLOT + table->long_bytes.total;
	size_t long_count = table->long_words.used;
	struct pmill_word_entry *long_entries = malloc((long_count + 1) * sizeof *long_entries);
	if (long_entries == NULL)
		return pmill_fail_memory(error);
	struct pmill_word_entry *entries = (void *)table->short_words.slots;
	size_t count = pmill_word_entries_gather(&table->short_words, entries);
	pmill_word_entries_gather(&table->long_words, long_entries);
	pmill_word_entries_sort(entries, count);
	pmill_word_entries_sort(long_entries, long_count);
	pmill_status status = give_all(entries, count, long_entries, long_count, give, context, error);
	free(long_entries);
	pmill_word_table_clear(table);
	if (status == PMILL_OK && limit > 0)
		set_capacity(table, limit, short_memory, long_memory);
	return status;
}
