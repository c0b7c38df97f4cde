/* The reader of .tiktoken and its base64, on any bytes or an edited valid file. */
/* SPDX-License-Identifier: MIT */
#include "notation/base64.h"
#include "support/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each byte string has only one base64 spelling. */
static void check_base64(const uint8_t *data, size_t size)
{
	struct pmill_buffer bytes = {0}, text = {0};
	size_t bad_offset;
	if (pmill_base64_parse(&bytes, data, size, &bad_offset)) {
		fuzz_require(pmill_base64_append(&text, bytes.data, bytes.len) && text.len == size &&
				(size == 0 || memcmp(text.data, data, size) == 0),
			"the same base64");
	} else {
		fuzz_require(bad_offset <= size, "an offset within the text");
	}
	pmill_buffer_release(&bytes);
	pmill_buffer_release(&text);
}

static void load(const void *data, size_t len)
{
	const pmill_bytes specials[] = {{"<|a|>", 5}, {"\xFF", 1}};
	const pmill_load_options options = {.size = sizeof options,
		.format = "tiktoken",
		.special_tokens = specials,
		.special_token_count = 2};
	pmill_tokenizer *tokenizer = NULL;
	fuzz_load_by_content(data, len);
	if (pmill_tokenizer_load_memory(data, len, &options, &tokenizer, NULL) != PMILL_OK)
		return;
	fuzz_check_model(tokenizer);
	fuzz_check_round_trip(tokenizer, "tiktoken", &options);
	pmill_tokenizer_free(tokenizer);
}

static void load_edited(const uint8_t *data, size_t size)
{
	pmill_tokenizer *tokenizer = fuzz_model(size % 2 ? "bytes-first" : "gpt2");
	void *text;
	struct pmill_buffer edited = {0};
	fuzz_require(
		pmill_tokenizer_save_memory(tokenizer, "tiktoken", &text, &edited.len, NULL) == PMILL_OK,
		"saved");
	edited.data = text;
	fuzz_edit(&edited, data, size);
	load(edited.data, edited.len);
	pmill_memory_free(text);
	pmill_tokenizer_free(tokenizer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_base64(data, size);
	if (size == 0 || data[0] % 4 == 0)
		load(data, size);
	else
		load_edited(data + 1, (size - 1) % 40);
	return 0;
}
