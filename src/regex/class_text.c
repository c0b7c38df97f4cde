/* Sets of code points as text of an expression: what PCRE2 has of them, and what it lacks. */
/* SPDX-License-Identifier: MIT */
#include "regex/class_text.h"

#include <stdlib.h>

enum { WORDS = PMILL_CODE_POINTS / 64 };

/* The three sets of one element. */
struct sets {
	struct pmill_code_points wanted, own, added;
};

static void fill(struct pmill_code_points *set, const struct pmill_class_element *element,
	const struct pmill_unicode *unicode)
{
	for (size_t i = 0; i < element->part_count; i++)
		pmill_code_points_add(set, element->parts[i], unicode);
	for (const char *c = element->characters; c != NULL && *c != '\0'; c++)
		pmill_code_points_add_range(set, (uint8_t)*c, (uint8_t)*c + 1u);
}

/* What [:graph:] has of the format characters. The rest are those that direct and that separate. */
static void fill_formats(struct pmill_code_points *set, const struct pmill_unicode *unicode)
{
	static const uint32_t others[] = {0x61C, 0x180E, 0x2066, 0x2067, 0x2068, 0x2069};
	pmill_code_points_add(set, pmill_property_find("Cf"), unicode);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		set->words[others[i] / 64] &= ~((uint64_t)1 << (others[i] % 64));
}

/* Surrogates are in no text, and PCRE2 refuses to see their numbers. */
static bool append_ranges(
	struct pmill_buffer *out, const struct pmill_code_points *set, bool is_complement)
{
	bool done = true;
	for (uint32_t next = 0; done && next < PMILL_CODE_POINTS; next++) {
		const uint32_t begin = next;
		while (next < PMILL_CODE_POINTS && (next & 0x1FF800) != 0xD800 &&
			pmill_code_points_has(set, next) != is_complement)
			next++;
		if (next > begin)
			done = pmill_buffer_append_format(
				out, "\\x{%X}-\\x{%X}", (unsigned)begin, (unsigned)(next - 1));
	}
	return done;
}

static bool is_empty(const struct pmill_code_points *set)
{
	uint64_t any = 0;
	for (size_t i = 0; i < WORDS; i++)
		any |= set->words[i];
	return any == 0;
}

/* Stores what PCRE2's own set lacks; returns false if it has something that is not wanted. */
static bool subtract(struct sets *sets)
{
	uint64_t removed = 0;
	for (size_t i = 0; i < WORDS; i++) {
		sets->added.words[i] = sets->wanted.words[i] & ~sets->own.words[i];
		removed |= sets->own.words[i] & ~sets->wanted.words[i];
	}
	return removed == 0;
}

/* Whether PCRE2 would match other cases of some of these. */
static bool has_cased(const struct pmill_code_points *set, const struct pmill_unicode *unicode)
{
	struct pmill_code_points *cased = calloc(1, sizeof *cased);
	const struct pmill_property *property = pmill_property_find("cased");
	if (cased == NULL)
		return true;
	pmill_code_points_add(cased, property, unicode);
	uint64_t common = 0;
	for (size_t i = 0; i < WORDS; i++)
		common |= cased->words[i] & set->words[i];
	free(cased);
	return common != 0;
}

/* `spelling` may be empty. */
static bool append_alone(struct pmill_buffer *out, const struct pmill_class_element *element,
	const struct pmill_buffer *spelling, const struct pmill_code_points *set, bool ignores_case)
{
	return pmill_buffer_append_text(out, ignores_case ? "(?-i:[" : "[") &&
		pmill_buffer_append_text(out, element->is_negated ? "^" : "") &&
		pmill_buffer_append(out, spelling->data, spelling->len) && append_ranges(out, set, false) &&
		pmill_buffer_append_text(out, ignores_case ? "])" : "]");
}

static enum pmill_class_result append_member(struct pmill_buffer *out,
	const struct pmill_class_element *element, const struct pmill_buffer *spelling,
	const struct pmill_code_points *set)
{
	const bool done = pmill_buffer_append(out, spelling->data, spelling->len) &&
		append_ranges(out, set, element->is_negated);
	return done ? PMILL_CLASS_DONE : PMILL_CLASS_NO_MEMORY;
}

static enum pmill_class_result append_sets(struct pmill_buffer *out, struct sets *sets,
	const struct pmill_class_element *element, struct pmill_versions versions,
	enum pmill_class_place place, bool ignores_case)
{
	static const struct pmill_buffer nothing = {0};
	const bool is_member = place == PMILL_CLASS_MEMBER;
	bool has_spelling = element->spelling.len > 0 && versions.own != NULL && subtract(sets);
	if (is_empty(&sets->wanted))
		return PMILL_CLASS_EMPTY;
	const bool is_foreign = (element->is_word && versions.has_marks_in_words) || element->is_script;
	if (has_spelling && is_empty(&sets->added) && !is_foreign)
		return PMILL_CLASS_UNCHANGED;
	if (is_member && element->is_negated)
		has_spelling = false;
	const struct pmill_code_points *set = has_spelling ? &sets->added : &sets->wanted;
	const struct pmill_buffer *spelling = has_spelling ? &element->spelling : &nothing;
	if (!is_member)
		return append_alone(out, element, spelling, set, ignores_case) ? PMILL_CLASS_DONE
																	   : PMILL_CLASS_NO_MEMORY;
	if (ignores_case && element->folds && (!has_spelling || has_cased(set, versions.own)))
		return PMILL_CLASS_FOLDS;
	return append_member(out, element, spelling, set);
}

bool pmill_class_element_add(struct pmill_code_points *set,
	const struct pmill_class_element *element, const struct pmill_unicode *unicode)
{
	struct pmill_code_points *own = calloc(1, sizeof *own);
	if (own == NULL)
		return false;
	fill(own, element, unicode);
	if (element->has_formats)
		fill_formats(own, unicode);
	for (size_t i = 0; i < WORDS; i++)
		set->words[i] |= element->is_negated ? ~own->words[i] : own->words[i];
	free(own);
	return true;
}

bool pmill_class_set_append(struct pmill_buffer *out, const struct pmill_code_points *set)
{
	if (is_empty(set))
		return pmill_buffer_append_text(out, "[^\\x{0}-\\x{10FFFF}]");
	return pmill_buffer_append_text(out, "[") && append_ranges(out, set, false) &&
		pmill_buffer_append_text(out, "]");
}

enum pmill_class_result pmill_class_text_append(struct pmill_buffer *out,
	const struct pmill_class_element *element, struct pmill_versions versions,
	enum pmill_class_place place, bool ignores_case)
{
	struct sets *sets = calloc(1, sizeof *sets);
	if (sets == NULL)
		return PMILL_CLASS_NO_MEMORY;
	fill(&sets->wanted, element, versions.wanted);
	if (element->has_formats)
		fill_formats(&sets->wanted, versions.wanted);
	if (versions.own != NULL)
		fill(&sets->own, element, versions.own);
	const enum pmill_class_result result = append_sets(
		out, sets, element, versions, place, ignores_case);
	free(sets);
	return result;
}
