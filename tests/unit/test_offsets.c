/* Where ids come from: in bytes and in characters, whatever a model does to the text. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "encode/characters.h"
#include "support/opened_model.h"

/* ---- Examples ---- */

enum { MOST_IDS = 8 };

struct example {
	const char *text;
	unsigned policy;
	struct {
		const char *token; /* as it is in the vocab; NULL: no more */
		uint64_t bytes[2], characters[2];
	} ids[MOST_IDS];
};

static void check_view(const struct example *example, const pmill_ids_view *view, int in_characters)
{
	size_t count = 0;
	while (count < MOST_IDS && example->ids[count].token != NULL)
		count++;
	assert_int_equal(view->count, count);
	for (size_t i = 0; i < count; i++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id_at(view, i));
		const uint64_t *expected = in_characters ? example->ids[i].characters
												 : example->ids[i].bytes;
		assert_int_equal(token.len, strlen(example->ids[i].token));
		assert_memory_equal(token.data, example->ids[i].token, token.len);
		if (memcmp(&view->offsets[2 * i], expected, 16) != 0)
			fail_msg("\"%s\": id %zu is [%d, %d), not [%d, %d)", example->text, i,
				(int)view->offsets[2 * i], (int)view->offsets[2 * i + 1], (int)expected[0],
				(int)expected[1]);
	}
}

/* Twice into one buffer, since offsets are those in the document. */
static void check_example(const struct example *example)
{
	for (int in_characters = 0; in_characters < 2; in_characters++) {
		pmill_ids *ids = make_ids(tokenizer, in_characters ? "char" : "byte");
		for (int turn = 0; turn < 2; turn++) {
			assert_int_equal(pmill_encoder_encode(encoder, example->text, strlen(example->text),
								 policies[example->policy], ids, NULL),
				PMILL_OK);
			pmill_ids_view view = view_of(ids);
			view.count /= (uint64_t)turn + 1;
			check_view(example, &view, in_characters);
			view.data = (const char *)view.data + view.count * view.id_bytes * (size_t)turn;
			view.offsets += 2 * view.count * (size_t)turn;
			check_view(example, &view, in_characters);
		}
		pmill_ids_free(ids);
	}
}

#define CHECK_EXAMPLES(kind, examples)                                                             \
	do {                                                                                           \
		open_model(kind);                                                                          \
		for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)                            \
			check_example(&examples[i]);                                                           \
		close_model();                                                                             \
	} while (0)

static void of_plain_text(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"", ALL_POLICY, {{0}}},
		{"hi the", ALL_POLICY, {{"hi", {0, 2}, {0, 2}}, {" the", {2, 6}, {2, 6}}}},
		{"\xC3\xA9x", ALL_POLICY, {{"\xC3\xA9", {0, 2}, {0, 1}}, {"x", {2, 3}, {1, 2}}}},
		/* Parts of a character are all of it. */
		{"\xF0\x9F\x98\x80x", ALL_POLICY,
			{{"\xF0\x9F", {0, 2}, {0, 1}}, {"\x98", {2, 3}, {0, 1}}, {"\x80", {3, 4}, {0, 1}},
				{"x", {4, 5}, {1, 2}}}},
		{"\xFF\x80", ALL_POLICY, {{"\xFF", {0, 1}, {0, 1}}, {"\x80", {1, 2}, {1, 2}}}},
		{"\xC3\xA9<|end|>hi", ALL_POLICY,
			{{"\xC3\xA9", {0, 2}, {0, 1}}, {"<|end|>", {2, 9}, {1, 8}}, {"hi", {9, 11}, {8, 10}}}},
		/* The template is at the ends, and empty. */
		{"\xC3\xA9", FRAMED_POLICY,
			{{"<|end|>", {0, 0}, {0, 0}}, {"\xC3\xA9", {0, 2}, {0, 1}}, {"aab", {2, 2}, {1, 1}}}},
		{"", FRAMED_POLICY, {{"<|end|>", {0, 0}, {0, 0}}, {"aab", {0, 0}, {0, 0}}}},
	};
	CHECK_EXAMPLES(PLAIN_MODEL, examples);
}

static void include_what_is_stripped(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"hi \n<think>\xE3\x80\x80x", ALL_POLICY,
			{{"hi", {0, 2}, {0, 2}}, {"<think>", {2, 14}, {2, 12}}, {"x", {14, 15}, {12, 13}}}},
		{" <|end|> <|end|>! ", ALL_POLICY,
			{{"<|end|>", {0, 8}, {0, 8}}, {" ", {8, 9}, {8, 9}}, {"<|end|>!", {9, 18}, {9, 18}}}},
		/* What one has stripped the other one hasn't. */
		{"<|end|>! <think>", ALL_POLICY,
			{{"<|end|>!", {0, 9}, {0, 9}}, {"<think>", {9, 16}, {9, 16}}}},
	};
	CHECK_EXAMPLES(STRIPPING_MODEL, examples);
}

static void through_forms(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{"HI THE", DEFAULT_POLICY, {{"hi", {0, 2}, {0, 2}}, {" the", {2, 6}, {2, 6}}}},
		/* What was composed is one stretch. */
		{"E\xCC\x81x", DEFAULT_POLICY, {{"\xC3\xA9", {0, 3}, {0, 2}}, {"x", {3, 4}, {2, 3}}}},
		{"\xE2\x84\xAAx", DEFAULT_POLICY, {{"k", {0, 3}, {0, 1}}, {"x", {3, 4}, {1, 2}}}},
		/* U+0344 becomes two: each is all of it. */
		{"\xCD\x84", DEFAULT_POLICY,
			{{"\xCC", {0, 2}, {0, 1}}, {"\x88", {0, 2}, {0, 1}}, {"\xCC\x81", {0, 2}, {0, 1}}}},
		{"\xFF"
		 "E\xCC\x81",
			DEFAULT_POLICY, {{"\xFF", {0, 1}, {0, 1}}, {"\xC3\xA9", {1, 4}, {1, 3}}}},
		{"E\xCC\x81<|end|>E\xCC\x81", ALL_POLICY,
			{{"\xC3\xA9", {0, 3}, {0, 2}}, {"<|end|>", {3, 10}, {2, 9}},
				{"\xC3\xA9", {10, 13}, {9, 11}}}},
	};
	static const struct example searched[] = {
		{"\xC3\x89<THIN\xE2\x84\xAA>x", ALL_POLICY,
			{{"\xC3\xA9", {0, 2}, {0, 1}}, {"<think>", {2, 11}, {1, 8}}, {"x", {11, 12}, {8, 9}}}},
	};
	CHECK_EXAMPLES(FORM_MODEL, examples);
	CHECK_EXAMPLES(COMPOSING_MODEL, searched);
}

static void through_replacements(void **state)
{
	(void)state;
	static const struct example examples[] = {
		/* "hi" becomes "the ", and "_" is put before it; the space at the end is stripped. */
		{"hi", UNTRUSTED_POLICY, {{"_", {0, 0}, {0, 0}}, {"the", {0, 2}, {0, 2}}}},
		{"\xC3\xA9 hix ", UNTRUSTED_POLICY,
			{{"_", {0, 0}, {0, 0}}, {"\xC3\xA9", {0, 2}, {0, 1}}, {" the", {2, 5}, {1, 4}},
				{" ", {3, 5}, {2, 4}}, {"x", {5, 6}, {4, 5}}}},
		{"<|end|>hi", ALL_POLICY,
			{{"<|end|>", {0, 7}, {0, 7}}, {"_", {7, 7}, {7, 7}}, {"the", {7, 9}, {7, 9}}}},
		{"<think>x", ALL_POLICY, {{"<think>", {0, 7}, {0, 7}}, {"x", {7, 8}, {7, 8}}}},
	};
	CHECK_EXAMPLES(REPLACING_MODEL, examples);
}

static void with_prefix_spaces(void **state)
{
	(void)state;
	static const struct example spaced[] = {
		{"hi hi", DEFAULT_POLICY, {{" hi", {0, 2}, {0, 2}}, {" hi", {2, 5}, {2, 5}}}},
		{" hi", DEFAULT_POLICY, {{" hi", {0, 3}, {0, 3}}}},
		{"\xFF", DEFAULT_POLICY, {{" ", {0, 0}, {0, 0}}, {"\xFF", {0, 1}, {0, 1}}}},
		{"hi<|end|>\xFF", ALL_POLICY,
			{{" hi", {0, 2}, {0, 2}}, {"<|end|>", {2, 9}, {2, 9}}, {" ", {9, 9}, {9, 9}},
				{"\xFF", {9, 10}, {9, 10}}}},
	};
	/* Each piece of the first step gets one; the second step sees it as a letter. */
	static const struct example steps[] = {
		{"hi.x", DEFAULT_POLICY,
			{{" hi", {0, 2}, {0, 2}}, {" ", {2, 2}, {2, 2}}, {".", {2, 3}, {2, 3}},
				{"x", {3, 4}, {3, 4}}}},
	};
	CHECK_EXAMPLES(SPACE_MODEL, spaced);
	CHECK_EXAMPLES(STEPS_MODEL, steps);
}

/* ---- Properties ---- */

enum { LONGEST = 300 };

static void check_order(const pmill_ids_view *view, size_t len)
{
	for (uint64_t i = 0; i < 2 * view->count; i += 2) {
		assert_true(view->offsets[i] <= view->offsets[i + 1]);
		assert_true(view->offsets[i + 1] <= len);
		if (i > 0) {
			assert_true(view->offsets[i] >= view->offsets[i - 2]);
			assert_true(view->offsets[i + 1] >= view->offsets[i - 1]);
		}
	}
}

/* The text of each id is its token, and nothing is between them. */
static void check_tokens(const pmill_ids_view *view, const uint8_t *text, size_t len)
{
	uint64_t end = 0;
	for (uint64_t i = 0; i < view->count; i++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id_at(view, i));
		const uint64_t *offsets = &view->offsets[2 * i];
		assert_int_equal(offsets[0], end);
		assert_int_equal(offsets[1], end + token.len);
		assert_memory_equal(text + end, token.data, token.len);
		end = offsets[1];
	}
	assert_int_equal(end, len);
}

static void check_characters(
	const pmill_ids_view *bytes, const pmill_ids_view *characters, const uint8_t *text, size_t len)
{
	uint64_t pairs[2 * LONGEST + 4];
	assert_true(bytes->count <= LONGEST + 2);
	assert_int_equal(bytes->count, characters->count);
	if (bytes->count == 0)
		return;
	memcpy(pairs, bytes->offsets, 2 * bytes->count * sizeof *pairs);
	pmill_characters_from_bytes(
		text, len, (struct pmill_character_place){0, 0}, pairs, bytes->count);
	assert_memory_equal(pairs, characters->offsets, 2 * bytes->count * sizeof *pairs);
}

static void check_text(
	unsigned kind, const uint8_t *text, size_t len, const pmill_span *spans, size_t count)
{
	pmill_ids *plain = make_ids(tokenizer, NULL), *bytes = make_ids(tokenizer, "byte");
	pmill_ids *characters = make_ids(tokenizer, "char");
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, count, plain, NULL), PMILL_OK);
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, count, bytes, NULL), PMILL_OK);
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, count, characters, NULL), PMILL_OK);
	const pmill_ids_view view = view_of(bytes), character_view = view_of(characters);
	assert_true(is_equal_ids(plain, bytes));
	check_order(&view, len);
	check_characters(&view, &character_view, text, len);
	if (is_plain_model(kind) && count == 1 && spans[0].policy != policies[FRAMED_POLICY])
		check_tokens(&view, text, len);
	pmill_ids_free(plain);
	pmill_ids_free(bytes);
	pmill_ids_free(characters);
}

static void ascend_and_agree(void **state)
{
	(void)state;
	const uint64_t seed = 51;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < 500; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS];
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 105));
			size_t count = draw_spans(&random, text, len, policies, HARMLESS_POLICIES, spans);
			if (round % 2 == 0) {
				spans[0].text.len = len;
				count = 1;
			}
			check_text(kind, text, len, spans, count);
		}
		close_model();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_plain_text),
		cmocka_unit_test(include_what_is_stripped),
		cmocka_unit_test(through_forms),
		cmocka_unit_test(through_replacements),
		cmocka_unit_test(with_prefix_spaces),
		cmocka_unit_test(ascend_and_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
