/* Makes counts by hand and compares them, for tests of count files, TSVs and runs. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_COUNT_FILES_H
#define PMILL_TESTS_SUPPORT_COUNT_FILES_H

#include "files/file.h"
#include "counts/block_codec.h"
#include "counts/counts.h"
#include "support/naive_words.h"
#include "support/random.h"

static const pmill_bytes sample_tokens[] = {{"<|endoftext|>", 13}, {"\xff\0x", 3}};

/* Pattern o200k, Unicode 15.1 and two special tokens; words must be appended in order. */
static inline pmill_counts *make_counts(void)
{
	const struct pmill_counts_identity identity = {"o200k", "15.1", sample_tokens, 2};
	pmill_counts *counts = NULL;
	naive_require(pmill_counts_create(&identity, &counts, NULL) == PMILL_OK, "create");
	counts->head.totals = (pmill_totals){.documents = 3, .bytes = 1000, .bad_lines = 2};
	return counts;
}

static inline void append_word(pmill_counts *counts, const void *word, size_t len, int64_t count)
{
	naive_require(
		pmill_word_list_append(&counts->words, (pmill_bytes){word, len}, count), "append");
	counts->head.totals.words++;
	counts->head.totals.pretokens += (uint64_t)count;
}

/* At most `most` distinct random words; they are added to `naive`, too, unless that is NULL. */
static inline pmill_counts *make_random_counts(
	uint64_t *random, size_t most, size_t longest, struct naive_words *naive)
{
	struct naive_words one = {0};
	pmill_counts *counts = make_counts();
	uint8_t *word = malloc(longest);
	naive_require(word != NULL, "memory");
	for (size_t i = 0; i < most; i++) {
		size_t len = naive_random_word(random, word, longest);
		naive_add(&one, word, len, 1 + (int64_t)(next_random(random) >> (8 + i % 50)) / 64);
	}
	naive_finish(&one);
	for (size_t i = 0; i < one.count; i++) {
		append_word(counts, one.words[i].bytes, one.words[i].len, one.words[i].count);
		if (naive != NULL)
			naive_add(naive, one.words[i].bytes, one.words[i].len, one.words[i].count);
	}
	naive_release(&one);
	free(word);
	return counts;
}

static inline int are_equal_totals(const pmill_totals *a, const pmill_totals *b)
{
	return a->documents == b->documents && a->bytes == b->bytes && a->words == b->words &&
		a->pretokens == b->pretokens && a->bad_lines == b->bad_lines;
}

static inline int are_equal_words(const struct pmill_word_list *a, const struct pmill_word_list *b)
{
	if (a->count != b->count)
		return 0;
	for (size_t i = 0; i < a->count; i++)
		if (pmill_word_compare(pmill_word_list_word(a, i), pmill_word_list_word(b, i)) != 0 ||
			a->counts[i] != b->counts[i])
			return 0;
	return 1;
}

static inline int are_equal_counts(const pmill_counts *a, const pmill_counts *b)
{
	const struct pmill_counts_head *x = &a->head, *y = &b->head;
	return pmill_counts_identity_compare(&x->identity, "a", &y->identity, "b", NULL) == PMILL_OK &&
		are_equal_totals(&x->totals, &y->totals) && are_equal_words(&a->words, &b->words);
}

static inline struct pmill_buffer read_bytes(const char *path)
{
	struct pmill_buffer bytes = {0};
	naive_require(pmill_file_read(path, &bytes, NULL) == PMILL_OK, path);
	return bytes;
}

#endif
