# verify: two models on a text, a model and its training text; exit codes and what is shown.
# SPDX-License-Identifier: MIT
import json
import random
import shutil
import signal
import subprocess

import pytest

NUMBERS = random.Random(9)
WORDS = ["".join(NUMBERS.choices("abcdefgh", k=NUMBERS.randint(2, 9))) for _ in range(300)]
TEXT = " ".join(NUMBERS.choices(WORDS, k=12000))
END = "<|end|>"


@pytest.fixture(scope="module")
def work(tmp_path_factory, run):
    """A folder with text.txt of two documents, and the model that was trained on it."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "text.txt").write_text(TEXT[:30000] + END + TEXT[30000:])
    run("train", "-s", 420, "--special", END, "--reserve", 2, "--doc-separator", END, "-q", "-o",
        "model", "text.txt", cwd=folder)
    return folder


@pytest.fixture
def verify(run, work):
    """Runs verify in the folder, and checks the exit code. Returns the lines on stderr."""

    def run_verify(*args, code, input=b""):
        done = run("verify", *args, cwd=work, check=False, input=input)
        lines = done.stderr.decode().splitlines()
        assert done.returncode == code, lines
        assert done.stdout == b""
        return lines

    return run_verify


def changed(work, name, file, change):
    """A copy of the model, with one of its files changed."""
    shutil.rmtree(work / name, ignore_errors=True)
    shutil.copytree(work / "model", work / name)
    path = work / name / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return name


TRAINING = ("--training", "--doc-separator", END)


# ---- A model and its training ----


@pytest.mark.parametrize("options", [["-j", 1], ["-j", 4], ["--memory", "40MB", "-j", 2]])
def test_a_model_and_its_training(verify, options):
    lines = verify("-m", "model", *TRAINING, *options, "text.txt", code=0)
    assert lines[0] == ("model and its training agree on 161 merges, learned from "
                        "77.4 kB of text in 2 documents."), lines
    assert lines[1].startswith("In ")
    assert verify("-m", "model", *TRAINING, *options, "-q", "text.txt", code=0) == []


@pytest.mark.parametrize("name", ["text.counts", "words.tsv"])
def test_counts_instead_of_text(run, work, verify, name):
    run("count", "--special", END, "--doc-separator", END, "-q", "-f", "-o", name, "text.txt",
        cwd=work)
    lines = verify("-m", "model", "--training", "--counts", name, code=0)
    assert lines[0].startswith("model and its training agree on 161 merges"), lines
    lines = verify("-m", "model", "--training", "--counts", name, "text.txt", code=3)
    assert lines[0].endswith("the totals of the text differ")


def test_counts_in_parts_and_text(run, work, verify):
    (work / "first.txt").write_text(TEXT[:30000] + END)
    (work / "second.txt").write_text(TEXT[30000:])
    run("count", "--special", END, "--doc-separator", END, "-q", "-f", "-o", "first.counts",
        "first.txt", cwd=work)
    verify("-m", "model", *TRAINING, "--counts", "first.counts", "second.txt", code=0)
    run("count", "-q", "-f", "-o", "other.counts", "first.txt", cwd=work)
    lines = verify("-m", "model", *TRAINING, "--counts", "other.counts", code=1)
    assert "special tokens differ" in lines[0], lines


def test_another_text(work, verify):
    (work / "other.txt").write_bytes((work / "text.txt").read_bytes() + b" more")
    lines = verify("-m", "model", *TRAINING, "-q", "other.txt", code=3)
    size = (work / "text.txt").stat().st_size
    assert lines[:2] == [
        "pairmill: verify: model and its training differ: the totals of the text differ",
        f"pairmill: verify:   bytes: {size + 5} counted, {size} in the record"], lines
    assert len(lines) == 3 and lines[2].startswith("pairmill: verify:   pretokens: ")
    lines = verify("-m", "model", "--training", "-q", "text.txt", code=3)
    assert lines[1:] == ["pairmill: verify:   documents: 1 counted, 2 in the record"]


def test_two_merges_swapped(work, verify):
    def swap(content):
        merges = content["model"]["merges"]
        merges[20], merges[21] = merges[21], merges[20]

    name = changed(work, "swapped", "tokenizer.json", swap)
    lines = verify("-m", name, *TRAINING, "-q", "text.txt", code=3)
    assert len(lines) == 3
    assert lines[0] == (f"pairmill: verify: {name} and its training differ: the merge of rank 20 "
                        "(the first has 0) differs"), lines
    assert lines[1].startswith("pairmill: verify:   model: ")
    assert lines[2].startswith("pairmill: verify:   text: ")


def test_one_count_changed(work, verify):
    def add_one(content):
        content["merge_counts"][77] += 1

    name = changed(work, "counted", "training.json", add_one)
    lines = verify("-m", name, *TRAINING, "-q", "text.txt", code=3)
    assert lines[0].endswith("the merge of rank 77 (the first has 0) differs in its count"), lines
    counts = [int(line.rsplit(" ", 1)[1]) for line in lines[1:]]
    assert counts[0] == counts[1] + 1


@pytest.mark.parametrize("options", [["--min-count", "30", "--layout", "hf", "--ties", "ids"],
                                     ["--compat", "hf", "--max-token-length", "4"],
                                     ["--layout", "gpt2", "--pad-vocab-to", "64"],
                                     ["--pattern", "cl100k", "--unicode", "15.0"]])
def test_options_come_from_the_record(run, work, verify, options):
    run("train", "-s", 600, "--special", END, *options, "-q", "-f", "-o", "options", "text.txt",
        cwd=work)
    verify("-m", "options", "--training", "text.txt", code=0)


def test_records_that_cannot_be_followed(run, work, verify):
    def set_ties(content):
        content["options"]["ties"] = "letters"

    name = changed(work, "ties", "training.json", set_ties)
    lines = verify("-m", name, *TRAINING, "text.txt", code=1)
    assert "the training record can't be followed: unknown tie rule" in lines[0], lines
    run("convert", "-s", 400, "model", "smaller", cwd=work)
    lines = verify("-m", "smaller", *TRAINING, "text.txt", code=2)
    assert "the model has no training record" in lines[0], lines


@pytest.mark.parametrize("options,words", [
    (["--doc-separator", "x"], 'document separator "x": not a special token of the training'),
    (["--pattern", "cl100k"], 'its pattern is "gpt2", but "cl100k" was asked for'),
    (["--unicode", "15.0"], "its Unicode version is 16.0, but 15.0 was asked for"),
    (["--special", "x"], '"x" was asked for'),
    (["--memory", "1k"], "a memory limit of 1000 bytes is too small"),
    (["--template"], "option --template: applies to --against"),
    (["--special-tokens", "all"], "option --special-tokens: applies to --against"),
    (["--against", "model"], "cannot be combined with --against"),
    (["--tsv", "raw"], "option --tsv: needs --counts"),
])
def test_options_that_contradict_the_record(verify, options, words):
    lines = verify("-m", "model", "--training", *options, "text.txt", code=2)
    assert words in lines[0] and lines[1] == 'See "pairmill help verify".', lines


# ---- Two models ----


def test_two_models_agree(run, work, verify):
    run("convert", "model", "same.json", cwd=work)
    lines = verify("-m", "model", "--against", "same.json", "text.txt", code=0)
    assert lines[0].startswith("model and same.json agree on 1 document, 77.4 kB of text: "), lines
    assert lines[0].endswith(" ids.")
    lines = verify("-m", "model", "--against", "same.json", "--doc-separator", END, "text.txt",
                   code=0)
    assert " agree on 2 documents, " in lines[0]
    verify("-m", "model", "--against", "same.json", code=0, input=TEXT.encode())


def test_json(run, work):
    run("convert", "-f", "model", "same.json", cwd=work)
    command = ["verify", "-m", "model", "--against", "same.json", "--json", "-q", "text.txt"]
    found = json.loads(run(*command, cwd=work).stdout)
    ids = run("encode", "-m", "model", "text.txt", cwd=work).stdout.split()
    assert (found["command"], found["agree"], found["training"]) == ("verify", True, False)
    assert (found["documents"], found["compared"]) == (1, len(ids))
    assert found["bytes"] == (work / "text.txt").stat().st_size
    assert found["difference"] is None and found["bad_lines"] == 0
    (work / "other.txt").write_text(TEXT)
    done = run("verify", "-m", "model", *TRAINING, "--json", "other.txt", cwd=work, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 3
    assert (found["agree"], found["training"], found["against"]) == (False, True, None)
    assert found["difference"].startswith("the totals of the text differ\n  documents: 1 counted")


def spelled(run, work, model, text):
    """Pairs of id and token."""
    ids = run("encode", "-m", model, cwd=work, input=text.encode()).stdout.split()
    content = json.loads((work / model / "tokenizer.json").read_text())
    vocab = {number: token for token, number in content["model"]["vocab"].items()}
    return [(int(number), vocab[int(number)].replace("Ġ", " ")) for number in ids]


@pytest.fixture(scope="module")
def one_merge_less(work):
    """A copy of the model without its last merge, and a text with the token that it makes."""

    def drop(content):
        content["model"]["merges"].pop()

    name = changed(work, "less", "tokenizer.json", drop)
    # Its count of merges contradicts the record.
    (work / name / "training.json").unlink()
    merges = json.loads((work / "model" / "tokenizer.json").read_text())["model"]["merges"]
    return name, "".join(merges[-1]).replace("Ġ", " ")


def show(tokens, at):
    shown = [f'{number} "{token}"' for number, token in tokens]
    before = ["..."] * (at > 4) + shown[max(at - 4, 0):at]
    after = shown[at:at + 4] + ["..."] * (len(shown) > at + 4)
    return " ".join([*before, "|", *(after if at < len(shown) else ["(no more)"])])


@pytest.mark.parametrize("form", ["text", "lines", "jsonl", "separated"])
def test_the_first_difference(run, work, verify, one_merge_less, form):
    """It is far into the input, and shown alike whatever the threads do."""
    less, token = one_merge_less
    same = [word for word in WORDS if token.strip() not in word]
    numbers = random.Random(5)
    documents = [" ".join(numbers.choices(same, k=40)) for _ in range(6000)]
    late = documents[4321] + token + " " + same[0]
    documents[4321] = late
    documents[4400] = documents[5000] = late + late
    options = []
    if form == "jsonl":
        lines = "".join(json.dumps({"text": text}) + "\n\n" for text in documents)
        place = "document 4322 (line 8643)"
    elif form == "lines":
        options, late = ["--input-format", "lines"], late + "\n"
        lines = "".join(text + "\n" for text in documents)
        place = f"document 4322 (at byte {len(''.join(documents[:4321])) + 4321})"
    elif form == "separated":
        options = ["--doc-separator", END]
        lines = END.join(documents)
        place = f"document 4322 (at byte {len(''.join(documents[:4321])) + 4321 * len(END)})"
    else:
        lines = " ".join(documents)
        late = lines
        place = "document 1 (at byte 0)"
    name = "late.jsonl" if form == "jsonl" else "late.txt"
    (work / name).write_text(lines)
    tokens, others = spelled(run, work, "model", late), spelled(run, work, less, late)
    at = next(i for i, (a, b) in enumerate(zip(tokens, others)) if a != b)
    byte = len("".join(token for _, token in tokens[:at]))
    tokens, others = ([(n, t.replace("Ċ", "\\x0a")) for n, t in side] for side in (tokens, others))
    expected = [f"pairmill: verify: model and {less} differ: {name}: {place}: its byte {byte}, "
                f"id {at}",
                f"pairmill: verify:   model: {show(tokens, at)}",
                f"pairmill: verify:   {less}: {show(others, at)}"]
    for threads in 1, 2, 3, 4:
        assert verify("-m", "model", "--against", less, *options, "-q", "-j", threads,
                      "--chunk-size", 20000, name, code=3) == expected


def test_figures_up_to_the_difference(run, work, one_merge_less):
    less, token = one_merge_less
    same = [word for word in WORDS if token.strip() not in word]
    documents = [" ".join(same[i % 50:]) for i in range(500)]
    documents[333] += token
    (work / "figures.txt").write_text("".join(text + "\n" for text in documents))
    before = "".join(text + "\n" for text in documents[:333])
    for threads in 1, 2, 3, 4:
        done = run("verify", "-m", "model", "--against", less, "--json", "--input-format", "lines",
                   "-j", threads, "--chunk-size", 5000, "figures.txt", cwd=work, check=False)
        found = json.loads(done.stdout)
        assert (done.returncode, found["documents"], found["bytes"]) == (3, 333, len(before))
        ids = run("encode", "-m", "model", "--input-format", "lines", cwd=work,
                  input=before.encode()).stdout.split()
        assert found["compared"] == len(ids) + len(spelled(run, work, "model", documents[333])) - 1


def test_one_model_has_fewer_ids(run, work, verify):
    run("convert", "-f", "model", "longer.json", cwd=work)
    content = json.loads((work / "longer.json").read_text())
    content["post_processor"] = {
        "type": "TemplateProcessing", "single": [
            {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": END, "type_id": 0}}],
        "pair": [], "special_tokens": {END: {"id": END, "ids": [256], "tokens": [END]}}}
    (work / "longer.json").write_text(json.dumps(content))
    verify("-m", "model", "--against", "longer.json", "text.txt", code=0)
    lines = verify("-m", "model", "--against", "longer.json", "--template", "-q", code=3,
                   input=b"zz")
    assert lines == [
        "pairmill: verify: model and longer.json differ: stdin: document 1 (at byte 0): "
        "its byte 2, id 2",
        'pairmill: verify:   model: 122 "z" 122 "z" | (no more)',
        f'pairmill: verify:   longer.json: 122 "z" 122 "z" | 256 "{END}"'], lines


@pytest.mark.parametrize("which,code", [("none", 0), ("untrusted", 0), ("all", 3), (END, 0)])
def test_models_that_differ_in_an_added_token(run, work, verify, which, code):
    run("convert", "-f", "--add-special", "<|more|>", "model", "more.json", cwd=work)
    lines = verify("-m", "model", "--against", "more.json", "--special-tokens", which, "-q",
                   code=code, input=b"zz<|more|>zz" + END.encode())
    if code == 3:
        assert lines[0].endswith("stdin: document 1 (at byte 0): its byte 2, id 2")
        assert lines[2].endswith('more.json: 122 "z" 122 "z" | 420 "<|more|>" 122 "z" 122 "z" '
                                 f'256 "{END}"'), lines


def test_another_pattern(run, work, verify):
    run("train", "-s", 420, "--special", END, "--reserve", 2, "--pattern", "none", "-q", "-f",
        "-o", "none", "text.txt", cwd=work)
    lines = verify("-m", "model", "--against", "none", "-q", "text.txt", code=3)
    assert lines[0].startswith("pairmill: verify: model and none differ: text.txt: document 1")


def test_special_tokens_that_are_an_error(verify):
    lines = verify("-m", "model", "--against", "model", "--special-tokens", "error", "text.txt",
                   code=1)
    assert lines == [f"pairmill: verify: model: text.txt: byte 30000: the text contains the "
                     f'special token "{END}"']


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_what_one_model_cannot_encode_is_an_error(work, verify, threads):
    """It names the model, the line and the byte, whatever the threads do."""

    def drop_z(content):
        del content["model"]["vocab"]["z"]

    changed(work, "lacking", "tokenizer.json", drop_z)
    shutil.rmtree(work / "lacking.json", ignore_errors=True)
    shutil.copy(work / "lacking" / "tokenizer.json", work / "lacking.json")
    lines = [json.dumps({"text": f"é{word}"}) for word in WORDS * 40]
    lines[7777] = json.dumps({"text": "ééz"})
    lines[8888] = json.dumps({"text": "z"})
    (work / "z.jsonl").write_text("\n".join(lines))
    assert verify("-m", "model", "--against", "lacking.json", "-j", threads, "--chunk-size", 3000,
                  "z.jsonl", code=1) == [
        "pairmill: verify: lacking.json: z.jsonl: line 7778: byte 4 of the text: "
        "the vocab lacks byte 0x7A"]


def test_models_without_a_pattern(run, work, verify):
    run("convert", "-f", "--allow-loss", "model", "ranks.tiktoken", cwd=work)
    lines = verify("-m", "model", "--against", "ranks.tiktoken", "text.txt", code=2)
    assert "ranks.tiktoken: the model has no pattern" in lines[0], lines
    verify("-m", "model", "--against", "ranks.tiktoken", "--pattern", "gpt2", "text.txt", code=0)
    verify("-m", "ranks.tiktoken", "--model-format", "tiktoken", "--against", "model", "--pattern",
           "gpt2", "--special", END, "--special-tokens", END, "text.txt", code=0)


@pytest.mark.parametrize("threads", [1, 4])
def test_bad_lines(work, verify, threads):
    good = json.dumps({"text": TEXT[:500]}) + "\n"
    (work / "bad.jsonl").write_text(good * 300 + "{\n" + good * 300 + '{"text": 5}\n')
    options = ["-m", "model", "--against", "model", "-j", threads, "--chunk-size", 4000]
    lines = verify(*options, "bad.jsonl", code=1)
    assert lines[0].startswith("pairmill: verify: bad.jsonl: line 301: byte "), lines
    lines = verify(*options, "--skip-bad-lines", "bad.jsonl", code=0)
    assert lines[0].startswith("model and model agree on 600 documents, ")
    assert lines[1].startswith("Skipped 2 bad lines. The first was bad.jsonl: line 301: "), lines


def test_empty_input_and_missing_files(verify):
    lines = verify("-m", "model", "--against", "model", code=0)
    assert lines[0].startswith("model and model agree on 0 documents, 0 B of text: 0 ids."), lines
    lines = verify("-m", "model", "--against", "missing", "text.txt", code=1)
    assert lines == ["pairmill: verify: missing: cannot open: No such file or directory"]
    lines = verify("-m", "model", "--against", "model", "missing.txt", code=1)
    assert lines[0].startswith("pairmill: verify: missing.txt: cannot read"), lines


@pytest.mark.parametrize("options,words", [
    ([], "needs -m MODEL"),
    (["-m", "model"], "needs --against OTHER or --training"),
    (["-m", "model", "--against", "model", "--counts", "x"], "option --counts: applies to"),
    (["-m", "model", "--against", "model", "--memory", "1G"], "option --memory: applies to"),
    (["-m", "model", "--against", "model", "--special-tokens", "x"], 'no special token "x"'),
])
def test_wrong_usage(verify, options, words):
    lines = verify(*options, "text.txt", code=2)
    assert words in lines[0] and lines[1] == 'See "pairmill help verify".', lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", [["--training"], ["--against", "model"],
                                  ["--against", "model", "--input-format", "lines"]])
def test_interrupt(pairmill, work, kind, number):
    source = subprocess.Popen(["yes", "the mill grinds slowly"], stdout=subprocess.PIPE)
    child = subprocess.Popen([pairmill, "verify", "-m", "model", *kind, "--progress", "json"],
                             stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             cwd=work)
    source.stdout.close()
    assert child.stderr.readline().startswith(b"{")
    child.send_signal(number)
    shown, message = child.communicate(timeout=60)
    source.kill()
    source.wait()
    assert (child.returncode, shown) == (130, b"")
    assert message.endswith(b"pairmill: verify: interrupted\n")


def test_interrupt_while_an_expression_backtracks(run, pairmill, tmp_path):
    """On a megabyte of one letter this expression would take minutes or hours."""
    (tmp_path / "small").write_bytes(b"ad ad")
    (tmp_path / "text").write_bytes(b"a" * 1_000_000)
    run("train", "-s", 257, "--pattern", "a*a+[de]", "-q", "-o", "model.json", "small",
        cwd=tmp_path)
    child = subprocess.Popen(
        [pairmill, "verify", "-m", "model.json", "--against", "model.json", "--progress", "json",
         "text"], cwd=tmp_path, stderr=subprocess.PIPE)
    assert b'"stage":"verify"' in child.stderr.readline()
    child.send_signal(signal.SIGINT)
    _, message = child.communicate(timeout=30)
    assert child.returncode == 130 and message.endswith(b": interrupted\n")
