/* One merge in one short word, written once for tokens of 2 and of 4 bytes: TOKEN and NAME(x) are set. */
/* SPDX-License-Identifier: MIT */

/*
 * The first place that holds the pair; `len` where none does. `is_single`: no other one may overlap it or
 * follow. Looks at LOOK_TOKENS places at a time, and so beyond the word: see PADDING_UNITS.
 */
static inline size_t NAME(find)(
	const TOKEN *tokens, size_t len, TOKEN left, TOKEN right, bool *is_single)
{
	size_t found = len;
	for (size_t i = 0; i + 1 < len; i += LOOK_TOKENS) {
		unsigned matches = NAME(match)(tokens + i, left, right);
		if (len - 1 - i < LOOK_TOKENS)
			matches &= (1u << (len - 1 - i)) - 1;
		if (matches == 0)
			continue;
		if (found < len || (matches & (matches - 1)) != 0) {
			*is_single = false;
			return found < len ? found : i + (size_t)__builtin_ctz(matches);
		}
		found = i + (size_t)__builtin_ctz(matches);
	}
	*is_single = true;
	return found;
}

/* Takes out the token at `gap` > 0: eight bytes at a time, whose first tokens stay as they are. */
static inline void NAME(close_gap)(TOKEN *tokens, size_t gap, size_t len)
{
	enum { TOKENS = 8 / sizeof(TOKEN), BITS = 8 * sizeof(TOKEN) };
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	pmill_aliasing_unit *units = (pmill_aliasing_unit *)(void *)tokens;
	size_t unit = gap / TOKENS;
	uint64_t kept = ((uint64_t)1 << gap % TOKENS * BITS) - 1, next = units[unit + 1];
	units[unit] = (units[unit] & kept) | ((units[unit] >> BITS | next << (64 - BITS)) & ~kept);
	while (++unit * TOKENS < len) {
		uint64_t own = next;
		next = units[unit + 1];
		units[unit] = own >> BITS | next << (64 - BITS);
	}
#else
	memmove(tokens + gap, tokens + gap + 1, (len - gap - 1) * sizeof *tokens);
#endif
}

/* Replaces from left to right, where there may be several matches. */
static void NAME(merge_many)(struct pmill_packed_word *word, uint32_t name, size_t first,
	const TOKEN left, const TOKEN right, uint32_t joined, struct pmill_neighbours *neighbours)
{
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	size_t len = pmill_packed_word_len(word), in = first, out = first;
	int64_t count = pmill_packed_word_count(word);
	uint32_t visit = ++neighbours->visit;
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
	pmill_packed_word_shorten(word, len - out);
}

/* Tells the neighbours. A list of places may name words that no longer hold the pair. */
static inline void NAME(merge)(struct pmill_packed_word *word, uint32_t name, const TOKEN left,
	const TOKEN right, uint32_t joined, struct pmill_neighbours *neighbours)
{
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	bool is_single;
	size_t at = NAME(find)(tokens, len, left, right, &is_single);
	if (at == len)
		return;
	if (!is_single) {
		NAME(merge_many)(word, name, at, left, right, joined, neighbours);
		return;
	}
	int64_t count = pmill_packed_word_count(word);
	if (at > 0)
		pmill_neighbour_add_single(&neighbours->left, tokens[at - 1], name, count);
	if (at + 2 < len)
		pmill_neighbour_add_single(&neighbours->right, tokens[at + 2], name, count);
	/* In this order: a narrow store that a wide load follows would make it wait. */
	NAME(close_gap)(tokens, at + 1, len);
	tokens[at] = (TOKEN)joined;
	pmill_packed_word_shorten(word, 1);
}

static bool NAME(count_pairs)(
	const struct pmill_packed_word *word, uint32_t name, struct pmill_byte_pair *pairs)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	int64_t count = pmill_packed_word_count(word);
	for (size_t i = 0; i + 1 < len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (__builtin_add_overflow(pair->count, count, &pair->count))
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
	size_t len = pmill_packed_word_len(word);
	for (size_t i = 0; i + 1 < len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (pair->last == name || pair->fill == NULL)
			continue;
		pair->last = name;
		*pair->fill++ = name;
	}
}

#undef TOKEN
#undef NAME
#undef LOOK_TOKENS
