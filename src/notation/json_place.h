/* Where in a JSON text the value is that a reader finds wrong. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_NOTATION_JSON_PLACE_H
#define PMILL_NOTATION_JSON_PLACE_H

#include <jansson.h>
#include <stdbool.h>

#include "pairmill.h"

/* An object that was parsed, and its text, which may begin with a byte-order mark. */
struct pmill_json_source {
	const void *data;
	size_t len;
	const char *name; /* for messages */
	const json_t *root;
};

/* A value, or one that a value holds. All zero: unknown. */
struct pmill_json_place {
	const json_t *value;
	const char *key; /* of a member of the object `value`; NULL: not a member */
	size_t index;    /* of an item of the array `value`; SIZE_MAX: not an item */
	bool is_key;     /* the member's key, not its value */
};

/* Unknown for true, false and null, of which jansson has only one each, wherever it occurs. */
struct pmill_json_place pmill_json_at(const json_t *value);

/* A member's value, and its key; the object if it has no such member. `key` is not kept. */
struct pmill_json_place pmill_json_at_member(const json_t *object, const char *key);
struct pmill_json_place pmill_json_at_key(const json_t *object, const char *key);

/* An item; the array if it has fewer. */
struct pmill_json_place pmill_json_at_item(const json_t *array, size_t index);

/* An error without a byte, but with the place, whose byte is found once reading has failed. */
struct pmill_json_error {
	pmill_error *error; /* may be NULL */
	struct pmill_json_place place;
};

/* PMILL_BAD_INPUT, with the place. */
pmill_status pmill_json_fail(struct pmill_json_error *error, struct pmill_json_place place,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Notes the place of a failure, unless a nearer one was noted. Returns `status`. */
pmill_status pmill_json_blame(
	struct pmill_json_error *error, struct pmill_json_place place, pmill_status status);

/*
 * The byte where a place begins, counted from the start of the data; PMILL_NO_OFFSET if it isn't
 * known or not in the source. Takes time linear in the text. Returns false if out of memory.
 */
bool pmill_json_find(
	const struct pmill_json_source *source, const struct pmill_json_place *place, uint64_t *offset);

#endif
