/* Where pretokens start in a block of 64 bytes: the known patterns as algebra on masks. */
/* SPDX-License-Identifier: MIT */
/*
 * Whether a pretoken starts at a position depends on what is near: the classes of the characters
 * around it, and where runs begin and end. So all positions are decided at once, by shifts, and by
 * additions whose carry passes through a run of ones (spread). `before` holds the masks of the
 * previous block; how a run of white space is cut depends on its end, so the next block is known
 * too. If even that is not enough, `stuck` is set, and the scalar scanner continues from the last
 * start before the block.
 *
 * scan_scalar_patterns.h explains why each pattern cuts as it does; this file only translates that
 * to masks.
 */
#ifndef PMILL_PRETOKENIZE_SCAN_BLOCK_PATTERNS_H
#define PMILL_PRETOKENIZE_SCAN_BLOCK_PATTERNS_H

#include "pretokenize/scan_block_masks.h"

/* What a block must know of the ones before it: mostly masks of which bit 63 counts. */
struct before {
	struct block block;
	uint64_t symbol, run_space, attachable, tail, absorbed, cased, lower_phase, shared;
	uint64_t contraction, contraction_end; /* bits that spill into the next block, from bit 0 */
	unsigned digits;                       /* so far in the group of numbers that includes bit 63 */
};

struct window {
	const uint8_t *bytes; /* of the block; those of the next one are readable too */
	struct block now, after;
	struct before before;
	bool stuck;
};

/*
 * The seeds, and all of `within` that follows one in the same run of ones. `seeds` is a subset of
 * `within`.
 */
INLINE uint64_t spread(uint64_t seeds, uint64_t within)
{
	return within & (~(within + seeds) | seeds);
}

/* The same, towards bit 0. */
INLINE uint64_t spread_down(uint64_t seeds, uint64_t within)
{
	for (unsigned step = 1; step < BLOCK_SIZE; step *= 2) {
		seeds |= seeds >> step & within;
		within &= within >> step;
	}
	return seeds;
}

/* ---- White space ---- */

/*
 * The first bytes of the last characters of runs of `space`, in this block and as far as can be
 * told in the next. White space characters have at most three bytes.
 */
INLINE uint64_t find_last_spaces(const struct window *window, uint64_t space, uint64_t space_after)
{
	uint64_t all = window->now.space, all_after = window->after.space;
	uint64_t last = space & ~preceding(all, all_after);
	uint64_t last_after = space_after & ~(all_after >> 1) & 3;
	if (((last & window->now.inner) | (last_after & window->after.inner)) == 0)
		return last;
	for (int i = 0; i < 2; i++) {
		uint64_t moved = preceding(last & window->now.inner, last_after & window->after.inner);
		last = (last & ~window->now.inner) | moved;
		last_after = (last_after & ~window->after.inner) | (last_after & window->after.inner) >> 1;
	}
	return last;
}

/*
 * Starts in runs of white space, for patterns with rules for line ends. `tail`: line ends that
 * belong to the symbols before them. Otherwise a run is one pretoken up to its last line end, and
 * the last character of the rest starts another.
 */
INLINE uint64_t start_spaces(struct window *window, uint64_t tail)
{
	const struct block *now = &window->now;
	struct before *before = &window->before;
	uint64_t run = now->space & ~tail;
	uint64_t flat = run & ~now->line_end,
			 flat_after = window->after.space & ~window->after.line_end;
	uint64_t starts = run & ~following(run, before->run_space);
	uint64_t first = flat &
		following(now->line_end & run, before->block.line_end & before->run_space);
	if (first != 0) {
		uint64_t broken = flat & preceding(now->line_end, window->after.line_end);
		if (flat >> 63 != 0) {
			window->stuck |= flat_after == UINT64_MAX;
			uint64_t end_after = ~flat_after & (flat_after + 1);
			broken |= (uint64_t)((window->after.line_end & end_after) != 0) << 63;
		}
		if (broken != 0)
			first &= ~spread_down(broken, flat);
		starts |= first;
	}
	before->run_space = run;
	return starts | find_last_spaces(window, flat, flat_after);
}

/* ---- Numbers ---- */

INLINE uint64_t group_long_numbers(struct window *window, uint64_t first, unsigned max)
{
	uint64_t starts = 0;
	uint64_t left = window->now.number & ~window->now.inner;
	for (; left != 0; left &= left - 1) {
		uint64_t bit = left & -left;
		if ((first & bit) != 0 || window->before.digits == max) {
			window->before.digits = 0;
			starts |= bit;
		}
		window->before.digits++;
	}
	return starts;
}

/* Starts in runs of numbers, which form groups of at most `max`. */
INLINE uint64_t start_numbers(struct window *window, unsigned max)
{
	uint64_t number = window->now.number, inner = window->now.inner;
	if (number == 0)
		return 0;
	uint64_t continued = window->before.block.number >> 63;
	uint64_t first = number & ~(number << 1 | continued);
	if (max == 1)
		return number & ~inner;
	if ((number & inner) != 0)
		return group_long_numbers(window, first, max);
	uint64_t starts = first, full = number;
	for (unsigned i = 1; i <= max; i++)
		full &= number << i;
	if ((number & continued) != 0) {
		unsigned missing = max - window->before.digits;
		if ((~number & lowest_bits(missing + 1)) == 0)
			starts |= 1ull << missing;
	}
	for (uint64_t grown = starts << max & full; grown != 0; grown = grown << max & full)
		starts |= grown;
	if (number >> 63 != 0)
		window->before.digits = (unsigned)__builtin_clzll(starts) + 1;
	return starts;
}

/* ---- gpt2 ---- */

/* As match_contraction and match_contraction_any_case; three bytes are readable. */
INLINE size_t contraction_len(const uint8_t *bytes, bool any_case)
{
	uint8_t fold = any_case ? 0x20 : 0, first = bytes[1], second = bytes[2];
	if (any_case && first == 0xC5)
		return second == 0xBF ? 3 : 0;
	first |= fold;
	second |= fold;
	if (first == 's' || first == 'd' || first == 'm' || first == 't')
		return 2;
	if (first != 'l' && first != 'v' && first != 'r')
		return 0;
	return second == (first == 'l' ? 'l' : 'e') ? 3 : 0;
}

/*
 * Applies the contractions at `places`: no start inside one, and a start after it. What spills into
 * the next block is kept in `before`.
 */
INLINE uint64_t cut_contractions(
	struct window *window, uint64_t starts, uint64_t places, bool any_case)
{
	struct before *before = &window->before;
	starts = (starts & ~before->contraction) | before->contraction_end;
	before->contraction = 0;
	before->contraction_end = 0;
	for (; places != 0; places &= places - 1) {
		unsigned at = (unsigned)__builtin_ctzll(places);
		size_t len = contraction_len(window->bytes + at, any_case);
		if (len == 0)
			continue;
		uint64_t inside = lowest_bits(len - 1) << 1, end = 1ull << len;
		starts = (starts & ~(inside << at)) | end << at;
		before->contraction |= inside >> 1 >> (63 - at);
		before->contraction_end |= end >> 1 >> (63 - at);
	}
	return starts;
}

INLINE uint64_t start_gpt2(struct window *window, struct pmill_pattern_rules rules)
{
	(void)rules;
	const struct block *now = &window->now, *last = &window->before.block;
	uint64_t symbol = ~(now->letter | now->number | now->space);
	uint64_t same = (now->letter & following(now->letter, last->letter)) |
		(now->number & following(now->number, last->number)) |
		(symbol & following(symbol, window->before.symbol)) |
		(now->space & following(now->space, last->space));
	uint64_t starts = ~same & (now->space | ~following(now->blank, last->blank));
	starts |= find_last_spaces(window, now->space, window->after.space);
	window->before.symbol = symbol;
	uint64_t places = now->apostrophe & starts & preceding(now->letter, window->after.letter);
	return cut_contractions(window, starts, places, false);
}

/* ---- cl100k and its relatives ---- */

INLINE uint64_t letters_of(const struct block *block, struct pmill_pattern_rules rules)
{
	return rules.has_marks ? block->letter | block->mark : block->letter;
}

INLINE uint64_t start_cl100k(struct window *window, struct pmill_pattern_rules rules)
{
	const struct block *now = &window->now, *last = &window->before.block;
	struct before *before = &window->before;
	const uint64_t letter = letters_of(now, rules), last_letter = letters_of(last, rules);
	uint64_t symbol = ~(letter | now->number | now->space);
	/* A symbol after a symbol or a blank joins it, and letters join neither. */
	uint64_t joined = symbol & ~now->inner &
		following(symbol | now->blank, before->symbol | last->blank);
	uint64_t absorbed = spread(joined | (symbol & before->absorbed >> 63), symbol);
	uint64_t attachable = (symbol & ~absorbed) | (now->space & ~now->line_end);
	uint64_t tail = spread(
		now->line_end & following(symbol, before->symbol | before->tail), now->line_end);
	uint64_t starts = symbol & ~now->inner & ~absorbed;
	starts |= letter & ~following(letter | attachable, last_letter | before->attachable);
	uint64_t places = now->apostrophe & starts & preceding(now->letter, window->after.letter);
	starts |= start_numbers(window, rules.max_numbers) | start_spaces(window, tail);
	before->symbol = symbol;
	before->absorbed = absorbed;
	before->attachable = attachable;
	before->tail = tail;
	return cut_contractions(window, starts, places, true);
}

/* ---- o200k ---- */

/*
 * Removes the contractions that follow letters from `*cased`, the letters and marks: each ends a
 * pretoken, and nothing after it joins it. Returns their mask.
 */
INLINE uint64_t take_contractions(struct window *window, uint64_t *cased)
{
	struct before *before = &window->before;
	uint64_t taken = before->contraction;
	*cased &= ~taken;
	before->contraction = 0;
	uint64_t places = window->now.apostrophe & preceding(window->now.letter, window->after.letter);
	for (; places != 0; places &= places - 1) {
		unsigned at = (unsigned)__builtin_ctzll(places);
		if ((following(*cased, before->cased) >> at & 1) == 0)
			continue;
		size_t len = contraction_len(window->bytes + at, true);
		uint64_t bits = lowest_bits(len);
		taken |= bits << at;
		*cased &= ~taken;
		before->contraction |= at > 0 ? bits >> (64 - at) : 0;
	}
	return taken;
}

/*
 * Upper-case runs that end a run of letters and marks and follow a shared character: the lower-case
 * part of the pretoken ends with that character. `places`: where such runs may begin.
 */
INLINE uint64_t find_split_off(
	struct window *window, uint64_t places, uint64_t upper, uint64_t cased)
{
	uint64_t starts = 0;
	for (; places != 0; places &= places - 1) {
		unsigned at = (unsigned)__builtin_ctzll(places);
		uint64_t others = ~upper >> at << at;
		if (others != 0) {
			starts |= (places & -places) & -(uint64_t)((cased & others & -others) == 0);
			continue;
		}
		uint64_t others_after = ~window->after.upper;
		uint64_t cased_after = window->after.letter | window->after.mark;
		window->stuck |= others_after == 0;
		if ((cased_after & others_after & -others_after) == 0)
			starts |= places & -places;
	}
	return starts;
}

/* Starts within runs of letters and marks, regardless of what precedes the run. */
INLINE uint64_t start_cased(struct window *window, uint64_t cased)
{
	const struct block *now = &window->now;
	struct before *before = &window->before;
	uint64_t upper = now->upper & cased, lower = now->lower & cased;
	uint64_t shared = cased & ~(upper | lower);
	/* Shared characters in the lower-case part of a pretoken, which an upper-case letter ends. */
	uint64_t seeds = shared & following(lower, before->lower_phase);
	uint64_t phase = lower | spread(seeds, shared);
	uint64_t starts = upper & ~now->inner & following(phase, before->lower_phase);
	uint64_t places = upper & ~now->inner & ~starts & following(shared, before->shared);
	if (places != 0)
		starts |= find_split_off(window, places, upper, cased);
	before->lower_phase = phase;
	before->shared = shared;
	return starts;
}

INLINE uint64_t start_o200k(struct window *window, struct pmill_pattern_rules rules)
{
	const struct block *now = &window->now, *last = &window->before.block;
	struct before *before = &window->before;
	uint64_t sign = ~(now->letter | now->number | now->space | now->mark);
	/* Line ends and slashes that follow a line end after symbols. */
	uint64_t tail_set = now->line_end | now->slash;
	uint64_t seeds = (now->line_end & following(sign, before->symbol)) |
		(tail_set & before->tail >> 63);
	uint64_t tail = spread(seeds, tail_set);
	sign &= ~tail;
	/* Marks count as symbols only after a symbol that would take no letters. */
	uint64_t symbol = sign | now->mark;
	uint64_t joined = sign & ~now->inner &
		following(sign | now->blank, before->symbol | last->blank);
	uint64_t absorbed = spread(joined | (symbol & before->absorbed >> 63), symbol);
	uint64_t late = now->line_end & ~tail & following(absorbed & now->mark, before->absorbed);
	if (late != 0) {
		uint64_t slashes = tail & now->slash;
		tail |= spread(late, tail_set);
		window->stuck |= (tail & now->slash) != slashes;
	}
	uint64_t cased = now->letter | (now->mark & ~absorbed);
	uint64_t contraction = take_contractions(window, &cased);
	sign &= ~contraction;
	uint64_t attachable = (sign & ~absorbed) | (now->space & ~now->line_end);
	uint64_t starts = sign & ~now->inner & ~absorbed;
	starts |= cased & ~now->inner &
		~following(cased | attachable, before->cased | before->attachable);
	starts |= start_cased(window, cased);
	starts |= start_numbers(window, rules.max_numbers) | start_spaces(window, tail);
	before->symbol = sign;
	before->absorbed = absorbed;
	before->attachable = attachable;
	before->tail = tail;
	before->cased = cased;
	return starts;
}

/* ---- none, and patterns that only the scalar scanner knows ---- */

INLINE uint64_t start_none(struct window *window, struct pmill_pattern_rules rules)
{
	(void)window;
	(void)rules;
	return 0;
}

#define start_kimi start_none
#define start_deepseek_v3 start_none

#endif
