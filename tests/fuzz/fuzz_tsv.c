/* Reading TSVs: never a crash, always sorted, and the same after writing and reading again. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts/tsv.h"
#include "unicode/printable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz tsv: %s\n", what);
		abort();
	}
}

static pmill_status read_tsv(
	const uint8_t *data, size_t len, const char *tsv, struct pmill_word_list *words)
{
	struct pmill_lookahead input;
	struct pmill_progress_state no_progress = {0};
	pmill_error error = {0};
	pmill_lookahead_open_memory(&input, "x", data, len);
	pmill_status status = pmill_tsv_read(&input, tsv, &no_progress, 0, words, &error);
	pmill_lookahead_release(&input);
	require(status == PMILL_OK || status == PMILL_BAD_INPUT || status == PMILL_OVERFLOW, "status");
	require(status == PMILL_OK || (error.offset <= len && error.message[0] != 0), "error");
	return status;
}

static void check_words(const struct pmill_word_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		require(words->counts[i] > 0 && pmill_word_list_word(words, i).len > 0,
			"an empty word or count");
		require(i == 0 ||
				pmill_word_compare(
					pmill_word_list_word(words, i - 1), pmill_word_list_word(words, i)) < 0,
			"not sorted");
	}
}

static void check_again(const struct pmill_word_list *words)
{
	struct pmill_buffer text = {0};
	struct pmill_word_list again = {0};
	for (size_t i = 0; i < words->count; i++) {
		pmill_bytes word = pmill_word_list_word(words, i);
		require(pmill_printable_append(&text, word.data, word.len) &&
				pmill_buffer_append_format(&text, "\t%lld\n", (long long)words->counts[i]),
			"out of memory");
	}
	require(read_tsv(text.data, text.len, "printable", &again) == PMILL_OK,
		"what was written is refused");
	require(again.count == words->count, "the number of words differs");
	for (size_t i = 0; i < words->count; i++)
		require(words->counts[i] == again.counts[i] &&
				pmill_word_compare(
					pmill_word_list_word(words, i), pmill_word_list_word(&again, i)) == 0,
			"a word differs");
	pmill_word_list_release(&again);
	pmill_buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const spellings[] = {NULL, "raw", "printable"};
	for (size_t i = 0; i < 3; i++) {
		struct pmill_word_list words = {0};
		if (read_tsv(data, size, spellings[i], &words) == PMILL_OK) {
			check_words(&words);
			check_again(&words);
		}
		pmill_word_list_release(&words);
	}
	return 0;
}
