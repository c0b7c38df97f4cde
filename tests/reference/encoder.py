# The reference encoder: looks at every pair of a pretoken again after each merge.
# SPDX-License-Identifier: MIT
from reference.pretokens import cut_at_specials, pretokens


def merge_lowest(parts, rank):
    """Joins the neighbours of lowest rank, the leftmost of equals, until no pair has a rank."""
    while True:
        ranked = [(rank(a, b), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
        ranked = [(r, i) for r, i in ranked if r is not None]
        if not ranked:
            return parts
        _, i = min(ranked)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]


def encode_pretoken(pretoken, ids, merges, meaning):
    """`ids`: {bytes: id}; `merges`: [(left bytes, right bytes)] in order of rank."""
    if meaning != "merge list" and pretoken in ids:
        return [ids[pretoken]]
    if meaning == "rank by id":
        rank = lambda a, b: ids.get(a + b)
    else:
        ranks = {pair: r for r, pair in reversed(list(enumerate(merges)))}
        rank = lambda a, b: ranks.get((a, b))
    parts = merge_lowest([pretoken[i : i + 1] for i in range(len(pretoken))], rank)
    return [ids[part] for part in parts]


def encode(text, ids, merges, meaning="merge list", pattern="gpt2", specials={}):
    """`specials`: {bytes: id} of those that are recognised in the text."""
    out = []
    for piece, is_special in cut_at_specials(text, specials):
        if is_special:
            out.append(specials[piece])
        else:
            for pretoken in pretokens(piece, pattern):
                out += encode_pretoken(pretoken, ids, merges, meaning)
    return out
