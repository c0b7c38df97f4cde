/* Data that isn't text: every kind is recognised by its first bytes, and text is left alone. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "files/file_kind.h"
#include "counts/count_file_format.h"

struct sample {
	const char *kind;
	const char *bytes;
	size_t len;
	size_t least; /* so many bytes are enough */
};

#define SAMPLE(kind, bytes, least)                                                                 \
	{                                                                                              \
		kind, bytes, sizeof(bytes) - 1, least                                                      \
	}

/* As programs write them, with some bytes that follow the magic number. */
static const struct sample samples[] = {
	SAMPLE("xz",
		"\xFD"
		"7zXZ\0\0\4\xE6\xD6\xB4\x46",
		6),
	SAMPLE("bzip2", "BZh91AY&SY\2\xC3\x84\xC8", 10),
	SAMPLE("bzip2", "BZh1\x17\x72\x45\x38\x50\x90\0\0\0\0", 10),
	SAMPLE("lz4", "\x04\x22\x4D\x18\x64\x40\xA7", 4),
	SAMPLE("lz4 (an old form)", "\x02\x21\x4C\x18\x10\0\0\0", 4),
	SAMPLE("lzip", "LZIP\x01\x0C\0", 5),
	SAMPLE("compress", "\x1F\x9D\x90\x61", 2),
	SAMPLE("gzip", "\x1F\x8B\x08\0\0\0\0\0\0\3", 3),
	SAMPLE("zstd", "\x28\xB5\x2F\xFD\x24\5", 4),
	SAMPLE("zip", "PK\x03\x04\x14\0\0\0\x08\0", 4),
	SAMPLE("zip", "PK\x05\x06\0\0\0\0\0\0", 4),
	SAMPLE("7z", "7z\xBC\xAF\x27\x1C\0\4", 6),
	SAMPLE("RAR", "Rar!\x1A\x07\x01\0", 6),
	SAMPLE("Parquet", "PAR1\x15\4\x15\xA0", 5),
	SAMPLE("encrypted Parquet", "PARE\x15\4\x15\xA0", 5),
	SAMPLE("Arrow", "ARROW1\0\0\xFF\xFF\xFF\xFF", 8),
	SAMPLE("Arrow", "\xFF\xFF\xFF\xFF\x88\1\0\0\x10\0\0\0\0\0\x0A\0", 12),
	SAMPLE("Arrow (Feather)", "FEA1\0\0\0\0", 5),
	SAMPLE("Avro",
		"Obj\x01\4\x16"
		"avro.schema",
		4),
	SAMPLE("HDF5", "\x89HDF\r\n\x1A\n\0", 8),
	SAMPLE("SQLite", "SQLite format 3\0\x10", 16),
	SAMPLE("UTF-32", "\xFF\xFE\0\0h\0\0\0", 4),
	SAMPLE("UTF-32", "\0\0\xFE\xFF\0\0\0h", 4),
	SAMPLE("UTF-16", "\xFF\xFEh\0i\0", 2),
	SAMPLE("UTF-16", "\xFE\xFF\0h\0i", 2),
	SAMPLE("UTF-32", "h\0\0\0e\0\0\0\x19\x20\0\0l\0\0\0\n\0\0\0", 16),
	SAMPLE("UTF-32", "\0\0\0h\0\0\0e\0\0\x20\x19\0\0\0l\0\0\0\n", 16),
	SAMPLE("UTF-16", "h\0e\0\x19\x20l\0o\0\n\0", 8),
	SAMPLE("UTF-16", "\0h\0e\x20\x19\0l\0o\0\n", 8),
	SAMPLE("a pairmill count file", PMILL_COUNT_FILE_MAGIC "\1\0\0\0\x34\0\0\0", 12),
	SAMPLE("a TSV of pairmill's counts", "#pairmill-counts 1\tprintable\n", 17),
	SAMPLE("NumPy", "\x93NUMPY\1\0\x76\0{'descr'", 6),
	SAMPLE("token ids of llm.c", "\x88\xD8\x34\x01\1\0\0\0", 8),
	SAMPLE("token ids of llm.c", "\xA1\xD9\x34\x01\7\0\0\0", 8),
	SAMPLE("an index of Megatron's token ids", "MMIDIDX\0\0\1\0\0\0\0\0\0\0\x08", 9),
	SAMPLE("GGUF", "GGUF\3\0\0\0\0\0", 8),
	SAMPLE("safetensors", "\x98\x12\0\0\0\0\0\0{\"__metadata__\"", 10),
	SAMPLE("GGML", "lmgg\1\0\0\0", 8),
	SAMPLE("GGML", "fmgg\1\0\0\0", 8),
	SAMPLE("GGML", "tjgg\1\0\0\0", 8),
	SAMPLE("a Python pickle", "\x80\x04\x95\x10", 3),
	SAMPLE("a Python pickle", "\x80\2}q\0(X\4", 3),
	SAMPLE("a Python pickle", "\x80\2\x8A\x0A\x6C\xFC", 3),
	SAMPLE("PDF", "%PDF-1.7\n%\xE2\xE3", 5),
	SAMPLE("ELF",
		"\x7F"
		"ELF\2\1\1\0",
		4),
	SAMPLE("Mach-O", "\xCF\xFA\xED\xFE\x07", 4),
	SAMPLE("a static library", "!<arch>\nfile.o/", 8),
	SAMPLE("WebAssembly", "\0asm\x01\0\0\0\1", 8),
	SAMPLE("Java or Mach-O", "\xCA\xFE\xBA\xBE\0\0\0\x37", 4),
	SAMPLE("Python bytecode", "\xA7\x0D\r\n\0\0\0\0\x12\x34", 8),
	SAMPLE("PNG", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 8),
	SAMPLE("JPEG", "\xFF\xD8\xFF\xE0\0\x10JFIF", 3),
	SAMPLE("GIF", "GIF89a\x40\1\xF0\0\xF7", 10),
	SAMPLE("GIF", "GIF87a\x40\1\xF0\0\xF7", 10),
};

/* From memory that ends with the bytes, so that sanitizers and valgrind see a read past them. */
static const struct pmill_file_kind *find(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	const struct pmill_file_kind *kind = pmill_file_kind_find(copy, len);
	free(copy);
	return kind;
}

static void assert_kind(const char *expected, const void *bytes, size_t len)
{
	const struct pmill_file_kind *kind = find(bytes, len);
	if (kind == NULL || strcmp(kind->name, expected) != 0)
		fail_msg("%zu bytes of %s: %s", len, expected, kind != NULL ? kind->name : "text");
}

/* UTF-32 begins like UTF-16, and an Arrow stream is only known by its length. */
static bool may_begin_like(const char *prefix, const char *kind)
{
	return strcmp(prefix, "UTF-16") == 0 && strcmp(kind, "UTF-32") == 0;
}

static void test_every_kind_and_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		const struct sample *sample = &samples[i];
		for (size_t len = 0; len <= sample->len; len++) {
			const struct pmill_file_kind *kind = find(sample->bytes, len);
			if (len >= sample->least)
				assert_kind(sample->kind, sample->bytes, len);
			else if (kind != NULL && !may_begin_like(kind->name, sample->kind))
				fail_msg("%zu bytes of %s: %s", len, sample->kind, kind->name);
		}
	}
}

static void test_tar(void **state)
{
	(void)state;
	static const char *const magics[] = {"ustar\0"
										 "00",
		"ustar  "};
	for (int i = 0; i < 2; i++) {
		char tar[1024] = "folder/file";
		memset(tar + 100, '0', 50);
		memcpy(tar + 257, magics[i], 8);
		size_t least = 257 + (i == 0 ? 6 : 8);
		for (size_t len = 0; len <= sizeof tar; len++)
			if (len >= least)
				assert_kind("tar", tar, len);
			else if (find(tar, len) != NULL)
				fail_msg("%zu bytes are %s", len, find(tar, len)->name);
	}
}

/* Before 1988 it had no magic number: the sum of the header's bytes tells, in these forms. */
static void test_old_tar(void **state)
{
	(void)state;
	char tar[1024] = "folder/file";
	memset(tar + 100, '0', 40);
	memset(tar + 512, 'x', 512);
	unsigned sum = 8 * ' ';
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	static const char *const forms[] = {"%06o%c ", "%6o%c ", "%07o%c"};
	for (size_t i = 0; i < 3; i++) {
		char said[20];
		snprintf(said, sizeof said, forms[i], sum, 0);
		memcpy(tar + 148, said, 8);
		assert_kind("tar", tar, sizeof tar);
		assert_kind("tar", tar, 512);
		assert_null(find(tar, 511));
		tar[3]++;
		assert_null(find(tar, sizeof tar));
		tar[3]--;
	}
}

/* Each row has a sample (tar has its own test), and a way out. */
static void test_every_row_has_a_sample(void **state)
{
	(void)state;
	for (size_t i = 0; pmill_file_kind_at(i) != NULL; i++) {
		const struct pmill_file_kind *kind = pmill_file_kind_at(i);
		bool is_found = strcmp(kind->name, "tar") == 0;
		for (size_t j = 0; j < sizeof samples / sizeof *samples; j++)
			is_found |= find(samples[j].bytes, samples[j].len) == kind;
		if (!is_found)
			fail_msg("no sample of row %zu, %s", i, kind->name);
		assert_true(strlen(kind->text_way_out) > 0 && strlen(kind->text_way_out) < 300);
		assert_true(strlen(kind->model_way_out) > 0 && strlen(kind->model_way_out) < 100);
	}
}

static const struct {
	const char *bytes;
	size_t len;
} texts[] = {
#define TEXT(bytes)                                                                                \
	{                                                                                              \
		bytes, sizeof(bytes) - 1                                                                   \
	}
	TEXT(""), TEXT("a"), TEXT("text"), TEXT("PAR1 is a receptor"), TEXT("PAR1\n"), TEXT("BZh is"),
	TEXT("BZh91AY"), TEXT("PKI stands for"), TEXT("GIF89a is a format of pictures"),
	TEXT("GGUF is a format of models"), TEXT("LZIP"), TEXT("PMCOUNTS begins a count file"),
	TEXT("Rar!"), TEXT("7z is"), TEXT("#pairmill-count"), TEXT("Object"), TEXT("ARROW1 "),
	TEXT("SQLite format 3 is"), TEXT("\xEF\xBB\xBFtext with a mark"), TEXT("ab\r\n"),
	TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), TEXT("a\0b\0"), TEXT("a\0b\0c\0"),
	TEXT("one\0two\0three\0four\0five\0"), TEXT("\xC3\xA9t\xC3\xA9"), TEXT("\xFF"),
	TEXT("\xFE\xFE"), TEXT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
	TEXT("\0\0\0h\0\0\0i"), /* too short to tell */
#undef TEXT
};

static void test_text_is_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const struct pmill_file_kind *kind = find(texts[i].bytes, texts[i].len);
		if (kind != NULL)
			fail_msg("\"%s\" is taken for %s", texts[i].bytes, kind->name);
	}
	char text[600];
	memset(text, 'x', sizeof text);
	memcpy(text + 257, "ustar is the magic number of tar", 32);
	assert_null(find(text, sizeof text));
}

/* Bytes past the head play no part. */
static void test_long_head(void **state)
{
	(void)state;
	uint8_t bytes[2 * PMILL_FILE_KIND_HEAD];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i % 2 == 0 || i >= PMILL_FILE_KIND_HEAD ? 'x' : 0;
	assert_kind("UTF-16", bytes, sizeof bytes);
	/* Half of the units are not Latin: that still shows. Fewer don't. */
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i % 4 == 1 ? 0 : 4;
	assert_kind("UTF-16", bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = i % 6 == 1 ? 0 : 4;
	assert_null(find(bytes, sizeof bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_and_prefix),
		cmocka_unit_test(test_tar),
		cmocka_unit_test(test_old_tar),
		cmocka_unit_test(test_every_row_has_a_sample),
		cmocka_unit_test(test_text_is_left_alone),
		cmocka_unit_test(test_long_head),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
