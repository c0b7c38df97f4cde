/* Finds special tokens: left to right, longest match at each position. */
/* SPDX-License-Identifier: MIT */
/*
 * A search jumps to the next place where a token can begin and walks the trie of the tokens from
 * there. That is the fastest way as long as walks end early: special tokens are short, and text
 * rarely begins like one. But with a token "aaa…ab" and a text of "a", each place costs the length
 * of the token; and with the token "a" beside it, so does each match.
 *
 * So a cursor keeps account of the bytes it visits. Once they exceed a multiple of the bytes it has
 * passed, it reads the next stretch of the text, its window, backwards through the Aho–Corasick
 * automaton of the reversed tokens. What a text read backwards ends with is what it begins with, so
 * the automaton knows the longest token at each place. A window is at least as long as the longest
 * token, by which it reads ahead; so each byte is visited a fixed number of times. (Forwards, the
 * automaton would know the longest token that *ends* at each place, and which one is the longest
 * of those that begin at one place would still have to be found.)
 *
 * Where a text ends with the beginning of a token, and whether a token lies across a place, the
 * automaton of the tokens as they are tells.
 */
#include "pretokenize/special_finder.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/piece_filter.h"
#include "pretokenize/token_automaton.h"

enum {
	/*
	 * A cursor may visit this many bytes for each that it passes, and DEBT_LIMIT more, before it
	 * takes a window. Ordinary text visits few of its bytes once, and none twice.
	 */
	VISITS_PER_BYTE = 4,
	DEBT_LIMIT = 1 << 12,
	LEAST_WINDOW = 1 << 14,
	/*
	 * This many tokens get a filter, unless they begin with few bytes, all rare in text: random
	 * tokens begin with every byte, and each walk would go through several nodes.
	 */
	FILTERED_COUNT = 16,
	FEW_ROOTS = 4,
};

struct pmill_special_finder {
	size_t count;
	size_t longest;
	pmill_bytes *tokens; /* in the caller's order; their bytes are in `copies` */
	uint8_t *copies;
	uint32_t *shorter; /* of each token: the longest other one that it begins with */
	struct pmill_token_automaton *forward;  /* of the tokens */
	struct pmill_token_automaton *backward; /* of the tokens reversed */
	int only_root;                          /* the first byte that all tokens share, or -1 */
	struct pmill_piece_filter *filter;      /* NULL: first bytes are good enough */
};

/* ---- Creating ---- */

static void copy_tokens(
	struct pmill_special_finder *finder, const pmill_bytes *tokens, uint8_t *copies)
{
	for (size_t i = 0; i < finder->count; i++) {
		memcpy(copies, tokens[i].data, tokens[i].len);
		finder->tokens[i] = (pmill_bytes){copies, tokens[i].len};
		copies += tokens[i].len;
		if (tokens[i].len > finder->longest)
			finder->longest = tokens[i].len;
	}
}

static void reverse_tokens(
	const struct pmill_special_finder *finder, pmill_bytes *reversed, uint8_t *copies)
{
	for (size_t i = 0; i < finder->count; i++) {
		pmill_bytes token = finder->tokens[i];
		const uint8_t *bytes = token.data;
		for (size_t at = 0; at < token.len; at++)
			copies[at] = bytes[token.len - 1 - at];
		reversed[i] = (pmill_bytes){copies, token.len};
		copies += token.len;
	}
}

static pmill_status create_backward(
	struct pmill_special_finder *finder, size_t sum, pmill_error *error)
{
	pmill_bytes *reversed = pmill_array_allocate(finder->count + 1, sizeof *reversed);
	uint8_t *copies = pmill_array_allocate(sum + 1, 1);
	pmill_status status;
	if (reversed == NULL || copies == NULL) {
		status = pmill_fail_memory(error);
	} else {
		reverse_tokens(finder, reversed, copies);
		status = pmill_token_automaton_create(reversed, finder->count, &finder->backward, error);
	}
	free(reversed);
	free(copies);
	return status;
}

/* A suffix of the reversed token is a token that the token begins with. */
static void link_shorter(struct pmill_special_finder *finder)
{
	const struct pmill_token_automaton *backward = finder->backward;
	for (size_t node = 0; node < backward->node_count; node++) {
		if (backward->tokens[node] != PMILL_NO_TOKEN)
			finder->shorter[backward->tokens[node]] = backward->longest[backward->fails[node]];
	}
}

static bool is_rare(uint8_t byte)
{
	bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
	bool is_blank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
	return byte < 0x80 && !is_letter && !is_blank && !(byte >= '0' && byte <= '9');
}

/* Whether the tokens begin with few bytes, all rare in text: most with "<" or "[". */
static bool begins_rarely(const struct pmill_token_automaton *trie)
{
	uint32_t begin = trie->first_child[0], end = trie->first_child[1];
	bool rarely = end - begin <= FEW_ROOTS;
	for (uint32_t node = begin; node < end && rarely; node++)
		rarely = is_rare(trie->bytes[node]);
	return rarely;
}

static pmill_status fill_finder(
	struct pmill_special_finder *finder, const pmill_bytes *tokens, pmill_error *error)
{
	pmill_status status = pmill_token_automaton_create(
		tokens, finder->count, &finder->forward, error);
	if (status != PMILL_OK)
		return status;
	size_t sum = 0;
	for (size_t i = 0; i < finder->count; i++)
		sum += tokens[i].len;
	finder->tokens = pmill_array_allocate(finder->count + 1, sizeof *finder->tokens);
	finder->copies = pmill_array_allocate(sum + 1, 1);
	finder->shorter = pmill_array_allocate(finder->count + 1, sizeof *finder->shorter);
	if (finder->tokens == NULL || finder->copies == NULL || finder->shorter == NULL)
		return pmill_fail_memory(error);
	copy_tokens(finder, tokens, finder->copies);
	const struct pmill_token_automaton *forward = finder->forward;
	uint32_t root = forward->first_child[0];
	finder->only_root = forward->first_child[1] - root == 1 ? forward->bytes[root] : -1;
	if (finder->count >= FILTERED_COUNT && !begins_rarely(forward)) {
		finder->filter = pmill_piece_filter_create(finder->tokens, finder->count);
		if (finder->filter == NULL)
			return pmill_fail_memory(error);
	}
	status = create_backward(finder, sum, error);
	if (status == PMILL_OK)
		link_shorter(finder);
	return status;
}

pmill_status pmill_special_finder_create(const pmill_bytes *tokens, size_t count,
	struct pmill_special_finder **finder, pmill_error *error)
{
	struct pmill_special_finder *made = calloc(1, sizeof *made);
	if (made == NULL)
		return pmill_fail_memory(error);
	made->count = count;
	pmill_status status = fill_finder(made, tokens, error);
	if (status == PMILL_OK)
		*finder = made;
	else
		pmill_special_finder_free(made);
	return status;
}

void pmill_special_finder_free(struct pmill_special_finder *finder)
{
	if (finder == NULL)
		return;
	pmill_token_automaton_free(finder->forward);
	pmill_token_automaton_free(finder->backward);
	free(finder->tokens);
	free(finder->copies);
	free(finder->shorter);
	pmill_piece_filter_free(finder->filter);
	free(finder);
}

size_t pmill_special_finder_count(const struct pmill_special_finder *finder)
{
	return finder->count;
}

pmill_bytes pmill_special_finder_token(const struct pmill_special_finder *finder, size_t index)
{
	return finder->tokens[index];
}

size_t pmill_special_finder_longest(const struct pmill_special_finder *finder)
{
	return finder->longest;
}

size_t pmill_special_finder_shorter(const struct pmill_special_finder *finder, size_t index)
{
	return finder->shorter[index] == PMILL_NO_TOKEN ? SIZE_MAX : finder->shorter[index];
}

/* ---- Places that a token may lie across ---- */

/* The longest part of the text, ending where `node` does, that a longer token begins with. */
static uint32_t find_open(const struct pmill_token_automaton *automaton, uint32_t node)
{
	while (node != 0 && pmill_token_automaton_is_leaf(automaton, node))
		node = automaton->fails[node];
	return node;
}

bool pmill_special_finder_is_clear(const struct pmill_special_finder *finder, const uint8_t *text,
	size_t len, size_t begin, size_t end, bool is_final)
{
	if (finder->count == 0)
		return true;
	const struct pmill_token_automaton *automaton = finder->forward;
	size_t reach = finder->longest - 1, position = begin > reach ? begin - reach : 0;
	uint32_t node = 0;
	/* After the range, as long as the text since a place before its end begins like a token. */
	while (position < len && (position < end || automaton->depths[node] > position - end)) {
		node = pmill_token_automaton_step(automaton, node, text[position++]);
		uint32_t token = automaton->longest[node];
		if (position > begin && token != PMILL_NO_TOKEN &&
			position - finder->tokens[token].len < end)
			return false;
	}
	if (is_final || position < len)
		return true;
	uint32_t open = find_open(automaton, node);
	return open == 0 || len - automaton->depths[open] >= end;
}

/* ---- Walking ---- */

struct walk {
	size_t end;   /* of the longest token that begins here; 0: none */
	size_t index; /* of it */
	size_t len;   /* bytes visited */
	bool is_open; /* the text ended where a longer token could continue */
};

static struct walk walk_trie(
	const struct pmill_special_finder *finder, const uint8_t *text, size_t len, size_t begin)
{
	const struct pmill_token_automaton *trie = finder->forward;
	struct walk walk = {0, 0, 0, false};
	uint32_t node = trie->roots[text[begin]];
	size_t position = begin;
	while (node != 0) {
		position++;
		if (trie->tokens[node] != PMILL_NO_TOKEN) {
			walk.end = position;
			walk.index = trie->tokens[node];
		}
		if (position == len) {
			walk.is_open = !pmill_token_automaton_is_leaf(trie, node);
			break;
		}
		node = pmill_token_automaton_child(trie, node, text[position]);
	}
	walk.len = position - begin;
	return walk;
}

/* The next byte that a token begins with, or `len`. */
static size_t find_root(
	const struct pmill_special_finder *finder, const uint8_t *text, size_t len, size_t begin)
{
	if (finder->only_root >= 0) {
		const uint8_t *found = begin < len ? memchr(text + begin, finder->only_root, len - begin)
										   : NULL;
		return found != NULL ? (size_t)(found - text) : len;
	}
	while (begin < len && finder->forward->roots[text[begin]] == 0)
		begin++;
	return begin;
}

/* The next place where a token can begin, or `len`. */
static size_t find_candidate(
	const struct pmill_special_finder *finder, const uint8_t *text, size_t len, size_t begin)
{
	if (finder->filter != NULL)
		begin = pmill_piece_filter_skip(finder->filter, text, len, begin);
	return find_root(finder, text, len, begin);
}

static void account(struct pmill_special_cursor *cursor, size_t visited, size_t passed)
{
	cursor->visited += visited;
	cursor->debt += visited;
	cursor->debt = cursor->debt / VISITS_PER_BYTE > passed ? cursor->debt - passed * VISITS_PER_BYTE
														   : 0;
}

/* Moves on by walking. Returns false at the end of the text, or if that costs too much. */
static bool walk_on(struct pmill_special_cursor *cursor, struct pmill_special_match *match)
{
	const struct pmill_special_finder *finder = cursor->finder;
	while (cursor->debt <= DEBT_LIMIT) {
		size_t begin = find_candidate(finder, cursor->text, cursor->len, cursor->position);
		size_t passed = begin - cursor->position;
		cursor->position = begin;
		if (begin == cursor->len)
			return false;
		struct walk walk = walk_trie(finder, cursor->text, cursor->len, begin);
		bool is_open = walk.is_open && !cursor->is_final;
		*match = (struct pmill_special_match){begin, is_open ? begin : walk.end, walk.index};
		if (!is_open)
			cursor->position = walk.end != 0 ? walk.end : begin + 1;
		account(cursor, walk.len, passed + (cursor->position - begin));
		if (is_open || walk.end != 0)
			return true;
	}
	return false;
}

/* ---- Windows ---- */

static bool reserve_window(struct pmill_special_cursor *cursor, size_t len)
{
	if (len <= cursor->window_capacity)
		return true;
	free(cursor->window);
	cursor->window = pmill_array_allocate(len, sizeof *cursor->window);
	cursor->window_capacity = cursor->window != NULL ? len : 0;
	return cursor->window != NULL;
}

static pmill_status take_window(struct pmill_special_cursor *cursor, pmill_error *error)
{
	const struct pmill_special_finder *finder = cursor->finder;
	const struct pmill_token_automaton *automaton = finder->backward;
	size_t left = cursor->len - cursor->position;
	size_t len = finder->longest > LEAST_WINDOW ? finder->longest : LEAST_WINDOW;
	if (len > left)
		len = left;
	if (!reserve_window(cursor, len))
		return pmill_fail_memory(error);
	size_t ahead = left - len < finder->longest ? left : len + finder->longest;
	const uint8_t *text = cursor->text + cursor->position;
	uint32_t node = 0;
	for (size_t i = ahead; i > len; i--)
		node = pmill_token_automaton_step(automaton, node, text[i - 1]);
	for (size_t i = len; i > 0; i--) {
		node = pmill_token_automaton_step(automaton, node, text[i - 1]);
		cursor->window[i - 1] = automaton->longest[node];
	}
	cursor->visited += ahead;
	cursor->window_begin = cursor->position;
	cursor->window_end = cursor->position + len;
	cursor->debt = DEBT_LIMIT;
	return PMILL_OK;
}

/* The first place from `position` on where the rest of the text begins a token, or `len`. */
static size_t find_cut_token(struct pmill_special_cursor *cursor)
{
	const struct pmill_token_automaton *automaton = cursor->finder->forward;
	size_t left = cursor->len - cursor->position, longest = cursor->finder->longest;
	if (!cursor->has_end_node) {
		size_t begin = left > longest ? cursor->len - longest : cursor->position;
		uint32_t node = 0;
		for (size_t i = begin; i < cursor->len; i++)
			node = pmill_token_automaton_step(automaton, node, cursor->text[i]);
		cursor->visited += cursor->len - begin;
		cursor->end_node = find_open(automaton, node);
		cursor->has_end_node = true;
	}
	while (automaton->depths[cursor->end_node] > left)
		cursor->end_node = find_open(automaton, automaton->fails[cursor->end_node]);
	return cursor->len - automaton->depths[cursor->end_node];
}

/* Moves on in the window. Returns false at its end. */
static bool search_window(struct pmill_special_cursor *cursor, struct pmill_special_match *match)
{
	const struct pmill_special_finder *finder = cursor->finder;
	size_t end = cursor->window_end, cut = cursor->len;
	if (!cursor->is_final && cursor->len - end < finder->longest)
		cut = find_cut_token(cursor);
	size_t begin = cursor->position, limit = cut < end ? cut : end;
	const uint32_t *longest = cursor->window + (begin - cursor->window_begin);
	while (begin < limit && *longest == PMILL_NO_TOKEN) {
		begin++;
		longest++;
	}
	cursor->position = begin;
	*match = (struct pmill_special_match){begin, begin, 0};
	if (begin == limit)
		return begin == cut && cut < cursor->len;
	match->index = *longest;
	match->end = begin + finder->tokens[*longest].len;
	cursor->position = match->end;
	return true;
}

/* ---- The cursor ---- */

void pmill_special_cursor_start(
	struct pmill_special_cursor *cursor, const uint8_t *text, size_t len, bool is_final)
{
	cursor->text = text;
	cursor->len = len;
	cursor->is_final = is_final;
	cursor->position = 0;
	cursor->window_begin = cursor->window_end = 0;
	cursor->has_end_node = false;
}

pmill_status pmill_special_cursor_next(
	struct pmill_special_cursor *cursor, struct pmill_special_match *match, pmill_error *error)
{
	bool is_empty = cursor->finder == NULL || cursor->finder->count == 0;
	while (!is_empty && cursor->position < cursor->len) {
		if (cursor->position < cursor->window_end) {
			if (search_window(cursor, match))
				return PMILL_OK;
		} else if (cursor->debt > DEBT_LIMIT) {
			pmill_status status = take_window(cursor, error);
			if (status != PMILL_OK)
				return status;
		} else if (walk_on(cursor, match)) {
			return PMILL_OK;
		}
	}
	cursor->position = cursor->len;
	*match = (struct pmill_special_match){cursor->len, cursor->len, 0};
	return PMILL_OK;
}

void pmill_special_cursor_release(struct pmill_special_cursor *cursor)
{
	free(cursor->window);
	cursor->window = NULL;
	cursor->window_capacity = 0;
	cursor->window_begin = cursor->window_end = 0;
}
