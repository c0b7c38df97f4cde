# The harness of bench/: comparing merges, converting texts, summing up figures, a small run.
# SPDX-License-Identifier: MIT
import hashlib
import importlib.util
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import texts as made_texts
from reference.pretokens import count_words
from reference.trainer import count_pairs, replace, train

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench import compare, merge_list, peers, report, runs, texts  # noqa: E402

pytestmark = pytest.mark.slow


def bytes_of(model):
    """The reference's merges as pairs of byte strings."""
    return [(model.vocab[left], model.vocab[right]) for left, right, _, _ in model.merges]


def small_words(rng):
    return Counter(bytes(rng.choices(b"abc", k=rng.randint(1, 7)))
                   for _ in range(rng.randint(2, 30)))


# ---- Comparing ----

def test_lists_are_compared_as_far_as_both_go():
    short, long = [(b"a", b"b")], [(b"a", b"b"), (b"ab", b"c")]
    for ours, theirs in ((short, long), (long, short)):
        assert compare.compare(ours, theirs, None) == {
            "result": "equal", "compared": 1, "ours": len(ours), "theirs": len(theirs)}


def test_lists_of_tokens_are_compared_as_tokens():
    ours = [(b"a", b"b"), (b"ab", b"c")]
    assert compare.first_difference(ours, [(b"ab",), (b"abc",)]) is None
    assert compare.first_difference(ours, [(b"ab",), (b"abd",)]) == 1
    assert compare.first_difference(ours, [(b"a", b"b"), (b"a", b"bc")]) == 1


@pytest.mark.parametrize("tokens_only", [False, True])
def test_other_ties_are_told_from_other_merges(rng, tokens_only):
    kinds = Counter()
    for _ in range(300):
        words = small_words(rng)
        ours, theirs = (bytes_of(train(words, 300, ties=ties)) for ties in ("bytes", "ids"))
        shown = [(b"".join(merge),) for merge in theirs] if tokens_only else theirs
        found = compare.compare(ours, shown, lambda: words)
        kinds[found["result"]] += 1
        is_equal = compare.first_difference(ours, shown) is None
        assert found["result"] == ("equal" if is_equal else "equal but for ties")
        if found["result"] != "equal":
            assert ours[:found["first_difference"] - 1] == theirs[:found["first_difference"] - 1]
    assert kinds["equal"] and kinds["equal but for ties"]


def choose_somehow(words, rng, wrong_at):
    """A greedy list with random ties, and at `wrong_at` a pair that counts less, if any."""
    vocab = {i: bytes([i]) for i in range(256)}
    state = [(list(word), count) for word, count in words.items()]
    merges = []
    while len(merges) < 40:
        pairs = count_pairs(state)
        if not pairs:
            break
        best = max(pairs.values())
        others = sorted(pair for pair in pairs if pairs[pair] < best)
        is_wrong = len(merges) == wrong_at and others
        choices = others if is_wrong else sorted(pair for pair in pairs if pairs[pair] == best)
        pair = rng.choice(choices)
        vocab[len(vocab)] = vocab[pair[0]] + vocab[pair[1]]
        merges.append((vocab[pair[0]], vocab[pair[1]]))
        if is_wrong:
            return merges, True
        state = [(replace(tokens, pair, len(vocab) - 1), count) for tokens, count in state]
    return merges, False


def test_greedy_lists_are_told_from_others(rng):
    wrong = 0
    for _ in range(300):
        words = small_words(rng)
        merges, is_wrong = choose_somehow(words, rng, rng.randint(0, 12))
        wrong += is_wrong
        expected = len(merges) - 1 if is_wrong else None
        # If two tokens have the same bytes, the list alone doesn't say which was meant.
        joined = [b"".join(merge) for merge in merges]
        if len(set(joined)) == len(joined):
            assert compare.first_not_greedy(merges, words) == expected
    assert wrong > 50


def test_a_pair_that_is_not_there_is_no_merge():
    assert compare.first_not_greedy([(b"a", b"b"), (b"x", b"y")], {b"ab": 2}) == 1
    assert compare.first_not_greedy([(b"ab",), (b"xy",)], {b"ab": 2}) == 1


def test_runs_of_one_letter(rng):
    for length in range(2, 40):
        words = {b"a" * length: 3, b"b" * (length - 1): 2}
        assert compare.first_not_greedy(bytes_of(train(words, 300)), words) is None


def test_sentences():
    assert compare.sentence({"result": "equal", "compared": 31743}) == "equal: 31,743 merges"
    ties = {"result": "equal but for ties", "compared": 5000, "first_difference": 1200}
    assert compare.sentence(ties) == "equal but for ties (first at 1,200): 5,000 merges"
    assert compare.sentence({"result": "differs", "first_not_greedy": 7}) == "differs at merge 7"
    skipped = {"result": "not compared", "why": "no bytes"}
    assert compare.sentence(skipped) == "not compared: no bytes"


def test_merge_lists_in_files(tmp_path):
    merges = [(b"\0", b"\n"), (b" ", "ß".encode())]
    merge_list.write(tmp_path / "pairs", merges)
    assert merge_list.read(tmp_path / "pairs") == merges
    merge_list.write(tmp_path / "tokens", [b"\n", b"ab"])
    assert merge_list.read(tmp_path / "tokens") == [(b"\n",), (b"ab",)]


def test_words_of_a_tsv(run, tmp_path):
    text = "a b\ta\\ ß <|endoftext|> a \r\n b\n"
    run("count", "-q", "-o", tmp_path / "words.tsv", input=text.encode())
    assert compare.read_words(tmp_path / "words.tsv") == count_words([text.encode()], "gpt2")


# ---- Texts ----

def test_documents_are_split_at_the_special_token():
    assert texts.split_documents("a\n<|endoftext|>\nb<|endoftext|><|endoftext|>") == ["a\n", "\nb"]


def test_lines_hold_no_special_token(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "BLOCK", 1)
    text = b"a b\n<|endoftext|>\nc<|endoftext|>d\n" * 5 + b"e<|endoftext|>"
    (tmp_path / "text").write_bytes(text)
    texts.make_lines(tmp_path / "text", tmp_path / "lines")
    expected = b"a b\n\nc\nd\n" * 5 + b"e\n"
    assert (tmp_path / "lines").read_bytes() == expected == texts.lines_without_special(text)


def test_a_folder_becomes_one_file(tmp_path):
    folder = tmp_path / "texts"
    for name, data in (("b/c.txt", b"second"), ("a.txt", "erßte\n".encode()), (".hidden", b"no"),
                       ("b/.h/x", b"no"), ("bad.txt", b"\xff"), ("empty.txt", b""),
                       ("special.txt", b"x <|endoftext|>")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    text = texts.Text(str(folder), tmp_path / "work")
    joined = "erßte\n<|endoftext|>\nsecond<|endoftext|>\n".encode()
    assert text.path.read_bytes() == joined
    assert (text.bytes, text.sha256) == (len(joined), hashlib.sha256(joined).hexdigest())
    assert text.lines.read_bytes() == "erßte\n\nsecond\n".encode()
    with pytest.raises(SystemExit, match="absent"):
        texts.Text(str(tmp_path / "absent"), tmp_path / "work")


# ---- Figures ----

def a_run(seconds, **more):
    return {"seconds": seconds, "cpu_seconds": 2 * seconds, "peak": 10_000_000, **more}


def test_median_best_and_stages():
    stages = [{"count": 1.0, "merge": 4.0}, {"count": 3.0, "merge": 2.0}]
    figures = report.summary([a_run(s, stages=names) for s, names in zip((4.0, 2.0), stages)])
    assert (figures["median"], figures["best"], figures["cpu_seconds"]) == (3.0, 2.0, 6.0)
    assert figures["stages"] == {"count": 2.0, "merge": 3.0}
    assert report.summary([]) is None


def test_tables_give_ratios_to_our_row_with_as_many_threads():
    ours = [{"name": "pairmill", "threads": threads, "memory": {"anonymous": 5_000_000},
             "runs": [a_run(0.5 / threads, stages={"count": 0.125})]} for threads in (1, 2)]
    theirs = [{"name": "other", "version": "1.0", "threads": 2, "documents": "lines",
               "runs": [a_run(4.0), a_run(2.0)],
               "merges": {"result": "equal", "compared": 1234},
               "memory": {"anonymous": 9_000_000, "before": 0}}]
    line = report.peer_table(theirs, ours).splitlines()[2]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == ["other", "1.0", "2", "lines", "equal: 1,234 merges", "3.00", "2.00", "6.00",
                     "12.0", "8.0", "10", "9", "0"]
    first = report.our_table(ours).splitlines()
    assert len({line.count("|") for line in first}) == 1
    assert "| pairmill | 1 | 0.125 |  |  |  | 0.500 |" in first[2]


# ---- The whole ----

def is_there(peer):
    return importlib.util.find_spec(peer.module) is not None


def run_harness(pairmill, folder, *options):
    out = folder / "figures.json"
    command = [sys.executable, "-m", "bench", "--command", pairmill, "--work", folder / "work",
               "--json", out, *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return done, json.loads(out.read_text()) if done.returncode == 0 else None


@pytest.fixture(scope="module")
def small_text(tmp_path_factory):
    """Documents with line feeds in odd places: lines and documents give different merges."""
    rng = random.Random(11)
    words = made_texts.Words(rng, 3000, ("latin", "cyrillic"))
    documents = [words.text(6000) + rng.choice(["", "\n", " \n\n"]) for _ in range(40)]
    path = tmp_path_factory.mktemp("bench") / "small.txt"
    path.write_text("".join(f"{document}<|endoftext|>\n" for document in documents),
                    encoding="utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def small_run(pairmill, small_text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("harness")
    done, figures = run_harness(pairmill, folder, "--text", small_text, "--vocab-size", 2000,
                                "--runs", 2, "--markdown", folder / "figures.md")
    assert done.returncode == 0, done.stderr
    assert (folder / "figures.md").read_text() == done.stdout
    return done, figures


def test_our_rows(small_run, small_text):
    text = small_run[1]["texts"][0]
    data = small_text.read_bytes()
    assert (text["bytes"], text["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert [row["threads"] for row in text["ours"]] == [1, 2]
    for row in text["ours"]:
        assert row["merges"] == 2000 - 257
        assert len(row["runs"]) == 2
        for one in row["runs"]:
            assert set(one["stages"]) == {"count", "sort", "index", "merge"}
            assert sum(one["stages"].values()) <= one["seconds"]
        # Both are missing if the run was too short to be sampled.
        assert row["memory"].get("anonymous", 0) <= row["memory"].get("peak", 0)


@pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
def test_rows_of_others(small_run, peer):
    done, figures = small_run
    rows = {row["name"]: row for row in figures["texts"][0]["peers"]}
    if not is_there(peer):
        skipped = {row["name"]: row["failed"] for row in figures["texts"][0]["skipped"]}
        assert "No module named" in skipped[peer.name]
        assert f"- {peer.name}: " in done.stdout
        return
    row = rows[peer.name]
    assert len(row["runs"]) == 2 and row["threads"] == 2
    assert 0 < row["memory"]["before"] <= row["memory"]["anonymous"]
    assert row["merges"]["result"] == ("not compared" if peer.not_compared else "equal")
    if not peer.not_compared:
        assert row["merges"]["compared"] == 2000 - 257


def test_some_of_the_others_are_there(small_run):
    assert {row["name"] for row in small_run[1]["texts"][0]["peers"]} >= {
        "tokenizers-documents", "tokenizers-files", "rustbpe"}


def test_rows_can_be_chosen(pairmill, small_text, tmp_path):
    done, figures = run_harness(pairmill, tmp_path, "--text", small_text, "--vocab-size", 400,
                                "--runs", 1, "--rows", "rustbpe", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert figures["texts"][0]["ours"] == []
    rows = figures["texts"][0]["peers"]
    assert [(row["name"], row["threads"]) for row in rows] == [("rustbpe", 1)]


def test_a_trainer_that_takes_too_long_is_stopped(small_text, tmp_path):
    case = peers.Case(str(small_text), 400, 1, str(tmp_path))
    with pytest.raises(runs.Failed, match="stopped"):
        runs.run_peer(peers.find("rustbpe"), case, timeout=0)


def test_our_failure_is_told_by_its_message(pairmill, tmp_path):
    with pytest.raises(runs.Failed, match="absent.txt"):
        arguments = ["train", "-s", "300", str(tmp_path / "absent.txt")]
        runs.run_ours(str(pairmill), arguments, tmp_path, 60)


def test_merging_alone(run, pairmill, small_text, tmp_path):
    words = tmp_path / "words.tsv"
    run("count", "-q", "--special", texts.SPECIAL, "-o", words, small_text)
    done, figures = run_harness(pairmill, tmp_path, "--counts", words, "--vocab-size", 500,
                                "--runs", 1)
    assert done.returncode == 0, done.stderr
    assert [row["threads"] for row in figures["counts"]["ours"]] == [1, 2]
    assert "## Merging alone" in done.stdout and figures["texts"] == []


@pytest.mark.parametrize("options, says", [
    (["--text", "absent"], "absent"), (["--text", "x", "--runs", "0"], "--runs"),
    (["--command", "absent", "--text", "x"], "absent"), (["--counts", "absent"], "absent")])
def test_wrong_options(pairmill, tmp_path, options, says):
    done, _ = run_harness(pairmill, tmp_path, *options)
    assert done.returncode != 0
    assert says in done.stderr and "Traceback" not in done.stderr
