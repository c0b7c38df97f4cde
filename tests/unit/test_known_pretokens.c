/* Known pretokens: against a plain list, with chosen collisions, when full, and without memory. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpe/known_pretokens.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_pages.h"

enum {
	BATCH = 256,   /* pretokens between two calls of prepare, as in encode_pretokens.c */
	MOST_IDS = 15, /* of any table */
	TOO_MANY = 2,  /* a list has up to as many more ids */
	WINDOW = PMILL_KNOWN_LINE * PMILL_KNOWN_LINES,
	MOST_LEN = 32 << 20, /* bytes of slots */
	MOST_GROWTHS = 10,
};

static uint64_t first_seed(void)
{
	const char *seed = getenv("PMILL_SEED");
	return seed != NULL ? strtoull(seed, NULL, 10) : 20261204;
}

/* ---- A plain list ---- */

struct entry {
	struct pmill_pretoken_key key;
	uint32_t ids[MOST_IDS + TOO_MANY];
	size_t count;
	bool is_kept; /* it was added, with few enough ids */
};

/* Each key once, in order: so neighbours are alike. */
struct list {
	struct entry *entries;
	size_t count;
};

static int compare_keys(const void *a, const void *b)
{
	const struct pmill_pretoken_key *x = &((const struct entry *)a)->key;
	const struct pmill_pretoken_key *y = &((const struct entry *)b)->key;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->second > y->second) - (x->second < y->second);
}

/* Any bytes, or few different ones, zero among them. */
static struct pmill_pretoken_key make_key(uint64_t *random)
{
	uint8_t bytes[PMILL_SHORT_PRETOKEN];
	const size_t len = 1 + (size_t)random_below(random, PMILL_SHORT_PRETOKEN);
	const uint64_t letters = random_below(random, 2) == 0 ? 256 : 3;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)random_below(random, letters);
	return pmill_pretoken_key_make(bytes, len);
}

static struct list make_list(uint64_t *random, size_t tries)
{
	struct list list = {calloc(tries, sizeof *list.entries), 0};
	assert_non_null(list.entries);
	for (size_t i = 0; i < tries; i++)
		list.entries[i].key = make_key(random);
	qsort(list.entries, tries, sizeof *list.entries, compare_keys);
	for (size_t i = 0; i < tries; i++) {
		if (i == 0 || compare_keys(&list.entries[i - 1], &list.entries[i]) != 0)
			list.entries[list.count++].key = list.entries[i].key;
	}
	return list;
}

/* ---- Adding and finding ---- */

static uint64_t hash_of(const struct pmill_known_pretokens *known, struct pmill_pretoken_key key)
{
	return pmill_pretoken_key_hash(known->seed, key);
}

/* Whether the table has the pretoken, which must then be the one of the list. */
static bool is_known(const struct pmill_known_pretokens *known, const struct entry *entry)
{
	static const uint32_t guard = 0xABCD1234;
	uint32_t ids[MOST_IDS + 1];
	const struct pmill_known_slot *slot = pmill_known_pretokens_find(
		known, entry->key, hash_of(known, entry->key));
	if (slot == NULL)
		return false;
	assert_true(entry->is_kept);
	assert_true(pmill_known_slot_is(slot, entry->key));
	assert_int_equal(pmill_known_slot_count(slot), entry->count);
	ids[known->most_ids] = guard;
	assert_int_equal(pmill_known_pretokens_unpack(known, slot, ids), entry->count);
	assert_int_equal(ids[known->most_ids], guard);
	assert_memory_equal(ids, entry->ids, entry->count * sizeof *ids);
	return true;
}

/* New ids below the limit, which is one above the largest. Also the largest and the least. */
static void set_ids(struct entry *entry, uint64_t *random, uint64_t id_limit, size_t count)
{
	entry->count = count;
	for (size_t i = 0; i < count; i++) {
		const uint64_t kind = random_below(random, 8);
		const uint64_t id = kind == 0 ? id_limit - 1
			: kind == 1               ? 0
									  : random_below(random, id_limit);
		entry->ids[i] = (uint32_t)id;
	}
}

/* It is there right afterwards, unless it has too many ids. */
static void add(struct pmill_known_pretokens *known, struct entry *entry)
{
	pmill_known_pretokens_add(
		known, entry->key, hash_of(known, entry->key), entry->ids, entry->count);
	entry->is_kept = entry->count <= known->most_ids;
	assert_int_equal(is_known(known, entry), entry->is_kept);
}

static size_t count_known(const struct pmill_known_pretokens *known, const struct list *list)
{
	size_t found = 0;
	for (size_t i = 0; i < list->count; i++)
		found += is_known(known, &list->entries[i]);
	return found;
}

static size_t count_kept(const struct list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		kept += list->entries[i].is_kept;
	return kept;
}

/* All slots that hold something can be found again. */
static void check_all(const struct pmill_known_pretokens *known, const struct list *list)
{
	size_t taken = 0;
	for (size_t i = 0; i < known->line_count * PMILL_KNOWN_LINE; i++)
		taken += known->slots[i].key.second != 0;
	assert_int_equal(known->used, taken);
	assert_int_equal(count_known(known, list), taken);
}

static void forget_all(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->entries[i].is_kept = false;
}

/* Grows as if the table were full; returns false if it doesn't. */
static bool force_growth(struct pmill_known_pretokens *known)
{
	const size_t line_count = known->line_count;
	known->used = SIZE_MAX;
	pmill_known_pretokens_prepare(known);
	return known->line_count > line_count;
}

/* ---- Random pretokens ---- */

struct share {
	size_t added, forgotten;
};

/* As encode_pretokens.c does: what isn't found is added. Every fourth pretoken is never added. */
static void meet(struct pmill_known_pretokens *known, struct entry *entry, bool may_add,
	uint64_t *random, uint64_t id_limit, struct share *share)
{
	if (is_known(known, entry) || !may_add)
		return;
	share->forgotten += entry->is_kept;
	const size_t count = 1 + (size_t)random_below(random, known->most_ids + TOO_MANY);
	set_ids(entry, random, id_limit, count);
	add(known, entry);
	share->added += entry->is_kept;
}

static void check_size(const struct pmill_known_pretokens *known)
{
	const size_t slots = known->line_count * PMILL_KNOWN_LINE;
	assert_false(known->is_stuck);
	assert_true(known->used < slots / 2);
	/* It hasn't grown too early either. */
	assert_true(slots <= 1024 || known->used >= slots / 16);
}

static void compare_random(struct list *list, uint64_t id_limit, size_t most_ids, uint64_t *random)
{
	struct pmill_known_pretokens known;
	struct share share = {0, 0};
	forget_all(list);
	pmill_known_pretokens_init(&known, next_random(random), id_limit);
	assert_int_equal(known.most_ids, most_ids);
	for (size_t i = 0; i < 2 * list->count; i++) {
		if (i % BATCH == 0) {
			pmill_known_pretokens_prepare(&known);
			check_size(&known);
		}
		const size_t index = (size_t)random_below(random, list->count);
		meet(&known, &list->entries[index], index % 4 != 3, random, id_limit, &share);
	}
	check_all(&known, list);
	const size_t missing = share.forgotten + count_kept(list) - known.used;
	print_message("ids below %llu: %zu added, %zu of them forgotten\n",
		(unsigned long long)id_limit, share.added, missing);
	assert_true(share.added > list->count / 3);
	assert_true(missing * 100 <= share.added);
	pmill_known_pretokens_release(&known);
}

static void equals_a_plain_list(void **state)
{
	(void)state;
	static const struct {
		uint64_t id_limit;
		size_t most_ids;
	} limits[] = {{1, 15}, {256, 15}, {300, 14}, {65536, 8}, {65537, 7}, {100000, 7}, {1 << 21, 6},
		{1 << 25, 5}, {INT32_MAX, 4}, {UINT64_C(1) << 32, 4}};
	const uint64_t seed = first_seed();
	print_message("PMILL_SEED=%llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	struct list list = make_list(&random, 16000);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		compare_random(&list, limits[i].id_limit, limits[i].most_ids, &random);
	free(list.entries);
}

/* Keys that differ in one bit are told apart, even in the same line; the number of ids is not. */
static void tells_similar_keys_apart(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	for (unsigned round = 0; round < 100; round++) {
		struct pmill_known_pretokens known;
		struct entry entry = {.key = make_key(&random)};
		pmill_known_pretokens_init(&known, next_random(&random), 256);
		pmill_known_pretokens_prepare(&known);
		set_ids(&entry, &random, 256, 1 + round % known.most_ids);
		add(&known, &entry);
		const uint64_t hash = hash_of(&known, entry.key);
		assert_ptr_equal(
			pmill_known_home(&known, hash), pmill_known_pretokens_find(&known, entry.key, hash));
		for (unsigned bit = 0; bit < 64 + PMILL_KNOWN_COUNT_SHIFT; bit++) {
			struct pmill_pretoken_key other = entry.key;
			*(bit < 64 ? &other.first : &other.second) ^= UINT64_C(1) << bit % 64;
			assert_false(pmill_known_slot_is(pmill_known_home(&known, hash), other));
			if (other.second != 0)
				assert_null(pmill_known_pretokens_find(&known, other, hash));
		}
		pmill_known_pretokens_release(&known);
	}
}

/* A zeroed table keeps nothing. */
static void zeroed_one_is_valid(void **state)
{
	(void)state;
	struct pmill_known_pretokens known = {0};
	const struct pmill_pretoken_key key = pmill_pretoken_key_make((const uint8_t *)"a", 1);
	const uint32_t id = 7;
	pmill_known_pretokens_release(&known);
	pmill_known_pretokens_prepare(&known);
	assert_non_null(known.slots);
	pmill_known_pretokens_add(&known, key, hash_of(&known, key), &id, 1);
	assert_null(pmill_known_pretokens_find(&known, key, hash_of(&known, key)));
	pmill_known_pretokens_release(&known);
	pmill_known_pretokens_release(&known);
	assert_null(known.slots);
}

/* ---- Pretokens chosen to collide ---- */

enum {
	FLOOD = 100,
	HOME_BITS = 13, /* of the hash are chosen: enough for tables of up to 8192 lines */
};

/* Pretokens whose hashes begin with the bits of `home`, by search. */
static struct list choose_flood(struct pmill_key_seed seed, uint64_t home)
{
	struct list list = {calloc(FLOOD, sizeof *list.entries), 0};
	assert_non_null(list.entries);
	for (uint64_t i = 0; list.count < FLOOD; i++) {
		struct entry *entry = &list.entries[list.count];
		entry->key = pmill_pretoken_key_make((const uint8_t *)&i, sizeof i);
		entry->ids[0] = (uint32_t)list.count;
		entry->count = 1;
		list.count += pmill_pretoken_key_hash(seed, entry->key) >> (64 - HOME_BITS) == home;
	}
	return list;
}

static void add_flood(struct pmill_known_pretokens *known, struct list *list)
{
	const size_t line_count = known->line_count;
	const uint64_t home = hash_of(known, list->entries[0].key) >> known->shift;
	for (size_t i = 0; i < list->count; i++) {
		pmill_known_pretokens_prepare(known);
		assert_int_equal(hash_of(known, list->entries[i].key) >> known->shift, home);
		if (!is_known(known, &list->entries[i]))
			add(known, &list->entries[i]);
	}
	assert_int_equal(known->line_count, line_count);
	assert_int_equal(known->used, WINDOW);
	check_all(known, list);
}

/* The pretokens are in the lines from their home on, and after the last line in the first ones. */
static void check_places(const struct pmill_known_pretokens *known, const struct list *list)
{
	const size_t home = (size_t)(hash_of(known, list->entries[0].key) >> known->shift);
	for (size_t i = 0; i < WINDOW; i++) {
		const size_t line = (home + i / PMILL_KNOWN_LINE) % known->line_count;
		const size_t slot = line * PMILL_KNOWN_LINE + i % PMILL_KNOWN_LINE;
		assert_int_not_equal(known->slots[slot].key.second, 0);
	}
}

static void chosen_collisions_fill_few_lines(void **state)
{
	(void)state;
	static const uint64_t homes[] = {0, 5000, (1 << HOME_BITS) - 2, (1 << HOME_BITS) - 1};
	enum { KNOWN_SEED = 42 };
	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
		struct pmill_known_pretokens known;
		pmill_known_pretokens_init(&known, KNOWN_SEED, 1000);
		struct list list = choose_flood(known.seed, homes[i]);
		pmill_known_pretokens_prepare(&known);
		for (;;) {
			add_flood(&known, &list);
			add_flood(&known, &list); /* those that were forgotten once more */
			check_places(&known, &list);
			if (known.line_count == 1 << HOME_BITS)
				break;
			assert_true(known.line_count < 1 << HOME_BITS && force_growth(&known));
			check_all(&known, &list);
			assert_int_equal(known.used, WINDOW);
		}
		/* Others don't suffer from them. */
		assert_true(homes[i] != 0 || known.slots[WINDOW].key.second == 0);
		pmill_known_pretokens_release(&known);
		free(list.entries);
	}
}

/* ---- Full tables ---- */

static void add_all(
	struct pmill_known_pretokens *known, struct list *list, size_t begin, uint64_t *random)
{
	for (size_t i = begin; i < list->count; i++) {
		pmill_known_pretokens_prepare(known);
		set_ids(&list->entries[i], random, 256, 1 + (size_t)random_below(random, MOST_IDS));
		add(known, &list->entries[i]);
	}
}

/* The last pretokens are known even if the table can't grow, and some of the first ones. */
static void full_one_goes_on(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	struct list list = make_list(&random, 8000);
	struct pmill_known_pretokens known;
	pmill_known_pretokens_init(&known, next_random(&random), 256);
	pmill_known_pretokens_prepare(&known);
	const size_t line_count = known.line_count, slots = line_count * PMILL_KNOWN_LINE;
	known.is_stuck = true;
	add_all(&known, &list, 0, &random);
	assert_int_equal(known.line_count, line_count);
	assert_true(list.count > 4 * slots && known.used > slots * 9 / 10);
	check_all(&known, &list);
	struct list first = {list.entries, slots / 4};
	assert_true(count_known(&known, &first) > first.count / 8);
	pmill_known_pretokens_release(&known);
	free(list.entries);
}

static void largest_one_is_bounded(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	struct list list = make_list(&random, 2000), most = {list.entries, 1000};
	struct pmill_known_pretokens known;
	pmill_known_pretokens_init(&known, next_random(&random), 256);
	add_all(&known, &most, 0, &random);
	const size_t used = known.used, kept = count_kept(&list);
	unsigned growths = 0;
	for (; force_growth(&known); growths++) {
		assert_true(growths < MOST_GROWTHS);
		assert_int_equal(known.used, used);
		assert_int_equal(count_known(&known, &list), used);
	}
	const size_t len = known.line_count * PMILL_KNOWN_LINE * sizeof *known.slots;
	assert_true(known.is_stuck && len <= MOST_LEN && len > MOST_LEN / 4);
	add_all(&known, &list, most.count, &random);
	assert_int_equal(count_known(&known, &list), used + count_kept(&list) - kept);
	pmill_known_pretokens_release(&known);
	free(list.entries);
}

/* ---- Without memory ---- */

/* Once it was refused memory, it asks for no more. */
static void assert_asks_for_nothing(struct pmill_known_pretokens *known)
{
	enum { MANY = 1000 };
	assert_true(known->is_stuck);
	allocations_left = MANY;
	for (size_t i = 0; i < MANY; i++)
		pmill_known_pretokens_prepare(known);
	assert_int_equal(allocations_left, MANY);
	allocations_left = -1;
}

static void goes_without_slots(void **state)
{
	(void)state;
	struct pmill_known_pretokens known;
	pmill_known_pretokens_init(&known, first_seed(), 256);
	allocations_left = 0;
	pmill_known_pretokens_prepare(&known);
	assert_true(was_refused());
	assert_null(known.slots);
	assert_int_equal(known.line_count, 0);
	assert_asks_for_nothing(&known);
	assert_null(known.slots);
	pmill_known_pretokens_release(&known);
	pmill_known_pretokens_release(&known);
}

/* Returns whether it asked for memory, as all but the largest do. */
static bool refuse_growth(
	struct pmill_known_pretokens *known, const struct list *list, size_t known_count)
{
	const struct pmill_known_slot *slots = known->slots;
	const unsigned shift = known->shift;
	allocations_left = 0;
	assert_false(force_growth(known));
	const bool has_asked = was_refused();
	assert_ptr_equal(known->slots, slots);
	assert_int_equal(known->shift, shift);
	assert_int_equal(count_known(known, list), known_count);
	assert_asks_for_nothing(known);
	return has_asked;
}

/* At each size: slots come from the heap at first, then from the system. */
static void keeps_the_old_slots(void **state)
{
	(void)state;
	uint64_t random = first_seed();
	struct list list = make_list(&random, 600), first = {list.entries, 300};
	bool is_largest = false;
	unsigned growths = 0;
	for (; !is_largest; growths++) {
		struct pmill_known_pretokens known;
		assert_true(growths < MOST_GROWTHS);
		forget_all(&list);
		pmill_known_pretokens_init(&known, next_random(&random), 256);
		add_all(&known, &first, 0, &random);
		const size_t used = known.used;
		for (unsigned i = 0; i < growths; i++)
			assert_true(force_growth(&known));
		is_largest = !refuse_growth(&known, &list, used);
		add_all(&known, &list, first.count, &random);
		assert_true(count_known(&known, &list) > list.count * 9 / 10);
		pmill_known_pretokens_release(&known);
	}
	assert_true(growths > 3);
	free(list.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_a_plain_list),
		cmocka_unit_test(tells_similar_keys_apart),
		cmocka_unit_test(zeroed_one_is_valid),
		cmocka_unit_test(chosen_collisions_fill_few_lines),
		cmocka_unit_test(full_one_goes_on),
		cmocka_unit_test(largest_one_is_bounded),
		cmocka_unit_test(goes_without_slots),
		cmocka_unit_test(keeps_the_old_slots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
