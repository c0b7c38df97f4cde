# What the tokenizer.json files of well-known models say, for small vocabs trained inside it.
# SPDX-License-Identifier: MIT
"""Each configuration is all of a tokenizer.json but the vocab, the merges and the ids."""
import json
import random

from tokenizers import AddedToken, Tokenizer, pre_tokenizers, trainers

import texts


def byte_level(space=False, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": space, "trim_offsets": True,
            "use_regex": regex}


def split(expression, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: expression}, "behavior": behavior,
            "invert": invert}


def sequence(*steps, key="pretokenizers"):
    return {"type": "Sequence", key: list(steps)}


def template(before=(), after=()):
    """`before` and `after` name special tokens, whose ids the training gives."""

    def piece(name, kind):
        return {"SpecialToken": {"id": name, "type_id": kind}}

    def whole(kind, text):
        return [*(piece(name, kind) for name in before),
                {"Sequence": {"id": text, "type_id": kind}},
                *(piece(name, kind) for name in after)]

    tokens = {name: {"id": name, "ids": [0], "tokens": [name]} for name in (*before, *after)}
    return {"type": "TemplateProcessing", "single": whole(0, "A"),
            "pair": whole(0, "A") + whole(1, "B"), "special_tokens": tokens}


def special(content, **flags):
    return AddedToken(content, special=True, normalized=flags.pop("normalized", False), **flags)


def plain(content, **flags):
    return AddedToken(content, special=False, **flags)


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
DEEPSEEK = [
    r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
DIGITS = {"type": "Digits", "individual_digits": True}
BYTES = byte_level(regex=False)
END = special("<|endoftext|>")

MODELS = {
    "gpt2": {"pre_tokenizer": byte_level(), "added": [special("<|endoftext|>", normalized=True)]},
    "roberta": {
        "pre_tokenizer": byte_level(),
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 0], "cls": ["<s>", 0],
                           "trim_offsets": True, "add_prefix_space": False},
        "added": [*(special(t, normalized=True) for t in ("<s>", "<pad>", "</s>", "<unk>")),
                  special("<mask>", lstrip=True)],
    },
    "starcoder": {"pre_tokenizer": sequence(DIGITS, byte_level()),
                  "added": [END, special("<fim_prefix>"), special("<fim_suffix>")]},
    "starcoder2": {"pre_tokenizer": sequence(DIGITS, byte_level()),
                   "added": [END, special("<file_sep>"), special("<repo_name>")],
                   "merges": "strings"},
    "falcon": {
        "pre_tokenizer": sequence({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(),
                                  {"type": "Digits", "individual_digits": False},
                                  split("[0-9][0-9][0-9]")),
        "added": [*(special(t) for t in (">>TITLE<<", ">>ABSTRACT<<", ">>QUESTION<<")), END],
    },
    "llama3": {
        "pre_tokenizer": sequence(split(LLAMA3), BYTES),
        "post_processor": sequence(byte_level(), template(["<|begin_of_text|>"]),
                                   key="processors"),
        "added": [special("<|begin_of_text|>"), special("<|end_of_text|>")],
        "model": {"ignore_merges": True},
    },
    "deepseek-v3": {
        "normalizer": sequence(key="normalizers"),
        "pre_tokenizer": sequence(*map(split, DEEPSEEK), BYTES),
        "post_processor": sequence(byte_level(), template(["<｜begin▁of▁sentence｜>"]),
                                   key="processors"),
        "added": [special("<｜begin▁of▁sentence｜>"), plain("<think>", normalized=True),
                  plain("<｜User｜>", normalized=False)],
    },
    "phi4": {
        "pre_tokenizer": sequence(split(LLAMA3, "Removed", True), BYTES),
        "added": [END, special("<|im_start|>"), special("<|dummy_0|>", lstrip=True, rstrip=True)],
    },
    "olmo2": {
        "pre_tokenizer": sequence(split(LLAMA3, "Removed", True), BYTES),
        "added": [END, special("<|pad|>"), plain("|||IP_ADDRESS|||", normalized=False)],
    },
    "smollm": {"pre_tokenizer": sequence(DIGITS, byte_level()),
               "added": [END, special("<|im_start|>"), special("<|im_end|>")]},
    # No model's, but what the kinds of steps can do.
    "spaces": {
        "pre_tokenizer": sequence(sequence(), sequence(split(",", kind="String"),
                                                       byte_level(space=True))),
        "added": [END, plain("  ", normalized=False), plain("word", single_word=True),
                  plain("ab ", rstrip=True, normalized=True)],
        "post_processor": {"type": "BertProcessing", "sep": ["<|endoftext|>", 0],
                           "cls": ["<|endoftext|>", 0]},
    },
    "merged": {
        "pre_tokenizer": sequence(split(r"\s+", "MergedWithNext"),
                                  split("e", "MergedWithPrevious", kind="String"),
                                  split("[a-z]", "Contiguous"), BYTES,
                                  split(r"\d", "MergedWithNext", True)),
        "added": [END],
    },
}

NORMAL_MODELS = {
    "gpt-neox": {
        "normalizer": {"type": "NFC"}, "pre_tokenizer": byte_level(),
        "added": [END, *(plain(" " * n, normalized=True) for n in range(24, 1, -1))],
    },
    "qwen2": {
        "normalizer": {"type": "NFC"}, "pre_tokenizer": sequence(split(QWEN2), BYTES),
        "added": [END, special("<|im_start|>"), special("<|im_end|>")],
    },
    "qwen3": {
        "normalizer": {"type": "NFC"}, "pre_tokenizer": sequence(split(QWEN2), BYTES),
        "added": [END, special("<|im_start|>"), plain("<think>", normalized=False),
                  plain("</think>", normalized=False)],
    },
    "lower": {
        "normalizer": sequence(
            {"type": "NFKD"}, sequence({"type": "Lowercase"}, key="normalizers"),
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Replace", "pattern": {"String": "ll"}, "content": "LL"},
            {"type": "Strip", "strip_left": True, "strip_right": False},
            {"type": "Prepend", "prepend": "x"}, key="normalizers"),
        "pre_tokenizer": byte_level(),
        "added": [END, plain("İx", normalized=True), plain("The", normalized=True, lstrip=True)],
    },
}


def make_documents(seed=7):
    rng = random.Random(seed)
    made = [texts.Words(rng, 3000, tuple(texts.SCRIPTS)).text(20_000) for _ in range(4)]
    made += [texts.python_sources(60_000)]
    return made + ["".join(texts.hostile(rng, 60, 0).decode() for _ in range(200))]


def set_ids(value, ids):
    """Puts the ids of special tokens where a post_processor names them."""
    if value is None:
        return
    for part in value.get("processors", [value]):
        for key in ("sep", "cls"):
            if key in part:
                part[key][1] = ids[part[key][0]]
        for name, token in part.get("special_tokens", {}).items():
            token["ids"] = [ids[name]]


def train(config, vocab_size=700):
    """The tokenizer.json of a small model inside the configuration, as a JSON object."""
    frame = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
             "normalizer": config.get("normalizer"), "pre_tokenizer": config["pre_tokenizer"],
             "post_processor": None, "decoder": byte_level(),
             "model": {"type": "BPE", "vocab": {}, "merges": []}}
    tokenizer = Tokenizer.from_str(json.dumps(frame))
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(make_documents(), trainer)
    tokenizer.add_tokens(config["added"])
    made = json.loads(tokenizer.to_str())
    for token, flags in zip(made["added_tokens"], config["added"]):
        token["special"] = flags.special
    ids = {token["content"]: token["id"] for token in made["added_tokens"]}
    made["post_processor"] = json.loads(json.dumps(config.get("post_processor")))
    set_ids(made["post_processor"], ids)
    made["model"].update(config.get("model", {}))
    if config.get("merges") == "strings":
        made["model"]["merges"] = [" ".join(pair) for pair in made["model"]["merges"]]
    return made


SPACES = [" ", "  ", "\n", "\t", "\r\n", " \n", "\u00a0", "\u3000", "\x85", ""]


def make_texts(config, seed=11):
    """Words of many scripts, code, white space at every alignment, and the added tokens in it."""
    rng = random.Random(seed)
    made = ["", " ", "\n", "a", " a", "the quick brown fox, jumps over 12 345 6789 lazy dogs.\n"]
    made += [texts.Words(rng, 300, tuple(texts.SCRIPTS)).text(3000) for _ in range(4)]
    made += [texts.Words(rng, 300).text(3000), texts.python_sources(20_000)[-5000:]]
    made += [texts.hostile(rng, 40, 0).decode() for _ in range(300)]
    made += ["x" * n + space * k + "y" for n in range(0, 66, 5) for space in SPACES
             for k in (1, 2, 3)]
    contents = [token.content for token in config["added"]]
    for _ in range(200):
        made.append("".join(
            rng.choice(SPACES) + rng.choice(contents) + rng.choice([*SPACES, "a", "word", "1", "é"])
            for _ in range(rng.randint(1, 6))))
    return made
