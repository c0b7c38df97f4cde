/* The reader of tokenizer.json, on any bytes or an edited valid file, and loading by content. */
/* SPDX-License-Identifier: MIT */
#include "support/fuzz_model.h"
#include "support/text_encoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that a file may say. */
static const char all[] =
	"{\"version\": \"1.0\", \"truncation\": {\"max_length\": 5}, \"padding\": {\"x\": [1.5]}, "
	"\"added_tokens\": [{\"id\": 9, \"content\": \"<s>\", \"special\": true, \"lstrip\": true}, "
	"{\"id\": 5, \"content\": \"ab\", \"normalized\": true, \"single_word\": true}, {\"id\": 0, "
	"\"content\": \"a\", \"rstrip\": true}, {\"id\": 3, \"content\": \"\\u0120\"}], "
	"\"normalizer\": "
	"{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Replace\", "
	"\"pattern\": {\"String\": \"x\"}, \"content\": \"y\"}, {\"type\": \"Replace\", \"pattern\": "
	"{\"Regex\": \"x+\"}, \"content\": \"\"}, {\"type\": \"Prepend\", \"prepend\": \"a\"}, "
	"{\"type\": "
	"\"Strip\", \"strip_left\": true, \"strip_right\": false}, {\"type\": \"Lowercase\"}, "
	"{\"type\": "
	"\"Sequence\", \"normalizers\": []}]}, \"pre_tokenizer\": {\"type\": \"Sequence\", "
	"\"pretokenizers\": [{\"type\": \"Split\", \"pattern\": {\"Regex\": \"a|b\"}, \"behavior\": "
	"\"MergedWithNext\", \"invert\": false}, {\"type\": \"Split\", \"pattern\": {\"String\": "
	"\"a.\"}, "
	"\"behavior\": \"Contiguous\", \"invert\": true}, {\"type\": \"Digits\", "
	"\"individual_digits\": "
	"true}, {\"type\": \"Punctuation\", \"behavior\": \"MergedWithPrevious\"}, {\"type\": "
	"\"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true, \"use_regex\": true}, "
	"{\"type\": \"Split\", \"pattern\": {\"Regex\": \"[0-9]\"}, \"behavior\": \"Isolated\"}]}, "
	"\"post_processor\": {\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\"}, "
	"{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\", "
	"\"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"pair\": [], "
	"\"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": [5], \"tokens\": [\"<s>\"]}}}, "
	"{\"type\": "
	"\"RobertaProcessing\", \"cls\": [\"<s>\", 5], \"sep\": [\"ab\", 2]}]}, \"decoder\": "
	"{\"type\": "
	"\"ByteLevel\"}, \"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null, "
	"\"end_of_word_suffix\": \"\", \"fuse_unk\": false, \"byte_fallback\": false, "
	"\"ignore_merges\": "
	"true, \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"\\u0120\": 3, \"\\u00e9\": 4}, \"merges\": "
	"[[\"a\", \"b\"]]}}";

/* Models that aren't byte-level, which can only be inspected and decode. */
static const char other[] =
	"{\"added_tokens\": [{\"id\": 0, \"content\": \"<s>\"}], \"pre_tokenizer\": {\"type\": "
	"\"Metaspace\"}, \"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", "
	"\"pattern\": {\"String\": \"\xE2\x96\x81\"}, \"content\": \" \"}, {\"type\": "
	"\"ByteFallback\"}, "
	"{\"type\": \"Fuse\"}, {\"type\": \"Strip\"}, {\"type\": \"Metaspace\", \"replacement\": "
	"\"b\"}, "
	"{\"type\": \"WordPiece\", \"prefix\": \"##\"}, {\"type\": \"BPEDecoder\", \"suffix\": "
	"\"</w>\"}]}, "
	"\"model\": {\"type\": \"Unigram\", \"vocab\": [[\"<s>\", 0], [\"##a</w>\", -1], [\"<0x0A>\", "
	"-2], "
	"[\"\xE2\x96\x81\", -3]], \"merges\": []}}";

static void check_encoding(const pmill_tokenizer *tokenizer)
{
	static const char text[] = "<s> ab a12,\xC3\xA9 \xFF ab";
	const pmill_policy_options options = {
		.size = sizeof options, .special = "all", .add_template = 1};
	struct text_encoder encoder;
	pmill_error error = {0};
	const uint32_t *ids;
	size_t count;
	const pmill_status status = text_encoder_init(&encoder, tokenizer, &options, NULL, &error);
	fuzz_require(status != PMILL_OK || pmill_tokenizer_refusal(tokenizer) == NULL, "refused");
	if (status == PMILL_OK)
		text_encoder_encode(&encoder, text, sizeof text - 1, &ids, &count, &error);
	text_encoder_release(&encoder);
}

static void load(const void *data, size_t len)
{
	const pmill_load_options options = {.size = sizeof options, .format = "tokenizer.json"};
	pmill_tokenizer *tokenizer = NULL;
	pmill_error error = {0};
	fuzz_load_by_content(data, len);
	const pmill_status status = pmill_tokenizer_load_memory(
		data, len, &options, &tokenizer, &error);
	fuzz_require(status != PMILL_BAD_INPUT || fuzz_has_place(&error, len), "a byte within it");
	if (status != PMILL_OK)
		return;
	fuzz_check_model(tokenizer);
	check_encoding(tokenizer);
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

static void load_edited_text(const char *text, const uint8_t *data, size_t size)
{
	struct pmill_buffer edited = {0};
	fuzz_require(pmill_buffer_append_text(&edited, text), "memory");
	fuzz_edit(&edited, data, size);
	load(edited.data, edited.len);
	pmill_buffer_release(&edited);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || data[0] % 4 == 0)
		load(data, size);
	else if (data[0] % 16 == 1)
		fuzz_wrong_kind(data + 1, size - 1);
	else if (data[0] % 4 == 2)
		load_edited_text(data[0] % 8 == 2 ? all : other, data + 1, (size - 1) % 40);
	else
		load_edited(data + 1, (size - 1) % 40);
	return 0;
}
