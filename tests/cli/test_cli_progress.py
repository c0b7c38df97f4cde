# The four forms of progress, the summary, and the JSON of figures.
# SPDX-License-Identifier: MIT
import json
import random
import re
import time

import pytest


@pytest.fixture(scope="module")
def longer_text(tmp_path_factory, rng_words):
    path = tmp_path_factory.mktemp("longer") / "longer.txt"
    path.write_text(" ".join(rng_words))
    return path


@pytest.fixture(scope="module")
def rng_words():
    numbers = random.Random(7)
    return ["".join(numbers.choices("abcdefgh", k=numbers.randint(2, 9))) for _ in range(100_000)]


def test_json_progress_is_one_object_per_line(run, longer_text):
    done = run("train", "-s", 2000, "--progress", "json", longer_text)
    events = [json.loads(line) for line in done.stderr.decode().splitlines()]
    assert {event["stage"] for event in events} >= {"count", "merge"}
    for event in events:
        assert list(event) == ["stage", "done", "total", "unit", "elapsed_s"]
        assert isinstance(event["elapsed_s"], float) and event["elapsed_s"] >= 0
        assert event["total"] == 0 or event["done"] <= event["total"]
    last = [event for event in events if event["stage"] == "count"][-1]
    size = longer_text.stat().st_size
    assert (last["done"], last["total"], last["unit"]) == (size, size, "bytes")
    assert done.stdout == b""


@pytest.mark.parametrize("merger", ["one-by-one", "batches"])
def test_every_stage_shows_where_it_begins_and_ends(run, longer_text, merger):
    """So that "count: 100 %" does not stand while words are sorted."""
    done = run("train", "-s", 2000, "-j", 2, "--merger", merger, "--progress", "json", longer_text)
    events = [json.loads(line) for line in done.stderr.decode().splitlines()]
    stages = list(dict.fromkeys(event["stage"] for event in events))
    assert stages == ["count", "sort", "index", "merge"]
    for stage, unit in zip(stages, ("bytes", "words", "words", "places")):
        of_stage = [event for event in events if event["stage"] == stage]
        assert of_stage[0]["done"] == 0 and {event["unit"] for event in of_stage} == {unit}
        assert of_stage[-1]["done"] == of_stage[-1]["total"] > 0
    # All ways of merging visit the same places.
    assert events[-1]["done"] == json.loads(
        run("train", "-s", 2000, "-j", 1, "--progress", "json",
            longer_text).stderr.splitlines()[-1])["done"]


def test_merging_ends_at_the_total_it_promised(run, rng_words, tmp_path):
    """How near the total is before depends on when it is asked: test_work_estimate measures that."""
    path = tmp_path / "many.txt"
    numbers = random.Random(8)
    path.write_text(" ".join(word + numbers.choice(rng_words) for word in rng_words for _ in "12"))
    done = run("train", "-s", 10000, "-j", 1, "--progress", "json", path)
    events = [json.loads(line) for line in done.stderr.decode().splitlines()]
    merging = [event for event in events if event["stage"] == "merge"]
    assert merging[-1]["done"] == merging[-1]["total"]
    assert all(event["done"] <= event["total"] for event in merging if event["total"] > 0)


@pytest.mark.slow
def test_counting_is_done_when_it_is_done(run, tmp_path):
    """A slow expression: what has been read is not what has been counted."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" * 40_000)
    done = run("count", "-o", tmp_path / "x.counts", "--pattern", "a+c|a", "--chunk-size", 10_000,
               "-j", 1, "--progress", "json", path)
    counting = [event for event in map(json.loads, done.stderr.splitlines())
                if event["stage"] == "count"]
    end = counting[-1]["elapsed_s"]
    assert counting[-1]["done"] == 40_000
    assert all(event["done"] < 40_000 for event in counting if event["elapsed_s"] < end / 2)
    path.write_bytes(b"a" * 150_000)
    done = run("count", "-o", tmp_path / "y.counts", "--pattern", "a+c|a", "--progress", "plain",
               path)
    lines = [line for line in done.stderr.splitlines() if line.startswith(b"count")]
    assert 1 <= len(lines) <= 3


def test_explicit_json_progress_overrides_quiet(run, text_file):
    done = run("train", "-s", 300, "-q", "--progress", "json", text_file)
    assert all(json.loads(line)["stage"] for line in done.stderr.splitlines())
    assert done.stderr


def test_plain_progress_and_summary(run, longer_text):
    begin = time.monotonic()
    lines = run("train", "-s", 2000, "--progress", "plain",
                longer_text).stderr.decode().splitlines()
    seconds = time.monotonic() - begin
    stages = [line for line in lines if re.match(r"^[a-z ]+: \d+ %, ", line)]
    # One line at the end of each stage, and otherwise at most one per second.
    assert 1 <= len(stages) <= len({line.split(":")[0] for line in stages}) + seconds
    assert any(re.match(r"count: 100 %, .* of ", line) for line in stages)
    assert "Learned a vocab of 2,000: 256 bytes, 0 special tokens, 1,744 merges." in lines


def test_no_progress_without_a_terminal(run, text_file):
    by_default = run("train", "-s", 300, text_file).stderr
    assert b"\r" not in by_default and b"%" not in by_default
    without = run("train", "-s", 300, "--progress", "none", text_file).stderr
    assert without.count(b"\n") == by_default.count(b"\n")
    assert run("train", "-s", 300, "-q", text_file).stderr == b""


def test_redrawn_line_fits_and_is_cleared(run_on_terminal, longer_text):
    code, shown = run_on_terminal("train", "-s", 2000, longer_text)
    assert code == 0
    pieces = shown.split(b"\r\x1b[K")
    assert len(pieces) > 2
    assert all(len(piece) < 80 and b"\n" not in piece for piece in pieces[:-1])
    assert re.match(rb"[a-z ]+: ", pieces[1])
    assert pieces[-1].startswith(b"Learned a vocab of 2,000")


def test_quiet_and_dumb_terminals_get_no_line(run_on_terminal, text_file):
    assert run_on_terminal("train", "-s", 300, "-q", text_file) == (0, b"")
    assert b"\x1b" not in run_on_terminal("train", "-s", 300, text_file, env={"TERM": "dumb"})[1]


def test_no_progress_line_over_output_on_the_same_terminal(run, run_on_terminal, model, text_file,
                                                     tmp_path):
    """A redrawn progress line would overwrite ids or text."""
    run("encode", "-q", "-m", model, "-o", tmp_path / "ids.u16", text_file)
    for command in (["encode", "-m", model, text_file],
                    ["decode", "-m", model, tmp_path / "ids.u16"]):
        assert b"\x1b[K" not in run_on_terminal(*command)[1]
    shown = run_on_terminal("decode", "-m", model, "-o", tmp_path / "out", tmp_path / "ids.u16")[1]
    assert b"\r\x1b[Kdecode: 100 %, " in shown


def test_summary_says_what_from_what_and_where(run, text_file, tmp_path):
    out = tmp_path / "model"
    text = run("train", "-s", 300, "--special", "<|end|>", "-o", out, text_file).stderr.decode()
    assert "Learned a vocab of 300: 256 bytes, 1 special token, 43 merges." in text
    assert re.search(
        r"^From [\d.]+ kB of text: 1 document, [\d,]+ pretokens, [\d,]+ distinct words\.$", text,
        re.M)
    assert re.search(
        r"^In [\d.]+ s \(count [\d.]+ s, .*merge [\d.]+ s\), at most [\d.]+ MB of memory\.$", text,
        re.M)
    assert f"Written to {out}." in text
    assert "Nothing written (no -o OUT).\n" in run("train", "-s", 300, text_file).stderr.decode()


@pytest.mark.parametrize("text, options, why", [
    (b"ab ab cd", ["--min-count", "2"],
     "Stopped at 257 of 1,234 entries: no pair occurs 2 times or more."),
    (b"ab", [], "Stopped at 257 of 1,234 entries: no pair is left."),
    (b"", [], "Stopped at 256 of 1,234 entries: no pair is left.")])
def test_early_stop_is_reported(run, text, options, why):
    assert why in run("train", "-s", 1234, "--pattern", "gpt2", *options,
                      input=text).stderr.decode()


@pytest.mark.parametrize(
    "options", [["--special", "<e>"], ["--special", "<e>", "--doc-separator", "<e>"],
                ["--doc-separator", "<e>"], ["--layout", "gpt2", "--doc-separator", "<e>"]])
def test_early_stop_leaves_the_padding_out(run, tmp_path, options):
    text = run("train", "-s", 300, "--pad-vocab-to", 64, "--reserve", 2, *options, "-o",
               tmp_path / "m", input=b"ab<e>ab").stderr.decode()
    assert "Learned a vocab of 320: 256 bytes, 63 special tokens, 1 merge." in text
    assert "Stopped at 260 of 300 entries: no pair is left." in text


@pytest.mark.parametrize("entries, longest", [(257, 1), (267, 1024), (268, 2048), (269, 4096)])
def test_long_tokens_are_mentioned(run, entries, longest):
    done = run("train", "--json", "-s", entries, "--special", "s" * 5000, input=bytes(1 << 14))
    assert json.loads(done.stdout)["longest_token"] == longest
    message = f"The longest token has {longest:,} bytes; --max-token-length sets a limit.\n"
    assert (message in done.stderr.decode()) == (longest > 1024)


def test_long_tokens_can_be_avoided(run):
    done = run("train", "-s", 300, "--max-token-length", "1KiB", input=bytes(1 << 14))
    assert b"longest token" not in done.stderr


def test_verbose_says_more(run, text_file):
    text = run("train", "-s", 300, "-v", "-j", 1, text_file).stderr.decode()
    assert "Pattern gpt2, Unicode 16.0, ties by bytes, layout bytes-first, 1 thread." in text
    assert f"Read {text_file}: " in text


def test_verbose_names_the_model(run, model):
    done = run("encode", "-v", "-m", model, "--text", "a")
    assert b"Model %s: vocab size 400, pattern gpt2, Unicode 16.0.\n" % bytes(model) == done.stderr


def test_train_json(run, text_file, tmp_path):
    out = tmp_path / "model"
    done = run("train", "-s", 300, "--special", "<|end|>", "--sha256", "--json", "-o", out,
               text_file)
    figures = json.loads(done.stdout)
    assert (figures["command"], figures["vocab_size"], figures["merges"]) == ("train", 300, 43)
    assert figures["stopped"] == "full"
    assert figures["output"] == str(out)
    assert figures["compat"] is None
    assert figures["totals"]["bytes"] == text_file.stat().st_size
    assert figures["totals"]["documents"] == 1
    stages = {stage["name"]: stage for stage in figures["stages"]}
    assert stages["merge"]["seconds"] >= 0 and stages["merge"]["peak_memory"] > 0
    assert figures["seconds"] >= 0 and figures["peak_memory"] >= stages["merge"]["peak_memory"]
    [source] = figures["inputs"]
    assert source["bytes"] == text_file.stat().st_size
    assert re.fullmatch("[0-9a-f]{64}", source["sha256"])


def test_json_holds_any_bytes_of_a_name(run, tmp_path):
    path = bytes(tmp_path) + b'/a"\\\n\xff\xc3\xa9.txt'
    with open(path, "wb") as file:
        file.write(b"ab ab")
    figures = json.loads(run("train", "-s", 257, "--json", path).stdout)
    assert figures["inputs"][0]["name"].endswith('/a"\\\n\\xFF\u00e9.txt')


def test_peak_memory_is_the_process_s_own(run, text_file):
    """The peak that getrusage() reports survives exec."""
    ballast = bytearray(256 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    figures = json.loads(run("train", "-q", "--json", "-s", 260, text_file).stdout)
    peaks = [figures["peak_memory"], *[stage["peak_memory"] for stage in figures["stages"]]]
    assert all(0 < peak < len(ballast) for peak in peaks)
