/* Models of every kind that encoding tells apart, policies for them, and texts that suit both. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_ENCODE_MODELS_H
#define PMILL_TESTS_SUPPORT_ENCODE_MODELS_H

#include "encode/span_list.h"
#include "support/small_tokenizer.h"

/* ---- Models ---- */

enum {
	PLAIN_MODEL,      /* cut by a known pattern: ids stand for the bytes of the text, in order */
	OTHER_MODEL,      /* the same, by another pattern */
	WHOLE_MODEL,      /* not cut at all */
	STRIPPING_MODEL,  /* added tokens with flags */
	COMPOSING_MODEL,  /* NFC and lower case; some tokens are searched for afterwards */
	FORM_MODEL,       /* NFC and lower case, and no token is searched for afterwards */
	REPLACING_MODEL,  /* replaces, puts text before others and strips */
	SPACE_MODEL,      /* puts a space before text */
	STEPS_MODEL,      /* cuts in several steps */
	EXPRESSION_MODEL, /* cut by an expression, if there is PCRE2 */
	ENCODE_MODELS
};

/* Indexes of the added tokens, which are in the order of their ids. */
enum {
	END_TOKEN,
	END_MARK_TOKEN,
	THINK_TOKEN,
	THINK_HI_TOKEN,
	BAR_TOKEN,
	AAB_TOKEN,
	ABC_TOKEN,
	TAB_TOKEN,
	ADDED_TOKENS
};

static const struct {
	const char *content;
	bool is_special;
} added_tokens[ADDED_TOKENS] = {
	{"<|end|>", true},
	{"<|end|>!", true},
	{"<think>", false},
	{"<think> hi", true},
	{"<|", false},
	{"aab", true},
	{"abc", false},
	{"\t!!", false},
};

static inline void add_merges(struct pmill_tokenizer *tokenizer)
{
	static const char *const merges[][2] = {{"h", "i"}, {" ", "hi"}, {"t", "h"}, {"th", "e"},
		{" ", "the"}, {"a", "a"}, {"aa", "aa"}, {"\xC3", "\xA9"}, {" ", " "}, {"n", "d"},
		{"e", "nd"}, {"hi", "hi"}, {"n", "k"}, {"\xCC", "\x81"}, {"e", "\xCC"}, {"\xF0", "\x9F"}};
	for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
		const uint32_t left = add_token(tokenizer, merges[i][0], strlen(merges[i][0]));
		const uint32_t right = add_token(tokenizer, merges[i][1], strlen(merges[i][1]));
		add_merge(tokenizer, left, right);
	}
}

static inline void set_flags(struct pmill_tokenizer *tokenizer)
{
	struct pmill_special *specials = tokenizer->specials;
	specials[END_TOKEN].strips_left = true;
	specials[END_MARK_TOKEN].strips_right = true;
	specials[THINK_TOKEN].strips_left = specials[THINK_TOKEN].strips_right = true;
	specials[BAR_TOKEN].is_single_word = true;
	specials[AAB_TOKEN].is_single_word = specials[AAB_TOKEN].strips_right = true;
}

static inline void set_normal_steps(
	struct pmill_tokenizer *tokenizer, const struct pmill_normal_step *steps, size_t count)
{
	require(pmill_tokenizer_set_normal_steps(tokenizer, steps, count, NULL) == PMILL_OK, "steps");
}

static inline void set_cut_steps(
	struct pmill_tokenizer *tokenizer, const struct pmill_cut_step *steps, size_t count)
{
	require(pmill_tokenizer_set_steps(tokenizer, steps, count, NULL) == PMILL_OK, "steps");
}

static inline void set_encode_kind(struct pmill_tokenizer *tokenizer, unsigned kind)
{
	static const struct pmill_normal_step form[] = {
		{.kind = PMILL_NORMAL_NFC}, {.kind = PMILL_NORMAL_LOWERCASE}};
	static const struct pmill_normal_step replacing[] = {
		{.kind = PMILL_NORMAL_REPLACE, .found = {"hi", 2}, .content = {"the ", 4}},
		{.kind = PMILL_NORMAL_PREPEND, .content = {"_", 1}},
		{.kind = PMILL_NORMAL_STRIP, .strips_right = true}};
	static const struct pmill_cut_step spaced[] = {{.pattern = "gpt2", .adds_space = true}};
	static const struct pmill_cut_step steps[] = {
		{.pattern = "cl100k"}, {.pattern = "gpt2", .adds_space = true, .on_printable = true}};
	switch (kind) {
	case OTHER_MODEL: set_pattern(tokenizer, "o200k"); break;
	case WHOLE_MODEL: set_pattern(tokenizer, "none"); break;
	case EXPRESSION_MODEL: set_pattern(tokenizer, "\\w+ ?|\\W"); break;
	case STRIPPING_MODEL: set_flags(tokenizer); break;
	case COMPOSING_MODEL:
		tokenizer->specials[THINK_TOKEN].is_normalized = true;
		tokenizer->specials[END_MARK_TOKEN].is_normalized = true; /* fall through */
	case FORM_MODEL: set_normal_steps(tokenizer, form, 2); break;
	case REPLACING_MODEL:
		tokenizer->specials[THINK_TOKEN].is_normalized = true;
		tokenizer->specials[THINK_HI_TOKEN].is_normalized = true;
		set_normal_steps(tokenizer, replacing, 3);
		break;
	case SPACE_MODEL: set_cut_steps(tokenizer, spaced, 1); break;
	case STEPS_MODEL: set_cut_steps(tokenizer, steps, 2); break;
	default: break;
	}
}

/* With all bytes, some merges, the tokens above, and a template: <|end|> before, aab after. */
static inline struct pmill_tokenizer *make_encode_model(unsigned kind)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	require(tokenizer != NULL, "memory");
	set_pattern(tokenizer, "gpt2");
	add_all_bytes(tokenizer);
	add_merges(tokenizer);
	for (size_t i = 0; i < ADDED_TOKENS; i++)
		add_special(tokenizer, added_tokens[i].content, added_tokens[i].is_special);
	pmill_tokenizer_find_bytes(tokenizer);
	const uint32_t frame[2] = {
		tokenizer->specials[END_TOKEN].id, tokenizer->specials[AAB_TOKEN].id};
	const struct pmill_template whole = {
		.before = &frame[0], .before_count = 1, .after = &frame[1], .after_count = 1};
	require(pmill_tokenizer_set_template(tokenizer, &whole, NULL) == PMILL_OK, "template");
	set_encode_kind(tokenizer, kind);
	return tokenizer;
}

/* False for expressions without PCRE2. */
static inline bool can_encode(unsigned kind)
{
#ifdef PMILL_HAVE_PCRE2
	(void)kind;
	return true;
#else
	return kind != EXPRESSION_MODEL;
#endif
}

/* Whether the ids of a text are those of its bytes, one after another. */
static inline bool is_plain_model(unsigned kind)
{
	return kind <= WHOLE_MODEL || kind == EXPRESSION_MODEL;
}

/* ---- Policies ---- */

enum {
	DEFAULT_POLICY,
	ALL_POLICY,
	UNTRUSTED_POLICY, /* recognises nothing */
	FRAMED_POLICY,    /* as all, and with the template */
	LIST_POLICY,      /* <|end|>, aab and <| */
	ERROR_POLICY,     /* special tokens are forbidden */
	ADDED_ERROR_POLICY,
	ENCODE_POLICIES,
	HARMLESS_POLICIES = ERROR_POLICY /* those before it forbid nothing */
};

static inline pmill_policy_options encode_policy_options(unsigned policy)
{
	static const pmill_bytes special[] = {{"<|end|>", 7}, {"aab", 3}}, added[] = {{"<|", 2}};
	pmill_policy_options options = {.size = sizeof options};
	switch (policy) {
	case ALL_POLICY: options.special = "all"; break;
	case UNTRUSTED_POLICY: options.special = options.added = "none"; break;
	case FRAMED_POLICY:
		options.special = "all";
		options.add_template = 1;
		break;
	case LIST_POLICY:
		options.special = options.added = "list";
		options.special_list = special;
		options.special_list_count = 2;
		options.added_list = added;
		options.added_list_count = 1;
		break;
	case ERROR_POLICY: options.special = "error"; break;
	case ADDED_ERROR_POLICY:
		options.special = "all";
		options.added = "error";
		break;
	default: break;
	}
	return options;
}

static inline void make_encode_policies(
	const struct pmill_tokenizer *tokenizer, pmill_policy *policies[ENCODE_POLICIES])
{
	for (unsigned i = 0; i < ENCODE_POLICIES; i++) {
		const pmill_policy_options options = encode_policy_options(i);
		require(pmill_policy_create(tokenizer, &options, &policies[i], NULL) == PMILL_OK, "policy");
	}
}

static inline void free_encode_policies(pmill_policy *policies[ENCODE_POLICIES])
{
	for (unsigned i = 0; i < ENCODE_POLICIES; i++)
		pmill_policy_free(policies[i]);
}

/* ---- Texts ---- */

/* Returns the length, below `capacity`. */
static inline size_t draw_encode_text(uint64_t *random, uint8_t *text, size_t capacity)
{
	static const char *const pieces[] = {"hi", " hi", "the", " ", "  ", "\n", "a", "aa", "aab",
		"bc", "\t", "!!", "<|end|>", "<|end|>!", "<think>", "<think> hi", "<|", "<|end", "|>", "<",
		"<thi", "nk>", "\xC3\xA9", "e\xCC\x81", "\xCC\x81", "\xC3\x89", "E", "\xF0\x9F\x98\x80",
		"\xE2\x84\xAA", "\xF0\x9F", "\xCC", "'s", "12345", ".", "\xEF\xB7\xBA", "\xE3\x80\x80", "_",
		"!", "\xFF"};
	size_t len = 0;
	for (;;) {
		const char *piece = pieces[random_below(random, sizeof pieces / sizeof *pieces)];
		if (len + strlen(piece) >= capacity)
			return len;
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
}

/* ---- Spans ---- */

enum { MOST_SPANS = 12 };

/* Text in spans of random lengths and policies below `policies_limit`; returns their number. */
static inline size_t draw_spans(uint64_t *random, const uint8_t *text, size_t len,
	pmill_policy *const *policies, unsigned policies_limit, pmill_span spans[MOST_SPANS])
{
	const size_t count = 1 + (size_t)random_below(random, MOST_SPANS);
	size_t begin = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t left = len - begin;
		const size_t taken = i + 1 == count ? left : (size_t)random_below(random, left / 2 + 2);
		const size_t piece = taken > left ? left : taken;
		spans[i] = (pmill_span){
			{text + begin, piece}, policies[random_below(random, policies_limit)]};
		begin += piece;
	}
	return count;
}

/* ---- Ids ---- */

static inline pmill_ids_view view_of(const pmill_ids *ids)
{
	pmill_ids_view view = {.size = sizeof view};
	require(pmill_ids_get(ids, &view) == PMILL_OK, "view");
	return view;
}

static inline uint32_t id_at(const pmill_ids_view *view, uint64_t index)
{
	return view->id_bytes == 2 ? ((const uint16_t *)view->data)[index]
							   : ((const uint32_t *)view->data)[index];
}

static inline pmill_ids *make_ids(const pmill_tokenizer *tokenizer, const char *offsets)
{
	const pmill_ids_options options = {.size = sizeof options, .offsets = offsets};
	pmill_ids *ids = NULL;
	require(pmill_ids_create(tokenizer, &options, &ids, NULL) == PMILL_OK, "buffer");
	return ids;
}

/* The index of the first id that differs, in itself or its offsets, or the shorter count. */
static inline uint64_t find_difference(const pmill_ids_view *a, const pmill_ids_view *b)
{
	uint64_t i = 0;
	while (i < a->count && i < b->count && id_at(a, i) == id_at(b, i) &&
		(a->offsets == NULL || b->offsets == NULL ||
			memcmp(&a->offsets[2 * i], &b->offsets[2 * i], 16) == 0))
		i++;
	return i;
}

static inline bool is_equal_view(const pmill_ids_view *a, const pmill_ids_view *b)
{
	return a->count == b->count && a->document_count == b->document_count &&
		find_difference(a, b) == a->count &&
		(a->document_count == 0 ||
			memcmp(a->ends, b->ends, a->document_count * sizeof *a->ends) == 0);
}

static inline bool is_equal_ids(const pmill_ids *a, const pmill_ids *b)
{
	const pmill_ids_view x = view_of(a), y = view_of(b);
	return is_equal_view(&x, &y);
}

/* ---- A plain encoder of spans, for plain models ---- */

/* How the bytes of a token at `begin` are treated, by each span that has one. */
static inline enum pmill_treatment naive_treatment(
	const pmill_policy *const *policy_of_byte, size_t begin, size_t len, size_t token)
{
	enum pmill_treatment treatment = PMILL_RECOGNISED;
	for (size_t i = begin; i < begin + len; i++) {
		const enum pmill_treatment here = policy_of_byte[i]->treatments[token];
		treatment = here < treatment ? here : treatment;
	}
	return treatment;
}

/* The longest token at `begin` that isn't ignored, or ADDED_TOKENS. */
static inline size_t naive_token(const pmill_policy *const *policy_of_byte, const uint8_t *text,
	size_t len, size_t begin, enum pmill_treatment *treatment)
{
	size_t found = ADDED_TOKENS, longest = 0;
	for (size_t i = 0; i < ADDED_TOKENS; i++) {
		const size_t token_len = strlen(added_tokens[i].content);
		if (token_len <= longest || token_len > len - begin ||
			memcmp(text + begin, added_tokens[i].content, token_len) != 0)
			continue;
		const enum pmill_treatment here = naive_treatment(policy_of_byte, begin, token_len, i);
		if (here == PMILL_IGNORED)
			continue;
		found = i;
		longest = token_len;
		*treatment = here;
	}
	return found;
}

/*
 * Appends the ids of a text whose bytes have these policies, without a template. `untrusted` is a
 * policy that recognises nothing, by which the text between tokens is encoded. Returns the offset
 * of a forbidden token, or SIZE_MAX.
 */
static inline size_t naive_encode(pmill_encoder *encoder, const pmill_policy *untrusted,
	const struct pmill_tokenizer *tokenizer, const pmill_policy *const *policy_of_byte,
	const uint8_t *text, size_t len, pmill_ids *ids)
{
	size_t begin = 0;
	for (size_t at = 0; at <= len;) {
		enum pmill_treatment treatment = PMILL_IGNORED;
		const size_t token = at < len ? naive_token(policy_of_byte, text, len, at, &treatment)
									  : ADDED_TOKENS;
		if (token == ADDED_TOKENS && at < len) {
			at++;
			continue;
		}
		pmill_ids *piece = make_ids(tokenizer, NULL);
		require(pmill_encoder_encode(encoder, text + begin, at - begin, untrusted, piece, NULL) ==
				PMILL_OK,
			"piece");
		const pmill_ids_view view = view_of(piece);
		for (uint64_t i = 0; i < view.count; i++) {
			const uint32_t id = id_at(&view, i);
			require(pmill_ids_append(ids, &id, 1, NULL) == PMILL_OK, "append");
		}
		pmill_ids_free(piece);
		if (at == len)
			break;
		if (treatment == PMILL_FORBIDDEN)
			return at;
		require(
			pmill_ids_append(ids, &tokenizer->specials[token].id, 1, NULL) == PMILL_OK, "append");
		begin = at += strlen(added_tokens[token].content);
	}
	return SIZE_MAX;
}

#endif
