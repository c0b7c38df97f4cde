/* One merge in one short word, written once for tokens of 2 and of 4 bytes: TOKEN and NAME(x) are set. */
/* SPDX-License-Identifier: MIT */

/* The first place that holds the pair; `len` where none does. */
static size_t NAME(find)(const TOKEN *tokens, size_t len, TOKEN left, TOKEN right)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (tokens[i] == left && tokens[i + 1] == right)
			return i;
	return len;
}

/*
 * Replaces from left to right, and tells the neighbours. A list of places may name words that no longer hold
 * the pair: about half of all visits end at the first line.
 */
static inline void NAME(merge)(struct pmill_packed_word *word, uint32_t name, const TOKEN left,
	const TOKEN right, uint32_t joined, struct pmill_neighbours *neighbours)
{
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	size_t len = word->len;
	size_t in = NAME(find)(tokens, len, left, right);
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

static bool NAME(count_pairs)(
	const struct pmill_packed_word *word, uint32_t name, struct pmill_byte_pair *pairs)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	for (size_t i = 0; i + 1 < word->len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (__builtin_add_overflow(pair->count, word->count, &pair->count))
			return false;
		pair->places += pair->last != name;
		pair->last = name;
	}
	return true;
}

static void NAME(fill_pairs)(
	const struct pmill_packed_word *word, uint32_t name, struct pmill_byte_pair *pairs)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	for (size_t i = 0; i + 1 < word->len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (pair->last == name || pair->fill == NULL)
			continue;
		pair->last = name;
		*pair->fill++ = name;
	}
}

#undef TOKEN
#undef NAME
