# Everybody's models: ids equal to those of tokenizers and tiktoken, or a refusal that says why.
# SPDX-License-Identifier: MIT
"""`make test-models` installs the packages and runs this; docs/models.md shows the results."""
import functools
import json
import random
import re

import model_rows
import pytest
import sample

pytestmark = pytest.mark.slow

NAMES = [row.name for row in model_rows.ROWS]
EQUAL = [row for row in model_rows.ROWS if not row.refusal]
REFUSED = [row for row in model_rows.ROWS if row.refusal]


def by_name(rows):
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


@functools.cache
def sample_texts():
    return [text for kind in sample.make().values() for text in kind]


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory):
    return write_lines(tmp_path_factory.mktemp("sample") / "sample.jsonl", sample_texts())


def write_lines(path, items):
    with path.open("w", encoding="utf-8") as file:
        for text in items:
            file.write(json.dumps({"text": text}) + "\n")
    return path


def load_options(row):
    return ["--encoding", row.encoding] if row.encoding else []


@pytest.fixture
def encode(run, tmp_path):
    """Runs the command once for all texts, which come as JSON lines."""

    def encode_file(model, path, *options):
        out = tmp_path / "ids.txt"
        run("encode", "-q", "-f", "-m", model, "--special-tokens", "all", *options, "-o", out, path)
        return [[int(i) for i in line.split()] for line in out.read_text().splitlines()]

    return encode_file


def compare(items, ours, encode_theirs, **options):
    for at in range(0, len(items), 500):
        part = items[at : at + 500]
        for text, mine, other in zip(part, ours[at:], encode_theirs(part, **options)):
            assert mine == other, describe_difference(text, encode_theirs, mine, other)
    assert len(ours) == len(items)


def describe_difference(text, encode_theirs, mine, other):
    same = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b),
                min(len(mine), len(other)))
    return (f"id {same} of {text[:200]!r} ({len(text)} characters): "
            f"{mine[same : same + 4]}, theirs {other[same : same + 4]}")


@by_name(EQUAL)
def test_same_ids(encode, sample_file, row):
    ours = encode(model_rows.find(row), sample_file, *load_options(row))
    compare(sample_texts(), ours, model_rows.load_peer(row).encode)


@by_name(EQUAL)
def test_special_tokens(encode, tmp_path, row):
    items = sample.scatter_tokens(random.Random(row.name), model_rows.load_peer(row).tokens)
    path = write_lines(tmp_path / "special.jsonl", items)
    ours = encode(model_rows.find(row), path, *load_options(row))
    compare(items, ours, model_rows.load_peer(row).encode)


@by_name([row for row in EQUAL if row.encoding is None])
def test_template(encode, tmp_path, row):
    items = ["", "a", " Hello, world\n"]
    path = write_lines(tmp_path / "template.jsonl", items)
    ours = encode(model_rows.find(row), path, "--template")
    compare(items, ours, model_rows.load_peer(row).encode, template=True)


def end_line(text):
    """Several documents that are decoded are each ended by a line feed, unless they have one."""
    return text if text.endswith("\n") else text + "\n"


@by_name(EQUAL)
def test_round_trip(encode, run, tmp_path, sample_file, row):
    """Saved as tokenizer.json and loaded again, the model gives the same ids, and they decode."""
    model, items = model_rows.find(row), sample_texts()
    saved = tmp_path / "tokenizer.json"
    run("convert", *load_options(row), model, saved)
    ours = encode(model, sample_file, *load_options(row))
    assert encode(saved, sample_file) == ours
    compare(items[::10], ours[::10], model_rows.load_tokenizers(saved).encode)
    back = run("decode", "-m", saved, tmp_path / "ids.txt").stdout
    wanted = map(model_rows.load_peer(row).normalize, items)
    assert back == "".join(map(end_line, wanted)).encode()


@by_name(REFUSED)
def test_refusals(run, row):
    model = model_rows.find(row)
    done = run("encode", "-m", model, "--text", "a", check=False)
    assert done.returncode == 1 and done.stdout == b""
    message = done.stderr.decode()
    assert all(word in message for word in row.refusal), message
    # What the file holds can be read all the same, if it can be read at all.
    assert "not valid JSON" in message or run("inspect", model).stdout


def read_table():
    """The rows of docs/models.md that name an npm package: {(model, source): result}."""
    page = (model_rows.TESTS.parent / "docs" / "models.md").read_text("utf-8")
    cells = [[cell.strip() for cell in line.strip("|").split("|")]
             for line in page.splitlines() if re.match(r"\|.*(@lenml/|gpt-tokenizer )", line)]
    return {(row[0], row[1]): row[-1] for row in cells}


def test_docs_agree():
    table = read_table()
    assert set(table) == {(row.name, model_rows.source(row)) for row in model_rows.ROWS}
    for row in model_rows.ROWS:
        result = table[row.name, model_rows.source(row)]
        assert result.startswith("refused: " if row.refusal else "equal"), row.name
        assert all(word in result for word in row.refusal), row.name
