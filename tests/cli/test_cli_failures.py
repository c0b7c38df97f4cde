# Interrupts, full disks, missing and unreadable files: no half-written file is left behind.
# SPDX-License-Identifier: MIT
import fcntl
import json
import os
import pty
import random
import re
import resource
import signal
import subprocess
import time

import pytest


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def endless(pairmill, tmp_path):
    """Starts a command on an endless pipe, and waits for its first progress line."""
    children = []

    def start(*args, line="the mill grinds slowly"):
        source = subprocess.Popen(["yes", line], stdout=subprocess.PIPE)
        child = subprocess.Popen([pairmill, *map(str, args), "--progress", "json"],
                                 stdin=source.stdout, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, cwd=tmp_path)
        source.stdout.close()
        children.extend([source, child])
        assert child.stderr.readline().startswith(b"{")
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["train", "-s", 300, "-o", "out"], ["train", "-s", 300],
                                     ["count", "-o", "out.counts"]])
def test_interrupt_while_reading(endless, tmp_path, command, number):
    child = endless(*command)
    child.send_signal(number)
    _, message = child.communicate(timeout=30)
    assert child.returncode == 130
    assert message.endswith(b": interrupted\n")
    assert names_in(tmp_path) == []


@pytest.fixture
def room_for_arguments():
    """A quarter of the stack's limit is for the arguments of a command, up to 6 MB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if hard != resource.RLIM_INFINITY and hard < 24 << 20:
        pytest.skip("100,000 special tokens don't fit in a command's arguments")
    resource.setrlimit(resource.RLIMIT_STACK, (24 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


def late_failure():
    """At each of its places, the text begins like the token for up to 60,000 bytes."""
    return ["a" * 100_000 + "b"], "a" * 60_000


def near_matches():
    """100,000 tokens of two letters, and text of tokens without their last letters."""
    rng = random.Random(6)
    tokens = set()
    while len(tokens) < 100_000:
        tokens.add("".join(rng.choices("ab", k=rng.randint(20, 30))))
    tokens = sorted(tokens)
    return tokens, "".join(token[:-1] for token in rng.sample(tokens, 4000))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("make", [late_failure, near_matches])
def test_interrupt_with_costly_special_tokens(endless, room_for_arguments, tmp_path, make, number):
    """The command ends within three seconds of the signal."""
    tokens, line = make()
    child = endless("count", "-o", "out.counts", *[f"--special={token}" for token in tokens],
                    line=line)
    while json.loads(child.stderr.readline())["done"] == 0:
        pass
    child.send_signal(number)
    child.communicate(timeout=3)
    assert child.returncode == 130
    assert names_in(tmp_path) == []


def test_interrupt_while_encoding(endless, model, tmp_path):
    child = endless("encode", "-m", model, "-o", "out.u16")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert names_in(tmp_path) == []


def test_interrupt_while_decoding(endless, model, tmp_path):
    child = endless("decode", "-m", model, "-o", "out", line="97 98 99")
    child.send_signal(signal.SIGINT)
    _, message = child.communicate(timeout=30)
    assert child.returncode == 130
    assert message.endswith(b": interrupted\n")
    assert names_in(tmp_path) == []


def test_interrupt_while_merging(pairmill, tmp_path):
    """Random bytes give few equal pairs, so that merging takes long."""
    text = tmp_path / "text"
    text.write_bytes(random.Random(5).randbytes(4_000_000))
    child = subprocess.Popen([pairmill, "train", "-s", "4000000", "-o", "out", "--pattern", "none",
                              "--progress", "json", "text"], cwd=tmp_path, stderr=subprocess.PIPE)
    for line in child.stderr:
        if b'"stage":"merge"' in line:
            break
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert names_in(tmp_path) == ["text"]


@pytest.mark.parametrize("pattern", ["a+d|a", "a*a+[de]", "(*UTF)a*a+[de]|a"])
def test_interrupt_while_an_expression_backtracks(pairmill, tmp_path, pattern):
    """On a megabyte of one letter each of these would take minutes or hours."""
    (tmp_path / "text").write_bytes(b"a" * 1_000_000)
    child = subprocess.Popen([pairmill, "count", "-o", "out.counts", "--pattern", pattern,
                              "--progress", "json", "text"], cwd=tmp_path, stderr=subprocess.PIPE)
    assert b'"stage":"count"' in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    _, message = child.communicate(timeout=30)
    assert child.returncode == 130 and message.endswith(b": interrupted\n")
    assert names_in(tmp_path) == ["text"]


@pytest.mark.parametrize("command", [["train", "-s", "300"], ["count", "-o", "out.counts"]])
def test_one_interrupt_ends_a_wait_for_input(pairmill, tmp_path, command):
    child = subprocess.Popen([pairmill, *command], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                             cwd=tmp_path)
    wait_until_it_reads(child)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) == 130
    child.stdin.close()
    assert names_in(tmp_path) == []


def wait_until_it_reads(child):
    """Waits a second, which is ample for the command to start and read."""
    time.sleep(1)
    assert child.poll() is None


@pytest.mark.parametrize("options", [["-o", "out"], ["-o", "out", "--format", "u16"], []])
def test_one_interrupt_ends_a_wait_for_ids(pairmill, model, tmp_path, options):
    child = subprocess.Popen(
        [pairmill, "decode", "-m", str(model), *options], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=tmp_path)
    wait_until_it_reads(child)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) == 130
    child.stdin.close()
    assert names_in(tmp_path) == []


def test_ignored_interrupt_stays_ignored(pairmill, text_file):
    """As under nohup, or in the background of a shell without job control."""
    child = subprocess.Popen([pairmill, "train", "-s", "300", "-q"], stdin=subprocess.PIPE,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    wait_until_it_reads(child)
    child.send_signal(signal.SIGINT)
    child.communicate(text_file.read_bytes(), timeout=30)
    assert child.returncode == 0


FULL = [["help"], ["train", "--help"], ["version"], ["man"], ["completions", "bash"]]


@pytest.mark.parametrize("arguments", FULL)
def test_stdout_on_a_full_disk(pairmill, arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([pairmill, *arguments], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"stdout: cannot write: No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", [["train", "-s", "300", "--json"], ["inspect", "MODEL"],
                                       ["inspect", "--json", "MODEL"], ["encode", "-m", "MODEL"],
                                       ["encode", "-m", "MODEL", "--count"],
                                       ["encode", "-m", "MODEL", "--format", "u16"],
                                       ["encode", "-m", "MODEL", "--format", "tokens"],
                                       ["encode", "-m", "MODEL", "--text", "abc"]])
def test_figures_and_ids_to_a_full_disk(pairmill, model, text_file, arguments):
    arguments = [str(model) if argument == "MODEL" else argument for argument in arguments]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([pairmill, *arguments], stdout=full, stderr=subprocess.PIPE,
                              input=text_file.read_bytes())
    assert done.returncode == 1
    assert b"stdout: cannot write: No space left on device" in done.stderr


def test_decoded_text_to_a_full_disk(pairmill, model):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([pairmill, "decode", "-m", str(model)], stdout=full,
                              stderr=subprocess.PIPE, input=b"97 98 " * 50000)
    assert done.returncode == 1
    assert b"stdout: cannot write: No space left on device" in done.stderr


@pytest.mark.parametrize("arguments",
                         [["encode", "--format", "u16"], ["encode", "--format", "tokens"]])
def test_full_device_as_output(run, model, text_file, arguments):
    done = run(*arguments, "-m", model, "-o", "/dev/full", text_file, check=False)
    assert done.returncode == 1
    assert b"/dev/full: cannot write: No space left on device" in done.stderr
    assert os.path.exists("/dev/full")


def test_file_that_cannot_grow(pairmill, model, text_file, tmp_path, limit_files):
    """A limit on file sizes simulates a full disk."""
    for command in (["train", "-s", "400", "-o", "out"], ["train", "-s", "400", "-o", "out.json"],
                    ["train", "-s", "400", "-o", "out.tiktoken"], ["count", "-o", "out.tsv"],
                    ["encode", "-m", str(model), "-o", "out.u16"],
                    ["encode", "-m", str(model), "--format", "tokens", "-o", "out.txt"]):
        done = subprocess.run([pairmill, *command, str(text_file)], cwd=tmp_path, preexec_fn=limit_files(1000),
                              capture_output=True)
        assert done.returncode == 1, command
        assert b"cannot write: File too large" in done.stderr
        assert names_in(tmp_path) == []


def test_decoded_file_that_cannot_grow(pairmill, model, tmp_path, limit_files):
    done = subprocess.run(
        [pairmill, "decode", "-m", str(model), "-o", "out"], cwd=tmp_path, preexec_fn=limit_files(1000),
        input=b"97 98 " * 50000, capture_output=True)
    assert done.returncode == 1
    assert b"out: cannot write: File too large" in done.stderr
    assert names_in(tmp_path) == []


def test_reader_that_goes_away(pairmill, model, text_file):
    """As with any filter, SIGPIPE ends the command silently."""
    child = subprocess.Popen([pairmill, "encode", "-q", "-m", str(model), *[str(text_file)] * 50],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.read(10)
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(timeout=30) == -signal.SIGPIPE


@pytest.mark.parametrize("name", [
    "corpus.txt", "corpus.zst", "model.json", "model.tiktoken", "model.gguf", "model.txt",
    "model/merges.txt", "a.counts", "a.tsv"
])
def test_missing_input(run, model, name):
    commands = [["train", "-s", 300], ["encode", "-m", model], ["decode", "-m", model], ["inspect"],
                ["train", "-s", 300, "--counts"]]
    if name.startswith("model"):
        commands += [["encode", "--text", "a", "-m"], ["decode", "-m"]]
    for command in commands:
        done = run(*command, f"/nowhere/{name}", check=False)
        assert done.returncode == 1, command
        assert f"pairmill: {command[0]}: /nowhere/{name}: ".encode() in done.stderr
        assert b"No such file or directory" in done.stderr


@pytest.fixture
def unreadable(tmp_path):
    """Root can read any file; /proc/self/mem opens, but reading it at 0 fails."""
    path = tmp_path / "closed.txt"
    path.write_text("text")
    path.chmod(0)
    return "/proc/self/mem" if os.access(path, os.R_OK) else path


def test_unreadable_input(run, unreadable):
    done = run("train", "-s", 300, unreadable, check=False)
    assert done.returncode == 1
    assert f"pairmill: train: {unreadable}: ".encode() in done.stderr


def test_output_that_exists(run, model, text_file, tmp_path):
    counts = tmp_path / "a.counts"
    run("count", "-q", "-o", counts, text_file)
    commands = [["train", "-s", 300, "-o", "out.json", text_file],
                ["train", "-s", 300, "-o", "out.tiktoken", text_file],
                ["count", "-o", "out.counts", text_file], ["count", "-o", "out.tsv", text_file],
                ["merge-counts", "-o", "out.counts", counts],
                ["encode", "-m", model, "-o", "out.u16", text_file],
                ["encode", "-m", model, "--text", "a", "-o", "out.u16"],
                ["convert", model, "out.json"],
                ["encode", "-m", model, "--format", "tokens", "-o", "out.txt", text_file],
                ["decode", "-m", model, "-o", "out", "-"]]
    for command in commands:
        out = tmp_path / str(next(part for part in command if str(part).startswith("out")))
        command = [out if str(part).startswith("out") else part for part in command]
        out.write_bytes(b"precious")
        done = run(*command, check=False)
        assert done.returncode == 1, command
        assert b"exists" in done.stderr and b"-f overwrites" in done.stderr
        assert out.read_bytes() == b"precious"
        run(*command, "-f", "-q")
        assert out.read_bytes() != b"precious"
        out.unlink()
        out.with_name(out.name + ".json").unlink(missing_ok=True)
    assert names_in(tmp_path) == ["a.counts"]


def test_model_folder_that_exists(run, text_file, tmp_path):
    out = tmp_path / "model"
    run("train", "-q", "-s", 300, "-o", out, text_file)
    (out / "notes.txt").write_text("mine")
    before = (out / "tokenizer.json").read_bytes()
    assert run("train", "-s", 310, "-o", out, text_file, check=False).returncode == 1
    assert (out / "tokenizer.json").read_bytes() == before
    run("train", "-q", "-f", "-s", 310, "-o", out, text_file)
    assert (out / "tokenizer.json").read_bytes() != before
    assert (out / "notes.txt").read_text() == "mine"


def test_output_in_a_missing_folder(run, text_file, model):
    for command in (["train", "-s", 300, "-o", "/nowhere/m.json"],
                    ["count", "-o", "/nowhere/a.counts"],
                    ["encode", "-m", model, "-o", "/nowhere/a.u16"]):
        done = run(*command, text_file, check=False)
        assert done.returncode == 1
        assert b": cannot write" in done.stderr and b"/nowhere" in done.stderr


def test_refused_before_the_work(pairmill, tmp_path):
    """The command reports an existing output without waiting for its input to end."""
    (tmp_path / "out.json").write_text("precious")
    child = subprocess.Popen([pairmill, "train", "-s", "300", "-o", "out.json"],
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert child.wait(timeout=30) == 1
    child.stdin.close()


def test_output_through_a_link(run, model, text_file, tmp_path):
    real, link = tmp_path / "real.u16", tmp_path / "link.u16"
    link.symlink_to(real)
    real.write_bytes(b"old")
    run("decode", "-f", "-m", model, "-o", link, input=b"97\n")
    assert link.is_symlink() and real.read_bytes() != b"old"


def test_binary_to_a_terminal_is_refused(run_on_terminal, model):
    code, shown = run_on_terminal("encode", "-m", model, "--format", "u16", "--text", "abc")
    assert code == 1 and b"terminal" in shown
    code, shown = run_on_terminal("encode", "-m", model, "--format", "u16", "--text", "abc", "-f",
                                  on=("stdout",))
    assert code == 0 and len(shown) >= 2


def test_reading_from_a_terminal_is_announced(pairmill):
    ours, theirs = pty.openpty()
    child = subprocess.Popen([pairmill, "train", "-s", "300"], stdin=theirs, stderr=subprocess.PIPE)
    assert child.stderr.readline().startswith(b"Reading from the terminal")
    os.write(ours, b"abc\n\x04\x04")
    assert child.wait(timeout=30) == 0
    os.close(ours)
    os.close(theirs)
    child.stderr.close()


# ---- An output that is an input ----

@pytest.fixture
def precious(tmp_path, model, text_file, run):
    """A folder of input files that no command may overwrite."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "text.json").write_bytes(text_file.read_bytes())
    (folder / "ids.u16").write_bytes(b"a\0b\0")
    run("count", "-q", "-o", folder / "a.counts", text_file)
    run("convert", "-q", model, folder / "m.json")
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [
    ["train", "-s", 300, "-o", "text.json", "text.json"],
    ["train", "-s", 300, "-o", "a.counts", "--counts", "a.counts"],
    ["train", "-s", 300, "-o", "text.json", "--counts", "a.counts", "text.json"],
    ["count", "-o", "text.json", "m.json", "./text.json"], ["count", "-o", "./text.json", "."],
    ["merge-counts", "-o", "a.counts", "./a.counts"],
    ["encode", "-m", "m.json", "--format", "u16", "-o", "text.json", "text.json"],
    ["encode", "-m", "m.json", "--format", "tokens", "-o", "text.json", "text.json"],
    ["encode", "-m", "m.json", "--format", "u16", "-o", "m.json", "--text", "a"],
    ["decode", "-m", "m.json", "-o", "ids.u16", "ids.u16"]])
@pytest.mark.parametrize("force", [[], ["-f"]])
def test_output_that_is_an_input(run, precious, command, force, monkeypatch):
    monkeypatch.chdir(precious)
    before = contents(precious)
    out = command[command.index("-o") + 1]
    done = run(*command, *force, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith(f": {out}: the output is also an input\n".encode())
    assert contents(precious) == before


def test_output_that_is_an_input_under_another_name(pairmill, run, precious, tmp_path):
    text = precious / "text.json"
    (tmp_path / "link").symlink_to(text)
    os.link(text, tmp_path / "twin")
    (tmp_path / "list").write_bytes(b"nothing\r\n" + bytes(text) + b"\r\n")
    (tmp_path / "folders").write_text(f"{precious}\n")
    before = contents(precious)
    for name, source in (("link", text), ("twin", text), ("inputs/text.json", tmp_path / "link"),
                         ("link", f"@{tmp_path}/list"), ("link", f"@{tmp_path}/folders"),
                         ("list", f"@{tmp_path}/list")):
        done = run("count", "-f", "-o", tmp_path / name, source, check=False)
        assert done.returncode == 1, (name, source)
        assert f"{tmp_path / name}: the output is also an input".encode() in done.stderr
    for operands in ([], ["-"]):
        with open(text, "rb") as source:
            done = subprocess.run([pairmill, "count", "-f", "-o", tmp_path / "link", *operands],
                                  stdin=source, stderr=subprocess.PIPE)
        assert done.returncode == 1 and b"also an input" in done.stderr
    assert contents(precious) == before


def test_output_that_a_linked_folder_leads_to(run, precious, tmp_path):
    folder = tmp_path / "tree" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("to be or not to be")
    (folder / "loop").symlink_to(tmp_path / "tree")
    (folder / ".hidden").symlink_to(precious)
    out = precious / "text.json"
    before = contents(precious)
    run("count", "-q", "-f", "-o", tmp_path / "other.tsv", folder)
    for link, target in (("folder", precious), ("file", out)):
        (folder / link).symlink_to(target)
        done = run("count", "-f", "-o", out, tmp_path / "tree", check=False)
        assert done.returncode == 1
        assert done.stderr.endswith(f": {out}: the output is also an input\n".encode())
        (folder / link).unlink()
    assert contents(precious) == before
    run("count", "-q", "-f", "-o", out, tmp_path / "tree")


def test_files_of_a_model_that_are_inputs(run, text_file, tmp_path):
    out = tmp_path / "model"
    run("train", "-q", "-s", 300, "-o", out, text_file)
    before = contents(out)
    for name in before:
        done = run("train", "-f", "-s", 310, "-o", out, out / name, check=False)
        assert done.returncode == 1
        assert f"{name}: the output is also an input".encode() in done.stderr
    done = run("train", "-f", "-s", 310, "-o", out / "vocab.json", out / "merges.txt", check=False)
    assert done.returncode == 1 and b"merges.txt: the output is also an input" in done.stderr
    assert contents(out) == before


def test_output_beside_the_inputs(pairmill, run, model, precious):
    """Not inputs: a hidden file in a folder, a device, and stdin with --text or --counts."""
    hidden = precious / ".out.counts"
    hidden.write_bytes(b"old")
    run("count", "-q", "-f", "--skip-binary", "-o", hidden, precious)
    run("count", "-q", "-f", "-o", "/dev/null", "/dev/null")
    run("train", "-q", "-f", "-s", 300, "-o", precious / "m.json", precious / "text.json")
    with open(precious / "ids.u16", "rb") as stdin:
        for command in (["encode", "-m", model, "--text", "a"],
                        ["train", "-s", "300", "--counts", precious / "a.counts"]):
            out = precious / "ids.u16"
            if command[0] == "train":
                out = out.rename(precious / "ids.json")
            subprocess.run([pairmill, *command, "-q", "-f", "-o", out], stdin=stdin, check=True)


# ---- Signals that come late, or twice ----

def pipe_without_room(reserve):
    """A one-page pipe with room for `reserve` more bytes. Returns its two ends."""
    ours, theirs = os.pipe()
    capacity = fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, b"x" * (capacity - reserve))
    return ours, theirs


def drain(pipe):
    data = b""
    while piece := os.read(pipe, 65536):
        data += piece
    os.close(pipe)
    return data


def start_blocked(command, cwd, reserve):
    """Starts the command with a stderr that accepts `reserve` bytes and then blocks."""
    ours, theirs = pipe_without_room(reserve)
    child = subprocess.Popen(command, cwd=cwd, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    time.sleep(0.5)
    return child, ours


@pytest.mark.parametrize("command", [["train", "-s", "300", "-o", "out"],
                                     ["train", "-s", "300", "-o", "out.json"],
                                     ["count", "-o", "out.counts"]])
def test_interrupt_after_the_last_progress(pairmill, text_file, tmp_path, command):
    """The child blocks on its last line, after the library's last check for interrupts."""
    command = [pairmill, *command, "-f", "--progress", "json", str(text_file)]
    lines = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE,
                           check=True).stderr.splitlines(keepends=True)
    made = names_in(tmp_path)[0]
    before = contents(tmp_path)
    half_of_last = sum(map(len, lines[:-1])) + len(lines[-1]) // 2
    child, stderr = start_blocked(command, tmp_path, half_of_last)
    child.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert drain(stderr).endswith(b": interrupted\n")
    assert child.wait(timeout=30) == 130
    assert names_in(tmp_path) == [made] and contents(tmp_path) == before


@pytest.mark.parametrize("command", [["train", "-s", 300, "-o", "out"],
                                     ["count", "-o", "out.counts"],
                                     ["encode", "-m", "MODEL", "-o", "out.u16"]])
def test_second_interrupt_leaves_time_to_clean_up(endless, model, tmp_path, command):
    child = endless(*[model if part == "MODEL" else part for part in command])
    child.send_signal(signal.SIGSTOP)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGCONT)
    _, message = child.communicate(timeout=30)
    assert child.returncode == 130
    assert message.endswith(b": interrupted\n")
    assert names_in(tmp_path) == []


def test_late_second_interrupt_quits(pairmill, text_file, tmp_path):
    """The child is stuck writing to a pipe that nobody reads."""
    command = [pairmill, "train", "-s", "300", "--progress", "json", str(text_file)]
    child, stderr = start_blocked(command, tmp_path, 0)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    time.sleep(2.5)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) == 130
    os.close(stderr)


@pytest.mark.parametrize("options", [[], ["-o", "-"]])
@pytest.mark.parametrize(
    "command", [["encode"], ["encode", "--format", "u16"], ["encode", "--format", "tokens"],
                ["encode", "--text", "a" * 100000], ["decode"]])
def test_full_stdout_is_reported_once(pairmill, model, command, options):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([pairmill, *command, *options, "-q", "-m", str(model)], stdout=full,
                              stderr=subprocess.PIPE, input=b"97 98 " * 50000)
    assert done.returncode == 1
    message = f"pairmill: {command[0]}: stdout: cannot write: No space left on device\n"
    assert done.stderr.decode() == message
