# Token files in every format, read by readers that know nothing of ours, and decoded again.
# SPDX-License-Identifier: MIT
import hashlib
import json
import struct

import numpy
import pytest

END = "<|end|>"
DOCUMENTS = ["The mill grinds slowly.\n", "粉を挽く", "", "a", "Ein Müller mahlt;\r\n it's 9" * 30]
# By format: the file of the ids, after OUT.
IDS = {"text": "", "jsonl": "", "u16": "", "u32": "", "npy": "", "olmo": "", "llmc": "",
       "megatron": ".bin", "datatrove": ""}
BINARY = [name for name in IDS if name not in ("text", "jsonl")]


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    path = tmp_path_factory.mktemp("lines") / "documents.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in DOCUMENTS))
    return path


@pytest.fixture(scope="module")
def wide_model(tmp_path_factory, run, model):
    """The same ids in a vocab that needs 32 bits."""
    data = json.loads((model / "tokenizer.json").read_text())
    data["model"]["vocab"]["far"] = 65600
    path = tmp_path_factory.mktemp("wide") / "tokenizer.json"
    path.write_text(json.dumps(data))
    return path


@pytest.fixture(scope="module")
def ids(run, model):
    """The ids of each document."""
    return [[int(id) for id in run("encode", "-m", model, "--text", text).stdout.split()]
            for text in DOCUMENTS]


@pytest.fixture(scope="module")
def end_id(run, model):
    text = run("encode", "-m", model, "--special-tokens", "all", "--text", END).stdout
    return int(text)


# ---- Readers, written from the layouts alone ----

def split_at(flat, end):
    documents = [[]]
    for id in flat:
        documents[-1].append(id)
        if id == end:
            documents.append([])
    assert documents[-1] == []
    return documents[:-1]


def read_npy(path):
    array = numpy.load(path)
    assert array.ndim == 1
    return array.dtype, array.tolist()


def read_bare(path, width):
    data = path.read_bytes()
    return numpy.frombuffer(data, f"<u{width}").tolist()


def read_llmc(path):
    data = path.read_bytes()
    header = struct.unpack("<256i", data[:1024])
    width = {(20240520, 1): 2, (20240801, 7): 4}[header[:2]]
    assert header[3:] == (0,) * 253
    flat = numpy.frombuffer(data[1024:], f"<u{width}").tolist()
    assert len(flat) == header[2]
    return width, flat


def read_megatron(out):
    """As IndexedDataset reads it: each document by the sequences from one index to the next."""
    index = out.with_name(out.name + ".idx").read_bytes()
    magic, version, code, sequences, ends = struct.unpack_from("<9sQBQQ", index)
    assert magic == b"MMIDIDX\x00\x00" and version == 1
    dtype = {8: numpy.dtype("<u2"), 4: numpy.dtype("<i4")}[code]
    at = 34
    lengths = numpy.frombuffer(index, "<i4", sequences, at)
    at += 4 * sequences
    offsets = numpy.frombuffer(index, "<i8", sequences, at)
    at += 8 * sequences
    document_ends = numpy.frombuffer(index, "<i8", ends, at)
    assert at + 8 * ends == len(index)
    data = out.with_name(out.name + ".bin").read_bytes()
    read = [numpy.frombuffer(data, dtype, length, offset).tolist()
            for length, offset in zip(lengths.tolist(), offsets.tolist())]
    assert sum(lengths.tolist()) * dtype.itemsize == len(data)
    documents = [sum(read[begin:end], []) for begin, end in zip(document_ends, document_ends[1:])]
    return dtype, documents


def read_datatrove(out):
    """By datatrove's own reader of indexes."""
    merger = pytest.importorskip("datatrove.pipeline.tokens.merger")
    name, count, _ = out.with_name(out.name + ".metadata").read_text().split("\n")
    width = int(name.rpartition("|")[2])
    ends = merger.load_doc_ends(open(f"{out}.index", "rb"))
    pieces = merger.get_data_reader(open(out, "rb"), ends, width)
    documents = [numpy.frombuffer(piece, f"<u{width}").tolist() for piece in pieces]
    assert sum(map(len, documents)) == int(count)
    return width, documents


def read_documents(name, out, width, end):
    """The documents of a file whose documents end with the id `end`."""
    if name == "megatron":
        dtype, documents = read_megatron(out)
        assert dtype == ("<u2" if width == 2 else "<i4")
        return documents
    if name == "datatrove":
        found, documents = read_datatrove(out)
        assert found == width
        return documents
    if name == "npy":
        dtype, flat = read_npy(out)
        assert dtype == f"<u{width}"
    elif name == "llmc":
        found, flat = read_llmc(out)
        assert found == width
    else:
        flat = read_bare(out, width)
    return split_at(flat, end)


# ---- Tests ----

@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("name", BINARY)
def test_others_read_what_was_encoded(run, model, wide_model, lines, ids, end_id, tmp_path, name,
                                      width):
    if name in ("u16", "u32") and name != f"u{8 * width}":
        pytest.skip("the format has one width")
    used = model if width == 2 else wide_model
    out = tmp_path / ("out.npy" if name == "npy" else "out")
    run("encode", "-q", "-m", used, "--format", name, "--eot", END, "-o", out, lines)
    expected = [document + [end_id] for document in ids]
    if name == "megatron":  # its own script writes nothing for an empty document
        expected = [document for document in expected if document != [end_id]]
    assert read_documents(name, out, width, end_id) == expected


@pytest.mark.parametrize("name", IDS)
def test_sidecar(run, model, lines, ids, end_id, tmp_path, name):
    out = tmp_path / "out"
    run("encode", "-q", "-m", model, "--format", name, "--eot", END, "--bos", END, "-o", out,
        lines)
    sidecar = json.loads(out.with_name(out.name + IDS[name] + ".json").read_text())
    left_out = name == "megatron"
    assert sidecar == {
        "format": name, "dtype": {"text": None, "jsonl": None, "u32": "uint32"}.get(name, "uint16"),
        "vocab_size": 400, "model_sha256": sidecar["model_sha256"], "eot_id": end_id,
        "bos_id": end_id, "documents": len(ids) - left_out,
        "tokens": sum(map(len, ids)) + 2 * (len(ids) - left_out),
        "bytes": sum(len(text.encode()) for text in DOCUMENTS), "pairmill": sidecar["pairmill"]}


def test_the_same_model_from_any_file(run, model, tmp_path):
    """Its SHA-256 is that of what it does, not of a file; another model has another one."""
    run("convert", model, tmp_path / "copy.json")
    run("train", "-q", "-s", 300, "--special", END, "-o", tmp_path / "other.json",
        tmp_path / "copy.json", "--input-format", "text")
    found = []
    for used in (model, tmp_path / "copy.json", tmp_path / "other.json"):
        run("encode", "-q", "-f", "-m", used, "--text", "a", "-o", tmp_path / "out.u16")
        found.append(json.loads((tmp_path / "out.u16.json").read_text())["model_sha256"])
    assert found[0] == found[1] != found[2] and len(found[0]) == 64


@pytest.mark.parametrize("options", [[], ["--format"]])
@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("name", IDS)
def test_decode(run, model, wide_model, lines, tmp_path, name, width, options):
    """By its name alone, which the sidecar tells, or by a format that is named."""
    if name == "u16" and width == 4:
        pytest.skip("too narrow")
    used = model if width == 2 else wide_model
    out = tmp_path / "out"
    run("encode", "-q", "-m", used, "--format", name, "--eot", END, "-o", out, lines)
    given = [*options, name] if options else []
    path = out if options else out.with_name(out.name + IDS[name])
    text = run("decode", "-m", used, "--skip-special-tokens", *given, path).stdout.decode()
    if name in ("text", "jsonl"):
        assert text == "".join(part if part.endswith("\n") else part + "\n" for part in DOCUMENTS)
    else:
        assert text == "".join(DOCUMENTS)


def test_marks_and_the_order_of_what_stands_around_a_document(run, model, end_id, tmp_path):
    done = run("encode", "-m", model, "--bos", END, "--eot", END, "--text", "")
    assert done.stdout.split() == [b"%d" % end_id] * 2
    done = run("encode", "-m", model, "--bos", END, "--format", "jsonl", "--text", "a")
    assert json.loads(done.stdout)["tokens"] == [END, "a"]
    done = run("encode", "-m", model, "--bos", END, "--max-tokens", 1, "--text", "a b c")
    assert len(done.stdout.split()) == 2
    done = run("encode", "-m", model, "--bos", "<|none|>", "--text", "a", check=False)
    assert b'no special token "<|none|>" to begin documents with' in done.stderr


@pytest.mark.parametrize("name", ["npy", "llmc", "megatron", "datatrove"])
def test_formats_that_need_a_file(run, model, name):
    done = run("encode", "-m", model, "--format", name, "--text", "a", check=False)
    assert done.returncode == 2 and b"can only be written to a file" in done.stderr
    if IDS[name] == "":
        done = run("encode", "-m", model, "--format", name, "-o", "/dev/null", "--text", "a",
                   check=False)
        assert done.returncode == 2 and b"can only be written to a file" in done.stderr


@pytest.mark.parametrize("name", IDS)
def test_all_files_or_none(run, model, lines, tmp_path, name, limit_files, pairmill):
    """If a file of the set exists, or can't be written, none is."""
    out = tmp_path / "out"
    run("encode", "-q", "-m", model, "--format", name, "-o", out, lines)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(written) == {"megatron": 3, "datatrove": 4}.get(name, 2)
    for kept in written:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / kept).write_bytes(b"precious")
        done = run("encode", "-q", "-m", model, "--format", name, "-o", out, lines, check=False)
        assert done.returncode == 1 and b"exists" in done.stderr
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {kept: b"precious"}
        run("encode", "-q", "-f", "-m", model, "--format", name, "-o", out, lines)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == written


def test_what_threads_and_chunks_are_does_not_matter(run, model, lines, tmp_path):
    for name in IDS:
        found = set()
        for threads, chunk in ((1, 1), (3, 7), (2, 1 << 20)):
            out = tmp_path / f"{name}-{threads}"
            run("encode", "-q", "-m", model, "--format", name, "--eot", END, "-j", threads,
                "--chunk-size", chunk, "-o", out, lines)
            files = sorted(tmp_path.glob(f"{name}-{threads}*"))
            found.add(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest())
        assert len(found) == 1, name


# ---- Files that are wrong ----

def write(run, model, tmp_path, name):
    out = tmp_path / "out"
    run("encode", "-q", "-m", model, "--format", name, "--text", "The mill grinds", "-o", out)
    return out.with_name(out.name + IDS[name])


@pytest.mark.parametrize("name, says", [("npy", "header"), ("llmc", "header"),
                                        ("megatron", "index"), ("datatrove", "index")])
def test_more_or_fewer_ids_than_announced(run, model, tmp_path, name, says):
    path = write(run, model, tmp_path, name)
    data = path.read_bytes()
    for wrong, word in ((data[:-2], "fewer"), (data + data[-2:], "more")):
        path.write_bytes(wrong)
        done = run("decode", "-m", model, path, check=False)
        assert done.returncode == 1
        assert f"there are {word} ids than the".encode() in done.stderr
        assert f"the {says} says".encode() in done.stderr


@pytest.mark.parametrize("name, head, message", [
    ("npy", b"\x93NUMPY\x01\x00\x02\x00{}", b"lacks 'descr' or 'shape'"),
    ("npy", b"\x93NUMPY\x01\x00\x80\x00{}", b"ends within the NumPy header"),
    ("npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", b"longer than any"),
    ("npy", b"\x01\x00\x02\x00", b"no NumPy header"),
    ("llmc", bytes(2000), b"no header of llm.c"), ("llmc", b"", b"no header of llm.c")])
def test_bad_headers(run, model, tmp_path, name, head, message):
    path = tmp_path / "bad"
    path.write_bytes(head)
    done = run("decode", "-m", model, "--format", name, path, check=False)
    assert done.returncode == 1 and message in done.stderr
    assert b"bad" in done.stderr


@pytest.mark.parametrize("shape", ["(2, 2)", "()", "7", "(4"])
def test_npy_of_other_shapes(run, model, tmp_path, shape):
    text = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    path = tmp_path / "bad.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(8))
    done = run("decode", "-m", model, path, check=False)
    assert done.returncode == 1 and b"not one dimension" in done.stderr


@pytest.mark.parametrize("dtype, works", [("<u2", True), ("<u4", True), ("<i4", True),
                                          ("<i8", False), (">u2", False), ("<f4", False)])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy_of_others(run, model, ids, tmp_path, dtype, works, version):
    path = tmp_path / "ids.npy"
    with open(path, "wb") as file:
        numpy.lib.format.write_array(file, numpy.array(ids[0], dtype), version=version)
    done = run("decode", "-m", model, path, check=False)
    assert done.returncode == (0 if works else 1)
    assert done.stdout.decode() == (DOCUMENTS[0] if works else "")


def test_bad_indexes(run, model, tmp_path):
    path = write(run, model, tmp_path, "megatron")
    index = tmp_path / "out.idx"
    good = index.read_bytes()
    for wrong, message in ((good[:20], b"not an index"), (b"x" + good[1:], b"not an index"),
                           (good + b"x", b"not the size"),
                           (good[:17] + b"\x05" + good[18:], b"the ids' type is 5"),
                           (good[:18] + b"\xff" * 8 + good[26:], b"not the size")):
        index.write_bytes(wrong)
        done = run("decode", "-m", model, path, check=False)
        assert done.returncode == 1 and message in done.stderr and b"out.idx" in done.stderr
    index.unlink()
    assert b"out.idx" in run("decode", "-m", model, path, check=False).stderr


def test_a_foreign_sidecar(run, model, tmp_path):
    path = write(run, model, tmp_path, "u16")
    (tmp_path / "out.json").write_text('{"rows": 3}')
    done = run("decode", "-m", model, path, check=False)
    assert done.returncode == 1 and b"name it with --format" in done.stderr
    assert run("decode", "-m", model, "--format", "u16", path).stdout == b"The mill grinds"


def test_unknown_id(run, model, tmp_path):
    for name, at in (("npy", 128), ("llmc", 1024), ("u16", 0), ("megatron", 0)):
        path = write(run, model, tmp_path, name)
        path.write_bytes(path.read_bytes()[:-2] + b"\xff\xff")
        done = run("decode", "-m", model, path, check=False)
        place = path.stat().st_size - 2
        assert place >= at and done.returncode == 1
        assert f"byte {place}: id 65535 is not in the vocab".encode() in done.stderr
        for file in tmp_path.iterdir():
            file.unlink()


@pytest.mark.parametrize("name", IDS)
def test_ids_are_not_read_as_text(run, model, tmp_path, name):
    """Neither named nor in a folder; unless that is what is asked for."""
    path = write(run, model, tmp_path, name)
    for command in (["count", "-f", "-o", tmp_path / "x.counts"], ["encode", "-m", model]):
        done = run(*command, path, check=False)
        assert done.returncode == 1 and b"decode turns them into text" in done.stderr
        assert run(*command, "--input-format", "text", path, check=False).returncode == 0
    folder = tmp_path / "folder"
    folder.mkdir()
    for file in tmp_path.glob("out*"):
        file.rename(folder / file.name)
    done = run("count", "-o", tmp_path / "y.counts", folder, check=False)
    assert done.returncode == 1 and path.name.encode() in done.stderr


# ---- inspect ----

def inspect(run, *arguments):
    return json.loads(run("inspect", "--json", *arguments).stdout)


@pytest.mark.parametrize("check", [[], ["--check"]])
@pytest.mark.parametrize("name", IDS)
def test_inspect(run, model, lines, ids, end_id, tmp_path, name, check):
    out = tmp_path / "out"
    run("encode", "-q", "-m", model, "--format", name, "--eot", END, "-o", out, lines)
    flat = [id for document in ids for id in [*document, end_id]
            if name != "megatron" or document]
    sidecar = json.loads(out.with_name(out.name + IDS[name] + ".json").read_text())
    path = out.with_name(out.name + IDS[name])
    known = {key: sidecar[key] for key in ("format", "dtype", "documents", "tokens", "bytes",
                                           "eot_id", "bos_id", "model_sha256")}
    for arguments in ([path], ["--format", name, out]):
        found = inspect(run, *check, *arguments)
        assert found["ids"] == flat[:16] and found["tokens"] == len(flat)
        assert found["kind"] == "tokens" and found.items() >= known.items()
        found = inspect(run, "-m", model, *check, *arguments)
        assert found["is_of_model"] and found["unknown_ids"] == 0
    shown = run("inspect", "-m", model, path).stdout.decode()
    assert f"{flat[0]:10}  The" in shown and "yes: the model that it was made with" in shown


def test_inspect_without_a_sidecar(run, model, wide_model, ids, tmp_path):
    for name, used, width in (("x.bin", model, 2), ("x.bin", wide_model, 4), ("x.u32", model, 4)):
        out = tmp_path / name
        run("encode", "-q", "-f", "-m", used, "--text", DOCUMENTS[0], "-o", out)
        (tmp_path / (name + ".json")).unlink()
        found = inspect(run, "-m", used, out)
        assert found["dtype"] == f"uint{8 * width}" and found["tokens"] == len(ids[0])
        assert found["documents"] is None and found["model_sha256"] is None
        assert not found["is_of_model"] and found["unknown_ids"] == 0
    done = run("inspect", tmp_path / "x.bin", check=False)
    assert done.returncode == 2 and b"16 or 32 bits" in done.stderr
    assert inspect(run, "--format", "u32", tmp_path / "x.bin")["ids"] == ids[0][:16]


def test_inspect_with_another_model(run, model, ids, tmp_path):
    out = tmp_path / "out.u16"
    run("encode", "-q", "-m", model, "--text", DOCUMENTS[0], "-o", out)
    run("convert", "-q", "-s", 260, model, tmp_path / "small.json")
    found = inspect(run, "-m", tmp_path / "small.json", out)
    assert not found["is_of_model"]
    assert found["unknown_ids"] == sum(id >= 260 for id in ids[0])
    assert b"no: ids that its vocab lacks" in run("inspect", "-m", tmp_path / "small.json",
                                                  out).stdout


def test_inspect_what_is_wrong(run, model, tmp_path):
    """A number of ids that the sidecar doesn't have; ids beyond the first only with --check."""
    out = tmp_path / "out.u16"
    run("encode", "-q", "-m", model, "--text", "a" * 40_000, "-o", out)
    data = out.read_bytes()
    out.write_bytes(data[:-2])
    done = run("inspect", out, check=False)
    assert done.returncode == 1 and b"by the .json beside it" in done.stderr
    out.write_bytes(data[:-2] + b"\xff\xff")
    assert inspect(run, "-m", model, out)["unknown_ids"] == 0
    assert inspect(run, "-m", model, "--check", out)["unknown_ids"] == 1


@pytest.mark.parametrize("name", ["u16", "npy", "llmc", "megatron", "datatrove"])
def test_inspect_a_file_that_was_cut(run, model, tmp_path, name):
    out = tmp_path / "out"
    run("encode", "-q", "-m", model, "--format", name, "--text", "a" * 40_000, "-o", out)
    path = out.with_name("out" + IDS[name])
    data = path.read_bytes()
    for cut in (1, 2, len(data) // 2):
        path.write_bytes(data[:-cut])
        done = run("inspect", path, check=False)
        assert done.returncode == 1 and str(path).encode() in done.stderr, (cut, done)


@pytest.mark.parametrize("name, other", [("u16", ".json"), ("megatron", ".idx"),
                                         ("megatron", ".bin"), ("datatrove", ".index")])
def test_what_is_beside_is_no_input(run, model, tmp_path, name, other):
    path = tmp_path / f"out{other}"
    path.write_text("the mill grinds")
    done = run("encode", "-f", "-m", model, "--format", name, "-o", tmp_path / "out",
               "--input-format", "text", path, check=False)
    assert done.returncode == 1 and b"the output is also an input" in done.stderr
    assert path.read_text() == "the mill grinds"
    run("convert", model, tmp_path / "out.json", "-f")
    before = (tmp_path / "out.json").read_bytes()
    done = run("encode", "-f", "-m", tmp_path / "out.json", "--format", "olmo", "-o",
               tmp_path / "out", "--text", "a", check=False)
    assert done.returncode == 1 and (tmp_path / "out.json").read_bytes() == before


def test_inspect_a_damaged_file_without_a_suffix(run, model, tmp_path):
    out = tmp_path / "tokens"
    run("encode", "-q", "-m", model, "--format", "olmo", "--text", "the mill", "-o", out)
    out.write_bytes(out.read_bytes()[:-2])
    done = run("inspect", out, check=False)
    assert done.returncode == 1 and b"by the .json beside it" in done.stderr
