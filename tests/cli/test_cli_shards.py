# Shards: a folder of token files, killed and gone on with, the same bytes as in one run.
# SPDX-License-Identifier: MIT
import gzip
import json
import os
import random
import signal
import subprocess
import time

import pytest

from support.tiers import mostly_slow

END = "<|end|>"
FORMATS = ["text", "jsonl", "u16", "npy", "olmo", "llmc", "megatron", "datatrove"]


def make_documents(rng, count, most=60):
    return [" ".join("".join(rng.choices("abcdefgh", k=rng.randint(1, 9)))
                     for _ in range(rng.randint(0, most))) for _ in range(count)]


def as_lines(documents):
    return "".join(json.dumps({"text": text}) + "\n" for text in documents).encode()


@pytest.fixture(scope="module")
def documents():
    return make_documents(random.Random(4), 1500)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, documents):
    """Four files, of several kinds, one of them empty."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "a.jsonl").write_bytes(as_lines(documents[:700]))
    (folder / "b.jsonl").write_bytes(b"")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(as_lines(documents[700:1499])))
    (folder / "d.txt").write_text(documents[1499])
    return sorted(folder.iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def encode(run, model, out, *arguments, **kwargs):
    return run("encode", "-q", "-m", model, "--eot", END, "-o", out, *arguments, **kwargs)


def sharded(run, model, out, inputs, *arguments, name="u16", tokens=2000, **kwargs):
    return encode(run, model, out, "--format", name, "--shard-tokens", tokens, *arguments, *inputs,
                  **kwargs)


@pytest.fixture(scope="module")
def whole(run, model, inputs, tmp_path_factory):
    """By format: the files of a run that nothing stopped."""
    made = {}
    for name in FORMATS:
        folder = tmp_path_factory.mktemp("whole") / name
        sharded(run, model, folder, inputs, name=name)
        made[name] = contents(folder)
    return made


def sidecars(files):
    names = sorted(name for name in files if name.endswith(".json") and name != "shards.json")
    return [json.loads(files[name]) for name in names]


@pytest.mark.parametrize("name", ["text", "jsonl", "u16", "olmo"])
def test_together_they_are_the_one_file(run, model, inputs, whole, tmp_path, name):
    encode(run, model, tmp_path / "one", "--format", name, *inputs)
    files = whole[name]
    ids = sorted(set(files) - {"shards.json"} - {other for other in files
                                                 if other.endswith(".json")})
    assert len(ids) > 10
    assert b"".join(files[other] for other in ids) == (tmp_path / "one").read_bytes()
    sums = json.loads((tmp_path / "one.json").read_text())
    for key in ("documents", "tokens", "bytes"):
        assert sum(sidecar[key] for sidecar in sidecars(files)) == sums[key]


@pytest.mark.parametrize("name", FORMATS)
def test_shards_have_whole_documents_and_enough_ids(whole, documents, name):
    made = sidecars(whole[name])
    assert all(sidecar["tokens"] >= 2000 for sidecar in made[:-1])
    assert all(sidecar["tokens"] < 2000 + 400 for sidecar in made)
    assert sum(sidecar["documents"] for sidecar in made) == sum(
        name != "megatron" or text != "" for text in documents)
    assert all("next_input" in sidecar for sidecar in made[:-1])
    assert "next_input" not in made[-1]


@pytest.mark.parametrize("options", [["-j", 1, "--chunk-size", 50], ["-j", 3, "--chunk-size", 999],
                                     ["-j", 2]])
def test_threads_and_chunks_don_t_matter(run, model, inputs, whole, tmp_path, options):
    sharded(run, model, tmp_path / "out", inputs, *options)
    assert contents(tmp_path / "out") == whole["u16"]


@pytest.mark.parametrize("name", FORMATS)
def test_decode_a_folder(run, model, whole, documents, tmp_path, name):
    folder = tmp_path / "shards"
    folder.mkdir()
    for file, data in whole[name].items():
        (folder / file).write_bytes(data)
    text = run("decode", "-m", model, "--skip-special-tokens", folder).stdout.decode()
    end = "\n" if name in ("text", "jsonl") else ""
    assert text == "".join(document + end for document in documents)


# ---- Going on ----

@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kept", [0, 1, 7])
def test_go_on_after_some_shards(run, model, inputs, whole, tmp_path, name, kept):
    """What a kill leaves: the first shards, and perhaps some files of the next, not its ids."""
    folder = tmp_path / "out"
    folder.mkdir()
    for file, data in whole[name].items():
        number = -1 if file == "shards.json" else int(file.split(".")[0])
        if number < kept:
            (folder / file).write_bytes(data)
        elif number == kept and (file.endswith(".json") or file.endswith("idx")):
            (folder / file).write_bytes(b"half")
    done = sharded(run, model, folder, inputs, "--resume", "--json", name=name)
    assert contents(folder) == whole[name]
    totals = json.loads(done.stdout)
    for key in ("documents", "tokens", "bytes"):
        assert totals[key] == sum(sidecar[key] for sidecar in sidecars(whole[name])) or (
            key == "documents" and name == "megatron")


def test_go_on_with_nothing_and_with_all(run, model, inputs, whole, tmp_path):
    folder = tmp_path / "out"
    for _ in range(3):
        sharded(run, model, folder, inputs, "--resume")
        assert contents(folder) == whole["u16"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_again_and_again(run, pairmill, model, tmp_path, number):
    rng = random.Random(5)
    path = tmp_path / "many.jsonl"
    path.write_bytes(as_lines(make_documents(rng, 20_000)))
    sharded(run, model, tmp_path / "whole", [path], tokens=100_000)
    command = [pairmill, "encode", "-q", "-m", model, "--eot", END, "--format", "u16",
               "--shard-tokens", "100000", "--chunk-size", "1000", "--resume", "-o",
               tmp_path / "out", path]
    kills = 0
    while kills < 40:
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.3))
        child.send_signal(number)
        if child.wait(timeout=30) == 0:
            break
        kills += 1
    assert kills > 0
    assert subprocess.run(command).returncode == 0
    found = contents(tmp_path / "out")
    assert {name: data for name, data in found.items() if not name.startswith(".")} == contents(
        tmp_path / "whole")


@pytest.mark.parametrize("chunk", mostly_slow([7, 100, 10_000], [7]))
@pytest.mark.parametrize("kind", ["text", "lines", "jsonl"])
def test_documents_that_end_within_files(run, model, tmp_path, kind, chunk):
    """Separators in text and in JSON lines, where a shard can't begin within a line."""
    rng = random.Random(chunk)
    paths = []
    for number in range(3):
        parts = [make_documents(rng, rng.randint(0, 5), 9) for _ in range(20)]
        path = tmp_path / f"{number}.in"
        if kind == "jsonl":
            path.write_bytes(as_lines(END.join(part) for part in parts))
        else:
            path.write_text(("\n" if kind == "lines" else END).join(sum(parts, [])) + END * number)
        paths.append(path)
    options = ["--input-format", kind, "--doc-separator", END, "--chunk-size", chunk]
    encode(run, model, tmp_path / "one.u16", *options, *paths)
    sharded(run, model, tmp_path / "whole", paths, *options, tokens=30)
    expected = contents(tmp_path / "whole")
    shards = sorted(name for name in expected if name.endswith(".u16"))
    assert b"".join(map(expected.get, shards)) == (tmp_path / "one.u16").read_bytes()
    for kept in range(0, len(shards), 5):
        folder = tmp_path / f"out-{kept}"
        folder.mkdir()
        for name in ("shards.json", *shards[:kept], *(f"{name}.json" for name in shards[:kept])):
            (folder / name).write_bytes(expected[name])
        sharded(run, model, folder, paths, "--resume", *options, tokens=30)
        assert contents(folder) == expected


def test_bad_lines(run, model, documents, tmp_path):
    lines = as_lines(documents[:200]).splitlines(keepends=True)
    for at in (0, 50, 50, 120, len(lines)):
        lines.insert(at, b"{}\n")
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"".join(lines))
    sharded(run, model, tmp_path / "out", [path], "--skip-bad-lines", tokens=500)
    expected = contents(tmp_path / "out")
    for name in expected:
        if name > "00003" and name != "shards.json":
            (tmp_path / "out" / name).unlink()
    sharded(run, model, tmp_path / "out", [path], "--skip-bad-lines", "--resume", tokens=500)
    assert contents(tmp_path / "out") == expected
    assert json.loads(expected["00001.u16.json"])["next_line"] > 1


# ---- Refusals ----

@pytest.mark.parametrize("changed, words", [
    ({"tokens": 2001}, "shard_tokens"), ({"name": "olmo"}, "format"),
    ({"extra": ["--bos", END]}, "bos_id"), ({"extra": ["--special-tokens", "all"]}, "special_tokens"),
    ({"extra": ["--max-tokens", 5]}, "max_tokens"), ({"extra": ["--field", "body"]}, "field"),
    ({"fewer": True}, "input_count, inputs"), ({"touch": True}, "inputs"),
    ({"other": True}, "model")])
def test_only_the_same_run_goes_on(run, model, inputs, tmp_path, changed, words):
    paths = []
    for path in inputs:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        os.utime(copy, (1, 1))
        paths.append(copy)
    folder = tmp_path / "out"
    sharded(run, model, folder, paths)
    before = contents(folder)
    if "fewer" in changed:
        paths.pop()
    if "touch" in changed:
        os.utime(paths[0], (2, 2))
    if "other" in changed:
        run("train", "-q", "-s", 300, "--special", END, "-o", tmp_path / "other", paths[0])
        model = tmp_path / "other"
    done = sharded(run, model, folder, paths, "--resume", *changed.get("extra", []),
                   **{key: changed[key] for key in ("tokens", "name") if key in changed},
                   check=False)
    assert done.returncode == 2
    assert f"the shards there were made otherwise ({words})".encode() in done.stderr
    assert contents(folder) == before


def test_a_folder_that_is_there(run, model, inputs, whole, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    sharded(run, model, folder, inputs, tokens=500)
    many = len(contents(folder))
    done = sharded(run, model, folder, inputs, check=False)
    assert done.returncode == 1 and b"exists" in done.stderr and b"--resume" in done.stderr
    assert len(contents(folder)) == many
    sharded(run, model, folder, inputs, "-f")
    assert contents(folder) == {**whole["u16"], "notes.txt": b"mine"}


def test_what_can_t_be_sharded(run, model, tmp_path):
    for arguments, message in (
            (["--resume", "-o", tmp_path / "x"], b"needs --shard-tokens"),
            (["--shard-tokens", 5], b"needs -o FOLDER"),
            (["--shard-tokens", 5, "--format", "u16", "-o", tmp_path / "x"], b"a pipe can't be"),
            (["--shard-tokens", 5, "-o", tmp_path / "x.u16", "--text", "a"], b"made of files")):
        done = run("encode", "-m", model, *arguments, input=b"the mill", check=False)
        assert done.returncode == 2 and message in done.stderr, done.stderr
    assert not (tmp_path / "x").exists() or contents(tmp_path / "x") == {}


def test_nothing_to_encode(run, model, tmp_path):
    (tmp_path / "no.jsonl").write_bytes(b"")
    sharded(run, model, tmp_path / "out", [tmp_path / "no.jsonl"])
    assert contents(tmp_path / "out")["00000.u16"] == b""


def test_a_full_disk_leaves_whole_shards(pairmill, run, model, documents, limit_files, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines([*documents[:300], "abcdefgh " * 30_000, *documents[300:400]]))
    command = [pairmill, "encode", "-q", "-m", model, "--eot", END, "--format", "u16",
               "--shard-tokens", "1000", "--resume", "-o", tmp_path / "out", path]
    done = subprocess.run(command, preexec_fn=limit_files(50_000), stderr=subprocess.PIPE)
    assert done.returncode == 1
    found = contents(tmp_path / "out")
    count = sum(name.endswith(".u16") for name in found)
    assert count > 3 and f"the first {count} shards are whole: --resume goes on".encode() in done.stderr
    assert subprocess.run(command).returncode == 0
    sharded(run, model, tmp_path / "whole", [path], tokens=1000)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_one_run_at_a_time(pairmill, run, model, inputs, whole, tmp_path):
    """Two runs with -f take turns; the folder is that of one of them."""
    command = [pairmill, "encode", "-q", "-f", "-m", model, "--eot", END, "--format", "u16",
               "--shard-tokens", "2000", "-o", tmp_path / "out", *inputs]
    children = [subprocess.Popen(command) for _ in range(6)]
    assert [child.wait(timeout=60) for child in children] == [0] * 6
    assert contents(tmp_path / "out") == whole["u16"]


# ---- What must not be lost ----

@pytest.mark.parametrize("force", [[], ["-f"], ["--resume"]])
def test_inputs_in_the_folder(run, model, inputs, tmp_path, force):
    """Inputs may be named like shards."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "00000.jsonl").write_bytes(inputs[0].read_bytes())
    (folder / "20240101.txt").write_text("the mill")
    before = contents(folder)
    for paths in ([folder], [folder / "00000.jsonl"]):
        done = sharded(run, model, folder, paths, *force, check=False)
        assert done.returncode == 2 and b"write shards to another" in done.stderr
        assert contents(folder) == before


@pytest.mark.parametrize("force", [[], ["-f"], ["--resume"]])
def test_files_that_are_only_named_like_shards(run, model, inputs, tmp_path, force):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "00007.u16").write_bytes(b"mine")
    (folder / "123456.parquet").write_bytes(b"mine")
    before = contents(folder)
    done = sharded(run, model, folder, inputs, *force, check=False)
    assert done.returncode == 2 and b"named like shards" in done.stderr
    assert contents(folder) == before
    (folder / "00007.u16").unlink()
    sharded(run, model, folder, inputs, "-f")
    sharded(run, model, folder, inputs, "-f", tokens=10_000_000)
    assert (folder / "123456.parquet").read_bytes() == b"mine"
    assert sorted(contents(folder)) == ["00000.u16", "00000.u16.json", "123456.parquet",
                                        "shards.json"]


@pytest.mark.parametrize("format", [[], ["--input-format", "jsonl"], ["--input-format", "text"]])
def test_pipes(run, pairmill, model, tmp_path, format):
    os.mkfifo(tmp_path / "pipe")
    for path in ("-", tmp_path / "pipe"):
        child = subprocess.Popen([pairmill, "encode", "-q", "-m", model, "--format", "u16", *format,
                                  "--shard-tokens", "5", "-o", tmp_path / "out", path],
                                 stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        _, message = child.communicate(b"the mill", timeout=30)
        assert child.returncode == 2 and b"a pipe can't be gone on with" in message


def test_sidecars_that_others_wrote_anew(run, model, inputs, whole, tmp_path):
    folder = tmp_path / "out"
    sharded(run, model, folder, inputs)
    for name in list(whole["u16"]):
        if name >= "00003" and name != "shards.json":
            (folder / name).unlink()
        elif name.endswith("u16.json"):
            (folder / name).write_text(json.dumps(json.loads((folder / name).read_text())))
    sharded(run, model, folder, inputs, "--resume")
    assert all(contents(folder)[name] == data for name, data in whole["u16"].items()
               if name.endswith(".u16"))
    (folder / "00001.u16.json").write_text('{"format": "u16", "dtype": "uint16"}')
    done = sharded(run, model, folder, inputs, "--resume", check=False)
    assert done.returncode == 1 and b"beside shard 1 doesn't say" in done.stderr


def test_only_empty_documents_at_the_end(run, model, tmp_path):
    """For Megatron they are left out, so there is no shard of them."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(as_lines(["the mill grinds", *[""] * 50]))
    sharded(run, model, tmp_path / "out", [path], name="megatron", tokens=2)
    assert sorted(contents(tmp_path / "out")) == ["00000.bin", "00000.bin.json", "00000.idx",
                                                  "shards.json"]
    before = contents(tmp_path / "out")
    sharded(run, model, tmp_path / "out", [path], "--resume", name="megatron", tokens=2)
    assert contents(tmp_path / "out") == before


def test_an_empty_folder(run, model, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("encode", "-m", model, tmp_path / "empty")
    assert done.stdout == b""
    sharded(run, model, tmp_path / "out", [tmp_path / "empty"])
    assert contents(tmp_path / "out")["00000.u16"] == b""
