# TokenArray, TokenBatch, OffsetArray: sequences, buffers, pickles, lifetimes.
# SPDX-License-Identifier: MIT
import array
import copy
import ctypes
import gc
import itertools
import pickle
import sys

import pairmill
import pytest
from pairmill import OffsetArray, TokenArray, TokenBatch

np = pytest.importorskip("numpy")

IDS = [5, 0, 65535, 7, 7, 300]
DTYPES = {"uint16": "H", "uint32": "I"}


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest, new newer newest"] * 9, 280)


def make_offsets(tok, text="lower newest"):
    return tok.encode_with_offsets(text)[1]


def make_batch(documents=((1, 2, 3), (), (4,), ()), dtype="uint32"):
    ids = [i for document in documents for i in document]
    ends = [sum(map(len, documents[:k])) for k in range(len(documents) + 1)]
    return TokenBatch(TokenArray(ids, dtype), ends)


# ---- Making them ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("source", [
    list, tuple, iter, lambda ids: (i for i in ids), lambda ids: dict.fromkeys(ids) and ids,
    lambda ids: array.array("q", ids), lambda ids: array.array("H", ids),
    lambda ids: np.array(ids), lambda ids: np.array(ids, ">u4"), lambda ids: np.array(ids, "u2"),
    lambda ids: np.repeat(ids, 2)[::2], lambda ids: [np.int64(i) for i in ids],
    lambda ids: memoryview(array.array("I", ids)), lambda ids: (ctypes.c_long * len(ids))(*ids),
    TokenArray, lambda ids: TokenArray(ids, "uint16")])
def test_every_source_of_ids(source, dtype):
    made = TokenArray(source(IDS), dtype)
    assert made.tolist() == IDS and made.dtype == dtype


def test_no_ids():
    for made in (TokenArray(), TokenArray([]), TokenArray(ids=(), dtype="uint16"), TokenArray({})):
        assert len(made) == 0 and made.tolist() == [] and made.tobytes() == b"" and not made
        assert made == TokenArray() and memoryview(made).nbytes == 0
    assert TokenArray().dtype == "uint32"


@pytest.mark.parametrize("dtype, largest", [("uint16", 65_535), ("uint32", 2**32 - 2)])
def test_long_lists(dtype, largest):
    """Equal ids are one object, which only the list holds; some ids are too large for that."""
    ids = array.array(DTYPES[dtype], (n * 2_654_435_761 % (largest + 1) if n % 3 else 300 + n % 7
                                      for n in range(200_000)))
    made = TokenArray(ids, dtype).tolist()
    assert made == ids.tolist()
    one = made[made.index(305)]
    assert sys.getrefcount(one) == made.count(305) + 2 > 9_000
    del made
    assert sys.getrefcount(one) == 2


@pytest.mark.parametrize("number", [-1, 2**32 - 1, 2**32, 2**64, -(2**70)])
@pytest.mark.parametrize("source", [list, iter])
def test_what_no_id_is(number, source):
    with pytest.raises(ValueError, match="at index 2 is not an id") as error:
        TokenArray(source([1, 2, number]))
    assert error.value.offset == 2


@pytest.mark.parametrize("made", [
    np.array([1, -1]), np.array([1, -1], "i1"), np.array([1, 2**32]),
    np.array([1, 2**64 - 1], "u8"), array.array("h", [1, -5])])
def test_what_no_id_is_in_a_buffer(made):
    with pytest.raises(ValueError, match="at index 1 is not an id") as error:
        TokenArray(made)
    assert error.value.offset == 1


@pytest.mark.parametrize("wrong, kind", [
    ([1.5], TypeError), (["1"], TypeError), ([None], TypeError), (5, TypeError),
    (np.array([1.0]), TypeError), ("12", TypeError), (b"12", TypeError), (None, TypeError),
    (bytearray(b"12"), TypeError), (np.array([[1, 2]]), ValueError)])
def test_wrong_sources(wrong, kind):
    with pytest.raises(kind):
        TokenArray(wrong)


def test_exceptions_of_a_source_come_through():
    def fail():
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TokenArray(fail())


def test_sizes_of_ids():
    assert TokenArray([65535], "uint16").tolist() == [65535]
    with pytest.raises(ValueError, match="id 65536 at index 1 doesn't fit into uint16"):
        TokenArray([1, 65536], "uint16")
    with pytest.raises(ValueError, match="dtype must be 'uint16' or 'uint32', not 'int8'"):
        TokenArray([1], "int8")
    assert TokenArray([2**32 - 2]).tolist() == [2**32 - 2]


@pytest.mark.parametrize("size, dtype", [(65536, "uint16"), (65537, "uint32")])
def test_the_vocab_decides_the_size(size, dtype):
    vocab = {bytes([i]): i for i in range(255)} | {b"\xff": size - 1}
    tok = pairmill.Tokenizer.from_parts(vocab)
    made = tok.encode_to_array(b"a\xff")
    assert made.dtype == dtype and made.tolist() == [97, size - 1]
    for one in (tok.encode_batch([b"a\xff"]).ids, tok.encode_spans([(b"a\xff", None)]),
                tok.encode_with_offsets(b"a\xff")[0], tok.truncate(b"a\xff", 9)[0]):
        assert one.dtype == dtype and one == made
    stream = tok.stream()
    assert {stream.add(b"a\xff").dtype, stream.finish().dtype} == {dtype}


@pytest.mark.parametrize("dtype", DTYPES)
def test_bytes(dtype):
    data = TokenArray(IDS, dtype).tobytes()
    assert data == array.array(DTYPES[dtype], IDS).tobytes()
    again = TokenArray.frombytes(data, dtype)
    assert again == IDS and again.dtype == dtype
    with pytest.raises(ValueError, match="11 bytes are not a whole number of ids"):
        TokenArray.frombytes(data[:11], dtype)
    with pytest.raises(TypeError):
        TokenArray.frombytes("text")


def test_batches_are_checked():
    ids = TokenArray([1, 2, 3])
    assert TokenBatch(ids=ids, offsets=(0, 1, 3)).tolist() == [[1], [2, 3]]
    for offsets in ([], [0], [0, 2], [1, 3], [0, 2, 1, 3], [0, 4, 3], [0, -1, 3]):
        with pytest.raises(ValueError, match="offsets must begin with 0"):
            TokenBatch(ids, offsets)
    assert TokenBatch(TokenArray(), [0]).tolist() == []
    for wrong in ([ids], [[1, 2], [0, 2]], [ids, 5], [ids, ["0", "3"]]):
        with pytest.raises(TypeError):
            TokenBatch(*wrong)


def test_types_that_only_calls_make():
    for kind in (OffsetArray, pairmill.Stream, pairmill.StreamDecoder):
        with pytest.raises(TypeError, match="cannot create"):
            kind()
    for kind in (TokenArray, TokenBatch, OffsetArray):
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Derived", (kind,), {})
        with pytest.raises(TypeError, match="immutable"):
            kind.tolist = None


# ---- As sequences ----


def all_kinds(tok):
    """(sequence, the same as a list)"""
    pairs = make_offsets(tok)
    batch = make_batch()
    return [(TokenArray(IDS), IDS), (TokenArray(IDS, "uint16"), IDS), (TokenArray(), []),
            (TokenArray([9]), [9]), (pairs, pairs.tolist()),
            (make_batch().offsets, [0, 3, 3, 4, 4]), (pairs[:0], []), (batch.ids, [1, 2, 3, 4]),
            (tok.encode_to_array("lower newest"), tok.encode("lower newest"))]


def test_like_a_list(tok):
    for made, wanted in all_kinds(tok):
        assert len(made) == len(wanted) and list(made) == wanted == made.tolist()
        assert list(reversed(made)) == wanted[::-1] and bool(made) == bool(wanted)
        for i in range(-len(wanted), len(wanted)):
            assert made[i] == wanted[i] and made[np.int8(i)] == wanted[i]
            assert wanted[i] in made and made.count(wanted[i]) == wanted.count(wanted[i])
            assert made.index(wanted[i]) == wanted.index(wanted[i])
        for i in (len(wanted), -len(wanted) - 1, 2**70):
            with pytest.raises(IndexError):
                made[i]
        for wrong in ("0", None, 0.0):
            with pytest.raises(TypeError):
                made[wrong]
        assert made.count(-1) == 0 and None not in made
        with pytest.raises(ValueError):
            made.index(-1)


def test_every_slice(tok):
    ends = [None, 0, 1, 2, 5, 6, 7, 99, -1, -2, -6, -7, -99, 2**70]
    for made, wanted in all_kinds(tok):
        for begin in ends:
            for end in ends:
                for step in (None, 1, 2, -1, -2, 5, -99):
                    part = made[begin:end:step]
                    assert part.tolist() == wanted[begin:end:step]
                    assert type(part) is type(made)
        with pytest.raises(ValueError, match="step cannot be zero"):
            made[::0]


def test_index_between():
    made = TokenArray([1, 2, 1, 2])
    assert made.index(1, 1) == 2 and made.index(2, -2, 4) == 3 and made.index(1, -99) == 0
    for arguments in ((1, 3), (2, 0, 1), (1, 1, -2)):
        with pytest.raises(ValueError):
            made.index(*arguments)


def test_slices_share_memory():
    made = TokenArray(range(100))

    def address(part):
        return np.asarray(part).__array_interface__["data"][0]

    assert address(made[10:20]) == address(made) + 40
    assert address(made[10:20][5:]) == address(made) + 60
    assert not np.shares_memory(np.asarray(made), np.asarray(made[::2]))
    batch = make_batch()
    assert address(batch[2]) == address(batch.ids) + 12 == address(batch) + 12


def test_batch_as_a_sequence():
    batch = make_batch()
    documents = [[1, 2, 3], [], [4], []]
    assert len(batch) == 4 and batch.tolist() == documents == [one.tolist() for one in batch]
    for i in range(-4, 4):
        assert batch[i] == documents[i] and type(batch[i]) is TokenArray
    for i in (4, -5):
        with pytest.raises(IndexError):
            batch[i]
    assert batch.index(TokenArray([4])) == 2 and batch.count(TokenArray()) == 2
    assert batch.offsets.tolist() == [0, 3, 3, 4, 4] and batch.ids.tolist() == [1, 2, 3, 4]
    for begin in (None, 0, 1, 2, 4, 9, -1, -3):
        for end in (None, 0, 1, 3, 4, 9, -1, -2):
            part = batch[begin:end]
            assert type(part) is TokenBatch and part.tolist() == documents[begin:end]
            assert part.ids == sum(documents[begin:end], [])
            assert part.offsets[0] == 0 and part.offsets[-1] == len(part.ids)
            assert memoryview(part).nbytes == 4 * len(part.ids)
    with pytest.raises(ValueError, match="can't be cut with a step"):
        batch[::2]


def test_nothing_can_be_changed(tok):
    for made in (TokenArray(IDS), make_batch(), make_offsets(tok)):
        with pytest.raises(TypeError):
            made[0] = 1
        with pytest.raises(TypeError):
            del made[0]
        with pytest.raises(AttributeError):
            made.name = 1
        with pytest.raises(TypeError, match="unhashable"):
            hash(made)
        with pytest.raises(ValueError):
            np.asarray(made)[0] = 1


def test_equality(tok):
    made = TokenArray(IDS)
    assert made == TokenArray(IDS, "uint16") == made and made == IDS and IDS == made
    assert made != IDS[1:] and made != TokenArray(IDS[1:]) and made != TokenArray([*IDS[:-1], 1])
    assert made != tuple(IDS) and made != None and made != "x"  # noqa: E711
    assert make_batch() == make_batch() and make_batch() == make_batch(dtype="uint16")
    assert make_batch() == [[1, 2, 3], [], [4], []] and make_batch() != [[1, 2, 3], [], [4]]
    assert make_batch() != make_batch(((1, 2, 3), (4,), (), ())) and make_batch() != made
    offsets = make_offsets(tok)
    assert offsets == make_offsets(tok) == offsets.tolist() and offsets != offsets[1:]
    assert make_batch().offsets != offsets and make_batch().offsets == [0, 3, 3, 4, 4]
    for a, b in ((made, made), (made, IDS), (make_batch(), make_batch())):
        with pytest.raises(TypeError):
            a < b


def test_shown(tok):
    assert repr(TokenArray()) == "TokenArray([], dtype='uint32')"
    assert repr(TokenArray([1, 2], "uint16")) == "TokenArray([1, 2], dtype='uint16')"
    assert eval(repr(TokenArray(range(12)))) == list(range(12))
    assert repr(TokenArray(range(13))) == (
        "TokenArray([0, 1, 2, 3, 4, 5, 6, 7, 8, ..., 10, 11, 12], count=13, dtype='uint32')")
    assert repr(make_offsets(tok, "a b")) == "OffsetArray([(0, 1), (1, 2), (2, 3)], dtype='uint64')"
    assert repr(make_batch().offsets) == "OffsetArray([0, 3, 3, 4, 4], dtype='uint64')"
    assert repr(make_batch(dtype="uint16")) == "TokenBatch(documents=4, ids=4, dtype='uint16')"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_and_copies(tok, protocol):
    batch = make_batch(dtype="uint16")
    for made in (TokenArray(IDS), TokenArray(IDS, "uint16")[1:3], TokenArray(), make_offsets(tok),
                 make_offsets(tok)[1:3], batch.offsets, batch, batch[1:3], batch[2:2], batch[0]):
        for again in (pickle.loads(pickle.dumps(made, protocol)), copy.copy(made),
                      copy.deepcopy(made)):
            assert again == made and type(again) is type(made)
            assert memoryview(again).format == memoryview(made).format
    assert len(pickle.dumps(TokenArray(range(1000))[:1])) < 200


def test_offsets_take_a_subscript():
    assert OffsetArray[int].__origin__ is OffsetArray


# ---- As buffers ----

FLAGS = {"WRITABLE": 1, "FORMAT": 4, "ND": 8, "STRIDES": 0x18, "F": 0x58}  # pybuffer.h


class Buffer(ctypes.Structure):
    _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("len", ctypes.c_ssize_t),
                ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int),
                ("ndim", ctypes.c_int), ("format", ctypes.c_char_p),
                ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
                ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
                ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p)]


def get_buffer(made, flags):
    """(format, shape, strides, content)"""
    view = Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(made), ctypes.byref(view), flags)
    content = ctypes.string_at(view.buf, view.len)
    shape = view.shape[: view.ndim] if view.shape else None
    strides = view.strides[: view.ndim] if view.strides else None
    found = view.format, shape, strides, content, view.readonly
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
    return found


def test_every_request_for_a_buffer(tok):
    pairs = make_offsets(tok)
    kinds = ((TokenArray(IDS), [6]), (TokenArray(IDS, "uint16")[1:3], [2]), (TokenArray(), [0]),
             (make_batch(), [4]), (pairs, [len(pairs), 2]), (make_batch().offsets, [5]),
             (pairs[1:1], [0, 2]))
    for (made, shape), flags in itertools.product(kinds, range(0x200)):
        wanted = memoryview(made)
        if flags == 0x100:  # PyBUF_READ, which is of memoryviews: newer CPythons refuse it
            continue
        is_fortran = flags & FLAGS["F"] == FLAGS["F"] and len(shape) == 2
        if flags & FLAGS["WRITABLE"] or is_fortran:
            with pytest.raises(BufferError):
                get_buffer(made, flags)
            continue
        found = get_buffer(made, flags)
        assert found[0] == (wanted.format.encode() if flags & FLAGS["FORMAT"] else None)
        assert found[1] == (shape if flags & FLAGS["ND"] else None)
        has_strides = flags & FLAGS["STRIDES"] == FLAGS["STRIDES"]
        assert found[2] == (list(wanted.strides) if has_strides else None)
        assert found[3:] == (wanted.tobytes(), 1)


def test_memoryview_and_numpy(tok):
    pairs = make_offsets(tok)
    for made, wanted, dtype in (
            (TokenArray(IDS), IDS, "uint32"), (TokenArray(IDS, "uint16"), IDS, "uint16"),
            (TokenArray(), [], "uint32"), (make_batch(), [1, 2, 3, 4], "uint32"),
            (make_batch().offsets, [0, 3, 3, 4, 4], "uint64"), (pairs, pairs.tolist(), "uint64")):
        view = memoryview(made)
        assert view.readonly and view.c_contiguous
        assert view.tolist() == [list(row) if isinstance(row, tuple) else row for row in wanted]
        seen = np.asarray(made)
        assert seen.dtype == dtype and not seen.flags.writeable and not seen.flags.owndata
        assert seen.tolist() == view.tolist()
    assert np.asarray(pairs).shape == (len(pairs), 2)
    assert bytes(TokenArray([1], "uint16")) == TokenArray([1], "uint16").tobytes()


# ---- Lifetimes ----


def test_arrays_outlive_what_made_them():
    text = "low lower lowest, " * 20_000  # long enough that memory is handed over, not copied
    tok = pairmill.train_from_iterator([text], 280)
    ids = tok.encode(text)
    made = tok.encode_to_array(text)
    batch = tok.encode_batch([text, text])
    arrays = [made[5:], np.asarray(made)[5:], memoryview(made)[5:], batch[1][5:],
              batch[1:][0][5:], np.asarray(batch)[len(ids):][5:],
              tok.encode_spans([(text, None)])[5:], tok.encode_with_offsets(text)[0][5:],
              pickle.loads(pickle.dumps(made))[5:]]
    offsets = tok.encode_with_offsets(text)[1]
    ends = batch.offsets
    del tok, made, batch
    gc.collect()
    spoil = [bytearray(b"\xee") * (1 << 17) for _ in range(50)]
    for one in arrays:
        assert list(one) == ids[5:]
    assert ends.tolist() == [0, len(ids), 2 * len(ids)]
    assert offsets[-1][1] == len(text) and spoil
