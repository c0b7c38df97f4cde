/* The reader of GGUF, on any bytes or an edited valid file. */
/* SPDX-License-Identifier: MIT */
#include "support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Twice: with the pattern that the file says, and with one of ours. */
static void load(const void *data, size_t len)
{
	for (int named = 0; named < 2; named++) {
		const pmill_load_options options = {
			.size = sizeof options, .format = "gguf", .pattern = named ? "gpt2" : NULL};
		pmill_tokenizer *tokenizer = NULL;
		pmill_error error = {0};
		const pmill_status status = pmill_tokenizer_load_memory(
			data, len, &options, &tokenizer, &error);
		if (status != PMILL_OK) {
			fuzz_require(error.message[0] != 0 && tokenizer == NULL, "a message");
			fuzz_require(error.offset == PMILL_NO_OFFSET || error.offset <= len,
				"an offset within the file");
			continue;
		}
		fuzz_check_model(tokenizer);
		fuzz_check_round_trip(tokenizer, "gguf", &options);
		pmill_tokenizer_free(tokenizer);
	}
}

static void load_edited(const uint8_t *data, size_t size)
{
	pmill_tokenizer *tokenizer = fuzz_model(size % 2 ? "bytes-first" : "gpt2");
	void *bytes;
	struct pmill_buffer edited = {0};
	fuzz_require(
		pmill_tokenizer_save_memory(tokenizer, "gguf", &bytes, &edited.len, NULL) == PMILL_OK,
		"saved");
	edited.data = bytes;
	fuzz_edit(&edited, data, size);
	load(edited.data, edited.len);
	pmill_memory_free(bytes);
	pmill_tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || data[0] == 'G')
		load(data, size);
	else
		load_edited(data + 1, (size - 1) % 40);
	return 0;
}
