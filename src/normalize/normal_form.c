/* The normal forms NFC, NFD, NFKC and NFKD. */
/* SPDX-License-Identifier: MIT */
/*
 * Most text is in the normal form already. A border is a character that nothing joins to what is
 * before it, so normalising never reaches across the place before it. Text is copied as long as its
 * characters are borders that stay as they are. From the last of them on, a section up to the next
 * border is taken apart: decomposed, sorted by combining class, composed. Sections are short,
 * except where somebody piles up marks or jamos; sorting by counting keeps these linear.
 */
#include "normalize/normal_form.h"

#include <stdlib.h>

#include "normalize/normal_table.h"
#include "unicode/utf8.h"

/* Of code points, with their combining class in the high byte. */
struct array {
	uint32_t *items;
	size_t capacity;
};

struct work {
	enum pmill_normal_kind form;
	unsigned version;
	const uint8_t *text;
	size_t len;
	struct array section, sorted;
	size_t count; /* in the section */
	struct pmill_source_map *map;
	/*
	 * With a map, of each item of the section: where the character begins whose first part it is,
	 * if nothing was moved or composed from here or later to before it; otherwise NOT_FIRST.
	 */
	size_t *origins;
	size_t origins_capacity;
};

#define NOT_FIRST SIZE_MAX

static uint32_t class_of(uint32_t item)
{
	return item >> 24;
}

static uint32_t code_point_of(uint32_t item)
{
	return item & 0xFFFFFF;
}

static bool composes(enum pmill_normal_kind form)
{
	return form == PMILL_NORMAL_NFC || form == PMILL_NORMAL_NFKC;
}

static bool is_compatible(enum pmill_normal_kind form)
{
	return form == PMILL_NORMAL_NFKC || form == PMILL_NORMAL_NFKD;
}

static bool reserve(struct array *array, size_t needed)
{
	void *items = array->items;
	if (!pmill_array_reserve(&items, &array->capacity, needed, sizeof *array->items))
		return false;
	array->items = items;
	return true;
}

/* ---- Finding sections ---- */

static size_t skip_ascii(const uint8_t *text, size_t len, size_t at)
{
	uint64_t eight;
	for (; len - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, text + at, sizeof eight);
		if ((eight & 0x8080808080808080u) != 0)
			break;
	}
	while (at < len && text[at] < 0x80)
		at++;
	return at;
}

/* The first section at or after `at`; up to there nothing changes. `len` if there is none. */
static size_t find_section(const struct work *work, size_t at)
{
	size_t begin = at;
	while (at < work->len) {
		const size_t ascii_end = skip_ascii(work->text, work->len, at);
		if (ascii_end > at) {
			begin = ascii_end - 1;
			at = ascii_end;
			continue;
		}
		uint32_t code_point;
		const size_t len = pmill_utf8_decode(work->text + at, work->len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			begin = at + len;
		else if ((pmill_normal_find(code_point, work->version)->flags >> work->form & 1) != 0)
			return begin;
		else
			begin = at;
		at += len;
	}
	return work->len;
}

/* ---- Taking a section apart ---- */

static size_t decompose_hangul(uint32_t syllable, uint32_t *own)
{
	const uint32_t both = syllable / PMILL_HANGUL_TRAILINGS;
	const uint32_t trailing = syllable % PMILL_HANGUL_TRAILINGS;
	own[0] = PMILL_HANGUL_LEADING + both / PMILL_HANGUL_VOWELS;
	own[1] = PMILL_HANGUL_VOWEL + both % PMILL_HANGUL_VOWELS;
	own[2] = PMILL_HANGUL_TRAILING + trailing;
	return trailing > 0 ? 3 : 2;
}

/* Returns how many `*parts` there are, which are in the tables or in `own`. */
static inline size_t decompose(
	const struct work *work, uint32_t code_point, uint32_t own[3], const uint32_t **parts)
{
	*parts = own;
	own[0] = code_point;
	if (code_point - PMILL_HANGUL_SYLLABLE < PMILL_HANGUL_SYLLABLES)
		return decompose_hangul(code_point - PMILL_HANGUL_SYLLABLE, own);
	const struct pmill_normal_character *found = pmill_normal_find(code_point, work->version);
	const size_t place = is_compatible(work->form) ? found->compatible : found->canonical;
	if (place == 0)
		return 1;
	*parts = &pmill_normal_sequences[place + 1];
	return pmill_normal_sequences[place];
}

static bool is_border(const struct work *work, uint32_t code_point)
{
	const struct pmill_normal_character *found = pmill_normal_find(code_point, work->version);
	return found->combining_class == 0 &&
		(!composes(work->form) || (found->flags & PMILL_NORMAL_IS_SECOND) == 0);
}

static bool add_parts(struct work *work, const uint32_t *parts, size_t count)
{
	if (!reserve(&work->section, work->count + count))
		return false;
	uint32_t *items = work->section.items + work->count;
	for (size_t i = 0; i < count; i++) {
		const uint32_t class = pmill_normal_find(parts[i], work->version)->combining_class;
		items[i] = class << 24 | parts[i];
	}
	work->count += count;
	return true;
}

/* Decomposes the section that begins at `*at`, and moves that to its end. */
static bool read_section(struct work *work, size_t *at)
{
	work->count = 0;
	while (*at < work->len) {
		uint32_t code_point, own[3];
		const uint32_t *parts;
		const size_t len = pmill_utf8_decode(work->text + *at, work->len - *at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			break;
		const size_t count = decompose(work, code_point, own, &parts);
		if (work->count > 0 && is_border(work, parts[0]))
			break;
		if (!add_parts(work, parts, count))
			return false;
		*at += len;
	}
	return true;
}

/* The origins of the items of the section, which is decomposed and comes from [begin, end). */
static bool find_origins(struct work *work, size_t begin, size_t end)
{
	void *origins = work->origins;
	if (!pmill_array_reserve(&origins, &work->origins_capacity, work->count, sizeof begin))
		return false;
	work->origins = origins;
	for (size_t at = begin, item = 0; at < end;) {
		uint32_t code_point, own[3];
		const uint32_t *parts;
		work->origins[item++] = at;
		at += pmill_utf8_decode(work->text + at, end - at, &code_point);
		for (size_t count = decompose(work, code_point, own, &parts); count > 1; count--)
			work->origins[item++] = NOT_FIRST;
	}
	return true;
}

/* ---- Sorting ---- */

static bool is_sorted(const uint32_t *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (class_of(items[i - 1]) > class_of(items[i]))
			return false;
	return true;
}

static void forget_origins(struct work *work, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++)
		work->origins[i] = NOT_FIRST;
}

/* Sorts the items [begin, end) by class, stably. */
static bool sort_marks(struct work *work, size_t begin, size_t end)
{
	uint32_t *items = work->section.items + begin;
	const size_t count = end - begin;
	if (work->map != NULL)
		forget_origins(work, begin + 1, end);
	if (!reserve(&work->sorted, count))
		return false;
	size_t places[256] = {0};
	for (size_t i = 0; i < count; i++)
		places[class_of(items[i])]++;
	for (size_t class = 0, place = 0; class < 256; class ++) {
		const size_t of_class = places[class];
		places[class] = place;
		place += of_class;
	}
	for (size_t i = 0; i < count; i++)
		work->sorted.items[places[class_of(items[i])]++] = items[i];
	memcpy(items, work->sorted.items, count * sizeof *items);
	return true;
}

static bool sort_section(struct work *work)
{
	const uint32_t *items = work->section.items;
	const size_t count = work->count;
	for (size_t end = 0; end < count; end++) {
		const size_t begin = end;
		while (end < count && class_of(items[end]) != 0)
			end++;
		if (end - begin > 1 && !is_sorted(items + begin, end - begin) &&
			!sort_marks(work, begin, end))
			return false;
	}
	return true;
}

/* ---- Composing ---- */

/*
 * Each character is tried with the last starter, unless one between them has its class or a higher
 * one. A starter takes at most three others, the most that a character decomposes to besides it.
 */
static void compose_section(struct work *work)
{
	uint32_t *items = work->section.items;
	size_t kept = 0, starter = SIZE_MAX;
	uint32_t last_class = 0; /* of the mark kept since; 0: none */
	for (size_t i = 0; i < work->count; i++) {
		const uint32_t class = class_of(items[i]);
		if (starter != SIZE_MAX && (last_class == 0 || last_class < class)) {
			const uint32_t composite = pmill_normal_compose(
				code_point_of(items[starter]), code_point_of(items[i]), work->version);
			if (composite != 0) {
				items[starter] = composite;
				if (work->map != NULL)
					forget_origins(work, starter + 1, kept);
				continue;
			}
		}
		if (class == 0)
			starter = kept;
		if (work->map != NULL)
			work->origins[kept] = work->origins[i];
		last_class = class;
		items[kept++] = items[i];
	}
	work->count = kept;
}

/* ---- Writing ---- */

static bool write_section(const struct work *work, struct pmill_buffer *out)
{
	if (work->count > SIZE_MAX / 4 || !pmill_buffer_reserve(out, work->count * 4))
		return false;
	uint8_t *to = out->data + out->len;
	for (size_t i = 0; i < work->count; i++)
		to += pmill_utf8_encode(code_point_of(work->section.items[i]), to);
	out->len = (size_t)(to - out->data);
	return true;
}

/* The source's bytes [begin, end) became those of `out` from `written` on. */
static bool add_run(const struct work *work, size_t begin, size_t end,
	const struct pmill_buffer *out, size_t written)
{
	const size_t len = out->len - written;
	if (len == end - begin && memcmp(out->data + written, work->text + begin, len) == 0)
		return pmill_source_map_add_copied(work->map, begin, len);
	return pmill_source_map_add_changed(work->map, len, begin, end);
}

/* The same, with the map of the section's source, [begin, end): a run for each origin. */
static bool write_runs(struct work *work, size_t begin, size_t end, struct pmill_buffer *out)
{
	if (work->count > SIZE_MAX / 4 || !pmill_buffer_reserve(out, work->count * 4))
		return false;
	size_t written = out->len;
	for (size_t i = 0; i < work->count; i++) {
		const uint32_t item = work->section.items[i];
		if (i > 0 && work->origins[i] != NOT_FIRST) {
			if (!add_run(work, begin, work->origins[i], out, written))
				return false;
			begin = work->origins[i];
			written = out->len;
		}
		out->len += pmill_utf8_encode(code_point_of(item), out->data + out->len);
	}
	return add_run(work, begin, end, out, written);
}

/* ---- All together ---- */

static bool rewrite_section(struct work *work, size_t *at, struct pmill_buffer *out)
{
	const size_t begin = *at;
	if (!read_section(work, at) || (work->map != NULL && !find_origins(work, begin, *at)) ||
		!sort_section(work))
		return false;
	if (composes(work->form))
		compose_section(work);
	return work->map == NULL ? write_section(work, out) : write_runs(work, begin, *at, out);
}

bool pmill_normal_form_append(enum pmill_normal_kind form, unsigned version, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map)
{
	struct work work = {.form = form, .version = version, .text = text, .len = len, .map = map};
	bool done = pmill_buffer_reserve(out, len);
	for (size_t at = 0; done && at < len;) {
		const size_t begin = find_section(&work, at);
		done = pmill_buffer_append(out, text + at, begin - at) &&
			(map == NULL || pmill_source_map_add_copied(map, at, begin - at));
		at = begin;
		if (done && at < len)
			done = rewrite_section(&work, &at, out);
	}
	free(work.section.items);
	free(work.sorted.items);
	free(work.origins);
	return done;
}
