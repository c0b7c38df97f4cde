/* What one merge changes, gathered by neighbour while its places are visited. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_MERGE_NEIGHBOURS_H
#define PMILL_MERGE_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory_account.h"

/* A pair of tokens and the new token that they become. */
struct pmill_token_merge {
	uint32_t left, right, joined;
};

/*
 * While (a,b) becomes z, only the pairs (x,a) → (x,z) on the left and (b,y) → (z,y) on the right
 * change, both by the same amount. So one number for each x and each y is enough, and the index is
 * asked once for each neighbour, not for each occurrence. If two matches touch (a b a b → z z), the
 * pair (b,a) between them becomes (z,z).
 */
enum pmill_side { PMILL_LEFT, PMILL_RIGHT, PMILL_BETWEEN, PMILL_SIDES };

struct pmill_two_tokens {
	uint32_t left, right;
};

/* The pair that a neighbour formed before the merge. */
static inline struct pmill_two_tokens pmill_pair_before(
	const struct pmill_token_merge *merge, enum pmill_side side, uint32_t neighbour)
{
	return (struct pmill_two_tokens){
		.left = side == PMILL_LEFT ? neighbour : merge->right,
		.right = side == PMILL_RIGHT ? neighbour : merge->left,
	};
}

/* The pair that it forms after the merge. */
static inline struct pmill_two_tokens pmill_pair_after(
	const struct pmill_token_merge *merge, enum pmill_side side, uint32_t neighbour)
{
	return (struct pmill_two_tokens){
		.left = side == PMILL_LEFT ? neighbour : merge->joined,
		.right = side == PMILL_RIGHT ? neighbour : merge->joined,
	};
}

struct pmill_change {
	int64_t count;
	uint32_t token;       /* x or y; z between matches */
	uint32_t place_count; /* places of the new pair */
	uint32_t last_visit;  /* so that a place counts once */
	uint32_t *fill;       /* where the next place of the new pair is written; NULL: nowhere */
};

struct pmill_change_event {
	uint32_t change; /* its index on this side */
	uint32_t place;
};

struct pmill_change_side {
	struct pmill_change *items; /* in the order in which the neighbours were met */
	size_t count;
	size_t capacity;
	struct pmill_change_event *events; /* each place once for each of its neighbours */
	size_t event_count;
	size_t event_capacity;
};

/* All zero, except for the account, is empty. */
struct pmill_changes {
	struct pmill_memory_account *account;
	struct pmill_change_side sides[PMILL_SIDES];
	uint32_t visit; /* number of the current place, from 1 in each merge */
};

/*
 * A visitor's table: by token, the number of its change, from 1; 0: none yet. Four bytes a token
 * keep both arrays in the second-level cache.
 */
struct pmill_neighbours {
	struct pmill_memory_account *account;
	uint32_t *left, *right;
	size_t left_capacity, right_capacity;
	uint32_t between;
};

/* All zero, except for the account, is empty. */
void pmill_neighbours_release(struct pmill_neighbours *neighbours);
/* Makes room for tokens below `token_count`. Returns false if out of memory. */
bool pmill_neighbours_reserve(struct pmill_neighbours *neighbours, size_t token_count);
/* Forgets the neighbours of these changes; the changes stay. */
void pmill_neighbours_clear(
	struct pmill_neighbours *neighbours, const struct pmill_changes *changes);

void pmill_changes_release(struct pmill_changes *changes);
/* Makes room for `more` events on each side. Returns false if out of memory. */
bool pmill_changes_reserve(struct pmill_changes *changes, size_t more);
void pmill_changes_clear(struct pmill_changes *changes);
/* Writes the places of a side's events to where its changes point. */
void pmill_change_side_fill(struct pmill_change_side *side);

/* Adds the only match at `place` on this side; `number` is its neighbour's in pmill_neighbours. */
static inline void pmill_change_add_single(
	struct pmill_change_side *side, uint32_t *number, uint32_t token, uint32_t place, int64_t count)
{
	uint32_t at = *number;
	if (at == 0) {
		*number = at = (uint32_t)++side->count;
		side->items[at - 1] = (struct pmill_change){.token = token};
	}
	struct pmill_change *change = &side->items[at - 1];
	change->count += count;
	change->place_count++;
	side->events[side->event_count++] = (struct pmill_change_event){at - 1, place};
}

/* Adds one of several matches at `place`, which is the `visit`-th to be visited. */
static inline void pmill_change_add(struct pmill_change_side *side, uint32_t *number,
	uint32_t token, uint32_t visit, uint32_t place, int64_t count)
{
	if (*number != 0 && side->items[*number - 1].last_visit == visit) {
		side->items[*number - 1].count += count;
		return;
	}
	pmill_change_add_single(side, number, token, place, count);
	side->items[*number - 1].last_visit = visit;
}

#endif
