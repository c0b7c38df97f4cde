# Help, man pages and completions come from one table: an option in one of them is in all.
# SPDX-License-Identifier: MIT
import re
import shutil
import subprocess

import pytest

COMMANDS = ["train", "count", "merge-counts", "encode", "decode", "convert", "inspect", "verify",
            "bench", "completions", "help", "version"]

# These names are part of the interface and must not change.
PROMISED = {
    "train": """vocab-size output special pattern min-count reserve pad-vocab-to max-token-length
        ties layout compat counts tsv doc-separator input-format field skip-bad-lines skip-binary sha256 unicode
        threads quiet verbose progress json force chunk-size scanner help""",
    "count": """output special pattern doc-separator input-format field skip-bad-lines skip-binary unicode
        sha256 threads quiet verbose progress json force help""",
    "merge-counts": "output tsv threads quiet verbose progress json force unicode help",
    "encode": """model output text format count special-tokens doc-separator eot input-format field
        skip-bad-lines skip-binary unicode pattern special threads quiet verbose progress json force help""",
    "decode": "model output format skip-special-tokens pattern special unicode threads quiet json force help",
    "convert": """pattern special unicode model-format to allow-loss merges vocab-size rename-special
        add-special force quiet help""",
    "inspect": "audit check top tsv pattern special unicode json quiet help",
    "verify": "model against training special-tokens template pattern special counts tsv memory "
              "tmp-dir doc-separator input-format field threads json quiet help",
    "bench": """runs vocab-size text-size special pattern doc-separator input-format field
        skip-bad-lines skip-binary unicode threads quiet verbose progress json help""",
}
LETTERS = {"train": "osfjqvh", "count": "ofjqvh", "merge-counts": "ofjqvh", "encode": "mofjqvh",
           "decode": "mofjqvh", "bench": "sjqvh"}


def options_of(text):
    return set(re.findall(r"^\s+(?:-\w, )?--([a-z0-9-]+)", text, re.M))


def test_overview_lists_all_commands(run):
    for arguments in (["--help"], ["help"], ["-h"]):
        done = run(*arguments)
        text = done.stdout.decode()
        assert re.findall(r"^  ([a-z-]+)  ", text, re.M) == COMMANDS
        assert text.index("Example:") < text.index("Usage:")
        assert done.stderr == b""


def test_no_command_is_wrong_usage(run):
    done = run(check=False)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Usage: pairmill COMMAND" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run, command):
    by_help = run("help", command).stdout
    assert run(command, "--help").stdout == by_help == run(command, "-h").stdout
    text = by_help.decode()
    assert text.startswith(("Example", "Usage"))
    assert f"Usage: pairmill {command} " in text
    assert max(map(len, re.sub(r"^  pairmill .*$", "", text, flags=re.M).splitlines())) <= 80
    assert options_of(text) >= set(PROMISED.get(command, "help").split())
    for letter in LETTERS.get(command, ""):
        assert re.search(rf"^  -{letter}, --", text, re.M)


def test_help_wins_over_missing_or_wrong_arguments(run):
    assert run("train", "-s", "300", "--help").returncode == 0
    assert run("merge-counts", "--help").returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_man_page_has_every_option_of_the_help(run, command):
    page = run("man", command).stdout.decode()
    assert page.startswith(f".TH PAIRMILL\\-{command.upper()}".replace("MERGE-", "MERGE\\-"))
    names = re.findall(r"^(?:\\fB\\-\w\\fR, )?\\fB\\-\\-([a-z0-9\\-]+)\\fR", page, re.M)
    in_page = {name.replace("\\-", "-") for name in names}
    assert in_page == options_of(run("help", command).stdout.decode())


def test_overview_page_names_every_page(run):
    page = run("man").stdout.decode().replace("\\-", "-")
    assert re.findall(r"^\.BR pairmill-([a-z-]+) \(1\)$", page, re.M) == COMMANDS


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_man_page_is_roff_without_warnings(run, command):
    page = run("man", *([command] if command else [])).stdout
    assert re.search(rb"^\.SH NAME\npairmill.* \\- ", page, re.M)
    for line in page.decode("ascii").splitlines():
        if line.startswith("."):
            assert re.match(r"\.(TH|SH|SS|TP|PP|BR|nf|fi)\b", line), line
        assert not line.startswith("'")
        assert re.fullmatch(r"(?:[^\\]|\\(?:[-e&]|f[BIR]|\([a-z]{2}))*", line), line
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page,
                              capture_output=True)
        assert (done.returncode, done.stderr) == (0, b"")


def complete_in_bash(script, words):
    test = ('source /dev/stdin; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _pairmill 2>/dev/null; '
            'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", test, "bash", *words], input=script, capture_output=True,
                          check=True)
    return set(done.stdout.decode().split())


@pytest.mark.parametrize("command", COMMANDS)
def test_bash_completes_every_option(run, command):
    script = run("completions", "bash").stdout
    offered = complete_in_bash(script, ["pairmill", command, "--"])
    assert offered == {f"--{name}" for name in options_of(run("help", command).stdout.decode())}


def test_bash_completes_commands_and_values(run, tmp_path):
    script = run("completions", "bash").stdout
    subprocess.run(["bash", "-n"], input=script, check=True)
    assert complete_in_bash(script, ["pairmill", ""]) == {*COMMANDS, "--help", "--version"}
    assert complete_in_bash(script, ["pairmill", "train", "--ties", ""]) == {"bytes", "ids"}
    assert complete_in_bash(script, ["pairmill", "train", "--ties", "=", "i"]) == {"ids"}
    assert "o200k" in complete_in_bash(script, ["pairmill", "train", "--pattern", ""])
    assert complete_in_bash(script, ["pairmill", "completions", ""]) == {"bash", "zsh", "fish"}
    assert complete_in_bash(script, ["pairmill", "train", "--special", ""]) == set()
    (tmp_path / "corpus.txt").touch()
    path = str(tmp_path / "corpus.txt")
    assert complete_in_bash(script, ["pairmill", "train", path[:-4]]) == {path}
    assert complete_in_bash(script, ["pairmill", "encode", "-m", path[:-4]]) == {path}


@pytest.mark.parametrize("command", COMMANDS)
def test_zsh_and_fish_have_every_option(run, command):
    options = options_of(run("help", command).stdout.decode())
    zsh = run("completions", "zsh").stdout.decode()
    case = re.search(rf"^\t\t{command}\) (.*?) ;;$", zsh, re.M | re.S).group(1)
    assert set(re.findall(r"^\t\t\t'\*?--([a-z0-9-]+)=?\[", case, re.M)) == options
    fish = run("completions", "fish").stdout.decode()
    lines = [
        line for line in fish.splitlines() if f"__fish_seen_subcommand_from {command}'" in line
    ]
    assert set(re.findall(r" -l ([a-z0-9-]+)", "\n".join(lines))) == options


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_read_their_completions(run, shell):
    script = run("completions", shell).stdout
    assert script.startswith((b"# ", b"#compdef pairmill\n"))
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, check=True)


def test_version(run):
    assert re.fullmatch(rb"pairmill \d+\.\d+\.\d+\n", run("version").stdout)
    assert run("--version").stdout == run("version").stdout
