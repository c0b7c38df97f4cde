# TokenArray and TokenBatch as Arrow data for others.
# SPDX-License-Identifier: MIT
import gc
import threading

import pairmill
import pytest
from pairmill import TokenArray, TokenBatch

pa = pytest.importorskip("pyarrow")

DOCUMENTS = [[1, 2, 3], [], [4], []]
DTYPES = ("uint16", "uint32")


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator(["low lower lowest"] * 9, 270)


def make_batch(documents, dtype="uint32"):
    ids = [i for document in documents for i in document]
    ends = [sum(map(len, documents[:k])) for k in range(len(documents) + 1)]
    return TokenBatch(TokenArray(ids, dtype), ends)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ids", [[], [7], list(range(1000))])
def test_arrays_in_pyarrow(ids, dtype):
    made = TokenArray(ids, dtype)
    column = pa.array(made)
    column.validate(full=True)
    assert column.type == dtype and column.to_pylist() == ids and column.null_count == 0
    assert pa.DataType._import_from_c_capsule(made.__arrow_c_schema__()) == column.type
    assert pa.array(made[1:]).to_pylist() == ids[1:]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("documents", [[], [[]], [[], []], DOCUMENTS, [[5] * 999, [6]]])
def test_batches_in_pyarrow(documents, dtype):
    batch = make_batch(documents, dtype)
    column = pa.array(batch)
    column.validate(full=True)
    assert column.type == pa.large_list(pa.field("item", dtype, nullable=False))
    assert column.to_pylist() == documents and column.null_count == 0
    assert pa.DataType._import_from_c_capsule(batch.__arrow_c_schema__()) == column.type
    for begin, end in ((1, None), (0, -1), (1, 3), (2, 2)):
        part = pa.array(batch[begin:end])
        part.validate(full=True)
        assert part.to_pylist() == documents[begin:end]


def test_nothing_is_copied(tok):
    made = tok.encode_to_array("low lower lowest" * 9)
    np = pytest.importorskip("numpy")
    assert pa.array(made).buffers()[1].address == np.asarray(made).ctypes.data
    batch = tok.encode_batch(["low lower", "lowest"])
    assert pa.array(batch).values.buffers()[1].address == np.asarray(batch).ctypes.data
    assert pa.array(batch).buffers()[1].address == np.asarray(batch.offsets).ctypes.data


def test_the_requested_schema_is_taken_or_not():
    schema = pa.uint64().__arrow_c_schema__()
    made = TokenArray([1, 2])
    for capsules in (made.__arrow_c_array__(schema), made.__arrow_c_array__(None),
                     made.__arrow_c_array__(requested_schema=schema)):
        assert pa.Array._import_from_c_capsule(*capsules).to_pylist() == [1, 2]
    with pytest.raises(TypeError):
        made.__arrow_c_array__(schema, schema)


def test_polars():
    pl = pytest.importorskip("polars")
    for dtype, kind in zip(DTYPES, (pl.UInt16, pl.UInt32)):
        made = pl.Series(TokenArray([1, 2, 3], dtype))
        assert made.dtype == kind and made.to_list() == [1, 2, 3]
        made = pl.Series(make_batch(DOCUMENTS, dtype))
        assert made.dtype == pl.List(kind) and made.to_list() == DOCUMENTS
        assert pl.Series(make_batch([], dtype)).to_list() == []
        assert pl.Series(TokenArray((), dtype)).to_list() == []


def test_duckdb():
    duckdb = pytest.importorskip("duckdb")
    for documents in (DOCUMENTS, []):
        ids_table = pa.table({"ids": pa.array(make_batch(documents, "uint16"))})
        rows = duckdb.sql("select ids, len(ids) from ids_table").fetchall()
        assert rows == [(document, len(document)) for document in documents]


def test_written_and_read_by_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"ids": pa.array(make_batch(DOCUMENTS))}), tmp_path / "ids")
    assert parquet.read_table(tmp_path / "ids")["ids"].to_pylist() == DOCUMENTS


# ---- Releasing ----


def test_capsules_that_nobody_takes():
    for _ in range(1000):
        make_batch(DOCUMENTS).__arrow_c_array__()
        TokenArray([1]).__arrow_c_schema__()
        TokenArray([1]).__arrow_c_array__()


def test_either_capsule_goes_first():
    for order in ((0, 1), (1, 0)):
        batch = make_batch(DOCUMENTS)
        capsules = list(batch.__arrow_c_array__())
        del batch
        for place in order:
            capsules[place] = None
            gc.collect()
    schema, array = make_batch(DOCUMENTS).__arrow_c_array__()
    column = pa.Array._import_from_c_capsule(schema, array)
    del schema, array
    gc.collect()
    assert column.to_pylist() == DOCUMENTS


def test_data_outlives_all(tok):
    text = "low lower lowest " * 20_000
    ids = tok.encode(text)
    columns = [pa.array(tok.encode_to_array(text)), pa.array(tok.encode_batch([text])).values,
               pa.array(tok.encode_batch(["a", text])[1:])[0].values]
    gc.collect()
    spoil = [bytearray(b"\xee") * (1 << 17) for _ in range(50)]
    for column in columns:
        assert column.to_pylist() == ids and spoil


def test_released_by_another_thread():
    """Of which Python knows nothing: pyarrow's own, and one of Python's."""
    batches = [pa.record_batch([pa.array(make_batch([[i] * 1000] * 10))], ["ids"])
               for i in range(50)]
    table = pa.Table.from_batches(batches)
    del batches
    total = [None]

    def work(table):
        total[0] = sum(pa.compute.sum(pa.compute.list_flatten(chunk)).as_py()
                       for chunk in table["ids"].chunks)

    import pyarrow.compute  # noqa: F401
    thread = threading.Thread(target=work, args=(table,))
    thread.start()
    del table
    thread.join()
    assert total[0] == sum(range(50)) * 10_000


def test_children_may_be_moved_out():
    """A consumer may take the list's values and release the list first."""
    column = pa.array(make_batch(DOCUMENTS))
    values = column.values
    del column
    gc.collect()
    assert values.to_pylist() == [1, 2, 3, 4]
