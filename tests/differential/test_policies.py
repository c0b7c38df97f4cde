# Policies, spans, offsets, limits and counts, compared with the reference.
# SPDX-License-Identifier: MIT
import random

import pytest

pytest.importorskip("tokenizers")
import random_members  # noqa: E402
import small_models  # noqa: E402
from reference.policies import Policy  # noqa: E402
from support import library  # noqa: E402
from support.both import Both, document_of, make_members  # noqa: E402

NONE, ALL = Policy("none", "none"), Policy("all", "all")
ERROR = Policy("error", "error")


def check_truncated(both, spans, most):
    ids, shown = both.by_bytes, f"{most} of {spans}"
    ids.clear()
    try:
        used = both.encoder.truncate(both.spans(spans), most, ids)
    except library.Error as error:
        assert error.status == "bad option" and ids.list() == [], shown
        with pytest.raises(ValueError):
            both.reference.encode_spans(spans, most)
        return
    kept, expected = both.reference.encode_spans(spans, most)
    assert ids.list() == [i for i, _, _ in kept], shown
    assert ids.offsets() == [one[1:] for one in kept], shown
    assert used == expected, shown
    assert both.encoder.truncate(both.spans(spans), most) == expected, shown


def check_random(both, rng, count):
    """Returns how many texts were errors, and how many not."""
    tally = [0, 0]
    for _ in range(count):
        spans = both.make_spans(rng, both.make_text(rng))
        wanted = both.check(spans)
        tally[wanted is not None] += 1
        if wanted is not None:
            for most in {0, 1, rng.randint(0, len(wanted) + 1), len(wanted)}:
                check_truncated(both, spans, most)
    return tally


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.CONFIGURATIONS)
def test_random_spans(build_dir, rng, name):
    both = Both(build_dir, document_of(name))
    errors, ids = check_random(both, rng, 250)
    assert ids > 100 and (errors > 0 or not both.reference.added)


@pytest.mark.slow
def test_random_members(build_dir, rng):
    """Steps, added tokens and normalizers that no model has."""
    base = random_members.make_base()
    for _ in range(60):
        check_random(make_members(build_dir, base, rng), rng, 50)


def test_missing_bytes(build_dir, rng):
    """The first byte that the vocab lacks is an error, in whichever span."""
    document = small_models.make("gpt2")
    model = document["model"]
    model["merges"] = [merge for merge in model["merges"] if "z" not in "".join(merge)]
    kept = [token for token in model["vocab"] if "z" not in token]
    model["vocab"] = {token: i for i, token in enumerate(kept)}
    document["added_tokens"][0]["id"] = len(kept)
    both = Both(build_dir, document)
    for text in [b"z", b"az", b"<|endoftext|>z", b"a<|endofzz", b"zz top"]:
        for cut in range(len(text) + 1):
            assert both.check([(text[:cut], NONE), (text[cut:], ALL)]) is None


# ---- Examples ----


@pytest.fixture(scope="module")
def qwen(build_dir):
    """Special: <|endoftext|>, <|im_start|>. Added: <think>, </think>."""
    return Both(build_dir, document_of("qwen3"))


@pytest.fixture(scope="module")
def longer(build_dir):
    """<a>, <a><b> and <b><c> are special, <a is added."""
    document = dict(small_models.make("gpt2"), post_processor=None, added_tokens=[
        {"id": i, "content": content, "special": content != "<a", "normalized": False}
        for i, content in enumerate(["<a", "<a>", "<a><b>", "<b><c>"], 700)])
    return Both(build_dir, document)


def found(both, *spans):
    """The added tokens that both find, by name."""
    names = {token.id: token.content for token in both.reference.added}
    wanted = both.check(list(spans))
    return None if wanted is None else [names[i] for i, _, _ in wanted if i in names]


def test_defaults(qwen):
    assert found(qwen, (b"<think><|im_start|>", Policy())) == ["<think>"]
    got = qwen.model.ids()
    qwen.encoder.encode(b"<think><|im_start|>", None, got)
    assert got.list() == [i for i, _, _ in qwen.check([(b"<think><|im_start|>", Policy())])]
    assert found(qwen, (b"<think><|im_start|>", NONE)) == []
    assert found(qwen, (b"<think><|im_start|>", ALL)) == ["<think>", "<|im_start|>"]


def test_half_in_an_untrusted_span(qwen):
    token = b"<|im_start|>"
    for cut in range(1, len(token)):
        assert found(qwen, (token[:cut], ALL), (token[cut:], NONE)) == []
        assert found(qwen, (token[:cut], NONE), (token[cut:], ALL)) == []
        assert found(qwen, (b"a" + token[:cut], ALL), (token[cut:], Policy("all"))) == [
            "<|im_start|>"]


def test_forbidden_in_one_half(qwen):
    token = b"<|im_start|>"
    for cut in range(1, len(token)):
        assert found(qwen, (token[:cut], ALL), (token[cut:], ERROR)) is None
        assert found(qwen, (token[:cut], ERROR), (token[cut:], ALL)) is None
        assert found(qwen, (token[:cut], ERROR), (token[cut:], NONE)) == []


def test_empty_spans(qwen):
    """They allow nothing and forbid nothing, wherever they are."""
    token = b"<|im_start|>"
    for between in NONE, ERROR:
        assert found(qwen, (token[:4], ALL), (b"", between), (token[4:], ALL)) == ["<|im_start|>"]
    assert found(qwen) == found(qwen, (b"", ALL)) == []


def test_longer_one_not_allowed(longer):
    """It hides neither a shorter one at the same place nor one that begins later."""
    both = Policy("list", special_list=("<a>",))
    assert found(longer, (b"<a><b>", both)) == ["<a>"]
    assert found(longer, (b"<a><b>", ALL)) == ["<a><b>"]
    assert found(longer, (b"<a><b>", Policy())) == ["<a"]
    assert found(longer, (b"<a>", ALL), (b"<b><c>", NONE)) == ["<a>"]
    assert found(longer, (b"<a", NONE), (b"><b><c>", ALL)) == ["<b><c>"]
    assert found(longer, (b"<a>", Policy("none", "none")), (b"<b><c>", ALL)) == ["<b><c>"]
    assert found(longer, (b"<a><b>", Policy("error", "all"))) is None


def test_alike_once_normalised(build_dir):
    """A policy may recognise only one of them, another policy the other one."""
    document = dict(document_of("flags, normalised"), post_processor=None, added_tokens=[
        {"id": i, "content": content, "special": True, "normalized": True}
        for i, content in enumerate(["<Ab>", "<aB>"], 700)])
    both = Both(build_dir, document)
    first, second = (Policy("list", special_list=(name,)) for name in ("<Ab>", "<aB>"))
    assert found(both, (b"<ab> <AB>", first), (b"<ab>", second)) == ["<Ab>", "<Ab>", "<aB>"]
    assert found(both, (b"<ab", first), (b"> <AB>", second)) == ["<aB>"]
    with pytest.raises(library.Error) as caught:
        both.encoder.count(both.spans([(b"", ALL)]))
    assert caught.value.status == "unsupported"


def test_begins_in_what_was_stripped(build_dir):
    """Both are found, each with its own bytes, so that the ranges overlap; but nothing is left of
    one that strips and is nothing else."""
    document = dict(document_of("gpt2"), post_processor=None, added_tokens=[
        {"id": 700, "content": "<r>", "rstrip": True}, {"id": 701, "content": " ab"},
        {"id": 702, "content": "\n"}, {"id": 703, "content": "\t", "lstrip": True}])
    both = Both(build_dir, document)

    def ranges(text):
        return [one[1:] for one in both.check([(text, ALL)])]

    assert ranges(b"<r>  abc") == [(0, 5), (4, 7), (7, 8)]
    assert ranges(b"<r> \n a") == [(0, 6), (4, 5), (5, 7)]
    assert ranges(b"<r> \t a") == [(0, 6), (6, 7)]


def test_merges_cross_borders(qwen):
    """All else is encoded as one text."""
    text = b" the quick brown fox and the lazy dog"
    whole = [i for i, _, _ in qwen.check([(text, ALL)])]
    for cut in range(len(text) + 1):
        spans = qwen.check([(text[:cut], NONE), (text[cut:], ALL)])
        assert [i for i, _, _ in spans] == whole


def test_templates(build_dir):
    """The first span's policy says what comes before, the last one's what after."""
    both = Both(build_dir, document_of("tekken"))
    adds = Policy(add_template=True)
    before, after = both.reference.before, both.reference.after
    assert before and after
    for first, last in [(adds, NONE), (NONE, adds), (adds, adds), (NONE, NONE)]:
        for spans in [(b"ab", first), (b"c", last)], [(b"", first), (b"", last)]:
            ids = [i for i, _, _ in both.check(spans)]
            assert (ids[:1] == before, ids[-1:] == after) == (first is adds, last is adds)


def test_bad_policies(qwen):
    for options in [{"special": "some"}, {"added": ""}, {"special_list": [b"<think>"]},
                    {"special": "list", "special_list": [b"<none>"]},
                    {"special": "all", "special_list": [b"<|im_start|>"]}]:
        with pytest.raises(library.Error) as caught:
            qwen.model.policy(**options)
        assert caught.value.status == "bad option", options


def test_policy_of_another_model(qwen, longer):
    with pytest.raises(library.Error) as caught:
        qwen.encoder.count([(b"text", longer.policy(ALL))])
    assert caught.value.status == "bad option"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qwen3", "roberta", "normalizers", "flags", "spaces"])
def test_every_limit(build_dir, rng, name):
    both = Both(build_dir, document_of(name))
    for _ in range(30):
        spans = both.make_spans(random.Random(rng.random()), both.make_text(rng))
        wanted = both.check(spans)
        for most in range(len(wanted or []) + 3):
            if wanted is not None:
                check_truncated(both, spans, most)
