/* tokenizer_config.json: what transformers reads besides tokenizer.json. */
/* SPDX-License-Identifier: MIT */
#include "formats/tokenizer_config.h"

#include <string.h>

#include "notation/json.h"

/*
 * A model does not say what its special tokens are for: common spellings tell. The first one
 * present wins; without one the role is null.
 */
static const struct role {
	const char *key;
	const char *spellings[8];
} roles[] = {
	{"bos_token",
		{"<|begin_of_text|>", "<|bos|>", "<bos>", "<s>", "<|startoftext|>", "<|endoftext|>", NULL}},
	{"eos_token", {"<|endoftext|>", "<|end_of_text|>", "<|eos|>", "<eos>", "</s>", NULL}},
	{"pad_token", {"<|pad|>", "<pad>", "[PAD]", "<|padding|>", NULL}},
	{"unk_token", {"<unk>", "<|unk|>", "[UNK]", NULL}},
};

static const struct pmill_special *find_special(
	const struct pmill_tokenizer *tokenizer, const char *text)
{
	const struct pmill_special *special = pmill_tokenizer_find_special(
		tokenizer, (pmill_bytes){text, strlen(text)});
	return special != NULL && special->is_special ? special : NULL;
}

static const char *find_role(const struct pmill_tokenizer *tokenizer, const struct role *role)
{
	for (size_t i = 0; role->spellings[i] != NULL; i++)
		if (find_special(tokenizer, role->spellings[i]) != NULL)
			return role->spellings[i];
	return NULL;
}

const struct pmill_special *pmill_tokenizer_config_role(
	const struct pmill_tokenizer *tokenizer, const char *key)
{
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		const char *spelling = strcmp(roles[i].key, key) == 0 ? find_role(tokenizer, &roles[i])
															  : NULL;
		if (spelling != NULL)
			return find_special(tokenizer, spelling);
	}
	return NULL;
}

bool pmill_tokenizer_config_write(const struct pmill_tokenizer *tokenizer, struct pmill_buffer *out)
{
	bool done = pmill_buffer_append_text(out,
		"{\n  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n"
		"  \"clean_up_tokenization_spaces\": false,\n");
	for (size_t i = 0; i < sizeof roles / sizeof roles[0] && done; i++)
		done = pmill_buffer_append_format(out, "  \"%s\": ", roles[i].key) &&
			pmill_json_append_text(out, find_role(tokenizer, &roles[i])) &&
			pmill_buffer_append_text(out, ",\n");
	/* 10^30 as a double: what transformers writes for "no limit". */
	return done &&
		pmill_buffer_append_text(
			out, "  \"model_max_length\": 1000000000000000019884624838656\n}\n");
}
