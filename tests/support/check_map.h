/* What must hold of the map of a normalised text. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_CHECK_MAP_H
#define PMILL_TESTS_SUPPORT_CHECK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "normalize/normalizer.h"
#include "normalize/source_map.h"

/* Whether `normal` is `text`, in which ASCII letters may be in lower case. */
static inline bool is_copy(const uint8_t *text, const uint8_t *normal, size_t len, bool lowers)
{
	for (size_t i = 0; i < len; i++) {
		const bool is_capital = text[i] >= 'A' && text[i] <= 'Z';
		if (normal[i] != text[i] && !(lowers && is_capital && normal[i] == (text[i] | 0x20)))
			return false;
	}
	return true;
}

/* Whether the text alone becomes `expected`. */
static inline bool becomes(const struct pmill_normalizer *normalizer, const uint8_t *text,
	size_t len, const uint8_t *expected, size_t expected_len)
{
	struct pmill_buffer out = {0};
	const bool is_same = pmill_normalizer_apply(normalizer, text, len, &out, NULL, NULL) ==
			PMILL_OK &&
		out.len == expected_len && (out.len == 0 || memcmp(out.data, expected, out.len) == 0);
	pmill_buffer_release(&out);
	return is_same;
}

/*
 * NULL, or what is wrong with `map`, from `text` to `normal`. `lowers`: a step is lower case. With
 * a local normalizer, each changed run is its source normalised, and no source was removed.
 */
static inline const char *find_map_fault(const struct pmill_normalizer *normalizer,
	const uint8_t *text, size_t len, const struct pmill_buffer *normal,
	const struct pmill_source_map *map, bool lowers)
{
	const bool is_local = pmill_normalizer_is_local(normalizer);
	size_t begin = 0, source = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct pmill_source_run *run = &map->runs[i];
		const size_t end = i + 1 < map->count ? run[1].begin : map->len;
		const bool is_copied = run->source_len == PMILL_SOURCE_COPIED;
		const size_t source_len = is_copied ? end - begin : run->source_len;
		if (run->begin != begin || end <= begin)
			return "a gap, or an empty run";
		if (run->source_begin < source || run->source_begin > len ||
			source_len > len - run->source_begin)
			return "sources overlap, or descend, or pass the end";
		if (is_local && run->source_begin > source)
			return "a local step removed something";
		const uint8_t *from = text + run->source_begin, *to = normal->data + begin;
		if (is_copied && !is_copy(from, to, source_len, lowers))
			return "a copied run differs";
		if (is_local && !is_copied && !becomes(normalizer, from, source_len, to, end - begin))
			return "the source of a changed run alone becomes something else";
		source = run->source_begin + source_len;
		begin = end;
	}
	if (is_local && source != len)
		return "a local step removed the end";
	return begin == map->len && map->len == normal->len ? NULL : "not the whole text";
}

#endif
