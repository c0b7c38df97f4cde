/* Vocab and merges spelled in printable bytes. */
/* SPDX-License-Identifier: MIT */
#include "notation/printable_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/merges.h"
#include "notation/json.h"
#include "unicode/printable.h"
#include "unicode/quote.h"
#include "unicode/utf8.h"

void pmill_printable_reader_release(struct pmill_printable_reader *reader)
{
	pmill_buffer_release(&reader->left);
	pmill_buffer_release(&reader->joined);
}

/* Appends the bytes that `text` spells. */
static pmill_status parse_text(
	struct pmill_buffer *out, const char *text, size_t len, pmill_error *error)
{
	size_t bad_offset;
	if (pmill_printable_parse(out, text, len, &bad_offset))
		return PMILL_OK;
	if (bad_offset == SIZE_MAX)
		return pmill_fail_memory(error);
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"the token %s is not spelled in printable bytes (if it is special, name it as a special "
		"token)",
		pmill_quote(&quote, text, len));
}

pmill_status pmill_printable_read_id(
	const json_t *value, size_t entries, const char *token, uint32_t *id, pmill_error *error)
{
	struct pmill_quote quote;
	if (!json_is_integer(value))
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the id of the token %s is not an integer", pmill_quote(&quote, token, strlen(token)));
	const json_int_t number = json_integer_value(value);
	if (number < 0 || (uint64_t)number >= (uint64_t)entries + PMILL_MOST_HOLES ||
		number >= PMILL_NO_ID)
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the token %s has the id %lld, which is out of range among %zu tokens",
			pmill_quote(&quote, token, strlen(token)), (long long)number, entries);
	*id = (uint32_t)number;
	return PMILL_OK;
}

/* Whether a text is the printable form of one byte. */
static bool spells_byte(pmill_bytes text)
{
	uint32_t code_point;
	return text.len > 0 && pmill_utf8_decode(text.data, text.len, &code_point) == text.len &&
		pmill_printable_to_byte(code_point) >= 0;
}

static bool is_left_out(const struct pmill_printable_reader *reader, const char *token)
{
	if (reader->added == NULL || json_object_get(reader->added, token) == NULL)
		return false;
	return !reader->follows_hf || !spells_byte((pmill_bytes){token, strlen(token)});
}

static pmill_status read_entry(
	struct pmill_printable_reader *reader, const char *token, uint32_t id, pmill_error *error)
{
	struct pmill_vocab *vocab = &reader->tokenizer->vocab;
	reader->joined.len = 0;
	const pmill_status status = parse_text(&reader->joined, token, strlen(token), error);
	if (status == PMILL_BAD_INPUT && reader->follows_hf)
		return pmill_vocab_add_read(vocab, id, token, strlen(token), true, error);
	return status == PMILL_OK
		? pmill_vocab_add_read(vocab, id, reader->joined.data, reader->joined.len, false, error)
		: status;
}

pmill_status pmill_printable_read_vocab(
	struct pmill_printable_reader *reader, const json_t *vocab, struct pmill_json_error *error)
{
	const size_t entries = json_object_size(vocab) +
		(reader->added == NULL ? 0 : json_object_size(reader->added));
	reader->vocab = vocab;
	const char *token;
	json_t *value;
	if (!pmill_vocab_reserve(&reader->tokenizer->vocab, json_object_size(vocab)))
		return pmill_fail_memory(error->error);
	json_object_foreach((json_t *)vocab, token, value)
	{
		uint32_t id;
		if (is_left_out(reader, token))
			continue;
		pmill_status status = pmill_printable_read_id(value, entries, token, &id, error->error);
		if (status != PMILL_OK)
			return pmill_json_blame(error, pmill_json_at_member(vocab, token), status);
		status = read_entry(reader, token, id, error->error);
		if (status != PMILL_OK)
			return pmill_json_blame(error, pmill_json_at_key(vocab, token), status);
	}
	return PMILL_OK;
}

static pmill_status fail_missing(const struct pmill_printable_reader *reader,
	const struct pmill_buffer *text, bool is_added, pmill_error *error)
{
	struct pmill_quote quote;
	pmill_quote(&quote, text->data, text->len);
	const size_t rank = reader->tokenizer->listed_count;
	if (is_added)
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"merge %zu: %s is also an added token", rank, quote.text);
	return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
		"merge %zu: the token %s is not in the vocab", rank, quote.text);
}

/* `spelled` is in the vocab, `bytes` is what it spells. */
static pmill_status add_left_out(struct pmill_printable_reader *reader, const char *spelled,
	const struct pmill_buffer *bytes, uint32_t *id, pmill_error *error)
{
	const json_t *vocab = reader->vocab;
	pmill_status status = pmill_printable_read_id(
		json_object_get(vocab, spelled), json_object_size(vocab), spelled, id, error);
	if (status != PMILL_OK) {
		reader->fault = pmill_json_at_member(vocab, spelled);
		return status;
	}
	status = pmill_vocab_add(&reader->tokenizer->vocab, *id, bytes->data, bytes->len, false, error);
	if (status != PMILL_OK)
		reader->fault = pmill_json_at_key(vocab, spelled);
	return status;
}

/* An added token that was left out of the vocab may be what is missing. */
static pmill_status find_missing(struct pmill_printable_reader *reader,
	const struct pmill_buffer *bytes, uint32_t *id, pmill_error *error)
{
	struct pmill_buffer text = {0};
	if (!pmill_printable_append(&text, bytes->data, bytes->len) || !pmill_buffer_terminate(&text)) {
		pmill_buffer_release(&text);
		return pmill_fail_memory(error);
	}
	const char *spelled = (const char *)text.data;
	const bool is_added = reader->added != NULL && json_object_get(reader->added, spelled) != NULL;
	const bool is_there = is_added && reader->follows_hf &&
		json_object_get(reader->vocab, spelled) != NULL;
	const pmill_status status = is_there ? add_left_out(reader, spelled, bytes, id, error)
										 : fail_missing(reader, &text, is_added, error);
	pmill_buffer_release(&text);
	return status;
}

static pmill_status find_part(struct pmill_printable_reader *reader,
	const struct pmill_buffer *bytes, uint32_t *id, pmill_error *error)
{
	*id = pmill_vocab_find(&reader->tokenizer->vocab, bytes->data, bytes->len);
	return *id == PMILL_NO_ID ? find_missing(reader, bytes, id, error) : PMILL_OK;
}

static pmill_status append_merge(
	struct pmill_printable_reader *reader, struct pmill_merge merge, pmill_error *error)
{
	struct pmill_tokenizer *tokenizer = reader->tokenizer;
	void *merges = tokenizer->listed_merges;
	if (!pmill_array_reserve(&merges, &reader->merge_capacity, tokenizer->listed_count + 1,
			sizeof *tokenizer->listed_merges))
		return pmill_fail_memory(error);
	tokenizer->listed_merges = merges;
	tokenizer->listed_merges[tokenizer->listed_count++] = merge;
	return PMILL_OK;
}

/* Says what is wrong with the first part that can't be found, in the order they are written. */
static pmill_status find_merge(struct pmill_printable_reader *reader, const char *left,
	size_t left_len, const char *right, size_t right_len, pmill_error *error)
{
	struct pmill_merge merge;
	reader->left.len = 0;
	reader->joined.len = 0;
	pmill_status status = parse_text(&reader->left, left, left_len, error);
	if (status == PMILL_OK)
		status = find_part(reader, &reader->left, &merge.left, error);
	if (status == PMILL_OK)
		status = parse_text(&reader->joined, right, right_len, error);
	if (status == PMILL_OK)
		status = find_part(reader, &reader->joined, &merge.right, error);
	if (status != PMILL_OK)
		return status;
	if (!pmill_buffer_append(&reader->left, reader->joined.data, reader->joined.len))
		return pmill_fail_memory(error);
	status = find_part(reader, &reader->left, &merge.id, error);
	return status == PMILL_OK ? append_merge(reader, merge, error) : status;
}

/* Appends what both parts spell to `left`. Sets *cut to 0 if one of them spells no bytes. */
static pmill_status join_parts(struct pmill_printable_reader *reader, const char *left,
	size_t left_len, const char *right, size_t right_len, size_t *cut, pmill_error *error)
{
	size_t bad_offset = 0;
	reader->left.len = *cut = 0;
	if (!pmill_printable_parse(&reader->left, left, left_len, &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(error) : PMILL_OK;
	const size_t len = reader->left.len;
	if (!pmill_printable_parse(&reader->left, right, right_len, &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(error) : PMILL_OK;
	*cut = reader->left.len == len ? 0 : len;
	return PMILL_OK;
}

/* All three tokens at once, as each look-up waits for memory; else one by one, for the error. */
pmill_status pmill_printable_add_merge(struct pmill_printable_reader *reader, const char *left,
	size_t left_len, const char *right, size_t right_len, pmill_error *error)
{
	size_t cut;
	const pmill_status status = join_parts(reader, left, left_len, right, right_len, &cut, error);
	if (status != PMILL_OK)
		return status;
	if (cut == 0)
		return find_merge(reader, left, left_len, right, right_len, error);
	const struct pmill_buffer *joined = &reader->left;
	const pmill_bytes strings[3] = {
		{joined->data, cut}, {joined->data + cut, joined->len - cut}, {joined->data, joined->len}};
	uint32_t ids[3];
	pmill_vocab_find_many(&reader->tokenizer->vocab, strings, 3, ids);
	return ids[0] != PMILL_NO_ID && ids[1] != PMILL_NO_ID && ids[2] != PMILL_NO_ID
		? append_merge(reader, (struct pmill_merge){ids[0], ids[1], ids[2]}, error)
		: find_merge(reader, left, left_len, right, right_len, error);
}

pmill_status pmill_printable_add_line(
	struct pmill_printable_reader *reader, const char *line, size_t len, pmill_error *error)
{
	const char *space = memchr(line, ' ', len);
	const size_t left_len = space == NULL ? len : (size_t)(space - line);
	const size_t right_len = space == NULL ? 0 : len - left_len - 1;
	if (left_len == 0 || right_len == 0 || memchr(space + 1, ' ', right_len) != NULL) {
		struct pmill_quote quote;
		return pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"merge %zu: %s is not two tokens separated by one space",
			reader->tokenizer->listed_count, pmill_quote(&quote, line, len));
	}
	return pmill_printable_add_merge(reader, line, left_len, space + 1, right_len, error);
}

#define VERSION "#version" /* begins a line that is skipped */
#define VERSION_LEN (sizeof VERSION - 1)

/*
 * Hugging Face's reader skips every line that begins with #version, not only the first. A left part
 * never has a space, so such a line can only come from a left part that begins so.
 */
pmill_status pmill_printable_check_lines(
	const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	const struct pmill_merge *merges;
	size_t count;
	const pmill_status status = pmill_tokenizer_find_merges(tokenizer, &merges, &count, error);
	if (status != PMILL_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, merges[i].left);
		if (left.len < VERSION_LEN || memcmp(left.data, VERSION, VERSION_LEN) != 0)
			continue;
		const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, merges[i].right);
		struct pmill_quote quote, other;
		return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"merges.txt can't hold the merge of %s and %s: its readers skip lines that begin with "
			"#version (a tokenizer.json holds it)",
			pmill_quote(&quote, left.data, left.len), pmill_quote(&other, right.data, right.len));
	}
	return PMILL_OK;
}

static int compare_pairs(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

/* The rank of the second merge of a pair that occurs twice. */
static size_t find_second(const struct pmill_tokenizer *tokenizer, uint32_t left, uint32_t right)
{
	size_t rank = 0;
	for (int seen = 0; seen < 2; rank++)
		seen += tokenizer->listed_merges[rank].left == left &&
			tokenizer->listed_merges[rank].right == right;
	return rank - 1;
}

/* Names the first that is there twice, by the ids of its pair. */
static pmill_status fail_repeat(
	const struct pmill_tokenizer *tokenizer, size_t *rank, pmill_error *error)
{
	const size_t count = tokenizer->listed_count;
	uint64_t *pairs = count > SIZE_MAX / sizeof *pairs ? NULL : malloc(count * sizeof *pairs);
	if (pairs == NULL)
		return pmill_fail_memory(error);
	for (size_t i = 0; i < count; i++)
		pairs[i] = (uint64_t)tokenizer->listed_merges[i].left << 32 |
			tokenizer->listed_merges[i].right;
	qsort(pairs, count, sizeof *pairs, compare_pairs);
	pmill_status status = PMILL_OK;
	for (size_t i = 1; i < count && status == PMILL_OK; i++) {
		if (pairs[i - 1] != pairs[i])
			continue;
		*rank = find_second(tokenizer, (uint32_t)(pairs[i] >> 32), (uint32_t)pairs[i]);
		const pmill_bytes left = pmill_vocab_token(&tokenizer->vocab, (uint32_t)(pairs[i] >> 32));
		const pmill_bytes right = pmill_vocab_token(&tokenizer->vocab, (uint32_t)pairs[i]);
		struct pmill_quote quote, other;
		status = pmill_fail(error, PMILL_BAD_INPUT, PMILL_NO_OFFSET,
			"the merge of %s and %s occurs twice", pmill_quote(&quote, left.data, left.len),
			pmill_quote(&other, right.data, right.len));
	}
	free(pairs);
	return status;
}

static int compare_numbers(const void *left, const void *right)
{
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

/* Sorts them. */
static bool has_repeats(uint32_t *numbers, size_t count)
{
	if (count > 1)
		qsort(numbers, count, sizeof *numbers, compare_numbers);
	for (size_t i = 1; i < count; i++)
		if (numbers[i - 1] == numbers[i])
			return true;
	return false;
}

/*
 * Merges that make the same token are the same if their left tokens are. `starts`, zeroed, has room
 * for vocab.count + 2 numbers; `lefts` for one of each merge.
 */
static bool repeats_merge(const struct pmill_tokenizer *tokenizer, size_t *starts, uint32_t *lefts)
{
	const struct pmill_merge *merges = tokenizer->listed_merges;
	const size_t count = tokenizer->listed_count, ids = tokenizer->vocab.count;
	for (size_t i = 0; i < count; i++)
		starts[merges[i].id + 2]++;
	for (size_t id = 0; id < ids; id++)
		starts[id + 2] += starts[id + 1];
	for (size_t i = 0; i < count; i++)
		lefts[starts[merges[i].id + 1]++] = merges[i].left;
	for (size_t id = 0; id < ids; id++)
		if (has_repeats(lefts + starts[id], starts[id + 1] - starts[id]))
			return true;
	return false;
}

pmill_status pmill_printable_check_merges(
	const struct pmill_tokenizer *tokenizer, size_t *rank, pmill_error *error)
{
	const size_t count = tokenizer->listed_count;
	if (count == 0)
		return PMILL_OK;
	size_t *starts = calloc(tokenizer->vocab.count + 2, sizeof *starts);
	uint32_t *lefts = pmill_array_allocate(count, sizeof *lefts);
	pmill_status status = starts == NULL || lefts == NULL ? pmill_fail_memory(error) : PMILL_OK;
	if (status == PMILL_OK && repeats_merge(tokenizer, starts, lefts))
		status = fail_repeat(tokenizer, rank, error);
	free(starts);
	free(lefts);
	return status;
}

pmill_status pmill_printable_check_special(pmill_bytes content, pmill_error *error)
{
	const char *reason = NULL;
	if (content.len == 0)
		reason = "is empty";
	else if (!pmill_json_is_text(content.data, content.len))
		reason = "is not UTF-8, so JSON can't hold it";
	else if (memchr(content.data, 0, content.len) != NULL)
		reason = "contains a NUL byte, which many JSON readers refuse";
	else if (spells_byte(content))
		reason = "is spelled like the printable form of a byte: readers would confuse the two";
	if (reason == NULL)
		return PMILL_OK;
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET, "the special token %s %s",
		pmill_quote(&quote, content.data, content.len), reason);
}

static pmill_status check_spelling(const struct pmill_tokenizer *tokenizer, pmill_bytes content,
	struct pmill_buffer *bytes, pmill_error *error)
{
	size_t bad_offset;
	bytes->len = 0;
	if (!pmill_printable_parse(bytes, content.data, content.len, &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(error) : PMILL_OK;
	if (pmill_vocab_find(&tokenizer->vocab, bytes->data, bytes->len) == PMILL_NO_ID)
		return PMILL_OK;
	struct pmill_quote quote;
	return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
		"the special token %s is spelled like another token's printable form: readers would "
		"confuse "
		"the two",
		pmill_quote(&quote, content.data, content.len));
}

/* Whether it is an ordinary token too, with the same spelling and id, as tokenizer.json allows. */
static pmill_status check_shared(const struct pmill_tokenizer *tokenizer,
	const struct pmill_special *special, struct pmill_buffer *text, bool *is_shared,
	pmill_error *error)
{
	const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, special->id);
	*is_shared = false;
	if (token.data == NULL || tokenizer->vocab.tokens[special->id].is_special)
		return PMILL_OK;
	text->len = 0;
	if (!pmill_printable_append(text, token.data, token.len))
		return pmill_fail_memory(error);
	*is_shared = text->len == special->content.len &&
		memcmp(text->data, special->content.data, text->len) == 0;
	return PMILL_OK;
}

static pmill_status check_specials(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	struct pmill_buffer bytes = {0};
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < tokenizer->special_count && status == PMILL_OK; i++) {
		bool is_shared;
		status = check_shared(tokenizer, &tokenizer->specials[i], &bytes, &is_shared, error);
		if (status != PMILL_OK || is_shared)
			continue;
		status = pmill_printable_check_special(tokenizer->specials[i].content, error);
		if (status == PMILL_OK)
			status = check_spelling(tokenizer, tokenizer->specials[i].content, &bytes, error);
	}
	pmill_buffer_release(&bytes);
	return status;
}

/* The offset of a byte that is not a token of its own, or the length. */
static size_t find_missing_byte(const struct pmill_tokenizer *tokenizer, pmill_bytes token)
{
	size_t at = 0;
	while (at < token.len && tokenizer->byte_ids[((const uint8_t *)token.data)[at]] != PMILL_NO_ID)
		at++;
	return at;
}

/*
 * The merges of such a model are one for each token that merging can make (model/splitter): a merge
 * list means the same, but for tokens with a byte that the list can't begin with.
 */
static pmill_status check_ranks(const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		const struct pmill_vocab_token *token = &tokenizer->vocab.tokens[id];
		if (token->len < 2 || token->is_special)
			continue;
		const pmill_bytes bytes = pmill_vocab_token(&tokenizer->vocab, id);
		const size_t missing = find_missing_byte(tokenizer, bytes);
		struct pmill_quote quote;
		if (missing < bytes.len)
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"the token %s (id %u) can't be made by merging, since the vocab lacks its byte "
				"0x%02X: a merge list would mean something else (a .tiktoken file holds it)",
				pmill_quote(&quote, bytes.data, bytes.len), id,
				((const uint8_t *)bytes.data)[missing]);
	}
	return pmill_tokenizer_prepare_merges(tokenizer, error); /* for writing */
}

uint32_t pmill_printable_find_unmade(const struct pmill_tokenizer *tokenizer)
{
	const struct pmill_merge *merges;
	size_t count, next = 0;
	pmill_tokenizer_find_merges(tokenizer, &merges, &count, NULL);
	for (uint32_t id = 0; id < tokenizer->vocab.count; id++) {
		const struct pmill_vocab_token *token = &tokenizer->vocab.tokens[id];
		if (token->len < 2 || token->is_special)
			continue;
		if (next == count || merges[next].id != id)
			return id;
		next++;
	}
	return PMILL_NO_ID;
}

bool pmill_printable_ignores_merges(const struct pmill_tokenizer *tokenizer)
{
	return tokenizer->meaning == PMILL_MEANING_IGNORE_MERGES ||
		(tokenizer->meaning == PMILL_MEANING_RANK_BY_ID &&
			pmill_printable_find_unmade(tokenizer) != PMILL_NO_ID);
}

pmill_status pmill_printable_check_model(
	const struct pmill_tokenizer *tokenizer, pmill_error *error)
{
	pmill_status status = check_specials(tokenizer, error);
	if (status == PMILL_OK && tokenizer->meaning == PMILL_MEANING_RANK_BY_ID)
		status = check_ranks(tokenizer, error);
	return status;
}

bool pmill_printable_write_vocab(const struct pmill_tokenizer *tokenizer, size_t end,
	struct pmill_buffer *out, const char *before, const char *close)
{
	bool done = pmill_buffer_append(out, "{", 1);
	bool is_first = true;
	for (uint32_t id = 0; id < tokenizer->vocab.count && id < end && done; id++) {
		const pmill_bytes token = pmill_vocab_token(&tokenizer->vocab, id);
		if (token.data == NULL)
			continue;
		done = (is_first || pmill_buffer_append(out, ",", 1)) &&
			pmill_buffer_append_text(out, before) &&
			(tokenizer->vocab.tokens[id].is_special
					? pmill_json_append_string(out, token.data, token.len)
					: pmill_json_append_printable(out, token.data, token.len)) &&
			pmill_buffer_append_format(out, ": %u", id);
		is_first = false;
	}
	return done && pmill_buffer_append_text(out, close);
}
