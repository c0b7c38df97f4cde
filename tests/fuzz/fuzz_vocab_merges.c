/* The reader of vocab.json and merges.txt, on any bytes or edited valid files. */
/* SPDX-License-Identifier: MIT */
#include "formats/vocab_merges.h"
#include "support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static pmill_tokenizer *load(const struct pmill_buffer *vocab, const struct pmill_buffer *merges)
{
	const pmill_load_options options = {.size = sizeof options,
		.special_tokens = plan_specials,
		.special_token_count = PLAN_SPECIALS};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	const pmill_status status = pmill_vocab_merges_read(
		vocab, "vocab", merges, "merges", &options, &tokenizer, &error);
	const bool is_vocab = strncmp(error.message, "vocab:", 6) == 0;
	fuzz_require(
		status != PMILL_BAD_INPUT || fuzz_has_place(&error, is_vocab ? vocab->len : merges->len),
		"a byte within the file");
	return tokenizer;
}

/* A byte-order mark before either file, or both, changes nothing. */
static void check_marks(const pmill_tokenizer *tokenizer, const struct pmill_buffer *vocab,
	const struct pmill_buffer *merges)
{
	struct pmill_buffer marked_vocab = {0}, marked_merges = {0};
	fuzz_require(pmill_buffer_append(&marked_vocab, "\xEF\xBB\xBF", 3) &&
			pmill_buffer_append(&marked_vocab, vocab->data, vocab->len) &&
			pmill_buffer_append(&marked_merges, "\xEF\xBB\xBF", 3) &&
			pmill_buffer_append(&marked_merges, merges->data, merges->len),
		"memory");
	const bool has_mark = vocab->len >= 3 && memcmp(vocab->data, "\xEF\xBB\xBF", 3) == 0;
	const bool is_marked = merges->len >= 3 && memcmp(merges->data, "\xEF\xBB\xBF", 3) == 0;
	pmill_tokenizer *back = load(
		has_mark ? vocab : &marked_vocab, is_marked ? merges : &marked_merges);
	fuzz_require(back != NULL, "loaded with marks");
	fuzz_require_same(tokenizer, back);
	pmill_tokenizer_free(back);
	pmill_buffer_release(&marked_vocab);
	pmill_buffer_release(&marked_merges);
}

static void check(const struct pmill_buffer *vocab, const struct pmill_buffer *merges)
{
	pmill_tokenizer *tokenizer = load(vocab, merges);
	if (tokenizer == NULL)
		return;
	fuzz_check_model(tokenizer);
	check_marks(tokenizer, vocab, merges);
	struct pmill_buffer vocab_again = {0}, merges_again = {0};
	if (pmill_vocab_merges_check(tokenizer, NULL) == PMILL_OK) {
		fuzz_require(pmill_vocab_json_write(tokenizer, &vocab_again) &&
				pmill_merges_txt_write(tokenizer, &merges_again),
			"written");
		pmill_tokenizer *back = load(&vocab_again, &merges_again);
		fuzz_require(back != NULL, "loaded again");
		fuzz_require_same(tokenizer, back);
		pmill_tokenizer_free(back);
	}
	pmill_buffer_release(&vocab_again);
	pmill_buffer_release(&merges_again);
	pmill_tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pmill_tokenizer *tokenizer = fuzz_model("gpt2");
	struct pmill_buffer vocab = {0}, merges = {0};
	fuzz_require(
		pmill_vocab_json_write(tokenizer, &vocab) && pmill_merges_txt_write(tokenizer, &merges),
		"written");
	const unsigned way = size == 0 ? 0 : data[0] % 4;
	if (way == 0)
		vocab.len = 0;
	if (way == 1)
		merges.len = 0;
	if (way < 2)
		fuzz_require(pmill_buffer_append(way == 0 ? &vocab : &merges, data, size), "memory");
	else
		fuzz_edit(way == 2 ? &vocab : &merges, data + 1, (size - 1) % 40);
	check(&vocab, &merges);
	pmill_buffer_release(&vocab);
	pmill_buffer_release(&merges);
	pmill_tokenizer_free(tokenizer);
	return 0;
}
