# Ids, offsets, counts and limits of every call, compared with the reference and the command.
# SPDX-License-Identifier: MIT
import json
import struct

import pairmill
import pytest

pytest.importorskip("tokenizers")
import small_models  # noqa: E402
import texts  # noqa: E402
from pairmill import Policy  # noqa: E402
from reference import origins, tokenizer_json  # noqa: E402
from support import both  # noqa: E402
from support.tiers import mostly_slow  # noqa: E402

FAST = ["gpt2", "qwen3", "llama3", "flags", "flags, normalised", "normalizers", "tekken"]
NAMES = mostly_slow(small_models.CONFIGURATIONS, FAST)


class Both(both.Both):
    """A model in the package and in the reference."""

    def __init__(self, document):
        self.document = document
        self.reference = tokenizer_json.Tokenizer(document)
        self.tok = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
        added = self.reference.added
        self.contents = [[t.content for t in added if t.special is kind] for kind in (True, False)]

    def policy(self, policy):
        special, added = (listed if choice == "list" else choice for choice, listed in (
            (policy.special, policy.special_list), (policy.added, policy.added_list)))
        return Policy(special, added, policy.add_template)

    def check(self, spans):
        """All calls of the package; returns [(id, begin, end)] or the offset of the error."""
        wanted = self.expect(spans)
        calls = self.calls(spans)
        if isinstance(wanted, int):
            for name, call in calls.items():
                with pytest.raises(ValueError) as error:
                    call()
                index = 1 if name.startswith("batch") else wanted
                assert error.value.offset == index, (name, spans, self.explain())
            return wanted
        wanted, ids = wanted[0], [one[0] for one in wanted[0]]
        for name, call in calls.items():
            assert call() == ids, (name, spans, self.explain())
        if len(spans) == 1:
            self.check_one(*spans[0], wanted, ids)
        return wanted

    def calls(self, spans):
        """name: a call that gives a list of ids"""
        pairs = self.spans(spans)
        calls = {"spans": lambda: self.tok.encode_spans(pairs).tolist(),
                 "stream": lambda: self.stream(pairs)}
        if len(spans) == 1:
            (text, policy), = pairs
            calls |= {
                "encode": lambda: self.tok.encode(text, policy=policy),
                "array": lambda: self.tok.encode_to_array(text, policy=policy).tolist(),
                "offsets": lambda: self.tok.encode_with_offsets(text, policy=policy)[0].tolist(),
                "batch": lambda: self.tok.encode_batch(["", text], policy=policy)[1].tolist(),
                "batch on threads": lambda: self.tok.encode_batch(
                    iter(["", text, ""]), threads=3, special_tokens=policy)[1].tolist()}
        return calls

    def stream(self, pairs):
        stream, ids = self.tok.stream(), []
        for text, policy in pairs:
            ids += stream.add(text, policy)
            assert stream.settled[1] == len(ids)
            stream.clone().add(b"and something else")
        clone = stream.clone()
        end = stream.finish().tolist()
        assert clone.finish() == end and stream.settled == (0, 0)
        return ids + end

    def check_one(self, text, policy, wanted, ids):
        policy = self.policy(policy)
        bytes_wanted = [one[1:] for one in wanted]
        assert self.tok.encode_with_offsets(text, "byte", policy=policy)[1] == bytes_wanted
        assert self.tok.encode_with_offsets(text, policy=policy)[1] == origins.in_characters(
            text, bytes_wanted)
        assert self.tok.count(text, policy=policy) == len(ids)

    def check_truncated(self, text, policy, most):
        mine = self.policy(policy)
        try:
            kept, used = self.reference.encode_spans([(text, policy)], most)
        except tokenizer_json.NoToken:
            raise
        except ValueError:  # the template alone is more
            with pytest.raises(ValueError):
                self.tok.truncate(text, most, policy=mine)
            return
        assert self.tok.truncate(text, most, policy=mine) == ([one[0] for one in kept], used)


def make_both(name):
    return Both(both.document_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_random_spans(rng, name):
    models, tally = make_both(name), [0, 0]
    for i in range(150):
        text = models.make_text(rng)
        spans = [(text, models.make_policy(rng))] if i % 3 else models.make_spans(rng, text)
        wanted = models.check(spans)
        tally[isinstance(wanted, int)] += 1
        if len(spans) == 1 and not isinstance(wanted, int):
            for most in {0, 1, rng.randint(0, len(wanted) + 1), len(wanted)}:
                models.check_truncated(*spans[0], most)
    assert tally[0] > 50 and (tally[1] > 0 or not models.reference.added)


@pytest.mark.parametrize("name", ["qwen3", "tekken"])
def test_the_command_gives_the_same_ids(run, rng, tmp_path, name):
    document = both.document_of(name)
    (tmp_path / "model.json").write_text(json.dumps(document))
    tok = pairmill.Tokenizer.load(tmp_path / "model.json")
    documents = [text.replace("\n", " ").encode() + b"\n"
                 for text in small_models.make_texts(rng, document, 50)]
    (tmp_path / "texts").write_bytes(b"".join(documents))
    run("encode", "--model", tmp_path / "model.json", "--input-format", "lines", "--format", "u16",
        "--special-tokens", "all", "--output", tmp_path / "ids.u16", tmp_path / "texts")
    data = (tmp_path / "ids.u16").read_bytes()
    ids = list(struct.unpack(f"<{len(data) // 2}H", data))
    assert tok.encode_batch(documents, special_tokens="all").ids == ids


@pytest.mark.slow
def test_long_texts(rng):
    """Longer than what is encoded at once."""
    tok = make_both("qwen3").tok
    words = texts.Words(rng, 500, ("latin", "han"))
    text = words.text(300_000)
    text = text * (9_500_000 // len(text.encode()) + 1) + "<|im_start|>"
    batch = tok.encode_batch([text], special_tokens="all")
    assert tok.encode(text, special_tokens="all") == batch[0]
    ids, offsets = tok.encode_with_offsets(text, special_tokens="all")
    assert ids == batch[0] and offsets[-1] == (len(text) - 12, len(text))
    with pytest.raises(ValueError) as error:
        tok.encode(text, special_tokens="error")
    assert error.value.offset == len(text.encode()) - 12


@pytest.mark.slow
def test_long_spans(rng):
    """Counted, streamed and encoded in pieces, with policies, as if they were encoded at once."""
    tok = make_both("qwen3").tok
    words = texts.Words(rng, 500, ("latin", "han"))
    text = words.text(200_000) + "<|im_start|>"
    text = text * (9_500_000 // len(text.encode()) + 1)
    right = tok.encode_batch([text], special_tokens="all")[0]
    assert tok.count(text, special_tokens="all") == len(right)
    stream = tok.stream(special_tokens="all")
    assert stream.add(text).tolist() + stream.finish().tolist() == right
    cuts = [0, *sorted(rng.randrange(len(text)) for _ in range(4)), len(text)]
    parts = [text[begin:end] for begin, end in zip(cuts, cuts[1:])]
    assert tok.encode_spans([(part, "all") for part in parts] + [("", None)]) == right
    # The end of the text is special only in the span that allows it.
    mixed = tok.encode_spans([(text, "none"), ("<|im_start|>", "all")])
    plain = tok.encode_batch([text + "<|im_start|>"])[0]
    assert mixed[-1] == tok.special_tokens["<|im_start|>"] and mixed[:100] == plain[:100]
    assert tok.special_tokens["<|im_start|>"] not in mixed[:-1].tolist()
    assert tok.decode(mixed) == text + "<|im_start|>"


def test_no_ids():
    tok = make_both("gpt2").tok
    assert tok.encode("") == [] == tok.encode_to_array("").tolist() and tok.count("") == 0
    assert tok.encode_spans([]) == [] and tok.encode_batch([]).tolist() == []
    assert tok.encode_with_offsets("") == ([], []) and tok.truncate("abc", 0) == ([], 0)
    stream = tok.stream()
    assert stream.finish() == [] and stream.add("") == [] and stream.settled == (0, 0)


# ---- Policies ----


@pytest.fixture(scope="module")
def qwen():
    """Special: <|endoftext|>, <|im_start|>. Added: <think>, </think>."""
    return make_both("qwen3").tok


TEXT = "<think><|im_start|>a</think>"
START, THINK, END = b"<|im_start|>", b"<think>", b"</think>"
SPELLINGS = {
    (THINK, END): [None, "none", Policy(), Policy("none"), Policy(special=()), ()],
    (THINK, START, END): ["all", Policy("all"), ["<|im_start|>"], (START,), {START},
                          Policy(["<|im_start|>"]), [START, START, THINK, END]],
    (): ["untrusted", Policy.untrusted, Policy("none", "none"), Policy(added=[])],
    (START,): [Policy("all", "none"), Policy([START], ())],
    (END,): [["</think>"], [END], Policy("none", {"</think>"})],
    (START, END): [["<|im_start|>", END], Policy("all", [END])],
}


@pytest.mark.parametrize("wanted", SPELLINGS)
def test_every_way_to_spell_a_policy(qwen, wanted):
    names = {i: token for token, i in (qwen.special_tokens | qwen.added_tokens).items()}
    for spelling in SPELLINGS[wanted]:
        for keyword in ("special_tokens", "policy"):
            choice = {keyword: spelling}
            ids = qwen.encode(TEXT, **choice)
            assert [names[i].encode() for i in ids if i in names] == list(wanted), choice
            assert qwen.encode_to_array(TEXT, **choice) == ids
            assert qwen.encode_with_offsets(TEXT, **choice)[0] == ids
            assert qwen.encode_batch([TEXT], **choice).tolist() == [ids]
            assert qwen.truncate(TEXT, 99, **choice)[0] == ids
            assert qwen.count(TEXT, **choice) == len(ids)
            stream = qwen.stream(**choice)
            assert stream.add(TEXT).tolist() + stream.finish().tolist() == ids
            assert qwen.encode_spans([(TEXT, choice[keyword])]) == ids


def test_an_iterator_is_a_list(qwen):
    assert qwen.encode(TEXT, special_tokens=iter([START])) == qwen.encode(TEXT, policy=[START])


def test_policies_are_values():
    policy = Policy(["b", b"a", "b"], "error", True)
    assert policy == Policy((b"a", b"b"), "error", True) != Policy(["b"], "error", True)
    assert hash(policy) == hash(Policy({b"b", "a"}, "error", True))
    assert policy.special == (b"a", b"b") and policy.added == "error" and policy.template is True
    assert eval(repr(policy)) == policy and Policy.untrusted == Policy("none", "none")
    with pytest.raises(AttributeError):
        policy.special = "all"


def test_policies_that_are_refused(qwen):
    for wrong in (5, 1.5, b"<think>", [5], ["a", None], object()):
        with pytest.raises(TypeError):
            qwen.encode(TEXT, special_tokens=wrong)
    for wrong in (["<|unknown|>"], "bogus", Policy("bogus"), Policy(added="bogus"),
                  Policy(["<think>"]), Policy(added=["<|im_start|>"])):
        for keyword in ("special_tokens", "policy"):
            with pytest.raises(ValueError):
                qwen.encode(TEXT, **{keyword: wrong})
    with pytest.raises(TypeError, match="not both"):
        qwen.encode(TEXT, special_tokens="all", policy=Policy())
    for wrong in ("a", ("a",), ("a", None, None), ["a", None]):
        with pytest.raises(TypeError, match="a span must be a tuple"):
            qwen.encode_spans([wrong])


def test_many_policies(qwen):
    """Policies are kept, but not for ever."""
    names = [*qwen.special_tokens, *qwen.added_tokens]
    wanted = {name: qwen.encode(name + TEXT, special_tokens=[name]) for name in names}
    for i in range(300):
        name = names[i % len(names)]
        assert qwen.encode(name + TEXT, special_tokens=[name]) == wanted[name]
        policy = Policy(["<|im_start|>"][: i % 2], ["<think>", "</think>"][: i % 3], i % 5 == 0)
        assert (qwen.special_tokens["<|im_start|>"] in qwen.encode(TEXT, policy=policy)) == i % 2


def test_errors_say_where(qwen):
    text = "añ <|im_start|>"
    for call in (qwen.encode, qwen.encode_to_array, qwen.count, qwen.encode_with_offsets):
        with pytest.raises(ValueError, match="im_start") as error:
            call(text, special_tokens="error")
        assert error.value.offset == 4
    with pytest.raises(ValueError) as error:
        qwen.encode_batch(["", "a", text], special_tokens="error")
    assert error.value.offset == 2
    stream = qwen.stream(special_tokens="error")
    stream.add("añ <|im_st")
    with pytest.raises(ValueError) as error:
        stream.add("art|>")
        stream.finish()
    assert error.value.offset == 4 and stream.settled == (0, 0)
    assert stream.add("abc").tolist() + stream.finish().tolist() == qwen.encode("abc")
    with pytest.raises(ValueError) as error:
        qwen.encode_spans([("añ", None), (" <|im_start|>", "error")])
    assert error.value.offset == 4


def test_bytes_that_the_vocab_lacks():
    tok = pairmill.Tokenizer.from_parts({b"a": 0, b"b": 1, b"ab": 2}, [(b"a", b"b")])
    assert tok.encode("aab") == [0, 2]
    with pytest.raises(ValueError) as error:
        tok.encode("aabc")
    assert error.value.offset == 3


def test_streams_keep_their_policy(qwen):
    stream = qwen.stream(special_tokens="all")
    clone = stream.clone()
    for one in (stream, clone):
        ids = one.add("<|im_start|>").tolist() + one.add("<|im_start|>", "none").tolist()
        ids += one.finish().tolist()
        assert ids == qwen.encode_spans([("<|im_start|>", "all"), ("<|im_start|>", "none")])
