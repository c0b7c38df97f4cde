/* GGUF files for tests, put together value by value. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_GGUF_FILE_H
#define PMILL_TESTS_SUPPORT_GGUF_FILE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "unicode/printable.h"

/* The keys come first in `body`; gguf_finish writes what is before them. */
struct gguf_file {
	struct pmill_buffer body, whole;
	uint64_t keys;
};

static inline void gguf_require(bool done)
{
	if (!done)
		abort();
}

static inline void gguf_number(struct gguf_file *file, uint64_t number, size_t len)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	gguf_require(pmill_buffer_append(&file->body, bytes, len));
}

static inline void gguf_bytes(struct gguf_file *file, const void *data, size_t len)
{
	gguf_number(file, len, 8);
	gguf_require(pmill_buffer_append(&file->body, data, len));
}

static inline void gguf_key(struct gguf_file *file, const char *key, uint32_t type)
{
	gguf_bytes(file, key, strlen(key));
	gguf_number(file, type, 4);
	file->keys++;
}

static inline void gguf_text(struct gguf_file *file, const char *key, const char *text)
{
	gguf_key(file, key, 8);
	gguf_bytes(file, text, strlen(text));
}

static inline void gguf_u32(struct gguf_file *file, const char *key, uint32_t number)
{
	gguf_key(file, key, 4);
	gguf_number(file, number, 4);
}

static inline void gguf_bool(struct gguf_file *file, const char *key, bool value)
{
	gguf_key(file, key, 7);
	gguf_number(file, value, 1);
}

static inline void gguf_array(
	struct gguf_file *file, const char *key, uint32_t element, uint64_t count)
{
	gguf_key(file, key, 9);
	gguf_number(file, element, 4);
	gguf_number(file, count, 8);
}

/* Strings up to a NULL. */
static inline void gguf_texts(struct gguf_file *file, const char *key, const char *const *texts)
{
	uint64_t count = 0;
	while (texts[count] != NULL)
		count++;
	gguf_array(file, key, 8, count);
	for (uint64_t i = 0; i < count; i++)
		gguf_bytes(file, texts[i], strlen(texts[i]));
}

/* The 256 bytes in printable form, by value, and then `more` up to a NULL. */
static inline void gguf_tokens(struct gguf_file *file, const char *const *more)
{
	uint64_t count = 0;
	while (more[count] != NULL)
		count++;
	gguf_array(file, "tokenizer.ggml.tokens", 8, 256 + count);
	for (int byte = 0; byte < 256; byte++) {
		const uint8_t value = (uint8_t)byte;
		struct pmill_buffer text = {0};
		gguf_require(pmill_printable_append(&text, &value, 1));
		gguf_bytes(file, text.data, text.len);
		pmill_buffer_release(&text);
	}
	for (uint64_t i = 0; i < count; i++)
		gguf_bytes(file, more[i], strlen(more[i]));
}

/* A type for each of `more`; the bytes are normal. */
static inline void gguf_types(struct gguf_file *file, const int *more, size_t count)
{
	gguf_array(file, "tokenizer.ggml.token_type", 5, 256 + count);
	for (int byte = 0; byte < 256; byte++)
		gguf_number(file, 1, 4);
	for (size_t i = 0; i < count; i++)
		gguf_number(file, (uint64_t)more[i], 4);
}

/* The bytes of the file, valid until it is changed or released. */
static inline struct pmill_buffer gguf_finish(struct gguf_file *file, uint32_t version)
{
	struct gguf_file head = {0};
	file->whole.len = 0;
	gguf_number(&head, version, 4);
	gguf_number(&head, 0, 8);
	gguf_number(&head, file->keys, 8);
	gguf_require(pmill_buffer_append_text(&file->whole, "GGUF") &&
		pmill_buffer_append(&file->whole, head.body.data, head.body.len) &&
		pmill_buffer_append(&file->whole, file->body.data, file->body.len));
	pmill_buffer_release(&head.body);
	return file->whole;
}

static inline void gguf_release(struct gguf_file *file)
{
	pmill_buffer_release(&file->body);
	pmill_buffer_release(&file->whole);
	file->keys = 0;
}

#endif
