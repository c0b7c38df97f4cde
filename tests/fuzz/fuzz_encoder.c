/* Encoding by any model, in any spans and pieces: all calls agree, and ids decode to the text. */
/* SPDX-License-Identifier: MIT */
/*
 * The first bytes make the model, its flags, and spans; the rest is the text, of which small bytes
 * stand for whole tokens, words and marks, so that many of them meet.
 */
#include "support/encode_models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 2000, FUZZ_SPANS = 6, TAIL = 12 };

/* All that an input says. */
struct sample {
	struct pmill_tokenizer *tokenizer;
	pmill_encoder *encoder;
	pmill_policy *policies[ENCODE_POLICIES];
	unsigned kind;
	bool has_flags, strips;
	uint8_t text[LONGEST];
	size_t len, span_count;
	pmill_span spans[FUZZ_SPANS + 1];
	const char *unit;
};

/* ---- The model ---- */

/* Four flags of each token. */
static void set_random_flags(struct sample *sample, struct byte_source *source)
{
	for (size_t i = 0; i < ADDED_TOKENS; i++) {
		const unsigned flags = take_byte(source);
		struct pmill_special *special = &sample->tokenizer->specials[i];
		special->strips_left = flags & 1;
		special->strips_right = flags & 2;
		special->is_single_word = flags & 4;
		special->is_normalized = flags & 8;
		sample->has_flags |= (flags & 15) != 0;
		sample->strips |= (flags & 3) != 0;
	}
}

/* Returns false if a token is already one of the model's own. */
static bool add_specials(struct pmill_tokenizer *tokenizer)
{
	for (size_t i = 0; i < ADDED_TOKENS; i++) {
		const char *content = added_tokens[i].content;
		if (pmill_vocab_find(&tokenizer->vocab, content, strlen(content)) != PMILL_NO_ID)
			return false;
		add_special(tokenizer, content, added_tokens[i].is_special);
	}
	const uint32_t frame[2] = {
		tokenizer->specials[END_TOKEN].id, tokenizer->specials[AAB_TOKEN].id};
	const struct pmill_template whole = {
		.before = &frame[0], .before_count = 1, .after = &frame[1], .after_count = 1};
	require(pmill_tokenizer_set_template(tokenizer, &whole, NULL) == PMILL_OK, "template");
	return true;
}

static bool make_model(struct sample *sample, struct byte_source *source)
{
	static const char *const units[] = {NULL, "byte", "char"};
	unsigned letters;
	const unsigned choice = take_byte(source), flags = take_byte(source);
	sample->kind = choice % ENCODE_MODELS;
	sample->unit = units[flags / 2 % 3];
	sample->tokenizer = make_tokenizer(source, true, false, &letters);
	if (!can_encode(sample->kind) || !add_specials(sample->tokenizer))
		return false;
	if (sample->kind == PLAIN_MODEL || sample->kind > WHOLE_MODEL)
		set_pattern(sample->tokenizer, flags / 8 % 2 ? "cl100k" : "gpt2");
	set_encode_kind(sample->tokenizer, sample->kind);
	if (flags % 2 != 0)
		set_random_flags(sample, source);
	make_encode_policies(sample->tokenizer, sample->policies);
	require(pmill_encoder_create(sample->tokenizer, NULL, &sample->encoder, NULL) == PMILL_OK,
		"encoder");
	return true;
}

static void release(struct sample *sample)
{
	pmill_encoder_free(sample->encoder);
	free_encode_policies(sample->policies);
	pmill_tokenizer_free(sample->tokenizer);
}

/* Whether ids stand for the bytes of the text, one after another. */
static bool is_plain(const struct sample *sample)
{
	return is_plain_model(sample->kind) && !sample->has_flags;
}

/* ---- The text ---- */

static size_t expand(const uint8_t *data, size_t size, uint8_t *text, size_t capacity)
{
	static const char *const pieces[] = {"<|end|>", "<|end|>!", "<think>", "<think> hi", "<|",
		"aab", "hi", "<|end", "|>", "\t", "\n", " hi", "<thi", "nk>", " ", "\xC3\xA9", "e\xCC\x81",
		"\xCC\x81", "\xC3\x89", "\xF0\x9F\x98\x80", "\xE2\x84\xAA", "\xE3\x80\x80", "'s", "_", "bc",
		"!!"};
	const size_t count = sizeof pieces / sizeof *pieces;
	size_t len = 0;
	for (size_t i = 0; i < size; i++) {
		const char raw[2] = {(char)data[i], '\0'};
		const char *piece = data[i] < count ? pieces[data[i]] : raw;
		const size_t piece_len = data[i] < count ? strlen(piece) : 1;
		if (piece_len >= capacity - len)
			break;
		memcpy(text + len, piece, piece_len);
		len += piece_len;
	}
	return len;
}

/* Each span takes a part of what is left; the last one all. */
static void make_spans(struct sample *sample, const uint8_t *head, size_t count)
{
	size_t begin = 0;
	sample->span_count = count;
	for (size_t i = 0; i < count; i++) {
		const size_t left = sample->len - begin;
		const size_t len = i + 1 == count ? left : left * (head[i] / 8u) / 32;
		sample->spans[i] = (pmill_span){
			{sample->text + begin, len}, sample->policies[head[i] % 8 % ENCODE_POLICIES]};
		begin += len;
	}
}

static bool make_sample(struct sample *sample, const uint8_t *data, size_t size)
{
	struct byte_source source = {data, size, 0};
	uint8_t head[FUZZ_SPANS];
	if (!make_model(sample, &source))
		return false;
	const size_t count = 1 + take_byte(&source) % FUZZ_SPANS;
	for (size_t i = 0; i < count; i++)
		head[i] = (uint8_t)take_byte(&source);
	sample->len = expand(data + source.used, size - source.used, sample->text, LONGEST);
	make_spans(sample, head, count);
	return true;
}

/* ---- The ids of the spans ---- */

static void check_offsets(const struct sample *sample, const pmill_ids_view *view, bool is_framed)
{
	uint64_t end = 0;
	for (uint64_t i = 0; view->offsets != NULL && i < view->count; i++) {
		const uint64_t *pair = &view->offsets[2 * i];
		require(pair[0] <= pair[1] && pair[1] <= sample->len, "an offset is out of range");
		require(i == 0 || (pair[0] >= pair[-2] && pair[1] >= pair[-1]), "offsets don't ascend");
		if (!is_plain(sample) || is_framed || strcmp(sample->unit, "byte") != 0)
			continue;
		const pmill_bytes token = pmill_vocab_token(&sample->tokenizer->vocab, id_at(view, i));
		require(pair[0] == end && pair[1] == end + token.len, "offsets aren't those of bytes");
		end = pair[1];
	}
}

static bool frames(const struct sample *sample, size_t span)
{
	return sample->spans[span].policy == sample->policies[FRAMED_POLICY];
}

/* Against the policy of each byte. */
static void check_plainly(
	const struct sample *sample, const pmill_ids *ids, pmill_status status, uint64_t offset)
{
	const pmill_policy *policy_of_byte[LONGEST];
	size_t at = 0;
	const struct pmill_template *template = &sample->tokenizer->template;
	pmill_ids *expected = make_ids(sample->tokenizer, NULL);
	for (size_t i = 0; i < sample->span_count; i++)
		for (size_t k = 0; k < sample->spans[i].text.len; k++)
			policy_of_byte[at++] = sample->spans[i].policy;
	if (frames(sample, 0))
		require(pmill_ids_append(expected, template->before, 1, NULL) == PMILL_OK, "append");
	const size_t forbidden = naive_encode(sample->encoder, sample->policies[UNTRUSTED_POLICY],
		sample->tokenizer, policy_of_byte, sample->text, sample->len, expected);
	require((forbidden == SIZE_MAX) == (status == PMILL_OK), "only one is forbidden");
	require(forbidden == SIZE_MAX || forbidden == offset, "another token is forbidden");
	if (frames(sample, sample->span_count - 1))
		require(pmill_ids_append(expected, template->after, 1, NULL) == PMILL_OK, "append");
	require(pmill_ids_end_document(expected, NULL) == PMILL_OK, "end");
	require(status != PMILL_OK || is_equal_ids(ids, expected), "not as byte by byte");
	pmill_ids_free(expected);
}

/* One policy for all spans is one text. */
static void check_one_policy(struct sample *sample, const pmill_policy *policy)
{
	pmill_span spans[FUZZ_SPANS];
	pmill_ids *ids = make_ids(sample->tokenizer, sample->unit);
	pmill_ids *expected = make_ids(sample->tokenizer, sample->unit);
	pmill_error error = {.offset = 1}, expected_error = {.offset = 1};
	memcpy(spans, sample->spans, sample->span_count * sizeof *spans);
	for (size_t i = 0; i < sample->span_count; i++)
		spans[i].policy = policy;
	const pmill_status status = pmill_encoder_encode(
		sample->encoder, sample->text, sample->len, policy, expected, &expected_error);
	require(pmill_encoder_encode_spans(sample->encoder, spans, sample->span_count, ids, &error) ==
			status,
		"one policy: status");
	require(is_equal_ids(ids, expected), "one policy: ids");
	require(status == PMILL_OK || error.offset == expected_error.offset, "one policy: offset");
	const pmill_ids_view view = view_of(ids);
	for (uint64_t i = 0; policy == sample->policies[UNTRUSTED_POLICY] && i < view.count; i++)
		require(!sample->tokenizer->vocab.tokens[id_at(&view, i)].is_special, "a forged token");
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

/* ---- Counts and limits ---- */

static void check_limit(const struct sample *sample, const pmill_ids_view *whole, uint64_t most)
{
	const uint64_t before = frames(sample, 0), after = frames(sample, sample->span_count - 1);
	pmill_ids *ids = make_ids(sample->tokenizer, "byte");
	uint64_t used = 0;
	const pmill_status status = pmill_encoder_truncate(
		sample->encoder, sample->spans, sample->span_count, most, ids, &used, NULL);
	require(status == (most < before + after ? PMILL_BAD_OPTION : PMILL_OK), "truncate");
	const pmill_ids_view view = view_of(ids);
	const uint64_t count = most < whole->count ? most : whole->count;
	require(status != PMILL_OK || view.count == count, "truncate: count");
	for (uint64_t i = 0; i < view.count; i++)
		require(id_at(&view, i) == id_at(whole, i + after >= count ? whole->count - count + i : i),
			"truncate: not a prefix");
	uint64_t end = 0;
	if (view.count > before + after)
		end = view.offsets[2 * (view.count - after) - 1];
	require(
		status != PMILL_OK || used == (most < whole->count ? end : sample->len), "truncate: used");
	pmill_ids_free(ids);
}

static void check_count(const struct sample *sample, const pmill_ids_view *whole)
{
	uint64_t id_count = 0;
	require(pmill_encoder_count(
				sample->encoder, sample->spans, sample->span_count, &id_count, NULL) == PMILL_OK,
		"count");
	require(id_count == whole->count, "another count");
	check_limit(sample, whole, sample->len % 5);
	check_limit(sample, whole, id_count / 2);
	check_limit(sample, whole, id_count);
	check_limit(sample, whole, id_count + 1);
}

/* ---- Streams ---- */

/* What was given begins the ids of the text so far with anything after it. */
static void check_settled(const struct sample *sample, pmill_encoder *stream,
	const pmill_ids *given, size_t span, size_t len)
{
	static const char *const tails[] = {"|end|>", "hi", "\xCC\x81", " ", "!", ">", "b"};
	pmill_span spans[FUZZ_SPANS + 1];
	uint64_t bytes, id_count;
	const pmill_ids_view view = view_of(given);
	pmill_encoder_settled(stream, &bytes, &id_count);
	require(bytes <= sample->len && view.count == id_count, "settled");
	memcpy(spans, sample->spans, (span + 1) * sizeof *spans);
	spans[span].text.len = len;
	const char *tail = tails[(sample->len + len) % 7];
	spans[span + 1] = (pmill_span){
		{tail, strlen(tail)}, sample->policies[(len + span) % HARMLESS_POLICIES]};
	pmill_ids *ids = make_ids(sample->tokenizer, sample->unit);
	if (pmill_encoder_encode_spans(sample->encoder, spans, span + 2, ids, NULL) == PMILL_OK) {
		const pmill_ids_view changed = view_of(ids);
		require(find_difference(&view, &changed) == id_count, "what was settled changes");
	}
	pmill_ids_free(ids);
}

/* Each span in pieces of 1, 2, 3 and more bytes; goes on with a clone from time to time. */
static pmill_status add_spans(
	const struct sample *sample, pmill_encoder **stream, pmill_ids *ids, pmill_error *error)
{
	size_t step = 1 + sample->len % 7;
	for (size_t i = 0; i < sample->span_count; i++) {
		const pmill_span *span = &sample->spans[i];
		size_t at = 0;
		do {
			const size_t left = span->text.len - at, len = left < step ? left : step;
			const pmill_status status = pmill_encoder_add(
				*stream, (const uint8_t *)span->text.data + at, len, span->policy, ids, error);
			if (status != PMILL_OK)
				return status;
			at += len;
			if (step % 3 == 0)
				check_settled(sample, *stream, ids, i, at);
			if (step % 4 == 0) {
				pmill_encoder *clone = NULL;
				require(pmill_encoder_clone(*stream, &clone, NULL) == PMILL_OK, "clone");
				pmill_encoder_free(*stream);
				*stream = clone;
			}
			step = step % 11 + 1 + step / 11 * 50;
		} while (at < span->text.len);
	}
	return pmill_encoder_finish(*stream, ids, error);
}

static void check_stream(const struct sample *sample, const pmill_ids *expected,
	pmill_status expected_status, const pmill_error *expected_error)
{
	pmill_encoder *stream = NULL;
	pmill_ids *ids = make_ids(sample->tokenizer, sample->unit);
	pmill_error error = {.offset = 1};
	require(pmill_encoder_clone(sample->encoder, &stream, NULL) == PMILL_OK, "clone");
	const pmill_status status = add_spans(sample, &stream, ids, &error);
	require(status == expected_status, "stream: status");
	if (status == PMILL_OK)
		require(is_equal_ids(ids, expected), "stream: ids");
	else
		require(error.offset == expected_error->offset, "stream: offset");
	pmill_ids_free(ids);
	pmill_encoder_free(stream);
}

/* ---- Batches ---- */

static void check_batch(const struct sample *sample)
{
	pmill_bytes texts[FUZZ_SPANS];
	pmill_ids *ids = make_ids(sample->tokenizer, sample->unit);
	pmill_ids *expected = make_ids(sample->tokenizer, sample->unit);
	const pmill_policy *policy = sample->spans[0].policy;
	const pmill_run_options run = {.size = sizeof run, .threads = sample->len % 16 == 0 ? 2 : 1};
	pmill_error error;
	pmill_status expected_status = PMILL_OK;
	size_t first = 0;
	for (size_t i = 0; i < sample->span_count; i++) {
		texts[i] = sample->spans[i].text;
		if (expected_status != PMILL_OK)
			continue;
		first = i;
		expected_status = pmill_encoder_encode(
			sample->encoder, texts[i].data, texts[i].len, policy, expected, NULL);
	}
	const pmill_status status = pmill_encoder_encode_batch(
		sample->encoder, texts, sample->span_count, policy, &run, ids, &error);
	require(status == expected_status, "batch: status");
	if (status == PMILL_OK)
		require(is_equal_ids(ids, expected), "batch: ids");
	else
		require(error.offset == first && view_of(ids).count == 0, "batch: failure");
	pmill_ids_free(ids);
	pmill_ids_free(expected);
}

/* ---- Decoding ---- */

static void check_decoded(const struct sample *sample, const uint32_t *ids, size_t count)
{
	void *back = NULL;
	size_t len = 0;
	require(
		pmill_tokenizer_decode(sample->tokenizer, ids, count, NULL, &back, &len, NULL) == PMILL_OK,
		"decode");
	require(
		len == sample->len && (len == 0 || memcmp(back, sample->text, len) == 0), "text differs");
	pmill_memory_free(back);
}

static void check_streamed(const struct sample *sample, const uint32_t *ids, size_t count)
{
	struct pmill_stream_decoder *decoder = NULL;
	size_t done = 0;
	require(pmill_stream_decoder_create(sample->tokenizer, NULL, &decoder, NULL) == PMILL_OK,
		"decoder");
	for (size_t i = 0; i <= count; i++) {
		pmill_bytes given = {0};
		if (i == count)
			given = pmill_stream_decoder_finish(decoder);
		else
			require(
				pmill_stream_decoder_add(decoder, ids + i, 1, &given, NULL) == PMILL_OK, "stream");
		require(given.len <= sample->len - done, "the stream is too long");
		require(given.len == 0 || memcmp(given.data, sample->text + done, given.len) == 0,
			"the stream differs");
		done += given.len;
	}
	require(done == sample->len, "the stream is too short");
	pmill_stream_decoder_free(decoder);
}

static void decode(const struct sample *sample, const pmill_ids_view *view)
{
	uint32_t *ids = malloc((view->count + 1) * sizeof *ids);
	require(ids != NULL, "memory");
	for (uint64_t i = 0; i < view->count; i++)
		ids[i] = id_at(view, i);
	check_decoded(sample, ids, (size_t)view->count);
	check_streamed(sample, ids, (size_t)view->count);
	free(ids);
}

/* ---- All ---- */

static void check(struct sample *sample)
{
	pmill_ids *ids = make_ids(sample->tokenizer, sample->unit);
	pmill_error error = {.offset = PMILL_NO_OFFSET};
	const pmill_status status = pmill_encoder_encode_spans(
		sample->encoder, sample->spans, sample->span_count, ids, &error);
	const pmill_ids_view view = view_of(ids);
	const bool is_framed = frames(sample, 0) || frames(sample, sample->span_count - 1);
	if (status != PMILL_OK) {
		require(status == PMILL_BAD_INPUT && error.offset < sample->len, "encode");
		require(view.count == 0 && view.document_count == 0, "ids after a failure");
	} else {
		check_offsets(sample, &view, is_framed);
		check_count(sample, &view);
		if (is_plain_model(sample->kind) && !sample->strips && !is_framed)
			decode(sample, &view);
	}
	if (is_plain(sample))
		check_plainly(sample, ids, status, error.offset);
	check_stream(sample, ids, status, &error);
	for (size_t i = 0; i < ENCODE_POLICIES; i++)
		check_one_policy(sample, sample->policies[i]);
	check_batch(sample);
	pmill_ids_free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample sample = {0};
	if (make_sample(&sample, data, size))
		check(&sample);
	release(&sample);
	return 0;
}
