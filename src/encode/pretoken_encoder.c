/* One pretoken → ids: merges the leftmost pair of lowest rank until no pair is left. */
/* SPDX-License-Identifier: MIT */
/*
 * All three meanings of BPE use one table, pair → rank. For a merge list it holds the merges. For
 * ranks by id it holds every way to split a token into two parts that can occur in a pretoken, and
 * the rank is the token's id: two neighbours are in the table exactly if their joined bytes are a
 * token.
 *
 * A part is a token, or a byte missing from the vocab: such a byte gets its own symbol after the
 * ids, because a token may begin with it. One that is left at the end is an error.
 */
#include "encode/pretoken_encoder.h"

#include <stdlib.h>

#include "base/error.h"
#include "encode/pair_table.h"
#include "encode/token_splits.h"

#define INLINE static inline __attribute__((always_inline))
#define NO_NODE UINT32_MAX

/* Up to this many bytes, scanning all ranks beats a heap; both arrays fit in eight cache lines. */
enum { SHORT_PRETOKEN = 64 };

struct pmill_pretoken_encoder {
	const struct pmill_tokenizer *tokenizer;
	struct pmill_pair_table pairs;
	uint32_t *ids;       /* rank → id; NULL: they are equal */
	uint32_t first_byte; /* symbols from here on are bytes missing from the vocab */
	uint32_t symbols[256];
	bool takes_whole; /* a pretoken that is a token is taken whole */
};

static uint32_t find_rank(
	const struct pmill_pretoken_encoder *encoder, uint32_t left, uint32_t right)
{
	return pmill_pair_table_find(&encoder->pairs, left, right);
}

static uint32_t id_of_rank(const struct pmill_pretoken_encoder *encoder, uint32_t rank)
{
	return encoder->ids == NULL ? rank : encoder->ids[rank];
}

static bool is_byte(const struct pmill_pretoken_encoder *encoder, uint32_t symbol, uint8_t *byte)
{
	const pmill_bytes token = pmill_vocab_token(&encoder->tokenizer->vocab, symbol);
	if (token.len != 1)
		return false;
	*byte = *(const uint8_t *)token.data;
	return encoder->symbols[*byte] == symbol;
}

static bool add_merge(
	struct pmill_pretoken_encoder *encoder, const struct pmill_merge *merge, uint32_t rank)
{
	uint8_t left, right;
	if (is_byte(encoder, merge->left, &left) && is_byte(encoder, merge->right, &right))
		pmill_pair_table_add_bytes(&encoder->pairs, left, right, rank);
	return pmill_pair_table_add(&encoder->pairs, merge->left, merge->right, rank);
}

static bool add_merges(struct pmill_pretoken_encoder *encoder)
{
	const struct pmill_tokenizer *tokenizer = encoder->tokenizer;
	size_t count = tokenizer->listed_count;
	encoder->ids = malloc((count + 1) * sizeof *encoder->ids);
	if (encoder->ids == NULL)
		return false;
	for (size_t rank = 0; rank < count; rank++) {
		const struct pmill_merge *merge = &tokenizer->listed_merges[rank];
		encoder->ids[rank] = merge->id;
		if (!add_merge(encoder, merge, (uint32_t)rank))
			return false;
	}
	return true;
}

static void set_symbols(struct pmill_pretoken_encoder *encoder)
{
	encoder->first_byte = (uint32_t)encoder->tokenizer->vocab.count;
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t id = encoder->tokenizer->byte_ids[byte];
		encoder->symbols[byte] = id == PMILL_NO_ID ? encoder->first_byte + byte : id;
	}
}

static bool fill_pairs(struct pmill_pretoken_encoder *encoder)
{
	const struct pmill_tokenizer *tokenizer = encoder->tokenizer;
	const bool is_by_id = tokenizer->meaning == PMILL_MEANING_RANK_BY_ID;
	const size_t ranks = is_by_id ? tokenizer->vocab.count : tokenizer->listed_count;
	if (!pmill_pair_table_init(&encoder->pairs, (uint64_t)encoder->first_byte + 256, ranks))
		return false;
	const bool done = is_by_id
		? pmill_token_splits_add(&encoder->pairs, &tokenizer->vocab, encoder->symbols)
		: add_merges(encoder);
	return done && pmill_pair_table_build(&encoder->pairs);
}

pmill_status pmill_pretoken_encoder_create(const struct pmill_tokenizer *tokenizer,
	struct pmill_pretoken_encoder **encoder, pmill_error *error)
{
	if (tokenizer->vocab.count > UINT32_MAX - 256 || tokenizer->listed_count >= PMILL_NO_RANK)
		return pmill_fail(error, PMILL_OVERFLOW, PMILL_NO_OFFSET, "the vocab is too large");
	struct pmill_pretoken_encoder *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->tokenizer = tokenizer;
	created->takes_whole = tokenizer->meaning != PMILL_MEANING_MERGE_LIST;
	set_symbols(created);
	if (!fill_pairs(created)) {
		pmill_pretoken_encoder_free(created);
		return pmill_fail_memory(error);
	}
	*encoder = created;
	return PMILL_OK;
}

void pmill_pretoken_encoder_free(struct pmill_pretoken_encoder *encoder)
{
	if (encoder == NULL)
		return;
	pmill_pair_table_release(&encoder->pairs);
	free(encoder->ids);
	free(encoder);
}

void pmill_pretoken_scratch_release(struct pmill_pretoken_scratch *scratch)
{
	free(scratch->memory);
	*scratch = (struct pmill_pretoken_scratch){0};
}

/* Stops at `least` symbols, which is a constant for each caller. Returns their number. */
INLINE size_t merge_short_to(const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken,
	size_t len, uint32_t *symbols, size_t least)
{
	uint32_t ranks[SHORT_PRETOKEN]; /* of each symbol with the next */
	size_t count = len;
	for (size_t i = 0; i < len; i++)
		symbols[i] = encoder->symbols[pretoken[i]];
	for (size_t i = 0; i + 1 < len; i++)
		ranks[i] = pmill_pair_table_find_bytes(&encoder->pairs, pretoken[i], pretoken[i + 1]);
	while (count > least) {
		size_t best = 0;
		for (size_t i = 1; i + 1 < count; i++) {
			if (ranks[i] < ranks[best])
				best = i;
		}
		if (ranks[best] == PMILL_NO_RANK)
			break;
		symbols[best] = id_of_rank(encoder, ranks[best]);
		count--;
		for (size_t i = best + 1; i < count; i++) {
			symbols[i] = symbols[i + 1];
			ranks[i - 1] = ranks[i];
		}
		if (best > 0)
			ranks[best - 1] = find_rank(encoder, symbols[best - 1], symbols[best]);
		if (best + 1 < count)
			ranks[best] = find_rank(encoder, symbols[best], symbols[best + 1]);
	}
	return count;
}

static size_t merge_short(const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken,
	size_t len, uint32_t *symbols)
{
	return merge_short_to(encoder, pretoken, len, symbols, 1);
}

/* The symbols of a long pretoken as a linked list, with a heap of its pairs, rank << 32 | node. */
struct node {
	uint32_t symbol;
	uint32_t previous, next; /* nodes */
	uint32_t rank;           /* of the pair with the next; PMILL_NO_RANK if there is none */
};

struct pair_heap {
	uint64_t *items;
	size_t count;
};

/*
 * A pair in the heap comes from one of the n-1 initial cuts or from a merge, which pops one pair
 * and pushes two: the heap never holds more than 2n.
 */
enum { SCRATCH_PER_BYTE = sizeof(struct node) + 2 * sizeof(uint64_t) };
_Static_assert(SCRATCH_PER_BYTE == 32, "the bound in the specification");

static void sift_down(struct pair_heap *heap, size_t position)
{
	uint64_t item = heap->items[position];
	for (;;) {
		size_t child = 2 * position + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->items[child + 1] < heap->items[child])
			child++;
		if (heap->items[child] >= item)
			break;
		heap->items[position] = heap->items[child];
		position = child;
	}
	heap->items[position] = item;
}

static void push_pair(struct pair_heap *heap, uint64_t item)
{
	size_t position = heap->count++;
	while (position > 0 && heap->items[(position - 1) / 2] > item) {
		heap->items[position] = heap->items[(position - 1) / 2];
		position = (position - 1) / 2;
	}
	heap->items[position] = item;
}

static uint64_t pop_pair(struct pair_heap *heap)
{
	uint64_t top = heap->items[0];
	heap->items[0] = heap->items[--heap->count];
	if (heap->count > 0)
		sift_down(heap, 0);
	return top;
}

static void set_nodes(const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken,
	size_t len, struct node *nodes)
{
	for (size_t i = 0; i < len; i++) {
		nodes[i].symbol = encoder->symbols[pretoken[i]];
		nodes[i].previous = i == 0 ? NO_NODE : (uint32_t)i - 1;
		nodes[i].next = i + 1 == len ? NO_NODE : (uint32_t)i + 1;
		nodes[i].rank = PMILL_NO_RANK;
	}
}

static void fill_heap(const struct pmill_pretoken_encoder *encoder, const uint8_t *pretoken,
	size_t len, struct node *nodes, struct pair_heap *heap)
{
	for (size_t i = 0; i + 1 < len; i++) {
		nodes[i].rank = pmill_pair_table_find_bytes(&encoder->pairs, pretoken[i], pretoken[i + 1]);
		if (nodes[i].rank != PMILL_NO_RANK)
			heap->items[heap->count++] = (uint64_t)nodes[i].rank << 32 | i;
	}
	for (size_t i = heap->count / 2; i > 0; i--)
		sift_down(heap, i - 1);
}

/* The pair of `node` with the next one has changed; its old entry in the heap becomes stale. */
static void renew_pair(const struct pmill_pretoken_encoder *encoder, struct node *nodes,
	uint32_t node, struct pair_heap *heap)
{
	uint32_t next = nodes[node].next;
	nodes[node].rank = next == NO_NODE ? PMILL_NO_RANK
									   : find_rank(encoder, nodes[node].symbol, nodes[next].symbol);
	if (nodes[node].rank != PMILL_NO_RANK)
		push_pair(heap, (uint64_t)nodes[node].rank << 32 | node);
}

static void merge_nodes(const struct pmill_pretoken_encoder *encoder, struct node *nodes,
	uint32_t node, struct pair_heap *heap)
{
	struct node *left = &nodes[node], *right = &nodes[left->next];
	left->symbol = id_of_rank(encoder, left->rank);
	left->next = right->next;
	right->rank = PMILL_NO_RANK;
	if (left->next != NO_NODE)
		nodes[left->next].previous = node;
	if (left->previous != NO_NODE)
		renew_pair(encoder, nodes, left->previous, heap);
	renew_pair(encoder, nodes, node, heap);
}

static size_t merge_long(const struct pmill_pretoken_encoder *encoder, void *memory,
	const uint8_t *pretoken, size_t len, size_t least, uint32_t *symbols)
{
	struct pair_heap heap = {.items = memory};
	struct node *nodes = (struct node *)(heap.items + 2 * len);
	set_nodes(encoder, pretoken, len, nodes);
	fill_heap(encoder, pretoken, len, nodes, &heap);
	for (size_t left = len; left > least && heap.count > 0;) {
		uint64_t pair = pop_pair(&heap);
		/* A pair at one node only ever grows, so its rank shows whether it is still the same. */
		if (nodes[(uint32_t)pair].rank != pair >> 32)
			continue;
		merge_nodes(encoder, nodes, (uint32_t)pair, &heap);
		left--;
	}
	size_t count = 0;
	for (uint32_t node = 0; node != NO_NODE; node = nodes[node].next)
		symbols[count++] = nodes[node].symbol;
	return count;
}

/* Exactly what is needed: the bound per byte leaves no room to double. */
static bool reserve_scratch(struct pmill_pretoken_scratch *scratch, size_t len)
{
	if (len <= scratch->capacity)
		return true;
	pmill_pretoken_scratch_release(scratch);
	if (len > SIZE_MAX / SCRATCH_PER_BYTE)
		return false;
	scratch->memory = malloc(len * SCRATCH_PER_BYTE);
	if (scratch->memory == NULL)
		return false;
	scratch->capacity = len;
	return true;
}

static pmill_status check_symbols(const struct pmill_pretoken_encoder *encoder,
	const uint32_t *symbols, size_t count, pmill_error *error)
{
	size_t offset = 0;
	for (size_t i = 0; i < count; i++) {
		if (symbols[i] >= encoder->first_byte)
			return pmill_fail(error, PMILL_BAD_INPUT, offset, "the vocab lacks byte 0x%02X",
				(unsigned)(symbols[i] - encoder->first_byte));
		offset += encoder->tokenizer->vocab.tokens[symbols[i]].len;
	}
	return PMILL_OK;
}

static pmill_status prepare_long(
	struct pmill_pretoken_scratch *scratch, size_t len, pmill_error *error)
{
	if (len >= NO_NODE)
		return pmill_fail(
			error, PMILL_OVERFLOW, 0, "a pretoken of %zu bytes is too long to encode", len);
	return reserve_scratch(scratch, len) ? PMILL_OK : pmill_fail_memory(error);
}

pmill_status pmill_pretoken_encoder_split(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *token, size_t len, uint32_t *ids,
	uint32_t *rank, pmill_error *error)
{
	size_t count;
	if (len <= SHORT_PRETOKEN) {
		count = merge_short_to(encoder, token, len, ids, 2);
	} else {
		const pmill_status status = prepare_long(scratch, len, error);
		if (status != PMILL_OK)
			return status;
		count = merge_long(encoder, scratch->memory, token, len, 2, ids);
	}
	*rank = count == 2 ? find_rank(encoder, ids[0], ids[1]) : PMILL_NO_RANK;
	return PMILL_OK;
}

pmill_status pmill_pretoken_encoder_encode(const struct pmill_pretoken_encoder *encoder,
	struct pmill_pretoken_scratch *scratch, const uint8_t *pretoken, size_t len, uint32_t *ids,
	size_t *count, pmill_error *error)
{
	if (len > 0 && encoder->takes_whole) {
		uint32_t whole = pmill_vocab_find(&encoder->tokenizer->vocab, pretoken, len);
		if (whole != PMILL_NO_ID) {
			ids[0] = whole;
			*count = 1;
			return PMILL_OK;
		}
	}
	size_t found;
	if (len <= SHORT_PRETOKEN) {
		found = merge_short(encoder, pretoken, len, ids);
	} else {
		const pmill_status ready = prepare_long(scratch, len, error);
		if (ready != PMILL_OK)
			return ready;
		found = merge_long(encoder, scratch->memory, pretoken, len, 1, ids);
	}
	pmill_status status = check_symbols(encoder, ids, found, error);
	if (status == PMILL_OK)
		*count = found;
	return status;
}
