/* One pretoken → ids, by any of the three meanings of BPE. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_BPE_PRETOKEN_ENCODER_H
#define PMILL_BPE_PRETOKEN_ENCODER_H

#include "bpe/character_cuts.h"
#include "bpe/long_pretoken.h"
#include "bpe/short_pretoken.h"

/* What merging needs from a tokenizer: made once, never changes, shared by threads. */
struct pmill_pretoken_encoder;

pmill_status pmill_pretoken_encoder_create(const struct pmill_tokenizer *tokenizer,
	struct pmill_pretoken_encoder **encoder, pmill_error *error);
void pmill_pretoken_encoder_free(struct pmill_pretoken_encoder *encoder);

/* All ids are below it. */
uint32_t pmill_pretoken_encoder_id_limit(const struct pmill_pretoken_encoder *encoder);

/*
 * Writes at most `len` ids to `ids`, which has room for that many, and their number to `*count`.
 * What is after them in `ids` is lost: long pretokens are merged there. Takes O(n log n), no
 * recursion, and for each byte of a pretoken of more than 64 bytes 0.27 bytes of scratch (up to 2
 * for the shortest of them). A byte missing from the vocab is PMILL_BAD_INPUT with its offset in
 * the pretoken.
 */
pmill_status pmill_pretoken_encoder_encode(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error);

/* The two steps of that: the token that is taken whole, or PMILL_NO_ID; and merging. */
uint32_t pmill_pretoken_encoder_find_whole(
	const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken, size_t len);
pmill_status pmill_pretoken_encoder_merge(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error);

enum { PMILL_MOST_SHORTS = 32 }; /* at once */

struct pmill_short_pretoken {
	const uint8_t *bytes;
	size_t len;
	uint32_t *symbols; /* room for `len` */
	size_t count;      /* set: of symbols */
};

/*
 * Encodes up to PMILL_MOST_SHORTS pretokens of 1 to PMILL_MOST_SHORT_MERGE bytes; the whole tokens
 * are looked up together. The count of one that holds a byte missing from the vocab becomes 0.
 */
void pmill_pretoken_encoder_encode_shorts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_short_pretoken *pretokens, size_t count);

/*
 * Where a pretoken may be cut before merging, as pmill_character_cuts_find. The parts, merged on
 * their own, give what the pretoken gives.
 */
size_t pmill_pretoken_encoder_find_cuts(const struct pmill_pretoken_encoder *encoder,
	struct pmill_cut_walk *walk, size_t *ends, size_t capacity);

/*
 * Merges the bytes of a token, not taken whole, until two parts are left, and sets *rank to the
 * merge that joins them: the one that makes the token, in any text. UINT32_MAX: merging never makes
 * it. `ids` has room for `len`; its first two are the parts.
 */
pmill_status pmill_pretoken_encoder_split(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *token, size_t len, uint32_t *ids,
	uint32_t *rank, pmill_error *error);

#endif
