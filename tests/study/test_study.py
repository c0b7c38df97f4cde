# pairmill-study: every system learns the library's merges, and the reports say what was run.
# SPDX-License-Identifier: MIT
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from compare import printable
from reference.pretokens import count_words
from reference.trainer import train
from study.schema import COUNTINGS, EXPERIMENTS, SECTIONS, SERIAL, check_report

SPECIAL = b"<|endoftext|>"
SVG = "{http://www.w3.org/2000/svg}"


def expected_runs(names, workers, runs):
    """How often each (system, workers) occurs in the results."""
    return Counter({(name, count): runs for name in names if name in SECTIONS
                    for count in ([None] if name in SERIAL else workers)})


# ---- Merges ----


def test_every_system_gives_the_merges(everything):
    """The program itself compares all merges with the library's, and fails if one differs."""
    report = json.loads(everything.json)
    ran = Counter((result["system"], result["workers"]) for result in report["results"])
    assert ran == expected_runs(SECTIONS, [1, 2, 3], 2)
    assert report["merges"] == report["merges_possible"] == 300 - 257
    assert report["stopped_early"] is False


def test_library_gives_the_reference_merges(run, text_file, tmp_path, everything):
    """The other end of that chain."""
    words = count_words([text_file.read_bytes()], "gpt2", [SPECIAL])
    model = train(words, 300, [SPECIAL])
    run("train", "-q", "-s", 300, "--special", SPECIAL, "-o", tmp_path / "model", text_file)
    lines = (tmp_path / "model" / "merges.txt").read_text(encoding="utf-8").splitlines()
    wanted = [f"{printable(model.vocab[left])} {printable(model.vocab[right])}"
              for left, right, *_ in model.merges]
    assert [line for line in lines if not line.startswith("#version")] == wanted
    report = json.loads(everything.json)
    assert report["merges"] == len(model.merges)
    assert report["text"]["words"] == len(words)
    assert report["text"]["pretokens"] == sum(words.values())


def test_counts_give_the_same_as_text(run, study, text_file, tmp_path):
    counts = tmp_path / "made.counts"
    run("count", "-q", "--special", SPECIAL, "--doc-separator", SPECIAL, "-o", counts, text_file)
    reports = []
    for args in [[text_file], ["--counts", counts]]:
        study("--systems", "v3,v4", "--workers", 2, "--runs", 1, "-s", 290,
              "--json", tmp_path / "o.json", "-f", *args)
        reports.append(check_report(json.loads((tmp_path / "o.json").read_bytes())))
    from_text, from_counts = reports
    for key in ["merges", "merges_possible", "stopped_early"]:
        assert from_text[key] == from_counts[key]
    for key in ["words", "pretokens", "documents", "bytes"]:
        assert from_text["text"][key] == from_counts["text"][key]
    assert from_counts["text"]["counts"] == str(counts)
    assert from_counts["text"]["inputs"] == []
    assert from_text["text"]["special"] == SPECIAL.decode()


@pytest.mark.parametrize("size, merges", [(257, 0), (258, 1), (5000, None)])
def test_ends_of_the_vocab(study, tmp_path, size, merges):
    """No merge, one, and more than the words have: all systems end with the last pair."""
    text = tmp_path / "few.txt"
    text.write_bytes(b"abcd abcd bcd")
    words = count_words([text.read_bytes()], "gpt2", [SPECIAL])
    study("--systems", ",".join(SECTIONS), "--workers", "1,3", "--runs", 1, "-s", size,
          "--json", tmp_path / "o.json", "--svg", tmp_path / "o.svg", text)
    report = check_report(json.loads((tmp_path / "o.json").read_bytes()))
    assert report["merges"] == len(train(words, size, [SPECIAL]).merges)
    assert merges is None or report["merges"] == merges
    assert report["stopped_early"] is False
    check_picture((tmp_path / "o.svg").read_bytes(), expected_runs(SECTIONS, [1, 3], 1))


# ---- JSON ----


def test_json_has_its_schema(everything):
    report = check_report(json.loads(everything.json))
    assert report["runs"] == 2
    assert {result["run"] for result in report["results"]} == {1, 2}
    assert [entry["bytes"] for entry in report["text"]["inputs"]] == [report["text"]["bytes"]]


def test_json_names_all_that_ran(everything):
    report = json.loads(everything.json)
    keys = {"results": "system", "countings": "name", "experiments": "name"}
    ran = {entry[key] for part, key in keys.items() for entry in report[part]}
    assert ran == set(everything.names)


def test_names_are_those_of_the_study(names):
    """No system of the article may be missing."""
    assert set(SECTIONS) | EXPERIMENTS | COUNTINGS <= set(names)


def test_counters_tell_what_was_started(everything):
    for result in json.loads(everything.json)["results"]:
        keys = ["system", "workers", "merges", "counters"]
        name, workers, merges, counters = (result[key] for key in keys)
        for_each_merge = {"v4_mp", "v4_mp_spawn", "v4_mp_deepcopy", "v4_mp_pinned"}
        once = {"v4", "v4_shuffled", "v4_pinned", "shared_pool"}
        processes = workers * merges if name in for_each_merge else workers if name in once else 0
        assert counters["processes"] == processes, name
        sends = name in {"v4", "v4_shuffled", "v4_pinned", "v4_mp_spawn"}
        assert (counters["bytes_sent"] > 0) == sends, name
        assert (counters["bytes_received"] > 0) == (sends or name in for_each_merge), name
        assert (counters["child_minor_faults"] > 0) == (processes > 0), name


def test_each_worker_gets_the_strings_of_all_pairs(everything):
    """N copies per merge: what the article's pool sends grows with the number of workers."""
    sent = {(result["system"], result["workers"]): result["counters"]["bytes_sent"]
            for result in json.loads(everything.json)["results"]}
    for name in ["v4", "v4_mp_spawn", "v4_shuffled"]:
        assert sent[name, 3] - sent[name, 2] == sent[name, 2] - sent[name, 1] > 0
        assert sent[name, 1] == sent["v4", 1]


# ---- Tables ----


def lines_of(table, name):
    return [line.split() for line in table.splitlines() if line.split()[:1] == [name]]


def test_table_has_a_line_for_each(everything):
    for name in SECTIONS:
        numbers = ["–"] if name in SERIAL else ["1", "2", "3"]
        # Once with its times, once with what the operating system did.
        assert [line[1] for line in lines_of(everything.table, name)] == numbers * 2
        for line in lines_of(everything.table, name)[: len(numbers)]:
            assert re.fullmatch(r"[\d.]+/[\d.]+", line[2]), line
    for name in set(everything.names) - set(SECTIONS):
        assert name in everything.table


def test_table_says_what_was_run(everything, text_file):
    report = json.loads(everything.json)
    for said in [everything.table, everything.markdown]:
        assert str(text_file) in said.replace("\\", "")
        assert report["text"]["inputs"][0]["sha256"] in said
        assert f"{report['text']['words']} words" in said
        assert "43 of 43 possible, vocab size 300" in said
        assert "stopped" not in said


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_markdown_has_the_same_cells(everything):
    plain = {" ".join(line.split()) for line in everything.table.splitlines()}
    rows = [cells(line) for line in everything.markdown.splitlines() if line.startswith("|")]
    assert len(rows) > 2 * len(SECTIONS)
    for row in rows:
        if not set("".join(row)) <= set("-:"):
            assert " ".join(re.sub(r"\\(.)", r"\1", " ".join(row)).split()) in plain
    for block in re.findall(r"(?:^\|.*\n)+", everything.markdown, re.M):
        assert len({len(cells(line)) for line in block.splitlines()}) == 1, block


def test_many_runs_are_summed_up(study, text_file):
    table = study("--systems", "v3", "--runs", 7, "-s", 260, text_file).stdout.decode()
    assert "7 of each: fastest/median/slowest" in table
    fastest, middle, slowest = map(float, lines_of(table, "v3")[0][3].split("/"))
    assert fastest <= middle <= slowest


def test_stopped_early_is_said(study, text_file, tmp_path):
    done = study("--systems", "v3,heap", "--runs", 1, "-s", 300, "--merges", 7,
                 "--json", tmp_path / "o.json", "--markdown", tmp_path / "o.md", "--svg",
                 tmp_path / "o.svg", text_file)
    said = "stopped after 7 of 43 merges (--merges)"
    assert said in done.stdout.decode()
    assert said in (tmp_path / "o.md").read_text()
    assert said in (tmp_path / "o.svg").read_text().lower()
    report = check_report(json.loads((tmp_path / "o.json").read_bytes()))
    assert (report["merges"], report["merges_possible"], report["stopped_early"]) == (7, 43, True)


def test_skip_merge(study, text_file, tmp_path):
    done = study("--systems", "v3,count", "--skip-merge", "--runs", 2,
                 "--json", tmp_path / "o.json", "--svg", tmp_path / "o.svg", text_file)
    report = check_report(json.loads((tmp_path / "o.json").read_bytes()))
    assert (report["merges"], report["results"]) == (0, [])
    countings = report["countings"]
    assert [(entry["name"], entry["run"]) for entry in countings] == [("count", 1), ("count", 2)]
    assert {entry["words"] for entry in countings} == {report["text"]["words"]}
    assert "none requested" in done.stdout.decode()
    assert lines_of(done.stdout.decode(), "v3") == []
    check_picture((tmp_path / "o.svg").read_bytes(), Counter())


def test_names_of_any_bytes(study, tmp_path):
    """Invalid UTF-8, and signs special to XML or Markdown, stay readable in all reports."""
    text = tmp_path / b"a\xff<&\"'|*_\n\x01.txt".decode(errors="surrogateescape")
    text.write_bytes(b"aaa bbb aaa")
    done = study("--systems", "v3", "--runs", 1, "-s", 258, "--json", tmp_path / "o.json",
                 "--markdown", tmp_path / "o.md", "--svg", tmp_path / "o.svg", text)
    report = check_report(json.loads((tmp_path / "o.json").read_bytes()))
    assert report["text"]["inputs"][0]["name"].endswith("a\ufffd<&\"'|*_\n\x01.txt")
    shown = "a\ufffd<&\"'|*_\ufffd\ufffd.txt"
    assert shown in done.stdout.decode()
    escaped = "a\ufffd\\<\\&\"'\\|\\*\\_\ufffd\ufffd.txt"
    assert escaped in (tmp_path / "o.md").read_text(encoding="utf-8")
    assert shown in "".join(ElementTree.parse(tmp_path / "o.svg").getroot().itertext())


# ---- Picture ----


def check_picture(data, runs):
    """Bars lie within the picture; no scripts; one bar of each kind per (system, workers)."""
    root = ElementTree.fromstring(data)
    assert root.tag == SVG + "svg"
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {width:.0f} {height:.0f}"
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "style", "rect", "line", "text"}
        for key, value in element.attrib.items():
            assert "href" not in key and "url" not in value and not key.startswith("on")
            if key in {"x", "y", "x1", "y1", "x2", "y2", "width", "height"}:
                assert re.fullmatch(r"\d+(\.\d+)?", value), (element.tag, key, value)
    for bar in root.iter(SVG + "rect"):
        assert float(bar.get("x")) + float(bar.get("width")) <= width
        assert float(bar.get("y")) + float(bar.get("height")) <= height
    whole = Counter(bar.get("y") for bar in root.iter(SVG + "rect") if bar.get("fill") == "#4b5a6a")
    parts = {}
    for bar in root.iter(SVG + "rect"):
        if bar.find(SVG + "title") is not None:
            extent = float(bar.get("x")), float(bar.get("width"))
            parts.setdefault(bar.get("y"), []).append(extent)
    assert len(whole) == len(runs) and set(whole.values()) <= {1}
    assert parts.keys() == whole.keys()
    ends = set()
    for row in parts.values():
        for (x, length), (following, _) in zip(row, row[1:]):
            assert abs(x + length - following) < 0.05
        ends.add((round(row[0][0]), round(row[-1][0] + row[-1][1])))
    assert len(ends) <= 1  # all have the same length: each is the whole
    shown = Counter(text.text for text in root.iter(SVG + "text"))
    assert all(shown[name] == 1 for name, _ in runs)
    return shown


def test_picture(everything):
    shown = check_picture(everything.svg, expected_runs(SECTIONS, [1, 2, 3], 2))
    assert shown["3 workers"] == len(SECTIONS) - len(SERIAL)
    assert "43 merges" in next(text for text in shown if text and "words of made.txt" in text)


# ---- Options and files ----


@pytest.mark.parametrize("args, named", [
    (["--nonsense"], "--nonsense"), (["-x"], "-x"), (["--systems", "v5"], "--systems"),
    (["--systems", ""], "--systems"), (["--systems", "v3,,v4"], "--systems"),
    (["--workers", "0"], "--workers"), (["--workers", "1,x"], "--workers"),
    (["--workers", "257"], "--workers"), (["--runs", "0"], "--runs"),
    (["-s", "256"], "--vocab-size"), (["--merges", "0"], "--merges"),
    (["--merges", "-1"], "--merges"), (["--chunk-size", "5gb"], "--chunk-size"),
    (["--monitor", "x"], "--monitor"), (["--num-counter", "0"], "--num-counter"),
    (["--json"], "--json"), (["--skip-merge=1"], "--skip-merge"),
    (["--counts", "x.counts"], "--counts"),
])
def test_wrong_options(study, text_file, args, named):
    done = study(text_file, *args, code=2)
    assert named in done.stderr.decode()
    assert done.stdout == b""


def test_no_text(study):
    assert b"--counts" in study("--systems", "v3", code=2).stderr


def test_spelling_of_the_article(study, text_file, tmp_path):
    study("--systems", "v4", "--num_max", 2, "--runs", 1, "-s", 258, "--json", tmp_path / "o.json",
          text_file)
    results = json.loads((tmp_path / "o.json").read_bytes())["results"]
    assert [result["workers"] for result in results] == [2]


@pytest.mark.parametrize("option", ["--json", "--markdown", "--svg"])
def test_files_in_the_way(study, text_file, tmp_path, option):
    target = tmp_path / "there"
    target.write_text("kept")
    # The text is missing, too: naming the file first shows that no work was done.
    done = study("--systems", "v3", option, target, tmp_path / "missing.txt", code=1)
    assert "there" in done.stderr.decode() and "missing.txt" not in done.stderr.decode()
    assert target.read_text() == "kept"
    study("--systems", "v3", "--runs", 1, "-s", 258, option, target, "-f", text_file)
    assert target.read_text() != "kept"


def test_missing_text(study, tmp_path):
    done = study("--systems", "v3", "--json", tmp_path / "o.json", tmp_path / "missing.txt", code=1)
    assert "missing.txt" in done.stderr.decode()
    assert not (tmp_path / "o.json").exists()
