# pairmill.compat.tiktoken with encodings of one's own: small, sparse, contradictory ones.
# SPDX-License-Identifier: MIT
import copy
import pickle
import random

import hypothesis.strategies as st
import pytest
import tiktoken

import pairmill.compat.tiktoken as compat
from support.tiktoken_pairs import check_same, examples

BYTES = {bytes([value]): value for value in range(256)}
# That the library knows by heart, that it doesn't, and what engines read differently.
PATTERNS = [
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    r"\p{L}+|\s+|[^\p{L}\s]+", r"\w+|\W", r"[\w']+|[^\w']+", r"\s+$|\S+|\s", r"^\s+|\S+|\s",
    r"[\s\S]", r"\p{N}{1,2}+|[^\p{N}]+", r"[a-c]{2,3}+a?|[\s\S]", r"a|[^a]{1,2}",
    r"(?:ab|c)+|[^abc]+|a|b", r"[\x{61}-\x{63}$^]+|[^abc$^]|\$", r"[\s\S]{1,3}",
]
ALPHABET = ["a", "b", "c", "ab", "bc", " ", "  ", "\n", "'s", "1", "é", "न", "ि", "Ⓐ", "_",
            "\u200d", "<x>", "<", "x>", "$"]
PAIRS = {}  # of test_patterns
small_texts = st.lists(st.sampled_from(ALPHABET), max_size=12).map("".join)
small_tokens = small_texts.map(str.encode).filter(lambda token: len(token) > 1)
# No token begins with another: which one tiktoken finds then depends on a hash.
specials = st.sets(st.sampled_from(["<x>", "ab", "<", "b ", "1", " <x"]), max_size=4).filter(
    lambda tokens: not {"<", "<x>"} <= tokens)


@st.composite
def ranks_below(draw, limit):
    tokens = [*BYTES, *draw(st.lists(small_tokens, max_size=14, unique=True))]
    rng = random.Random(draw(st.integers(0, 2**32)))
    rng.shuffle(tokens)
    return dict(zip(tokens, sorted(rng.sample(range(limit), len(tokens)))))


def make_pair(pattern, ranks, special_tokens, name="odd"):
    return [module.Encoding(name, pat_str=pattern, mergeable_ranks=ranks,
                            special_tokens=special_tokens) for module in (tiktoken, compat)]


def unstable(text, **options):

    def encode(encoding):
        stable, completions = encoding.encode_with_unstable(text, **options)
        return stable, sorted(completions)

    return encode


def check_all(pair, texts, allowed, data):
    special = list(pair[0].special_tokens_set)
    for text in texts:
        tokens = pair[0].encode(text, allowed_special=allowed, disallowed_special=())
        for call in (lambda e: e.encode(text), lambda e: e.encode_ordinary(text),
                     lambda e: e.encode(text, allowed_special=allowed, disallowed_special=()),
                     lambda e: e.encode_to_numpy(text, allowed_special=allowed),
                     lambda e: e.encode_batch([text, ""], allowed_special=allowed),
                     unstable(text, disallowed_special=()),
                     unstable(text, allowed_special=allowed),
                     lambda e: e.decode_with_offsets(tokens), lambda e: e.decode(tokens[1:]),
                     lambda e: e.decode_batch([tokens, tokens[:1]]),
                     lambda e: e.decode_bytes_batch([tokens, [7]]), lambda e: e.decode([7, 300]),
                     lambda e: e.decode_tokens_bytes(tokens)):
            check_same(pair, call)
    for token in special:
        check_same(pair, lambda e: e.encode_single_token(token))
    for call in (lambda e: e._encode_bytes(data), lambda e: e.token_byte_values(),
                 lambda e: e.n_vocab, lambda e: e.special_tokens_set,
                 lambda e: e.encode_single_token(b"zz")):
        check_same(pair, call)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [400, 2**32 - 2])
@examples(100, data=st.data())
def test_random_encodings(limit, data):
    ranks = data.draw(ranks_below(limit))
    names = sorted(data.draw(specials))
    special_ids = data.draw(st.sets(st.one_of(st.integers(0, 600), st.just(10**6)),
                                    min_size=len(names), max_size=len(names)))
    pair = make_pair(data.draw(st.sampled_from(PATTERNS)), ranks, dict(zip(names, special_ids)))
    allowed = data.draw(st.one_of(st.just("all"), st.sets(st.sampled_from(["<x>", "ab", "<"]))))
    check_all(pair, data.draw(st.lists(small_texts, max_size=2)), allowed,
              data.draw(st.binary(max_size=5)))


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
@examples(150, text=st.one_of(st.text(max_size=20), small_texts))
def test_patterns(pattern, text):
    ranks = BYTES | {b"ab": 256, b"  ": 257, b"a\n": 258, b"abc": 259, "é".encode(): 260}
    if pattern not in PAIRS:
        PAIRS[pattern] = make_pair(pattern, ranks, {})
    check_same(PAIRS[pattern], lambda e: e.encode(text))


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [r"\w+|\W", r"\W+|\w", r"[^a\w]|a?\w", r"\s?a\S|[\s\S]",
                                     r"a.|[\s\S]"])
def test_classes_of_every_code_point(pattern):
    """The letter merges with the first byte of what follows, if both are in one pretoken."""
    pair = make_pair(pattern, BYTES | {b"a" + byte: 256 + id for byte, id in BYTES.items()}, {})
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    for begin in range(0, len(points), 0x4000):
        text = " a".join(points[begin:begin + 0x4000])
        expected, got = (encoding.encode(text) for encoding in pair)
        assert expected == got


def test_a_token_that_no_merge_makes():
    """It is one if it is a whole pretoken, and isn't where tiktoken leaves that look-up out."""
    pair = make_pair(r"[a-z]+ ?|[\s\S]", BYTES | {b"xyz": 300, b"z ": 301}, {})
    for text in ("xyz", "xyz ", "xyz  ", "wxyz", "xy"):
        check_same(pair, unstable(text))
        check_same(pair, lambda e: e.encode(text))
        check_same(pair, lambda e: e._encode_bytes(text.encode() + b"\xff"))


@pytest.mark.parametrize("last", [" ", "\t", "\x0b", "\x1c", "\x1f", "\x85", "\xa0", "\u200b",
                                  "\u3000"])
def test_white_space_at_the_end_may_become_a_pretoken(last):
    pair = make_pair(r"[\s\S]+", BYTES | {b"a" + last.encode()[:1]: 300}, {})
    for text in ("a" + last, last, "aa" + last + last):
        check_same(pair, unstable(text))


@pytest.mark.parametrize("name", ["gpt2", "cl100k", " O200K ", "ab", "a b", "."])
def test_a_word_is_an_expression(name):
    pattern = f"{name}|[\\s\\S]" if name != "." else "."
    pair = make_pair(pattern, BYTES | {b"gp": 300, b"ab": 301}, {})
    check_same(pair, lambda e: e.encode("gpt2 ab a b cl100k O200K"))
    with pytest.raises(ValueError, match="drops the text"):
        compat.Encoding("x", pat_str="ab", mergeable_ranks=BYTES, special_tokens={}).encode("abc")


def test_of_two_special_tokens_the_longer_one_is_found():
    """In tiktoken the order of a hash table decides."""
    ours = make_pair(r"[\s\S]", BYTES, {"<a>": 300, "<a>b": 301})[1]
    assert ours.encode("<a>b<a>", allowed_special="all") == [301, 300]
    assert ours.encode("<a>b<a>", allowed_special={"<a>"}, disallowed_special=()) == [300, 98, 300]
    with pytest.raises(ValueError, match="token '<a>b'"):
        ours.encode("<a>b")


def test_special_tokens_with_one_id():
    pair = make_pair(r"[\s\S]", BYTES, {"<a>": 300, "<b>": 300, "<c>": 97})
    for text in ("<a>", "x<b>y<c>", "<c>"):
        check_same(pair, lambda e: e.encode(text, allowed_special="all"))
        check_same(pair, lambda e: e.encode(text))
        check_same(pair, lambda e: e.encode(text, allowed_special={"<b>"}))
    for token in ("<a>", "<b>", "<c>"):
        check_same(pair, lambda e: e.encode_single_token(token))
    assert pair[1].decode([300, 97]) == "<a>a"
    check_same(pair, lambda e: e.is_special_token(97))


def test_the_size_is_checked():

    def make(size):
        return lambda module: module.Encoding(
            "x", pat_str=".", mergeable_ranks=BYTES, special_tokens={"<a>": 256},
            explicit_n_vocab=size).n_vocab

    for size in (None, 0, 257, 256, 258):
        check_same((tiktoken, compat), make(size))


def test_errors_of_making():

    def make(pattern=".", ranks=BYTES):
        return lambda module: module.Encoding("x", pat_str=pattern, mergeable_ranks=ranks,
                                              special_tokens={})

    for call in (make(pattern="("), make(ranks={}), make(ranks={b"a": -1}),
                 make(ranks={b"a": 2**32}), make(ranks={b"a": "1"}), make(pattern=r"\p{Nonsense}")):
        check_same((tiktoken, compat), call)


@pytest.mark.parametrize("pattern, reason", [
    (r"\bab|[\s\S]", "an escape that is not portable"), (r"(?m:a$)|[\s\S]", "a group that begins"),
    (r"(?:ab){1,2}+|[\s\S]", "an atomic group"), (r"[+--]|[\s\S]", "--"), (r"a*", "empty"),
    (r"[[a]b]|[\s\S]", r"\[ within a class"), (r"[^\W]|[\s\S]", "an escape"),
])
def test_what_engines_read_differently_is_refused(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        compat.Encoding("x", pat_str=pattern, mergeable_ranks=BYTES, special_tokens={})


def test_what_is_an_error_here():
    without_b = {token: id for token, id in BYTES.items() if token != b"b"}
    ours = compat.Encoding("x", pat_str=r"[\s\S]", mergeable_ranks=without_b, special_tokens={})
    assert ours.encode("ac") == [97, 99]
    for call in (ours.encode, ours.encode_ordinary, ours.encode_to_numpy, ours._encode_single_piece,
                 lambda text: ours.encode_batch(["a", text])):
        with pytest.raises(ValueError, match="byte"):
            call("ab")
    with pytest.raises(ValueError, match="the same"):
        compat.Encoding("x", pat_str=".", mergeable_ranks={b"a": 1, b"b": 1}, special_tokens={})
    dropping = compat.Encoding("x", pat_str=r"\p{L}+", mergeable_ranks=BYTES,
                               special_tokens={"<a>": 300})
    assert dropping.encode("a<a>b", allowed_special="all") == [97, 300, 98]
    for call in (dropping.encode, dropping.encode_to_numpy, dropping.encode_with_unstable,
                 lambda text: dropping.encode_batch(["a", text])):
        with pytest.raises(ValueError, match="byte 1: .* drops the text"):
            call("a b")


@pytest.mark.parametrize("last", [400, 10**9])
def test_pickles_and_copies(last):
    ranks = BYTES | {b"ab": last}
    old = make_pair(PATTERNS[1], ranks, {"<a>": 999})[1]
    for new in (pickle.loads(pickle.dumps(old)), copy.copy(old), copy.deepcopy(old)):
        assert type(new) is compat.Encoding and repr(new) == "<Encoding 'odd'>"
        assert new.encode("ab<a>", allowed_special="all") == [last, 999]
        assert (new._mergeable_ranks, new._special_tokens) == (ranks, {"<a>": 999})
        assert new._pat_str == PATTERNS[1]
