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
	struct pmill_added_rule *rules, size_t count, const char *unicode_version, pmill_error *error)
{
	bool has_single_words = false;
	for (size_t i = 0; i < count; i++)
		has_single_words |= rules[i].is_single_word;
	*set = (struct pmill_added_set){.rules = rules, .unicode = pmill_unicode_find(unicode_version)};
	pmill_status status = PMILL_OK;
	if (has_single_words)
		status = make_word_characters(set, error);
	if (status == PMILL_OK && count > 0)
		status = pmill_special_finder_create(contents, count, &set->finder, error);
	return status;
}

void pmill_added_set_release(struct pmill_added_set *set)
{
	pmill_special_finder_free(set->finder);
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

static bool is_space(const struct pmill_added_walk *walk, uint32_t code_point)
{
	return pmill_unicode_class(walk->set->unicode, code_point) == PMILL_CLASS_SPACE;
}

static size_t strip_left(const struct pmill_added_walk *walk, size_t end)
{
	size_t begin;
	while (end > 0 && is_space(walk, decode_before(walk->text, end, &begin)))
		end = begin;
	return end;
}

static size_t strip_right(const struct pmill_added_walk *walk, size_t begin)
{
	while (begin < walk->len) {
		uint32_t code_point;
		size_t len = pmill_utf8_decode(walk->text + begin, walk->len - begin, &code_point);
		if (!is_space(walk, code_point))
			break;
		begin += len;
	}
	return begin;
}

static bool is_word(const struct pmill_added_walk *walk, uint32_t code_point)
{
	return code_point != PMILL_INVALID_CODE_POINT &&
		pmill_code_points_has(walk->set->word_characters, code_point);
}

static bool is_single_word(
	const struct pmill_added_walk *walk, const struct pmill_special_match *match)
{
	size_t begin;
	uint32_t code_point;
	if (match->begin > 0 && is_word(walk, decode_before(walk->text, match->begin, &begin)))
		return false;
	if (match->end == walk->len)
		return true;
	pmill_utf8_decode(walk->text + match->end, walk->len - match->end, &code_point);
	return !is_word(walk, code_point);
}

/* ---- The walk ---- */

void pmill_added_walk_release(struct pmill_added_walk *walk)
{
	pmill_special_cursor_release(&walk->cursor);
}

void pmill_added_walk_start(struct pmill_added_walk *walk, const uint8_t *text, size_t len)
{
	walk->text = text;
	walk->len = len;
	walk->begin = 0;
	walk->cursor.finder = walk->set->finder;
	pmill_special_cursor_start(&walk->cursor, text, len, true);
}

/* Returns false if nothing is left of it. */
static bool take(struct pmill_added_walk *walk, const struct pmill_special_match *match,
	struct pmill_added_piece *piece)
{
	const struct pmill_added_rule *rule = &walk->set->rules[match->index];
	size_t end = rule->strips_right ? strip_right(walk, match->end) : match->end;
	if (rule->strips_left && end <= walk->begin)
		return false;
	size_t begin = rule->strips_left ? strip_left(walk, match->begin) : match->begin;
	if (begin < walk->begin)
		begin = walk->begin; /* the token before has taken these spaces already */
	*piece = (struct pmill_added_piece){walk->begin, begin, rule, match->begin, match->index};
	walk->begin = end;
	return true;
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
			*piece = (struct pmill_added_piece){.begin = walk->begin, .end = walk->len};
			return PMILL_OK;
		}
		if (walk->set->rules[match.index].is_single_word && !is_single_word(walk, &match))
			continue;
		if (take(walk, &match, piece))
			return PMILL_OK;
	}
}
