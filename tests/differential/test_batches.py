# Batches on threads equal single calls; decoding, at once, in batches and id by id.
# SPDX-License-Identifier: MIT
import pytest

pytest.importorskip("tokenizers")
import small_models  # noqa: E402
from reference.policies import Policy  # noqa: E402
from support import library  # noqa: E402
from support.both import Both, document_of  # noqa: E402

ALL = Policy("all", "all")
NAMES = ["gpt2", "qwen3", "flags", "normalizers", "tekken", "spaces"]


def encode_each(both, items, policy, ids):
    ids.clear()
    for text in items:
        both.encoder.encode(text, both.policy(policy), ids)
    return ids.list(), ids.ends(), ids.offsets()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_threads(build_dir, rng, name):
    both = Both(build_dir, document_of(name))
    for count in (0, 1, 2, 7, 300):
        items = [both.make_text(rng) for _ in range(count)]
        items += [items[0] * 200] if items and rng.random() < 0.5 else []
        for policy in ALL, Policy("none", "none", add_template=True):
            wanted = encode_each(both, items, policy, both.model.ids("byte"))
            for threads in range(1, 6):
                ids = both.model.ids("byte")
                both.encoder.encode_batch(items, both.policy(policy), threads, ids)
                assert (ids.list(), ids.ends(), ids.offsets()) == wanted


def test_first_error(build_dir, rng):
    """The first document that has one, whichever thread is faster; the buffer stays."""
    both = Both(build_dir, document_of("qwen3"))
    policy = both.policy(Policy("error"))
    for threads in [1, 2, 3, 4, 5] * 4:
        items = [b"some text"] * rng.randint(1, 300)
        bad = sorted(rng.sample(range(len(items)), min(len(items), 3)))
        for index in bad:
            items[index] = b"text " * rng.choice([1, 2000]) + b"<|im_start|>"
        ids = both.model.ids()
        ids.append([1, 2, 3])
        with pytest.raises(library.Error) as caught:
            both.encoder.encode_batch(items, policy, threads, ids)
        assert (caught.value.status, caught.value.offset) == ("bad input", bad[0])
        assert str(bad[0]) in caught.value.message
        assert ids.list() == [1, 2, 3] and ids.ends() == []


def test_two_bytes(build_dir, rng):
    """Ids are the same in two bytes and in four."""
    both = Both(build_dir, document_of("qwen3"))
    small, large = both.model.ids(id_bytes=2), both.model.ids(id_bytes=4)
    assert both.model.ids().view().id_bytes == 2
    for text in [both.make_text(rng) for _ in range(50)]:
        both.encoder.encode(text, both.policy(ALL), small)
        both.encoder.encode(text, both.policy(ALL), large)
    assert small.list() == large.list() and small.ends() == large.ends()
    assert len(small.ends()) == 50


# ---- Decoding ----


def expect_text(both, ids, skip_special_tokens=False):
    added = {token.id: token for token in both.reference.added}
    out = []
    for i in ids:
        token = added.get(i)
        if token is None:
            out.append(both.reference.tokens[i])
        elif not (token.special and skip_special_tokens):
            out.append(token.content.encode())
    return b"".join(out)


def held_back(text):
    """How many bytes at the end may become a character."""
    for size in range(1, 4):
        try:
            text[-size:].decode()
        except UnicodeDecodeError as error:
            if error.start == 0 and error.reason == "unexpected end of data":
                return size
    return 0


def make_ids(both, rng, most=30):
    """Any ids, and those of texts cut anywhere."""
    known = [*both.reference.tokens, *(token.id for token in both.reference.added)]
    bytes_only = [i for i, token in both.reference.tokens.items() if len(token) == 1]
    kind = rng.randrange(3)
    if kind == 0:
        return rng.choices(known, k=rng.randrange(most))
    if kind == 1:
        return rng.choices(bytes_only, k=rng.randrange(most))
    ids = both.model.ids()
    both.encoder.encode(both.make_text(rng), both.policy(ALL), ids)
    return ids.list()[rng.randrange(3) :]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("skips", [False, True])
def test_decode(build_dir, rng, name, skips):
    """At once, in batches on threads, and id by id."""
    both = Both(build_dir, document_of(name))
    documents = [make_ids(both, rng) for _ in range(150)]
    wanted = [expect_text(both, ids, skips) for ids in documents]
    assert [both.model.decode(ids, skips) for ids in documents] == wanted
    buffer = both.model.ids()
    for ids in documents:
        buffer.append(ids)
        buffer.end_document()
    buffer.append([0, 0])
    for threads in range(1, 6):
        assert both.model.decode_batch(buffer, threads, skips) == wanted
    decoder = both.model.stream_decoder(skips)
    for ids, text in zip(documents, wanted):
        done = b""
        for count, i in enumerate(ids, 1):
            done += decoder.add([i])
            so_far = expect_text(both, ids[:count], skips)
            assert done == so_far[: len(so_far) - held_back(so_far)], ids[:count]
        assert done + decoder.finish() == text


def test_unknown_ids(build_dir, rng):
    both = Both(build_dir, document_of("qwen3"))
    unknown = 1 + max([*both.reference.tokens, *(token.id for token in both.reference.added)])
    ids = rng.choices(list(both.reference.tokens), k=100)
    wanted = expect_text(both, ids)
    for index in 0, 1, 50, 99:
        bad = [*ids[:index], unknown, *ids[index + 1 :]]
        for call in (both.model.decode, both.model.stream_decoder().add):
            with pytest.raises(library.Error) as caught:
                call(bad)
            assert (caught.value.status, caught.value.offset) == ("bad input", index)
        check_batch_error(both, bad, index)
        decoder = both.model.stream_decoder()
        with pytest.raises(library.Error):
            decoder.add(bad)
        assert decoder.add(ids) + decoder.finish() == wanted, "no id was consumed"


def check_batch_error(both, bad, index):
    buffer = both.model.ids()
    for begin in range(0, 100, 7):
        buffer.append(bad[begin : begin + 7])
        buffer.end_document()
    for threads in range(1, 6):
        with pytest.raises(library.Error) as caught:
            both.model.decode_batch(buffer, threads)
        assert (caught.value.status, caught.value.offset) == ("bad input", index)


def test_round_trips(build_dir, rng):
    """Where nothing is changed, what was encoded is decoded, whatever bytes it is."""
    for name in set(small_models.CONFIGURATIONS) & {"gpt2", "merged", "kimi", "phi4"}:
        both = Both(build_dir, document_of(name))
        for _ in range(60):
            text, ids = both.make_text(rng), both.model.ids()
            both.encoder.encode(text, both.policy(Policy("none", "none")), ids)
            assert both.model.decode(ids.list()) == text
