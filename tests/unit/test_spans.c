/* Spans: one text with several policies, in examples and against a plain encoder of spans. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/opened_model.h"

/* ---- Examples ---- */

/* Spans of text, each after the letter of its policy. */
struct example {
	const char *spans[6]; /* the policy's letter, then the text */
	const char *shown;    /* recognised tokens in braces; NULL: forbidden */
	uint64_t offset;      /* of the forbidden token */
};

static const pmill_policy *policy_of(char letter)
{
	static const char letters[] = "DAUFLEX";
	const char *found = strchr(letters, letter);
	assert_non_null(found);
	return policies[found - letters];
}

static size_t make_spans(const struct example *example, pmill_span spans[6])
{
	size_t count = 0;
	for (; count < 6 && example->spans[count] != NULL; count++) {
		const char *text = example->spans[count];
		spans[count] = (pmill_span){{text + 1, strlen(text) - 1}, policy_of(text[0])};
	}
	return count;
}

/* The tokens' text, those that were recognised in braces. */
static void show(const pmill_ids *ids, char shown[200])
{
	const pmill_ids_view view = view_of(ids);
	for (uint64_t i = 0; i < view.count; i++) {
		const uint32_t id = id_at(&view, i);
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		const bool is_added = pmill_tokenizer_find_special(tokenizer, token) != NULL;
		shown += sprintf(
			shown, is_added ? "{%.*s}" : "%.*s", (int)token.len, (const char *)token.data);
	}
	*shown = '\0';
}

static void check_forbidden(const struct example *example, pmill_status status,
	const pmill_error *error, const pmill_ids *ids)
{
	assert_int_equal(status, PMILL_BAD_INPUT);
	assert_int_equal(error->offset, example->offset);
	assert_non_null(strstr(error->message, "contains the special token"));
	const pmill_ids_view view = view_of(ids);
	assert_int_equal(view.count, 1);
	assert_int_equal(view.document_count, 1);
}

static void check_examples(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pmill_span spans[6];
		pmill_error error = {.offset = 99};
		char shown[200] = "";
		const size_t span_count = make_spans(&examples[i], spans);
		for (int with_offsets = 0; with_offsets < 2; with_offsets++) {
			pmill_ids *ids = make_ids(tokenizer, with_offsets ? "byte" : NULL);
			if (examples[i].shown == NULL) {
				assert_int_equal(pmill_ids_append(ids, &(uint32_t){7}, 1, NULL), PMILL_OK);
				assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
			}
			const pmill_status status = pmill_encoder_encode_spans(
				encoder, spans, span_count, ids, &error);
			if (examples[i].shown == NULL) {
				check_forbidden(&examples[i], status, &error, ids);
			} else {
				assert_int_equal(status, PMILL_OK);
				show(ids, shown);
				assert_string_equal(shown, examples[i].shown);
				assert_int_equal(view_of(ids).document_count, 1);
			}
			pmill_ids_free(ids);
		}
	}
}

#define CHECK_EXAMPLES(examples) check_examples(examples, sizeof examples / sizeof *examples)

/* D default, A all, U untrusted, F framed, L a list, E special error, X added error. */
static void recognises_by_span(void **state)
{
	(void)state;
	static const struct example examples[] = {
		/* Half in a span that doesn't allow it; the shorter one is found in the other half. */
		{.spans = {"Ahi<|en", "Ud|>hi"}, .shown = "hi{<|}end|>hi"},
		{.spans = {"U<|en", "Ad|>hi"}, .shown = "<|end|>hi"},
		{.spans = {"A<|e", "Un", "Ad|>"}, .shown = "{<|}end|>"},
		{.spans = {"A<", "U|", "Aend|>"}, .shown = "<|end|>"},
		/* Put together from spans of which each allows it, or none. */
		{.spans = {"A<|en", "Ad|>hi"}, .shown = "{<|end|>}hi"},
		{.spans = {"A<|en", "Ld|>", "Fhi"}, .shown = "{<|end|>}hi{aab}"},
		{.spans = {"A<", "A|", "Ae", "An", "Ad", "A|>"}, .shown = "{<|end|>}"},
		{.spans = {"U<|en", "Ud|>"}, .shown = "<|end|>"},
		/* A longer one that isn't allowed, and a shorter one at the same place that is. */
		{.spans = {"L<|end|>!<|endx"}, .shown = "{<|end|>}!{<|}endx"},
		{.spans = {"A<|end|>", "U!"}, .shown = "{<|end|>}!"},
		{.spans = {"A<|end|>", "L!"}, .shown = "{<|end|>}!"},
		{.spans = {"A<|end|>", "A!"}, .shown = "{<|end|>!}"},
		{.spans = {"D<think> hi", "A<think> hi"}, .shown = "{<think>} hi{<think> hi}"},
		{.spans = {"A<think> h", "Di<think>"}, .shown = "{<think>} hi{<think>}"},
		/* A later one, which shares bytes with one that isn't allowed. */
		{.spans = {"U<|end|>", "A<|end|>"}, .shown = "<|end|>{<|end|>}"},
		{.spans = {"Ua", "Aaab"}, .shown = "a{aab}"},
		{.spans = {"U<", "A<|"}, .shown = "<{<|}"},
		{.spans = {"Daabc"}, .shown = "a{abc}"},
		{.spans = {"Aaabc"}, .shown = "{aab}c"},
		{.spans = {"Ua", "Aabc"}, .shown = "a{abc}"},
		{.spans = {"Uaa", "Abc"}, .shown = "aabc"},
		{.spans = {"A<think> ", "Dhi", "A<think>", "U<think>"},
			.shown = "{<think>} hi{<think>}<think>"},
		/* Empty spans are nothing. */
		{.spans = {"A<|en", "U", "E", "Ad|>"}, .shown = "{<|end|>}"},
		{.spans = {"U", "A", "U"}, .shown = ""},
		{.spans = {"U"}, .shown = ""},
		{.spans = {NULL}, .shown = ""},
	};
	open_model(PLAIN_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

static void forbids_by_span(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{.spans = {"Ehi<|end|>"}, .offset = 2},
		/* Each half forbids or allows it. */
		{.spans = {"Ahi<|en", "Ed|>"}, .offset = 2},
		{.spans = {"Ehi<|en", "Ad|>"}, .offset = 2},
		{.spans = {"A<", "A|", "A", "Eend|>"}, .offset = 0},
		{.spans = {"A<|en", "Xd|>"}, .shown = "{<|end|>}"},
		/* One half doesn't see it. */
		{.spans = {"Ehi<|en", "Ud|>"}, .shown = "hi{<|}end|>"},
		{.spans = {"Uhi<|en", "Ed|>"}, .shown = "hi<|end|>"},
		/* The longer one is forbidden, and comes before the shorter one that is allowed. */
		{.spans = {"A<|end|>", "E!"}, .offset = 0},
		{.spans = {"Uhi", "Xhi<|end|>", "X!<think>"}, .offset = 12},
		{.spans = {"X<think> hi", "D<think> hi"}, .shown = "{<think> hi}{<think>} hi"},
		{.spans = {"X<think> h", "Di"}, .offset = 0},
		/* Recognised ones before it don't hide it, nor the other way round. */
		{.spans = {"A<|end|>", "E!<|end|>!"}, .offset = 0},
		{.spans = {"A<|end|>", "U!", "E<|end|>!"}, .offset = 8},
	};
	open_model(PLAIN_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

static void frames_by_first_and_last_span(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{.spans = {"Fhi"}, .shown = "{<|end|>}hi{aab}"},
		{.spans = {"F", "Uhi", "F"}, .shown = "{<|end|>}hi{aab}"},
		{.spans = {"Fhi", "U"}, .shown = "{<|end|>}hi"},
		{.spans = {"F", "Uhi"}, .shown = "{<|end|>}hi"},
		{.spans = {"U", "Fhi"}, .shown = "hi{aab}"},
		{.spans = {"U", "Fhi", "A"}, .shown = "hi"},
		{.spans = {"F"}, .shown = "{<|end|>}{aab}"},
		{.spans = {"F", "U"}, .shown = "{<|end|>}"},
		{.spans = {"Faa", "Fb"}, .shown = "{<|end|>}{aab}{aab}"},
	};
	open_model(PLAIN_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

/* White space belongs to the token that strips it, whatever its span says; so do word borders. */
static void strips_across_borders(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{.spans = {"Uhi  ", "A<think>", "U \n", "Ahi"}, .shown = "hi{<think>}hi"},
		{.spans = {"Uhi ", "A <thi", "Ank> ", "U hi"}, .shown = "hi{<think>}hi"},
		{.spans = {"Uhi  ", "A<thi", "Unk>", "A hi"}, .shown = "hi  <think> hi"},
		{.spans = {"Uhi ", "A<|end|>", "U hi"}, .shown = "hi{<|end|>} hi"},
		{.spans = {"Uhi ", "A<|end|>!", "U hi"}, .shown = "hi {<|end|>!}hi"},
		/* The longer one strips on the right, the shorter one on the left. */
		{.spans = {"Uhi ", "A<|end|>", "U! hi"}, .shown = "hi{<|end|>}! hi"},
		/* Both of one space. */
		{.spans = {"A<|end|>!", "U ", "A<think>"}, .shown = "{<|end|>!}{<think>}"},
		/* What was stripped may begin another token, of which that is a part, too. */
		{.spans = {"A<|end|>!", "A \t", "A!!"}, .shown = "{<|end|>!}{\t!!}"},
		{.spans = {"A<|end|>!", "U \t", "A!!"}, .shown = "{<|end|>!}!!"},
		{.spans = {"Uhi", "Aaab"}, .shown = "hiaab"},
		{.spans = {"Uhi.", "Aaab", "Ux"}, .shown = "hi.aabx"},
		{.spans = {"Uhi.", "Aaab", "U.x"}, .shown = "hi.{aab}.x"},
		{.spans = {"Uhi.", "Aaab", "U  x"}, .shown = "hi.{aab}x"},
		{.spans = {"Ehi  ", "Aaa", "Eb", "Uhi"}, .shown = "hi  aabhi"},
		{.spans = {"Ehi  ", "Aaa", "Eb", "U  hi"}, .offset = 4},
	};
	open_model(STRIPPING_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

/* Tokens that are searched for in normalised text count where that text comes from. */
static void searches_normalised_text_by_span(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{.spans = {"UE\xCC\x81", "A<THINK>E\xCC\x81"}, .shown = "\xC3\xA9{<think>}\xC3\xA9"},
		{.spans = {"UE\xCC\x81", "A<THI", "ANK>", "Uhi"}, .shown = "\xC3\xA9{<think>}hi"},
		{.spans = {"UE\xCC\x81", "A<THI", "UNK>", "Uhi"}, .shown = "\xC3\xA9<think>hi"},
		/* U+212A becomes k: three bytes of one character, the last of them elsewhere. */
		{.spans = {"U\xE2\x84\xAA", "A<thin\xE2\x84\xAA>"}, .shown = "k{<think>}"},
		{.spans = {"A<thin\xE2\x84", "A\xAA>"}, .shown = "{<think>}"},
		{.spans = {"A<thin\xE2\x84", "U\xAA", "A>"}, .shown = "<think>"},
		{.spans = {"A<thin\xE2\x84\xAA", "U>"}, .shown = "<think>"},
		/* The longer one is searched for first, in the text as it is. */
		{.spans = {"A<think> hi<THINK> hi"}, .shown = "{<think> hi}{<think>} hi"},
		{.spans = {"A<THINK>", "U<think> hi", "A<think>"}, .shown = "{<think>}<think> hi{<think>}"},
		/* <|end|>! is searched for afterwards, <|end|> before. */
		{.spans = {"Uhi", "A<|end|>!"}, .shown = "hi{<|end|>}!"},
		{.spans = {"Uhi", "A<|END|>!"}, .shown = "hi{<|}end|>!"},
		{.spans = {"Uhi", "XhI<THINK>"}, .offset = 4},
		{.spans = {"UE\xCC\x81", "A<THI", "XNK>", "Uhi"}, .offset = 3},
		{.spans = {"UE\xCC\x81", "X<THI", "UNK>", "Uhi"}, .shown = "\xC3\xA9<think>hi"},
	};
	open_model(COMPOSING_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

/* "<think>" becomes "_<tthe nk>": only at the beginning of a part, since nothing else has a "_". */
static void searches_replaced_text_by_span(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{.spans = {"A<think>"}, .shown = "{<think>}"},
		{.spans = {"A<think>x"}, .shown = "{<think>}x"},
		{.spans = {"Ax<think>"}, .shown = "_x<tthe nk>"},
		{.spans = {"A<t", "Uhi", "Ank>"}, .shown = "_<tthe nk>"},
		{.spans = {"A<th", "Ai", "Ank>"}, .shown = "{<think>}"},
		{.spans = {"A<th", "Ui", "Ank>"}, .shown = "_<tthe nk>"},
		{.spans = {"A<think", "U>"}, .shown = "_<tthe nk>"},
		{.spans = {"A<th", "Xi", "Ank>"}, .offset = 0},
		{.spans = {"A<think> hi", "Ahi"}, .shown = "{<think> hi} the"},
		{.spans = {"A<think> h", "Uihi"}, .shown = "{<think>} the the"},
		/* After a token of the first search, a part begins. */
		{.spans = {"U<think>", "A<|end|>", "A<think>"}, .shown = "_<tthe nk>{<|end|>}{<think>}"},
		{.spans = {"Uhi  ", "A<|end|>", "U<think>"}, .shown = "_the{<|end|>}_<tthe nk>"},
	};
	open_model(REPLACING_MODEL);
	CHECK_EXAMPLES(examples);
	close_model();
}

/* ---- Against a plain encoder ---- */

enum { LONGEST = 200 };

static bool adds_template(const pmill_span *span)
{
	return span->policy == policies[FRAMED_POLICY];
}

static size_t encode_plainly(
	const pmill_span *spans, size_t count, const uint8_t *text, size_t len, pmill_ids *ids)
{
	const pmill_policy *policy_of_byte[LONGEST];
	size_t at = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < spans[i].text.len; k++)
			policy_of_byte[at++] = spans[i].policy;
	assert_int_equal(at, len);
	const uint32_t *before = tokenizer->template.before, *after = tokenizer->template.after;
	if (adds_template(&spans[0]))
		assert_int_equal(pmill_ids_append(ids, before, 1, NULL), PMILL_OK);
	const size_t forbidden = naive_encode(
		encoder, policies[UNTRUSTED_POLICY], tokenizer, policy_of_byte, text, len, ids);
	if (adds_template(&spans[count - 1]))
		assert_int_equal(pmill_ids_append(ids, after, 1, NULL), PMILL_OK);
	assert_int_equal(pmill_ids_end_document(ids, NULL), PMILL_OK);
	return forbidden;
}

static void is_the_same_as_a_plain_encoder(void **state)
{
	(void)state;
	const uint64_t seed = 31;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	size_t forbidden_count = 0, recognised_count = 0;
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!is_plain_model(kind) || !can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < 1500; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS];
			pmill_error error;
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 5));
			const unsigned limit = round % 3 == 0 ? ENCODE_POLICIES : HARMLESS_POLICIES;
			const size_t count = draw_spans(&random, text, len, policies, limit, spans);
			pmill_ids *ids = make_ids(tokenizer, NULL), *expected = make_ids(tokenizer, NULL);
			const size_t forbidden = encode_plainly(spans, count, text, len, expected);
			const pmill_status status = pmill_encoder_encode_spans(
				encoder, spans, count, ids, &error);
			assert_int_equal(status, forbidden == SIZE_MAX ? PMILL_OK : PMILL_BAD_INPUT);
			if (forbidden == SIZE_MAX)
				assert_true(is_equal_ids(ids, expected));
			else
				assert_int_equal(error.offset, forbidden);
			forbidden_count += forbidden != SIZE_MAX;
			recognised_count += view_of(ids).count > 0;
			pmill_ids_free(ids);
			pmill_ids_free(expected);
		}
		close_model();
	}
	assert_true(forbidden_count > 100 && recognised_count > 1000);
}

/* For every model: spans of one policy are one text, with the same ids, offsets and failures. */
static void is_one_text_with_one_policy(void **state)
{
	(void)state;
	const uint64_t seed = 32;
	print_message("seed %llu\n", (unsigned long long)seed);
	uint64_t random = seed;
	static const char *const units[] = {NULL, "byte", "char"};
	for (unsigned kind = 0; kind < ENCODE_MODELS; kind++) {
		if (!can_encode(kind))
			continue;
		open_model(kind);
		for (size_t round = 0; round < 600; round++) {
			uint8_t text[LONGEST];
			pmill_span spans[MOST_SPANS];
			pmill_error error = {.offset = 7}, expected_error = {.offset = 8};
			const size_t len = draw_encode_text(&random, text, 5 + round % (LONGEST - 5));
			const pmill_policy *policy = policies[round % ENCODE_POLICIES];
			pmill_policy *only[] = {(pmill_policy *)policy};
			const size_t count = draw_spans(&random, text, len, only, 1, spans);
			pmill_ids *ids = make_ids(tokenizer, units[round % 3]);
			pmill_ids *expected = make_ids(tokenizer, units[round % 3]);
			const pmill_status status = pmill_encoder_encode(
				encoder, text, len, policy, expected, &expected_error);
			assert_int_equal(
				pmill_encoder_encode_spans(encoder, spans, count, ids, &error), status);
			assert_true(is_equal_ids(ids, expected));
			if (status != PMILL_OK) {
				assert_int_equal(error.offset, expected_error.offset);
				assert_string_equal(error.message, expected_error.message);
			}
			pmill_ids_free(ids);
			pmill_ids_free(expected);
		}
		close_model();
	}
}

/* Lengths that add up to more than there is. */
static void refuses_impossible_lengths(void **state)
{
	(void)state;
	open_model(PLAIN_MODEL);
	pmill_ids *ids = make_ids(tokenizer, NULL);
	pmill_error error;
	const pmill_span spans[] = {{{"hi", 2}, NULL}, {{"hi", SIZE_MAX - 1}, NULL}};
	assert_int_equal(pmill_encoder_encode_spans(encoder, spans, 2, ids, &error), PMILL_OVERFLOW);
	assert_string_equal(error.message, "the text is too long");
	assert_int_equal(view_of(ids).document_count, 0);
	pmill_ids_free(ids);
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recognises_by_span),
		cmocka_unit_test(forbids_by_span),
		cmocka_unit_test(frames_by_first_and_last_span),
		cmocka_unit_test(strips_across_borders),
		cmocka_unit_test(searches_normalised_text_by_span),
		cmocka_unit_test(searches_replaced_text_by_span),
		cmocka_unit_test(is_the_same_as_a_plain_encoder),
		cmocka_unit_test(is_one_text_with_one_policy),
		cmocka_unit_test(refuses_impossible_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
