/* Merging a pretoken, against naive merging, with small tokenizers of every meaning of BPE. */
/* SPDX-License-Identifier: MIT */
#include "bpe/pretoken_encoder.h"
#include "support/small_tokenizer.h"

enum { LONGEST = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct pmill_tokenizer *tokenizer,
	const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken, size_t len)
{
	static const uint32_t guard = 0xABCD1234;
	uint32_t ids[LONGEST + 1], expected[LONGEST];
	size_t count = 0, expected_count = 0, missing = 0;
	struct pmill_pretoken_scratch scratch = {0};
	pmill_error error;
	ids[len] = guard;
	pmill_status status = pmill_pretoken_encoder_encode(
		encoder, &scratch, pretoken, len, ids, &count, &error);
	bool is_whole = naive_merge(tokenizer, pretoken, len, expected, &expected_count, &missing);
	require((status == PMILL_OK) == is_whole, "only one of the two ways fails");
	require(is_whole || (status == PMILL_BAD_INPUT && error.offset == missing), "missing byte");
	require(
		!is_whole || (count == expected_count && memcmp(ids, expected, count * sizeof *ids) == 0),
		"ids differ");
	require(ids[len] == guard, "too many ids");
	require(4 * scratch.capacity <= 2 * len, "too much scratch");
	pmill_pretoken_scratch_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source source = {data, size, 0};
	unsigned letters, flags = take_byte(&source);
	struct pmill_tokenizer *tokenizer = make_tokenizer(&source, flags & 1, flags & 2, &letters);
	struct pmill_pretoken_encoder *encoder = NULL;
	require(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL) == PMILL_OK, "encoder");
	uint8_t pretoken[LONGEST];
	size_t len = size - source.used;
	/* Repeats the bytes, so that a short input gives a long pretoken. */
	if (flags & 4 && len > 0)
		len = LONGEST - flags % 8;
	if (len > LONGEST)
		len = LONGEST;
	for (size_t i = 0; i < len; i++) {
		unsigned value = data[source.used + i % (size - source.used)];
		pretoken[i] = letter_at(value % (letters + (flags & 8 ? 1 : 0)));
	}
	compare(tokenizer, encoder, pretoken, len);
	pmill_pretoken_encoder_free(encoder);
	pmill_tokenizer_free(tokenizer);
	return 0;
}
