/* What surprises in a model: tokens that text never becomes, bytes it lacks, and so on. */
/* SPDX-License-Identifier: MIT */
/*
 * A token that merging makes is made of two certain parts, the same ones in any text (see
 * model/splitter), by the model's merges as well as by ranks. So the meanings of BPE agree on all
 * text if each token is made of the same parts under both, and its id is in the order of its merge.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "encode/cutter.h"
#include "bpe/pretoken_encoder.h"
#include "model/splitter.h"
#include "unicode/printable.h"
#include "unicode/utf8.h"

#define NO_RANK UINT32_MAX

struct finding {
	uint32_t id, other;
	const char *note;
};

enum kind {
	UNREACHABLE,
	CUT,
	MEANINGS,
	DUPLICATES,
	MISSING_BYTES,
	HOLES,
	PARTIAL,
	FORGEABLE,
	CONFUSABLE,
	KIND_COUNT,
};

struct pmill_audit {
	const struct pmill_tokenizer *tokenizer;
	struct found {
		struct finding *items;
		size_t count, capacity;
		bool is_unknown;
	} found[KIND_COUNT];
	uint8_t bytes[256]; /* what missing bytes point to */
};

/* What looking at each token needs. */
struct auditor {
	struct pmill_audit *audit;
	const struct pmill_tokenizer *tokenizer;
	struct pmill_pretoken_encoder *encoder; /* NULL for ranks, whose merges the splitter knows */
	struct pmill_pretoken_scratch scratch;
	struct pmill_splitter splitter;
	struct pmill_cutter *cutter; /* NULL: text can't be cut */
	struct pmill_cut_cursor cursor;
	struct pmill_buffer bytes;
	uint32_t *ids; /* as many as the longest token has bytes */
	uint32_t last_rank;
	pmill_error *error;
};

static pmill_status add(struct auditor *auditor, enum kind kind, struct finding finding)
{
	struct found *found = &auditor->audit->found[kind];
	void *items = found->items;
	if (!pmill_array_reserve(&items, &found->capacity, found->count + 1, sizeof *found->items))
		return pmill_fail_memory(auditor->error);
	found->items = items;
	found->items[found->count++] = finding;
	return PMILL_OK;
}

static pmill_status add_token(
	struct auditor *auditor, enum kind kind, uint32_t id, const char *note)
{
	return add(auditor, kind, (struct finding){id, PMILL_NO_ID, note});
}

/* ---- Ordinary tokens ---- */

/* The parts that a token is made of, and the rank of the merge; NO_RANK: merging never makes it. */
struct made {
	uint32_t left, right, rank;
};

static pmill_status find_by_ranks(struct auditor *auditor, uint32_t id, struct made *made)
{
	const pmill_status status = pmill_splitter_split(&auditor->splitter, &auditor->tokenizer->vocab,
		id, &made->left, &made->right, auditor->error);
	made->rank = made->left == PMILL_NO_ID ? NO_RANK : id;
	return status;
}

static pmill_status find_by_merges(struct auditor *auditor, pmill_bytes token, struct made *made)
{
	const pmill_status status = pmill_pretoken_encoder_split(auditor->encoder, &auditor->scratch,
		token.data, token.len, auditor->ids, &made->rank, auditor->error);
	made->left = auditor->ids[0];
	made->right = auditor->ids[1];
	return status;
}

/* Why meanings of BPE differ; NULL: they don't. */
static const char *compare(
	struct auditor *auditor, const struct made *list, const struct made *rank)
{
	if (list->rank == NO_RANK)
		return "merging never makes it: only other meanings take a pretoken whole";
	if (rank->rank == NO_RANK)
		return "ranks by id would make it only of a whole pretoken";
	if (list->left != rank->left || list->right != rank->right)
		return "ranks by id would make it of other parts";
	if (auditor->encoder == NULL)
		return NULL;
	const bool is_late = auditor->last_rank != NO_RANK && list->rank < auditor->last_rank;
	if (!is_late)
		auditor->last_rank = list->rank;
	return is_late ? "its id is higher than those of tokens that later merges make" : NULL;
}

static pmill_status look_at_merging(struct auditor *auditor, uint32_t id, pmill_bytes token)
{
	struct made list, rank;
	pmill_status status = find_by_ranks(auditor, id, &rank);
	list = rank;
	if (status == PMILL_OK && auditor->encoder != NULL)
		status = find_by_merges(auditor, token, &list);
	if (status != PMILL_OK)
		return status;
	const char *note = compare(auditor, &list, &rank);
	if (note != NULL && list.rank == NO_RANK &&
		auditor->tokenizer->meaning != PMILL_MEANING_MERGE_LIST)
		note = "merging never makes it: it is only taken as a whole pretoken";
	if (note != NULL)
		status = add_token(auditor, MEANINGS, id, note);
	if (status != PMILL_OK || list.rank != NO_RANK ||
		auditor->tokenizer->meaning != PMILL_MEANING_MERGE_LIST)
		return status;
	return add_token(auditor, UNREACHABLE, id, NULL);
}

/* A pattern that needs too long for a token tells nothing of it. */
static pmill_status look_at_cutting(struct auditor *auditor, uint32_t id, pmill_bytes token)
{
	if (auditor->cutter == NULL || token.len < 2)
		return PMILL_OK;
	pmill_bytes piece = {NULL, 0};
	size_t count = 0;
	pmill_status status = pmill_cut_cursor_start(
		&auditor->cursor, token.data, token.len, auditor->error);
	while (status == PMILL_OK && count < 2) {
		status = pmill_cut_cursor_next(&auditor->cursor, &piece, auditor->error);
		if (piece.len == 0)
			break;
		count++;
	}
	if (status != PMILL_OK)
		return status == PMILL_NO_MEMORY ? status : PMILL_OK;
	return count < 2 ? PMILL_OK : add_token(auditor, CUT, id, NULL);
}

static bool is_utf8(pmill_bytes text)
{
	const uint8_t *data = text.data;
	for (size_t at = 0; at < text.len;) {
		uint32_t code_point;
		at += pmill_utf8_decode(data + at, text.len - at, &code_point);
		if (code_point == PMILL_INVALID_CODE_POINT)
			return false;
	}
	return true;
}

static pmill_status look_at_token(struct auditor *auditor, uint32_t id)
{
	const struct pmill_vocab *vocab = &auditor->tokenizer->vocab;
	const pmill_bytes token = pmill_vocab_token(vocab, id);
	if (token.data == NULL)
		return add_token(auditor, HOLES, id, NULL);
	if (vocab->tokens[id].is_special)
		return PMILL_OK;
	pmill_status status = is_utf8(token) ? PMILL_OK : add_token(auditor, PARTIAL, id, NULL);
	if (status == PMILL_OK && token.len >= 2)
		status = look_at_merging(auditor, id, token);
	return status == PMILL_OK ? look_at_cutting(auditor, id, token) : status;
}

static pmill_status look_at_tokens(struct auditor *auditor)
{
	pmill_status status = PMILL_OK;
	for (uint32_t id = 0; id < auditor->tokenizer->vocab.count && status == PMILL_OK; id++)
		status = look_at_token(auditor, id);
	for (uint32_t byte = 0; byte < 256 && status == PMILL_OK; byte++)
		if (auditor->tokenizer->byte_ids[byte] == PMILL_NO_ID)
			status = add_token(auditor, MISSING_BYTES, byte, NULL);
	return status;
}

/* ---- Special and added tokens ---- */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static const char *find_spelling_fault(pmill_bytes content)
{
	const uint8_t *data = content.data;
	if (!is_utf8(content))
		return "is not UTF-8: JSON can't hold it";
	if (memchr(data, 0, content.len) != NULL)
		return "contains a NUL byte";
	if (is_blank(data[0]) || is_blank(data[content.len - 1]))
		return "begins or ends with white space";
	return NULL;
}

/* Sets *id to the ordinary token whose printable form the content is, or to PMILL_NO_ID. */
static pmill_status find_printed(struct auditor *auditor, pmill_bytes content, uint32_t *id)
{
	size_t bad_offset;
	*id = PMILL_NO_ID;
	auditor->bytes.len = 0;
	if (!pmill_printable_parse(&auditor->bytes, content.data, content.len, &bad_offset))
		return bad_offset == SIZE_MAX ? pmill_fail_memory(auditor->error) : PMILL_OK;
	*id = pmill_vocab_find(&auditor->tokenizer->vocab, auditor->bytes.data, auditor->bytes.len);
	return PMILL_OK;
}

static pmill_status look_at_special(struct auditor *auditor, const struct pmill_special *special)
{
	const pmill_bytes content = special->content;
	uint32_t printed;
	pmill_status status = find_printed(auditor, content, &printed);
	if (status == PMILL_OK && printed != PMILL_NO_ID)
		status = add(auditor, CONFUSABLE,
			(struct finding){
				special->id, printed, "is spelled like the printable form of another token"});
	const char *fault = find_spelling_fault(content);
	if (status == PMILL_OK && fault != NULL)
		status = add_token(auditor, CONFUSABLE, special->id, fault);
	if (status == PMILL_OK && !special->is_special)
		status = add_token(auditor, FORGEABLE, special->id, NULL);
	return status;
}

static int compare_contents(const void *left, const void *right)
{
	const pmill_bytes a = (*(const struct pmill_special *const *)left)->content;
	const pmill_bytes b = (*(const struct pmill_special *const *)right)->content;
	const int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* In the order of the bytes, one that another begins with comes right before one that it begins. */
static pmill_status look_for_beginnings(struct auditor *auditor)
{
	const size_t count = auditor->tokenizer->special_count;
	const struct pmill_special **sorted = pmill_array_allocate(count + 1, sizeof *sorted);
	pmill_status status = PMILL_OK;
	if (sorted == NULL)
		return pmill_fail_memory(auditor->error);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &auditor->tokenizer->specials[i];
	qsort(sorted, count, sizeof *sorted, compare_contents);
	for (size_t i = 0; i + 1 < count && status == PMILL_OK; i++) {
		const pmill_bytes a = sorted[i]->content, b = sorted[i + 1]->content;
		if (a.len < b.len && memcmp(a.data, b.data, a.len) == 0)
			status = add(auditor, CONFUSABLE,
				(struct finding){sorted[i]->id, sorted[i + 1]->id,
					"is how another one begins, which is taken if it is there"});
	}
	free(sorted);
	return status;
}

/* Special tokens, and entries that files have twice. */
static pmill_status look_for_duplicates(struct auditor *auditor)
{
	const struct pmill_vocab *vocab = &auditor->tokenizer->vocab;
	pmill_status status = PMILL_OK;
	for (uint32_t id = 0; id < vocab->count && status == PMILL_OK; id++) {
		const pmill_bytes token = pmill_vocab_token(vocab, id);
		const uint32_t same = vocab->tokens[id].is_special && token.data != NULL
			? pmill_vocab_find(vocab, token.data, token.len)
			: PMILL_NO_ID;
		if (same != PMILL_NO_ID)
			status = add(auditor, DUPLICATES, (struct finding){id, same, NULL});
	}
	return status;
}

static pmill_status look_at_specials(struct auditor *auditor)
{
	const struct pmill_tokenizer *tokenizer = auditor->tokenizer;
	pmill_status status = PMILL_OK;
	for (size_t i = 0; i < tokenizer->special_count && status == PMILL_OK; i++)
		status = look_at_special(auditor, &tokenizer->specials[i]);
	if (status == PMILL_OK)
		status = look_for_duplicates(auditor);
	return status == PMILL_OK ? look_for_beginnings(auditor) : status;
}

/* ---- All ---- */

static size_t longest_token(const struct pmill_vocab *vocab)
{
	size_t longest = 2;
	for (size_t id = 0; id < vocab->count; id++)
		if (vocab->tokens[id].len > longest)
			longest = vocab->tokens[id].len;
	return longest;
}

/* Without a pattern, or with one that this build can't use, nothing is known of cutting. */
static pmill_status prepare(struct auditor *auditor)
{
	const struct pmill_tokenizer *tokenizer = auditor->tokenizer;
	pmill_status status = PMILL_OK;
	auditor->ids = pmill_array_allocate(longest_token(&tokenizer->vocab), sizeof *auditor->ids);
	if (auditor->ids == NULL)
		return pmill_fail_memory(auditor->error);
	if (tokenizer->meaning != PMILL_MEANING_RANK_BY_ID)
		status = pmill_pretoken_encoder_create(tokenizer, &auditor->encoder, auditor->error);
	if (status != PMILL_OK)
		return status;
	if (tokenizer->step_count > 0 && tokenizer->refusal == NULL)
		status = pmill_cutter_create(tokenizer->steps, tokenizer->step_count,
			tokenizer->unicode_version, NULL, &auditor->cutter, auditor->error);
	auditor->audit->found[CUT].is_unknown = auditor->cutter == NULL;
	auditor->cursor.cutter = auditor->cutter;
	return status == PMILL_NO_MEMORY ? status : PMILL_OK;
}

static void release(struct auditor *auditor)
{
	pmill_cut_cursor_release(&auditor->cursor);
	pmill_cutter_free(auditor->cutter);
	pmill_splitter_release(&auditor->splitter);
	pmill_pretoken_scratch_release(&auditor->scratch);
	pmill_pretoken_encoder_free(auditor->encoder);
	pmill_buffer_release(&auditor->bytes);
	free(auditor->ids);
}

pmill_status pmill_audit_create(
	const pmill_tokenizer *tokenizer, pmill_audit **audit, pmill_error *error)
{
	struct pmill_audit *created = calloc(1, sizeof *created);
	if (created == NULL)
		return pmill_fail_memory(error);
	created->tokenizer = tokenizer;
	for (unsigned byte = 0; byte < 256; byte++)
		created->bytes[byte] = (uint8_t)byte;
	struct auditor auditor = {
		.audit = created, .tokenizer = tokenizer, .last_rank = NO_RANK, .error = error};
	pmill_status status = prepare(&auditor);
	if (status == PMILL_OK)
		status = look_at_tokens(&auditor);
	if (status == PMILL_OK)
		status = look_at_specials(&auditor);
	release(&auditor);
	if (status == PMILL_OK)
		*audit = created;
	else
		pmill_audit_free(created);
	return status;
}

void pmill_audit_free(pmill_audit *audit)
{
	if (audit == NULL)
		return;
	for (size_t kind = 0; kind < KIND_COUNT; kind++)
		free(audit->found[kind].items);
	free(audit);
}

static const struct {
	const char *name, *claim;
} kinds[KIND_COUNT] = {
	[UNREACHABLE] = {"unreachable", "tokens whose own bytes never encode to them"},
	[CUT] = {"cut_by_pattern", "tokens that the pattern cuts when they stand alone"},
	[MEANINGS] = {"meanings_differ", "tokens that other meanings of BPE would make otherwise"},
	[DUPLICATES] = {"duplicate_bytes",
		"special tokens, and others that no text becomes, with the bytes of ordinary ones"},
	[MISSING_BYTES] = {"missing_bytes", "bytes that are no tokens: text with them has no ids"},
	[HOLES] = {"unused_ids", "ids without a token"},
	[PARTIAL] = {"partial_characters", "tokens that are not valid UTF-8 by themselves"},
	[FORGEABLE] = {"forgeable",
		"added tokens that any text can contain, except with the policy \"untrusted\""},
	[CONFUSABLE] = {"confusable", "special or added tokens spelled in ways that programs confuse"},
};

const char *pmill_audit_kind_name(size_t kind)
{
	return kind < KIND_COUNT ? kinds[kind].name : NULL;
}

const char *pmill_audit_kind_claim(size_t kind)
{
	return kind < KIND_COUNT ? kinds[kind].claim : NULL;
}

size_t pmill_audit_count(const pmill_audit *audit, size_t kind)
{
	if (kind >= KIND_COUNT)
		return 0;
	return audit->found[kind].is_unknown ? SIZE_MAX : audit->found[kind].count;
}

pmill_status pmill_audit_get_finding(const pmill_audit *audit, size_t kind, size_t index,
	uint32_t *id, pmill_bytes *bytes, uint32_t *other, const char **note)
{
	if (kind >= KIND_COUNT || index >= audit->found[kind].count)
		return PMILL_BAD_OPTION;
	const struct finding *finding = &audit->found[kind].items[index];
	const bool is_byte = kind == MISSING_BYTES;
	*id = is_byte ? PMILL_NO_ID : finding->id;
	*bytes = is_byte ? (pmill_bytes){&audit->bytes[finding->id], 1}
					 : pmill_vocab_token(&audit->tokenizer->vocab, finding->id);
	*other = finding->other;
	*note = finding->note;
	return PMILL_OK;
}
