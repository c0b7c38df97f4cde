/* Logs the pretokens, special tokens and document ends of a text, chunk by chunk or naively. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_TESTS_SUPPORT_WALK_LOG_H
#define PMILL_TESTS_SUPPORT_WALK_LOG_H

#include <stdio.h>
#include <stdlib.h>

#include "corpus/documents.h"
#include "pretokenize/pretokenizer.h"

/* How text is cut. */
struct walk_settings {
	struct pmill_pretokenizer *pretokenizer;
	struct pmill_special_finder *specials;
	const pmill_bytes *tokens;
	size_t token_count;
	size_t separator_index;
};

struct walk_log {
	struct pmill_buffer events;
	uint64_t documents;
	uint64_t text_bytes;
};

static inline void walk_require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "walk log: %s\n", what);
		abort();
	}
}

static inline void walk_settings_create(struct walk_settings *settings, const char *pattern,
	const char *scanner, const pmill_bytes *tokens, size_t token_count, size_t separator_index)
{
	pmill_error error = {0};
	*settings = (struct walk_settings){
		.tokens = tokens, .token_count = token_count, .separator_index = separator_index};
	pmill_status status = pmill_pretokenizer_create(
		pattern, NULL, scanner, &settings->pretokenizer, &error);
	walk_require(status == PMILL_OK, error.message);
	status = pmill_special_finder_create(tokens, token_count, &settings->specials, &error);
	walk_require(status == PMILL_OK, error.message);
}

static inline void walk_settings_release(struct walk_settings *settings)
{
	pmill_pretokenizer_free(settings->pretokenizer);
	pmill_special_finder_free(settings->specials);
}

static inline void walk_log_release(struct walk_log *log)
{
	pmill_buffer_release(&log->events);
}

static inline void log_pretoken(struct walk_log *log, const uint8_t *text, size_t len)
{
	bool done = pmill_buffer_append_format(&log->events, "P%zu:", len) &&
		pmill_buffer_append(&log->events, text, len);
	walk_require(done, "out of memory");
}

static inline void log_special(struct walk_log *log, size_t index)
{
	walk_require(pmill_buffer_append_format(&log->events, "S%zu;", index), "out of memory");
}

static inline void log_document(struct walk_log *log)
{
	log->documents++;
	walk_require(pmill_buffer_append_text(&log->events, "D;"), "out of memory");
}

/* Pretokens of a text with `lookahead` more bytes after `len`; the last must end at `len`. */
static inline void log_segment(struct walk_log *log, struct pmill_pretoken_cursor *cursor,
	const uint8_t *text, size_t len, size_t lookahead, bool is_final)
{
	size_t begin = 0;
	pmill_error error = {0};
	walk_require(
		pmill_pretoken_cursor_start(cursor, text, len + lookahead, is_final, &error) == PMILL_OK,
		error.message);
	while (begin < len) {
		size_t end, count;
		walk_require(
			pmill_pretoken_cursor_next(cursor, &end, 1, &count, &error) == PMILL_OK, error.message);
		walk_require(count == 1, "the last pretokens of a segment are missing");
		walk_require(end > begin && end <= len, "a pretoken crosses the end of its segment");
		log_pretoken(log, text + begin, end - begin);
		begin = end;
	}
}

/* Walks one chunk as a worker does. Returns the status of the segment walk. */
static inline pmill_status log_chunk(struct walk_log *log, const struct walk_settings *settings,
	struct pmill_segment_walk *walk, const struct pmill_chunk *chunk, pmill_error *error)
{
	struct pmill_pretoken_cursor cursor = {.pretokenizer = settings->pretokenizer};
	struct pmill_segment segment;
	bool is_there = true;
	uint64_t documents = walk->documents - log->documents;
	uint64_t text_bytes = walk->text_bytes;
	walk->specials = settings->specials;
	walk->separator_index = settings->separator_index;
	walk_require(
		!chunk->is_segment_end || chunk->lookahead == 0, "lookahead after the end of a segment");
	pmill_segment_walk_start(walk, chunk);
	pmill_status status = pmill_segment_walk_next(walk, &segment, &is_there, error);
	while (status == PMILL_OK && is_there) {
		log_segment(log, &cursor, segment.text, segment.len, segment.lookahead, segment.is_final);
		if (segment.special != SIZE_MAX)
			log_special(log, segment.special);
		if (segment.ends_document)
			log_document(log);
		status = pmill_segment_walk_next(walk, &segment, &is_there, error);
	}
	log->text_bytes += walk->text_bytes - text_bytes;
	walk_require(walk->documents - log->documents == documents, "documents miscounted");
	pmill_pretoken_cursor_release(&cursor);
	return status;
}

/* ---- The naive walk ---- */

/* The index of the longest token at `text`, or SIZE_MAX. */
static inline size_t find_token_at(
	const struct walk_settings *settings, const uint8_t *text, size_t len)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < settings->token_count; i++) {
		pmill_bytes token = settings->tokens[i];
		if (token.len <= len && memcmp(text, token.data, token.len) == 0 &&
			(found == SIZE_MAX || token.len > settings->tokens[found].len))
			found = i;
	}
	return found;
}

/* A pointer that an offset may be added to. */
static inline const uint8_t *or_empty(const uint8_t *text)
{
	return text != NULL ? text : (const uint8_t *)"";
}

/* Logs a whole file, line or value. */
static inline void log_whole_piece(struct walk_log *log, const struct walk_settings *settings,
	const uint8_t *text, size_t len, bool counts_when_empty)
{
	struct pmill_pretoken_cursor cursor = {.pretokenizer = settings->pretokenizer};
	size_t begin = 0, document = 0, at = 0;
	text = or_empty(text);
	while (at < len) {
		size_t token = find_token_at(settings, text + at, len - at);
		if (token == SIZE_MAX) {
			at++;
			continue;
		}
		log_segment(log, &cursor, text + begin, at - begin, 0, true);
		log_special(log, token);
		at += settings->tokens[token].len;
		begin = at;
		if (token == settings->separator_index) {
			log_document(log);
			document = at;
		}
	}
	log_segment(log, &cursor, text + begin, len - begin, 0, true);
	if (document < len || (len == 0 && counts_when_empty))
		log_document(log);
	log->text_bytes += len;
	pmill_pretoken_cursor_release(&cursor);
}

/* Logs a whole file in one of the formats that store text as it is. */
static inline void log_whole_file(struct walk_log *log, const struct walk_settings *settings,
	enum pmill_corpus_kind kind, const uint8_t *text, size_t len)
{
	size_t begin = 0;
	text = or_empty(text);
	for (size_t at = 0; kind == PMILL_CORPUS_LINES && at < len; at++)
		if (text[at] == '\n') {
			log_whole_piece(log, settings, text + begin, at + 1 - begin, false);
			begin = at + 1;
		}
	log_whole_piece(log, settings, text + begin, len - begin, false);
}

#endif
