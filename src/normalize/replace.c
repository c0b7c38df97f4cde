/* Replaces what is found in text. */
/* SPDX-License-Identifier: MIT */
#include "normalize/replace.h"

#include <stdlib.h>

#include "base/error.h"
#include "regex/regex.h"
#include "unicode/utf8.h"

struct pmill_replace {
	uint8_t *content;
	size_t content_len;
	struct pmill_regex *regex; /* NULL: `found` */
	uint8_t *found;
	size_t found_len;
	/*
	 * The failure function of Knuth, Morris and Pratt: of the first i + 1 bytes of `found`, the
	 * length of the longest proper prefix that they end with.
	 */
	size_t *borders;
};

/* ---- Creating ---- */

static size_t next_border(const struct pmill_replace *replace, size_t matched, uint8_t byte)
{
	while (matched > 0 && replace->found[matched] != byte)
		matched = replace->borders[matched - 1];
	return matched + (replace->found[matched] == byte);
}

static void find_borders(struct pmill_replace *replace)
{
	size_t border = 0;
	replace->borders[0] = 0;
	for (size_t i = 1; i < replace->found_len; i++) {
		border = next_border(replace, border, replace->found[i]);
		replace->borders[i] = border;
	}
}

static pmill_status take_found(struct pmill_replace *replace, pmill_bytes found, pmill_error *error)
{
	replace->found = (uint8_t *)pmill_copy_text(found.data, found.len);
	replace->found_len = found.len;
	replace->borders = pmill_array_allocate(found.len, sizeof *replace->borders);
	if (replace->found == NULL || replace->borders == NULL)
		return pmill_fail_memory(error);
	find_borders(replace);
	return PMILL_OK;
}

static pmill_status take_expression(struct pmill_replace *replace, const char *expression,
	const char *unicode_version, pmill_error *error)
{
	const struct pmill_unicode *unicode = pmill_unicode_find(unicode_version);
	if (unicode == NULL)
		return pmill_fail_unknown(error, "Unicode version", unicode_version, pmill_unicode_name);
	return pmill_regex_create(expression, unicode, &replace->regex, error);
}

pmill_status pmill_replace_create(const struct pmill_normal_step *step, const char *unicode_version,
	struct pmill_replace **replace, pmill_error *error)
{
	struct pmill_replace *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->content = (uint8_t *)pmill_copy_text(step->content.data, step->content.len);
	made->content_len = step->content.len;
	pmill_status status = made->content == NULL ? pmill_fail_memory(error)
		: step->expression != NULL ? take_expression(made, step->expression, unicode_version, error)
								   : take_found(made, step->found, error);
	if (status == PMILL_OK)
		*replace = made;
	else
		pmill_replace_free(made);
	return status;
}

void pmill_replace_free(struct pmill_replace *replace)
{
	if (replace == NULL)
		return;
	pmill_regex_free(replace->regex);
	free(replace->content);
	free(replace->found);
	free(replace->borders);
	free(replace);
}

/* The source's bytes [kept, begin) stayed, [begin, end) were replaced by `len` others. */
static bool add_runs(
	struct pmill_source_map *map, size_t kept, size_t begin, size_t end, size_t len)
{
	return pmill_source_map_add_copied(map, kept, begin - kept) &&
		pmill_source_map_add_changed(map, len, begin, end);
}

/* ---- A byte string ---- */

/* The end of the first occurrence in text[begin, len); 0 if there is none. */
static size_t find_end(
	const struct pmill_replace *replace, const uint8_t *text, size_t len, size_t begin)
{
	size_t matched = 0;
	for (size_t at = begin; at < len; at++) {
		if (matched == 0) {
			const uint8_t *first = memchr(text + at, replace->found[0], len - at);
			if (first == NULL)
				return 0;
			at = (size_t)(first - text);
		}
		matched = next_border(replace, matched, text[at]);
		if (matched == replace->found_len)
			return at + 1;
	}
	return 0;
}

static bool append_content(const struct pmill_replace *replace, struct pmill_buffer *out)
{
	return pmill_buffer_append(out, replace->content, replace->content_len);
}

static bool replace_found(const struct pmill_replace *replace, const uint8_t *text, size_t len,
	struct pmill_buffer *out, struct pmill_source_map *map)
{
	size_t begin = 0, end;
	while ((end = find_end(replace, text, len, begin)) > 0) {
		if (!pmill_buffer_append(out, text + begin, end - replace->found_len - begin) ||
			!append_content(replace, out))
			return false;
		if (map != NULL &&
			!add_runs(map, begin, end - replace->found_len, end, replace->content_len))
			return false;
		begin = end;
	}
	return pmill_buffer_append(out, text + begin, len - begin) &&
		(map == NULL || pmill_source_map_add_copied(map, begin, len - begin));
}

/* ---- An expression ---- */

struct pass {
	const struct pmill_replace *replace;
	const uint8_t *text;
	struct pmill_buffer *out;
	struct pmill_source_map *map; /* or NULL */
};

static bool keep(const struct pass *pass, size_t begin, size_t end)
{
	return pmill_buffer_append(pass->out, pass->text + begin, end - begin) &&
		(pass->map == NULL || pmill_source_map_add_copied(pass->map, begin, end - begin));
}

/* The bytes [begin, end) are well-formed. */
static pmill_status replace_matches(const struct pass *pass, struct pmill_regex_walk *walk,
	size_t begin, size_t end, pmill_error *error)
{
	const struct pmill_replace *replace = pass->replace;
	const uint8_t *text = pass->text + begin;
	size_t kept = 0;
	struct pmill_regex_match match;
	pmill_status status = pmill_regex_walk_start(walk, text, end - begin, true, error);
	while (status == PMILL_OK) {
		bool found;
		status = pmill_regex_walk_next_match(walk, &match, &found, error);
		if (status != PMILL_OK || !found)
			break;
		if (!pmill_buffer_append(pass->out, text + kept, match.begin - kept) ||
			!append_content(replace, pass->out) ||
			(pass->map != NULL &&
				!add_runs(pass->map, begin + kept, begin + match.begin, begin + match.end,
					replace->content_len)))
			return pmill_fail_memory(error);
		kept = match.end;
	}
	if (status == PMILL_OK && !keep(pass, begin + kept, end))
		return pmill_fail_memory(error);
	return status;
}

static size_t find_invalid(const uint8_t *text, size_t len, size_t at)
{
	while (at < len) {
		uint32_t code_point;
		const size_t read = pmill_utf8_decode(text + at, len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			return at;
		at += read;
	}
	return len;
}

static pmill_status replace_between_invalid(
	const struct pass *pass, struct pmill_regex_walk *walk, size_t len, pmill_error *error)
{
	pmill_status status = PMILL_OK;
	for (size_t begin = 0; begin < len && status == PMILL_OK;) {
		const size_t end = find_invalid(pass->text, len, begin);
		if (end > begin)
			status = replace_matches(pass, walk, begin, end, error);
		pmill_error_move(status, begin, error);
		if (status == PMILL_OK && end < len && !keep(pass, end, end + 1))
			status = pmill_fail_memory(error);
		begin = end + 1;
	}
	return status;
}

pmill_status pmill_replace_append(const struct pmill_replace *replace, const uint8_t *text,
	size_t len, struct pmill_buffer *out, struct pmill_source_map *map, pmill_error *error)
{
	if (replace->regex == NULL)
		return replace_found(replace, text, len, out, map) ? PMILL_OK : pmill_fail_memory(error);
	const struct pass pass = {.replace = replace, .text = text, .out = out, .map = map};
	struct pmill_regex_walk *walk;
	pmill_status status = pmill_regex_walk_create(replace->regex, false, &walk, error);
	if (status != PMILL_OK)
		return status;
	status = replace_between_invalid(&pass, walk, len, error);
	pmill_regex_walk_free(walk);
	return status;
}
