/* From which bytes of its source each byte of a changed text comes. */
/* SPDX-License-Identifier: MIT */
/*
 * A changed text is a sequence of runs, without gaps. A copied run comes byte by byte from as many
 * bytes of the source; a changed run comes as a whole from a whole range of it, which is empty if
 * the run was inserted:
 *
 *     source    a b   X Y   c d          [0, 2) copied from [0, 2)
 *     changed   a b   z     c d   !      [2, 3) changed from [2, 4)
 *                                        [3, 5) copied from [4, 6)
 *                                        [5, 6) changed from [6, 6)
 *
 * Ranges of the source ascend and don't overlap. What is between them was removed.
 */
#ifndef PMILL_NORMALIZE_SOURCE_MAP_H
#define PMILL_NORMALIZE_SOURCE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PMILL_SOURCE_COPIED SIZE_MAX

/* A run ends where the next one begins, and the last one where the changed text ends. */
struct pmill_source_run {
	size_t begin; /* in the changed text */
	size_t source_begin;
	size_t source_len; /* PMILL_SOURCE_COPIED: copied, as many as the run has */
};

/* An all-zero map is that of an empty text. */
struct pmill_source_map {
	struct pmill_source_run *runs;
	size_t count, capacity;
	size_t len; /* of the changed text */
};

void pmill_source_map_clear(struct pmill_source_map *map);
void pmill_source_map_release(struct pmill_source_map *map);

/*
 * The changed text goes on with a run of `len` bytes, whose source must not begin before the end of
 * the run before it; with `len` 0 nothing is added. A copied run that continues another becomes
 * part of it. Both return false if out of memory.
 */
bool pmill_source_map_add_copied(struct pmill_source_map *map, size_t source_begin, size_t len);
bool pmill_source_map_add_changed(
	struct pmill_source_map *map, size_t len, size_t source_begin, size_t source_end);

/*
 * `first` leads from a source to a text, `second` from that text to another. `*both`, which must be
 * neither, becomes the map from the source to the other text. A run of `second` comes from what all
 * of its text comes from; two runs that share a changed run of `first` become one. Returns false if
 * out of memory.
 */
bool pmill_source_map_compose(const struct pmill_source_map *first,
	const struct pmill_source_map *second, struct pmill_source_map *both);

/*
 * The smallest range of the source that the bytes [begin, end) of the changed text come from;
 * inserted bytes count only if there are no others. An empty range is a place: it gives an empty
 * range there, where something was removed the one after it; within a changed run, which has no
 * places, it gives what the run comes from.
 *
 * `*near` is the caller's, 0 at first: the run where the search begins. Asked in ascending order,
 * all searches together take linear time; any order is right, with any `*near`.
 */
void pmill_source_map_find(const struct pmill_source_map *map, size_t begin, size_t end,
	size_t *near, size_t *source_begin, size_t *source_end);

/*
 * Whether the changed text can be cut at `offset`: between two runs, or within a copied one. Then
 * `*source_offset` is where that cuts the source; after what was removed there, except at the end
 * of the text. `near` as above.
 */
bool pmill_source_map_find_border(
	const struct pmill_source_map *map, size_t offset, size_t *near, size_t *source_offset);

#endif
