/* Batches of pretokens, known and in parts, against one by one, by small tokenizers. */
/* SPDX-License-Identifier: MIT */
/*
 * The first bytes make merges of any two tokens, the rest the text, of which each byte is a piece:
 * letters, characters of every length, and what is none. A piece may end a pretoken.
 */
#include "bpe/encode_pretokens.h"
#include "support/small_tokenizer.h"

enum { LONGEST = 4000, MOST_MERGES = 64, MOST_TOKEN = 40, NEXT_ENDS = 0x80 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const pieces[] = {"a", "b", " ", "é", "è", "日", "本", "語", "か",
	"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81", "\x80", "\xE6", "\xE6\x97", "\xC3", "\xFF"};
enum { PIECES = sizeof pieces / sizeof *pieces };

/* Whether the vocab lacks a byte, `flags` says. */
static struct pmill_tokenizer *make_merges(struct byte_source *source, unsigned flags)
{
	struct pmill_tokenizer *tokenizer = pmill_tokenizer_create_empty();
	require(tokenizer != NULL, "memory");
	tokenizer->meaning = (enum pmill_meaning)(flags % 3);
	set_pattern(tokenizer, "none");
	for (size_t i = 0; i + (flags >> 2 & 1) < PIECES; i++)
		for (const char *byte = pieces[i]; *byte != '\0'; byte++)
			add_token(tokenizer, byte, 1);
	const unsigned merges = take_byte(source) % MOST_MERGES;
	for (unsigned i = 0; i < merges; i++) {
		const uint32_t left = take_byte(source) % (uint32_t)tokenizer->vocab.count;
		const uint32_t right = take_byte(source) % (uint32_t)tokenizer->vocab.count;
		if (tokenizer->vocab.tokens[left].len + tokenizer->vocab.tokens[right].len <= MOST_TOKEN)
			add_merge(tokenizer, left, right);
	}
	/* What merging doesn't make is taken whole, or has a rank. */
	for (size_t i = 0; i < PIECES && (flags & 8) != 0; i += 2)
		add_token(tokenizer, pieces[i], strlen(pieces[i]));
	pmill_tokenizer_find_bytes(tokenizer);
	return tokenizer;
}

struct text {
	uint8_t *bytes;
	size_t len, count;
	size_t ends[LONGEST];
};

/* In memory that ends where the text does. */
static void make_text(struct byte_source *source, struct text *text)
{
	uint8_t bytes[LONGEST];
	text->len = text->count = 0;
	while (source->used < source->len && text->len + 4 <= LONGEST) {
		const unsigned value = take_byte(source);
		for (const char *byte = pieces[value % PIECES]; *byte != '\0'; byte++)
			bytes[text->len++] = (uint8_t)*byte;
		if ((value & NEXT_ENDS) != 0)
			text->ends[text->count++] = text->len;
	}
	if (text->len > 0 && (text->count == 0 || text->ends[text->count - 1] < text->len))
		text->ends[text->count++] = text->len;
	text->bytes = malloc(text->len + (text->len == 0));
	require(text->bytes != NULL, "memory");
	memcpy(text->bytes, bytes, text->len);
}

static void compare(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_state *state, const struct text *text)
{
	struct pmill_id_buffer ids = {0};
	struct pmill_pretoken_scratch scratch = {0};
	uint32_t expected[LONGEST];
	size_t begin = 0, at = 0, count = 0;
	pmill_error error, plain_error;
	pmill_status plain = PMILL_OK;
	const pmill_status status = pmill_encode_pretokens(
		state, text->bytes, text->len, 0, text->ends, text->count, &ids, &error);
	for (size_t i = 0; i < text->count && plain == PMILL_OK; at += count, begin = text->ends[i++]) {
		count = 0;
		plain = pmill_pretoken_encoder_encode(encoder, &scratch, text->bytes + begin,
			text->ends[i] - begin, expected, &count, &plain_error);
		require(at + count <= ids.count &&
				memcmp(ids.ids + at, expected, count * sizeof *expected) == 0,
			"ids differ");
		if (plain != PMILL_OK)
			require(status == plain && error.offset == begin + plain_error.offset, "missing byte");
	}
	require(status == plain && ids.count == at, "only one of the two ways fails");
	pmill_pretoken_scratch_release(&scratch);
	free(ids.ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_source source = {data, size, 0};
	const unsigned flags = take_byte(&source);
	struct pmill_tokenizer *tokenizer = make_merges(&source, flags);
	struct pmill_pretoken_encoder *encoder = NULL;
	require(pmill_pretoken_encoder_create(tokenizer, &encoder, NULL) == PMILL_OK, "encoder");
	static struct text text;
	make_text(&source, &text);
	struct pmill_pretoken_state state = {
		.encoder = encoder, .key_maker = pmill_key_maker_fastest()};
	for (int again = 0; again < 2; again++)
		compare(encoder, &state, &text);
	pmill_pretoken_state_release(&state);
	free(text.bytes);
	pmill_pretoken_encoder_free(encoder);
	pmill_tokenizer_free(tokenizer);
	return 0;
}
