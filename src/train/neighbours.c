/* What one merge changes: gathered by neighbour in dense arrays while its words are visited. */
/* SPDX-License-Identifier: MIT */
#include "train/neighbours.h"

#include <stdlib.h>

#include "base/array.h"

static bool reserve_side_tokens(struct pmill_neighbour_side *side, size_t token_count)
{
	size_t before = side->token_capacity;
	void *by_token = side->by_token, *touched = side->touched;
	bool done = pmill_array_reserve(
					&by_token, &side->token_capacity, token_count, sizeof *side->by_token) &&
		pmill_array_reserve(
			&touched, &side->touched_capacity, side->token_capacity, sizeof *side->touched);
	side->by_token = by_token;
	side->touched = touched;
	if (side->token_capacity > before)
		memset(
			side->by_token + before, 0, (side->token_capacity - before) * sizeof *side->by_token);
	return done;
}

bool pmill_neighbours_reserve_tokens(struct pmill_neighbours *neighbours, size_t token_count)
{
	return reserve_side_tokens(&neighbours->left, token_count) &&
		reserve_side_tokens(&neighbours->right, token_count) &&
		reserve_side_tokens(&neighbours->both, 1);
}

static void release_side(struct pmill_neighbour_side *side)
{
	free(side->by_token);
	free(side->touched);
	free(side->events);
	*side = (struct pmill_neighbour_side){0};
}

void pmill_neighbours_release(struct pmill_neighbours *neighbours)
{
	release_side(&neighbours->left);
	release_side(&neighbours->right);
	release_side(&neighbours->both);
}

static bool reserve_side(struct pmill_neighbour_side *side, size_t more)
{
	void *events = side->events;
	if (!pmill_array_reserve(
			&events, &side->event_capacity, side->event_count + more, sizeof *side->events))
		return false;
	side->events = events;
	return true;
}

bool pmill_neighbours_reserve(struct pmill_neighbours *neighbours, size_t more)
{
	return reserve_side(&neighbours->left, more) && reserve_side(&neighbours->right, more) &&
		reserve_side(&neighbours->both, more);
}

static void clear_side(struct pmill_neighbour_side *side)
{
	for (size_t i = 0; i < side->touched_count; i++)
		side->by_token[side->touched[i]] = (struct pmill_neighbour){0};
	side->touched_count = 0;
	side->event_count = 0;
}

void pmill_neighbours_clear(struct pmill_neighbours *neighbours)
{
	clear_side(&neighbours->left);
	clear_side(&neighbours->right);
	clear_side(&neighbours->both);
	neighbours->visit = 0;
}
