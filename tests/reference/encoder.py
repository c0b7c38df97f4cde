# The reference encoder: looks at every pair of a pretoken again after each merge.
# SPDX-License-Identifier: MIT
"""Encoding text with a trained vocab, in the three meanings that "BPE" has.

Each pretoken is encoded on its own. It starts as single bytes, and the pair of neighbours with the
lowest rank is merged until no pair has a rank. The meanings differ in what ranks:

"merge list"     the merges in the order in which they were learned (GPT-2, Hugging Face)
"rank by id"     any two neighbours whose bytes together are a token; the id is the rank (tiktoken)
"ignore merges"  as "merge list" (Llama 3)

Except with "merge list", a pretoken that is itself a token is taken whole.

>>> ids = {b"a": 0, b"b": 1, b"c": 2, b"ab": 3, b"bc": 4, b"abc": 5}
>>> merges = [(b"a", b"b"), (b"b", b"c"), (b"a", b"bc")]
>>> encode_pretoken(b"abc", ids, merges, "merge list")  # "ab" ranks first, and no merge adds "c"
[3, 2]
>>> encode_pretoken(b"abc", ids, merges, "ignore merges")
[5]
"""
from reference.pretokens import cut_at_specials, pretokens


def merge_lowest(parts, rank):
    """Merges the neighbours of lowest rank until no pair has a rank.

    `parts` is a list of bytes, changed in place and returned. `rank(left, right)` is a number or
    None. Of equal ranks the leftmost is merged.
    """
    while True:
        ranked = [(rank(a, b), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
        ranked = [(r, i) for r, i in ranked if r is not None]
        if not ranked:
            return parts
        _, i = min(ranked)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]


def rank_merges(merges):
    """Returns {(left bytes, right bytes): rank}; the first of equals counts."""
    return {pair: rank for rank, pair in reversed(list(enumerate(merges)))}


def encode_pretoken(pretoken, ids, merges, meaning):
    """Returns the ids of one pretoken (bytes).

    ids      {bytes: id} of the ordinary tokens
    merges   [(left bytes, right bytes)] in order of rank, or what rank_merges makes of that; unused
             with "rank by id"
    meaning  "merge list", "rank by id" or "ignore merges"
    """
    if meaning != "merge list" and pretoken in ids:
        return [ids[pretoken]]
    if meaning == "rank by id":
        rank = lambda a, b: ids.get(a + b)
    else:
        ranks = merges if isinstance(merges, dict) else rank_merges(merges)
        rank = lambda a, b: ranks.get((a, b))
    parts = merge_lowest([pretoken[i : i + 1] for i in range(len(pretoken))], rank)
    return [ids[part] for part in parts]


def encode(text, ids, merges, meaning="merge list", pattern="gpt2", specials={}):
    """Returns the ids of `text` (bytes): special tokens first, then pretoken by pretoken.

    `specials` is {bytes: id} of the special tokens to recognise; any other is ordinary text.
    """
    out = []
    for piece, is_special in cut_at_specials(text, specials):
        if is_special:
            out.append(specials[piece])
        else:
            for pretoken in pretokens(piece, pattern):
                out += encode_pretoken(pretoken, ids, merges, meaning)
    return out
