# What the command says in cases that are rare: cut documents, names of no command, lost bytes.
# SPDX-License-Identifier: MIT
import json
import re

import pytest


def test_documents_that_were_cut_short_are_counted(run, model, text_file, tmp_path):
    (tmp_path / "lines").write_text("a\nthe mill grinds slowly\nand well, too\n")
    command = ["encode", "-m", model, "--input-format", "lines", "--max-tokens", 3]
    done = run(*command, "--count", tmp_path / "lines")
    assert re.search(rb"^cut short        2$", done.stdout, re.MULTILINE)
    done = run(*command, "-o", tmp_path / "ids.txt", tmp_path / "lines")
    assert b"Cut short after --max-tokens: 2 documents.\n" in done.stderr


def test_text_has_no_separators(run, model):
    done = run("encode", "-m", model, "--text", "a", "--doc-separator", "\n", check=False)
    assert done.returncode == 2
    assert b"option --text: cannot be combined with --doc-separator" in done.stderr


def test_special_tokens_of_counts_are_shown(run, text_file, tmp_path):
    run("count", "--special", "<|end|>", "-o", tmp_path / "counts", text_file)
    done = run("inspect", "--top", 100000, tmp_path / "counts")
    lines = done.stdout.decode().splitlines()
    at = lines.index("special tokens   1")
    assert lines[at + 1] == "  <|end|>"
    words = next(line.split()[1] for line in lines if line.startswith("words"))
    assert len(lines) - lines.index("most frequent") - 1 == int(words)


@pytest.mark.parametrize("name", ["trian", "x" * 500])
def test_man_page_of_no_command(run, name):
    done = run("man", name, check=False)
    assert done.returncode == 2 and b"unknown command" in done.stderr
    assert (b'did you mean "train"?' in done.stderr) == (name == "trian")


def test_a_model_without_all_bytes_fails_a_check(run, model, tmp_path):
    run("convert", model, tmp_path / "model.json")
    content = json.loads((tmp_path / "model.json").read_text())
    vocab = content["model"]["vocab"]
    vocab["<unused>"] = vocab.pop("\u0142")
    (tmp_path / "model.json").write_text(json.dumps(content))
    done = run("inspect", tmp_path / "model.json", check=False)
    assert done.returncode == 1
    assert b"FAILED         all 256 bytes are tokens" in done.stdout


def test_tokens_on_a_terminal_keep_their_lines(run_on_terminal, model):
    code, shown = run_on_terminal("encode", "-m", model, "--format", "tokens", "--text", "a\nb")
    assert code == 0
    assert re.search(rb"\\n\x1b\[0m\r?\n", shown)
