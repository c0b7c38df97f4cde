/* What one merge changes: gathered by neighbour in dense arrays while its words are visited. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TRAIN_NEIGHBOURS_H
#define PMILL_TRAIN_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * While (a,b) becomes z, only the pairs (x,a) → (x,z) on the left and (b,y) → (z,y) on the right change, by the
 * same amount each. So one number for each x and each y is enough, and the table of pairs is asked once for
 * a neighbour, not once for an occurrence. Where two matches touch (a b a b → z z), the pair (b,a) between
 * them becomes (z,z).
 */
struct pmill_neighbour {
	int64_t count;
	uint32_t words;      /* that hold the new pair */
	uint32_t last_visit; /* counts a word once */
	uint32_t *fill;      /* where the next word of the new pair is written */
};

struct pmill_neighbour_event {
	uint32_t token;
	uint32_t word;
};

struct pmill_neighbour_side {
	struct pmill_neighbour *by_token;
	uint32_t *touched; /* tokens with words > 0; room for as many as by_token has */
	size_t touched_count;
	size_t token_capacity, touched_capacity;
	struct pmill_neighbour_event *events; /* each word once for each of its neighbours */
	size_t event_count;
	size_t event_capacity;
};

struct pmill_neighbours {
	struct pmill_neighbour_side left, right;
	struct pmill_neighbour_side both; /* the pair (z,z), as the one neighbour 0 */
	uint32_t visit;                   /* the number of the word at hand, from 1 in each merge */
};

/* All zero is empty. */
void pmill_neighbours_release(struct pmill_neighbours *neighbours);

/* Room for tokens below `token_count`. False without memory. */
bool pmill_neighbours_reserve_tokens(struct pmill_neighbours *neighbours, size_t token_count);

/* Room for `more` events on each side. */
bool pmill_neighbours_reserve(struct pmill_neighbours *neighbours, size_t more);

/* Forgets the merge. */
void pmill_neighbours_clear(struct pmill_neighbours *neighbours);

/* The one match of its place on this side. */
static inline void pmill_neighbour_add_single(
	struct pmill_neighbour_side *side, uint32_t token, uint32_t word, int64_t count)
{
	struct pmill_neighbour *neighbour = &side->by_token[token];
	neighbour->count += count;
	if (neighbour->words++ == 0)
		side->touched[side->touched_count++] = token;
	side->events[side->event_count++] = (struct pmill_neighbour_event){token, word};
}

/* One of several matches of the place that is visited as number `visit`. */
static inline void pmill_neighbour_add(
	struct pmill_neighbour_side *side, uint32_t token, uint32_t visit, uint32_t word, int64_t count)
{
	struct pmill_neighbour *neighbour = &side->by_token[token];
	if (neighbour->last_visit == visit) {
		neighbour->count += count;
		return;
	}
	neighbour->last_visit = visit;
	pmill_neighbour_add_single(side, token, word, count);
}

#endif
