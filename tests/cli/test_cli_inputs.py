# What the command makes of files that aren't plain text, of folders, and of files named twice.
# SPDX-License-Identifier: MIT
import bz2
import gzip
import json
import lzma
import os
import subprocess
import tarfile
import threading
import zipfile

import pytest

LINES = b'{"id":1,"text":"the mill"}\n{"id":2,"text":"grinds"}\n'
TEXT = b"the mill grinds\n"
WORDS = {"the": 1, "\u0120mill": 1, "grinds": 1}


def archive(path, kind):
    member = path.parent / "member.txt"
    member.write_bytes(TEXT)
    if kind.startswith("tar"):
        with tarfile.open(path, kind.replace("tar", "w")) as tar:
            tar.add(member, "member.txt")
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.write(member, "member.txt")
    member.unlink()
    return path


def words(run, tmp_path, *arguments, **kwargs):
    out = tmp_path / "words.tsv"
    run("count", "-q", "-f", "-o", out, *arguments, **kwargs)
    lines = out.read_text().splitlines()[1:]
    return {word: int(count) for word, count in (line.split("\t") for line in lines)}


@pytest.mark.parametrize("name", ["c4.jsonl", "C4.JSONL", "c4.jl", "c4.NdJson", "c4.json"])
def test_json_lines_by_name(run, tmp_path, name):
    (tmp_path / name).write_bytes(LINES)
    (tmp_path / (name + ".GZ")).write_bytes(gzip.compress(LINES))
    assert words(run, tmp_path, tmp_path / name) == WORDS
    assert words(run, tmp_path, tmp_path / (name + ".GZ")) == WORDS
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / name).rename(folder / name)
    assert words(run, tmp_path, folder) == WORDS


DATA = {
    "xz": (lzma.compress(TEXT), b"xz -dc FILE | pairmill COMMAND"),
    "bzip2": (bz2.compress(TEXT), b"bzip2 -dc FILE | pairmill COMMAND"),
    "UTF-16": ("the mill\n".encode("utf-16"), b"iconv -f UTF-16 -t UTF-8 FILE"),
    "UTF-16 ": ("the mill\n".encode("utf-16-be"), b"iconv -f UTF-16BE -t UTF-8 FILE"),
    "UTF-32": ("the mill\n".encode("utf-32"), b"iconv -f UTF-32 -t UTF-8 FILE"),
    "Parquet": (b"PAR1\x15\x04PAR1", b"JSON lines"),
    "ELF": (b"\x7fELF\2\1\1\0", b"leave it out"),
}


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("stored", [bytes, gzip.compress])
def test_data_that_is_not_text(run, model, tmp_path, kind, stored):
    data, way_out = DATA[kind]
    path = tmp_path / "data.txt"
    path.write_bytes(stored(data))
    looks_like = f": looks like {kind.strip()}, not text; ".encode()
    for command in (["count", "-o", tmp_path / "x"], ["train", "-s", 300], ["encode", "-m", model]):
        done = run(*command, path, check=False)
        assert done.returncode == 1
        assert b"data.txt" + looks_like in done.stderr and way_out in done.stderr
        done = run(*command, input=stored(data), check=False)
        assert done.returncode == 1 and b"stdin" + looks_like in done.stderr
    assert run("encode", "-q", "-m", model, "--input-format", "text", path).stdout


@pytest.mark.parametrize("kind", ["tar", "tar:gz", "zip"])
def test_archives(run, tmp_path, kind):
    done = run("train", "-s", 300, archive(tmp_path / "archive", kind), check=False)
    assert done.returncode == 1
    assert f"looks like {kind.split(':')[0]}, not text".encode() in done.stderr


def test_our_own_counts(run, tmp_path):
    text = tmp_path / "a.txt"
    text.write_bytes(TEXT)
    for out in (tmp_path / "a.counts", tmp_path / "a.tsv"):
        run("count", "-o", out, text)
        done = run("train", "-s", 300, out, check=False)
        assert done.returncode == 1 and b"--counts FILE" in done.stderr


def test_json_that_may_be_json_lines(run, model, tmp_path):
    """Refused when it is named, with both ways out; text in a folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "part-0"
    path.write_bytes(LINES)
    for command in (["count", "-o", tmp_path / "x"], ["train", "-s", 300], ["encode", "-m", model]):
        for arguments, kwargs in (([path], {}), ([], {"input": LINES})):
            done = run(*command, *arguments, check=False, **kwargs)
            assert done.returncode == 1
            assert b"the first line is a JSON object" in done.stderr
            assert b"--input-format jsonl" in done.stderr and b"--input-format text" in done.stderr
    assert words(run, tmp_path, "--input-format", "jsonl", path) == WORDS
    as_text = words(run, tmp_path, "--input-format", "text", path)
    assert as_text['{"'] == 2 and words(run, tmp_path, folder) == as_text
    assert words(run, tmp_path, "--input-format", "jsonl", input=LINES) == WORDS


def test_json_without_the_field(run, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(LINES)
    done = run("count", "-o", tmp_path / "x", "--field", "body", path, check=False)
    assert done.returncode == 1 and b'with the field "body"' in done.stderr
    path.write_bytes(LINES.replace(b'"text"', b'"body"'))
    assert words(run, tmp_path, "--field", "body", path) == WORDS


def test_json_array(run, tmp_path):
    for name in ("a.json", "a.jsonl"):
        (tmp_path / name).write_bytes(b"[" + LINES.replace(b"\n", b",\n", 1) + b"]\n")
        done = run("train", "-s", 300, tmp_path / name, check=False)
        assert done.returncode == 1
        assert b"JSON array" in done.stderr and b"jq -c '.[]' FILE | pairmill" in done.stderr


def test_the_way_out_of_a_json_array(run, tmp_path):
    """What the message says to pipe, done in Python as jq does it."""
    for items in (["the mill", "grinds"], [{"text": "the mill"}, {"text": "grinds"}]):
        data = json.dumps(items, indent=2).encode()
        done = run("count", "-o", tmp_path / "x", input=data, check=False)
        assert done.returncode == 1 and b"looks like a JSON array, not text" in done.stderr
        wraps = b"jq -c '.[] | {text: .}' FILE" in done.stderr
        lines = "".join(json.dumps({"text": item} if wraps else item) + "\n" for item in items)
        assert words(run, tmp_path, "--input-format", "jsonl", input=lines.encode()) == WORDS


@pytest.mark.parametrize("data", [LINES, b"{" * 5000, b" " * 5000 + b"{}", b"the mill " * 5000])
def test_pipes_are_looked_at_without_losing_bytes(pairmill, run, tmp_path, data):
    """The same as from a file, also when bytes come one by one."""
    path = tmp_path / "file"
    path.write_bytes(data)
    reader, writer = os.pipe()

    def write():
        with open(writer, "wb", buffering=0) as file:
            for at in range(700):
                file.write(data[at:at + 1])
            file.write(data[700:])

    expected = run("count", "-o", tmp_path / "by-name.tsv", path, check=False)
    thread = threading.Thread(target=write)
    thread.start()
    done = subprocess.run([pairmill, "count", "-o", tmp_path / "by-pipe.tsv", f"/dev/fd/{reader}"],
                          pass_fds=[reader], capture_output=True)
    thread.join()
    os.close(reader)
    assert done.returncode == expected.returncode
    if done.returncode == 0:
        by_pipe, by_name = (tmp_path / f"by-{way}.tsv" for way in ("pipe", "name"))
        assert by_pipe.read_bytes() == by_name.read_bytes()


@pytest.fixture
def mixed(tmp_path):
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    (folder / "a.txt").write_bytes(TEXT)
    (folder / "b.xz").write_bytes(lzma.compress(TEXT))
    (folder / "below" / "c.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / ".hidden").write_bytes(b"x")
    return folder


def test_data_in_a_folder(run, model, mixed, tmp_path):
    for command in (["count", "-f", "-o", tmp_path / "x"], ["train", "-s", 300],
                    ["encode", "-f", "-m", model, "-o", tmp_path / "ids.txt"]):
        done = run(*command, mixed, check=False)
        assert done.returncode == 1
        assert b"2 files in folders aren't text: " in done.stderr
        assert b"b.xz (xz), " in done.stderr and b"c.pdf (PDF); --skip-binary" in done.stderr
        done = run(*command, "--skip-binary", mixed)
        assert b"Left out 2 files that aren't text.\n" in done.stderr
        assert b"hidden" not in done.stderr and b"b.xz" not in done.stderr
        done = run(*command, "--skip-binary", "-v", mixed)
        assert b"b.xz: looks like xz, not text\n" in done.stderr
        assert b"c.pdf: looks like PDF, not text\n" in done.stderr
        assert b"Left out 1 hidden file or folder.\n" in done.stderr
        figures = json.loads(run(*command, "--skip-binary", "--json", mixed).stdout)
        assert (figures["skipped_files"], figures["repeated_files"], figures["hidden_files"]) == (
            2, 0, 1)
    assert words(run, tmp_path, "--skip-binary", mixed)["the"] == 1
    done = run("train", "-s", 300, "--counts", tmp_path / "x", "--skip-binary", check=False)
    assert done.returncode == 2 and b"--skip-binary" in done.stderr


def test_linked_folders(run, tmp_path):
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (tree / "real").mkdir(parents=True)
    outside.mkdir()
    (tree / "real" / "a.txt").write_bytes(b"one ")
    (outside / "b.txt").write_bytes(b"two")
    (tree / "linked").symlink_to("../outside")
    (tree / "again").symlink_to("real")
    (outside / "loop").symlink_to("../tree")
    assert words(run, tmp_path, tree) == {"one": 1, "\u0120": 1, "two": 1}
    (tree / "gone").symlink_to("nowhere")
    done = run("count", "-o", tmp_path / "x", tree, check=False)
    assert done.returncode == 1
    assert b"tree/gone: cannot read what this link leads to: No such file" in done.stderr


def test_files_named_twice(run, tmp_path):
    for name in "abcdef":
        (tmp_path / name).write_bytes(TEXT)
    os.link(tmp_path / "a", tmp_path / "hard")
    twice = [tmp_path / name for name in ["a", "hard", *"bbccddeeff"]]
    done = run("count", "-f", "-o", tmp_path / "x", *twice)
    assert f"count: note: {tmp_path}/hard is read twice: it is also named as {tmp_path}/a".encode(
    ) in done.stderr
    assert done.stderr.count(b"note:") == 3
    assert b"Read 6 files again that were named twice.\n" in done.stderr
    assert run("count", "-f", "-v", "-o", tmp_path / "x", *twice).stderr.count(b"note:") == 6
    assert run("count", "-f", "-q", "-o", tmp_path / "x", *twice).stderr == b""
    assert words(run, tmp_path, *twice)["the"] == 12
