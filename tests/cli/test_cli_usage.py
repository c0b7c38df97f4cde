# Wrong usage: exit code 2, the name of the option, and the nearest known one.
# SPDX-License-Identifier: MIT
import json

import pytest


def refuse(run, *arguments):
    done = run(*arguments, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    return done.stderr.decode()


@pytest.mark.parametrize("wrong, right", [
    ("--specal", "--special"), ("--vocab-szie", "--vocab-size"), ("--thread", "--threads"),
    ("--min_count", "--min-count"), ("--patern=gpt2", "--pattern"), ("--doc", "--doc-separator")])
def test_nearest_option(run, wrong, right):
    message = refuse(run, "train", wrong)
    assert message.startswith(
        f"pairmill: train: unknown option {wrong.split('=')[0]}; did you mean {right}?\n")


def test_nothing_is_near(run):
    message = refuse(run, "train", "--zzzzqqqq")
    assert message.startswith("pairmill: train: unknown option --zzzzqqqq\n")
    assert "did you mean" not in refuse(run, "qqqqqq")


def test_long_name_with_one_dash(run):
    assert "did you mean --special?" in refuse(run, "train", "-special", "x")


def test_option_of_another_command(run):
    assert 'it belongs to "pairmill encode"' in refuse(run, "train", "--eot", "x")
    assert 'it belongs to "pairmill train"' in refuse(run, "encode", "-s", "300")


@pytest.mark.parametrize("wrong, right", [("tran", "train"), ("encdoe", "encode"),
                                          ("merge", "merge-counts")])
def test_nearest_command(run, wrong, right):
    assert f'unknown command "{wrong}"; did you mean "{right}"?' in refuse(run, wrong)
    assert f'did you mean "{right}"?' in refuse(run, "help", wrong)


def test_nearest_value(run):
    message = refuse(run, "train", "--ties", "byte")
    assert message.startswith('pairmill: train: option --ties: unknown value "byte" (known: bytes, ids); '
                              'did you mean "bytes"?\n')
    assert 'unknown value "9" (known: 14.0, 15.0, 15.1, 16.0, 17.0)' in refuse(run, "count", "--unicode", "9")


@pytest.mark.parametrize(
    "arguments",
    [["encode", "--tmp-dir", "x"], ["convert", "--to", "sentencepiece", "a", "b"]])
def test_planned_features_are_named(run, arguments):
    message = refuse(run, *arguments)
    assert "not supported yet\n" in message
    assert "unknown" not in message


@pytest.mark.parametrize(
    "arguments, names",
    [(["train", "-s"], "--vocab-size"), (["train", "-s", "abc"], "--vocab-size"),
     (["train", "-s", "-5"], "--vocab-size"), (["train", "-s", "99999999999"], "--vocab-size"),
     (["train", "-s", "18446744073709551616"], "--vocab-size"),
     (["train", "-s", "0"], "--vocab-size"), (["train", "-s300x"], "--vocab-size"),
     (["train", "--min-count", "-1"], "--min-count"), (["train", "-j", "5000"], "--threads"),
     *[(["train", "-s", size], "32k")
       for size in ("1.5", "0.0001k", "1.k", ".5k", "32kB", "32kk", "1..5k", "32 k", "k")],
     *[(["train", "--memory", size], "1.5GiB")
       for size in ("1.5", "1.5B", "10MM", "10MBs", "10iB", "G", " 1G", "16E", "1,5G",
                    "16777216Ti")],
     (["train", "-q=1"], "-="), (["train", "--quiet=1"], "--quiet"),
     (["train", "--special", ""], "--special"), (["train", "--doc-separator="], "--doc-separator"),
     (["train", "--chunk-size", "1Q"], "--chunk-size"), (["train", "-o", ""], "--output"),
     (["train", "--progress", "loud"], "--progress"), (["train", "corpus.txt"], "-s"),
     (["train", "-s", "300", "--tsv", "raw", "x"], "--tsv"),
     (["train", "-s", "300", ""], "empty file name"),
     (["train", "-s", "300", "--compat", "hf", "--ties", "bytes"], "--ties"),
     (["train", "-s", "300", "--compat", "hf", "--layout", "gpt2"], "--layout"),
     (["count", "corpus.txt"], "-o"), (["merge-counts", "-o", "x"], "a count file or TSV"),
     (["merge-counts", "x"], "-o"), (["encode", "x"], "-m"), (["decode", "x"], "-m"),
     (["encode", "-m", "x", "--text", "a", "b"], "--text"),
     (["encode", "-m", "x", "--count", "--format", "u16"], "--count"),
     (["encode", "-m", "x", "--json", "y"], "--json"), (["convert", "x"], "IN and OUT"),
     (["convert", "--merges", "list", "x", "y"], "pairs, strings"),
     (["convert", "--to", "tokenizer", "x", "y"], "tokenizer.json"),
     (["encode", "-m", "x", "--special-tokens", "a,,b"], "--special-tokens"),
     *[(["train", "-s", "300", "--counts", "x", *option], option[0])
       for option in (["--input-format", "text"], ["--field", ""], ["--skip-bad-lines"],
                      ["--sha256"], ["--chunk-size", "4K"], ["--scanner", "regex"])],
     (["train", "-s", "300", "-o", "-", "x"], "path"), (["count", "-o", "-", "x"], "path"),
     (["merge-counts", "-o", "-", "x"], "path"), (["convert", "x", "-"], "path"),
     (["encode", "-m", "x", "--json", "-o", "-"], "--json"),
     (["decode", "-m", "x", "--json", "-o", "-"], "--json"), (["convert", "x", "y", "z"], '"z"'),
     (["inspect"], "FILE"), (["version", "x"], '"x"'), (["bench", "-"], "stdin"),
     (["bench", "--text-size", "1M", "x"], "--text-size"), (["bench", "--runs", "0"], "--runs"),
     (["completions", "tcsh"], "tcsh"), (["-q", "train"], "-q")])
def test_wrong_usage_names_the_fault(run, arguments, names):
    assert names in refuse(run, *arguments)


def test_library_refusals_are_wrong_usage_too(run, text_file):
    assert "256" in refuse(run, "train", "-s", "255", text_file)
    refuse(run, "train", "-s", "300", "--special", "a", "--special", "a", text_file)
    refuse(run, "train", "-s", "300", "--pattern", "(", text_file)
    for command in ("count", "merge-counts"):
        assert "the minimum is " in refuse(run, command, "--memory", "1", "-o", "out.counts",
                                         text_file)


@pytest.mark.parametrize("size, value", [
    ("400000000", 400_000_000), ("400000000B", 400_000_000), ("400000k", 400_000_000),
    ("400000kB", 400_000_000), ("400000K", 400_000_000), ("400M", 400_000_000),
    ("400MB", 400_000_000), ("400mb", 400_000_000), ("400 MB", 400_000_000),
    ("1.5G", 1_500_000_000), ("1.5GB", 1_500_000_000), ("0.0004T", 400_000_000),
    ("400000Ki", 400_000 << 10), ("400Mi", 400 << 20), ("400MiB", 400 << 20),
    ("400mib", 400 << 20), ("2GiB", 2 << 30), ("0.3Gi", (3 << 30) // 10), ("1Ti", 1 << 40),
    ("1.5TiB", 3 << 39)])
def test_sizes_as_people_write_them(run, text_file, tmp_path, size, value):
    done = run("count", "-q", "--json", "-j", 1, "--memory", size, "-o", tmp_path / "a.counts",
               text_file)
    assert json.loads(done.stdout)["memory_limit"] == value


@pytest.mark.parametrize("number, value", [
    ("300", 300), ("0.3k", 300), ("32k", 32_000), ("32K", 32_000), ("1.024k", 1024), ("1Ki", 1024),
    ("0.5Ki", 512), ("0.001M", 1000), ("0.001G", 1_000_000)])
def test_counts_as_people_write_them(run, text_file, number, value):
    figures = json.loads(run("train", "-q", "--json", "-s", number, text_file).stdout)
    assert figures["vocab_size_asked"] == value


def test_the_summary_repeats_the_number(run):
    done = run("train", "-s", "32k", input=b"ab")
    assert b"Stopped at 257 of 32,000 entries: no pair is left.\n" in done.stderr


def test_a_least_count_of_zero_means_one(run):
    figures = [run("train", "-q", "--json", "-s", 300, "--min-count", count, input=b"ab abc").stdout
               for count in ("0", "1")]
    assert [json.loads(figure)["min_count"] for figure in figures] == [1, 1]
    assert [json.loads(figure)["merges"] for figure in figures] == [3, 3]


def test_a_backslash_in_a_message_is_one(run, tmp_path):
    token = r"\d\\x"
    message = refuse(run, "train", "-s", "300", "--special", token, "--special", token, "x")
    assert rf'special token "{token}" is given twice' in message
    message = refuse(run, "train", "-s", "300", "--ties", r"\n")
    assert r'unknown value "\n"' in message
    assert r"/no\ne: " in run("count", "-o", tmp_path / "x.counts", tmp_path / r"no\ne",
                             check=False).stderr.decode()


def test_control_characters_in_a_message_are_harmless(run, tmp_path):
    name = "a\x1b[2J\nb\x7f\u009b\u00a0\u00b2"
    message = run("count", "-o", tmp_path / "x.counts", tmp_path / name, check=False).stderr.decode()
    assert "a\\x1B[2J\\x0Ab\\x7F\\xC2\\x9B\u00a0\u00b2: " in message
    assert message.count("\n") == 1


def test_forms_of_options(run, text_file):
    plain = run("train", "-s", "300", "-q", "--json", text_file).stdout
    for arguments in (["-s300", "-q", "--json"], ["-qs", "300", "--json"],
                      ["--vocab-size=300", "--quiet", "--json"]):
        done = run("train", text_file, *arguments)
        assert done.stderr == b""
        assert done.stdout.count(b"\n") == plain.count(b"\n")
    assert run("train", "-q", "-s", "300", "--", text_file).returncode == 0
    assert b"cannot" in run("train", "-s", "300", "--", "-q", check=False).stderr


def test_messages_escape_control_bytes(run):
    done = run("train", "-s", "300", b"no\x1b[2Jsuch\nfile", check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr and done.stderr.count(b"\n") == 1


def test_help_for_unknown_commands(run):
    refuse(run, "help", "prove")
    refuse(run, "help", "train", "count")
