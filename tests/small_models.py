# Small vocabularies inside every kind of configuration, as tokenizer.json documents.
# SPDX-License-Identifier: MIT
"""Those of published models, and others that combine what a tokenizer.json can say."""
import published
import texts
from published import BYTES, DIGITS, END, LLAMA3, byte_level, plain, sequence, special, split

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN3_5 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
REST = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}|"
          + REST)
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
         rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?|\p{{N}}{{1,3}}|" + REST)
# Chinese characters are cut off from other letters.
UPPER_KIMI, LOWER_KIMI = (f"{letters[:-1]}&&[^\\p{{Han}}]]" for letters in (UPPER, LOWER))
KIMI = r"[\p{Han}]+|" + (O200K.replace(UPPER, UPPER_KIMI).replace(LOWER, LOWER_KIMI)
                         .replace(r"[\r\n/]*", r"[\r\n]*"))

NANOCHAT = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*"
            r"|\s*[\r\n]|\s+(?!\S)|\s+")

GROUPS = {"type": "Digits", "individual_digits": False}
FLAGS = [
    special("<l>", lstrip=True), special("<r>", rstrip=True),
    special("<b>", lstrip=True, rstrip=True), special("word", single_word=True),
    plain("<l>x", normalized=False), special("<Norm>", normalized=True),
    plain("Both Words", normalized=True, lstrip=True), END,
]


def splits(*steps):
    """Steps of cutting as most models have them: ByteLevel comes last and cuts nothing."""
    return sequence(*steps, BYTES)


def normalizers(*steps):
    return sequence(*steps, key="normalizers")


CONFIGURATIONS = published.MODELS | published.NORMAL_MODELS | {
    "qwen3.5": {"pre_tokenizer": splits(split(QWEN3_5)), "normalizer": {"type": "NFC"},
                "added": [END, plain("<think>", normalized=False)]},
    "gpt-4o": {"pre_tokenizer": splits(split(O200K, "Removed", True)), "added": [END]},
    "tekken": {"pre_tokenizer": splits(split(TEKKEN)), "model": {"ignore_merges": True},
               "added": [special("<s>"), special("</s>"), special("[INST]")],
               "post_processor": published.template(["<s>"], ["</s>"])},
    "nanochat": {"pre_tokenizer": splits(split(NANOCHAT)),
                 "added": [special("<|bos|>"), special("<|user_start|>")]},
    "kimi": {"pre_tokenizer": splits(split(KIMI)), "added": [END]},
    "claude": {"pre_tokenizer": byte_level(), "normalizer": {"type": "NFKC"},
               "added": [special("<EOT>", normalized=True)]},
    "nothing": {"pre_tokenizer": sequence(sequence(), splits(), sequence()), "added": [],
                "normalizer": normalizers()},
    "flags": {"pre_tokenizer": byte_level(), "added": FLAGS},
    "flags, normalised": {"pre_tokenizer": byte_level(space=True), "added": FLAGS,
                          "normalizer": {"type": "Lowercase"}},
    "normalizers": {
        "pre_tokenizer": byte_level(), "added": FLAGS,
        "normalizer": normalizers(
            {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "NFKD"},
            {"type": "Lowercase"},
            {"type": "Replace", "pattern": {"Regex": r"\p{M}"}, "content": ""},
            {"type": "Replace", "pattern": {"String": "b"}, "content": "ccc"},
            {"type": "Prepend", "prepend": "_"})},
    "a space before each digit": {"pre_tokenizer": sequence(DIGITS, byte_level(space=True)),
                                  "added": [END]},
}

# Every behaviour of Split and its like: read with the same meaning, or refused.
BEHAVIORS = {
    f"{behavior}, {'inverted' if invert else 'as it is'}": split(r"[a-e]|\s", behavior, invert)
    for behavior in ("Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext")
    for invert in (False, True)
} | {
    "a string": split(".", "MergedWithPrevious", kind="String"),
    "punctuation": {"type": "Punctuation", "behavior": "MergedWithNext"},
    "groups": GROUPS,
}
BEHAVIORS = {name: {"pre_tokenizer": splits(step), "added": [END]}
             for name, step in BEHAVIORS.items()}


def make(name):
    """The tokenizer.json document of a row of the tables."""
    return published.train((CONFIGURATIONS | BEHAVIORS)[name], 600)


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
    made += [words.text(300) for _ in range(5)] + [texts.python_sources(1000)]
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
