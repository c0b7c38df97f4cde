/* One merge in a short word, for tokens of 2 or 4 bytes: set TOKEN, NAME(x) and LOOK_TOKENS. */
/* SPDX-License-Identifier: MIT */

/* Searches LOOKED offsets of the word from `at` on: bit i is for tokens at + i and the next. */
static inline unsigned NAME(look)(
	const TOKEN *tokens, size_t len, size_t at, TOKEN left, TOKEN right)
{
	unsigned matches = 0;
	for (size_t i = 0; i < LOOKED; i += LOOK_TOKENS)
		matches |= NAME(match)(tokens + at + i, left, right) << i;
	return len - 1 - at < LOOKED ? matches & ((1u << (len - 1 - at)) - 1) : matches;
}

/*
 * Where the pair is: the first LOOKED offsets with a match, as bits, and above them where these
 * offsets begin; 0: nowhere. FOUND_MORE: there are matches after those, too. Reads beyond the word:
 * see PADDING_UNITS.
 */
static inline unsigned NAME(find)(const TOKEN *tokens, size_t len, TOKEN left, TOKEN right)
{
	unsigned found = NAME(look)(tokens, len, 0, left, right);
	for (size_t at = LOOKED; __builtin_expect(at + 1 < len, 0); at += LOOKED) {
		unsigned matches = NAME(look)(tokens, len, at, left, right);
		if (matches != 0)
			found = found == 0 ? (unsigned)at << LOOKED | matches : found | FOUND_MORE;
	}
	return found;
}

/* Removes the token at `gap` > 0, eight bytes at a time; tokens before the gap stay as they are. */
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

/* Replaces from left to right, if there may be several matches. Returns false if out of memory. */
static bool NAME(merge_many)(struct pmill_packed_word *word, uint32_t place,
	const struct pmill_token_merge *merge, struct pmill_neighbours *neighbours,
	struct pmill_changes *changes)
{
	const TOKEN left = (TOKEN)merge->left, right = (TOKEN)merge->right;
	const uint32_t joined = merge->joined;
	if (!pmill_changes_reserve(changes, MOST_MATCHES + ROUND))
		return false;
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	size_t len = pmill_packed_word_len(word), in = 0, out = 0;
	int64_t count = pmill_packed_word_count(word);
	uint32_t visit = ++changes->visit;
	bool is_touching = false; /* the last match ends where this one begins */
	while (in < len) {
		if (in + 1 >= len || tokens[in] != left || tokens[in + 1] != right) {
			tokens[out++] = tokens[in++];
			is_touching = false;
			continue;
		}
		if (is_touching)
			pmill_change_add(
				&changes->sides[PMILL_BETWEEN], &neighbours->between, joined, visit, place, count);
		else if (out > 0)
			pmill_change_add(&changes->sides[PMILL_LEFT], &neighbours->left[tokens[out - 1]],
				tokens[out - 1], visit, place, count);
		tokens[out++] = (TOKEN)joined;
		in += 2;
		is_touching = in + 1 < len && tokens[in] == left && tokens[in + 1] == right;
		if (!is_touching && in < len)
			pmill_change_add(&changes->sides[PMILL_RIGHT], &neighbours->right[tokens[in]],
				tokens[in], visit, place, count);
	}
	pmill_packed_word_shorten(word, len - out);
	return true;
}

/* Replaces the only match, at `at`. */
static inline void NAME(merge_single)(struct pmill_packed_word *word, uint32_t place, size_t at,
	uint32_t joined, struct pmill_neighbours *neighbours, struct pmill_changes *changes)
{
	TOKEN *tokens = (TOKEN *)(void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	int64_t count = pmill_packed_word_count(word);
	if (at > 0)
		pmill_change_add_single(&changes->sides[PMILL_LEFT], &neighbours->left[tokens[at - 1]],
			tokens[at - 1], place, count);
	if (at + 2 < len)
		pmill_change_add_single(&changes->sides[PMILL_RIGHT], &neighbours->right[tokens[at + 2]],
			tokens[at + 2], place, count);
	/* In this order: a wide load right after a narrow store would stall. */
	NAME(close_gap)(tokens, at + 1, len);
	tokens[at] = (TOKEN)joined;
	pmill_packed_word_shorten(word, 1);
}

/*
 * Visits at most ROUND short words. After each of the first `ahead`, prefetches the one PREFETCHED
 * further on. A list may hold words that no longer hold the pair, in some lists every second one,
 * and unpredictably: so all are searched first, without branches. Returns false if out of memory.
 */
static bool NAME(visit)(const struct pmill_packed_words *words, const uint32_t *places,
	size_t count, size_t ahead, const struct pmill_token_merge *merge,
	struct pmill_neighbours *neighbours, struct pmill_changes *changes)
{
	const TOKEN left = (TOKEN)merge->left, right = (TOKEN)merge->right;
	uint32_t holders[ROUND], found[ROUND];
	size_t holder_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pmill_packed_word *word = pmill_packed_words_at(words, places[i]);
		if (i < ahead) {
			const char *next = address_of(words, places[i + PREFETCHED]);
			__builtin_prefetch(next, 1);
			__builtin_prefetch(next + SECOND_LINE, 1);
		}
		unsigned where = NAME(find)(
			(const TOKEN *)(const void *)word->tokens, pmill_packed_word_len(word), left, right);
		holders[holder_count] = places[i];
		found[holder_count] = where;
		holder_count += where != 0;
	}
	for (size_t i = 0; i < holder_count; i++) {
		struct pmill_packed_word *word = pmill_packed_words_at(words, holders[i]);
		unsigned matches = found[i] & ((1u << LOOKED) - 1);
		bool done = true;
		if ((matches & (matches - 1)) == 0 && found[i] < FOUND_MORE) {
			const size_t at = (found[i] >> LOOKED) + (size_t)__builtin_ctz(matches);
			NAME(merge_single)(word, holders[i], at, merge->joined, neighbours, changes);
		} else {
			done = NAME(merge_many)(word, holders[i], merge, neighbours, changes);
		}
		if (!done)
			return false;
	}
	return true;
}

static bool NAME(count_pairs)(
	const struct pmill_packed_word *word, uint32_t place, struct pmill_byte_pair *pairs)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	int64_t count = pmill_packed_word_count(word);
	for (size_t i = 0; i + 1 < len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (__builtin_add_overflow(pair->count, count, &pair->count))
			return false;
		pair->place_count += pair->last != place;
		pair->last = place;
	}
	return true;
}

static void NAME(fill_pairs)(
	const struct pmill_packed_word *word, uint32_t place, struct pmill_byte_pair *pairs)
{
	const TOKEN *tokens = (const TOKEN *)(const void *)word->tokens;
	size_t len = pmill_packed_word_len(word);
	for (size_t i = 0; i + 1 < len; i++) {
		struct pmill_byte_pair *pair = &pairs[(size_t)tokens[i] << 8 | tokens[i + 1]];
		if (pair->last == place || pair->fill == NULL)
			continue;
		pair->last = place;
		*pair->fill++ = place;
	}
}

#undef TOKEN
#undef NAME
#undef LOOK_TOKENS
