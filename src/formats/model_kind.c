/* What a file given as a model is, by its content. */
/* SPDX-License-Identifier: MIT */
/*
 * Names mislead: Llama 3's tokenizer.model holds .tiktoken lines, Llama 2's a SentencePiece model.
 * A first line of base64, a space and a rank is looked for before all else, because a few of the
 * magic numbers below could begin such a line.
 */
#include "formats/model_kind.h"

#include <string.h>

#include "base/error.h"

#define NOT_SUPPORTED_YET ", which is not supported yet; use the tokenizer.json it was made from"
#define DECOMPRESS ", not a model; decompress it first"
#define UNPACK ", not a model; unpack it and name the model in it"
#define WEIGHTS ", which holds weights, not a vocab; name the tokenizer.json beside it"
#define TOKENS ", not a model; name the model that its ids were made with"
#define CONVERT_TEXT ", not UTF-8; convert it first"
#define NOT_A_MODEL ", not a model; name a tokenizer.json, a .tiktoken or a vocab.json"

#define MAGIC(text) (text), sizeof(text) - 1

static const struct magic {
	const char *bytes;
	size_t len;
	size_t offset;
	const char *what; /* after "looks like " */
} magics[] = {
	{MAGIC("GGUF"), 0, "GGUF" NOT_SUPPORTED_YET},
	{MAGIC("lmgg"), 0, "GGML" NOT_SUPPORTED_YET},
	{MAGIC("fmgg"), 0, "GGML" NOT_SUPPORTED_YET},
	{MAGIC("tjgg"), 0, "GGML" NOT_SUPPORTED_YET},
	{MAGIC("PK\3\4"), 0, "a zip archive (as PyTorch's files are)" UNPACK},
	{MAGIC("7z\xBC\xAF\x27\x1C"), 0, "a 7z archive" UNPACK},
	{MAGIC("ustar"), 257, "a tar archive" UNPACK},
	{MAGIC("\x1F\x8B"), 0, "gzip" DECOMPRESS},
	{MAGIC("\x28\xB5\x2F\xFD"), 0, "zstd" DECOMPRESS},
	{MAGIC("\xFD"
		   "7zXZ\0"),
		0, "xz" DECOMPRESS},
	{MAGIC("BZh"), 0, "bzip2" DECOMPRESS},
	{MAGIC("\x04\x22\x4D\x18"), 0, "lz4" DECOMPRESS},
	{MAGIC("\x89HDF\r\n\x1A\n"), 0, "HDF5" WEIGHTS},
	{MAGIC("PAR1"), 0, "Parquet" NOT_A_MODEL},
	{MAGIC("ARROW1\0\0"), 0, "Arrow" NOT_A_MODEL},
	{MAGIC("%PDF-"), 0, "PDF" NOT_A_MODEL},
	{MAGIC("\x7F"
		   "ELF"),
		0, "an ELF program or library" NOT_A_MODEL},
	{MAGIC("\x93NUMPY"), 0, "a NumPy array (.npy)" TOKENS},
	{MAGIC("MMIDIDX\0\0"), 0, "an index of Megatron's token files" TOKENS},
	{MAGIC("\x88\xD7\x34\x01\1\0\0\0"), 0, "a token file of llm.c" TOKENS},
	{MAGIC("\x28\xD9\x34\x01\7\0\0\0"), 0, "a token file of llm.c" TOKENS},
	{MAGIC("PMCOUNTS"), 0, "a count file, not a model; train a model from it"},
	{MAGIC("#pairmill-counts"), 0, "counts as TSV, not a model; train a model from them"},
	{MAGIC("#version"), 0, "a merges.txt, which is half a model; name the vocab.json beside it"},
	{MAGIC("version https://git-lfs"), 0,
		"a Git LFS pointer, not the file itself; fetch that with \"git lfs pull\""},
	{MAGIC("<!DOCTYPE"), 0, "HTML, not a model; download the file itself, not a page about it"},
	{MAGIC("<!doctype"), 0, "HTML, not a model; download the file itself, not a page about it"},
	{MAGIC("<html"), 0, "HTML, not a model; download the file itself, not a page about it"},
	{MAGIC("<?xml"), 0, "XML" NOT_A_MODEL},
	{MAGIC("\xFF\xFE\0\0"), 0, "UTF-32" CONVERT_TEXT},
	{MAGIC("\0\0\xFE\xFF"), 0, "UTF-32" CONVERT_TEXT},
	{MAGIC("{\0\0\0"), 0, "UTF-32" CONVERT_TEXT},
	{MAGIC("\xFF\xFE"), 0, "UTF-16" CONVERT_TEXT},
	{MAGIC("\xFE\xFF"), 0, "UTF-16" CONVERT_TEXT},
	{MAGIC("{\0"), 0, "UTF-16" CONVERT_TEXT},
	{MAGIC("\0{"), 0, "UTF-16" CONVERT_TEXT},
};

/* JSON objects that lie beside a model, by members that only they have. */
static const struct json_kind {
	const char *key;
	const char *other_key; /* must be there, too; NULL: none */
	const char *what;
} json_kinds[] = {
	{"config", "vocab", "a tekken.json, which is not supported yet"},
	{"merge_counts", NULL, "a training.json, not a model; name its folder"},
	{"added_tokens_decoder", NULL, "a tokenizer_config.json, not a model; name its folder"},
	{"tokenizer_class", NULL, "a tokenizer_config.json, not a model; name its folder"},
	{"model_type", NULL, "a config.json" WEIGHTS},
	{"architectures", NULL, "a config.json" WEIGHTS},
	{"weight_map", NULL, "an index of weights, not a vocab; name the tokenizer.json beside it"},
	{"eos_token", NULL, "a special_tokens_map.json, not a model; name its folder"},
	{"text", NULL, "a document (JSON lines), not a model; name a tokenizer.json or a vocab.json"},
};

size_t pmill_byte_order_mark(const uint8_t *data, size_t len)
{
	return len >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static bool is_base64(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
		(byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

bool pmill_model_kind_is_ranks(const uint8_t *data, size_t len)
{
	size_t at = pmill_byte_order_mark(data, len);
	while (at < len && (data[at] == '\n' || data[at] == '\r'))
		at++;
	const size_t begin = at;
	while (at < len && is_base64(data[at]))
		at++;
	const size_t digits = at - begin;
	while (at < len && data[at] == '=' && at - begin < digits + 2)
		at++;
	if (digits == 0 || (at - begin) % 4 != 0 || at == len || data[at] != ' ')
		return false;
	const size_t rank = ++at;
	while (at < len && data[at] >= '0' && data[at] <= '9')
		at++;
	return at > rank && (at == len || data[at] == '\n' || data[at] == '\r');
}

bool pmill_model_kind_is_json(const uint8_t *data, size_t len)
{
	size_t at = pmill_byte_order_mark(data, len);
	while (at < len && data[at] != 0 && strchr(" \t\r\n", data[at]) != NULL)
		at++;
	return at < len && (data[at] == '{' || data[at] == '[');
}

/*
 * A protocol buffer: field 1 (a piece, of fewer than 128 bytes), which begins with its own field 1
 * (the text, here "<unk>" or the like) and goes on with field 2, a float.
 */
static bool is_sentencepiece(const uint8_t *data, size_t len)
{
	if (len < 5 || data[0] != 0x0A || data[1] >= 0x80 || data[2] != 0x0A)
		return false;
	const size_t text = data[3];
	return text + 2 <= data[1] && 4 + text < len && data[4 + text] == 0x15;
}

/* The length of a header, little-endian and at most 100 MB, and then the header: JSON. */
static bool is_safetensors(const uint8_t *data, size_t len)
{
	return len > 8 && data[8] == '{' && memcmp(data + 4, "\0\0\0\0", 4) == 0 && data[3] < 8;
}

/* Protocol 2 or later begins so, whatever is pickled. */
static bool is_pickle(const uint8_t *data, size_t len)
{
	return len > 2 && data[0] == 0x80 && data[1] >= 2 && data[1] <= 5;
}

static const char *find_foreign(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
		const struct magic *magic = &magics[i];
		if (len >= magic->offset + magic->len &&
			memcmp(data + magic->offset, magic->bytes, magic->len) == 0)
			return magic->what;
	}
	if (is_sentencepiece(data, len))
		return "a SentencePiece model, which is not supported; byte-level BPE is: tokenizer.json, "
			   ".tiktoken, vocab.json with merges.txt";
	if (is_safetensors(data, len))
		return "safetensors" WEIGHTS;
	if (is_pickle(data, len))
		return "a Python pickle, not a model; save what it holds as tokenizer.json or .tiktoken";
	return NULL;
}

pmill_status pmill_model_kind_check(
	const uint8_t *data, size_t len, const char *name, pmill_error *error)
{
	const size_t mark = pmill_byte_order_mark(data, len);
	const char *what = pmill_model_kind_is_ranks(data, len) ? NULL
															: find_foreign(data + mark, len - mark);
	if (what == NULL)
		return PMILL_OK;
	return pmill_fail(
		error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%.300s: looks like %s", name, what);
}

bool pmill_model_kind_has_model(const json_t *root)
{
	return json_is_object(json_object_get(root, "model"));
}

bool pmill_model_kind_is_vocab(const json_t *root)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)root, key, value)
	{
		if (!json_is_integer(value))
			return false;
	}
	return json_object_size(root) > 0;
}

pmill_status pmill_model_kind_check_json(const json_t *root, const char *name, pmill_error *error)
{
	for (size_t i = 0; i < sizeof json_kinds / sizeof json_kinds[0]; i++) {
		const struct json_kind *kind = &json_kinds[i];
		if (json_object_get(root, kind->key) != NULL &&
			(kind->other_key == NULL || json_object_get(root, kind->other_key) != NULL))
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "%.300s: looks like %s",
				name, kind->what);
	}
	return PMILL_OK;
}
