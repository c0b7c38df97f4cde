# Members of a tokenizer.json at random: steps, behaviors, added tokens with flags, normalizers.
# SPDX-License-Identifier: MIT
"""A vocab trained once, inside many configurations that no model has, with ids like theirs."""
import json
import random
import subprocess

from tokenizers import Tokenizer

import published
import texts
from hf_encoder import check_equal

BEHAVIORS = ["Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"]
EXPRESSIONS = [
    r"\s+", r"\p{L}+", "e", r"[a-m]{2}", r"\d", published.LLAMA3, published.QWEN2, r"[^\s]+",
    r"\p{P}", "x|y", "(?i:the)", r" ?\p{L}+", r"[\r\n]+"
]
STRINGS = [" ", "a", "e ", "..", "(", "0", "é", "\n"]
CONTENTS = [
    "<x>", "ab", "a", "  ", " ", "the", "the ", "\n", "é", "<|end|>", "x>", "<x", "日", "12", "İ",
    "ſ", "Th", "a b", "_", "'s", "e\u0301", "\ufb01", "İx"
]
OTHERS = [" ", "  ", "x", "\t", "é", ".", "1"]


def make_step(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return {"type": "Digits", "individual_digits": rng.random() < 0.5}
    behavior, inverted = rng.choice(BEHAVIORS), rng.random() < 0.4
    if kind == 1:
        return {"type": "Punctuation", "behavior": behavior}
    if kind == 2:
        return published.split(rng.choice(STRINGS), behavior, inverted, "String")
    return published.split(rng.choice(EXPRESSIONS), behavior, inverted)


def make_pre_tokenizer(rng):
    steps = [make_step(rng) for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))]
    steps.append(published.byte_level(rng.random() < 0.3, rng.random() < 0.5))
    steps += [make_step(rng) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    if rng.random() < 0.3:
        at = rng.randrange(len(steps) + 1)
        steps = [*steps[:at], published.sequence(*steps[at:])]
    if rng.random() < 0.2:
        steps.insert(rng.randrange(len(steps) + 1), published.sequence())
    return steps[0] if len(steps) == 1 else published.sequence(*steps)


def make_added(rng):
    names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return [{"id": rng.randrange(600), "content": content,
             **{name: rng.random() < 0.35 for name in names}}
            for content in rng.sample(CONTENTS, rng.randrange(6))]


def make_normalizer(rng):
    def step():
        by = rng.choice(["", "b", " "])
        pattern = rng.choice([{"String": rng.choice(["a", " ", "the", "  "])},
                              {"Regex": rng.choice([r"\s+", "[a-e]+", r"\p{L}\p{M}", " {2,}"])}])
        return rng.choice([
            *({"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase")),
            {"type": "Prepend", "prepend": rng.choice(["x", " ", "é"])},
            {"type": "Replace", "pattern": pattern, "content": by},
            {"type": "Replace", "pattern": pattern, "content": by},
            {"type": "Strip", "strip_left": rng.random() < 0.5,
             "strip_right": rng.random() < 0.5}])

    steps = [step() for _ in range(rng.choice([1, 1, 2, 3]))]
    return published.sequence(*steps, key="normalizers")


def make_texts(rng):
    made = [texts.hostile(rng, rng.randint(0, 25), 0).decode() for _ in range(60)]
    return made + ["".join(rng.choice([*CONTENTS, *OTHERS]) for _ in range(rng.randint(0, 12)))
                   for _ in range(80)]


def can_encode(theirs, text):
    """They panic where a token that strips ends within what the one before has stripped."""
    try:
        theirs.encode(text)
    except BaseException as error:
        assert type(error).__name__ == "PanicException"
        return False
    return True


def make_base():
    """The vocab that all of them have."""
    made = published.train(published.MODELS["gpt2"], 500)
    made["added_tokens"] = []
    return made


def check(build_dir, folder, made, rng):
    """The same ids from the file, and from what we write of it."""
    path, again = folder / "a.json", folder / "b.json"
    path.write_text(json.dumps(made), "utf-8")
    theirs = Tokenizer.from_str(path.read_text("utf-8"))
    chosen = [text for text in make_texts(rng) if can_encode(theirs, text)]
    check_equal(build_dir, path, theirs, chosen, "--lossy", "yes")
    subprocess.run([str(build_dir / "tests" / "model"), "convert", str(path), str(again)],
                   check=True)
    written = Tokenizer.from_str(again.read_text("utf-8"))
    for text in chosen:
        assert written.encode(text).ids == theirs.encode(text).ids, text


def empty_once_normalized(made):
    """The added tokens of which nothing is left: they cut text anywhere with them, or panic."""
    normalizer = Tokenizer.from_str(json.dumps(made)).normalizer
    return [token for token in made["added_tokens"]
            if token["normalized"] and normalizer.normalize_str(token["content"]) == ""]


def check_refused(build_dir, folder, made):
    path = folder / "a.json"
    path.write_text(json.dumps(made), "utf-8")
    done = subprocess.run([str(build_dir / "tests" / "encode"), "--special-tokens", "all",
                           str(path)], input=b"\1\0\0\0a", capture_output=True)
    assert done.returncode != 0 and b"nothing is left of the added token" in done.stderr


def check_members(build_dir, folder, base, seed, has_normalizer):
    rng = random.Random(seed)
    made = json.loads(json.dumps(base))
    made["pre_tokenizer"], made["added_tokens"] = make_pre_tokenizer(rng), make_added(rng)
    made["model"]["ignore_merges"] = rng.random() < 0.3
    if has_normalizer:
        made["normalizer"] = make_normalizer(rng)
        if empty_once_normalized(made):
            check_refused(build_dir, folder, made)
            return
    check(build_dir, folder, made, rng)
