/* From which bytes of its source each byte of a changed text comes. */
/* SPDX-License-Identifier: MIT */
#include "normalize/source_map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/array.h"

void pmill_source_map_clear(struct pmill_source_map *map)
{
	map->count = 0;
	map->len = 0;
}

void pmill_source_map_release(struct pmill_source_map *map)
{
	free(map->runs);
	*map = (struct pmill_source_map){0};
}

/* ---- Runs ---- */

static bool is_copied(const struct pmill_source_run *run)
{
	return run->source_len == PMILL_SOURCE_COPIED;
}

static size_t run_end(const struct pmill_source_map *map, size_t index)
{
	return index + 1 < map->count ? map->runs[index + 1].begin : map->len;
}

/* Where the source of the run's bytes before `end` ends. */
static size_t source_end_before(const struct pmill_source_run *run, size_t end)
{
	return run->source_begin + (is_copied(run) ? end - run->begin : run->source_len);
}

/* Where the source of the run's bytes from `begin` on begins. */
static size_t source_begin_after(const struct pmill_source_run *run, size_t begin)
{
	return run->source_begin + (is_copied(run) ? begin - run->begin : 0);
}

static size_t source_end_of(const struct pmill_source_map *map)
{
	return map->count > 0 ? source_end_before(&map->runs[map->count - 1], map->len) : 0;
}

/* ---- Adding ---- */

static bool add(struct pmill_source_map *map, size_t len, size_t source_begin, size_t source_len)
{
	void *runs = map->runs;
	if (!pmill_array_reserve(&runs, &map->capacity, map->count + 1, sizeof *map->runs))
		return false;
	map->runs = runs;
	map->runs[map->count++] = (struct pmill_source_run){map->len, source_begin, source_len};
	map->len += len;
	return true;
}

bool pmill_source_map_add_copied(struct pmill_source_map *map, size_t source_begin, size_t len)
{
	assert(source_begin >= source_end_of(map));
	if (len == 0)
		return true;
	const bool continues = map->count > 0 && is_copied(&map->runs[map->count - 1]) &&
		source_end_of(map) == source_begin;
	if (!continues)
		return add(map, len, source_begin, PMILL_SOURCE_COPIED);
	map->len += len;
	return true;
}

bool pmill_source_map_add_changed(
	struct pmill_source_map *map, size_t len, size_t source_begin, size_t source_end)
{
	assert(source_begin >= source_end_of(map) && source_begin <= source_end);
	return len == 0 || add(map, len, source_begin, source_end - source_begin);
}

/* ---- Finding ---- */

/* The run that `offset`, less than the map's length, is in. */
static size_t find_run(const struct pmill_source_map *map, size_t offset, size_t near)
{
	size_t low = near < map->count ? near : 0, high = map->count;
	if (map->runs[low].begin > offset) {
		high = low;
		low = 0;
	}
	for (size_t step = 1; step < high - low; step *= 2) {
		if (map->runs[low + step].begin > offset)
			high = low + step;
		else
			low += step;
	}
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		if (map->runs[middle].begin > offset)
			high = middle;
		else
			low = middle;
	}
	return low;
}

static bool is_inserted(const struct pmill_source_run *run)
{
	return run->source_len == 0;
}

static void find_place(const struct pmill_source_map *map, size_t offset, size_t *near,
	size_t *source_begin, size_t *source_end)
{
	*source_begin = *source_end = source_end_of(map);
	if (offset == map->len)
		return;
	*near = find_run(map, offset, *near);
	const struct pmill_source_run *run = &map->runs[*near];
	*source_begin = *source_end = source_begin_after(run, offset);
	if (offset > run->begin && !is_copied(run))
		*source_end += run->source_len;
}

void pmill_source_map_find(const struct pmill_source_map *map, size_t begin, size_t end,
	size_t *near, size_t *source_begin, size_t *source_end)
{
	assert(begin <= end && end <= map->len);
	if (begin == end) {
		find_place(map, begin, near, source_begin, source_end);
		return;
	}
	size_t first = find_run(map, begin, *near), last = find_run(map, end - 1, first);
	*near = last;
	while (first < last && is_inserted(&map->runs[first]))
		first++;
	while (first < last && is_inserted(&map->runs[last]))
		last--;
	const struct pmill_source_run *run = &map->runs[first];
	*source_begin = source_begin_after(run, begin > run->begin ? begin : run->begin);
	const size_t last_end = run_end(map, last);
	*source_end = source_end_before(&map->runs[last], end < last_end ? end : last_end);
}

bool pmill_source_map_find_border(
	const struct pmill_source_map *map, size_t offset, size_t *near, size_t *source_offset)
{
	assert(offset <= map->len);
	size_t source_end;
	find_place(map, offset, near, source_offset, &source_end);
	if (offset == map->len || is_copied(&map->runs[*near]))
		return true;
	return offset == map->runs[*near].begin;
}

/* ---- Composing ---- */

/* Joins the run to the last one if both come from the same bytes in part. */
static bool add_or_join(
	struct pmill_source_map *map, size_t len, size_t source_begin, size_t source_end)
{
	if (source_begin >= source_end_of(map))
		return pmill_source_map_add_changed(map, len, source_begin, source_end);
	/* Copied runs share no byte with another; and the source never ends before that of `last`. */
	struct pmill_source_run *last = &map->runs[map->count - 1];
	assert(!is_copied(last) && source_begin >= last->source_begin);
	last->source_len = source_end - last->source_begin;
	map->len += len;
	return true;
}

/* Of a copied run of the second map, the stretch [begin, end) of the first. */
static bool add_stretch(const struct pmill_source_map *first, size_t begin, size_t end,
	size_t *near, struct pmill_source_map *both)
{
	size_t index = find_run(first, begin, *near);
	for (size_t at = begin, stop; at < end; at = stop, index++) {
		const struct pmill_source_run *run = &first->runs[index];
		stop = run_end(first, index) < end ? run_end(first, index) : end;
		const bool done = is_copied(run)
			? pmill_source_map_add_copied(both, source_begin_after(run, at), stop - at)
			: add_or_join(both, stop - at, run->source_begin, source_end_before(run, stop));
		if (!done)
			return false;
		*near = index;
	}
	return true;
}

bool pmill_source_map_compose(const struct pmill_source_map *first,
	const struct pmill_source_map *second, struct pmill_source_map *both)
{
	size_t near = 0;
	pmill_source_map_clear(both);
	for (size_t i = 0; i < second->count; i++) {
		const struct pmill_source_run *run = &second->runs[i];
		const size_t end = run_end(second, i), middle_end = source_end_before(run, end);
		size_t source_begin, source_end;
		bool done;
		if (is_copied(run)) {
			done = add_stretch(first, run->source_begin, middle_end, &near, both);
		} else {
			pmill_source_map_find(
				first, run->source_begin, middle_end, &near, &source_begin, &source_end);
			done = add_or_join(both, end - run->begin, source_begin, source_end);
		}
		if (!done)
			return false;
	}
	return true;
}
