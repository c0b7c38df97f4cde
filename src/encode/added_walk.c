/* Finds added tokens as Hugging Face's tokenizers do. */
/* SPDX-License-Identifier: MIT */
/*
 * A token that may only be a whole word, and isn't, is passed over with all that it hides. A token
 * that strips on its right takes white space that the next token may begin with: both are found
 * then, with nothing between them. But if the next one is nothing else and strips on its left, it
 * is gone: what is left of it there is empty.
 */
#include "encode/added_walk.h"

#include <stdlib.h>

#include "base/error.h"
#include "unicode/utf8.h"

/* ---- The set ---- */

/* \w of Rust's regex crate: what Unicode's UTS #18 recommends. */
static pmill_status make_word_characters(struct pmill_added_set *set, pmill_error *error)
{
	static const char *const names[] = {
		"alphabetic", "joincontrol", "Mc", "Me", "Mn", "Nd", "Pc", NULL};
	set->word_characters = calloc(1, sizeof *set->word_characters);
	if (set->word_characters == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; names[i] != NULL; i++)
		pmill_code_points_add(set->word_characters, pmill_property_find(names[i]), set->unicode);
	return PMILL_OK;
}

pmill_status pmill_added_set_create(struct pmill_added_set *set, const pmill_bytes *contents,
	size_t count, bool has_single_words, const char *unicode_version, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	set->unicode = pmill_unicode_find(unicode_version);
	if (has_single_words)
		status = make_word_characters(set, error);
	if (status == PMILL_OK && count > 0)
		status = pmill_special_finder_create(contents, count, &set->finder, error);
	return status;
}

void pmill_added_set_release(struct pmill_added_set *set)
{
	pmill_special_finder_free(set->finder);
	free(set->specials);
	free(set->rules);
	free(set->word_characters);
	*set = (struct pmill_added_set){0};
}

/* ---- What is beside a token ---- */

/* The character that ends at `end` > 0: a byte that is part of none is invalid. */
static uint32_t decode_before(const uint8_t *text, size_t end, size_t *begin)
{
	for (*begin = end - 1; *begin > 0 && end - *begin < 4 && (text[*begin] & 0xC0) == 0x80;)
		--*begin;
	uint32_t code_point;
	if (pmill_utf8_decode(text + *begin, end - *begin, &code_point) == end - *begin)
		return code_point;
	*begin = end - 1;
	return PMILL_INVALID_CODE_POINT;
}

static bool is_space(const struct pmill_added_set *set, uint32_t code_point)
{
	return pmill_unicode_class(set->unicode, code_point) == PMILL_CLASS_SPACE;
}

static size_t strip_left(const struct pmill_added_walk *walk, size_t end)
{
	size_t begin;
	while (end > 0 && is_space(walk->set, decode_before(walk->in.text, end, &begin)))
		end = begin;
	return end;
}

static size_t strip_right(const struct pmill_added_walk *walk, size_t begin)
{
	while (begin < walk->in.len) {
		uint32_t code_point;
		size_t len = pmill_utf8_decode(walk->in.text + begin, walk->in.len - begin, &code_point);
		if (!is_space(walk->set, code_point))
			break;
		begin += len;
	}
	return begin;
}

static bool is_word(const struct pmill_added_set *set, uint32_t code_point)
{
	return code_point != PMILL_INVALID_CODE_POINT &&
		pmill_code_points_has(set->word_characters, code_point);
}

bool pmill_added_set_is_word_before(
	const struct pmill_added_set *set, const uint8_t *text, size_t end)
{
	size_t begin;
	return set->word_characters != NULL && end > 0 &&
		is_word(set, decode_before(text, end, &begin));
}

static bool is_single_word(
	const struct pmill_added_walk *walk, const struct pmill_special_match *match)
{
	const struct pmill_added_text *in = &walk->in;
	if (match->begin == 0 ? in->follows_word
						  : pmill_added_set_is_word_before(walk->set, in->text, match->begin))
		return false;
	if (match->end == in->len)
		return true;
	uint32_t code_point;
	pmill_utf8_decode(in->text + match->end, in->len - match->end, &code_point);
	return !is_word(walk->set, code_point);
}

/* ---- Which token it is ---- */

static enum pmill_treatment treat(
	struct pmill_added_walk *walk, size_t begin, size_t end, uint32_t special)
{
	const struct pmill_added_text *in = &walk->in;
	if (in->map != NULL)
		pmill_source_map_find(in->map, begin, end, &walk->near, &begin, &end);
	return pmill_span_list_treat(in->spans, in->offset + begin, in->offset + end, special);
}

/* One of the tokens spelled like `index` that isn't ignored, or PMILL_NO_ADDED. */
static uint32_t choose(
	struct pmill_added_walk *walk, const struct pmill_special_match *match, bool *is_forbidden)
{
	uint32_t special = walk->set->specials[match->index];
	for (; special != PMILL_NO_ADDED; special = walk->set->rules[special].same) {
		const enum pmill_treatment treatment = treat(walk, match->begin, match->end, special);
		*is_forbidden = treatment == PMILL_FORBIDDEN;
		if (treatment != PMILL_IGNORED)
			break;
	}
	return special;
}

/*
 * The longest token at the match's place that isn't ignored, or PMILL_NO_ADDED; the search goes on
 * from there.
 */
static uint32_t settle(
	struct pmill_added_walk *walk, struct pmill_special_match *match, bool *is_forbidden)
{
	const struct pmill_special_finder *finder = walk->set->finder;
	for (;;) {
		const uint32_t special = choose(walk, match, is_forbidden);
		if (special != PMILL_NO_ADDED) {
			walk->cursor.position = match->end;
			return special;
		}
		match->index = pmill_special_finder_shorter(finder, match->index);
		if (match->index == SIZE_MAX) {
			walk->cursor.position = match->begin + 1;
			return PMILL_NO_ADDED;
		}
		match->end = match->begin + pmill_special_finder_token(finder, match->index).len;
	}
}

/* ---- The walk ---- */

void pmill_added_walk_release(struct pmill_added_walk *walk)
{
	pmill_special_cursor_release(&walk->cursor);
}

void pmill_added_walk_start(struct pmill_added_walk *walk, const struct pmill_added_text *in)
{
	walk->in = *in;
	walk->begin = walk->near = 0;
	walk->cursor.finder = walk->set->finder;
	pmill_special_cursor_start(&walk->cursor, in->text, in->len, in->is_final);
}

/* Whether more text could change what the token strips, or whether it is a word of its own. */
static bool is_open(const struct pmill_added_walk *walk, const struct pmill_added_rule *rule,
	const struct pmill_special_match *match)
{
	const struct pmill_added_text *in = &walk->in;
	if (in->is_final || (!rule->strips_right && !rule->is_single_word))
		return false;
	const size_t end = rule->strips_right ? strip_right(walk, match->end) : match->end;
	return end == in->len || pmill_utf8_is_cut(in->text + end, in->len - end);
}

/* Returns false if nothing is left of it. */
static bool take(struct pmill_added_walk *walk, uint32_t special,
	const struct pmill_special_match *match, struct pmill_added_piece *piece)
{
	const struct pmill_added_rule *rule = &walk->set->rules[special];
	size_t end = rule->strips_right ? strip_right(walk, match->end) : match->end;
	if (rule->strips_left && end <= walk->begin)
		return false;
	size_t begin = rule->strips_left ? strip_left(walk, match->begin) : match->begin;
	if (begin < walk->begin)
		begin = walk->begin; /* the token before has taken these spaces already */
	piece->begin = walk->begin;
	piece->end = begin;
	piece->next = end;
	piece->special = special;
	piece->token_begin = match->begin;
	piece->token_end = match->end;
	walk->begin = end;
	return true;
}

static void end_walk(
	const struct pmill_added_walk *walk, size_t end, struct pmill_added_piece *piece)
{
	*piece = (struct pmill_added_piece){.begin = walk->begin,
		.end = end > walk->begin ? end : walk->begin,
		.next = end > walk->begin ? end : walk->begin,
		.special = PMILL_NO_ADDED};
}

/*
 * Without a match the search has ended: at the end of the text, or where a token could begin that
 * more text may complete. It can't if it is ignored anyway.
 */
static bool has_ended(struct pmill_added_walk *walk, const struct pmill_special_match *match)
{
	const struct pmill_added_text *in = &walk->in;
	if (match->begin == in->len || in->map != NULL ||
		pmill_span_list_at(in->spans, in->offset + match->begin)->is_any)
		return true;
	walk->cursor.position = match->begin + 1;
	return false;
}

pmill_status pmill_added_walk_next(
	struct pmill_added_walk *walk, struct pmill_added_piece *piece, pmill_error *error)
{
	for (;;) {
		struct pmill_special_match match;
		pmill_status status = pmill_special_cursor_next(&walk->cursor, &match, error);
		if (status != PMILL_OK)
			return status;
		if (match.begin == match.end) {
			if (!has_ended(walk, &match))
				continue;
			end_walk(walk, match.begin, piece);
			return PMILL_OK;
		}
		const uint32_t special = settle(walk, &match, &piece->is_forbidden);
		if (special == PMILL_NO_ADDED)
			continue;
		const struct pmill_added_rule *rule = &walk->set->rules[special];
		if (is_open(walk, rule, &match)) {
			end_walk(walk, rule->strips_left ? strip_left(walk, match.begin) : match.begin, piece);
			return PMILL_OK;
		}
		if (rule->is_single_word && !is_single_word(walk, &match))
			continue;
		if (take(walk, special, &match, piece))
			return PMILL_OK;
	}
}
