/* Where in a JSON text the value is that a reader finds wrong. */
/* SPDX-License-Identifier: MIT */
/*
 * jansson keeps no positions, but objects keep their members in the order of the text. So the n-th
 * value of the tree, each before what it holds, is the n-th that begins in the text. The tree is
 * walked with a list of open values, which jansson's parser limits to 2,048; the text needs none,
 * since no value ends before all it holds has begun, and a key is a string before a colon.
 */
#include "notation/json_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "unicode/utf8.h"

/* ---- Places ---- */

struct pmill_json_place pmill_json_at(const json_t *value)
{
	const bool is_one_for_all = json_is_boolean(value) || json_is_null(value);
	return (struct pmill_json_place){.value = is_one_for_all ? NULL : value, .index = SIZE_MAX};
}

struct pmill_json_place pmill_json_at_member(const json_t *object, const char *key)
{
	struct pmill_json_place place = pmill_json_at(object);
	place.key = json_object_iter_key(json_object_iter_at((json_t *)object, key));
	return place;
}

struct pmill_json_place pmill_json_at_key(const json_t *object, const char *key)
{
	struct pmill_json_place place = pmill_json_at_member(object, key);
	place.is_key = place.key != NULL;
	return place;
}

struct pmill_json_place pmill_json_at_item(const json_t *array, size_t index)
{
	struct pmill_json_place place = pmill_json_at(array);
	place.index = index < json_array_size(array) ? index : SIZE_MAX;
	return place;
}

pmill_status pmill_json_fail(
	struct pmill_json_error *error, struct pmill_json_place place, const char *format, ...)
{
	error->place = place;
	if (error->error == NULL)
		return PMILL_BAD_INPUT;
	char message[sizeof error->error->message];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return pmill_fail(error->error, PMILL_BAD_INPUT, PMILL_NO_OFFSET, "%s", message);
}

pmill_status pmill_json_blame(
	struct pmill_json_error *error, struct pmill_json_place place, pmill_status status)
{
	if (status != PMILL_OK && error->place.value == NULL)
		error->place = place;
	return status;
}

/* ---- The tree ---- */

/* A value whose members or items are being walked through. */
struct level {
	const json_t *value;
	void *member; /* the current one; NULL: none yet */
	size_t index; /* of the next item */
};

struct walk {
	struct level *levels; /* the last one is the innermost */
	size_t count, capacity;
	size_t number; /* of values before the current one */
};

/* The next value that the innermost one holds; NULL: it holds no more. */
static const json_t *next_child(struct level *level)
{
	json_t *value = (json_t *)level->value;
	if (!json_is_object(value))
		return json_array_get(value, level->index++);
	level->member = level->member == NULL ? json_object_iter(value)
										  : json_object_iter_next(value, level->member);
	return json_object_iter_value(level->member);
}

static bool is_place(
	const struct level *level, const json_t *child, const struct pmill_json_place *place)
{
	if (place->key == NULL && place->index == SIZE_MAX)
		return child == place->value;
	if (level->value != place->value)
		return false;
	return place->key != NULL ? strcmp(json_object_iter_key(level->member), place->key) == 0
							  : level->index - 1 == place->index;
}

static bool enter(struct walk *walk, const json_t *value)
{
	void *levels = walk->levels;
	if (!pmill_array_reserve(&levels, &walk->capacity, walk->count + 1, sizeof *walk->levels))
		return false;
	walk->levels = levels;
	walk->levels[walk->count++] = (struct level){.value = value};
	return true;
}

/* Goes on to the place. Sets *is_found to false at the end. Returns false if out of memory. */
static bool walk_to(struct walk *walk, const struct pmill_json_place *place, bool *is_found)
{
	*is_found = false;
	while (walk->count > 0) {
		struct level *level = &walk->levels[walk->count - 1];
		const json_t *child = next_child(level);
		if (child == NULL) {
			walk->count--;
			continue;
		}
		walk->number++;
		*is_found = is_place(level, child, place);
		if (*is_found)
			return true;
		if ((json_is_object(child) || json_is_array(child)) && !enter(walk, child))
			return false;
	}
	return true;
}

/* ---- The text ---- */

/* The end of the string that begins at `at`. */
static size_t skip_string(const uint8_t *text, size_t len, size_t at)
{
	for (at++; at < len && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at < len ? at + 1 : len;
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* What comes between the starts of two keys or values, and ends a number or a word. */
static bool is_between(uint8_t byte)
{
	return is_space(byte) || byte == ',' || byte == ':' || byte == ']' || byte == '}';
}

/* The end of what begins at `at`: of a string, number or word, or of an opening bracket. */
static size_t skip_start(const uint8_t *text, size_t len, size_t at)
{
	if (text[at] == '"')
		return skip_string(text, len, at);
	if (text[at] == '{' || text[at] == '[')
		return at + 1;
	while (at < len && !is_between(text[at]))
		at++;
	return at;
}

/* Where keys and values begin, one after another. */
struct scan {
	const uint8_t *text;
	size_t len;
	size_t at; /* after what was found last */
};

/* Finds the next key or value. */
static bool next_start(struct scan *scan, size_t *start, bool *is_key)
{
	while (scan->at < scan->len && is_between(scan->text[scan->at]))
		scan->at++;
	if (scan->at >= scan->len)
		return false;
	*start = scan->at;
	scan->at = skip_start(scan->text, scan->len, scan->at);
	size_t next = scan->at;
	while (next < scan->len && is_space(scan->text[next]))
		next++;
	*is_key = scan->text[*start] == '"' && next < scan->len && scan->text[next] == ':';
	return true;
}

/* Where value `number` begins, or its key; PMILL_NO_OFFSET if there is no such thing. */
static uint64_t find_in_text(const struct pmill_json_source *source, size_t number, bool at_key)
{
	struct scan scan = {source->data, source->len, 0};
	uint64_t key = PMILL_NO_OFFSET;
	size_t start, count = 0;
	bool is_key;
	scan.at = pmill_byte_order_mark(source->data, source->len);
	while (next_start(&scan, &start, &is_key)) {
		if (!is_key && count++ == number)
			return at_key ? key : start;
		key = is_key ? start : PMILL_NO_OFFSET;
	}
	return PMILL_NO_OFFSET;
}

/* ---- Both ---- */

bool pmill_json_find(
	const struct pmill_json_source *source, const struct pmill_json_place *place, uint64_t *offset)
{
	struct walk walk = {0};
	const bool is_root = place->value == source->root && place->key == NULL &&
		place->index == SIZE_MAX;
	bool is_found = is_root, has_memory = true;
	*offset = PMILL_NO_OFFSET;
	if (place->value == NULL)
		return true;
	if (!is_root)
		has_memory = enter(&walk, source->root) && walk_to(&walk, place, &is_found);
	free(walk.levels);
	if (has_memory && is_found)
		*offset = find_in_text(source, walk.number, place->is_key);
	return has_memory;
}
