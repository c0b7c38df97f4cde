/* Reading stored bytes: never a crash, the same for any capacity, and our own data comes back. */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "corpus/reader.h"
#include "support/compressed.h"

enum { MOST_TEXT = 1 << 22 }; /* a few bytes can expand to gigabytes */

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz_reader: %s\n", what);
		abort();
	}
}

struct outcome {
	pmill_status status;
	struct pmill_buffer text;
};

static struct outcome read_all(const char *path, size_t capacity)
{
	struct outcome outcome = {0};
	struct pmill_reader *reader;
	pmill_error error = {0};
	require(pmill_reader_open(path, PMILL_READER_SHA256, NULL, &reader, &error) == PMILL_OK,
		error.message);
	size_t len = 1;
	while (outcome.status == PMILL_OK && len > 0 && outcome.text.len < MOST_TEXT) {
		require(pmill_buffer_reserve(&outcome.text, capacity), "out of memory");
		outcome.status = pmill_reader_read(
			reader, outcome.text.data + outcome.text.len, capacity, &len, &error);
		if (outcome.status == PMILL_OK)
			outcome.text.len += len;
	}
	if (outcome.status == PMILL_BAD_INPUT)
		require(error.offset <= pmill_reader_stored_bytes(reader), "an offset past the end");
	pmill_reader_close(reader);
	return outcome;
}

static bool is_prefix(const struct pmill_buffer *a, const struct pmill_buffer *b)
{
	return a->len <= b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Without a checksum, zstd may refuse a damaged frame in one call that it accepts in several. */
static bool is_zstd(const struct pmill_buffer *stored)
{
	return stored->len >= 4 &&
		(memcmp(stored->data + 1, "\xB5\x2F\xFD", 3) == 0 ||
			memcmp(stored->data + 1, "\x2A\x4D\x18", 3) == 0);
}

/* A failing call may or may not return bytes before the damage: then only a prefix is equal. */
static void check_same(const struct outcome *a, const struct outcome *b)
{
	if (a->text.len >= MOST_TEXT || b->text.len >= MOST_TEXT)
		return;
	require(a->status == b->status, "the status depends on the capacity");
	require(is_prefix(&a->text, &b->text) || is_prefix(&b->text, &a->text),
		"the bytes depend on the capacity");
	require(
		a->status != PMILL_OK || a->text.len == b->text.len, "the length depends on the capacity");
}

/* `text` is NULL if the contents are unknown. */
static void check_stored(const struct pmill_buffer *stored, const uint8_t *text, size_t len)
{
	int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
	require(descriptor >= 0, "memfd_create");
	require(
		stored->len == 0 || write(descriptor, stored->data, stored->len) == (ssize_t)stored->len,
		"write");
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	struct outcome large = read_all(path, 1 << 16), small = read_all(path, 7);
	if (text != NULL || !is_zstd(stored))
		check_same(&large, &small);
	if (text != NULL) {
		require(large.status == PMILL_OK, "our own data is refused");
		require(large.text.len == len && memcmp(large.text.data, text, len) == 0,
			"our own data comes back changed");
	}
	pmill_buffer_release(&large.text);
	pmill_buffer_release(&small.text);
	close(descriptor);
}

typedef void (*append_function)(struct pmill_buffer *out, const void *data, size_t len);

/* Two members or frames; then with one byte changed; then truncated, where the text says. */
static void check_compressed(append_function append, const uint8_t *data, size_t size)
{
	if (size < 4)
		return;
	struct pmill_buffer stored = {0};
	size_t split = (size_t)data[0] * size / 256;
	append(&stored, data, split);
	append(&stored, data + split, size - split);
	check_stored(&stored, data, size);
	stored.data[(data[1] | (size_t)data[2] << 8) % stored.len] ^= data[3];
	check_stored(&stored, NULL, 0);
	stored.len = (data[2] | (size_t)data[3] << 8) % (stored.len + 1);
	check_stored(&stored, NULL, 0);
	pmill_buffer_release(&stored);
}

#if PMILL_HAVE_ZLIB

/* Zeros after the last member are ignored; with another byte after them, all capacities refuse. */
static void check_padded(const uint8_t *data, size_t size)
{
	struct pmill_buffer stored = {0};
	append_gzip(&stored, data, size);
	size_t zeros = size == 0 ? 0 : data[0] == 255 ? 1 << 17 : data[0]; /* also past a buffer */
	require(pmill_buffer_reserve(&stored, zeros + 1), "out of memory");
	memset(stored.data + stored.len, 0, zeros + 1);
	stored.len += zeros + 1;
	check_stored(&stored, size > 0 ? data : (const uint8_t *)"", size);
	stored.data[stored.len - 1] = 0x1F;
	check_stored(&stored, NULL, 0);
	pmill_buffer_release(&stored);
}

#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmill_buffer stored = {0};
	require(pmill_buffer_append(&stored, data, size), "out of memory");
	check_stored(&stored, NULL, 0);
	pmill_buffer_release(&stored);
#if PMILL_HAVE_ZLIB
	check_compressed(append_gzip, data, size);
	check_padded(data, size);
#endif
#if PMILL_HAVE_ZSTD
	check_compressed(append_zstd, data, size);
#endif
	return 0;
}
