/* decode(encode(x)) == x, at once and as a stream: every text, meaning, policy, way of cutting. */
/* SPDX-License-Identifier: MIT */
#include "support/small_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decoded(const struct pmill_tokenizer *tokenizer, const uint32_t *ids,
	size_t count, const uint8_t *text, size_t len)
{
	void *back = NULL;
	size_t back_len = 0;
	require(pmill_tokenizer_decode(tokenizer, ids, count, NULL, &back, &back_len, NULL) == PMILL_OK,
		"decode");
	require(back_len == len && (len == 0 || memcmp(back, text, len) == 0), "text differs");
	pmill_memory_free(back);
}

static void check_streamed(const struct pmill_tokenizer *tokenizer, const uint32_t *ids,
	size_t count, const uint8_t *text, size_t len)
{
	struct pmill_stream_decoder *decoder = NULL;
	size_t done = 0;
	require(pmill_stream_decoder_create(tokenizer, NULL, &decoder, NULL) == PMILL_OK, "decoder");
	for (size_t i = 0; i <= count; i++) {
		pmill_bytes given = {0};
		if (i == count)
			given = pmill_stream_decoder_finish(decoder);
		else
			require(
				pmill_stream_decoder_add(decoder, ids + i, 1, &given, NULL) == PMILL_OK, "stream");
		require(given.len <= len - done, "the stream is too long");
		require(given.len == 0 || memcmp(given.data, text + done, given.len) == 0,
			"the stream differs");
		done += given.len;
	}
	require(done == len, "the stream is too short");
	pmill_stream_decoder_free(decoder);
}

static bool is_special_of(const struct pmill_tokenizer *tokenizer, uint32_t id)
{
	return tokenizer->vocab.tokens[id].is_special;
}

static void set_steps(struct pmill_tokenizer *tokenizer, unsigned choice)
{
	static const char *const patterns[] = {"gpt2", "none", "o200k", "cl100k"};
	const struct pmill_cut_step steps[] = {
		{.pattern = "cl100k"}, {.pattern = "o200k", .on_printable = choice % 2 == 1}};
	set_pattern(tokenizer, patterns[choice % 4]);
	if (choice >= 4)
		require(pmill_tokenizer_set_steps(tokenizer, steps, 2, NULL) == PMILL_OK, "steps");
}

/* Flags that take nothing from the text: some tokens are then searched for after the others. */
static void set_flags(struct pmill_tokenizer *tokenizer, unsigned flags)
{
	for (size_t i = 0; i < tokenizer->special_count; i++) {
		tokenizer->specials[i].is_single_word = flags >> (2 * i) & 1;
		tokenizer->specials[i].is_normalized = flags >> (2 * i + 1) & 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const policies[] = {"none", "all", "error", "list"};
	struct byte_source source = {data, size, 0};
	unsigned letters, flags = take_byte(&source);
	struct pmill_tokenizer *tokenizer = make_tokenizer(&source, true, false, &letters);
	set_steps(tokenizer, flags % 4 + flags / 16 % 2 * 4);
	add_special(tokenizer, "<|endoftext|>", true);
	add_special(tokenizer, "the", false);
	add_special(tokenizer, "123", true);
	if (flags >= 128)
		set_flags(tokenizer, take_byte(&source));
	pmill_bytes allowed = {"123", 3};
	const char *policy = policies[flags / 4 % 4];
	pmill_encode_options options = {.size = sizeof options,
		.special_tokens = policy,
		.allowed = &allowed,
		.allowed_count = flags / 4 % 4 == 3};
	struct pmill_encoder *encoder = NULL;
	const uint32_t *ids = NULL;
	size_t count = 0;
	pmill_error error;
	require(
		pmill_encoder_create(tokenizer, &options, NULL, &encoder, &error) == PMILL_OK, "encoder");
	const uint8_t *text = data + source.used;
	size_t len = size - source.used;
	pmill_status status = pmill_encoder_encode(encoder, text, len, &ids, &count, &error);
	if (status == PMILL_OK) {
		require(count <= len, "too many ids");
		check_decoded(tokenizer, ids, count, text, len);
		check_streamed(tokenizer, ids, count, text, len);
		for (size_t i = 0; i < count && strcmp(policy, "none") == 0; i++)
			require(!is_special_of(tokenizer, ids[i]), "a forged special token");
	} else {
		require(status == PMILL_BAD_INPUT && strcmp(policy, "error") == 0, "encode");
		require(error.offset < len, "offset");
	}
	pmill_encoder_free(encoder);
	pmill_tokenizer_free(tokenizer);
	return 0;
}
