# Streams: text in pieces gives the ids of the whole, and what is settled stays.
# SPDX-License-Identifier: MIT
import pytest

pytest.importorskip("tokenizers")
import random_members  # noqa: E402
import small_models  # noqa: E402
from reference.policies import Policy  # noqa: E402
from support import library  # noqa: E402
from support.both import BETWEEN, Both, document_of, make_members  # noqa: E402
from support.model_texts import read_english  # noqa: E402

NONE, ALL = Policy("none", "none"), Policy("all", "all")


class Stream:
    """Pieces of one text. Checks what is settled after each piece."""

    def __init__(self, both, unit="byte"):
        self.both, self.encoder, self.unit = both, both.encoder.clone(), unit
        self.ids, self.spans = both.model.ids(unit), []

    def expect(self, spans):
        buffers = {"byte": self.both.by_bytes, "char": self.both.by_characters}
        return self.both.encode(spans, buffers[self.unit])

    def add(self, text, policy):
        self.spans.append((text, policy))
        self.encoder.add(text, self.both.policy(policy), self.ids)
        size, count = self.encoder.settled()
        assert len(self.ids.list()) == count, self.spans
        assert size <= sum(len(text) for text, _ in self.spans)
        return size, count

    def found(self, more=()):
        """[(id, begin, end)] so far, and of a clone's buffer."""
        ids, offsets = self.ids.list(), self.ids.offsets()
        if more:
            ids, offsets = ids + more.list(), offsets + more.offsets()
        return [(i, *one) for i, one in zip(ids, offsets, strict=True)]

    def finish(self):
        self.encoder.finish(self.ids)
        assert self.ids.ends() == [len(self.ids.list())]
        return self.found()

    def check_clone(self):
        """The ids as if the text ended here. Leaves this stream as it is."""
        wanted = self.expect(self.spans)
        more, before = self.both.model.ids(self.unit), self.encoder.settled()
        clone = self.encoder.clone()
        try:
            clone.finish(more)
        except library.Error as error:
            assert error.status == "bad input" and error.offset == wanted, self.spans
        else:
            assert self.found(more) == wanted, self.spans
        assert self.encoder.settled() == before

    def check_tail(self, tail):
        """What is settled is so whatever follows."""
        size, count = self.encoder.settled()
        wanted = self.expect(self.spans + tail)
        if isinstance(wanted, int):
            assert wanted >= size, (self.spans, tail)
            return
        shown = f"settled {size}, {count}: {self.spans}, then {tail}: {wanted}"
        assert self.found() == wanted[:count], shown
        if self.unit == "char":
            return
        assert all(end <= size for _, _, end in wanted[:count]), shown
        assert all(begin >= size for _, begin, _ in wanted[count:]), shown


def check_pieces(both, spans, wanted, unit="byte"):
    """Ids are those of the whole, or the error is."""
    stream = Stream(both, unit)
    try:
        for text, policy in spans:
            stream.add(text, policy)
        assert stream.finish() == wanted, f"{spans}: {stream.found()}, not {wanted}"
    except library.Error as error:
        assert error.status == "bad input" and error.offset == wanted, f"{error}: {spans}"


def cut(spans, places):
    """The spans cut at more places; a place at an end of the text gives an empty piece."""
    out, begin = [], 0
    for text, policy in spans:
        end = begin + len(text)
        inner = [place - begin for place in places if begin <= place < end or place == end == 0]
        out += [(text[a:b], policy) for a, b in zip([0, *inner], [*inner, len(text)])]
        begin = end
    return out


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.CONFIGURATIONS)
def test_every_cut(build_dir, rng, name):
    """At every byte, at every pair of places, and byte by byte."""
    both = Both(build_dir, document_of(name))
    for _ in range(25):
        text = both.make_text(rng)
        spans = [(text, both.make_policy(rng, 0))]
        wanted = both.encode(spans, both.by_bytes)
        for place in range(len(text) + 1):
            check_pieces(both, cut(spans, [place]), wanted)
        check_pieces(both, cut(spans, range(len(text))), wanted)
    for _ in range(6):
        text = both.make_text(rng)[:20]
        spans = [(text, both.make_policy(rng, 0))]
        wanted = both.encode(spans, both.by_bytes)
        for first in range(len(text) + 1):
            for second in range(first, len(text) + 1):
                check_pieces(both, cut(spans, [first, second]), wanted)


def check_spans(both, rng, count):
    for _ in range(count):
        spans = both.make_spans(rng, both.make_text(rng))
        places = sorted(rng.randint(0, 40) for _ in range(rng.randrange(6)))
        check_pieces(both, cut(spans, places), both.encode(spans, both.by_bytes))
        check_pieces(both, cut(spans, places), both.encode(spans, both.by_characters), "char")


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.CONFIGURATIONS)
def test_policies(build_dir, rng, name):
    """Spans are pieces, too, and pieces of spans."""
    check_spans(Both(build_dir, document_of(name)), rng, 100)


def make_tail(both, rng):
    """Nothing, a mark, half of a token, or more text."""
    text = rng.choice([b"", "\u0301".encode(), "\u0323".encode(), b" ", b"\n", b"a", b"s", b"'s",
                       b"\x80", "\u11a8".encode(), *[both.make_text(rng, 4)] * 8])
    return [(text, both.make_policy(rng, 0.05))]


def check_settled(both, rng, count):
    for _ in range(count):
        stream = Stream(both, rng.choice(["byte", "byte", "char"]))
        policies = [both.make_policy(rng, 0.02) for _ in range(2)]
        try:
            for _ in range(rng.randint(1, 5)):
                stream.add(both.make_text(rng, rng.choice([1, 4, 12])), rng.choice(policies))
                for _ in range(8):
                    stream.check_tail(make_tail(both, rng))
                stream.check_clone()
        except library.Error as error:
            assert error.status == "bad input"
            assert both.encode(stream.spans, both.by_bytes) == error.offset


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.CONFIGURATIONS)
def test_settled(build_dir, rng, name):
    check_settled(Both(build_dir, document_of(name)), rng, 25)


@pytest.mark.slow
def test_random_members(build_dir, rng):
    """Steps, added tokens and normalizers that no model has."""
    base = random_members.make_base()
    for _ in range(50):
        both = make_members(build_dir, base, rng)
        check_spans(both, rng, 20)
        check_settled(both, rng, 10)


MARKS = ["\u0301", "\u0323", "\u0338", "\u0345", "\u3099", "\u1161", "\u11a8", "\u09be"]


@pytest.mark.parametrize("name", ["qwen2", "qwen3.5", "claude", "gpt-neox", "gpt2"])
def test_marks_may_follow(build_dir, name):
    """A mark changes the character before it, and so maybe where words end."""
    both = Both(build_dir, document_of(name))
    for piece in [*BETWEEN, b"=", b"<", b"1 ", b"\n", b"'s", "\u304b".encode(), b"e"]:
        for before in b"", b"ab ":
            stream = Stream(both)
            stream.add(before + piece, ALL)
            for mark in MARKS:
                stream.check_tail([(mark.encode(), ALL)])
                stream.check_tail([(mark.encode() + b" a", ALL)])


def test_words_before(build_dir):
    """What has been settled still decides whether a token is a single word."""
    both = Both(build_dir, dict(document_of("gpt2"), post_processor=None, added_tokens=[
        {"id": i, "content": content, "single_word": content == "word", "special": True,
         "normalized": False} for i, content in enumerate(["word", "<x>", "<x>a", "\u00e9"], 700)]))
    for before in "<x>", "<x>a", "\u00e9", "<x>_", "<x> ":
        text = (before + "word word").encode()
        for place in range(len(text) + 1):
            stream = Stream(both)
            stream.add(text[:place], ALL)
            stream.check_clone()
            check_pieces(both, cut([(text, ALL)], [place]),
                         both.encode([(text, ALL)], both.by_bytes))
            stream.check_tail([(text[place:], ALL)])
            stream.encoder = stream.encoder.clone()
            stream.add(text[place:], ALL)
            assert stream.finish() == both.encode([(text, ALL)], both.by_bytes)


def test_begins_in_what_was_stripped(build_dir):
    """A token that strips isn't the end of what is settled: another may begin in the white space."""
    both = Both(build_dir, dict(document_of("gpt2"), post_processor=None, added_tokens=[
        {"id": 700, "content": "<r>", "rstrip": True}, {"id": 701, "content": " ab"},
        {"id": 702, "content": "\n c"}]))
    for text in b"<r>  abc", b"<r> \n ca", b"<r> ac ab", b"<r>\n <r> ab":
        wanted = both.check([(text, ALL)])
        for first in range(len(text)):
            for second in range(first, len(text)):
                check_pieces(both, cut([(text, ALL)], [first, second]), wanted)


# Known patterns; two have NFC, one NFKC. Of other models all may wait for the end.
USEFUL = ["gpt2", "llama3", "olmo2", "qwen2", "qwen3", "gpt-4o", "nanochat", "kimi", "claude"]


def check_most_is_settled(both, text, rng):
    done, stream = 0, Stream(both)
    while done < len(text):
        size = rng.choice([1, 10, 100, 1000])
        settled, count = stream.add(text[done : done + size], Policy())
        done += size
        assert settled >= min(done, len(text)) - 200, f"{settled} of {done}"
        assert count >= settled / 20
    assert stream.finish() == both.encode([(text, Policy())], both.by_bytes)


@pytest.mark.slow
@pytest.mark.parametrize("name", USEFUL)
def test_most_is_settled(build_dir, rng, name):
    """All but the last bytes of English text, as it comes."""
    check_most_is_settled(Both(build_dir, document_of(name)), read_english().encode()[:20_000], rng)


@pytest.mark.slow
def test_most_is_settled_after_two_searches(build_dir, rng):
    """As DeepSeek's: without a normalizer, some tokens are found first and some later."""
    document = dict(document_of("gpt2"), post_processor=None, added_tokens=[
        {"id": 600, "content": "<think>", "normalized": True},
        {"id": 601, "content": "<tool>", "normalized": False}])
    text = read_english().encode()[:20_000].replace(b". ", b". <think>").replace(b", ", b"<tool> ")
    assert text.count(b"<think>") > 20 and text.count(b"<tool>") > 20
    check_most_is_settled(Both(build_dir, document), text, rng)


@pytest.mark.parametrize("name", ["qwen3", "flags, normalised", "spaces"])
def test_branches(build_dir, rng, name):
    """Clones go on differently, in any order, whatever becomes of the first encoder."""
    both = Both(build_dir, document_of(name))
    for _ in range(40):
        stream = Stream(both)
        stream.add(both.make_text(rng), both.make_policy(rng, 0))
        before, branches = stream.found(), []
        for _ in range(3):
            tail, more = (both.make_text(rng), both.make_policy(rng, 0)), both.model.ids("byte")
            branches.append((stream.encoder.clone(), more, tail))
        stream.encoder.drop() if rng.random() < 0.5 else stream.encoder.free()
        rng.shuffle(branches)
        for clone, more, tail in branches:
            clone.add(tail[0], both.policy(tail[1]), more)
        for clone, more, tail in branches:
            clone.finish(more)
            got = [(i, *one) for i, one in zip(more.list(), more.offsets(), strict=True)]
            assert before + got == both.encode([*stream.spans, tail], both.by_bytes)


def test_encoding_between(build_dir, rng):
    """Calls that encode, count or truncate leave a stream alone."""
    both = Both(build_dir, document_of("qwen3"))
    for _ in range(50):
        stream, spans = Stream(both), both.make_spans(rng, both.make_text(rng))
        spans = [(text, Policy("all")) for text, _ in spans]
        for text, policy in spans:
            stream.add(text, policy)
            other, unused = both.spans([(both.make_text(rng), ALL)]), both.model.ids()
            stream.encoder.encode_spans(other, unused)
            stream.encoder.count(other)
            stream.encoder.truncate(other, 3)
        assert stream.finish() == both.encode(spans, both.by_bytes)


def test_again_and_after_errors(build_dir):
    """An encoder begins again after finish, and after drop."""
    both = Both(build_dir, document_of("qwen3"))
    encoder, ids = both.model.encoder(), both.model.ids("byte")
    wanted = both.encode([(b"some text", ALL)], both.by_bytes)
    for _ in range(2):
        ids.clear()
        encoder.add(b"some text", None, ids)
        encoder.finish(ids)
        assert [(i, *one) for i, one in zip(ids.list(), ids.offsets())] == wanted
        with pytest.raises(library.Error) as caught:
            encoder.add(b"some text <|im_", both.policy(Policy("error")), ids)
            encoder.add(b"start|>", both.policy(Policy("error")), ids)
            encoder.finish(ids)
        assert (caught.value.status, caught.value.offset) == ("bad input", 10)
        encoder.drop()
        assert encoder.settled() == (0, 0)


def test_policies_freed_early(build_dir):
    """An encoder keeps what it needs of a policy."""
    both = Both(build_dir, document_of("qwen3"))
    encoder, ids = both.model.encoder(), both.model.ids()
    for piece in b"a", b"<|im_st", b"art", b"|>", b"b <thi", b"nk", b">":
        policy = both.model.policy("all", "all", add_template=True)
        encoder.add(piece, policy, ids)
        policy.free()
    encoder.finish(ids)
    text = b"a<|im_start|>b <think>"
    assert ids.list() == both.reference.encode(text, "all", template=True)
