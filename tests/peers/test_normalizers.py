# Normalizers: ours against Hugging Face's, unicodedata2 and the reference, by tests/normalize.
# SPDX-License-Identifier: MIT
import random
import struct
import subprocess
import unicodedata

import pytest
import texts
import unicodedata2
from reference.normalizer import SPACES, normalize

pytest.importorskip("tokenizers")
from tokenizers import Regex, normalizers  # noqa: E402

FORMS = ["NFC", "NFD", "NFKC", "NFKD"]
CHARACTERS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
MARKS = [c for c in CHARACTERS if unicodedata2.combining(c)]
DECOMPOSING = [c for c in CHARACTERS if unicodedata2.decomposition(c)]
PARTS = sorted({chr(int(part, 16)) for c in DECOMPOSING
                for part in unicodedata2.decomposition(c).split() if part[0] != "<"})
JAMOS = [*map(chr, [*range(0x1100, 0x1120), *range(0x1160, 0x1180), *range(0x11A5, 0x11C8)]),
         *map(chr, range(0xAC00, 0xD7A8, 27))]

# Those that no version assigns, or that are for private use, come many together.
USED = [c for c in CHARACTERS if unicodedata2.category(c) not in ("Cn", "Co")]
UNUSED = [c for c in CHARACTERS if unicodedata2.category(c) in ("Cn", "Co")]

# Each character alone, among marks that belong before and after it, and among jamos.
FRAMED = [f"{c} q\u0327{c}\u0301\u0323b a{c}\u0338\u0345\u05b0 \u1100{c}\u11a8{c}" for c in USED]
FRAMED += ["\u0323\u0301".join(UNUSED[i : i + 1000]) for i in range(0, len(UNUSED), 1000)]

EXPRESSIONS = ["a+", "a*", "(?=a)", r"\s+", "b|", "(?<=a)b", "[^a]", r"\z|a", "x*", "a??", r"\b",
               ".", r"\z", "", " {2,}", r"(?:\r\n)+"]


class Tool:
    def __init__(self, program):
        self.program = program

    def run(self, arguments, many):
        """What the texts, given as bytes, become."""
        data = b"".join(struct.pack("<I", len(text)) + text for text in many)
        done = subprocess.run([str(self.program), *arguments], input=data, capture_output=True,
                              timeout=300)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
        out, at = [], 0
        while at < len(done.stdout):
            (count,) = struct.unpack_from("<I", done.stdout, at)
            out.append(done.stdout[at + 4 : at + 4 + count])
            at += 4 + count
        assert len(out) == len(many)
        return out

    def steps(self, steps, many):
        return self.run([argument for step in steps for argument in step], many)


@pytest.fixture(scope="module")
def tool(build_dir):
    return Tool(build_dir / "tests" / "normalize")


def their_step(name, *arguments):
    if name in FORMS:
        return getattr(normalizers, name)()
    return {
        "lowercase": normalizers.Lowercase,
        "prepend": normalizers.Prepend,
        "replace": normalizers.Replace,
        "replace-regex": lambda found, content: normalizers.Replace(Regex(found), content),
        "strip": normalizers.Strip,
        "strip-left": lambda: normalizers.Strip(left=True, right=False),
        "strip-right": lambda: normalizers.Strip(left=False, right=True),
    }[name](*arguments)


def check(tool, steps, many):
    theirs = normalizers.Sequence([their_step(*step) for step in steps])
    for text, ours in zip(many, tool.steps(steps, [text.encode() for text in many])):
        wanted = theirs.normalize_str(text)
        assert ours.decode() == wanted, f"{steps}: {ascii(text)}: {ascii(ours.decode())}"


def check_reference(tool, steps, many):
    for text, ours in zip(many, tool.steps(steps, many)):
        assert ours == normalize(text, steps), f"{steps}: {text}"


def random_sequence(rng, longest=12):
    kinds = [MARKS, DECOMPOSING, PARTS, JAMOS, "abeiouA ", CHARACTERS, MARKS]
    return "".join(rng.choice(rng.choice(kinds)) for _ in range(rng.randint(0, longest)))


def small_texts(rng, count=500):
    alphabet = "aab \u3000é\U0001f600\n\x85"
    return ["".join(rng.choices(alphabet, k=rng.randint(0, 14))) for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_every_character(tool, form):
    check(tool, [(form,)], FRAMED)
    check(tool, [(form,)], [c + "\u0301" for c in MARKS + DECOMPOSING + PARTS])


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_every_character_of_unicode_17(tool, form):
    ours = tool.run(["--version", "17.0", form], [text.encode() for text in FRAMED])
    for text, ours_of_text in zip(FRAMED, ours):
        assert ours_of_text.decode() == unicodedata2.normalize(form, text), ascii(text)


def test_python_version(tool):
    """A version between: that of this Python, whatever it is, on what it assigns."""
    version = unicodedata.unidata_version.removesuffix(".0")
    many = [c for c in MARKS + DECOMPOSING if unicodedata.category(c) != "Cn"]
    many += [c + "\u0301" for c in many]
    for form in FORMS:
        for text, ours in zip(many, tool.run(["--version", version, form],
                                             [text.encode() for text in many])):
            assert ours.decode() == unicodedata.normalize(form, text), ascii(text)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_random_sequences(tool, rng, form):
    many = [random_sequence(rng) for _ in range(50_000)]
    check(tool, [(form,)], many)
    check_reference(tool, [(form,)], [text.encode() for text in many[:10_000]])
    ours = tool.run(["--version", "17.0", form], [text.encode() for text in many])
    for text, ours_of_text in zip(many, ours):
        assert ours_of_text.decode() == unicodedata2.normalize(form, text), ascii(text)


def test_lower_case(tool):
    check(tool, [("lowercase",)], ["".join(CHARACTERS[i : i + 50]) for i in range(0, 0x10F800, 50)])
    check(tool, [("lowercase",)], ["ΑΣ", "İI", "ǅ", "ÀÉ \U00010400Z"])


@pytest.mark.parametrize("step", ["strip", "strip-left", "strip-right"])
def test_strip(tool, rng, step):
    check(tool, [(step,)], USED[:20_000] + [c + "x" + c + c for c in SPACES] + small_texts(rng))


def test_prepend(tool, rng):
    for content in ["", "▁", "ab"]:
        check(tool, [("prepend", content)], ["", *small_texts(rng)])


@pytest.mark.parametrize("content", ["", "x", "aa", "$1\\1", "日本"])
def test_replace(tool, rng, content):
    many = small_texts(rng) + ["", "aaab" * 50, "a" * 99 + "b"]
    for found in ["a", "aa", "aab", "aba", " ", "é", "\u3000", "$", ".", "aaabaaaa"]:
        check(tool, [("replace", found, content)], many)
        check_reference(tool, [("replace", found, content)], [text.encode() for text in many])
    for expression in EXPRESSIONS:
        check(tool, [("replace-regex", expression, content)], many)


def test_end_of_long_text(tool):
    """A search in windows reaches the end of the text."""
    many = ["b" * count + end for count in [*range(60, 70), 128, 1000, 5000] for end in ["", "a"]]
    for expression in [r"\z", r"a|\z", r"(?<=b)\z"]:
        check(tool, [("replace-regex", expression, "!")], many)


def random_steps(rng):
    choices = [*((form,) for form in FORMS), ("lowercase",), ("prepend", "▁"),
               ("prepend", "\u0301"), ("replace", "a", "\u0301"), ("replace", " ", "▁"),
               ("replace-regex", r"\s+", " "), ("replace-regex", "[ab]", "é"),
               ("strip",), ("strip-left",), ("strip-right",)]
    return [rng.choice(choices) for _ in range(rng.randint(0, 5))]


def test_sequences_of_steps(tool, rng):
    for _ in range(60):
        many = small_texts(rng, 50) + [random_sequence(rng) for _ in range(50)]
        check(tool, random_steps(rng), many)


def test_bytes_that_are_not_text(tool, rng):
    """Only the reference knows them: they stay, and nothing joins across them."""
    for _ in range(60):
        many = [texts.hostile(rng, 20, 0.3) for _ in range(100)]
        many += [text + rng.choice(texts.INVALID) + random_sequence(rng, 4).encode()
                 for text in many]
        steps = [step for step in random_steps(rng) if step != ("lowercase",)]
        check_reference(tool, steps, many)
    check_reference(tool, [("lowercase",)], [b"A\xffB\xe2\x84", b"\xc4\xb0\xc4"])


def test_real_text(tool):
    rng = random.Random(3)
    words = texts.Words(rng, 5000, tuple(texts.SCRIPTS))
    many = [texts.python_sources(300_000), words.text(300_000),
            " ".join(c for c in CHARACTERS[:0x3000])]
    for steps in [*([(form,)] for form in FORMS), [("NFD",), ("lowercase",), ("strip",)],
                  [("replace-regex", r"\s+", " "), ("NFKC",)]]:
        check(tool, steps, many)


def test_long_runs_of_marks(tool):
    """Linear: a million marks in the wrong order."""
    text = ("a" + "\u0315\u0301\u0323" * 350_000).encode()
    sorted_text = "a" + "\u0323" * 350_000 + "\u0301" * 350_000 + "\u0315" * 350_000
    assert tool.run(["NFD"], [text]) == [sorted_text.encode()]
