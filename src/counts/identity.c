/* What must agree for counts to add up: resolved from options, copied, compared. */
/* SPDX-License-Identifier: MIT */
#include "counts/identity.h"

#include <string.h>

#include "base/error.h"
#include "pretokenize/pattern.h"
#include "unicode/class.h"
#include "unicode/quote.h"

#define DEFAULT_PATTERN "gpt2"

static bool copy_tokens(
	const pmill_bytes *from, size_t count, struct pmill_arena *strings, pmill_bytes *to)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = (pmill_bytes){pmill_arena_copy(strings, from[i].data, from[i].len), from[i].len};
		if (to[i].data == NULL)
			return false;
	}
	return true;
}

/* Room for `count` tokens, even 0; NULL only if out of memory. */
static pmill_bytes *allocate_tokens(struct pmill_arena *strings, size_t count)
{
	if (count >= SIZE_MAX / sizeof(pmill_bytes))
		return NULL;
	return pmill_arena_allocate(strings, (count + 1) * sizeof(pmill_bytes), _Alignof(pmill_bytes));
}

bool pmill_counts_identity_copy(const struct pmill_counts_identity *from,
	struct pmill_arena *strings, struct pmill_counts_identity *to)
{
	pmill_bytes *tokens = allocate_tokens(strings, from->special_token_count);
	if (tokens == NULL ||
		!copy_tokens(from->special_tokens, from->special_token_count, strings, tokens))
		return false;
	*to = (struct pmill_counts_identity){
		.pattern = pmill_arena_copy(strings, from->pattern, strlen(from->pattern)),
		.unicode_version = pmill_arena_copy(
			strings, from->unicode_version, strlen(from->unicode_version)),
		.special_tokens = tokens,
		.special_token_count = from->special_token_count,
	};
	return to->pattern != NULL && to->unicode_version != NULL;
}

static bool bytes_equal(pmill_bytes a, pmill_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool has_token(const pmill_bytes *tokens, size_t count, pmill_bytes token)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(token, tokens[i]))
			return true;
	return false;
}

/* The special tokens of the options, then the document separator. */
static pmill_status resolve_tokens(const pmill_text_options *options, struct pmill_arena *strings,
	struct pmill_counts_identity *identity, pmill_error *error)
{
	size_t count = options->special_token_count;
	for (size_t i = 0; i < count; i++)
		if (options->special_tokens[i].len == 0)
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET, "a special token is empty");
	pmill_bytes *tokens = count == SIZE_MAX ? NULL : allocate_tokens(strings, count + 1);
	if (tokens == NULL || !copy_tokens(options->special_tokens, count, strings, tokens))
		return pmill_fail_memory(error);
	if (options->doc_separator.len > 0 && !has_token(tokens, count, options->doc_separator)) {
		if (!copy_tokens(&options->doc_separator, 1, strings, &tokens[count]))
			return pmill_fail_memory(error);
		count++;
	}
	identity->special_tokens = tokens;
	identity->special_token_count = count;
	return PMILL_OK;
}

pmill_status pmill_counts_identity_resolve(const pmill_text_options *options,
	const struct pmill_counts_identity *fallback, struct pmill_arena *strings,
	struct pmill_counts_identity *identity, pmill_error *error)
{
	if (options->unicode_version != NULL && pmill_unicode_find(options->unicode_version) == NULL)
		return pmill_fail_unknown(
			error, "Unicode version", options->unicode_version, pmill_unicode_name);
	struct pmill_counts_identity made = {
		.pattern = DEFAULT_PATTERN, .unicode_version = pmill_unicode_find(NULL)->version};
	if (fallback != NULL)
		made = *fallback;
	if (options->pattern != NULL) {
		const struct pmill_pattern *known;
		const pmill_status status = pmill_pattern_resolve(options->pattern, &known, error);
		if (status != PMILL_OK)
			return status;
		made.pattern = known != NULL ? known->name : options->pattern;
	}
	if (options->unicode_version != NULL)
		made.unicode_version = options->unicode_version;
	if (options->special_token_count > 0 || options->doc_separator.len > 0) {
		pmill_status status = resolve_tokens(options, strings, &made, error);
		if (status != PMILL_OK)
			return status;
	}
	return pmill_counts_identity_copy(&made, strings, identity) ? PMILL_OK
																: pmill_fail_memory(error);
}

static pmill_status compare_texts(const char *what, const char *a, const char *a_name,
	const char *b, const char *b_name, pmill_error *error)
{
	if (strcmp(a, b) == 0)
		return PMILL_OK;
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"%s differ: %.200s in %.200s, %.200s in %.200s", what, a, a_name, b, b_name);
}

pmill_status pmill_counts_identity_compare(const struct pmill_counts_identity *a,
	const char *a_name, const struct pmill_counts_identity *b, const char *b_name,
	pmill_error *error)
{
	pmill_status status = compare_texts("patterns", a->pattern, a_name, b->pattern, b_name, error);
	if (status == PMILL_OK)
		status = compare_texts(
			"Unicode versions", a->unicode_version, a_name, b->unicode_version, b_name, error);
	if (status != PMILL_OK)
		return status;
	if (a->special_token_count != b->special_token_count)
		return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			"the numbers of special tokens differ: %zu in %.200s, %zu in %.200s",
			a->special_token_count, a_name, b->special_token_count, b_name);
	for (size_t i = 0; i < a->special_token_count; i++) {
		struct pmill_quote x, y;
		const pmill_bytes *p = &a->special_tokens[i], *q = &b->special_tokens[i];
		if (!bytes_equal(*p, *q))
			return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
				"special tokens differ: %s in %.200s, %s in %.200s",
				pmill_quote(&x, p->data, p->len), a_name, pmill_quote(&y, q->data, q->len), b_name);
	}
	return PMILL_OK;
}

pmill_status pmill_counts_identity_check(const struct pmill_counts_identity *identity,
	const char *name, const pmill_text_options *expected, pmill_error *error)
{
	struct pmill_arena strings = {0};
	struct pmill_counts_identity wanted;
	pmill_status status = pmill_counts_identity_resolve(
		expected, identity, &strings, &wanted, error);
	if (status == PMILL_OK)
		status = pmill_counts_identity_compare(identity, name, &wanted, "the options", error);
	pmill_arena_release(&strings);
	return status;
}
