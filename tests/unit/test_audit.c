/* The audit of models: each kind of finding, and what none means for the three meanings of BPE. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/splitter.h"
#include "model/merges.h"
#include "support/refuse_memory.h"
#include "support/small_tokenizer.h"

static size_t kind_of(const char *name)
{
	size_t kind = 0;
	while (pmill_audit_kind_name(kind) != NULL && strcmp(pmill_audit_kind_name(kind), name) != 0)
		kind++;
	assert_non_null(pmill_audit_kind_name(kind));
	return kind;
}

static pmill_audit *audit(const pmill_tokenizer *tokenizer)
{
	pmill_audit *made = NULL;
	assert_int_equal(pmill_audit_create(tokenizer, &made, NULL), PMILL_OK);
	return made;
}

static size_t count_of(const pmill_audit *made, const char *name)
{
	return pmill_audit_count(made, kind_of(name));
}

struct finding {
	uint32_t id, other;
	pmill_bytes bytes;
	const char *note;
};

static struct finding finding_of(const pmill_audit *made, const char *name, size_t index)
{
	struct finding finding;
	assert_int_equal(pmill_audit_get_finding(made, kind_of(name), index, &finding.id,
						 &finding.bytes, &finding.other, &finding.note),
		PMILL_OK);
	return finding;
}

static void assert_finding(const pmill_audit *made, const char *name, size_t index, uint32_t id,
	uint32_t other, const char *note)
{
	const struct finding finding = finding_of(made, name, index);
	assert_int_equal(finding.id, id);
	assert_int_equal(finding.other, other);
	if (note == NULL)
		assert_null(finding.note);
	else
		assert_non_null(strstr(finding.note, note));
}

static void add_at(struct pmill_tokenizer *tokenizer, uint32_t id, const char *token)
{
	assert_int_equal(
		pmill_vocab_add(&tokenizer->vocab, id, token, strlen(token), false, NULL), PMILL_OK);
}

static struct pmill_tokenizer *make_empty(enum pmill_meaning meaning)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	assert_non_null(tokenizer);
	tokenizer->meaning = meaning;
	return tokenizer;
}

/* ---- Each kind ---- */

/* 'a' to 'd' are 0 to 3, "ab" 4, 5 and 6 are unused, "cab" 7, "\xC3" 8, "a b" 9. */
static struct pmill_tokenizer *make_odd(enum pmill_meaning meaning)
{
	struct pmill_tokenizer *tokenizer = make_empty(meaning);
	set_pattern(tokenizer, "\\S+|\\s+");
	static const char *const letters[] = {"a", "b", "c", "d"};
	for (uint32_t i = 0; i < 4; i++)
		add_at(tokenizer, i, letters[i]);
	if (meaning == PMILL_MEANING_RANK_BY_ID)
		add_at(tokenizer, 4, "ab");
	else
		add_merge(tokenizer, 0, 1);
	add_at(tokenizer, 7, "cab");
	add_at(tokenizer, 8, "\xC3");
	add_at(tokenizer, 9, "a b");
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

static void test_tokens(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_odd(PMILL_MEANING_MERGE_LIST);
	pmill_audit *made = audit(tokenizer);
	assert_int_equal(count_of(made, "unreachable"), 2);
	assert_finding(made, "unreachable", 0, 7, PMILL_NO_ID, NULL);
	assert_finding(made, "unreachable", 1, 9, PMILL_NO_ID, NULL);
	assert_memory_equal(finding_of(made, "unreachable", 0).bytes.data, "cab", 3);
	assert_int_equal(count_of(made, "cut_by_pattern"), 1);
	assert_finding(made, "cut_by_pattern", 0, 9, PMILL_NO_ID, NULL);
	assert_int_equal(count_of(made, "meanings_differ"), 2);
	assert_finding(made, "meanings_differ", 0, 7, PMILL_NO_ID, "merging never makes it");
	assert_int_equal(count_of(made, "missing_bytes"), 251);
	assert_int_equal(finding_of(made, "missing_bytes", 0).id, PMILL_NO_ID);
	assert_int_equal(*(const uint8_t *)finding_of(made, "missing_bytes", 250).bytes.data, 0xFF);
	assert_int_equal(count_of(made, "unused_ids"), 2);
	assert_finding(made, "unused_ids", 1, 6, PMILL_NO_ID, NULL);
	assert_null(finding_of(made, "unused_ids", 1).bytes.data);
	assert_int_equal(count_of(made, "partial_characters"), 1);
	assert_finding(made, "partial_characters", 0, 8, PMILL_NO_ID, NULL);
	struct finding finding;
	assert_int_equal(pmill_audit_get_finding(made, kind_of("unused_ids"), 2, &finding.id,
						 &finding.bytes, &finding.other, &finding.note),
		PMILL_BAD_OPTION);
	pmill_audit_free(made);
	pmill_tokenizer_free(tokenizer);
}

/* Ranks make "cab" of "c" and "ab"; "a b" has a byte that is no token. */
static void test_ranks(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_odd(PMILL_MEANING_RANK_BY_ID);
	pmill_audit *made = audit(tokenizer);
	assert_int_equal(count_of(made, "unreachable"), 0);
	assert_int_equal(count_of(made, "meanings_differ"), 1);
	assert_finding(made, "meanings_differ", 0, 9, PMILL_NO_ID, "only taken as a whole pretoken");
	pmill_audit_free(made);
	pmill_tokenizer_free(tokenizer);
}

static void test_special_tokens(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_odd(PMILL_MEANING_MERGE_LIST);
	static const struct pmill_special specials[] = {
		{.content = {"ab", 2}, .id = 10, .is_special = true},
		{.content = {"<think>", 7}, .id = 11},
		{.content = {"<think>>", 8}, .id = 12, .is_special = true},
		{.content = {"a\xC4\xA0"
					 "b",
			 4},
			.id = 13,
			.is_special = true},
		{.content = {"x ", 2}, .id = 14, .is_special = true},
		{.content = {"\xFF", 1}, .id = 15, .is_special = true},
		{.content = {"x\0y", 3}, .id = 16, .is_special = true},
	};
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(pmill_vocab_add(&tokenizer->vocab, specials[i].id,
							 specials[i].content.data, specials[i].content.len, true, NULL),
			PMILL_OK);
	assert_int_equal(pmill_tokenizer_set_specials(tokenizer, specials, 7, NULL), PMILL_OK);
	pmill_audit *made = audit(tokenizer);
	assert_int_equal(count_of(made, "duplicate_bytes"), 1);
	assert_finding(made, "duplicate_bytes", 0, 10, 4, NULL);
	assert_int_equal(count_of(made, "forgeable"), 1);
	assert_finding(made, "forgeable", 0, 11, PMILL_NO_ID, NULL);
	assert_int_equal(count_of(made, "confusable"), 6);
	assert_finding(made, "confusable", 0, 10, 4, "printable form");
	assert_finding(made, "confusable", 1, 13, 9, "printable form");
	assert_finding(made, "confusable", 2, 14, PMILL_NO_ID, "white space");
	assert_finding(made, "confusable", 3, 15, PMILL_NO_ID, "not UTF-8");
	assert_finding(made, "confusable", 4, 16, PMILL_NO_ID, "NUL");
	assert_finding(made, "confusable", 5, 11, 12, "another one begins");
	assert_int_equal(count_of(made, "partial_characters"), 1);
	pmill_audit_free(made);
	pmill_tokenizer_free(tokenizer);
}

static void test_without_a_pattern(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_odd(PMILL_MEANING_MERGE_LIST);
	set_pattern(tokenizer, NULL);
	pmill_audit *made = audit(tokenizer);
	assert_true(count_of(made, "cut_by_pattern") == SIZE_MAX);
	assert_int_equal(count_of(made, "unused_ids"), 2);
	pmill_audit_free(made);
	pmill_tokenizer_free(tokenizer);
}

static void test_other_parts_and_order(void **state)
{
	(void)state;
	struct pmill_tokenizer *tokenizer = make_empty(PMILL_MEANING_MERGE_LIST);
	static const char *const letters[] = {"a", "b", "c", "d"};
	for (uint32_t i = 0; i < 4; i++)
		add_at(tokenizer, i, letters[i]);
	/* "ab" is 4, "bc" 5, "abc" 6, "dd" 7, in another order. */
	add_at(tokenizer, 4, "ab");
	add_merge(tokenizer, 1, 2);
	add_merge(tokenizer, 0, 5);
	add_merge(tokenizer, 0, 1);
	add_merge(tokenizer, 3, 3);
	set_pattern(tokenizer, "none");
	pmill_tokenizer_find_bytes(tokenizer);
	pmill_audit *made = audit(tokenizer);
	assert_int_equal(count_of(made, "unreachable"), 0);
	assert_int_equal(count_of(made, "meanings_differ"), 2);
	assert_finding(made, "meanings_differ", 0, 5, PMILL_NO_ID, "later merges");
	assert_finding(made, "meanings_differ", 1, 6, PMILL_NO_ID, "of other parts");
	pmill_audit_free(made);
	pmill_tokenizer_free(tokenizer);
}

/* ---- What it means ---- */

static void encode(struct pmill_tokenizer *tokenizer, enum pmill_meaning meaning,
	const uint8_t *text, size_t len, uint32_t *ids, size_t *count)
{
	const enum pmill_meaning own = tokenizer->meaning;
	size_t missing;
	tokenizer->meaning = meaning;
	if (!naive_merge(tokenizer, text, len, ids, count, &missing))
		*count = SIZE_MAX;
	tokenizer->meaning = own;
}

/* Whether the audit lists a token as unreachable exactly if its bytes encode to something else. */
static size_t check_unreachable(struct pmill_tokenizer *tokenizer, const pmill_audit *made)
{
	size_t found = 0;
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		uint32_t ids[512];
		size_t count;
		if (token.len < 2)
			continue;
		encode(tokenizer, tokenizer->meaning, token.data, token.len, ids, &count);
		if (count == 1 && ids[0] == id)
			continue;
		assert_finding(made, "unreachable", found++, id, PMILL_NO_ID, NULL);
	}
	assert_int_equal(found, count_of(made, "unreachable"));
	return found;
}

/* If no token differs, no text does; returns whether it was so. */
static bool check_meanings(
	struct pmill_tokenizer *tokenizer, const pmill_audit *made, unsigned letters, uint64_t *random)
{
	if (count_of(made, "meanings_differ") > 0)
		return false;
	for (int i = 0; i < 30; i++) {
		uint8_t text[60];
		uint32_t ids[3][60];
		size_t count[3];
		const size_t len = 1 + random_below(random, sizeof text);
		for (size_t k = 0; k < len; k++)
			text[k] = letter_at((unsigned)random_below(random, letters));
		for (int meaning = 0; meaning < 3; meaning++)
			encode(
				tokenizer, (enum pmill_meaning)meaning, text, len, ids[meaning], &count[meaning]);
		for (int meaning = 1; meaning < 3; meaning++) {
			assert_int_equal(count[meaning], count[0]);
			assert_memory_equal(ids[meaning], ids[0], count[0] * sizeof **ids);
		}
	}
	return true;
}

/* For encoding with a meaning that isn't the model's own. */
static void list_merges(struct pmill_tokenizer *tokenizer)
{
	const struct pmill_merge *merges;
	size_t count;
	if (tokenizer->meaning != PMILL_MEANING_RANK_BY_ID)
		return;
	assert_int_equal(pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL), PMILL_OK);
	free(tokenizer->listed_merges);
	tokenizer->listed_merges = malloc((count + 1) * sizeof *merges);
	assert_non_null(tokenizer->listed_merges);
	if (count > 0)
		memcpy(tokenizer->listed_merges, merges, count * sizeof *merges);
	tokenizer->listed_count = count;
}

static void test_random_models(void **state)
{
	(void)state;
	uint64_t random = 5;
	print_message("seed %llu\n", (unsigned long long)random);
	size_t unreachable = 0, agreeing = 0;
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[400];
		unsigned letters;
		fill_random(&random, bytes, sizeof bytes);
		bytes[0] %= 2; /* merge list or ranks */
		if (round % 2 == 0)
			bytes[2] %= 6; /* few merges */
		struct byte_source source = {bytes, sizeof bytes, 0};
		struct pmill_tokenizer *tokenizer = make_tokenizer(&source, false, round % 3 > 0, &letters);
		list_merges(tokenizer);
		pmill_audit *made = audit(tokenizer);
		unreachable += check_unreachable(tokenizer, made);
		agreeing += check_meanings(tokenizer, made, letters, &random);
		pmill_audit_free(made);
		pmill_tokenizer_free(tokenizer);
	}
	print_message("%zu unreachable tokens, %zu models that agree\n", unreachable, agreeing);
	assert_true(unreachable > 100 && agreeing > 100);
}

static void test_no_memory(void **state)
{
	(void)state;
	for (int meaning = 0; meaning < 3; meaning++) {
		struct pmill_tokenizer *tokenizer = make_odd((enum pmill_meaning)meaning);
		add_special(tokenizer, "<think>", false);
		int refused = 1;
		for (long k = 0; refused; k++) {
			pmill_audit *made = NULL;
			allocations_left = k;
			const pmill_status status = pmill_audit_create(tokenizer, &made, NULL);
			refused = was_refused();
			/* The patterns library may do without some. */
			assert_true(status == PMILL_OK || (status == PMILL_NO_MEMORY && refused));
			assert_true((made != NULL) == (status == PMILL_OK));
			pmill_audit_free(made);
		}
		pmill_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_special_tokens),
		cmocka_unit_test(test_without_a_pattern),
		cmocka_unit_test(test_other_parts_and_order),
		cmocka_unit_test(test_random_models),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
