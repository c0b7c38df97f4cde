/* Words as tokens: short ones packed one after another, others chained by position. */
/* SPDX-License-Identifier: MIT */
#include "merge/packed_words.h"

#include <stdlib.h>

#include "base/error.h"

enum {
	/* After each share, where vectors read but never write: 17 tokens of 4 bytes after a header. */
	PADDING_UNITS = PMILL_SHARE_PADDING / 8,
	/* Words dealt to one share at a time: neighbouring words have pairs in common. */
	DEALT_WORDS = 256,
	REPORTED_WORDS = 1 << 14, /* between reports of progress: about 1 ms */
};

/* What the words of one share take: first how much, later where it begins. */
struct extent {
	uint64_t units, positions, chained_words;
};

struct packing {
	struct pmill_packed_words *packed;
	const struct pmill_word_list *words;
	const struct pmill_learned_tokens *tokens;
	struct extent *extents;
	struct pmill_progress_state *progress;
};

/* The next word after `word` in its share. */
static size_t next_word(const struct packing *packing, size_t word)
{
	if (++word % DEALT_WORDS == 0)
		word += (size_t)DEALT_WORDS * (packing->packed->share_count - 1);
	return word;
}

static bool is_chained(const struct packing *packing, uint64_t len, int64_t count)
{
	return pmill_packed_word_is_chained(len, count, packing->packed->chained_word_len);
}

static void measure_share(void *context, unsigned share)
{
	const struct packing *packing = context;
	struct extent *extent = &packing->extents[share];
	const struct pmill_word_list *words = packing->words;
	for (size_t i = (size_t)share * DEALT_WORDS; i < words->count; i = next_word(packing, i)) {
		uint64_t len = words->offsets[i + 1] - words->offsets[i];
		if (is_chained(packing, len, words->counts[i])) {
			extent->positions += len;
			extent->chained_words++;
		} else if (len >= 2) {
			extent->units += pmill_packed_word_units(len, packing->packed->is_wide);
		}
	}
	extent->units += PADDING_UNITS;
}

static void pack_short(const struct packing *packing, struct pmill_packed_word *word,
	pmill_bytes source, int64_t count)
{
	const uint16_t *token_of = packing->tokens->token_of;
	const uint8_t *bytes = source.data;
	size_t len = source.len;
	word->header = len | pmill_packed_word_units(len, packing->packed->is_wide) << 8 |
		(uint64_t)count << 16;
	uint32_t *wide = (uint32_t *)(void *)word->tokens;
	for (size_t i = 0; i < len; i++) {
		if (packing->packed->is_wide)
			wide[i] = token_of[bytes[i]];
		else
			word->tokens[i] = token_of[bytes[i]];
	}
}

static void pack_chained(
	const struct packing *packing, uint32_t begin, const uint8_t *bytes, size_t len)
{
	struct pmill_packed_words *packed = packing->packed;
	for (size_t i = 0; i < len; i++) {
		uint32_t at = begin + (uint32_t)i;
		packed->tokens[at] = packing->tokens->token_of[bytes[i]];
		packed->before[at] = i == 0 ? PMILL_NO_POSITION : at - 1;
		packed->after[at] = i + 1 == len ? PMILL_NO_POSITION : at + 1;
	}
}

static void pack_share(void *context, unsigned share)
{
	const struct packing *packing = context;
	struct pmill_packed_words *packed = packing->packed;
	struct extent at = packing->extents[share];
	for (size_t i = (size_t)share * DEALT_WORDS; i < packing->words->count;
		 i = next_word(packing, i)) {
		pmill_bytes bytes = pmill_word_list_word(packing->words, i);
		int64_t count = packing->words->counts[i];
		if (share == 0 && i % REPORTED_WORDS == 0)
			pmill_progress_pass(packing->progress, 0, PMILL_INDEX_PASSES, i, packing->words->count);
		if (is_chained(packing, bytes.len, count)) {
			packed->chained_words[at.chained_words++] = (struct pmill_chained_word){
				(uint32_t)at.positions, count};
			pack_chained(packing, (uint32_t)at.positions, bytes.data, bytes.len);
			at.positions += bytes.len;
		} else if (bytes.len >= 2) {
			struct pmill_packed_word *word = pmill_packed_words_at(packed, at.units);
			pack_short(packing, word, bytes, count);
			at.units += pmill_packed_word_room(word);
		}
	}
}

/* Turns how much each share takes into where that begins. */
static void lay_out(struct pmill_packed_words *packed, struct extent *extents, unsigned count)
{
	struct extent sum = {0};
	for (unsigned i = 0; i < count; i++) {
		struct extent own = extents[i];
		extents[i].units = sum.units;
		extents[i].positions = sum.positions;
		extents[i].chained_words = sum.chained_words;
		sum.units += own.units;
		sum.positions += own.positions;
		sum.chained_words += own.chained_words;
	}
	packed->unit_count = sum.units;
	packed->position_count = sum.positions;
	packed->chained_count = sum.chained_words;
}

static void set_shares(struct pmill_packed_words *packed, const struct extent *extents)
{
	for (unsigned i = 0; i < packed->share_count; i++) {
		bool is_last = i + 1 == packed->share_count;
		size_t units = (is_last ? packed->unit_count : extents[i + 1].units) - PADDING_UNITS;
		size_t positions = is_last ? packed->position_count : extents[i + 1].positions;
		packed->shares[i] = (struct pmill_packed_share){(uint32_t)extents[i].units, (uint32_t)units,
			(uint32_t)(packed->unit_count + extents[i].positions),
			(uint32_t)(packed->unit_count + positions)};
	}
}

static bool allocate(struct pmill_packed_words *packed)
{
	if (packed->unit_count > 0)
		packed->units = pmill_page_pool_allocate_raw(packed->pool, packed->unit_count * 8);
	if (packed->position_count > 0) {
		size_t size = packed->position_count * sizeof(uint32_t);
		packed->tokens = pmill_page_pool_allocate_raw(packed->pool, size);
		packed->before = pmill_page_pool_allocate_raw(packed->pool, size);
		packed->after = pmill_page_pool_allocate_raw(packed->pool, size);
		packed->chained_words = pmill_page_pool_allocate_raw(
			packed->pool, packed->chained_count * sizeof *packed->chained_words);
	}
	return (packed->unit_count == 0 || packed->units != NULL) &&
		(packed->position_count == 0 ||
			(packed->tokens != NULL && packed->before != NULL && packed->after != NULL &&
				packed->chained_words != NULL));
}

static pmill_status pack(
	struct packing *packing, unsigned share_count, struct pmill_team *team, pmill_error *error)
{
	struct pmill_packed_words *packed = packing->packed;
	pmill_team_run(team, measure_share, packing);
	lay_out(packed, packing->extents, share_count);
	if (packed->unit_count + packed->position_count >= UINT32_MAX)
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET,
			"too many distinct words for one training: they would take more than 32 GiB when "
			"packed");
	if (!allocate(packed))
		return pmill_fail_memory(error);
	set_shares(packed, packing->extents);
	pmill_team_run(team, pack_share, packing);
	return PMILL_OK;
}

pmill_status pmill_packed_words_create(struct pmill_packed_words *packed,
	struct pmill_word_list *words, const struct pmill_learned_tokens *tokens, uint64_t token_limit,
	size_t chained_word_len, struct pmill_team *team, struct pmill_page_pool *pool,
	struct pmill_progress_state *progress, pmill_error *error)
{
	unsigned share_count = pmill_team_size(team);
	*packed = (struct pmill_packed_words){.is_wide = token_limit > 65536,
		.chained_word_len = chained_word_len > 0 ? chained_word_len : PMILL_CHAINED_WORD_LEN,
		.share_count = share_count,
		.pool = pool};
	packed->shares = calloc(share_count, sizeof *packed->shares);
	struct extent *extents = calloc(share_count, sizeof *extents);
	struct packing packing = {packed, words, tokens, extents, progress};
	pmill_status status = packed->shares != NULL && extents != NULL
		? pack(&packing, share_count, team, error)
		: pmill_fail_memory(error);
	free(extents);
	if (status == PMILL_OK)
		pmill_word_list_release(words);
	else
		pmill_packed_words_release(packed);
	return status;
}

void pmill_packed_words_release(struct pmill_packed_words *packed)
{
	size_t size = packed->position_count * sizeof(uint32_t);
	if (packed->units != NULL)
		pmill_page_pool_free(packed->pool, packed->units, packed->unit_count * 8);
	if (packed->tokens != NULL)
		pmill_page_pool_free(packed->pool, packed->tokens, size);
	if (packed->before != NULL)
		pmill_page_pool_free(packed->pool, packed->before, size);
	if (packed->after != NULL)
		pmill_page_pool_free(packed->pool, packed->after, size);
	if (packed->chained_words != NULL)
		pmill_page_pool_free(packed->pool, packed->chained_words,
			packed->chained_count * sizeof *packed->chained_words);
	free(packed->shares);
	*packed = (struct pmill_packed_words){0};
}

size_t pmill_packed_words_find_chained(const struct pmill_packed_words *packed, uint32_t position)
{
	size_t low = 0, high = packed->chained_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (packed->chained_words[middle].begin <= position)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool is_before_share(const struct pmill_packed_words *packed, uint32_t place, unsigned share)
{
	return place < packed->unit_count ? place < packed->shares[share].short_begin
									  : place < packed->shares[share].chained_begin;
}

size_t pmill_packed_words_find_share(
	const struct pmill_packed_words *packed, unsigned share, const uint32_t *places, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (is_before_share(packed, places[middle], share))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void pmill_packed_words_narrow(
	const struct pmill_packed_words *packed, unsigned share, const uint32_t **places, size_t *count)
{
	size_t begin = pmill_packed_words_find_share(packed, share, *places, *count), end = *count;
	if (share + 1 < packed->share_count)
		end = pmill_packed_words_find_share(packed, share + 1, *places, *count);
	*places += begin;
	*count = end - begin;
}

static void walk_short(
	const struct pmill_packed_words *packed, size_t unit, pmill_pair_visitor *visit, void *context)
{
	const struct pmill_packed_word *word = pmill_packed_words_at(packed, unit);
	const uint32_t *wide = (const uint32_t *)(const void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	int64_t count = pmill_packed_word_count(word);
	for (size_t i = 0; i + 1 < len; i++) {
		if (packed->is_wide)
			visit(context, wide[i], wide[i + 1], (uint32_t)unit, count);
		else
			visit(context, word->tokens[i], word->tokens[i + 1], (uint32_t)unit, count);
	}
}

void pmill_packed_words_walk(const struct pmill_packed_words *packed,
	const struct pmill_packed_share *share, pmill_pair_visitor *visit, void *context)
{
	for (size_t at = share->short_begin; at < share->short_end;
		 at += pmill_packed_word_room(pmill_packed_words_at(packed, at)))
		walk_short(packed, at, visit, context);
	size_t word = 0;
	for (uint64_t place = share->chained_begin; place < share->chained_end; place++) {
		uint32_t at = (uint32_t)(place - packed->unit_count), next = packed->after[at];
		if (packed->tokens[at] == PMILL_NO_TOKEN || next == PMILL_NO_POSITION)
			continue;
		if (word + 1 < packed->chained_count && packed->chained_words[word + 1].begin <= at)
			word = pmill_packed_words_find_chained(packed, at);
		visit(context, packed->tokens[at], packed->tokens[next], (uint32_t)place,
			packed->chained_words[word].count);
	}
}
