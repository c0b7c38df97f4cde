/* Readers: every stored form gives its bytes back; damage and truncation are reported. */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>

#include "corpus/reader.h"
#include "support/compressed.h"
#include "support/scratch_folder.h"

static struct scratch_folder folder;

static int set_up(void **state)
{
	(void)state;
	scratch_create(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&folder);
	return 0;
}

/* Reads the whole stream, `capacity` bytes at a time. */
static pmill_status read_all(
	const char *path, size_t capacity, struct pmill_buffer *text, char hash[65], pmill_error *error)
{
	struct pmill_reader *reader;
	pmill_status status = pmill_reader_open(
		path, hash != NULL ? PMILL_READER_SHA256 : 0, NULL, &reader, error);
	if (status != PMILL_OK)
		return status;
	size_t len = 1;
	while (status == PMILL_OK && len > 0) {
		assert_true(pmill_buffer_reserve(text, capacity));
		status = pmill_reader_read(reader, text->data + text->len, capacity, &len, error);
		if (status == PMILL_OK) {
			assert_in_range(len, 0, capacity);
			text->len += len;
		}
	}
	if (status == PMILL_OK) {
		assert_int_equal(pmill_reader_read(reader, text->data, capacity, &len, error), PMILL_OK);
		assert_int_equal(len, 0);
	}
	char ignored[65];
	assert_int_equal(pmill_reader_sha256(reader, hash != NULL ? hash : ignored), hash != NULL);
	pmill_reader_close(reader);
	return status;
}

static void check_stored(const void *stored, size_t stored_len, const void *expected, size_t len)
{
	static const size_t capacities[] = {1, 2, 7, 1000, 1 << 20};
	const char *path = scratch_write(&folder, "stored", stored, stored_len);
	for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
		struct pmill_buffer text = {0};
		pmill_error error;
		if (len > 100000 && capacities[i] < 1000)
			continue;
		if (read_all(path, capacities[i], &text, NULL, &error) != PMILL_OK) {
			print_error("%s\n", error.message);
			fail();
		}
		assert_int_equal(text.len, len);
		if (len > 0)
			assert_memory_equal(text.data, expected, len);
		pmill_buffer_release(&text);
	}
}

static void test_plain(void **state)
{
	(void)state;
	check_stored("", 0, "", 0);
	check_stored("a", 1, "a", 1);
	check_stored("\x1F", 1, "\x1F", 1);
	check_stored("\x28\xB5\x2F", 3, "\x28\xB5\x2F", 3);
	check_stored("\x1F\x8Ax", 3, "\x1F\x8Ax", 3);
	check_stored("\0\r\n\xFF", 4, "\0\r\n\xFF", 4);
	size_t len = (1 << 20) + 3;
	uint8_t *text = malloc(len);
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	check_stored(text, len, text, len);
	free(text);
}

static void test_hash(void **state)
{
	(void)state;
	struct pmill_buffer text = {0};
	char hash[65];
	const char *path = scratch_write(&folder, "abc", "abc", 3);
	assert_int_equal(read_all(path, 2, &text, hash, NULL), PMILL_OK);
	assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	pmill_buffer_release(&text);
}

static void test_files_that_cannot_be_read(void **state)
{
	(void)state;
	struct pmill_buffer text = {0};
	pmill_error error;
	assert_int_equal(read_all(scratch_path(&folder, "missing"), 10, &text, NULL, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "missing: cannot open: No such file"));
	assert_int_equal(read_all(folder.path, 10, &text, NULL, &error), PMILL_IO);
	assert_non_null(strstr(error.message, "cannot read: Is a directory"));
	pmill_buffer_release(&text);
}

static struct pmill_reader *open_and_read_some(const char *path)
{
	struct pmill_reader *reader;
	uint8_t some[10];
	size_t len;
	assert_int_equal(pmill_reader_open(path, 0, NULL, &reader, NULL), PMILL_OK);
	assert_int_equal(pmill_reader_read(reader, some, sizeof some, &len, NULL), PMILL_OK);
	assert_int_equal(len, sizeof some);
	return reader;
}

static pmill_status read_rest(struct pmill_reader *reader, size_t *total, pmill_error *error)
{
	static uint8_t rest[1 << 16];
	size_t len = 1;
	pmill_status status = PMILL_OK;
	for (*total = 0; status == PMILL_OK && len > 0; *total += len)
		status = pmill_reader_read(reader, rest, sizeof rest, &len, error);
	return status;
}

static void test_file_that_changes_its_size(void **state)
{
	(void)state;
	static const uint8_t zeros[400000];
	size_t total;
	pmill_error error;
	const char *path = scratch_write(&folder, "changing", zeros, sizeof zeros);
	struct pmill_reader *reader = open_and_read_some(path);
	assert_int_equal(truncate(path, 300000), 0);
	assert_int_equal(read_rest(reader, &total, &error), PMILL_BAD_INPUT);
	assert_int_equal(error.offset, 300000);
	assert_non_null(strstr(error.message,
		"changing: byte 300000: the file ends here, but had "
		"400000 bytes when it was opened"));
	pmill_reader_close(reader);
	reader = open_and_read_some(path);
	assert_int_equal(truncate(path, 350000), 0);
	assert_int_equal(read_rest(reader, &total, &error), PMILL_OK);
	assert_int_equal(total, 350000 - 10);
	pmill_reader_close(reader);
}

static void *write_single_bytes(void *argument)
{
	const struct pmill_buffer *stored = ((void **)argument)[0];
	int descriptor = open(((void **)argument)[1], O_WRONLY);
	scratch_require(descriptor >= 0, "pipe");
	for (size_t i = 0; i < stored->len; i++)
		scratch_require(write(descriptor, stored->data + i, 1) == 1, "pipe");
	close(descriptor);
	return NULL;
}

/* A pipe may deliver its bytes one by one, including the magic number. */
static void check_pipe(const struct pmill_buffer *stored, const char *expected)
{
	char path[600];
	snprintf(path, sizeof path, "%s", scratch_path(&folder, "pipe"));
	scratch_require(mkfifo(path, 0600) == 0, path);
	void *argument[2] = {(void *)(uintptr_t)stored, path};
	pthread_t writer;
	assert_int_equal(pthread_create(&writer, NULL, write_single_bytes, argument), 0);
	struct pmill_buffer text = {0};
	assert_int_equal(read_all(path, 100, &text, NULL, NULL), PMILL_OK);
	pthread_join(writer, NULL);
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.data, expected, text.len);
	pmill_buffer_release(&text);
	unlink(path);
}

static void test_cancel(void **state)
{
	(void)state;
	const char *path = scratch_path(&folder, "silent");
	scratch_require(mkfifo(path, 0600) == 0, path);
	atomic_bool is_stopped;
	atomic_init(&is_stopped, true);
	struct pmill_reader *reader;
	uint8_t byte;
	size_t len;
	assert_int_equal(pmill_reader_open(path, 0, &is_stopped, &reader, NULL), PMILL_OK);
	assert_int_equal(pmill_reader_read(reader, &byte, 1, &len, NULL), PMILL_CANCELLED);
	pmill_reader_close(reader);
}

/* With PMILL_READER_AS_STORED nothing is taken for compressed data. */
static void test_as_stored(void **state)
{
	(void)state;
	static const uint8_t stored[] = {0x1F, 0x8B, 0x08, 0x00, 0x28, 0xB5, 0x2F, 0xFD};
	const char *path = scratch_write(&folder, "binary", stored, sizeof stored);
	struct pmill_reader *reader;
	uint8_t data[sizeof stored + 1];
	size_t len;
	assert_int_equal(
		pmill_reader_open(path, PMILL_READER_AS_STORED, NULL, &reader, NULL), PMILL_OK);
	assert_int_equal(pmill_reader_read(reader, data, sizeof data, &len, NULL), PMILL_OK);
	assert_int_equal(len, sizeof stored);
	assert_memory_equal(data, stored, sizeof stored);
	assert_int_equal(pmill_reader_read(reader, data, sizeof data, &len, NULL), PMILL_OK);
	assert_int_equal(len, 0);
	pmill_reader_close(reader);
}

static void test_plain_pipe(void **state)
{
	(void)state;
	struct pmill_buffer stored = {0};
	check_pipe(&stored, "");
	assert_true(pmill_buffer_append_text(&stored, "one by one"));
	check_pipe(&stored, "one by one");
	pmill_buffer_release(&stored);
}

#if PMILL_HAVE_ZLIB && PMILL_HAVE_ZSTD

static void check_refused(
	const void *stored, size_t stored_len, uint64_t least, uint64_t most, const char *message)
{
	const char *path = scratch_write(&folder, "refused", stored, stored_len);
	for (size_t capacity = 1; capacity <= 1000; capacity += 999) {
		struct pmill_buffer text = {0};
		pmill_error error = {0};
		assert_int_equal(read_all(path, capacity, &text, NULL, &error), PMILL_BAD_INPUT);
		assert_in_range(error.offset, least, most);
		if (strstr(error.message, message) == NULL || strstr(error.message, path) == NULL) {
			print_error("%s\n", error.message);
			fail();
		}
		pmill_buffer_release(&text);
	}
}

typedef void (*append_function)(struct pmill_buffer *out, const void *data, size_t len);

static void check_streams(append_function append)
{
	struct pmill_buffer stored = {0}, text = {0};
	append(&stored, "", 0);
	check_stored(stored.data, stored.len, "", 0);
	append(&stored, "first ", 6);
	append(&stored, "", 0);
	append(&stored, "second", 6);
	check_stored(stored.data, stored.len, "first second", 12);
	check_pipe(&stored, "first second");
	for (size_t i = 0; i < 60000; i++)
		assert_true(pmill_buffer_append_format(&text, "%zu ", i * i));
	stored.len = 0;
	for (size_t at = 0; at < text.len; at += 50000)
		append(&stored, text.data + at, text.len - at < 50000 ? text.len - at : 50000);
	check_stored(stored.data, stored.len, text.data, text.len);
	/* Far more output than input: the decoder holds bytes for which there was no room. */
	stored.len = 0;
	memset(text.data, 'z', text.len);
	append(&stored, text.data, text.len);
	check_stored(stored.data, stored.len, text.data, text.len);
	pmill_buffer_release(&stored);
	pmill_buffer_release(&text);
}

/* Every truncation, except between members, is reported with the offset of the end. */
static void check_cuts(append_function append, const char *message)
{
	struct pmill_buffer stored = {0};
	append(&stored, "first first first", 17);
	size_t border = stored.len;
	append(&stored, "second", 6);
	for (size_t len = 4; len < stored.len; len++)
		if (len == border)
			check_stored(stored.data, len, "first first first", 17);
		else if (len < border || len >= border + 4)
			check_refused(stored.data, len, len, len, message);
	for (size_t len = border + 1; len < border + 4; len++)
		check_refused(stored.data, len, border, len, "");
	pmill_buffer_release(&stored);
}

/* Garbage after the end, and a flipped bit in the second member. */
static void check_damage(append_function append, const char *message)
{
	struct pmill_buffer stored = {0};
	append(&stored, "first first first", 17);
	size_t border = stored.len;
	assert_true(pmill_buffer_append(&stored, "garbage", 8));
	check_refused(stored.data, stored.len, border, border + 4, message);
	stored.len = border;
	append(&stored, "second", 6);
	stored.data[border + 1] ^= 1;
	check_refused(stored.data, stored.len, border, border + 4, "damaged");
	pmill_buffer_release(&stored);
}

static void test_gzip(void **state)
{
	(void)state;
	check_streams(append_gzip);
	check_cuts(append_gzip, "the gzip data is truncated");
	check_damage(append_gzip, "trailing data after the gzip stream");
	check_refused("\x1F\x8B plain after all", 18, 2, 18, "damaged gzip data");
	check_refused("\x1F\x8B", 2, 2, 2, "the gzip data is truncated");
}

/* After the last member zeros are padding, as for gzip(1). */
static void test_gzip_padding(void **state)
{
	(void)state;
	static const size_t lengths[] = {1, 2, 100, 131071, 131072, 131073, 300000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct pmill_buffer stored = {0};
		append_gzip(&stored, "first ", 6);
		append_gzip(&stored, "second", 6);
		size_t end = stored.len + lengths[i];
		assert_true(pmill_buffer_reserve(&stored, lengths[i] + 100));
		memset(stored.data + stored.len, 0, lengths[i]);
		stored.len = end;
		check_stored(stored.data, stored.len, "first second", 12);
		if (lengths[i] <= 100)
			check_pipe(&stored, "first second");
		/* What follows zeros is not read, so it is refused, even a member. */
		append_gzip(&stored, "third", 5);
		check_refused(stored.data, stored.len, end, stored.len,
			"trailing data after the gzip stream and its zero padding");
		stored.data[end] = 'x';
		check_refused(stored.data, end + 1, end, end + 1,
			"trailing data after the gzip stream and its zero padding");
		pmill_buffer_release(&stored);
	}
}

static void test_gzip_checksum(void **state)
{
	(void)state;
	struct pmill_buffer stored = {0};
	append_gzip(&stored, "text", 4);
	stored.data[stored.len - 8] ^= 1;
	check_refused(stored.data, stored.len, 10, stored.len, "incorrect data check");
	stored.data[stored.len - 8] ^= 1;
	stored.data[stored.len - 4] ^= 1;
	check_refused(stored.data, stored.len, 10, stored.len, "incorrect length check");
	pmill_buffer_release(&stored);
}

static void test_zstd(void **state)
{
	(void)state;
	check_streams(append_zstd);
	check_cuts(append_zstd, "the zstd data is truncated");
	check_damage(append_zstd, "trailing data after it");
	check_refused("\x28\xB5\x2F\xFD plain after all", 20, 0, 20, "damaged zstd data");
}

static void test_zstd_skippable_frames(void **state)
{
	(void)state;
	struct pmill_buffer stored = {0};
	append_zstd_skippable(&stored, "ignored", 7);
	check_stored(stored.data, stored.len, "", 0);
	append_zstd(&stored, "a", 1);
	append_zstd_skippable(&stored, "", 0);
	append_zstd_skippable(&stored, "ignored", 7);
	append_zstd(&stored, "b", 1);
	append_zstd_skippable(&stored, "ignored", 7);
	check_stored(stored.data, stored.len, "ab", 2);
	pmill_buffer_release(&stored);
}

/* A frame whose header requests a window of 1 GiB, beyond zstd's default limit; one raw block. */
static void test_zstd_large_window(void **state)
{
	(void)state;
	static const uint8_t frame[] = {
		0x28, 0xB5, 0x2F, 0xFD, 0x00, (30 - 10) << 3, 0x19, 0, 0, 'a', 'b', 'c'};
	const char *path = scratch_write(&folder, "window", frame, sizeof frame);
	struct pmill_buffer text = {0};
	pmill_error error = {0};
	pmill_status status = read_all(path, 100, &text, NULL, &error);
	/* If the machine refuses the memory, the file is not at fault. */
	assert_true(status == PMILL_OK || status == PMILL_NO_MEMORY);
	if (status == PMILL_OK)
		assert_memory_equal(text.data, "abc", 3);
	pmill_buffer_release(&text);
}

#endif

static void check_unsupported(const char *stored, size_t len, const char *what)
{
	struct pmill_buffer text = {0};
	pmill_error error;
	const char *path = scratch_write(&folder, "unsupported", stored, len);
	assert_int_equal(read_all(path, 10, &text, NULL, &error), PMILL_UNSUPPORTED);
	assert_non_null(strstr(error.message, what));
	pmill_buffer_release(&text);
}

static void test_builds_without_libraries(void **state)
{
	(void)state;
	if (!PMILL_HAVE_ZLIB)
		check_unsupported("\x1F\x8B\x08\x00", 4, "this build has no zlib");
	if (!PMILL_HAVE_ZSTD)
		check_unsupported("\x28\xB5\x2F\xFD", 4, "this build has no zstd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_files_that_cannot_be_read),
		cmocka_unit_test(test_file_that_changes_its_size),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_as_stored),
		cmocka_unit_test(test_plain_pipe),
#if PMILL_HAVE_ZLIB && PMILL_HAVE_ZSTD
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_padding),
		cmocka_unit_test(test_gzip_checksum),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_zstd_skippable_frames),
		cmocka_unit_test(test_zstd_large_window),
#endif
		cmocka_unit_test(test_builds_without_libraries),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
