/* What must agree for counts to add up: from options, copied, compared. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "counts/counts.h"
#include "pretokenize/pattern.h"
#include "unicode/class.h"
#include "unicode/quote.h"

#define DEFAULT_PATTERN "gpt2"

static bool copy_tokens(
	const pmill_bytes *from, size_t count, struct pmill_arena *names, pmill_bytes *to)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = (pmill_bytes){pmill_arena_copy(names, from[i].data, from[i].len), from[i].len};
		if (to[i].data == NULL)
			return false;
	}
	return true;
}

/* Room for `count` of them; never NULL but without memory. */
static pmill_bytes *allocate_tokens(struct pmill_arena *names, size_t count)
{
	if (count >= SIZE_MAX / sizeof(pmill_bytes))
		return NULL;
	return pmill_arena_allocate(names, (count + 1) * sizeof(pmill_bytes), _Alignof(pmill_bytes));
}

bool pmill_counts_identity_copy(const struct pmill_counts_identity *from, struct pmill_arena *names,
	struct pmill_counts_identity *to)
{
	pmill_bytes *tokens = allocate_tokens(names, from->special_token_count);
	if (tokens == NULL ||
		!copy_tokens(from->special_tokens, from->special_token_count, names, tokens))
		return false;
	*to = (struct pmill_counts_identity){
		.pattern = pmill_arena_copy(names, from->pattern, strlen(from->pattern)),
		.unicode_version = pmill_arena_copy(
			names, from->unicode_version, strlen(from->unicode_version)),
		.special_tokens = tokens,
		.special_token_count = from->special_token_count,
	};
	return to->pattern != NULL && to->unicode_version != NULL;
}

static bool is_same(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool is_among(pmill_bytes token, const pmill_bytes *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(token, tokens[i]))
			return true;
	return false;
}

/* The special tokens of the options, and behind them the document separator. */
static pmill_status resolve_tokens(const pmill_text_options *options, struct pmill_arena *names,
	struct pmill_counts_identity *identity, pmill_error *error)
{
	size_t count = options->special_token_count;
	for (size_t i = 0; i < count; i++)
		if (options->special_tokens[i].len == 0)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "a special token is empty");
	pmill_bytes *tokens = count == SIZE_MAX ? NULL : allocate_tokens(names, count + 1);
	if (tokens == NULL || !copy_tokens(options->special_tokens, count, names, tokens))
		return pmill_fail_memory(error);
	if (options->doc_separator.len > 0 && !is_among(options->doc_separator, tokens, count)) {
		if (!copy_tokens(&options->doc_separator, 1, names, &tokens[count]))
			return pmill_fail_memory(error);
		count++;
	}
	identity->special_tokens = tokens;
	identity->special_token_count = count;
	return PMILL_OK;
}

pmill_status pmill_counts_identity_resolve(const pmill_text_options *options,
	const struct pmill_counts_identity *fallback, struct pmill_arena *names,
	struct pmill_counts_identity *identity, pmill_error *error)
{
	pmill_text_options copy;
	pmill_options_copy(&copy, sizeof copy, options);
	if (copy.unicode_version != NULL && pmill_unicode_find(copy.unicode_version) == NULL)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"no tables for Unicode version \"%.100s\"", copy.unicode_version);
	struct pmill_counts_identity made = {
		.pattern = DEFAULT_PATTERN, .unicode_version = pmill_unicode_find(NULL)->version};
	if (fallback != NULL)
		made = *fallback;
	if (copy.pattern != NULL) {
		const struct pmill_pattern *known = pmill_pattern_find(copy.pattern);
		made.pattern = known != NULL ? known->name : copy.pattern;
	}
	if (copy.unicode_version != NULL)
		made.unicode_version = copy.unicode_version;
	if (copy.special_token_count > 0 || copy.doc_separator.len > 0) {
		pmill_status status = resolve_tokens(&copy, names, &made, error);
		if (status != PMILL_OK)
			return status;
	}
	return pmill_counts_identity_copy(&made, names, identity) ? PMILL_OK : pmill_fail_memory(error);
}

static pmill_status compare_texts(const char *what, const char *a, const char *a_name,
	const char *b, const char *b_name, pmill_error *error)
{
	if (strcmp(a, b) == 0)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%.200s was made with %s %.200s, %.200s with %.200s", a_name, what, a, b_name, b);
}

pmill_status pmill_counts_identity_compare(const struct pmill_counts_identity *a,
	const char *a_name, const struct pmill_counts_identity *b, const char *b_name,
	pmill_error *error)
{
	pmill_status status = compare_texts("pattern", a->pattern, a_name, b->pattern, b_name, error);
	if (status == PMILL_OK)
		status = compare_texts(
			"Unicode", a->unicode_version, a_name, b->unicode_version, b_name, error);
	if (status != PMILL_OK)
		return status;
	if (a->special_token_count != b->special_token_count)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"%.200s was made with %zu special token%s, %.200s with %zu", a_name,
			a->special_token_count, a->special_token_count == 1 ? "" : "s", b_name,
			b->special_token_count);
	for (size_t i = 0; i < a->special_token_count; i++) {
		struct pmill_quote x, y;
		const pmill_bytes *p = &a->special_tokens[i], *q = &b->special_tokens[i];
		if (!is_same(*p, *q))
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"%.200s was made with the special token %s, %.200s with %s in its place", a_name,
				pmill_quote(&x, p->data, p->len), b_name, pmill_quote(&y, q->data, q->len));
	}
	return PMILL_OK;
}

pmill_status pmill_counts_identity_check(const struct pmill_counts_identity *identity,
	const char *name, const pmill_text_options *expected, pmill_error *error)
{
	if (expected == NULL)
		return PMILL_OK;
	struct pmill_arena names = {0};
	struct pmill_counts_identity wanted;
	pmill_status status = pmill_counts_identity_resolve(expected, identity, &names, &wanted, error);
	if (status == PMILL_OK)
		status = pmill_counts_identity_compare(identity, name, &wanted, "the options", error);
	pmill_arena_release(&names);
	return status;
}
