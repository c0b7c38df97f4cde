# What ids become: text, bytes, batches, streams, and bytes that are not UTF-8.
# SPDX-License-Identifier: MIT
import json

import pairmill
import pytest

pytest.importorskip("tokenizers")
import small_models  # noqa: E402
import texts  # noqa: E402
from support import both  # noqa: E402


@pytest.fixture(scope="module")
def qwen():
    """Special: <|endoftext|>, <|im_start|>. Added: <think>, </think>."""
    return pairmill.Tokenizer.from_bytes(json.dumps(both.document_of("qwen3")).encode())


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest"] * 9, 300, special_tokens=["<|end|>"])


def test_every_text_comes_back(tok, rng):
    for _ in range(500):
        data = texts.hostile(rng)
        ids = tok.encode(data, special_tokens="all")
        assert tok.decode_bytes(ids) == data
        for errors in ("replace", "ignore", "backslashreplace", "surrogateescape"):
            assert tok.decode(ids, errors) == tok.decode(ids, errors=errors) == data.decode(
                errors=errors)
        assert tok.decode(ids) == data.decode(errors="replace")


def test_models_with_a_normalizer(rng):
    """Bytes are those of the tokens."""
    for name in ("lower", "qwen2", "roberta", "spaces"):
        document = both.document_of(name)
        tok = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
        for text in small_models.make_texts(rng, document, 50):
            ids = tok.encode(text, special_tokens="all")
            assert tok.decode_bytes(ids) == b"".join(map(tok.token_bytes, ids))


def test_what_is_not_utf8(tok):
    ids = [0xE6, 0x9D, 97]
    assert tok.decode(ids) == "\ufffda" and tok.decode(ids, "ignore") == "a"
    with pytest.raises(UnicodeDecodeError) as error:
        tok.decode(ids, "strict")
    assert (error.value.start, error.value.object) == (0, b"\xe6\x9da")
    with pytest.raises(UnicodeDecodeError):
        tok.decode_batch([[97], ids], errors="strict")
    assert tok.decode_batch([ids, ids], "ignore") == ["a", "a"]
    with pytest.raises(LookupError, match="unknown error handler"):
        tok.decode(ids, "bogus")
    for wrong in (None, 5, b"strict"):
        for call in (tok.decode, tok.decode_batch):
            with pytest.raises(TypeError, match="errors must be a str"):
                call([], wrong)
        with pytest.raises(TypeError, match="errors must be a str"):
            tok.stream_decoder(wrong)


def test_special_tokens_are_left_out(qwen):
    text = "a<|im_start|>b<think>c"
    ids = qwen.encode(text, special_tokens="all")
    assert qwen.decode(ids) == text == qwen.decode(ids, skip_special_tokens=False)
    without = "ab<think>c"
    assert qwen.decode(ids, skip_special_tokens=True) == without
    assert qwen.decode_bytes(ids, skip_special_tokens=True) == without.encode()
    assert qwen.decode_batch([ids, ids], skip_special_tokens=True) == [without] * 2
    assert qwen.decode_bytes_batch([ids], skip_special_tokens=1) == [without.encode()]
    decoder = qwen.stream_decoder(skip_special_tokens=True)
    assert "".join(map(decoder.add, ids)) + decoder.finish() == without


def test_unknown_ids(tok):
    unused = tok.vocab_size
    ids = [97] * 1000 + [unused, 97]
    for call in (tok.decode, tok.decode_bytes):
        with pytest.raises(ValueError, match=f"id {unused} at index 1000") as error:
            call(ids)
        assert error.value.offset == 1000
    for threads in (1, 3):
        with pytest.raises(ValueError, match=f"id {unused} at index 1003, in document 2") as error:
            tok.decode_batch([[1, 2, 3], [], ids], threads=threads)
        assert error.value.offset == 1003
    decoder = tok.stream_decoder()
    assert decoder.add([0xE6, 0x9D]) == ""
    with pytest.raises(ValueError, match=f"id {unused}") as error:
        decoder.add([0xB1, unused])
    assert error.value.offset == 1 and decoder.add([0xB1]) == "東"  # none was taken


def test_batches_on_threads(tok, rng):
    documents = [texts.hostile(rng) for _ in range(200)]
    batch = tok.encode_batch(documents)
    for threads in (0, 1, 2, 7, None):
        assert tok.decode_bytes_batch(batch, threads=threads) == documents
        assert tok.decode_batch(batch.tolist(), threads=threads) == [
            data.decode(errors="replace") for data in documents]


def test_streams(tok, rng):
    """Pieces are whole characters and give the text of all ids together."""
    for _ in range(200):
        data = texts.hostile(rng)
        ids, decoder = tok.encode(data), tok.stream_decoder()
        pieces, at = [], 0
        while at < len(ids):
            count = rng.choice([0, 1, 1, 1, 2, 5])
            pieces.append(decoder.add(ids[at : at + count]))
            at += count
        assert "".join(pieces) + decoder.finish() == data.decode(errors="replace")
        got = b"".join(map(decoder.add_bytes, ids)) + decoder.finish_bytes()
        assert got == data and decoder.finish() == "" == decoder.add([])


def test_characters_are_held_back(tok):
    decoder = tok.stream_decoder()
    assert [decoder.add(byte) for byte in "é東😀".encode()] == [
        "", "é", "", "", "東", "", "", "", "😀"]
    assert decoder.add(0xF0) == "" and decoder.finish() == "\ufffd" and decoder.finish() == ""
    assert decoder.add([0xE6, 97]) == "\ufffda"
    strict = tok.stream_decoder("strict")
    with pytest.raises(UnicodeDecodeError):
        strict.add([0xFF])
    assert strict.add([0xE6]) == ""
    with pytest.raises(UnicodeDecodeError):
        strict.finish()


def test_a_decoder_keeps_its_model():
    decoder = pairmill.train_from_iterator(["ab"] * 3, 257).stream_decoder()
    assert decoder.add([256, 97]) == "aba"
