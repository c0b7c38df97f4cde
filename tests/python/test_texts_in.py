# Every kind of text that calls take: str, bytes-like, iterables, Arrow columns.
# SPDX-License-Identifier: MIT
import array
import collections
import ctypes
import mmap
import threading

import pairmill
import pytest

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")

TEXTS = ["low lower", "", "naïve 東京", "x" * 5000, "😀 newest lower low", "\0 \0"]
BYTES = [text.encode() for text in TEXTS]


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest, new newer newest"] * 9, 280)


@pytest.fixture(scope="module")
def ids(tok):
    return [tok.encode(text) for text in TEXTS]


class Buffer(bytearray):
    """Of the caller's own."""


def map_file(data, tmp_path):
    path = tmp_path / "text"
    path.write_bytes(data)
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class Text(str):
    pass


KINDS = {
    "bytes": bytes, "bytearray": bytearray, "memoryview": memoryview, "derived": Buffer,
    "part": lambda data: memoryview(b"ab" + data + b"c")[2:-1], "array": lambda data:
        array.array("B", data), "numpy": lambda data: np.frombuffer(data, "u1"),
    "str": bytes.decode, "derived str": lambda data: Text(data.decode()),
    "numpy bytes": np.bytes_, "other items": lambda data: array.array("b", [
        byte - 256 * (byte > 127) for byte in data])}


@pytest.mark.parametrize("kind", KINDS)
def test_one_text(tok, ids, kind):
    for data, wanted in zip(BYTES, ids):
        if kind == "numpy bytes" and data.endswith(b"\0"):
            continue  # NumPy strips them
        text = KINDS[kind](data)
        assert tok.encode(text) == wanted == tok.encode_to_array(text)
        assert tok.encode_with_offsets(text)[0] == wanted == tok.encode_spans([(text, None)])
        assert tok.count(text) == len(wanted) and tok.truncate(text, 9999)[0] == wanted
        stream = tok.stream()
        assert stream.add(text).tolist() + stream.finish().tolist() == wanted
        assert tok.encode_batch([text, text]).tolist() == [wanted, wanted]
        counts = pairmill.count_from_iterator([text, text])
        assert counts == pairmill.count_from_iterator([data, data])
        assert counts.documents == 2 * bool(data)  # no text is no document


def test_a_mapped_file(tok, ids, tmp_path):
    for data, wanted in zip(BYTES, ids):
        if data:
            with map_file(data, tmp_path) as text:
                assert tok.encode(text) == wanted == tok.encode_batch([text])[0]
                assert pairmill.count_from_iterator([text]).bytes == len(data)


def test_wider_items_are_their_bytes(tok):
    wide = array.array("H", [0x6f6c, 0x2077])
    assert tok.encode(wide) == tok.encode(wide.tobytes())
    assert pairmill.count_from_iterator([wide]).bytes == 4


@pytest.mark.parametrize("wrong", [None, 5, 1.5, ["a"], ("a", "b"), object(), {"a": 1}])
def test_what_no_text_is(tok, wrong):
    for call in (tok.encode, tok.encode_to_array, tok.count, tok.encode_with_offsets,
                 tok.stream().add, tok.token_id):
        with pytest.raises(TypeError, match="text must be a str or bytes-like object"):
            call(wrong)
    with pytest.raises(TypeError, match="item 1 is not a str or bytes-like object"):
        tok.encode_batch(["a", wrong])
    with pytest.raises(TypeError):
        pairmill.count_from_iterator(["a", wrong])


def test_gaps_between_the_bytes(tok):
    for gappy in (memoryview(b"abcd")[::2], np.zeros((4, 4), "u1")[:, 1]):
        for call in (tok.encode, lambda text: tok.encode_batch(["a", text])):
            with pytest.raises((BufferError, ValueError), match="contiguous"):
                call(gappy)


def test_lone_surrogates(tok):
    text = "ab\ud800c"
    for call in (tok.encode, tok.count, lambda text: tok.encode_batch(["x", text]),
                 lambda text: pairmill.count_from_iterator([text]),
                 lambda text: tok.encode_spans([("x", None), (text, None)])):
        with pytest.raises(UnicodeEncodeError) as error:
            call(text)
        assert error.value.start == 2
    data = text.encode("utf-8", "surrogatepass")
    assert tok.decode_bytes(tok.encode(data)) == data


# ---- Many texts ----

ITERABLES = {
    "list": list, "tuple": tuple, "generator": lambda texts: (text for text in texts),
    "iterator": iter, "map": lambda texts: map(str, texts), "deque": collections.deque,
    "keys": lambda texts: dict.fromkeys(texts), "values": lambda texts: dict(
        enumerate(texts)).values(), "mixed": lambda texts: [
        text if i % 2 else text.encode() for i, text in enumerate(texts)],
    "buffers": lambda texts: [bytearray(text.encode()) for text in texts],
}


@pytest.mark.parametrize("kind", ITERABLES)
def test_iterables(tok, ids, kind):
    make = ITERABLES[kind]
    assert tok.encode_batch(make(TEXTS)).tolist() == ids
    counts = pairmill.count_from_iterator(TEXTS)
    assert pairmill.count_from_iterator(make(TEXTS)) == counts
    assert pairmill.train_from_iterator(make(TEXTS), 300) == pairmill.train_from_counts(counts, 300)


@pytest.mark.parametrize("make", [list, iter, lambda _: pa.array([], "string"),
                                  lambda _: pa.chunked_array([], "string")])
def test_no_texts(tok, make):
    assert tok.encode_batch(make([])).tolist() == []
    assert pairmill.count_from_iterator(make([])).documents == 0


@pytest.mark.parametrize("one", ["abc", b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_one_text_is_not_many(tok, one):
    with pytest.raises(TypeError, match="not one"):
        tok.encode_batch(one)
    with pytest.raises(TypeError):
        pairmill.count_from_iterator(one)
    with pytest.raises(TypeError):
        pairmill.train_from_iterator(one, 300)


def test_exceptions_of_an_iterator_come_through(tok):
    def fail():
        yield "abc"
        raise ZeroDivisionError

    for call in (tok.encode_batch, pairmill.count_from_iterator,
                 lambda texts: pairmill.train_from_iterator(texts, 300)):
        with pytest.raises(ZeroDivisionError):
            call(fail())
        with pytest.raises(TypeError, match="not iterable"):
            call(5)


# ---- Arrow ----

TYPES = ["string", "large_string", "binary", "large_binary", "string_view", "binary_view"]


def make_column(kind, texts=TEXTS):
    data = [text.encode() for text in texts] if "binary" in kind else texts
    return pa.array(data, kind)


def check_column(tok, column, texts):
    assert tok.encode_batch(column).tolist() == [tok.encode(text) for text in texts]
    counts = pairmill.count_from_iterator(texts)
    for threads in (1, 3, len(texts) + 1):
        assert pairmill.count_from_iterator(column, threads=threads) == counts


@pytest.mark.parametrize("kind", TYPES)
def test_arrow_columns(tok, kind):
    column = make_column(kind)
    check_column(tok, column, TEXTS)
    for begin, end in ((1, None), (2, 4), (0, 0), (5, 6)):
        check_column(tok, column[begin:end], TEXTS[begin:end])
    with_null = pa.array([*TEXTS, None], kind if "string" in kind else "string")
    check_column(tok, with_null[:-1], TEXTS)  # its bitmap of nulls stays


@pytest.mark.parametrize("kind", TYPES)
def test_arrow_chunks(tok, kind):
    column = pa.chunked_array([make_column(kind), make_column(kind)[2:4], make_column(kind, []),
                               make_column(kind)[5:]])
    check_column(tok, column, TEXTS + TEXTS[2:4] + TEXTS[5:])
    check_column(tok, column[3:8], (TEXTS + TEXTS[2:4] + TEXTS[5:])[3:8])
    check_column(tok, pa.table({"text": column})["text"], TEXTS + TEXTS[2:4] + TEXTS[5:])


@pytest.mark.parametrize("kind", TYPES)
def test_arrow_nulls_are_refused(tok, kind):
    texts = ["a", "b", None, "c"]
    column = pa.array([text and text.encode() for text in texts] if "binary" in kind else texts,
                      kind)
    for made, index in ((column, 2), (column[1:], 1), (pa.chunked_array([column[:2], column]), 4),
                        (pa.array([None] * 9, kind), 0)):
        for call in (tok.encode_batch, pairmill.count_from_iterator):
            with pytest.raises(ValueError, match=f"item {index} is null"):
                call(made)


@pytest.mark.parametrize("column", [
    pa.array([1, 2]), pa.array([["a"]]), pa.array([{"a": "b"}]), pa.array(["a", "b"]).
    dictionary_encode(), pa.array([None, None]), pa.array([b"ab"], pa.binary(2)),
    pa.table({"text": ["a"]}), pa.record_batch({"text": ["a"]})], ids=lambda column: str(
        getattr(column, "type", type(column).__name__)))
def test_arrow_data_of_other_types(tok, column):
    for call in (tok.encode_batch, pairmill.count_from_iterator):
        with pytest.raises(TypeError, match="an Arrow column of strings or bytes is needed"):
            call(column)


def test_polars(tok):
    pl = pytest.importorskip("polars")
    check_column(tok, pl.Series(TEXTS), TEXTS)
    check_column(tok, pl.Series(TEXTS)[1:4], TEXTS[1:4])
    check_column(tok, pl.concat([pl.Series(TEXTS), pl.Series(TEXTS)], rechunk=False), TEXTS * 2)
    check_column(tok, pl.DataFrame({"text": TEXTS})["text"], TEXTS)
    with pytest.raises(ValueError, match="item 1 is null"):
        tok.encode_batch(pl.Series(["a", None]))
    with pytest.raises(TypeError):
        tok.encode_batch(pl.DataFrame({"text": TEXTS}))
    with pytest.raises(TypeError):
        tok.encode_batch(pl.Series(TEXTS, dtype=pl.Categorical))


class Stream:
    def __init__(self, give):
        self.give = give

    def __arrow_c_stream__(self, requested_schema=None):
        return self.give()


class Array(Stream):
    __arrow_c_stream__ = property()  # raises AttributeError: it isn't there

    def __arrow_c_array__(self, requested_schema=None):
        return self.give()


def test_arrow_data_that_fails(tok):
    capsules = pa.array(["a"]).__arrow_c_array__()
    for kind, give, error in (
            (Stream, lambda: 1 / 0, ZeroDivisionError), (Array, lambda: 1 / 0, ZeroDivisionError),
            (Stream, lambda: 5, ValueError), (Stream, lambda: capsules[0], ValueError),
            (Array, lambda: 5, TypeError), (Array, lambda: capsules[:1], TypeError),
            (Array, lambda: (5, 6), ValueError), (Array, lambda: capsules[::-1], ValueError)):
        for call in (tok.encode_batch, pairmill.count_from_iterator):
            with pytest.raises(error):
                call(kind(give))
    assert tok.encode_batch(Array(pa.array(["a"]).__arrow_c_array__)) == [tok.encode("a")]


Function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class StreamStruct(ctypes.Structure):
    _fields_ = [("get_schema", Function), ("get_next", Function),
                ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)),
                ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
                ("private_data", ctypes.c_void_p)]


@pytest.mark.parametrize("arrays", [0, 1, 7])
@pytest.mark.parametrize("message", [None, b"the disk is gone"])
def test_arrow_streams_that_fail(tok, arrays, message):
    given, words = [], ctypes.create_string_buffer(message or b"")

    def get_schema(stream, out):
        return pa.string()._export_to_c(out) or 0

    def get_next(stream, out):
        if len(given) == arrays:
            return 5
        given.append(pa.array(["low"] * 9))
        return given[-1]._export_to_c(out) or 0

    def get_last_error(stream):
        return message and ctypes.addressof(words)

    struct = StreamStruct(*(kind(function) for (_, kind), function in zip(
        StreamStruct._fields_, [get_schema, get_next, get_last_error, lambda _: None])))
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    capsule = make(ctypes.byref(struct), b"arrow_array_stream", None)
    with pytest.raises(ValueError, match=message and message.decode() or "no reason given"):
        tok.encode_batch(Stream(lambda: capsule))
    assert len(given) == arrays


def test_arrow_memory_stays_for_the_call(tok):
    class Once:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.chunked_array([["low lower"] * 1000] * 3).__arrow_c_stream__()

    assert tok.encode_batch(Once()).tolist() == [tok.encode("low lower")] * 3000


# ---- Changes during the call ----


def test_buffers_are_held_during_the_call(tok):
    """While text is encoded without the GIL, nobody can take its memory away."""
    text = bytearray(b"low lower lowest " * 500_000)
    refused, stop = [], threading.Event()

    def change():
        while not stop.is_set():
            text[7:9] = b"xy"  # allowed, though the ids are then those of either text
            try:
                text.pop()
            except BufferError:
                refused.append(True)

    thread = threading.Thread(target=change)
    thread.start()
    for call in (tok.encode_to_array, tok.count, lambda text: tok.encode_batch([text] * 2),
                 lambda text: pairmill.count_from_iterator([text])):
        call(text)
    stop.set()
    thread.join()
    assert refused


def test_lists_may_change_during_the_call(tok):
    texts = ["low lower lowest " * 1000] * 2000
    wanted, stop = tok.encode(texts[0]), threading.Event()

    def change():
        while not stop.is_set():
            texts.clear()
            texts.extend(["low lower lowest " * 1000])

    thread = threading.Thread(target=change)
    thread.start()
    for _ in range(20):
        assert all(ids == wanted for ids in tok.encode_batch(texts))
    stop.set()
    thread.join()
