# Every kind of ids that decoding takes.
# SPDX-License-Identifier: MIT
import array
import collections
import ctypes

import pairmill
import pytest
from pairmill import TokenArray, TokenBatch

np = pytest.importorskip("numpy")

TEXT = "low lower newest, naïve 東京"


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest, new newer newest"] * 9, 280)


@pytest.fixture(scope="module")
def ids(tok):
    return tok.encode(TEXT)


class Number:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


class Ids(collections.UserList):
    """A sequence of the caller's own."""


KINDS = {
    "list": list, "tuple": tuple, "iterator": iter, "generator": lambda ids: (i for i in ids),
    "sequence": Ids, "range of a dict": lambda ids: dict(enumerate(ids)).values(),
    "own numbers": lambda ids: [Number(i) for i in ids], "NumPy's numbers": lambda ids:
        list(np.array(ids)), "TokenArray": TokenArray, "uint16": lambda ids:
        TokenArray(ids, "uint16"), "part": lambda ids: TokenArray([1, *ids, 2])[1:-1],
    "memoryview": lambda ids: memoryview(TokenArray(ids)), "reversed twice": lambda ids:
        TokenArray(ids)[::-1][::-1], "with gaps": lambda ids: np.repeat(ids, 2)[::2],
    "backwards": lambda ids: np.array(ids[::-1])[::-1], "other order": lambda ids:
        np.array(ids, np.dtype("u4").newbyteorder()), "objects": lambda ids: np.array(ids, object),
    "read-only": lambda ids: np.asarray(TokenArray(ids)), "column": lambda ids:
        np.array([ids, ids]).T[:, 0], "one byte over": lambda ids: np.frombuffer(
            b"x" + np.array(ids, "u4").tobytes(), "u4", offset=1),
} | {f"numpy {kind}": lambda ids, kind=kind: np.array(ids, kind)
     for kind in "u2 i2 u4 i4 u8 i8 intc uintp longlong ulonglong >u2 <i8".split()
} | {f"array {letter}": lambda ids, letter=letter: array.array(letter, ids)
     for letter in "HhIiLlQq"
} | {kind.__name__: lambda ids, kind=kind: (kind * len(ids))(*ids)
     for kind in (ctypes.c_uint16, ctypes.c_short, ctypes.c_int, ctypes.c_uint32, ctypes.c_long,
                  ctypes.c_ulong, ctypes.c_longlong, ctypes.c_uint64)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(tok, ids, kind):
    make = KINDS[kind]
    assert tok.decode(make(ids)) == TEXT and tok.decode_bytes(make(ids)) == TEXT.encode()
    assert tok.decode_batch([make(ids), [], make(ids[:2])]) == [TEXT, "", tok.decode(ids[:2])]
    assert tok.decode_bytes_batch(iter([make(ids)])) == [TEXT.encode()]
    decoder = tok.stream_decoder()
    assert decoder.add(make(ids)) + decoder.finish() == TEXT
    assert tok.decode(make([])) == "" and tok.decode(make([97])) == "a"


def test_small_numbers(tok):
    for make in (lambda ids: np.array(ids, "u1"), lambda ids: np.array(ids, "i1"),
                 lambda ids: array.array("B", ids), lambda ids: (ctypes.c_ubyte * 3)(*ids),
                 lambda ids: memoryview(bytes(ids))):
        assert tok.decode(make([97, 98, 99])) == "abc"


def test_pyarrow_columns(tok, ids):
    pa = pytest.importorskip("pyarrow")
    assert tok.decode(pa.array(tok.encode_to_array(TEXT)).to_numpy()) == TEXT
    assert tok.decode(pa.array(ids).to_pylist()) == TEXT


def test_batches(tok):
    texts = ["low", "", TEXT, ""]
    batch = tok.encode_batch(texts)
    for made in (batch, batch[:], list(batch), tuple(batch.tolist()), iter(batch.tolist()),
                 TokenBatch(TokenArray(batch.ids), batch.offsets)):
        assert tok.decode_batch(made) == texts
    assert tok.decode_batch(batch[1:3], threads=2) == texts[1:3]
    assert tok.decode_bytes_batch(batch) == [text.encode() for text in texts]
    assert tok.decode_batch([]) == tok.decode_batch(batch[2:2]) == []


@pytest.mark.parametrize("number", [-1, -(2**40), 2**32 - 1, 2**32, 2**64, 2**100])
def test_what_no_id_is(tok, number):
    for made in ([5, number], (5, number), iter([5, number]), [5, Number(number)]):
        for call in (tok.decode, tok.decode_bytes, tok.stream_decoder().add,
                     tok.stream_decoder().add_bytes):
            if not isinstance(made, (list, tuple)):
                made = iter([5, number])
            with pytest.raises(ValueError, match="at index 1 is not an id") as error:
                call(made)
            assert error.value.offset == 1
    with pytest.raises(ValueError, match="at index 1 is not an id") as error:
        tok.decode_batch([[1, 2, 3], [4, number]])
    assert error.value.offset == 4
    with pytest.raises(ValueError, match="is not an id"):
        tok.stream_decoder().add(number)


@pytest.mark.parametrize("wrong", [
    "12", b"12", bytearray(b"12"), [1.0], ["1"], [None], [[1]], 1.5, None, object(),
    np.array([1.0]), np.array(["a"]), array.array("d", [1.0]), np.array([[1.5]])[0]],
    ids=repr)
def test_wrong_types(tok, wrong):
    for call in (tok.decode, tok.decode_bytes, tok.stream_decoder().add):
        with pytest.raises(TypeError):
            call(wrong)
    with pytest.raises(TypeError):
        tok.decode_batch([[1], wrong])


def test_one_number_is_not_many(tok):
    for one in (5, np.int64(5), Number(5)):
        with pytest.raises(TypeError, match="not iterable"):
            tok.decode(one)
        for wrong in ([1, one], TokenArray([1, 5]), one):
            with pytest.raises(TypeError, match="not iterable"):
                tok.decode_batch(wrong)
        assert tok.stream_decoder().add(one) == "\x05"
    for shape in ((1, 2), (2, 1), (2, 1, 1)):
        with pytest.raises(ValueError, match="one dimension"):
            tok.decode(np.ones(shape, int))
    with pytest.raises(TypeError):
        tok.decode(np.array(5))


def test_exceptions_of_a_source_come_through(tok):
    def fail():
        yield 1
        raise ZeroDivisionError

    class Broken:
        def __index__(self):
            raise ZeroDivisionError

    for call in (tok.decode, tok.decode_bytes, tok.stream_decoder().add):
        for wrong in (fail(), [1, Broken()]):
            with pytest.raises(ZeroDivisionError):
                call(wrong)
    with pytest.raises(ZeroDivisionError):
        tok.decode_batch([[1], fail()])


def test_a_list_that_changes_meanwhile(tok):
    ids = [1, 2, 3]

    class Clearing:
        def __index__(self):
            ids.clear()
            return 5

    ids[1] = Clearing()
    with pytest.raises(IndexError):
        tok.decode(ids)
