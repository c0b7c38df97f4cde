# Which exception each failure of the library is, its message and its attributes.
# SPDX-License-Identifier: MIT
import array
import errno
import gc
import os
import re
import sys

import pairmill
import pytest
from pairmill import Counts, Tokenizer

TEXT = "low lower lowest, new newer newest"


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator([TEXT] * 9, 280, special_tokens=["<|end|>"])


def fails(kind, call, *arguments, **options):
    with pytest.raises(kind) as error:
        call(*arguments, **options)
    assert type(error.value) is kind
    return error.value


# ---- Each status ----


def test_bad_options(tok):
    error = fails(ValueError, pairmill.train_from_iterator, [TEXT], 300, ties="bogus")
    assert str(error) == 'unknown tie rule "bogus" (known: bytes, ids)' and error.offset is None


def test_bad_input(tok):
    error = fails(ValueError, Tokenizer.from_bytes, b'{"model": {]')
    assert "the model: byte 11: line 1: not valid JSON" in str(error) and error.offset == 11
    error = fails(ValueError, tok.encode, "ab<|end|>", special_tokens="error")
    assert "<|end|>" in str(error) and error.offset == 2


@pytest.mark.parametrize("before", [0, 300, 1_500_000])
def test_an_unknown_id(tok, before):
    """Few ids, those decoded without the GIL, those of which signals are seen."""
    ids = array.array("I", [97]) * before + array.array("I", [9999, 97])
    message = f"id 9999 at index {before} is not in the vocab"
    for decode in (tok.decode, tok.decode_bytes):
        error = fails(ValueError, decode, ids)
        assert str(error) == message and error.offset == before
    ids[before] = 98
    assert tok.decode(ids) == "a" * before + "ba"
    assert tok.decode_bytes(ids) == b"a" * before + b"ba"


def test_overflow(tmp_path):
    (tmp_path / "words.tsv").write_bytes(b"a\t9223372036854775807\nb\t1\n")
    counts = Counts.load(tmp_path / "words.tsv", tsv="raw")
    error = fails(ValueError, Counts.sum, [counts, counts])
    assert "does not fit 64 bits" in str(error) and error.offset is None
    (tmp_path / "words.tsv").write_bytes(b"a\t9223372036854775808\n")
    fails(ValueError, Counts.load, tmp_path / "words.tsv", tsv="raw")


def test_unsupported(tok, tmp_path):
    error = fails(ValueError, tok.save, tmp_path / "model.tiktoken")
    assert "the pattern, the special tokens" in str(error)
    assert error.offset is None and os.listdir(tmp_path) == []


def test_a_memory_limit(tmp_path):
    words = pairmill.count_from_iterator([f"w{i} {i}" for i in range(20_000)])
    words.save(tmp_path / "words.counts")
    error = fails(MemoryError, Counts.load, tmp_path / "words.counts", memory_limit=1000)
    assert "memory" in str(error) and error.offset is None
    error = fails(MemoryError, pairmill.train_from_counts, words, 5000, memory_limit=1000)
    assert "memory" in str(error)


def test_cancelled(tmp_path):
    """What the callable raises comes through, and so does its being interrupted."""

    def interrupt(progress):
        raise KeyboardInterrupt("of the callable")

    error = fails(KeyboardInterrupt, pairmill.train_from_iterator, [TEXT], 300, progress=interrupt)
    assert str(error) == "of the callable"

    class Odd(BaseException):
        pass

    def fail(progress):
        raise Odd

    fails(Odd, pairmill.train_from_iterator, [TEXT], 300, progress=fail)
    fails(SystemExit, pairmill.count_from_iterator, [TEXT], progress=lambda _: sys.exit(3))


# ---- The system's errors ----


def check_os_error(error, kind, number, name):
    assert isinstance(error, OSError) and type(error) is kind
    assert error.errno == number and str(name) in str(error)


def test_missing_files(tok, tmp_path):
    missing = tmp_path / "none" / "file.json"
    for call in (Tokenizer.load, Counts.load, tok.save, pairmill.count,
                 lambda path: pairmill.train(path, 300), lambda path: tok.encode_file(
                     path, "out", format="u16"),
                 lambda path: tok.decode_file(path, "out", format="u16"),
                 lambda path: pairmill.count_from_iterator(["a"]).save(path)):
        check_os_error(fails(FileNotFoundError, call, missing), FileNotFoundError, errno.ENOENT,
                       missing)


def test_what_is_there(tok, tmp_path):
    there = tmp_path / "there.json"
    there.write_text("{}")
    for call in (tok.save, pairmill.count_from_iterator(["a"]).save,
                 lambda path: tok.encode_file(__file__, path, format="u16")):
        check_os_error(fails(FileExistsError, call, there), FileExistsError, errno.EEXIST, there)
    assert there.read_text() == "{}"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read all")
def test_permissions(tok, tmp_path):
    check_permissions(tok, tmp_path)


def check_permissions(tok, tmp_path):
    (tmp_path / "closed.json").write_text("{}")
    (tmp_path / "closed.json").chmod(0)
    (tmp_path / "folder").mkdir(mode=0o500)
    for call, path in ((Tokenizer.load, "closed.json"), (pairmill.count, "closed.json"),
                       (tok.save, "folder/model.json")):
        check_os_error(fails(PermissionError, call, tmp_path / path), PermissionError,
                       errno.EACCES, tmp_path / path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can")
def test_permissions_of_others(tok, tmp_path):
    """As another user, in a process of its own."""
    tmp_path.chmod(0o777)
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(65534)
            check_permissions(tok, tmp_path)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_other_errors_of_the_system(tok, tmp_path):
    fails(IsADirectoryError, Counts.load, tmp_path)
    (tmp_path / "file").write_text("x")
    fails(NotADirectoryError, Tokenizer.load, tmp_path / "file" / "model.json")
    error = fails(OSError, Tokenizer.load, tmp_path / ("x" * 300))
    assert error.errno == errno.ENAMETOOLONG
    if os.path.exists("/dev/full"):
        error = fails(OSError, tok.encode_file, __file__, "/dev/full", format="u16")
        assert error.errno == errno.ENOSPC


def test_names_that_are_not_utf8(tok, tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.json")
    tok.save(path)
    assert Tokenizer.load(path) == tok == Tokenizer.load(os.fsdecode(path))
    assert "\\xff\\xfe" in str(fails(FileExistsError, tok.save, path))
    path = path.replace(b"json", b"txt")
    with open(path, "w") as file:
        file.write(TEXT)
    seen = pairmill.train(path, 260).training["inputs"][0]["name"]
    assert os.fsencode(seen) == path


# ---- Arguments ----


@pytest.mark.parametrize("call, words", [
    ("encode()", "missing required argument 'text'"),
    ("encode('a', 'b')", "takes at most 1 positional arguments"),
    ("encode('a', text='b')", "two values for argument 'text'"),
    ("encode('a', bogus=1)", "unexpected keyword argument 'bogus'"),
    ("encode(txt='a')", "unexpected keyword argument 'txt'"),
    ("encode_batch(['a'], 2)", "takes at most 1 positional arguments"),
    ("truncate('a')", "missing required argument 'max_tokens'"),
    ("truncate('a', 1, 2)", "takes at most 2 positional arguments"),
    ("encode_with_offsets('a', 5)", "unit must be a str"),
    ("encode_with_offsets('a', None)", "unit must be a str"),
    ("truncate('a', 1.5)", "max_tokens"), ("truncate('a', None)", "max_tokens"),
    ("encode_batch(['a'], threads=1.5)", "threads"),
    ("encode_batch(['a'], threads='2')", "threads"),
    ("decode_batch([[1]], threads='2')", "threads"), ("decode()", "missing required argument"),
    ("decode([1], skip=True)", "unexpected keyword argument 'skip'"),
    ("stream('all')", "takes at most 0 positional arguments"),
    ("stream().add()", "missing required argument 'text'"), ("token_bytes()", "one argument"),
    ("load('x', bogus=1)", "unexpected keyword argument 'bogus'"),
    ("from_bytes(b'x', formt='gguf')", "unexpected keyword argument 'formt'"),
    ("from_bytes(5)", "bytes-like"), ("load(5)", "expected str, bytes or os.PathLike"),
    ("load('x', pattern=5)", "pattern: expected a str"),
    ("save()", "missing 1 required positional argument"),
    ("to_bytes(5)", "must be str or None"), ("describe(5)", "must be str")])
def test_wrong_arguments(tok, call, words):
    with pytest.raises(TypeError, match=words):
        eval(f"tok.{call}")


@pytest.mark.parametrize("call, words", [
    ("truncate('a', -1)", "max_tokens: -1 is not from 0"),
    ("truncate('a', 2**64)", "max_tokens: 18446744073709551616 is not from 0"),
    ("encode_batch(['a'], threads=-1)", "threads: -1 is not from 0"),
    ("encode_batch(['a'], threads=2**40)", "threads: 1099511627776 is not from 0"),
    ("decode_batch([[1]], threads=-1)", "threads: -1 is not from 0"),
    ("encode_with_offsets('a', 'word')", 'unknown offset unit "word"'),
    ("load('a\\0b')", "embedded null"), ("from_bytes(b'')", "empty"),
    ("to_bytes('bogus')", 'unknown model format "bogus"'),
    ("from_bytes(b'x', format='bogus')", 'unknown model format "bogus"'),
    ("from_bytes(b'x', pattern='a\\0b')", "pattern: embedded null character")])
def test_values_out_of_range(tok, call, words):
    with pytest.raises(ValueError, match=words):
        eval(f"tok.{call}")


# ---- Nothing is kept ----

CALLS = """
tok.encode("ab<|end|>", special_tokens="error")
tok.encode_batch(["a", "ab<|end|>"], special_tokens="error")
tok.encode_batch(["a", 5])
tok.encode_batch([bytearray(b"a"), 5])
tok.encode_spans([("a", None), ("b", 5)])
tok.encode_spans([("a", "all"), ("<|end|>", "error")])
tok.encode("a", special_tokens=["<none>"])
tok.encode("a", special_tokens=[5])
tok.truncate(bytearray(b"a"), -1)
tok.stream(special_tokens="error").add("<|end|><|end|>")
tok.decode([1, 2, 60000])
tok.decode([1, -1])
tok.decode_batch([[1], [60000]])
tok.decode_batch([[1], [-1]])
tok.stream_decoder().add([60000])
pairmill.TokenArray([1, 2**40])
pairmill.TokenArray([70000], "uint16")
pairmill.TokenBatch(pairmill.TokenArray([1]), [0, 5])
Tokenizer.from_bytes(b"{}")
Tokenizer.from_bytes(bytearray(b"xyz"), pattern="(", special_tokens=["a", 5])
Tokenizer.from_parts({b"a": 0}, [(b"a", b"b")])
Tokenizer.load("/none/x", special_tokens=["a"])
tok.save("/none/x")
tok.with_special_tokens(["<|end|>"])
tok.with_special_tokens({"<x>": 97})
Counts.load("/none/x")
pairmill.count("/none/x")
pairmill.train_from_iterator(["a"], 300, pattern="(")
pairmill.train_from_iterator(["a", 5], 300)
"""
GOOD_CALLS = """
tok.encode(bytearray(b"low"), special_tokens=["<|end|>"])
tok.encode_batch([bytearray(b"low"), "a", b"b"] * 9, special_tokens="all")[1:][0][:1]
tok.encode_spans([("low", "all"), (b"b", None)])
tok.encode_with_offsets("low")[1][:1].tolist()
tok.stream().clone().add("low")
tok.stream_decoder("strict").add([1, 2])
tok.decode_batch(tok.encode_batch(["low"] * 9))
pairmill.TokenArray([1, 2])[::-1].__arrow_c_array__()
tok.encode_batch(["low"]).__arrow_c_array__()
pairmill.count_from_iterator(["low"], special_tokens=["<x>"], progress=print_nothing)
Tokenizer.from_parts({b"a": 0, b"b": 1, b"ab": 2}, [(b"a", b"b")], {"<x>": 3}).encode("ab")
tok.with_special_tokens(["<x>"]).encode("<x>ab", special_tokens=["<x>"])
tok.encode_batch(pa.array(["low"] * 99))
tok.encode_batch(pa.chunked_array([["low"] * 99] * 3))
"""


def memory_in_use():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("call", [*CALLS.split("\n")[1:-1], *GOOD_CALLS.split("\n")[1:-1]])
def test_nothing_leaks(tok, call):
    """Neither objects nor memory, whether the call fails or not."""
    names = {"tok": tok, "pairmill": pairmill, "Tokenizer": Tokenizer, "Counts": Counts,
             "pa": pytest.importorskip("pyarrow"), "print_nothing": lambda progress: None}
    code = compile(call, "call", "eval")

    def run(times):
        failed = 0
        for _ in range(times):
            try:
                eval(code, names)
            except Exception:
                failed += 1
        return failed

    many = 2000 if re.search("Tokenizer.|train|with_", call) else 8000
    objects = len(gc.get_objects())
    run(many)
    for _ in range(3):  # an allocator may take another large block
        before, blocks = memory_in_use(), sys.getallocatedblocks()
        failed = run(many)
        gc.collect()
        more, seen = memory_in_use() - before, sys.getallocatedblocks() - blocks
        if more < 100_000 and seen < many // 4:
            break
    else:
        pytest.fail(f"{seen} blocks and {more} bytes of {many} calls stay")
    assert failed == (many if call in CALLS else 0)
    assert len(gc.get_objects()) - objects < many // 4
