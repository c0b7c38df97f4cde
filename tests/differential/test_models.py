# What a tokenizer.json can say, compared with the reference tokenizer on random and hostile text.
# SPDX-License-Identifier: MIT
import json
import struct
import subprocess

import pytest
import texts

pytest.importorskip("tokenizers")
import small_models  # noqa: E402

from reference import tokenizer_json  # noqa: E402

ERROR = "error"


@pytest.fixture(scope="module")
def program(build_dir):
    """Runs tests/tools/encode.c for all items. Gives ids or ERROR for each."""

    def call(path, items, *args):
        data = b"".join(struct.pack("<I", len(item)) + item for item in items)
        done = subprocess.run([build_dir / "tests" / "encode", *args, path], input=data,
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        return read_answers(done.stdout, len(items))

    return call


def read_answers(data, item_count):
    numbers, answers, at = struct.unpack(f"<{len(data) // 4}I", data), [], 0
    for _ in range(item_count):
        is_error, count = numbers[at] == 0xFFFFFFFF, numbers[at]
        answers.append(ERROR if is_error else list(numbers[at + 1 : at + 1 + count]))
        at += 2 if is_error else 1 + count
    assert at == len(numbers)
    return answers


def expect(model, text, **options):
    try:
        return model.encode(text, **options)
    except ValueError:
        return ERROR


def make_items(rng, document, count=150):
    """Texts that may be invalid UTF-8, also between the bytes of added tokens."""
    made = [text.encode() for text in small_models.make_texts(rng, document, count)
            if small_models.is_settled(text)]
    made += [texts.hostile(rng, 20, 0.3).replace("\u180e".encode(), b"") for _ in range(count)]
    tokens = [token["content"].encode() for token in document["added_tokens"]] or [b""]
    for _ in range(count):
        left, right = rng.choice(texts.INVALID), rng.choice(texts.INVALID)
        made.append(rng.choice([b"", b"a", b" "]) + left + rng.choice([b"", b" ", b"\n"])
                    + rng.choice(tokens) + rng.choice([b"", b" ", b"\n"]) + right)
    return made


def check(program, path, document, items, policy, allowed=(), template=False):
    model = tokenizer_json.Tokenizer(document)
    options = ["--special-tokens", policy, "--lossy", "yes"]
    options += ["--template", "yes"] if template else []
    options += [option for token in allowed for option in ("--allowed", token)]
    answers = program(path, items, *options)
    for item, answer in zip(items, answers, strict=True):
        wanted = expect(model, item, policy=policy, allowed=allowed, template=template)
        assert answer == wanted, f"the ids of {item!r} differ ({policy}, template: {template})"


@pytest.fixture
def written(tmp_path):
    def write(document):
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps(document))
        return path

    return write


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.CONFIGURATIONS)
def test_same_ids(program, written, rng, name):
    document = small_models.make(name)
    path, items = written(document), make_items(rng, document)
    for policy in ("all", "none", "error", "untrusted"):
        check(program, path, document, items, policy, template=policy == "all")
    specials = [token["content"] for token in document["added_tokens"] if token["special"]]
    for allowed in (specials[:1], specials[1:]):
        check(program, path, document, items, "list", allowed)


@pytest.mark.slow
@pytest.mark.parametrize("name", small_models.BEHAVIORS)
def test_behaviors(program, written, rng, name):
    """Whatever isn't refused is read with the reference's meaning."""
    document = small_models.make(name)
    path, items = written(document), make_items(rng, document, 60)
    try:
        program(path, [])
    except RuntimeError as error:
        steps = document["pre_tokenizer"]["pretokenizers"]
        names = {step.get(key) for step in steps for key in ("type", "behavior")} - {None}
        assert any(name in str(error) for name in names)
        return
    check(program, path, document, items, "all")


def test_missing_bytes(program, written, rng):
    """A byte that the vocab lacks is an error, wherever it is."""
    document = small_models.make("gpt2")
    model = document["model"]
    model["merges"] = [merge for merge in model["merges"] if "z" not in "".join(merge)]
    kept = [token for token in model["vocab"] if "z" not in token]
    model["vocab"] = {token: i for i, token in enumerate(kept)}
    document["added_tokens"][0]["id"] = len(kept)
    check(program, written(document), document, [b"a", b"az", b"z", b"zz top", b"<|endoftext|>z"],
          "all")


@pytest.mark.parametrize(
    "change", ["merges as strings", "prefix of nothing", "no optional keys"])
def test_spellings(program, written, rng, change):
    """The same model, written as other versions of `tokenizers` write it."""
    document = small_models.make("qwen2")
    wanted = tokenizer_json.Tokenizer(document)
    model = document["model"]
    if change == "merges as strings":
        model["merges"] = [" ".join(merge) for merge in model["merges"]]
    elif change == "prefix of nothing":
        model["continuing_subword_prefix"] = model["end_of_word_suffix"] = ""
    else:
        for key in ("dropout", "unk_token", "fuse_unk", "byte_fallback", "ignore_merges",
                    "continuing_subword_prefix", "end_of_word_suffix"):
            del model[key]
        for key in ("truncation", "padding", "post_processor"):
            del document[key]
    items = make_items(rng, document, 20)
    answers = program(written(document), items, "--special-tokens", "all", "--lossy", "yes")
    assert answers == [wanted.encode(item, "all") for item in items]
