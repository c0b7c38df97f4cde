/* Data that isn't UTF-8 text, recognised by its first bytes. */
/* SPDX-License-Identifier: MIT */
/*
 * A row matches by its magic number and, where that alone could begin a text ("PAR1", "BZh"), also
 * by bytes that no text has there. UTF-16 and UTF-32 without a byte-order mark have no magic
 * number: text mostly in Latin letters shows by the zeros in every other place.
 */
#include "corpus/file_kind.h"

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

/* The first match wins. */
static const struct row rows[] = {
	/* Compressed. gzip and zstd are decompressed by the reader: here they are within another. */
	{{"xz", FILTER("xz -dc FILE")},
		MAGIC("\xFD"
			  "7zXZ\0")},
	{{"bzip2", FILTER("bzip2 -dc FILE")}, MAGIC("BZh"), .also = is_bzip2},
	{{"lz4", FILTER("lz4 -dc FILE")}, MAGIC("\x04\x22\x4D\x18")},
	{{"lz4 (an old form)", FILTER("lz4 -dc FILE")}, MAGIC("\x02\x21\x4C\x18")},
	{{"lzip", FILTER("lzip -dc FILE")}, MAGIC("LZIP\x01")},
	{{"compress", FILTER("gzip -dc FILE")}, MAGIC("\x1F\x9D")},
	{{"gzip within the compressed file", FILTER("gzip -dc FILE")}, MAGIC("\x1F\x8B\x08")},
	{{"zstd within the compressed file", FILTER("zstd -dc FILE")}, MAGIC("\x28\xB5\x2F\xFD")},
	/* Archives. A docx, an npz and a PyTorch file are zip, too. */
	{{"zip", FILTER("unzip -p FILE")}, MAGIC("PK\x03\x04")},
	{{"zip", FILTER("unzip -p FILE")}, MAGIC("PK\x05\x06")},
	{{"tar", UNPACK}, .offset = 257, MAGIC("ustar\0")},
	{{"tar", UNPACK}, .offset = 257, MAGIC("ustar  \0")},
	{{"7z", FILTER("7z x -so FILE")}, MAGIC("7z\xBC\xAF\x27\x1C")},
	{{"RAR", FILTER("unrar p -inul FILE")}, MAGIC("Rar!\x1A\x07")},
	/* Tables */
	{{"Parquet",
		 EXPORT ", for example with duckdb -c \"COPY (SELECT text FROM 'FILE') TO "
				"'texts.jsonl' (FORMAT json)\""},
		MAGIC("PAR1"), .also = has_control_at_4},
	{{"encrypted Parquet", EXPORT}, MAGIC("PARE"), .also = has_control_at_4},
	{{"Arrow", EXPORT}, MAGIC("ARROW1\0\0")},
	{{"Arrow",
		 EXPORT ", for example with datasets.Dataset.from_file('FILE').to_json('texts.jsonl')"},
		MAGIC("\xFF\xFF\xFF\xFF"), .also = is_arrow_stream},
	{{"Arrow (Feather)", EXPORT}, MAGIC("FEA1"), .also = has_control_at_4},
	{{"Avro", EXPORT}, MAGIC("Obj\x01")},
	{{"HDF5", EXPORT}, MAGIC("\x89HDF\r\n\x1A\n")},
	{{"SQLite", EXPORT}, MAGIC("SQLite format 3\0")},
	/* Text, but not UTF-8. UTF-32 comes first: in little-endian order it begins like UTF-16. */
	{{"UTF-32", FILTER("iconv -f UTF-32 -t UTF-8 FILE")}, MAGIC("\xFF\xFE\0\0")},
	{{"UTF-32", FILTER("iconv -f UTF-32 -t UTF-8 FILE")}, MAGIC("\0\0\xFE\xFF")},
	{{"UTF-16", FILTER("iconv -f UTF-16 -t UTF-8 FILE")}, MAGIC("\xFF\xFE")},
	{{"UTF-16", FILTER("iconv -f UTF-16 -t UTF-8 FILE")}, MAGIC("\xFE\xFF")},
	{{"UTF-32", FILTER("iconv -f UTF-32LE -t UTF-8 FILE")}, .also = is_utf32_le},
	{{"UTF-32", FILTER("iconv -f UTF-32BE -t UTF-8 FILE")}, .also = is_utf32_be},
	{{"UTF-16", FILTER("iconv -f UTF-16LE -t UTF-8 FILE")}, .also = is_utf16_le},
	{{"UTF-16", FILTER("iconv -f UTF-16BE -t UTF-8 FILE")}, .also = is_utf16_be},
	/* Our own files, and those of others who train */
	{{"a pairmill count file", "train takes it with --counts FILE, merge-counts as FILE"},
		MAGIC("PMCOUNTS"), .also = has_version_at_8},
	{{"a TSV of pairmill's counts", "train takes it with --counts FILE, merge-counts as FILE"},
		MAGIC("#pairmill-counts ")},
	{{"NumPy", NO_TEXT " (if it holds ids, decode turns them into text)"}, MAGIC("\x93NUMPY")},
	{{"token ids of llm.c", NO_TEXT}, MAGIC("\x88\xD8\x34\x01"), .also = has_version_at_4},
	{{"token ids of llm.c", NO_TEXT}, MAGIC("\xA1\xD9\x34\x01"), .also = has_version_at_4},
	{{"an index of Megatron's token ids", NO_TEXT}, MAGIC("MMIDIDX\0\0")},
	{{"GGUF", "a model is named with -m FILE"}, MAGIC("GGUF"), .also = has_version_at_4},
	{{"safetensors", NO_TEXT}, .also = is_safetensors},
	{{"a Python pickle", NO_TEXT}, MAGIC("\x80\x04\x95")},
	/* Documents, programs and pictures, which folders of text and source code often hold */
	{{"PDF", FILTER("pdftotext FILE -")}, MAGIC("%PDF-")},
	{{"ELF", NO_TEXT},
		MAGIC("\x7F"
			  "ELF")},
	{{"Mach-O", NO_TEXT}, MAGIC("\xCF\xFA\xED\xFE")},
	{{"a static library", NO_TEXT}, MAGIC("!<arch>\n")},
	{{"WebAssembly", NO_TEXT}, MAGIC("\0asm\x01\0\0\0")},
	{{"Java or Mach-O", NO_TEXT}, MAGIC("\xCA\xFE\xBA\xBE")},
	{{"Python bytecode", NO_TEXT}, .also = is_python_bytecode},
	{{"PNG", NO_TEXT}, MAGIC("\x89PNG\r\n\x1A\n")},
	{{"JPEG", NO_TEXT}, MAGIC("\xFF\xD8\xFF")},
	{{"GIF", NO_TEXT}, MAGIC("GIF87a"), .also = has_control_at_9},
	{{"GIF", NO_TEXT}, MAGIC("GIF89a"), .also = has_control_at_9},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

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
