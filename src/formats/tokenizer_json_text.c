/* tokenizer.json: vocabs of models that aren't byte-level, to be inspected and decoded. */
/* SPDX-License-Identifier: MIT */
/*
 * Their tokens are text, in which a decoder replaces something: SentencePiece's U+2581 by a space,
 * <0x0A> by a byte. What it does to the text as a whole (stripping its first space) is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/tokenizer_json.h"
#include "notation/printable_model.h"
#include "unicode/quote.h"

/* The token in work, and where its next form goes. */
struct decoding {
	struct pmill_buffer text, next;
	size_t most; /* bytes it may become: a hostile file would take all memory */
};

/* More than any known file has; each of them is applied to each token. */
enum { MOST_PARTS = 30 };

/* What is left out. */
#define SPACE "decoding keeps a space at the beginning that its decoder would leave out"

/* ---- Parts of the decoder ---- */

static bool append_replaced(struct decoding *decoding, const char *from, const char *to)
{
	const size_t len = strlen(from);
	struct pmill_buffer *text = &decoding->text, *next = &decoding->next;
	next->len = 0;
	bool done = true;
	for (size_t at = 0; at < text->len && done && next->len <= decoding->most;) {
		const bool is_found = len > 0 && len <= text->len - at &&
			memcmp(text->data + at, from, len) == 0;
		done = is_found ? pmill_buffer_append_text(next, to)
						: pmill_buffer_append(next, text->data + at, 1);
		at += is_found ? len : 1;
	}
	const struct pmill_buffer other = *text;
	*text = *next;
	*next = other;
	return done;
}

static bool replace(struct decoding *decoding, const json_t *leaf)
{
	const json_t *from = json_object_get(json_object_get(leaf, "pattern"), "String");
	return !json_is_string(from) ||
		append_replaced(decoding, json_string_value(from), pmill_hf_text(leaf, "content"));
}

static int hex_digit(uint8_t character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* <0x0A> */
static bool decode_byte(struct decoding *decoding, const json_t *leaf)
{
	(void)leaf;
	struct pmill_buffer *text = &decoding->text;
	if (text->len != 6 || memcmp(text->data, "<0x", 3) != 0 || text->data[5] != '>')
		return true;
	const int high = hex_digit(text->data[3]), low = hex_digit(text->data[4]);
	if (high < 0 || low < 0)
		return true;
	text->data[0] = (uint8_t)(high * 16 + low);
	text->len = 1;
	return true;
}

static bool keep(struct decoding *decoding, const json_t *leaf)
{
	(void)decoding;
	(void)leaf;
	return true;
}

static bool replace_metaspace(struct decoding *decoding, const json_t *leaf)
{
	return append_replaced(decoding, pmill_hf_text(leaf, "replacement"), " ");
}

static bool replace_suffix(struct decoding *decoding, const json_t *leaf)
{
	return append_replaced(decoding, pmill_hf_text(leaf, "suffix"), " ");
}

/* Tokens that don't continue a word begin with a space. */
static bool join_word_pieces(struct decoding *decoding, const json_t *leaf)
{
	const char *prefix = pmill_hf_text(leaf, "prefix");
	const size_t len = strlen(prefix);
	struct pmill_buffer *text = &decoding->text;
	if (len > 0 && text->len >= len && memcmp(text->data, prefix, len) == 0) {
		memmove(text->data, text->data + len, text->len - len);
		text->len -= len;
		return true;
	}
	if (!pmill_buffer_reserve(text, 1))
		return false;
	memmove(text->data + 1, text->data, text->len++);
	text->data[0] = ' ';
	return true;
}

static const struct kind {
	const char *type;
	bool (*decode)(struct decoding *decoding, const json_t *leaf);
	const char *left_out; /* NULL: nothing */
} kinds[] = {
	{"Replace", replace, NULL},
	{"ByteFallback", decode_byte, NULL},
	{"Fuse", keep, NULL},
	{"Strip", keep, SPACE},
	{"Metaspace", replace_metaspace, SPACE},
	{"BPEDecoder", replace_suffix, "decoding keeps a space at the end"},
	{"WordPiece", join_word_pieces, SPACE},
};

static const struct kind *find_kind(const json_t *leaf)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].type, pmill_hf_type(leaf)) == 0)
			return &kinds[i];
	return NULL;
}

static pmill_status note_left_out(
	struct pmill_tokenizer *tokenizer, const json_t *decoder, struct pmill_json_error *error)
{
	pmill_status status = PMILL_OK;
	if (json_array_size(decoder) > MOST_PARTS)
		return pmill_fail(error->error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
			"a decoder of %zu parts is not supported", json_array_size(decoder));
	for (size_t i = 0; i < json_array_size(decoder) && status == PMILL_OK; i++) {
		const json_t *leaf = json_array_get(decoder, i);
		const struct kind *kind = find_kind(leaf);
		const char *type = pmill_hf_type(leaf);
		struct pmill_quote quote;
		if (kind == NULL)
			status = pmill_hf_refuse(tokenizer, error,
				"decoding leaves out what its decoder %s does",
				pmill_quote(&quote, type, strlen(type)));
		else if (kind->left_out != NULL)
			status = pmill_hf_refuse(tokenizer, error, "%s", kind->left_out);
	}
	return status;
}

/* ---- The vocab ---- */

/* Unigram's vocab is a list of [token, score]. */
static pmill_status make_object(const json_t *list, json_t **vocab, struct pmill_json_error *error)
{
	json_t *made = json_object();
	pmill_status status = made == NULL ? pmill_fail_memory(error->error) : PMILL_OK;
	for (size_t i = 0; i < json_array_size(list) && status == PMILL_OK; i++) {
		const json_t *token = json_array_get(json_array_get(list, i), 0);
		if (!json_is_string(token))
			status = pmill_json_fail(error, pmill_json_at_item(list, i),
				"entry %zu of the model's vocab has no text", i);
		else if (json_object_get(made, json_string_value(token)) != NULL)
			status = pmill_json_fail(error, pmill_json_at_item(list, i),
				"entry %zu of the model's vocab occurs twice", i);
		else if (json_object_set_new(made, json_string_value(token), json_integer((json_int_t)i)) !=
			0)
			status = pmill_fail_memory(error->error);
	}
	if (status == PMILL_OK)
		*vocab = made;
	else
		json_decref(made);
	return status;
}

pmill_status pmill_hf_vocab_object(
	const json_t *model, json_t **vocab, struct pmill_json_error *error)
{
	json_t *found = json_object_get(model, "vocab");
	if (json_is_array(found) && strcmp(pmill_hf_type(model), "Unigram") == 0)
		return make_object(found, vocab, error);
	if (!json_is_object(found))
		return pmill_json_fail(
			error, pmill_json_at_member(model, "vocab"), "the model's vocab is not an object");
	*vocab = json_incref(found);
	return PMILL_OK;
}

static pmill_status add_token(struct pmill_tokenizer *tokenizer, struct decoding *decoding,
	const char *token, uint32_t id, const json_t *decoder, pmill_error *error)
{
	decoding->text.len = 0;
	decoding->most = 8 * strlen(token) + 1000;
	bool done = pmill_buffer_append_text(&decoding->text, token);
	for (size_t i = 0; i < json_array_size(decoder) && done; i++) {
		const json_t *leaf = json_array_get(decoder, i);
		const struct kind *kind = find_kind(leaf);
		done = kind == NULL || kind->decode(decoding, leaf);
		if (decoding->text.len > decoding->most)
			return pmill_fail(error, PMILL_UNSUPPORTED, PMILL_NO_OFFSET,
				"the token with id %u decodes to more than %zu bytes", (unsigned)id,
				decoding->most);
	}
	if (!done)
		return pmill_fail_memory(error);
	const struct pmill_buffer *text = &decoding->text;
	if (text->len == 0)
		return PMILL_OK;
	/* Two that decode alike (U+2581 and <0x20>) can't both be found by their bytes. */
	const bool is_taken = pmill_vocab_find(&tokenizer->vocab, text->data, text->len) != PMILL_NO_ID;
	return pmill_vocab_add(&tokenizer->vocab, id, text->data, text->len, is_taken, error);
}

pmill_status pmill_hf_read_text_vocab(struct pmill_tokenizer *tokenizer, const json_t *vocab,
	const json_t *decoder, struct pmill_json_error *error)
{
	struct decoding decoding = {0};
	pmill_status status = note_left_out(tokenizer, decoder, error);
	const char *token;
	json_t *value;
	json_object_foreach((json_t *)vocab, token, value)
	{
		uint32_t id;
		if (status != PMILL_OK)
			break;
		status = pmill_printable_read_id(value, json_object_size(vocab), token, &id, error->error);
		if (status != PMILL_OK) {
			pmill_json_blame(error, pmill_json_at_member(vocab, token), status);
			break;
		}
		status = add_token(tokenizer, &decoding, token, id, decoder, error->error);
		if (status != PMILL_OK)
			pmill_json_blame(error, pmill_json_at_key(vocab, token), status);
	}
	pmill_buffer_release(&decoding.text);
	pmill_buffer_release(&decoding.next);
	return status;
}
