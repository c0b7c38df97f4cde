/* The reader of tekken.json, on any bytes or an edited valid file, and loading by content. */
/* SPDX-License-Identifier: MIT */
#include "support/fuzz_model.h"
#include "support/tekken_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const void *data, size_t len)
{
	const pmill_load_options options = {.size = sizeof options, .format = "tekken.json"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	fuzz_load_by_content(data, len);
	const pmill_status status = pmill_tokenizer_load_memory(
		data, len, &options, &tokenizer, &error);
	fuzz_require(status != PMILL_BAD_INPUT || fuzz_has_place(&error, len), "a byte within it");
	if (status != PMILL_OK)
		return;
	fuzz_check_model(tokenizer);
	fuzz_check_round_trip(tokenizer, "tekken.json", &options);
	pmill_tokenizer_free(tokenizer);
}

/* With and without a list of special tokens, and what is only carried along. */
static void load_edited(const uint8_t *data, size_t size)
{
	static const char list[] = ",\n\"special_tokens\": [{\"rank\": 0, \"token_str\": \"<s>\", "
							   "\"is_control\": false}],\n\"image\": {\"a\": [0.1, 1e300]}";
	struct pmill_buffer text = {0};
	make_tekken(&text, size % 2 ? "v11" : "v3", size % 3, size % 2 ? list : "");
	fuzz_edit(&text, data, size);
	load(text.data, text.len);
	pmill_buffer_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || data[0] % 4 == 0)
		load(data, size);
	else
		load_edited(data + 1, (size - 1) % 40);
	return 0;
}
