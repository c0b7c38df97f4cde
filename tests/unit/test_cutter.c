/* Cutting in several steps, against each step applied to each piece by itself. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/cutter.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"
#include "unicode/printable.h"

enum { MOST_PIECES = 4000 };

struct pieces {
	struct pmill_buffer items[MOST_PIECES];
	size_t count;
};

static void release(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		pmill_buffer_release(&pieces->items[i]);
	pieces->count = 0;
}

static void add(struct pieces *pieces, const void *data, size_t len)
{
	assert_true(pieces->count < MOST_PIECES);
	pieces->items[pieces->count] = (struct pmill_buffer){0};
	assert_true(pmill_buffer_append(&pieces->items[pieces->count++], data, len));
}

/* ---- Each step by itself ---- */

struct single_step {
	struct pmill_cut_step step;
	struct pmill_pretokenizer *pretokenizer;
};

static void cut_text(
	const struct single_step *single, const uint8_t *text, size_t len, struct pieces *pieces)
{
	struct pmill_pretoken_cursor cursor = {.pretokenizer = single->pretokenizer};
	size_t begin = 0, end, count;
	assert_int_equal(pmill_pretoken_cursor_start(&cursor, text, len, true, NULL), PMILL_OK);
	for (;;) {
		assert_int_equal(pmill_pretoken_cursor_next(&cursor, &end, 1, &count, NULL), PMILL_OK);
		if (count == 0)
			break;
		add(pieces, text + begin, end - begin);
		begin = end;
	}
	pmill_pretoken_cursor_release(&cursor);
}

static void cut_printable(
	const struct single_step *single, const struct pmill_buffer *piece, struct pieces *pieces)
{
	struct pmill_buffer text = {0};
	assert_true(pmill_printable_append(&text, piece->data, piece->len));
	size_t first = pieces->count, bad_offset;
	cut_text(single, text.data, text.len, pieces);
	pmill_buffer_release(&text);
	for (size_t i = first; i < pieces->count; i++) {
		struct pmill_buffer bytes = {0};
		assert_true(pmill_printable_parse(
			&bytes, pieces->items[i].data, pieces->items[i].len, &bad_offset));
		pmill_buffer_release(&pieces->items[i]);
		pieces->items[i] = bytes;
	}
}

static void cut_step(
	const struct single_step *single, const struct pieces *before, struct pieces *after)
{
	for (size_t i = 0; i < before->count; i++) {
		struct pmill_buffer piece = {0};
		const struct pmill_buffer *old = &before->items[i];
		if (single->step.adds_space && old->data[0] != ' ')
			assert_true(pmill_buffer_append(&piece, " ", 1));
		assert_true(pmill_buffer_append(&piece, old->data, old->len));
		if (single->step.on_printable)
			cut_printable(single, &piece, after);
		else
			cut_text(single, piece.data, piece.len, after);
		pmill_buffer_release(&piece);
	}
}

static void assert_cut(const struct single_step *steps, size_t count,
	struct pmill_cut_cursor *cursor, const void *text, size_t len)
{
	static struct pieces now, next;
	if (len > 0)
		add(&now, text, len);
	for (size_t i = 0; i < count; i++) {
		cut_step(&steps[i], &now, &next);
		release(&now);
		struct pieces cut = next;
		now = cut;
		next.count = 0;
	}
	assert_int_equal(pmill_cut_cursor_start(cursor, text, len, NULL), PMILL_OK);
	for (size_t i = 0; i <= now.count; i++) {
		pmill_bytes pretoken;
		assert_int_equal(pmill_cut_cursor_next(cursor, &pretoken, NULL), PMILL_OK);
		assert_int_equal(pretoken.len, i < now.count ? now.items[i].len : 0);
		if (pretoken.len > 0)
			assert_memory_equal(pretoken.data, now.items[i].data, pretoken.len);
	}
	release(&now);
}

/* ---- The tests ---- */

static const struct configuration {
	struct pmill_cut_step steps[4];
	size_t count;
} configurations[] = {
	{{{.pattern = "gpt2"}}, 1},
	{{{.pattern = "none", .adds_space = true}}, 1},
	{{{.pattern = "gpt2", .adds_space = true}}, 1},
	{{{.pattern = "llama3"}, {.pattern = "gpt2"}}, 2},
	{{{.pattern = "none"}, {.pattern = "gpt2", .adds_space = true}}, 2},
	{{{.pattern = "gpt2"}, {.pattern = "none", .adds_space = true}, {.pattern = "o200k"}}, 3},
	{{{.pattern = "gpt2"}, {.pattern = "o200k", .on_printable = true}}, 2},
#if PMILL_HAVE_PCRE2
	{{{.pattern = "\\p{N}{1,3}"}, {.pattern = "[b-d]+"}, {.pattern = "\\s+(?!\\S)|\\s+|a+$"}}, 3},
	/* Falcon's: the last two see ², ³, ¹, ¼, ½ and ¾ where bytes of other characters are. */
	{{{.pattern = "[[:punct:]]+"}, {.pattern = "gpt2"},
		 {.pattern = "\\p{N}+", .on_printable = true},
		 {.pattern = "[0-9][0-9][0-9]", .on_printable = true}},
		4},
#endif
};

enum { CONFIGURATIONS = sizeof configurations / sizeof configurations[0] };

static void make_steps(const struct configuration *row, struct single_step *steps)
{
	for (size_t i = 0; i < row->count; i++) {
		steps[i] = (struct single_step){.step = row->steps[i]};
		assert_int_equal(pmill_pretokenizer_create(
							 steps[i].step.pattern, NULL, NULL, &steps[i].pretokenizer, NULL),
			PMILL_OK);
	}
}

static void free_steps(const struct configuration *row, struct single_step *steps)
{
	for (size_t i = 0; i < row->count; i++)
		pmill_pretokenizer_free(steps[i].pretokenizer);
}

static struct pmill_cutter *make(const struct configuration *row)
{
	struct pmill_cutter *cutter = NULL;
	assert_int_equal(
		pmill_cutter_create(row->steps, row->count, "16.0", NULL, &cutter, NULL), PMILL_OK);
	return cutter;
}

static size_t random_text(uint64_t *random, char *text, size_t room)
{
	static const char *const parts[] = {"a", "b", "cd", " ", "  ", "\n", "1", "22", "333", "4567",
		"!", "?!", "'s", "\xC3\xA9", "\xC2\xB2", "\xE4\xB8\xAD\xE6\x96\x87", "\xF0\x9F\x98\x80",
		"\xFF", "\xE2\x80", "\0", "\xC2\xA0"};
	size_t len = 0, most = random_below(random, room - 8);
	while (len < most) {
		const char *part = parts[random_below(random, sizeof parts / sizeof *parts)];
		size_t part_len = *part == '\0' ? 1 : strlen(part);
		memcpy(text + len, part, part_len);
		len += part_len;
	}
	return len;
}

static void cuts_like_each_step_alone(void **state)
{
	(void)state;
	uint64_t random = 13;
	char text[400];
	for (size_t i = 0; i < CONFIGURATIONS; i++) {
		struct pmill_cutter *cutter = make(&configurations[i]);
		struct pmill_cut_cursor cursor = {.cutter = cutter};
		const struct configuration *row = &configurations[i];
		struct single_step steps[4];
		make_steps(row, steps);
		assert_int_equal(pmill_cutter_pretokenizer(cutter) != NULL, i == 0);
		for (int round = 0; round < 200; round++) {
			size_t len = random_text(&random, text, round % 10 == 0 ? sizeof text : 40);
			assert_cut(steps, row->count, &cursor, text, len);
		}
		free_steps(row, steps);
		pmill_cut_cursor_release(&cursor);
		pmill_cutter_free(cutter);
	}
}

/* A walk may be left before its end. */
static void starts_anew(void **state)
{
	(void)state;
	const struct configuration *row = &configurations[4];
	struct pmill_cutter *cutter = make(row);
	struct pmill_cut_cursor cursor = {.cutter = cutter};
	struct single_step steps[4];
	pmill_bytes pretoken;
	make_steps(row, steps);
	assert_int_equal(pmill_cut_cursor_start(&cursor, (const uint8_t *)"a b c", 5, NULL), PMILL_OK);
	assert_int_equal(pmill_cut_cursor_next(&cursor, &pretoken, NULL), PMILL_OK);
	assert_cut(steps, row->count, &cursor, "d e", 3);
	free_steps(row, steps);
	pmill_cut_cursor_release(&cursor);
	pmill_cutter_free(cutter);
}

static void survives_without_memory(void **state)
{
	(void)state;
	const struct configuration *row = &configurations[5];
	bool is_done = false;
	for (long allowed = 0; !is_done; allowed++) {
		struct pmill_cutter *cutter = NULL;
		allocations_left = allowed;
		pmill_status status = pmill_cutter_create(
			row->steps, row->count, "16.0", NULL, &cutter, NULL);
		struct pmill_cut_cursor cursor = {.cutter = cutter};
		pmill_bytes pretoken = {"", 1};
		if (status == PMILL_OK)
			status = pmill_cut_cursor_start(&cursor, (const uint8_t *)"a bc", 4, NULL);
		while (status == PMILL_OK && pretoken.len > 0)
			status = pmill_cut_cursor_next(&cursor, &pretoken, NULL);
		is_done = !was_refused();
		assert_int_equal(status, is_done ? PMILL_OK : PMILL_NO_MEMORY);
		if (cutter != NULL)
			pmill_cut_cursor_release(&cursor);
		pmill_cutter_free(cutter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_like_each_step_alone),
		cmocka_unit_test(starts_anew),
		cmocka_unit_test(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
