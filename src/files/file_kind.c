/* Data that isn't UTF-8 text, recognised by its first bytes. */
/* SPDX-License-Identifier: MIT */
/*
 * A row matches by its magic number and, where that alone could begin a text ("PAR1", "BZh"), also
 * by bytes that no text has there. UTF-16 and UTF-32 without a byte-order mark have no magic
 * number: text mostly in Latin letters shows by the zeros in every other place.
 */
#include "files/file_kind.h"

#include <stdbool.h>
#include <string.h>

struct row {
	struct pmill_file_kind kind;
	size_t offset; /* of the magic number */
	const char *magic;
	size_t magic_len;
	/* Further conditions; NULL: none. Gets the whole head. */
	bool (*also)(const uint8_t *head, size_t len);
};

/* ---- Conditions ---- */

/* A control character that text doesn't have: no tab, no end of line or page. */
static bool is_control(uint8_t byte)
{
	return byte < 0x20 && (byte < '\t' || byte > '\r');
}

static bool is_bzip2(const uint8_t *head, size_t len)
{
	return len >= 10 && head[3] >= '1' && head[3] <= '9' &&
		(memcmp(head + 4, "1AY&SY", 6) == 0 ||
			memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static bool has_control_at_4(const uint8_t *head, size_t len)
{
	return len > 4 && is_control(head[4]);
}

/* Old archives have no magic number, but the sum of their first header's bytes, in octal digits. */
static bool is_old_tar(const uint8_t *head, size_t len)
{
	enum { HEADER = 512, SUM_AT = 148, SUM_LEN = 8 };
	unsigned long sum = SUM_LEN * ' ', said = 0;
	if (len < HEADER || head[0] == 0)
		return false;
	for (size_t i = 0; i < HEADER; i++)
		sum += i < SUM_AT || i >= SUM_AT + SUM_LEN ? head[i] : 0;
	for (size_t i = SUM_AT; i < SUM_AT + SUM_LEN; i++)
		if (head[i] >= '0' && head[i] <= '7')
			said = said * 8 + (unsigned long)(head[i] - '0');
		else if (head[i] != ' ' && head[i] != 0)
			return false;
	return said == sum;
}

/* A GIF's height follows its width; none of interest has 8,192 rows. */
static bool has_control_at_9(const uint8_t *head, size_t len)
{
	return len > 9 && head[9] < 0x20;
}

/* A small number, little-endian, of 32 bits. */
static bool is_small_number(const uint8_t *bytes)
{
	return bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0;
}

static bool has_version_at_4(const uint8_t *head, size_t len)
{
	return len >= 8 && is_small_number(head + 4);
}

static bool has_version_at_8(const uint8_t *head, size_t len)
{
	return len >= 12 && is_small_number(head + 8);
}

/* The length of the metadata, and the first field of their flatbuffer. */
static bool is_arrow_stream(const uint8_t *head, size_t len)
{
	return len >= 12 && head[7] == 0 && (head[4] | head[5] | head[6]) != 0 &&
		is_small_number(head + 8);
}

/* The length of a JSON header, and its beginning. */
static bool is_safetensors(const uint8_t *head, size_t len)
{
	return len >= 10 && head[3] < 0x10 && memcmp(head + 4, "\0\0\0\0{\"", 6) == 0;
}

/* The second byte grows with the version: 0x0C to 0x0E so far; 32 bits of flags follow. */
static bool is_python_bytecode(const uint8_t *head, size_t len)
{
	return len >= 8 && head[1] >= 0x0C && head[1] <= 0x0F && head[2] == '\r' && head[3] == '\n' &&
		head[4] < 4 && is_small_number(head + 4);
}

/* Protocols 4 and 5 go on with a frame; 2 and 3 with what is pickled. */
static bool is_pickle(const uint8_t *head, size_t len)
{
	if (len < 3 || head[0] != 0x80 || head[1] < 2 || head[1] > 5)
		return false;
	return head[1] >= 4 ? head[2] == 0x95 : memchr("}](cX\x8A", head[2], 6) != NULL;
}

/* ---- UTF-16 and UTF-32 without a mark ---- */

/* Shorter texts are left alone: some NULs between letters are not yet a pattern. */
enum { LEAST_UNITS = 4 };

/* Whether half of the units of 16 bits, or more, have a zero at `zero_at`, and few elsewhere. */
static bool is_utf16(const uint8_t *head, size_t len, size_t zero_at)
{
	size_t units = len / 2, zeros = 0, others = 0;
	for (size_t i = 0; i < units; i++) {
		zeros += head[2 * i + zero_at] == 0;
		others += head[2 * i + 1 - zero_at] == 0; /* U+0100 has one */
	}
	return units >= LEAST_UNITS && 2 * zeros >= units && 16 * others <= units;
}

static bool is_utf16_le(const uint8_t *head, size_t len)
{
	return is_utf16(head, len, 1);
}

static bool is_utf16_be(const uint8_t *head, size_t len)
{
	return is_utf16(head, len, 0);
}

/* Whether all units are code points, and half of them or more are ASCII without NUL. */
static bool is_utf32(const uint8_t *head, size_t len, bool is_big_endian)
{
	size_t units = len / 4, ascii = 0;
	for (size_t i = 0; i < units; i++) {
		const uint8_t *unit = head + 4 * i;
		uint32_t value = 0;
		for (int byte = 0; byte < 4; byte++)
			value = value << 8 | unit[is_big_endian ? byte : 3 - byte];
		if (value == 0 || value > 0x10FFFF)
			return false;
		ascii += value < 0x80;
	}
	return units >= LEAST_UNITS && 2 * ascii >= units;
}

static bool is_utf32_le(const uint8_t *head, size_t len)
{
	return is_utf32(head, len, false);
}

static bool is_utf32_be(const uint8_t *head, size_t len)
{
	return is_utf32(head, len, true);
}

/* ---- The table ---- */

#define MAGIC(bytes) .magic = (bytes), .magic_len = sizeof(bytes) - 1
#define FILTER(command) "use: " command " | pairmill COMMAND ..."
#define UNPACK "unpack it and name the folder, or " FILTER("tar -xOf FILE")
#define EXPORT "export the column of texts as JSON lines"
#define NO_TEXT "leave it out"
#define NO_MODEL "name a tokenizer.json, a .tiktoken or a vocab.json"
#define DECOMPRESS "decompress it first"
#define UNPACK_MODEL "unpack it and name the model in it"
#define WEIGHTS "it holds weights; name the tokenizer.json beside it"
#define TOKENS "name the model that its ids were made with"
#define CONVERT "convert it to UTF-8 first"
#define MADE_FROM "use the tokenizer.json it was made from"
#define TRAIN "train a model from it"

/* The first match wins. */
static const struct row rows[] = {
	/* Compressed. The reader decompresses gzip and zstd: where text is read, one is left inside. */
	{{"xz", FILTER("xz -dc FILE"), DECOMPRESS},
		MAGIC("\xFD"
			  "7zXZ\0")},
	{{"bzip2", FILTER("bzip2 -dc FILE"), DECOMPRESS}, MAGIC("BZh"), .also = is_bzip2},
	{{"lz4", FILTER("lz4 -dc FILE"), DECOMPRESS}, MAGIC("\x04\x22\x4D\x18")},
	{{"lz4 (an old form)", FILTER("lz4 -dc FILE"), DECOMPRESS}, MAGIC("\x02\x21\x4C\x18")},
	{{"lzip", FILTER("lzip -dc FILE"), DECOMPRESS}, MAGIC("LZIP\x01")},
	{{"compress", FILTER("gzip -dc FILE"), DECOMPRESS}, MAGIC("\x1F\x9D")},
	{{"gzip", FILTER("gzip -dc FILE"), DECOMPRESS}, MAGIC("\x1F\x8B\x08")},
	{{"zstd", FILTER("zstd -dc FILE"), DECOMPRESS}, MAGIC("\x28\xB5\x2F\xFD")},
	/* Archives. A docx, an npz and a PyTorch file are zip, too. */
	{{"zip", FILTER("unzip -p FILE"), UNPACK_MODEL}, MAGIC("PK\x03\x04")},
	{{"zip", FILTER("unzip -p FILE"), UNPACK_MODEL}, MAGIC("PK\x05\x06")},
	{{"tar", UNPACK, UNPACK_MODEL}, .offset = 257, MAGIC("ustar\0")},
	{{"tar", UNPACK, UNPACK_MODEL}, .offset = 257, MAGIC("ustar  \0")},
	{{"tar", UNPACK, UNPACK_MODEL}, .also = is_old_tar},
	{{"7z", FILTER("7z x -so FILE"), UNPACK_MODEL}, MAGIC("7z\xBC\xAF\x27\x1C")},
	{{"RAR", FILTER("unrar p -inul FILE"), UNPACK_MODEL}, MAGIC("Rar!\x1A\x07")},
	/* Tables */
	{{"Parquet",
		 EXPORT ", for example with duckdb -c \"COPY (SELECT text FROM 'FILE') TO "
				"'texts.jsonl' (FORMAT json)\"",
		 NO_MODEL},
		MAGIC("PAR1"), .also = has_control_at_4},
	{{"encrypted Parquet", EXPORT, NO_MODEL}, MAGIC("PARE"), .also = has_control_at_4},
	{{"Arrow", EXPORT, NO_MODEL}, MAGIC("ARROW1\0\0")},
	{{"Arrow",
		 EXPORT ", for example with datasets.Dataset.from_file('FILE').to_json('texts.jsonl')",
		 NO_MODEL},
		MAGIC("\xFF\xFF\xFF\xFF"), .also = is_arrow_stream},
	{{"Arrow (Feather)", EXPORT, NO_MODEL}, MAGIC("FEA1"), .also = has_control_at_4},
	{{"Avro", EXPORT, NO_MODEL}, MAGIC("Obj\x01")},
	{{"HDF5", EXPORT, WEIGHTS}, MAGIC("\x89HDF\r\n\x1A\n")},
	{{"SQLite", EXPORT, NO_MODEL}, MAGIC("SQLite format 3\0")},
	/* Text, but not UTF-8. UTF-32 comes first: in little-endian order it begins like UTF-16. */
	{{"UTF-32", FILTER("iconv -f UTF-32 -t UTF-8 FILE"), CONVERT}, MAGIC("\xFF\xFE\0\0")},
	{{"UTF-32", FILTER("iconv -f UTF-32 -t UTF-8 FILE"), CONVERT}, MAGIC("\0\0\xFE\xFF")},
	{{"UTF-16", FILTER("iconv -f UTF-16 -t UTF-8 FILE"), CONVERT}, MAGIC("\xFF\xFE")},
	{{"UTF-16", FILTER("iconv -f UTF-16 -t UTF-8 FILE"), CONVERT}, MAGIC("\xFE\xFF")},
	{{"UTF-32", FILTER("iconv -f UTF-32LE -t UTF-8 FILE"), CONVERT}, .also = is_utf32_le},
	{{"UTF-32", FILTER("iconv -f UTF-32BE -t UTF-8 FILE"), CONVERT}, .also = is_utf32_be},
	{{"UTF-16", FILTER("iconv -f UTF-16LE -t UTF-8 FILE"), CONVERT}, .also = is_utf16_le},
	{{"UTF-16", FILTER("iconv -f UTF-16BE -t UTF-8 FILE"), CONVERT}, .also = is_utf16_be},
	/* Our own files, and those of others who train */
	{{"a pairmill count file", "train takes it with --counts FILE, merge-counts as FILE", TRAIN},
		MAGIC("PMCOUNTS"), .also = has_version_at_8},
	{{"a TSV of pairmill's counts", "train takes it with --counts FILE, merge-counts as FILE",
		 TRAIN},
		MAGIC("#pairmill-counts ")},
	{{"NumPy", NO_TEXT " (if it holds ids, decode turns them into text)", TOKENS},
		MAGIC("\x93NUMPY")},
	{{"token ids of llm.c", NO_TEXT, TOKENS}, MAGIC("\x88\xD8\x34\x01"), .also = has_version_at_4},
	{{"token ids of llm.c", NO_TEXT, TOKENS}, MAGIC("\xA1\xD9\x34\x01"), .also = has_version_at_4},
	{{"an index of Megatron's token ids", NO_TEXT, TOKENS}, MAGIC("MMIDIDX\0\0")},
	{{"GGUF", "a model is named with -m FILE", MADE_FROM}, MAGIC("GGUF"), .also = has_version_at_4},
	{{"GGML", NO_TEXT, MADE_FROM}, MAGIC("lmgg"), .also = has_version_at_4},
	{{"GGML", NO_TEXT, MADE_FROM}, MAGIC("fmgg"), .also = has_version_at_4},
	{{"GGML", NO_TEXT, MADE_FROM}, MAGIC("tjgg"), .also = has_version_at_4},
	{{"safetensors", NO_TEXT, WEIGHTS}, .also = is_safetensors},
	{{"a Python pickle", NO_TEXT, "save what it holds as tokenizer.json or .tiktoken"},
		.also = is_pickle},
	/* Documents, programs and pictures, which folders of text and source code often hold */
	{{"PDF", FILTER("pdftotext FILE -"), NO_MODEL}, MAGIC("%PDF-")},
	{{"ELF", NO_TEXT, NO_MODEL},
		MAGIC("\x7F"
			  "ELF")},
	{{"Mach-O", NO_TEXT, NO_MODEL}, MAGIC("\xCF\xFA\xED\xFE")},
	{{"a static library", NO_TEXT, NO_MODEL}, MAGIC("!<arch>\n")},
	{{"WebAssembly", NO_TEXT, NO_MODEL}, MAGIC("\0asm\x01\0\0\0")},
	{{"Java or Mach-O", NO_TEXT, NO_MODEL}, MAGIC("\xCA\xFE\xBA\xBE")},
	{{"Python bytecode", NO_TEXT, NO_MODEL}, .also = is_python_bytecode},
	{{"PNG", NO_TEXT, NO_MODEL}, MAGIC("\x89PNG\r\n\x1A\n")},
	{{"JPEG", NO_TEXT, NO_MODEL}, MAGIC("\xFF\xD8\xFF")},
	{{"GIF", NO_TEXT, NO_MODEL}, MAGIC("GIF87a"), .also = has_control_at_9},
	{{"GIF", NO_TEXT, NO_MODEL}, MAGIC("GIF89a"), .also = has_control_at_9},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct pmill_file_kind pmill_file_kind_token_ids = {
	"token ids, by the .json beside it", NO_TEXT " (decode turns them into text)", TOKENS};

static bool matches(const struct row *row, const uint8_t *head, size_t len)
{
	if (len < row->offset || len - row->offset < row->magic_len)
		return false;
	if (row->magic_len > 0 && memcmp(head + row->offset, row->magic, row->magic_len) != 0)
		return false;
	return row->also == NULL || row->also(head, len);
}

const struct pmill_file_kind *pmill_file_kind_find(const uint8_t *head, size_t len)
{
	size_t seen = len < PMILL_FILE_KIND_HEAD ? len : PMILL_FILE_KIND_HEAD;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (matches(&rows[i], head, seen))
			return &rows[i].kind;
	return NULL;
}

const struct pmill_file_kind *pmill_file_kind_at(size_t index)
{
	return index < ROW_COUNT ? &rows[index].kind : NULL;
}
