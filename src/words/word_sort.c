/* Sorts words by their bytes: introsort on two numbers per word, with branchless partitioning. */
/* SPDX-License-Identifier: MIT */
#include "words/word_sort.h"

#include <string.h>

enum { FEW = 16 }; /* below this, insertion sort is faster */

static uint64_t load_big(const uint8_t *p)
{
	uint64_t x = 0;
	for (int i = 0; i < 8; i++)
		x = x << 8 | p[i];
	return x;
}

struct pmill_word_entry pmill_word_entry_make(struct pmill_word_slot *slot, bool is_long)
{
	if (!is_long)
		return (struct pmill_word_entry){.first = __builtin_bswap64(slot->first),
			.second = __builtin_bswap64(slot->second),
			.count = slot->count};
	const uint8_t *bytes = slot->long_word->bytes;
	return (struct pmill_word_entry){.first = load_big(bytes),
		.second = load_big(bytes + 8) | PMILL_LONG_WORD_MARK,
		.slot = slot};
}

size_t pmill_word_entries_gather(
	const struct pmill_word_slots *slots, struct pmill_word_entry *entries)
{
	size_t count = 0;
	for (size_t i = 0; i < slots->capacity; i++) {
		if (slots->slots[i].count == 0)
			continue;
		struct pmill_word_entry entry = pmill_word_entry_make(&slots->slots[i], slots->is_long);
		entries[count++] = entry;
	}
	return count;
}

static void store_big(uint64_t x, uint8_t *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	memcpy(p, &x, sizeof x);
}

void pmill_word_entry_write(const struct pmill_word_entry *entry, uint8_t *bytes, size_t room)
{
	size_t len = pmill_word_entry_len(entry);
	if (pmill_word_entry_is_long(entry)) {
		memcpy(bytes, entry->slot->long_word->bytes, len);
		return;
	}
	uint8_t both[16];
	uint8_t *to = room < sizeof both ? both : bytes;
	store_big(entry->first, to);
	store_big(entry->second, to + 8);
	if (to == both)
		memcpy(bytes, both, len);
}

/* For words with equal numbers. */
static int compare_long(const struct pmill_word_entry *a, const struct pmill_word_entry *b)
{
	if (!pmill_word_entry_is_long(a))
		return 0;
	const struct pmill_long_word *x = a->slot->long_word, *y = b->slot->long_word;
	int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static inline bool is_before(const struct pmill_word_entry *a, const struct pmill_word_entry *b)
{
	unsigned __int128 x = pmill_word_entry_key(a), y = pmill_word_entry_key(b);
	return __builtin_expect(x == y, 0) ? compare_long(a, b) < 0 : x < y;
}

int pmill_word_entry_compare(const struct pmill_word_entry *a, const struct pmill_word_entry *b)
{
	unsigned __int128 x = pmill_word_entry_key(a), y = pmill_word_entry_key(b);
	return x == y ? compare_long(a, b) : x < y ? -1 : 1;
}

static void swap(struct pmill_word_entry *a, struct pmill_word_entry *b)
{
	struct pmill_word_entry kept = *a;
	*a = *b;
	*b = kept;
}

static void sort_few(struct pmill_word_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct pmill_word_entry moved = entries[i];
		size_t at = i;
		for (; at > 0 && is_before(&moved, &entries[at - 1]); at--)
			entries[at] = entries[at - 1];
		entries[at] = moved;
	}
}

static void sink(struct pmill_word_entry *entries, size_t at, size_t count)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= count)
			return;
		if (child + 1 < count && is_before(&entries[child], &entries[child + 1]))
			child++;
		if (!is_before(&entries[at], &entries[child]))
			return;
		swap(&entries[at], &entries[child]);
		at = child;
	}
}

static void sort_by_heap(struct pmill_word_entry *entries, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sink(entries, i, count);
	for (size_t i = count; i-- > 1;) {
		swap(&entries[0], &entries[i]);
		sink(entries, 0, i);
	}
}

/* Puts the median of the first, middle and last entry in front. */
static void choose_pivot(struct pmill_word_entry *entries, size_t count)
{
	struct pmill_word_entry *a = &entries[count / 2], *b = &entries[0], *c = &entries[count - 1];
	if (is_before(b, a))
		swap(a, b);
	if (is_before(c, b)) {
		swap(b, c);
		if (is_before(b, a))
			swap(a, b);
	}
}

/*
 * Lomuto's, with a moving gap instead of swaps: the side of an entry is an addend, not a branch
 * that is mispredicted half of the time. The pivot ends up at the result, after all entries that
 * sort before it.
 */
size_t pmill_word_entries_partition(struct pmill_word_entry *entries, size_t count)
{
	choose_pivot(entries, count);
	const struct pmill_word_entry pivot = entries[0], moved = entries[1];
	struct pmill_word_entry *gap = &entries[1], *left = &entries[1];
	for (struct pmill_word_entry *right = left + 1; right < entries + count; right++) {
		bool is_left = is_before(right, &pivot);
		*gap = *left;
		*left = *right;
		gap = right;
		left += is_left;
	}
	*gap = *left;
	*left = moved;
	left += is_before(&moved, &pivot);
	size_t at = (size_t)(left - entries) - 1;
	entries[0] = entries[at];
	entries[at] = pivot;
	return at;
}

/* Recurses into the smaller side, so the depth is at most log2(count), whatever the words. */
static void sort_within(struct pmill_word_entry *entries, size_t count, unsigned allowance)
{
	while (count > FEW) {
		if (allowance-- == 0) {
			sort_by_heap(entries, count);
			return;
		}
		size_t left = pmill_word_entries_partition(entries, count), right = count - left - 1;
		if (left < right) {
			sort_within(entries, left, allowance);
			entries += left + 1;
			count = right;
		} else {
			sort_within(entries + left + 1, right, allowance);
			count = left;
		}
	}
	sort_few(entries, count);
}

void pmill_word_entries_sort(struct pmill_word_entry *entries, size_t count)
{
	unsigned bits = count > 0 ? 64 - (unsigned)__builtin_clzll(count) : 0;
	sort_within(entries, count, 2 * bits);
}
