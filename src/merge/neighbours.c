/* What one merge changes, gathered by neighbour while its places are visited. */
/* SPDX-License-Identifier: MIT */
#include "merge/neighbours.h"

bool pmill_neighbours_reserve(struct pmill_neighbours *neighbours, size_t token_count)
{
	struct pmill_memory_account *account = neighbours->account;
	return pmill_memory_account_reserve_numbers(
			   account, &neighbours->left, &neighbours->left_capacity, token_count) &&
		pmill_memory_account_reserve_numbers(
			account, &neighbours->right, &neighbours->right_capacity, token_count);
}

void pmill_neighbours_release(struct pmill_neighbours *neighbours)
{
	struct pmill_memory_account *account = neighbours->account;
	size_t size = sizeof *neighbours->left;
	pmill_memory_account_free(account, neighbours->left, neighbours->left_capacity, size);
	pmill_memory_account_free(account, neighbours->right, neighbours->right_capacity, size);
	*neighbours = (struct pmill_neighbours){.account = account};
}

static void forget(uint32_t *numbers, const struct pmill_change_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		numbers[side->items[i].token] = 0;
}

void pmill_neighbours_clear(
	struct pmill_neighbours *neighbours, const struct pmill_changes *changes)
{
	forget(neighbours->left, &changes->sides[PMILL_LEFT]);
	forget(neighbours->right, &changes->sides[PMILL_RIGHT]);
	neighbours->between = 0;
}

static void release_side(struct pmill_memory_account *account, struct pmill_change_side *side)
{
	pmill_memory_account_free(account, side->items, side->capacity, sizeof *side->items);
	pmill_memory_account_free(account, side->events, side->event_capacity, sizeof *side->events);
	*side = (struct pmill_change_side){0};
}

void pmill_changes_release(struct pmill_changes *changes)
{
	for (int side = 0; side < PMILL_SIDES; side++)
		release_side(changes->account, &changes->sides[side]);
}

static bool reserve_side(
	struct pmill_memory_account *account, struct pmill_change_side *side, size_t more)
{
	void *items = side->items, *events = side->events;
	bool done = pmill_memory_account_reserve(
					account, &items, &side->capacity, side->count + more, sizeof *side->items) &&
		pmill_memory_account_reserve(account, &events, &side->event_capacity,
			side->event_count + more, sizeof *side->events);
	side->items = items;
	side->events = events;
	return done;
}

bool pmill_changes_reserve(struct pmill_changes *changes, size_t more)
{
	bool done = true;
	for (int side = 0; side < PMILL_SIDES && done; side++)
		done = reserve_side(changes->account, &changes->sides[side], more);
	return done;
}

void pmill_changes_clear(struct pmill_changes *changes)
{
	for (int side = 0; side < PMILL_SIDES; side++)
		changes->sides[side].count = changes->sides[side].event_count = 0;
	changes->visit = 0;
}

void pmill_change_side_fill(struct pmill_change_side *side)
{
	for (size_t i = 0; i < side->event_count; i++) {
		struct pmill_change *change = &side->items[side->events[i].change];
		if (change->fill != NULL)
			*change->fill++ = side->events[i].place;
	}
}
