/* First look: never a crash, and the same verdict however the bytes arrive. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/first_look.h"

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_first_look: %s\n", what);
		abort();
	}
}

static bool is_same(const struct pmill_first_finding *a, const struct pmill_first_finding *b)
{
	return a->format == b->format && a->refusal == b->refusal && a->kind == b->kind;
}

/* A verdict on the first bytes must be that on all of them. */
static void check_prefixes(const struct pmill_first_look *look, const uint8_t *data, size_t size,
	const struct pmill_first_finding *expected)
{
	for (size_t len = 0; len <= size; len = len * 2 + 1) {
		struct pmill_first_finding finding;
		if (pmill_first_look_judge(look, data, len, false, &finding))
			require(is_same(&finding, expected), "a verdict changes as bytes arrive");
	}
}

static void check_finding(
	const struct pmill_first_look *look, const struct pmill_first_finding *finding)
{
	pmill_error error;
	pmill_status status = pmill_first_look_report(look, finding, "name", &error);
	require((status == PMILL_OK) == (finding->refusal == PMILL_READABLE), "a wrong status");
	require((finding->kind != NULL) == (finding->refusal == PMILL_NOT_TEXT), "a kind of text");
	if (status != PMILL_OK)
		require(strncmp(error.message, "name: ", 6) == 0, "a message without the name");
	else
		require(finding->format->kind == look->format->kind || look->is_json_name,
			"a format without a reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"-", "a.json", "a.jsonl.gz"};
	for (int i = 0; i < 6; i++) {
		const pmill_input_options options = {.size = sizeof options, .field = i == 0 ? "a" : NULL};
		struct pmill_first_look look;
		struct pmill_first_finding finding = {0};
		pmill_first_look_init(&look, names[i / 2], i % 2 == 0, &options);
		require(pmill_first_look_judge(&look, data, size, true, &finding), "no verdict on it all");
		check_finding(&look, &finding);
		check_prefixes(&look, data, size, &finding);
	}
	return 0;
}
