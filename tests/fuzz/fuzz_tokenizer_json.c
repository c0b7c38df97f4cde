/* The reader of tokenizer.json, on any bytes or an edited valid file, and loading by content. */
/* SPDX-License-Identifier: MIT */
#include "support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const void *data, size_t len)
{
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	pmill_tokenizer *tokenizer = NULL;
	fuzz_load_by_content(data, len);
	if (pmill_tokenizer_load_memory(data, len, &options, &tokenizer, NULL) != PMILL_OK)
		return;
	fuzz_check_model(tokenizer);
	fuzz_check_round_trip(tokenizer, "tokenizer.json", &options);
	pmill_tokenizer_free(tokenizer);
}

static void load_edited(const uint8_t *data, size_t size)
{
	pmill_tokenizer *tokenizer = fuzz_model(size % 2 ? "hf" : "gpt2");
	void *text;
	struct pmill_buffer edited = {0};
	fuzz_require(pmill_tokenizer_save_memory(
					 tokenizer, "tokenizer.json", &text, &edited.len, NULL) == PMILL_OK,
		"saved");
	edited.data = text;
	fuzz_edit(&edited, data, size);
	load(edited.data, edited.len);
	pmill_memory_free(text);
	pmill_tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || data[0] % 4 == 0)
		load(data, size);
	else if (data[0] % 16 == 1)
		fuzz_wrong_kind(data + 1, size - 1);
	else
		load_edited(data + 1, (size - 1) % 40);
	return 0;
}
