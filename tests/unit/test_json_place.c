/* Places in JSON: the byte of every key and value of random texts, of deep ones and of bad ones. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "notation/json.h"
#include "notation/json_place.h"
#include "support/guard_pages.h"
#include "support/random.h"
#include "support/refuse_memory.h"

#define MARK "\xEF\xBB\xBF"

/* ---- Texts that know their places ---- */

enum { MOST_VALUES = 400, DEEPEST = 6 };

struct value {
	int parent;   /* -1: none */
	size_t index; /* in its parent */
	size_t key, begin;
	const json_t *value;
};

struct text {
	struct pmill_buffer bytes;
	struct value values[MOST_VALUES];
	int count;
	uint64_t random;
};

static void put(struct text *text, const char *what)
{
	assert_true(pmill_buffer_append_text(&text->bytes, what));
}

static void put_one_of(struct text *text, const char *const *choices, size_t count)
{
	put(text, choices[random_below(&text->random, count)]);
}

static void put_space(struct text *text)
{
	static const char *const spaces[] = {"", "", " ", "\n\t", "\r\n  "};
	put_one_of(text, spaces, sizeof spaces / sizeof *spaces);
}

/* Strings that look like what they aren't, and escapes. */
static void put_string(struct text *text, size_t number)
{
	static const char *const strings[] = {"a", "", "\\u0120a", "\\\"", "\\\\", "\\\\\\\"",
		"{\\\":[", "}],:", "\\ud83d\\ude00", "\xC4\xA0", "a\\u003a", ":", "\\u0022:", "true"};
	char end[16];
	put(text, "\"");
	put_one_of(text, strings, sizeof strings / sizeof *strings);
	snprintf(end, sizeof end, "%zu", number);
	put(text, end);
	put(text, "\"");
}

static void put_value(struct text *text, int parent, size_t index, size_t key, int depth);

static void put_list(struct text *text, int self, bool is_object, int depth)
{
	const size_t count = random_below(&text->random, 7);
	put(text, is_object ? "{" : "[");
	for (size_t i = 0; i < count; i++) {
		size_t key = SIZE_MAX;
		put(text, i == 0 ? "" : ",");
		put_space(text);
		if (is_object) {
			key = text->bytes.len;
			put_string(text, i); /* no two alike */
			put_space(text);
			put(text, ":");
			put_space(text);
		}
		put_value(text, self, i, key, depth + 1);
		put_space(text);
	}
	put(text, is_object ? "}" : "]");
}

static void put_value(struct text *text, int parent, size_t index, size_t key, int depth)
{
	static const char *const leaves[] = {"0", "-1", "1.5e-3", "true", "false", "null", "[]", "{}"};
	const bool is_leaf = depth == DEEPEST || text->count > MOST_VALUES / 2;
	const uint64_t kind = depth == 0 ? 0 : is_leaf ? 2 : random_below(&text->random, 4);
	const int self = text->count++;
	assert_true(self < MOST_VALUES);
	text->values[self] = (struct value){parent, index, key, text->bytes.len, NULL};
	if (kind < 2)
		put_list(text, self, kind == 0, depth);
	else if (random_below(&text->random, 2) == 0)
		put_string(text, index);
	else
		put_one_of(text, leaves, sizeof leaves / sizeof *leaves);
}

static void make_text(struct text *text, uint64_t seed)
{
	*text = (struct text){.random = seed};
	put(text, seed % 3 == 0 ? MARK : "");
	put_space(text);
	put_value(text, -1, 0, SIZE_MAX, 0);
	put_space(text);
}

/* ---- Every place of them ---- */

static const char *key_at(const json_t *object, size_t index)
{
	void *iter = json_object_iter((json_t *)object);
	for (size_t i = 0; i < index; i++)
		iter = json_object_iter_next((json_t *)object, iter);
	return json_object_iter_key(iter);
}

static void check_place(const struct pmill_json_source *source, struct pmill_json_place place,
	size_t expected, const char *what)
{
	uint64_t offset;
	assert_true(pmill_json_find(source, &place, &offset));
	if (offset != expected)
		fail_msg("%s: byte %llu instead of %zu in %.*s", what, (unsigned long long)offset, expected,
			(int)source->len, (const char *)source->data);
}

static void check_value(const struct pmill_json_source *source, struct text *text, int number)
{
	struct value *value = &text->values[number];
	const json_t *parent = value->parent < 0 ? NULL : text->values[value->parent].value;
	if (json_is_object(parent)) {
		const char *key = key_at(parent, value->index);
		value->value = json_object_get(parent, key);
		check_place(source, pmill_json_at_member(parent, key), value->begin, "member");
		check_place(source, pmill_json_at_key(parent, key), value->key, "key");
	} else if (parent != NULL) {
		value->value = json_array_get(parent, value->index);
		check_place(source, pmill_json_at_item(parent, value->index), value->begin, "item");
	} else {
		value->value = source->root;
	}
	if (json_is_boolean(value->value) || json_is_null(value->value))
		assert_null(pmill_json_at(value->value).value);
	else
		check_place(source, pmill_json_at(value->value), value->begin, "value");
}

static void test_random_texts(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct text text;
		json_t *root = NULL;
		make_text(&text, seed);
		assert_int_equal(
			pmill_json_parse(text.bytes.data, text.bytes.len, "x", &root, NULL), PMILL_OK);
		const struct pmill_json_source source = {text.bytes.data, text.bytes.len, "x", root};
		for (int i = 0; i < text.count; i++)
			check_value(&source, &text, i);
		json_decref(root);
		pmill_buffer_release(&text.bytes);
	}
}

static void test_missing(void **state)
{
	(void)state;
	static const char text[] = " {\"a\": [1, {}], \"b\": 2}";
	json_t *root = NULL, *other = json_object();
	assert_int_equal(pmill_json_parse(text, sizeof text - 1, "x", &root, NULL), PMILL_OK);
	const struct pmill_json_source source = {text, sizeof text - 1, "x", root};
	const json_t *list = json_object_get(root, "a");
	check_place(&source, pmill_json_at_member(root, "c"), 1, "the object without the member");
	check_place(&source, pmill_json_at_key(root, "c"), 1, "the object without the member");
	check_place(&source, pmill_json_at_item(list, 2), 7, "the shorter list");
	check_place(&source, pmill_json_at_member(list, "a"), 7, "what is no object");
	check_place(&source, (struct pmill_json_place){0}, SIZE_MAX, "an unknown place");
	check_place(&source, pmill_json_at(other), SIZE_MAX, "another tree");
	json_decref(other);
	json_decref(root);
}

/* ---- Deep, cut and refused ---- */

/* jansson's limit is 2,048. */
static void test_deep(void **state)
{
	(void)state;
	enum { DEPTH = 2040 };
	struct pmill_buffer text = {0};
	assert_true(pmill_buffer_append_text(&text, "{\"a\":"));
	for (int i = 0; i < DEPTH; i++)
		assert_true(pmill_buffer_append_text(&text, i % 2 == 0 ? "[ " : "{\"x\":"));
	const size_t expected = text.len;
	assert_true(pmill_buffer_append_text(&text, "7"));
	for (int i = DEPTH; i-- > 0;)
		assert_true(pmill_buffer_append_text(&text, i % 2 == 0 ? "]" : "}"));
	assert_true(pmill_buffer_append_text(&text, "}"));
	json_t *root = NULL;
	assert_int_equal(pmill_json_parse(text.data, text.len, "x", &root, NULL), PMILL_OK);
	const json_t *value = json_object_get(root, "a");
	while (!json_is_integer(value))
		value = json_is_array(value) ? json_array_get(value, 0) : json_object_get(value, "x");
	const struct pmill_json_source source = {text.data, text.len, "x", root};
	check_place(&source, pmill_json_at(value), expected, "the innermost value");
	json_decref(root);
	pmill_buffer_release(&text);
}

/* A text that ends too soon, right before an inaccessible page, is never read past its end. */
static void test_cut(void **state)
{
	(void)state;
	static const char text[] = "{\"a\\\"\" : [1, \"\\\\\", true], \"b\": \"\\u0120\" , \"c\":2 }";
	json_t *root = NULL;
	struct guarded guarded = guard_room(sizeof text);
	assert_int_equal(pmill_json_parse(text, sizeof text - 1, "x", &root, NULL), PMILL_OK);
	const char *const keys[] = {"a\"", "b", "c"};
	for (size_t len = 0; len < sizeof text - 1; len++) {
		const struct pmill_json_source source = {
			guard_copy(&guarded, 0, text, len), len, "x", root};
		for (size_t i = 0; i < 3; i++) {
			const struct pmill_json_place place = pmill_json_at_member(root, keys[i]);
			uint64_t offset;
			assert_true(pmill_json_find(&source, &place, &offset));
			assert_true(offset < len || offset == PMILL_NO_OFFSET);
		}
	}
	guard_release(&guarded);
	json_decref(root);
}

/* The second of two keys alike, however it is spelled; and what can't be held. */
static void test_refused_by_the_parser(void **state)
{
	(void)state;
	static const struct {
		const char *text, *at;
	} rows[] = {
		{"{\"a\": 1, \"a\": 2}", "\"a\": 2"},
		{MARK "{\"a\": {\"b\": \"a\"},\n  \"\\u0061\" : {\"b\": 2}}", "\"\\u0061\""},
		{"{\"b\": [{\"x\\\"\": [], \"y\": \":\", \"x\\\"\":0}], \"c\": 0}", "\"x\\\"\":0"},
		{"{\"b\": \"b\", \"n\\u0000\": 2}", "\\u0000\""},
		{"{\"b\": [\"b\" , \"n\\u0000:\" ]}", "\\u0000"},
		{"{\"b\": -99999999999999999999}", "-9"},
		{"{\"b\": [1,1E999 ]}", "1E"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = rows[i].text;
		pmill_error error = {0};
		json_t *root = NULL;
		assert_int_equal(pmill_json_parse(text, strlen(text), "x", &root, &error), PMILL_BAD_INPUT);
		const size_t expected = (size_t)(strstr(text, rows[i].at) - text);
		if (error.offset != expected)
			fail_msg("%s: %s, not %zu", text, error.message, expected);
	}
}

static void test_not_an_object(void **state)
{
	(void)state;
	pmill_error error = {0};
	json_t *root = NULL;
	assert_int_equal(pmill_json_parse(MARK " [{}]", 8, "x", &root, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 4);
	assert_string_equal(error.message, "x: byte 4: is JSON, but not an object");
}

static void test_no_memory(void **state)
{
	(void)state;
	static const char text[] =
		"{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[2]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
		"]]]]]], \"b\": 1}";
	json_t *root = NULL;
	assert_int_equal(pmill_json_parse(text, sizeof text - 1, "x", &root, NULL), PMILL_OK);
	const struct pmill_json_source source = {text, sizeof text - 1, "x", root};
	const struct pmill_json_place place = pmill_json_at_key(root, "b");
	size_t refusals = 0;
	for (long k = 0;; k++) {
		uint64_t offset;
		allocations_left = k;
		const bool done = pmill_json_find(&source, &place, &offset);
		const bool refused = was_refused();
		assert_int_equal(done, !refused);
		assert_int_equal(offset, done ? sizeof text - 1 - strlen("\"b\": 1}") : PMILL_NO_OFFSET);
		if (done)
			break;
		refusals++;
	}
	assert_true(refusals > 1);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_refused_by_the_parser),
		cmocka_unit_test(test_not_an_object),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
