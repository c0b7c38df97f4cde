# Small vocabularies inside the configurations of published models, as tokenizer.json documents.
# SPDX-License-Identifier: MIT
"""Each is trained here, on made-up and real text; only the configuration is somebody else's."""
import functools
import json
import random

import texts
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LLAMA3 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN3_5 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
         rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?|\p{{N}}{{1,3}}|" + REST)
TEKKEN = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}|"
          + REST)
NOT_HAN = "&&[^\\p{Han}]]"
KIMI = (r"[\p{Han}]+"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER[:-1]}{NOT_HAN}*{LOWER[:-1]}{NOT_HAN}+{CONTRACTIONS}?"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER[:-1]}{NOT_HAN}+{LOWER[:-1]}{NOT_HAN}*{CONTRACTIONS}?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]


def byte_level(use_regex=True, add_prefix_space=False):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True,
            "use_regex": use_regex}


def split(expression, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: expression}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def splits(*steps):
    """Steps of cutting as most models have them: ByteLevel comes last and cuts nothing."""
    return sequence(*steps, byte_level(use_regex=False))


def normalizers(*steps):
    return {"type": "Sequence", "normalizers": list(steps)}


def added(content, special=True, **flags):
    return {"content": content, "special": special,
            **{flag: flags.get(flag, False)
               for flag in ("single_word", "lstrip", "rstrip", "normalized")}}


def template(before=(), after=()):
    """A TemplateProcessing of these added tokens; the ids are filled in later."""
    special = lambda token: {"SpecialToken": {"id": token, "type_id": 0}}
    text = lambda name: {"Sequence": {"id": name, "type_id": 0}}
    single = [*map(special, before), text("A"), *map(special, after)]
    return {"type": "TemplateProcessing", "single": single, "pair": [*single, text("B")],
            "special_tokens": {token: {"id": token, "ids": [], "tokens": [token]}
                               for token in (*before, *after)}}


END = [added("<|endoftext|>")]
DIGITS = {"type": "Digits", "individual_digits": True}
GROUPS = {"type": "Digits", "individual_digits": False}
FLAGS = [
    added("<l>", lstrip=True), added("<r>", rstrip=True), added("<b>", lstrip=True, rstrip=True),
    added("word", single_word=True), added("<l>x", special=False), added("<Norm>", normalized=True),
    added("Both Words", False, normalized=True, lstrip=True), added("<|endoftext|>"),
]
LLAMA3_TEMPLATE = {"type": "Sequence", "processors": [byte_level(), template(["<|begin|>"])]}

# name: (pre-tokenizer, added tokens, and what else the document has)
CONFIGURATIONS = {
    "gpt2": (byte_level(), END, {}),
    "roberta": (byte_level(add_prefix_space=True),
                [added("<s>"), added("</s>"), added("<mask>", lstrip=True)],
                {"post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 0],
                                    "cls": ["<s>", 0], "trim_offsets": True,
                                    "add_prefix_space": True}}),
    "gpt-neox": (byte_level(), [added("<|endoftext|>"), added("  ", False, normalized=True),
                                added("    ", False, normalized=True)],
                 {"normalizer": {"type": "NFC"}}),
    "starcoder": (sequence(DIGITS, byte_level()), END, {}),
    "falcon": (sequence({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(), GROUPS,
                        split("[0-9][0-9][0-9]")), END, {}),
    "llama3": (splits(split(LLAMA3)), [added("<|begin|>"), added("<|end|>")],
               {"post_processor": LLAMA3_TEMPLATE, "ignore_merges": True}),
    "qwen2": (splits(split(LLAMA3.replace("{1,3}", ""))), [*END, added("<think>", False)],
              {"normalizer": {"type": "NFC"}}),
    "qwen3.5": (splits(split(QWEN3_5)), [*END, added("<think>", False)],
                {"normalizer": {"type": "NFC"}}),
    "deepseek-v3": (splits(*map(split, DEEPSEEK)), END, {"normalizer": normalizers()}),
    "gpt-4o": (splits(split(O200K, "Removed", True)), END, {}),
    "tekken": (splits(split(TEKKEN)), [added("<s>"), added("</s>"), added("[INST]")],
               {"ignore_merges": True, "post_processor": template(["<s>"], ["</s>"])}),
    "kimi": (splits(split(KIMI)), END, {}),
    "claude": (byte_level(), [added("<EOT>", normalized=True)], {"normalizer": {"type": "NFKC"}}),
    "nothing": (sequence(sequence(), splits(), sequence()), [], {"normalizer": normalizers()}),
    "flags": (byte_level(), FLAGS, {}),
    "flags, normalised": (byte_level(add_prefix_space=True), FLAGS,
                          {"normalizer": {"type": "Lowercase"}}),
    "normalizers": (byte_level(), FLAGS, {"normalizer": normalizers(
        {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "NFKD"},
        {"type": "Lowercase"},
        {"type": "Replace", "pattern": {"Regex": r"\p{M}"}, "content": ""},
        {"type": "Replace", "pattern": {"String": "b"}, "content": "ccc"},
        {"type": "Prepend", "prepend": "_"})}),
    "a space before each digit": (sequence(DIGITS, byte_level(add_prefix_space=True)), END, {}),
}

# Other behaviours of Split; pairmill may refuse them, but must not read them differently.
BEHAVIORS = {
    f"{behavior}, {'inverted' if invert else 'as it is'}":
        (splits(split(r"[a-e]|\s", behavior, invert)), END, {})
    for behavior in ("Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext")
    for invert in (False, True)
} | {
    "a string": (splits(split(".", "MergedWithPrevious", kind="String"), DIGITS), END, {}),
    "punctuation": (splits({"type": "Punctuation", "behavior": "MergedWithNext"}), END, {}),
    "groups": (splits(GROUPS), END, {}),
}


@functools.cache
def corpus():
    rng = random.Random(5)
    words = texts.Words(rng, 300, ("latin", "greek", "cyrillic", "han", "hangul"))
    return [texts.python_sources(60000), words.text(20000),
            *(texts.hostile(rng, invalid=0).decode() for _ in range(100))]


@functools.cache
def train(pre_tokenizer):
    """The vocab and merges that `tokenizers` learns with this pre-tokenizer, given as JSON."""
    trained = Tokenizer(models.BPE())
    document = json.loads(trained.to_str()) | {"pre_tokenizer": json.loads(pre_tokenizer)}
    trained = Tokenizer.from_str(json.dumps(document))
    trained.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=600, show_progress=False, max_token_length=16,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return trained.to_str()


def fill_in_ids(step, ids):
    """Gives the tokens that a post-processor names their ids."""
    if step["type"] == "Sequence":
        for inner in step["processors"]:
            fill_in_ids(inner, ids)
    elif step["type"] == "TemplateProcessing":
        for name, token in step["special_tokens"].items():
            token["ids"] = [ids[name]]
    elif step["type"] == "RobertaProcessing":
        for end in ("sep", "cls"):
            step[end][1] = ids[step[end][0]]


def make(name):
    """The tokenizer.json document of a row of the tables."""
    pre_tokenizer, tokens, more = (CONFIGURATIONS | BEHAVIORS)[name]
    document = json.loads(train(json.dumps(pre_tokenizer)))
    first = len(document["model"]["vocab"])
    document["added_tokens"] = [{"id": first + i, **token} for i, token in enumerate(tokens)]
    more = json.loads(json.dumps(more))
    document["model"]["ignore_merges"] = more.pop("ignore_merges", False)
    document.update(more)
    document["decoder"] = byte_level()
    if document["post_processor"]:
        ids = {token["content"]: token["id"] for token in document["added_tokens"]}
        fill_in_ids(document["post_processor"], ids)
    return document


def is_settled(text):
    """Whether all Unicode versions and programs put these characters into the same classes.

    U+180E is a space to Debian 12's PCRE2.
    """
    return all(c == "\0" or texts.is_stable(c) for c in text) and "\u180e" not in text


def make_texts(rng, document, count=300):
    """Small, hostile and real texts, all UTF-8, with added tokens scattered in."""
    made = [texts.small(rng).decode(errors="replace") for _ in range(count)]
    made += [texts.hostile(rng, invalid=0).decode() for _ in range(count)]
    words = texts.Words(rng, 300, ("latin", "greek", "han"))
    made += [words.text(500) for _ in range(5)] + [texts.python_sources(3000)]
    made += ["", " ", "a" * 130, "ab" * 64, " " * 65, "1234567 12 1"]
    tokens = [token["content"] for token in document["added_tokens"]]
    return [scatter(rng, text, tokens) if tokens and rng.random() < 0.5 else text
            for text in made]


def scatter(rng, text, tokens):
    """Puts tokens in, some in other letters, between spaces or spaces and letters."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(text))
        token = rng.choice(tokens)
        token = rng.choice([token, token, token, token.upper(), token.lower(), token[:-1]])
        token = rng.choice(["", "", " ", "  ", "\n", "\u3000", "a", "_"]) + token
        text = text[:at] + token + rng.choice(["", "", " ", "\t ", "é", "."]) + text[at:]
    return text
