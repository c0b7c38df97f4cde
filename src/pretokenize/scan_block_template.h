/* The block scanner: the known patterns on masks of 64 bytes, for one instruction set. */
/* SPDX-License-Identifier: MIT */
/*
 * The including file defines what scan_block_masks.h and put_ends below need, and compiles all of
 * this for its instruction set.
 *
 * Blocks are counted from the start of a pretoken, where the scan begins: nothing to its left
 * matters. A block is decided if it and the next one lie within the text with a few bytes to spare,
 * so that no character in them is cut and the end of the text is not near. The last blocks of a
 * text, or all of a short one, are copied, and line feeds put behind them: before white space at
 * the end, pretokens start where they do without. The scalar scanner does the rest: from there on,
 * and places where a block is stuck.
 */
#include <string.h>

#include "pretokenize/scan_block_patterns.h"
#include "pretokenize/scan_scalar.h"

enum {
	SPARE = 4, /* bytes of the longest character */
	NEEDED = 2 * BLOCK_SIZE + SPARE,
	LEAST_TAIL = 16, /* bytes; fewer are left to the scalar scanner */
	MOST_TAIL = NEEDED + BLOCK_SIZE,
};

struct emitter {
	size_t *ends;
	size_t count, capacity;
	size_t last; /* the last end, or where the scan began */
};

#ifndef HAVE_PUT_ENDS
/*
 * Writes `base` plus the position of each bit. There is room for 64, all of which may be
 * overwritten.
 */
INLINE void put_ends(uint64_t bits, size_t base, size_t *ends)
{
	/* A loop with one bit per iteration would be mispredicted once per block. */
	enum { STRIDE = 8 };
	const uint64_t top = 1ull << 63; /* keeps the count of zeros defined once the bits run out */
	while (bits != 0) {
#pragma GCC unroll 8
		for (int i = 0; i < STRIDE; i++, bits &= bits - 1)
			ends[i] = base + (size_t)__builtin_ctzll(bits | top);
		ends += STRIDE;
	}
}
#endif

/* Returns false if there is not room for all. */
INLINE bool emit(struct emitter *emitter, uint64_t starts, size_t base)
{
	size_t room = emitter->capacity - emitter->count;
	size_t *ends = emitter->ends + emitter->count;
	if (starts == 0)
		return true;
	if (room >= BLOCK_SIZE) {
		put_ends(starts, base, ends);
		emitter->count += (size_t)__builtin_popcountll(starts);
		emitter->last = base + 63 - (size_t)__builtin_clzll(starts);
		return true;
	}
	for (; starts != 0 && room > 0; starts &= starts - 1, room--) {
		emitter->last = base + (size_t)__builtin_ctzll(starts);
		emitter->ends[emitter->count++] = emitter->last;
	}
	return starts == 0 && room > 0;
}

/*
 * Runs the scalar scanner from the last end until it reaches `target`. Returns false if out of
 * room.
 */
static bool scan_past(struct emitter *emitter, const struct pmill_scan *scan, size_t target,
	enum pmill_pattern_id pattern)
{
	struct pmill_scan rest = *scan;
	rest.begin = emitter->last;
	while (rest.begin < target && emitter->count < emitter->capacity) {
		size_t made = pmill_scanner_scalar.functions[pattern](
			&rest, emitter->ends + emitter->count, 1);
		if (made == 0)
			break;
		emitter->count += made;
	}
	emitter->last = rest.begin;
	return rest.begin >= target && emitter->count < emitter->capacity;
}

INLINE uint64_t find_starts(struct window *window, enum pmill_pattern_id pattern)
{
	switch (pattern) {
#define START(id, family, ...)                                                                     \
	case PMILL_PATTERN_##id: return start_##family(window, pmill_pattern_rules[pattern]);
		PMILL_PATTERN_LIST(START)
#undef START
	default: return 0;
	}
}

/* What the blocks are taken from: the text, or a copy of its end. */
struct block_text {
	const uint8_t *bytes;
	size_t len;
	size_t origin; /* in the text */
};

/*
 * Decides blocks from `begin` until too little text is left, there is no room for ends, or a block
 * is stuck. Returns the offset of the stuck block in the text, or SIZE_MAX.
 */
INLINE size_t run_blocks(struct emitter *emitter, const struct pmill_unicode *unicode,
	const struct block_text *text, size_t begin, enum pmill_pattern_id pattern)
{
	const bool is_cased = pmill_pattern_rules[pattern].is_cased;
	struct window window = {.stuck = false};
	struct straddler straddler = {0, PMILL_CLASS_OTHER};
	size_t at = begin - text->origin;
	if (text->len - at < NEEDED)
		return SIZE_MAX;
	window.after = read_block(unicode, text->bytes + at, text->len - at, is_cased, &straddler);
	for (; text->len - at >= NEEDED; at += BLOCK_SIZE) {
		const size_t next = at + BLOCK_SIZE, place = text->origin + at;
		window.bytes = text->bytes + at;
		window.now = window.after;
		window.after = read_block(
			unicode, text->bytes + next, text->len - next, is_cased, &straddler);
		uint64_t starts = find_starts(&window, pattern);
		if (window.stuck)
			return place;
		/* The start at which the scan begins ends no pretoken. */
		if (!emit(emitter, place == begin ? starts & ~1ull : starts, place))
			return SIZE_MAX;
		window.before.block = window.now;
	}
	return SIZE_MAX;
}

/* The length of the white space, or ill-formed character, that ends at `end` > begin; 0: none. */
static size_t white_len(const struct pmill_scan *scan, size_t begin, size_t end)
{
	const uint8_t *text = scan->text;
	size_t first = end - 1;
	uint32_t code_point;
	while (first > begin && end - first < SPARE && (text[first] & 0xC0) == 0x80)
		first--;
	const size_t len = pmill_utf8_decode(text + first, end - first, &code_point);
	if (len < end - first || code_point == PMILL_INVALID_CODE_POINT)
		return 1;
	return pmill_unicode_class(scan->unicode, code_point) == PMILL_CLASS_SPACE ? len : 0;
}

/* Where the text ends, or the white space before that begins. */
static size_t find_end(const struct pmill_scan *scan, size_t begin)
{
	size_t end = scan->len, len = 1;
	while (end > begin && (len = white_len(scan, begin, end)) > 0)
		end -= len;
	return end;
}

/* Drops what was decided by more than the text. */
static void drop_from(struct emitter *emitter, size_t begin, size_t count, size_t end)
{
	while (emitter->count > count && emitter->ends[emitter->count - 1] >= end)
		emitter->count--;
	emitter->last = emitter->count > count ? emitter->ends[emitter->count - 1] : begin;
}

/* `tail` has room for MOST_TAIL + NEEDED bytes. */
INLINE size_t scan_blocks(struct pmill_scan *scan, size_t *ends, size_t capacity,
	enum pmill_pattern_id pattern, uint8_t *tail)
{
	const bool has_blocks = !pmill_pattern_rules[pattern].is_uncut &&
		!pmill_pattern_rules[pattern].has_fine_classes;
	struct emitter emitter = {ends, 0, capacity, scan->begin};
	struct block_text text = {scan->text, scan->len, 0};
	while (has_blocks) {
		const size_t begin = emitter.last, count = emitter.count;
		const size_t stuck = run_blocks(&emitter, scan->unicode, &text, begin, pattern);
		if (text.bytes == tail) {
			drop_from(&emitter, begin, count, find_end(scan, begin));
			break;
		}
		if (stuck != SIZE_MAX && !scan_past(&emitter, scan, stuck + BLOCK_SIZE, pattern))
			break;
		if (stuck != SIZE_MAX)
			continue;
		const size_t left = scan->len - emitter.last;
		if (!scan->is_final || emitter.count == capacity || left < LEAST_TAIL || left > MOST_TAIL)
			break;
		memcpy(tail, scan->text + emitter.last, left);
		memset(tail + left, '\n', NEEDED);
		text = (struct block_text){tail, left + NEEDED, emitter.last};
	}
	scan->begin = emitter.last;
	if (emitter.count == capacity)
		return capacity;
	return emitter.count +
		pmill_scanner_scalar.functions[pattern](
			scan, ends + emitter.count, capacity - emitter.count);
}

/*
 * The copy is in a frame of its own: gcc's address sanitizer doesn't align vectors of 64 bytes in a
 * frame that has an array (its bug 110027).
 */
#define DEFINE_BLOCK_SCAN(id, ...)                                                                 \
	static __attribute__((noinline))                                                               \
	size_t scan_blocks_##id(struct pmill_scan *scan, size_t *ends, size_t capacity, uint8_t *tail) \
	{                                                                                              \
		return scan_blocks(scan, ends, capacity, PMILL_PATTERN_##id, tail);                        \
	}                                                                                              \
	static size_t scan_##id(struct pmill_scan *scan, size_t *ends, size_t capacity)                \
	{                                                                                              \
		uint8_t tail[MOST_TAIL + NEEDED];                                                          \
		return scan_blocks_##id(scan, ends, capacity, tail);                                       \
	}

PMILL_PATTERN_LIST(DEFINE_BLOCK_SCAN)

#define SCAN_FUNCTION(id, ...) [PMILL_PATTERN_##id] = scan_##id,

static const pmill_scan_function scan_functions[PMILL_PATTERN_COUNT] = {
	PMILL_PATTERN_LIST(SCAN_FUNCTION)};
