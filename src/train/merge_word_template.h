/* One merge in one word, written once for tokens of 2 and of 4 bytes: TOKEN and NAME(x) are set. */
/* SPDX-License-Identifier: MIT */

/* The first place at or after `from` that holds the pair; `len` where none does. */
static size_t NAME(find)(const TOKEN *tokens, size_t len, size_t from, TOKEN left, TOKEN right)
{
	for (size_t i = from; i + 1 < len; i++)
		if (tokens[i] == left && tokens[i + 1] == right)
			return i;
	return len;
}

/*
 * Replaces from left to right, and tells the neighbours. A list of words may name words that no longer hold
 * the pair: about half of all visits end at the first line.
 */
static void NAME(merge)(struct pmill_packed_word *word, uint32_t name,
	const struct pmill_candidate *pair, uint32_t joined, struct pmill_neighbours *neighbours)
{
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	const TOKEN left = (TOKEN)pair->left, right = (TOKEN)pair->right;
	size_t len = word->len;
	size_t in = NAME(find)(tokens, len, 0, left, right);
	if (in == len)
		return;
	uint32_t visit = ++neighbours->visit;
	int64_t count = word->count;
	size_t out = in;
	bool is_touching = false; /* the match before ends where this one begins */
	while (in < len) {
		if (in + 1 >= len || tokens[in] != left || tokens[in + 1] != right) {
			tokens[out++] = tokens[in++];
			is_touching = false;
			continue;
		}
		if (is_touching)
			pmill_neighbour_add(&neighbours->both, 0, visit, name, count);
		else if (out > 0)
			pmill_neighbour_add(&neighbours->left, tokens[out - 1], visit, name, count);
		tokens[out++] = (TOKEN)joined;
		in += 2;
		is_touching = in + 1 < len && tokens[in] == left && tokens[in + 1] == right;
		if (!is_touching && in < len)
			pmill_neighbour_add(&neighbours->right, tokens[in], visit, name, count);
	}
	word->len = (uint32_t)out;
}

/* Adds the word's pairs of bytes to the dense table: pass 1 counts, with the words that hold each. */
static bool NAME(count_pairs)(const struct pmill_packed_word *word, uint32_t name,
	struct pmill_pair *dense, uint32_t *last_word)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	for (size_t i = 0; i + 1 < word->len; i++) {
		size_t at = (size_t)tokens[i] << 8 | tokens[i + 1];
		if (__builtin_add_overflow(dense[at].count, word->count, &dense[at].count))
			return false;
		dense[at].word_count += last_word[at] != name;
		last_word[at] = name;
	}
	return true;
}

/* Pass 2: names the words. `fill` points behind the words that each pair has so far. */
static void NAME(fill_pairs)(
	const struct pmill_packed_word *word, uint32_t name, uint32_t **fill, uint32_t *last_word)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	for (size_t i = 0; i + 1 < word->len; i++) {
		size_t at = (size_t)tokens[i] << 8 | tokens[i + 1];
		if (last_word[at] == name || fill[at] == NULL)
			continue;
		last_word[at] = name;
		*fill[at]++ = name;
	}
}

#undef TOKEN
#undef NAME
