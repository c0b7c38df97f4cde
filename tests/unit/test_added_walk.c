/* Added tokens with flags, against a naive search, and in small examples. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/added_walk.h"
#include "support/random.h"
#include "support/refuse_memory.h"
#include "support/refuse_room.h"

enum { LEFT = 1, RIGHT = 2, WORD = 4, MOST_TOKENS = 6 };

struct token {
	const char *content;
	int flags;
};

static void make_set(struct pmill_added_set *set, const struct token *tokens)
{
	pmill_bytes contents[MOST_TOKENS];
	bool has_words = false;
	size_t count = 0;
	*set = (struct pmill_added_set){.specials = calloc(MOST_TOKENS, sizeof *set->specials),
		.rules = calloc(MOST_TOKENS, sizeof *set->rules)};
	for (; tokens[count].content != NULL; count++) {
		contents[count] = (pmill_bytes){tokens[count].content, strlen(tokens[count].content)};
		set->specials[count] = (uint32_t)count;
		set->rules[count] = (struct pmill_added_rule){.same = PMILL_NO_ADDED,
			.strips_left = tokens[count].flags & LEFT,
			.strips_right = tokens[count].flags & RIGHT,
			.is_single_word = tokens[count].flags & WORD};
		has_words |= tokens[count].flags & WORD;
	}
	assert_int_equal(
		pmill_added_set_create(set, contents, count, has_words, "16.0", NULL), PMILL_OK);
}

/* One that recognises all tokens. */
static struct pmill_policy *make_policy(void)
{
	struct pmill_policy *policy = calloc(1, sizeof *policy + MOST_TOKENS);
	assert_non_null(policy);
	atomic_init(&policy->references, 1);
	policy->is_any = true;
	memset(policy->treatments, PMILL_RECOGNISED, MOST_TOKENS);
	return policy;
}

/* Text in brackets, tokens as digits: "[a]0[b]". */
static void show(struct pmill_added_walk *walk, const char *text, size_t len, char *shown)
{
	struct pmill_added_piece piece;
	struct pmill_policy *policy = make_policy();
	struct pmill_span_list spans = {0};
	assert_true(pmill_span_list_add(&spans, len, policy));
	pmill_added_walk_start(walk,
		&(struct pmill_added_text){
			.text = (const uint8_t *)text, .len = len, .is_final = true, .spans = &spans});
	do {
		assert_int_equal(pmill_added_walk_next(walk, &piece, NULL), PMILL_OK);
		assert_true(piece.begin <= piece.end);
		if (piece.begin < piece.end) {
			*shown++ = '[';
			memcpy(shown, text + piece.begin, piece.end - piece.begin);
			shown += piece.end - piece.begin;
			*shown++ = ']';
		}
		if (piece.special != PMILL_NO_ADDED) {
			assert_false(piece.is_forbidden);
			*shown++ = (char)('0' + piece.special);
		}
	} while (piece.special != PMILL_NO_ADDED);
	*shown = '\0';
	pmill_span_list_release(&spans);
	pmill_policy_free(policy);
}

#define ASSERT_SHOWN(tokens, text, expected)                                                       \
	do {                                                                                           \
		char shown[200];                                                                           \
		struct pmill_added_walk walk = {.set = tokens};                                            \
		show(&walk, text, strlen(text), shown);                                                    \
		assert_string_equal(shown, expected);                                                      \
		pmill_added_walk_release(&walk);                                                           \
	} while (0)

static void strips_white_space(void **state)
{
	(void)state;
	struct pmill_added_set set;
	make_set(&set,
		(struct token[]){{"<l>", LEFT}, {"<r>", RIGHT}, {"<b>", LEFT | RIGHT}, {"<n>", 0}, {0}});
	ASSERT_SHOWN(&set, "", "");
	ASSERT_SHOWN(&set, "a <l> b", "[a]0[ b]");
	ASSERT_SHOWN(&set, "a <r> b", "[a ]1[b]");
	ASSERT_SHOWN(&set,
		"a \t\n<b>\r\n\xC2\xA0\xE3\x80\x80"
		"b",
		"[a]2[b]");
	ASSERT_SHOWN(&set, " <b> ", "2");
	ASSERT_SHOWN(&set, "a <n> b", "[a ]3[ b]");
	/* Between two tokens the first takes all. */
	ASSERT_SHOWN(&set, "<r>  <l>", "10");
	ASSERT_SHOWN(&set, "<n>  <l>", "30");
	ASSERT_SHOWN(&set, "<n>  <n>", "3[  ]3");
	/* U+180E and a byte that is part of no character are not white space. */
	ASSERT_SHOWN(&set, " \xE1\xA0\x8E<l>", "[ \xE1\xA0\x8E]0");
	ASSERT_SHOWN(&set, " \xA0<l>", "[ \xA0]0");
	pmill_added_set_release(&set);
}

static void takes_whole_words_only(void **state)
{
	(void)state;
	struct pmill_added_set set;
	make_set(&set, (struct token[]){{"he", WORD}, {"hello", WORD}, {"-x", WORD}, {0}});
	ASSERT_SHOWN(&set, "he", "0");
	ASSERT_SHOWN(&set, "he he.he", "0[ ]0[.]0");
	ASSERT_SHOWN(&set, "the he_ he1 \xC3\xA9he he\xCC\x81", "[the he_ he1 \xC3\xA9he he\xCC\x81]");
	/* The longest is taken, and if that is no word, what it hides is passed over with it. */
	ASSERT_SHOWN(&set, "hello helloo he-x", "1[ helloo ]0[-x]");
	ASSERT_SHOWN(&set, "\xFFhe\xFF he\xF0\x9F\x98\x80", "[\xFF]0[\xFF ]0[\xF0\x9F\x98\x80]");
	pmill_added_set_release(&set);
}

/* The token after it begins with the white space that it strips. */
static void finds_what_it_stripped(void **state)
{
	(void)state;
	struct pmill_added_set set;
	make_set(&set, (struct token[]){{"<r>", RIGHT}, {" a", 0}, {"  ", 0}, {0}});
	ASSERT_SHOWN(&set, "<r> ab", "01[b]");
	ASSERT_SHOWN(&set, "<r>  b", "02[b]");
	ASSERT_SHOWN(&set, "<r>   b", "02[ b]");
	pmill_added_set_release(&set);
}

static void survives_without_memory(void **state)
{
	(void)state;
	const pmill_bytes contents[] = {{"<a>", 3}, {"b", 1}};
	bool is_done = false;
	for (long allowed = 0; !is_done; allowed++) {
		struct pmill_added_set set = {0};
		allocations_left = allowed;
		pmill_status status = pmill_added_set_create(&set, contents, 2, true, "16.0", NULL);
		is_done = !was_refused();
		assert_int_equal(status, is_done ? PMILL_OK : PMILL_NO_MEMORY);
		pmill_added_set_release(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strips_white_space),
		cmocka_unit_test(takes_whole_words_only),
		cmocka_unit_test(finds_what_it_stripped),
		cmocka_unit_test(survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
