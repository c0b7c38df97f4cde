# Hugging Face's kinds of pre_tokenizer, and the expressions that cut alike.
# SPDX-License-Identifier: MIT
#
# kind                                              expression
# Split E, Isolated                                 E
# Split E, Contiguous                               (?>E)+
# Split E, MergedWithPrevious, or ..Next inverted   (?:(?!E)[\s\S])+(?>E)?|E
# Split E, MergedWithNext, or ..Previous inverted   (?>E)(?:(?!E)[\s\S])*
# Digits(individual_digits=True)                    N      of Unicode 17.0, as Rust has it
# Digits(individual_digits=False)                   N+
# Punctuation                                       Split [P], P of Unicode 8.0 and ASCII punctuation
#
# Everything else, such as \p{N} in a Split, is Oniguruma's, whose version is our default, 16.0.
import itertools
import struct
import subprocess

import pytest
import regex

pytest.importorskip("tokenizers")
from tokenizers import Regex, pre_tokenizers  # noqa: E402

DIGIT = r"[\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}]"
# What is punctuation today and wasn't in 8.0, and the other way round.
SINCE_8 = (
    r"\x{61D}\x{9FD}\x{A76}\x{C77}\x{C84}\x{1B4E}\x{1B4F}\x{1B7D}-\x{1B7F}\x{2E43}-\x{2E4F}"
    r"\x{2E52}-\x{2E5D}\x{10D6E}\x{10EAD}\x{10F55}-\x{10F59}\x{10F86}-\x{10F89}\x{113D4}\x{113D5}"
    r"\x{113D7}\x{113D8}\x{1144B}-\x{1144F}\x{1145A}\x{1145B}\x{1145D}\x{11660}-\x{1166C}"
    r"\x{116B9}\x{1183B}\x{11944}-\x{11946}\x{119E2}\x{11A3F}-\x{11A46}\x{11A9A}-\x{11A9C}"
    r"\x{11A9E}-\x{11AA2}\x{11B00}-\x{11B09}\x{11BE1}\x{11C41}-\x{11C45}\x{11C70}\x{11C71}"
    r"\x{11EF7}\x{11EF8}\x{11F43}-\x{11F4F}\x{11FFF}\x{12FF1}\x{12FF2}\x{16D6D}-\x{16D6F}"
    r"\x{16E97}-\x{16E9A}\x{16FE2}\x{1E5FF}\x{1E95E}\x{1E95F}")
PUNCTUATION = rf"[$+<=>^`|~\x{{166D}}\x{{111C9}}\p{{P}}&&[^{SINCE_8}]]"
BEHAVIORS = ["isolated", "contiguous", "merged_with_previous", "merged_with_next"]
INVERTED = {"merged_with_previous": "merged_with_next", "merged_with_next": "merged_with_previous"}


def expression_of(expression, behavior):
    """The expression whose matches, and the text between them, are the pieces."""
    other = rf"(?:(?!{expression})[\s\S])"
    return {
        "isolated": expression,
        "contiguous": f"(?>{expression})+",
        "merged_with_previous": f"{other}+(?>{expression})?|{expression}",
        "merged_with_next": f"(?>{expression}){other}*",
    }[behavior]


@pytest.fixture(scope="module")
def ends(build_dir):
    def run(texts, pattern):
        data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        done = subprocess.run([build_dir / "tests" / "pretokenize", "--pattern", pattern],
                              input=data, capture_output=True, check=True)
        numbers, found, at = struct.unpack(f"<{len(done.stdout) // 4}I", done.stdout), [], 0
        for _ in texts:
            found.append([*numbers[at + 1:at + 1 + numbers[at]]])
            at += 1 + numbers[at]
        return found

    return run


def check(ends, pre_tokenizer, texts, pattern):
    ours = ends([text.encode() for text in texts], pattern)
    for text, got in zip(texts, ours):
        pieces = [text[begin:end] for _, (begin, end) in pre_tokenizer.pre_tokenize_str(text)]
        wanted = [*itertools.accumulate(len(piece.encode()) for piece in pieces)]
        assert got == wanted, (pattern, text)


def short_texts(kinds, longest):
    for length in range(1, longest + 1):
        yield from map("".join, itertools.product(kinds, repeat=length))


@pytest.mark.parametrize("behavior", BEHAVIORS)
@pytest.mark.parametrize("invert", [False, True])
def test_split(ends, behavior, invert):
    ours = INVERTED.get(behavior, behavior) if invert else behavior
    for expression in ["-", "[ab]+", "a|ab", "(?<=a)b", "a(?!b)", "[^a]{1,2}", "(?<!a)b|c"]:
        split = pre_tokenizers.Split(Regex(expression), behavior, invert=invert)
        check(ends, split, [*short_texts("ab-c", 5)], expression_of(f"(?:{expression})", ours))
    for text in ["-", "ab", "aa", "a.", "(", "\\"]:
        split = pre_tokenizers.Split(text, behavior, invert=invert)
        check(ends, split, [*short_texts("ab-.(\\", 4)],
              expression_of(f"(?:{regex.escape(text)})", ours))


def every_character():
    """Texts of each character twice between letters."""
    pairs = [f"a{c}{c}" for c in map(chr, range(0x110000)) if not 0xD800 <= ord(c) < 0xE000]
    return ["".join(pairs[i:i + 1000]) + "a" for i in range(0, len(pairs), 1000)]


@pytest.mark.slow
@pytest.mark.parametrize("individual", [True, False])
def test_digits(ends, individual):
    digits = pre_tokenizers.Digits(individual_digits=individual)
    check(ends, digits, every_character(), DIGIT if individual else DIGIT + "+")


@pytest.mark.slow
@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_punctuation(ends, behavior):
    punctuation = pre_tokenizers.Punctuation(behavior)
    check(ends, punctuation, every_character(), expression_of(PUNCTUATION, behavior))
    check(ends, punctuation, [*short_texts("a!- ", 5)], expression_of(PUNCTUATION, behavior))


@pytest.mark.slow
@pytest.mark.parametrize("expression", [
    r"\p{P}", r"\p{S}", r"\p{Han}", r"\p{Hiragana}", r"\p{Latin}", r"\p{Old_Italic}", r"\p{Common}",
    r"[\p{L}&&[^\p{Han}]]", r"[^\p{P}&&\p{ASCII_}]".replace(r"\p{ASCII_}", r"\x{0}-\x{7F}"),
    r"[[a-z]\p{N}&&[^c-x]&&[^1-3]]",
])
def test_classes(ends, expression):
    """Oniguruma's classes, scripts and intersections, over all characters."""
    split = pre_tokenizers.Split(Regex(expression), "isolated")
    check(ends, split, every_character(), expression)
