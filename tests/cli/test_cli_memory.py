# --memory and --tmp-dir: the same result in less memory, and no files left behind.
# SPDX-License-Identifier: MIT
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

MIB = 1 << 20
LEAST = 12 * MIB
# The list of each --counts file gets half the limit, however much the program itself uses.
BESIDE_COUNTS = 4 * MIB


def has_own_memory(pairmill):
    """Whether it was built with a sanitizer, or to count what tests reach."""
    program = pairmill.read_bytes()
    return b"__asan_init" in program or b"__gcov_" in program


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def many_words(tmp_path_factory):
    """Words that hardly ever repeat, so that tables take 50 MB."""
    numbers = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(numbers.choices(letters, k=numbers.randint(4, 10))) for _ in range(720_000)]
    words[::1000] = [word * 5 for word in words[::1000]]
    path = tmp_path_factory.mktemp("many") / "words.txt"
    path.write_text(" ".join(words))
    return path


@pytest.fixture(scope="module")
def whole(many_words, run, tmp_path_factory):
    """The counts file and the figures of counting without a limit."""
    out = tmp_path_factory.mktemp("whole") / "whole.counts"
    done = run("count", "-q", "--json", "-j", 1, "-o", out, many_words)
    return out, json.loads(done.stdout)


@pytest.fixture(scope="module")
def small_model(many_words, run, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "model.json"
    run("train", "-q", "-s", 300, "-o", out, many_words)
    return out


def figures_of(pairmill, *args):
    """Runs through a shell: a process inherits the peak memory of the one that forked it."""
    command = [str(pairmill), *map(str, args), "-q", "--json"]
    done = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *command], capture_output=True,
                          check=True)
    return json.loads(done.stdout)


def test_a_fraction_of_the_table(pairmill, many_words, whole, tmp_path):
    expected, unlimited = whole
    assert unlimited["spilled_runs"] == 0 and unlimited["memory_limit"] == 0
    limit = LEAST
    assert limit < unlimited["table_memory"] // 3
    out = tmp_path / "out.counts"
    figures = figures_of(pairmill, "count", "-j", 1, "--memory", limit, "-o", out, many_words)
    assert out.read_bytes() == expected.read_bytes()
    assert names_in(tmp_path) == ["out.counts"]
    assert figures["spilled_runs"] >= 10 and figures["spilled_bytes"] > 0
    assert figures["memory_limit"] == limit and figures["table_memory"] <= limit
    assert figures["totals"] == unlimited["totals"]
    if not has_own_memory(pairmill):
        assert figures["peak_memory"] <= limit


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("suffix", ["counts", "tsv"])
def test_same_bytes_on_all_threads(run, many_words, whole, tmp_path, threads, suffix):
    expected, out = whole[0], tmp_path / f"out.{suffix}"
    run("count", "-q", "-j", threads, "--memory", "28Mi", "-o", out, many_words)
    if suffix == "tsv":
        expected = tmp_path / "expected.tsv"
        run("count", "-q", "-o", expected, many_words)
    assert out.read_bytes() == expected.read_bytes()


def test_summary_says_what_was_spilled(run, many_words, tmp_path):
    text = run("count", "-j", 1, "--memory", "14Mi", "-o", tmp_path / "a.counts",
               many_words).stderr.decode()
    assert re.search(r"^Counted within 14\.7 MB of memory: "
                     r"[\d,]+ sorted runs of [\d.]+ MB in temporary files\.$", text, re.M)
    quiet = run("count", "--memory", "1G", "-o", tmp_path / "b.counts", many_words).stderr.decode()
    assert "Counted within" not in quiet


def test_progress_of_merging_runs(run, many_words, tmp_path):
    done = run("count", "-j", 1, "--memory", LEAST, "--progress", "json", "-o",
               tmp_path / "a.counts", many_words)
    stages = [json.loads(line)["stage"] for line in done.stderr.splitlines()]
    assert list(dict.fromkeys(stages)) == ["count", "sort", "merge runs", "write"]


def test_merging_that_fits_is_not_refused(run, many_words, small_model, tmp_path):
    out = tmp_path / "out"
    figures = json.loads(
        run("train", "-q", "--json", "-s", 300, "-j", 2, "--memory", "400Mi", "-o", out,
            many_words).stdout)
    assert figures["memory_limit"] == 400 * MIB
    record = json.loads((out / "training.json").read_text())
    assert record["options"]["memory_limit"] == 400 * MIB
    assert record["spilled_runs"] == figures["spilled_runs"]
    assert (out / "tokenizer.json").read_bytes() == small_model.read_bytes()
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("output, kept", [("model.json", "model.json.counts"),
                                          ("folder/", "folder.counts"),
                                          (None, "tmp/pairmill.counts")])
def test_counts_are_kept_for_another_try(run, many_words, small_model, tmp_path, output, kept):
    (tmp_path / "tmp").mkdir()
    target = ["-o", output] if output else ["--tmp-dir", "tmp"]
    command = ["train", "-s", 300, "-j", 2, "--memory", "16Mi", *target, many_words]
    done = run(*command, check=False, cwd=tmp_path)
    assert done.returncode == 1
    message = done.stderr.decode()
    assert re.search(
        r"(words to merge their pairs|going on) takes? [\d.]+ MiB of memory, "
        r"more than the limit of 16\.0 MiB; "
        rf"the counts are kept in {re.escape(kept)}: train from them with --counts\n$", message)
    assert names_in(tmp_path) == sorted({"tmp", kept.split("/")[0]})
    run("train", "-q", "-s", 300, "--counts", kept, "-o", "again.json", cwd=tmp_path)
    assert (tmp_path / "again.json").read_bytes() == small_model.read_bytes()
    again = run(*command, check=False, cwd=tmp_path)
    assert again.returncode == 1
    assert f"{kept}: already exists (-f overwrites)" in again.stderr.decode()


def test_counts_are_not_kept_beside_a_device(run, many_words, tmp_path):
    """A device does not keep the counts, and a file beside it would be in /dev."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "null.json").symlink_to("/dev/null")
    command = [
        "train", "-s", 300, "-j", 2, "--memory", "16Mi", "--tmp-dir", "tmp", "-o", "null.json",
        many_words
    ]
    done = run(*command, check=False, cwd=tmp_path)
    assert done.returncode == 1
    message = b"; the counts are kept in tmp/pairmill.counts: train from them with --counts\n"
    assert message in done.stderr
    assert names_in(tmp_path) == ["null.json", "tmp"]
    assert names_in(tmp_path / "tmp") == ["pairmill.counts"]
    again = run(*command, check=False, cwd=tmp_path)
    assert again.returncode == 1 and b"tmp/pairmill.counts: already exists" in again.stderr


def test_reserved_tokens_are_not_in_kept_counts(run, many_words, tmp_path):
    options = ["-s", 300, "--reserve", 3, "--special", "<e>"]
    run("train", "-q", *options, "-o", "plain.json", many_words, cwd=tmp_path)
    assert run("train", "-q", *options, "--memory", "16Mi", "-j", 2, "-o", "m.json", many_words,
               cwd=tmp_path, check=False).returncode == 1
    run("train", "-q", "-s", 300, "--reserve", 3, "--counts", "m.json.counts", "-o", "m.json",
        cwd=tmp_path)
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "plain.json").read_bytes()


def test_kept_counts_may_not_replace_an_input(run, tmp_path):
    (tmp_path / "m.json.counts").write_bytes(b"some text")
    done = run("train", "-f", "-s", 300, "--memory", "100Mi", "-o", "m.json", "m.json.counts",
               check=False, cwd=tmp_path)
    assert done.returncode == 1 and b"m.json.counts: the output is also an input" in done.stderr


def run_for_peak(*command, **options):
    """Returns the finished process, even a failed one, and its peak memory in bytes."""
    script = "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);" \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", script, *map(str, command)], capture_output=True,
                          **options)
    return done, int(done.stdout)


@pytest.fixture(scope="module")
def as_tsv(many_words, run, tmp_path_factory):
    """A folder with the words as a sorted and as a shuffled TSV."""
    folder = tmp_path_factory.mktemp("tsv")
    run("count", "-q", "-o", folder / "sorted.tsv", many_words)
    head, *lines = (folder / "sorted.tsv").read_bytes().splitlines(keepends=True)
    random.Random(2).shuffle(lines)
    (folder / "shuffled.tsv").write_bytes(head + b"".join(lines))
    return folder


@pytest.mark.parametrize("kind", ["counts", "sorted", "shuffled", "pipe"])
def test_counts_larger_than_the_limit(pairmill, run, whole, as_tsv, tmp_path, kind):
    """The message gives both figures, and finding them takes no more memory than the limit."""
    path = whole[0] if kind in ("counts", "pipe") else as_tsv / f"{kind}.tsv"
    before = path.read_bytes()
    command = [
        pairmill, "train", "-q", "-s", "300", "-j", "1", "--memory", "14Mi", "-o", "m.json",
        "--counts"
    ]
    with path.open("rb") as source:
        done, peak = run_for_peak(*command, "-" if kind == "pipe" else path, stdin=source,
                                  cwd=tmp_path)
    assert done.returncode == 1
    found = re.search(r" takes? ([\d.]+) MiB of memory, more than the limit of 14\.0 MiB\n$",
                      done.stderr.decode())
    _, *lines = (as_tsv / "sorted.tsv").read_text(encoding="utf-8").splitlines()
    needed = 2 * sum(16 + len(line.rsplit("\t", 1)[0]) for line in lines) / MIB
    assert found, done.stderr
    if path.suffix == ".counts":
        assert float(found[1]) == pytest.approx(needed, abs=0.11)
        assert f" {len(lines)} words ".encode() in done.stderr
    else:
        assert needed / 2 < float(found[1]) < 4 * needed
    assert names_in(tmp_path) == [] and path.read_bytes() == before
    if not has_own_memory(pairmill):
        assert peak <= 14 * MIB


def test_counts_of_several_files_within_the_limit(pairmill, run, many_words, whole, as_tsv,
                                                  small_model, tmp_path):
    """Each file takes less than the limit; together they take more."""
    text = many_words.read_bytes().split(b" ")
    for i in range(4):
        (tmp_path / f"{i}.txt").write_bytes(b" ".join(text[i::4]))
        run("count", "-q", "-o", tmp_path / f"{i}.counts", tmp_path / f"{i}.txt")
        (tmp_path / f"{i}.txt").unlink()
    files = [part for i in range(4) for part in ("--counts", tmp_path / f"{i}.counts")]
    left = names_in(tmp_path)
    done, peak = run_for_peak(pairmill, "train", "-q", "-s", 300, "-j", 1, "--memory", "14Mi",
                              "--tmp-dir", tmp_path, *files)
    assert done.returncode == 1
    if not has_own_memory(pairmill):
        assert peak <= 14 * MIB + BESIDE_COUNTS
    assert re.search(
        rb"(words to merge their pairs|going on) takes? [\d.]+ MiB of memory, "
        rb"more than the limit of 14\.0 MiB\n$",
        done.stderr)
    assert names_in(tmp_path) == left
    figures = figures_of(pairmill, "train", "-s", 300, "-j", 1, "--memory", "400Mi", "-o",
                         tmp_path / "m.json", *files)
    assert figures["spilled_runs"] == 1  # the words, as long as merging may be refused
    expected = json.loads(
        run("train", "-q", "--json", "-s", 300, "-o", tmp_path / "n.json", *files).stdout)
    assert figures["totals"] == expected["totals"]
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "n.json").read_bytes()


def test_counts_and_text_within_the_limit(run, many_words, whole, tmp_path):
    """Loaded counts leave memory before text is counted; the kept file holds both."""
    options = ["-q", "-s", 300, "--counts", whole[0], many_words]
    expected = json.loads(run("train", "--json", "-o", tmp_path / "n.json", *options).stdout)
    limited = json.loads(
        run("train", "--json", "--memory", "400Mi", "-o", tmp_path / "m.json", *options).stdout)
    assert limited["totals"] == expected["totals"] and limited["spilled_runs"] >= 1
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "n.json").read_bytes()
    done = run("train", "--memory", "36Mi", "--tmp-dir", tmp_path, *options, check=False)
    assert done.returncode == 1 and b"the counts are kept in" in done.stderr
    run("merge-counts", "-q", "-o", tmp_path / "twice.counts", whole[0], whole[0])
    assert (tmp_path / "pairmill.counts").read_bytes() == (tmp_path / "twice.counts").read_bytes()


def test_counts_alone_are_not_kept_again(run, whole, tmp_path):
    done = run("train", "-s", 300, "-j", 2, "--memory", "16Mi", "-o", "m.json", "--counts", whole[0],
               check=False, cwd=tmp_path)
    assert done.returncode == 1 and b"more than the limit of 16.0 MiB\n" in done.stderr
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("threads", [1, 8])
def test_too_small_a_limit_names_the_least(run, text_file, tmp_path, threads):
    for command in (["train", "-s", 300, "--tmp-dir", tmp_path],
                    ["count", "-o", tmp_path / "out.counts"]):
        done = run(*command, "-j", threads, "--memory", "1Mi", text_file, check=False, cwd=tmp_path)
        assert done.returncode == 2
        least = int(
            re.search(rb"too small for \d threads?: the minimum is (\d+) bytes", done.stderr)[1])
    run(*command, "-q", "-j", threads, "--memory", least, text_file, cwd=tmp_path)
    assert run(*command, "-f", "-j", threads, "--memory", least - 1, text_file, check=False,
               cwd=tmp_path).returncode == 2


def test_missing_temporary_folder(run, text_file, tmp_path):
    done = run("count", "--memory", "100Mi", "--tmp-dir", "nowhere", "-o", "a.counts", text_file,
               check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert b"nowhere: cannot create a temporary file: No such file or directory" in done.stderr


def test_full_disk_names_the_temporary_folder(pairmill, many_words, tmp_path, limit_files):
    """A limit on file sizes simulates a full disk."""
    (tmp_path / "tmp").mkdir()
    command = ["count", "-j", "2", "--memory", "16Mi", "--tmp-dir", "tmp", "-o", "a.counts"]
    done = subprocess.run([pairmill, *command, many_words], cwd=tmp_path, preexec_fn=limit_files(1000),
                          capture_output=True)
    assert done.returncode == 1
    assert b"tmp (temporary files): cannot write: File too large" in done.stderr
    assert names_in(tmp_path) == ["tmp"] and names_in(tmp_path / "tmp") == []


def has_temporary_file(pid, folder):
    try:
        names = [
            os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")
        ]
    except FileNotFoundError:
        return False
    return any(name.startswith(f"{folder}/") for name in names)


@pytest.mark.parametrize("number, code", [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130),
                                          (signal.SIGTERM, 130)])
def test_nothing_is_left_however_it_ends(pairmill, many_words, tmp_path, number, code):
    command = ["count", "-q", "-j", "1", "--memory", str(LEAST), "--tmp-dir", tmp_path]
    child = subprocess.Popen([pairmill, *command, "-o", tmp_path / "out.counts"],
                             stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child.stdin.write(many_words.read_bytes())
    child.stdin.flush()
    end = time.monotonic() + 30
    while not has_temporary_file(child.pid, tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert has_temporary_file(child.pid, tmp_path)
    assert names_in(tmp_path) == []
    child.send_signal(number)
    assert child.wait(timeout=30) == code
    child.stdin.close()
    assert names_in(tmp_path) == []


def test_temporary_folder_from_the_environment(pairmill, many_words, tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path / "nowhere")}
    command = [pairmill, "train", "-s", "300", "--memory", "100Mi"]
    done = subprocess.run([*command, many_words], env=environment, capture_output=True)
    assert done.returncode == 1 and b"nowhere" in done.stderr
    subprocess.run([*command, "-q", "-f", "-o", tmp_path / "m.json", many_words], env=environment,
                   check=True)


def test_merge_counts_within_a_limit(run, many_words, whole, tmp_path):
    """Merges count files and an unsorted TSV of more than a megabyte."""
    tsv = tmp_path / "shuffled.tsv"
    run("count", "-q", "-o", tsv, many_words)
    head, *lines = tsv.read_bytes().splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    tsv.write_bytes(head + b"".join(lines))
    inputs = [whole[0], tsv, whole[0], tsv]
    run("merge-counts", "-q", "-o", tmp_path / "expected.counts", *inputs)
    run("merge-counts", "-q", "--memory", "14Mi", "-o", tmp_path / "actual.counts", *inputs)
    assert (tmp_path / "actual.counts").read_bytes() == (tmp_path / "expected.counts").read_bytes()
    done = run("merge-counts", "--memory", "1Mi", "-o", tmp_path / "x.counts", *inputs, check=False)
    assert done.returncode == 2 and b"the minimum is " in done.stderr
    assert names_in(tmp_path) == ["actual.counts", "expected.counts", "shuffled.tsv"]


def test_many_files_within_a_limit(run, text_file, tmp_path):
    run("count", "-q", "-o", tmp_path / "one.counts", text_file)
    inputs = [tmp_path / "one.counts"] * 150
    run("merge-counts", "-q", "-o", tmp_path / "expected.counts", *inputs)
    run("merge-counts", "-q", "--memory", "11Mi", "-o", tmp_path / "actual.counts", *inputs)
    assert (tmp_path / "actual.counts").read_bytes() == (tmp_path / "expected.counts").read_bytes()
    assert names_in(tmp_path) == ["actual.counts", "expected.counts", "one.counts"]


def few_open_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))


def test_many_files_under_a_limit_of_open_files(run, pairmill, text_file, tmp_path):
    def run_limited(*args):
        subprocess.run([pairmill, *map(str, args)], preexec_fn=few_open_files, check=True)

    run("count", "-q", "-o", tmp_path / "one.counts", text_file)
    inputs = [tmp_path / "one.counts"] * 100
    counts = [argument for path in inputs for argument in ("--counts", path)]
    run("merge-counts", "-q", "-o", tmp_path / "expected.counts", *inputs)
    expected = (tmp_path / "expected.counts").read_bytes()
    for name, options in (("a", []), ("b", ["--memory", "11M"])):
        out = tmp_path / f"{name}.counts"
        run_limited("merge-counts", "-q", *options, "-o", out, *inputs)
        assert out.read_bytes() == expected
    run("train", "-q", "-s", 400, "-o", tmp_path / "expected.json", "--counts",
        tmp_path / "expected.counts")
    for name, options in (("c", []), ("d", ["--memory", "64M"])):
        out = tmp_path / f"{name}.json"
        run_limited("train", "-q", "-s", 400, "-o", out, *options, *counts)
        assert out.read_bytes() == (tmp_path / "expected.json").read_bytes()


# ---- Peak memory of merging ----

def letters_of(numbers, count, low, high, letters):
    return sorted({"".join(numbers.choices(letters, k=numbers.randint(low, high)))
                   for _ in range(count)})


def made_counts(kind):
    numbers = random.Random(11)
    latin, dna = "abcdefghijklmnopqrstuvwxyz", "ACGT"
    if kind == "once":
        return [(word, 1) for word in letters_of(numbers, 60_000, 4, 12, latin)]
    if kind == "even":
        return [(word, numbers.randint(500, 600))
                for word in letters_of(numbers, 60_000, 4, 12, latin)]
    if kind == "uneven":
        return [(word, 1 + int(10 ** (9 * numbers.random() ** 3)))
                for word in letters_of(numbers, 100_000, 3, 12, latin)]
    if kind == "few letters":
        return [(word, numbers.randint(1, 9)) for word in letters_of(numbers, 20_000, 30, 60, dna)]
    if kind == "long":
        return [(word, 2) for word in letters_of(numbers, 100, 2000, 10_000, latin)]
    return [("".join(numbers.choices(latin, k=1_000_000)), 3)]


@pytest.mark.parametrize("kind",
                         ["once", "even", "uneven", "few letters", "long", "one word"])
def test_no_training_passes_its_limit(pairmill, tmp_path, kind):
    """Random limits, threads and sizes. What fits has the same result as without a limit."""
    if has_own_memory(pairmill):
        pytest.skip("the sanitizer has memory of its own")
    lines = sorted(f"{word}\t{count}\n" for word, count in made_counts(kind))
    (tmp_path / "a.tsv").write_text("#pairmill-counts 1\n" + "".join(lines))
    numbers = random.Random(5)
    fitted = 0
    for size in (500, 20_000):
        train = [pairmill, "train", "-q", "-f", "-s", size, "--counts", tmp_path / "a.tsv"]
        done, free_peak = run_for_peak(*train, "-j", 1, "-o", tmp_path / "free.json")
        assert done.returncode == 0, done.stderr
        limits = [int(free_peak * numbers.uniform(0.6, 1.8)) for _ in range(5)]
        for limit in [*limits, 3 * free_peak + 60 * MIB]:
            threads, merger = numbers.choice([(1, "one-by-one"), (2, "batches"), (3, "one-by-one"),
                                              (8, "batches"), (16, "batches")])
            done, peak = run_for_peak(*train, "-j", threads, "--merger", merger, "--memory", limit,
                                      "-o", tmp_path / "m.json")
            assert peak <= limit, (done.stderr, threads, limit)
            if done.returncode == 0:
                fitted += 1
                assert (tmp_path / "m.json").read_bytes() == (tmp_path / "free.json").read_bytes()
            else:
                assert b"more than the limit of" in done.stderr or b"too small" in done.stderr
    assert fitted >= 2


def uneven_counts(folder, word_count):
    """As in real text, some words are very frequent and most occur once."""
    numbers = random.Random(3)
    parts = [
        "".join(numbers.choices("etaoinshrdlucmfwyp", k=numbers.randint(1, 4))) for _ in range(400)
    ]
    words = {
        "".join(parts[int(400 * numbers.random() ** 2)] for _ in range(numbers.randint(1, 4)))
        for _ in range(word_count)
    }
    lines = sorted(f"{word}\t{1 + word_count // (rank + 1)}\n"
                   for rank, word in enumerate(sorted(words)))
    path = folder / "a.tsv"
    path.write_text("#pairmill-counts 1\n" + "".join(lines))
    return path


@pytest.mark.parametrize("word_count", [400_000, 900_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_limit_just_above_the_need_is_enough(pairmill, tmp_path, word_count, threads):
    """
    15 % above what a run without a limit takes, where that is more than what the limit costs in any
    case: the allowance for small allocations, and huge pages of which a part is used.
    """
    if has_own_memory(pairmill):
        pytest.skip("the sanitizer has memory of its own")
    train = [pairmill, "train", "-q", "-f", "-s", 30_000, "-j", threads, "-o", tmp_path / "m.json",
             "--counts", uneven_counts(tmp_path, word_count)]
    done, free_peak = run_for_peak(*train)
    assert done.returncode == 0
    done, peak = run_for_peak(*train, "--memory", int(free_peak * 1.15))
    assert done.returncode == 0, done.stderr
    assert peak <= int(free_peak * 1.15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_counting_passes_its_limit(pairmill, tmp_path, seed):
    """Random limits and threads on words, long pretokens, JSON lines, and counts to add up."""
    if has_own_memory(pairmill):
        pytest.skip("the sanitizer has memory of its own")
    numbers = random.Random(seed)
    words = letters_of(numbers, 150_000, 2, 14, "abcdefghijklmnopqrstuvwxyz")
    (tmp_path / "words.txt").write_text(" ".join(words))
    (tmp_path / "long.txt").write_text(" ".join("ab" * numbers.randint(1, 400_000) for _ in "12345"))
    (tmp_path / "lines.jsonl").write_text("".join(
        json.dumps({"text": " ".join(words[:numbers.randint(1, 60_000)])}) + "\n" for _ in range(20)))
    parts = [tmp_path / f"{i}.tsv" for i in range(3)]
    for part in parts:
        chosen = sorted({*numbers.sample(words, 60_000), "x" * numbers.randint(1, 1_000_000)})
        part.write_text("#pairmill-counts 1\n" +
                        "".join(f"{word}\t{numbers.randint(1, 9)}\n" for word in chosen))
    fitted = 0
    for _ in range(12):
        name = numbers.choice(["words.txt", "long.txt", "lines.jsonl", "parts"])
        inputs = parts if name == "parts" else [tmp_path / name]
        threads = [] if name == "parts" else ["-j", numbers.choice([1, 2, 3, 4, 8, 16])]
        limit = int(12 * MIB * 1.25 ** numbers.uniform(0, 10))
        done, peak = run_for_peak(pairmill, "merge-counts" if name == "parts" else "count", "-q",
                                  "-f", "--memory", limit, *threads, "-o", tmp_path / "a.counts",
                                  *inputs)
        assert peak <= limit, (name, threads, limit, done.stderr)
        assert done.returncode == 0 or b"limit" in done.stderr, done.stderr
        fitted += done.returncode == 0
    assert fitted >= 4


# ---- What can't fit ----

LONG = 8_000_000


def long_inputs(folder):
    """Name and text, what the message calls it, and where it begins."""
    words = "low lower newest " * (LONG // 17)
    (folder / "pretoken.txt").write_text("some words first\n" + "a" * LONG)
    (folder / "line.jsonl").write_text('{"text": "short"}\n' + json.dumps({"text": words}) + "\n")
    (folder / "document.txt").write_text(words)
    long_word = "#pairmill-counts 1\nab\t3\n" + "b" * LONG + "\t1\n"
    (folder / "word.tsv").write_text(long_word)


@pytest.mark.parametrize("name, options, what, byte", [
    ("pretoken.txt", [], "pretoken", 17),
    ("line.jsonl", [], "JSON line", 18),
    ("document.txt", ["--pattern", r"\p{L}+|[^\p{L}]+"], "document", 0),
])
def test_text_that_does_not_fit_is_refused_with_its_byte(pairmill, run, tmp_path, name, options,
                                                         what, byte):
    long_inputs(tmp_path)
    count = [pairmill, "count", "-q", "-j", 1, *options, tmp_path / name]
    done, peak = run_for_peak(*count, "--memory", "20M", "-o", tmp_path / "a.counts")
    assert done.returncode == 1 and not (tmp_path / "a.counts").exists()
    found = re.search(rf"{name}: byte (\d+): here begins a {what} of more than (\d+) bytes",
                      done.stderr.decode())
    assert found and byte - 8 <= int(found[1]) <= byte and int(found[2]) < LONG, done.stderr
    if not has_own_memory(pairmill):
        assert peak <= 20_000_000
    done, peak = run_for_peak(*count, "--memory", "300M", "-o", tmp_path / "a.tsv")
    assert done.returncode == 0, done.stderr
    run(*count[1:], "-o", tmp_path / "b.tsv")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    if not has_own_memory(pairmill):
        assert peak <= 300_000_000


@pytest.mark.parametrize("kind", ["tsv", "counts"])
def test_words_that_do_not_fit_are_refused_with_their_byte(pairmill, run, tmp_path, kind):
    long_inputs(tmp_path)
    if kind == "counts":
        run("merge-counts", "-q", "-o", tmp_path / "word.counts", tmp_path / "word.tsv")
    for command in (["merge-counts", "-o", tmp_path / "out.counts", tmp_path / f"word.{kind}"],
                    ["train", "-s", 300, "-j", 1, "-o", tmp_path / "m.json", "--counts",
                     tmp_path / f"word.{kind}"]):
        done, peak = run_for_peak(pairmill, *command, "-q", "--memory", "20M")
        assert done.returncode == 1
        assert re.search(rb"byte \d+: here begins a (word|line) of more than \d+ bytes", done.stderr)
        if not has_own_memory(pairmill):
            assert peak <= 20_000_000
        done, peak = run_for_peak(pairmill, *command, "-q", "--memory", "500M")
        assert done.returncode == 0, done.stderr


def zstd_frame(text, window_log):
    """A frame of stored blocks (RFC 8878, 3.1.1) whose window has 2 ** window_log bytes."""
    size = 100_000
    blocks = [text[i:i + size] for i in range(0, len(text), size)]
    heads = [(len(block) << 3 | (i + 1 == len(blocks))).to_bytes(3, "little")
             for i, block in enumerate(blocks)]
    return (b"\x28\xB5\x2F\xFD\x00" + bytes([(window_log - 10) << 3]) +
            b"".join(head + block for head, block in zip(heads, blocks)))


def test_a_zstd_window_that_does_not_fit_is_refused(pairmill, tmp_path):
    """2 MiB is usual; zstd --long=26 asks for 64 MiB."""
    text = b"low lower newest widest " * 200_000
    (tmp_path / "usual.zst").write_bytes(zstd_frame(text, 21))
    (tmp_path / "large.zst").write_bytes(zstd_frame(text, 21) + zstd_frame(text, 26))
    frame = len(zstd_frame(text, 21))
    for limit, name, code in (("32M", "usual", 0), ("32M", "large", 1), ("1G", "large", 0)):
        done, peak = run_for_peak(pairmill, "count", "-q", "-f", "-j", 1, "--memory", limit, "-o",
                                  tmp_path / "a.counts", tmp_path / f"{name}.zst")
        assert done.returncode == code, done.stderr
        if code == 1:
            assert (f"large.zst: byte {frame}: this zstd frame needs a window of more than"
                    in done.stderr.decode())
        if not has_own_memory(pairmill) and limit == "32M":
            assert peak <= 32_000_000


# ---- Long pretokens in encode ----

@pytest.fixture(scope="module")
def uncut(run, tmp_path_factory):
    """A model that takes a whole document as one pretoken."""
    folder = tmp_path_factory.mktemp("uncut")
    numbers = random.Random(4)
    parts = ["".join(numbers.choices(letters, k=20_000))
             for letters in ("ACGT", "abcdefghijklmnopqrstuvwxyz", "a", " ", "的一是不了人")]
    (folder / "text").write_text("".join(parts), encoding="utf-8")
    run("train", "-q", "-s", 2000, "--pattern", "none", "-o", folder / "m.json", folder / "text")
    return folder / "m.json"


@pytest.mark.parametrize("letters", ["a", " ", "ACGT", "abcdefghijklmnopqrstuvwxyz",
                                     "0123456789abcdef+/XYZ", "的一是不了人我在有他"])
def test_a_long_pretoken_takes_eight_bytes_a_byte(pairmill, run, uncut, tmp_path, letters):
    """Beside the text and its ids; and the ids are those of the text."""
    size = 16_000_000
    text = "".join(random.Random(8).choices(letters, k=size // len(letters[0].encode())))
    (tmp_path / "long.txt").write_text(text, encoding="utf-8")
    encode = [pairmill, "encode", "-q", "-m", uncut, "-o", tmp_path / "a.u16", "-f"]
    _, least = run_for_peak(*encode, "--text", "short")
    done, peak = run_for_peak(*encode, tmp_path / "long.txt")
    assert done.returncode == 0, done.stderr
    assert run("decode", "-m", uncut, tmp_path / "a.u16").stdout == text.encode()
    if not has_own_memory(pairmill):
        ids = (tmp_path / "a.u16").stat().st_size // 2
        assert peak - least <= size + 8 * size + 4 * ids + 8 * MIB
