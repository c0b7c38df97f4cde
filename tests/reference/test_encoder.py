# The reference encoder against `tiktoken`: ranks by id, special tokens by name.
# SPDX-License-Identifier: MIT
import pytest
import texts

from reference.encoder import encode, encode_pretoken
from reference.pretokens import PATTERNS

tiktoken = pytest.importorskip("tiktoken")

SPECIALS = {"<|endoftext|>": 9000, "<|end|>": 9001}


def make_ranks(rng):
    """All bytes and random strings in random order, so that merging can't reach many of them."""
    tokens = {bytes([byte]) for byte in range(256)}
    source = texts.python_sources(20000).encode()
    for _ in range(600):
        at = rng.randrange(len(source))
        tokens.add(source[at : at + rng.randint(2, 6)])
    tokens |= {piece * length for piece in (b"a", b"ab", b" ") for length in range(2, 8)}
    order = sorted(tokens)
    rng.shuffle(order)
    return {token: rank for rank, token in enumerate(order)}


def test_pretokens_of_any_bytes(rng):
    ranks = make_ranks(rng)
    peer = tiktoken.Encoding("test", pat_str=r"\S+", mergeable_ranks=ranks, special_tokens={})
    items = [texts.small(rng, 60) or b"a" for _ in range(150)]
    items += [texts.hostile(rng) or b"b" for _ in range(150)] + [b"ab" * 120, b"\xff" * 90]
    for item in items:
        assert encode_pretoken(item, ranks, [], "rank by id") == peer._encode_single_piece(item)


@pytest.mark.parametrize("pattern", ["cl100k", "o200k"])
def test_texts(rng, pattern):
    ranks = make_ranks(rng)
    expression = PATTERNS[pattern].replace(r"\Z", "$")
    peer = tiktoken.Encoding("test", pat_str=expression, mergeable_ranks=ranks,
                             special_tokens=SPECIALS)
    for _ in range(150):
        text = texts.hostile(rng, invalid=0).decode().replace("\u180e", "")
        text = "".join(c for c in text if texts.is_stable(c))
        text += rng.choice(["", *SPECIALS]) + text[:9]
        for allowed in ((), ("<|end|>",), tuple(SPECIALS)):
            known = {token.encode(): SPECIALS[token] for token in allowed}
            wanted = peer.encode(text, allowed_special=set(allowed), disallowed_special=())
            assert encode(text.encode(), ranks, [], "rank by id", pattern, known) == wanted
