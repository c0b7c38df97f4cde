# Pretokens: our scanners against PyPI `regex`, PCRE2 and the Unicode data, and on partial text.
# SPDX-License-Identifier: MIT
import itertools
import struct
import subprocess
import unicodedata

import pytest
import regex
import tokenizers
from reference.pretokens import PATTERNS, find_cuts, pretokens, steps
from support.tiers import mostly_slow
from texts import PIECES, any_characters, hostile, small, stable_characters

NAMES = sorted(PATTERNS)
FINE = ["deepseek-v3", "kimi"]  # the names of those that have fine classes
SOME = mostly_slow(NAMES, ["gpt2", "o200k", "deepseek-v3"])
VERSIONS = ["14.0", "15.0", "15.1", "16.0", "17.0"]

# One of each kind of character that the patterns tell apart; exhaustive tests combine them all.
KINDS = [" ", "\n", "\u3000", "a", "A", "ª", "\u0301", "1", "'", "s", "!", "/"]
CONTRACTION_KINDS = ["'", "l", "L", "v", "E", "r", "S", "ſ", "a", " "]
# The kinds that only patterns with fine classes tell apart: Han, kana with marks, signs and
# unassigned characters between them, ideographs that are no letters, and what nothing takes.
FINE_KINDS = [" ", "\n", "a", "A", "\u0301", "1", "'", "!", "。", "漢", "か", "・", "\u3040", "〇", "⺀",
              "\u200b"]
# What may follow a text: enough to show of every end whether it could still change.
CONTINUATIONS = [text.encode() for text in [
    *KINDS, *FINE_KINDS, "l", "ll", "e", "é", "\r", "'s", "a'", " a", "\na", "A!", "a!", "ª!", "!\n",
    "\u3000a", "\u200ba"]]

OTHER, SPACE, NUMBER, MARK, UPPER, LOWER, OTHER_LETTER = range(7)
HAN_LETTER, HAN_NUMBER, HAN_MARK, HAN_SIGN, SIGN = range(7, 12)
HAN_OF = {OTHER_LETTER: HAN_LETTER, NUMBER: HAN_NUMBER, MARK: HAN_MARK, OTHER: HAN_SIGN}
CLASS_OF = {
    "Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lm": OTHER_LETTER, "Lo": OTHER_LETTER, "Nd": NUMBER,
    "Nl": NUMBER, "No": NUMBER, "Mn": MARK, "Mc": MARK, "Me": MARK
}


class Tool:
    def __init__(self, program):
        self.program = program

    def call(self, *options, data=b""):
        return subprocess.run([str(self.program), *options], input=data, capture_output=True,
                              timeout=300)

    def run(self, *options, data=b""):
        done = self.call(*options, data=data)
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
        return done.stdout

    def numbers(self, texts, *options):
        """Yields for each text what the tool prints: ends of pretokens, or sure cuts."""
        out = self.run(*options,
                       data=b"".join(struct.pack("<I", len(text)) + text for text in texts))
        at = 0
        for _ in texts:
            (count,) = struct.unpack_from("<I", out, at)
            yield list(struct.unpack_from(f"<{count}I", out, at + 4))
            at += 4 + 4 * count
        assert at == len(out)

    def ends(self, texts, pattern, *options):
        return list(self.numbers(texts, "--pattern", pattern, *options))

    def scanners(self):
        """The scanners that this machine can run."""
        return self.run("--scanners").decode().split()

    def classes(self, version):
        return self.run("--classes", "--unicode", version)

    def fine_classes(self, version):
        return self.run("--fine-classes", "--unicode", version)


@pytest.fixture(scope="module")
def tool(build_dir):
    return Tool(build_dir / "tests" / "pretokenize")


@pytest.fixture(scope="module")
def regex_classes():
    """The class of each code point according to `regex`."""
    classes = bytearray(0x110000)
    text = "".join(map(chr, range(0x110000)))
    for expression, value in [(r"\s", SPACE), (r"\p{N}", NUMBER), (r"\p{M}", MARK),
                              (r"[\p{Lu}\p{Lt}]", UPPER), (r"\p{Ll}", LOWER),
                              (r"[\p{Lm}\p{Lo}]", OTHER_LETTER)]:
        for match in regex.finditer(expression, text):
            classes[match.start()] = value
    return bytes(classes)


@pytest.fixture(scope="module")
def regex_fine_classes(regex_classes):
    classes = bytearray(regex_classes)
    text = "".join(map(chr, range(0x110000)))
    for match in regex.finditer(r"\p{Han}", text):
        classes[match.start()] = HAN_OF[classes[match.start()]]
    for match in regex.finditer(r"[\p{P}\p{S}]", text):
        if classes[match.start()] == OTHER:
            classes[match.start()] = SIGN
    return bytes(classes)


@pytest.fixture(scope="module")
def alike(tool, regex_fine_classes):
    """Characters whose class is the same in `regex` and in our default version."""
    ours = tool.fine_classes("16.0")
    return [chr(i) for i in range(0x110000)
            if ours[i] == regex_fine_classes[i] and not 0xD800 <= i < 0xE000]


def expected_ends(text, pattern):
    """Cuts the text by `regex`, to which each invalid byte looks like one U+FFFD."""
    kept = text.decode("utf-8", "surrogateescape")
    seen = regex.sub("[\udc80-\udcff]", "\ufffd", kept)
    expressions = steps(pattern)
    if len(expressions) > 1:
        return [*itertools.accumulate(len(piece) for piece in pretokens(text, pattern))]
    ends, end, last = [], 0, 0
    for match in regex.compile(expressions[0]).finditer(seen):
        assert match.start() == last, "a known pattern leaves nothing between matches"
        last = match.end()
        end += len(kept[match.start():last].encode("utf-8", "surrogateescape"))
        ends.append(end)
    assert end == len(text)
    return ends


def exhaustive(kinds, longest):
    for length in range(longest + 1):
        for letters in itertools.product(kinds, repeat=length):
            yield "".join(letters).encode()


def random_texts(rng, count, characters=()):
    texts = []
    for i in range(count):
        kind = i % 5
        if kind == 0:
            texts.append(hostile(rng, invalid=0.15))
        elif kind == 1:
            texts.append(hostile(rng, pieces=12, invalid=0))
        elif kind == 2:
            few = rng.sample(PIECES, 4)
            texts.append("".join(rng.choices(few, k=rng.randrange(24))).encode())
        elif kind == 3:
            texts.append(small(rng))
        else:
            mixed = rng.choices(characters or PIECES, k=6) + [" ", "\n", "'s", "a", "A", "1"]
            texts.append("".join(rng.choices(mixed, k=rng.randrange(30))).encode())
    return texts


def check_equal(texts, got, expected):
    for text, a, b in zip(texts, got, expected, strict=True):
        assert a == b, text


# ---- Classes ----


def test_versions(tool):
    assert tool.run("--unicode-versions").decode().split() == VERSIONS


def test_classes_agree_with_python(tool):
    version = ".".join(unicodedata.unidata_version.split(".")[:2])
    if version not in VERSIONS:
        pytest.skip(f"this Python has Unicode {version}")
    spaces = [*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
              0x205F, 0x3000]
    ours = tool.classes(version)
    for i in range(0x110000):
        wanted = SPACE if i in spaces else CLASS_OF.get(unicodedata.category(chr(i)), OTHER)
        assert ours[i] == wanted, hex(i)


def test_classes_agree_with_regex(tool, regex_classes):
    """A newer Unicode version in `regex` may add characters, and reclassify a handful."""
    ours = tool.classes(VERSIONS[-1])
    assert sum(a != OTHER and a != b for a, b in zip(ours, regex_classes)) < 20


def test_classes_grow(tool):
    """A new version classifies new characters, and reclassifies at most a handful of old ones."""
    tables = [tool.classes(version) for version in VERSIONS]
    for old, new in zip(tables, tables[1:]):
        assert old != new
        assert sum(a != OTHER and a != b for a, b in zip(old, new)) < 20
        assert sum(a == OTHER and a != b for a, b in zip(old, new)) > 600


# ---- Known patterns ----


@pytest.mark.parametrize("pattern", mostly_slow(NAMES, ["gpt2"]))
def test_exhaustive(tool, pattern):
    texts = [*exhaustive(KINDS, 4), *exhaustive(CONTRACTION_KINDS, 4), *exhaustive(FINE_KINDS, 3)]
    check_equal(texts, tool.ends(texts, pattern), [expected_ends(t, pattern) for t in texts])


@pytest.mark.parametrize("pattern", SOME)
def test_random(tool, alike, rng, pattern):
    texts = random_texts(rng, 10000, alike)
    check_equal(texts, tool.ends(texts, pattern), [expected_ends(t, pattern) for t in texts])


@pytest.mark.slow
def test_every_spelling_is_recognised_and_equal(tool, rng):
    texts = [*exhaustive(KINDS, 3), *exhaustive(CONTRACTION_KINDS, 3), *random_texts(rng, 2000)]
    lines = [line.split("\t") for line in tool.run("--patterns").decode().splitlines()]
    assert {name for name, _ in lines} == {*NAMES, "none"}
    for name, spelling in lines:
        if not spelling:
            continue
        by_name = tool.ends(texts, name)
        check_equal(texts, tool.ends(texts, spelling), by_name)
        # A group keeps the expression from being recognised, so that PCRE2 runs it.
        stable = [t for t in texts if "\u180e".encode() not in t]
        check_equal(stable, tool.ends(stable, f"(?:{spelling})"), tool.ends(stable, name))
        if name not in FINE:  # `regex` has other intersections, and no \\x{..}
            check_equal(texts, by_name, [expected_ends(t, spelling) for t in texts])


def test_oniguruma_cuts_alike(tool, rng):
    """Hugging Face's pre-tokenizer runs the canonical expressions on Oniguruma."""
    texts = [*exhaustive(KINDS, 3), *exhaustive(CONTRACTION_KINDS, 3), *random_texts(rng, 2000)]
    texts = [text.decode("utf-8", "replace").encode() for text in texts]
    lines = [line.split("\t") for line in tool.run("--patterns").decode().splitlines()]
    canonical = dict(reversed(lines))
    for name in NAMES:
        split = tokenizers.pre_tokenizers.Split(tokenizers.Regex(canonical[name]), "isolated")
        expected = []
        for text in texts:
            pieces = split.pre_tokenize_str(text.decode())
            expected.append([*itertools.accumulate(len(piece.encode()) for piece, _ in pieces)])
        check_equal(texts, tool.ends(texts, name), expected)


def test_patterns_that_look_alike_differ(tool):
    text = b"a\n  "
    assert tool.ends([text], "cl100k") == [[1, 4]]
    assert tool.ends([text], "cl100k-hf") == tool.ends([text], "llama3") == [[1, 2, 4]]


def test_none(tool):
    texts = [b"", b"a b", b"\xff\n"]
    assert tool.ends(texts, "none") == [[], [3], [2]]
    assert tool.ends(texts, "none", "--scanner", "regex") == [[], [3], [2]]
    assert tool.ends(texts, "none", "--not-final") == [[], [], []]


def changed_characters(tool):
    """The characters whose class differs between our oldest and our newest version."""
    classes = zip(tool.classes(VERSIONS[0]), tool.classes(VERSIONS[-1]))
    return [chr(i) for i, (old, new) in enumerate(classes) if old != new]


@pytest.mark.parametrize("version", mostly_slow(VERSIONS, VERSIONS[-1:]))
@pytest.mark.parametrize("pattern", SOME)
def test_regex_scanner_cuts_alike(tool, rng, pattern, version):
    changed = changed_characters(tool)
    anything = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
    texts = random_texts(rng, 3000, rng.sample(anything, 3000) + changed)
    scalar = tool.ends(texts, pattern, "--unicode", version)
    check_equal(texts, tool.ends(texts, pattern, "--unicode", version, "--scanner", "regex"),
                scalar)


@pytest.mark.parametrize("pattern", SOME)
def test_every_scanner_cuts_alike(tool, alike, rng, pattern):
    """Short texts alone, and joined to long ones for the scanners that take 64 bytes at a time."""
    short = [
        *exhaustive(KINDS, 3), *exhaustive(CONTRACTION_KINDS, 3), *exhaustive(FINE_KINDS, 2),
        *random_texts(rng, 3000, alike)
    ]
    rng.shuffle(short)
    texts = short[:2000] + [b"".join(short[i:i + 200]) for i in range(0, len(short), 200)]
    expected = [expected_ends(text, pattern) for text in texts]
    for scanner in tool.scanners():
        check_equal(texts, tool.ends(texts, pattern, "--scanner", scanner, "--capacity", "1000"),
                    expected)


@pytest.mark.slow
def test_any_capacity(tool, rng):
    texts = random_texts(rng, 300) + [hostile(rng, pieces=300) for _ in range(20)]
    for pattern in NAMES:
        wanted = tool.ends(texts, pattern, "--scanner", "scalar")
        for scanner in [*tool.scanners(), "regex"]:
            for capacity in ["1", "2", "7", "65"]:
                check_equal(texts,
                            tool.ends(texts, pattern, "--scanner", scanner, "--capacity", capacity),
                            wanted)


# ---- Text that may continue ----


@pytest.mark.parametrize("scanner", ["scalar", "regex"])
@pytest.mark.parametrize("pattern", SOME)
def test_not_final_gives_what_any_continuation_gives(tool, rng, pattern, scanner):
    options = ["--scanner", scanner]
    starts = [*exhaustive(KINDS, 2), *exhaustive(FINE_KINDS, 2), *random_texts(rng, 300)]
    starts += [text[: rng.randrange(len(text) + 1)] for text in random_texts(rng, 300)]
    held = tool.ends(starts, pattern, *options, "--not-final")
    wholes = [
        start + rest for start in starts
        for rest in [b"", *CONTINUATIONS, b"\x80", b"\xbf\x80", b"\xff"]
    ]
    ends = iter(tool.ends(wholes, pattern, *options))
    for start, sure in zip(starts, held):
        nexts = set()
        for _ in range(len(CONTINUATIONS) + 4):
            whole = next(ends)
            assert whole[: len(sure)] == sure, start
            nexts.add(whole[len(sure)] if len(whole) > len(sure) else None)
        # Only an end in doubt may be held back. (An end inside a character always is in doubt.)
        tails = [start[-i:] for i in (1, 2, 3) if i <= len(start)]
        is_cut = any(tail.decode("utf-8", "surrogateescape") >= "\udc00" for tail in tails)
        assert len(nexts) > 1 or is_cut, (start, sure)


@pytest.mark.parametrize("pattern", NAMES)
def test_growing_text(tool, rng, pattern):
    """Text arrives in pieces; each scan begins where the one before had to stop."""
    texts = [hostile(rng, pieces=30, invalid=0.1) for _ in range(300)]
    wanted = tool.ends(texts, pattern)
    begins, known, got = [0] * len(texts), [0] * len(texts), [[] for _ in texts]
    while any(known[i] < len(texts[i]) for i in range(len(texts))):
        known = [min(len(text), k + rng.randint(1, 12)) for k, text in zip(known, texts)]
        parts = [text[begin:k] for text, begin, k in zip(texts, begins, known)]
        for i, ends in enumerate(tool.ends(parts, pattern, "--not-final")):
            got[i] += [begins[i] + end for end in ends]
            begins[i] = got[i][-1] if got[i] else 0
    for i, ends in enumerate(tool.ends([t[b:] for t, b in zip(texts, begins)], pattern)):
        got[i] += [begins[i] + end for end in ends]
    check_equal(texts, got, wanted)


def check_sure_cuts(tool, rng, windows, pattern, *options):
    """A sure cut of a window is a cut in any text around it, and its two sides can be cut alone."""
    cases = []
    cuts_of_windows = tool.numbers(windows, "--pattern", pattern, *options, "--sure-cuts")
    for window, cuts in zip(windows, cuts_of_windows):
        before, after = (rng.choice([b"", *CONTINUATIONS, hostile(rng, 4)]) for _ in range(2))
        cases += [(before + window + after, len(before) + cut) for cut in cuts]
    wholes = tool.ends([text for text, _ in cases], pattern, *options)
    lefts = tool.ends([text[:cut] for text, cut in cases], pattern, *options)
    rights = tool.ends([text[cut:] for text, cut in cases], pattern, *options)
    for (text, cut), whole, left, right in zip(cases, wholes, lefts, rights):
        assert whole == left + [cut + end for end in right], (text, cut)
    return len(cases)


@pytest.mark.parametrize("pattern", SOME)
def test_sure_cuts(tool, rng, pattern):
    windows = [*exhaustive(KINDS, 3), *exhaustive(CONTRACTION_KINDS, 3), *exhaustive(FINE_KINDS, 3),
               *random_texts(rng, 2000)]
    assert check_sure_cuts(tool, rng, windows, pattern) > 2000


@pytest.mark.parametrize("scanner", mostly_slow(["scalar", "regex"], ["scalar"]))
@pytest.mark.parametrize("version", mostly_slow(VERSIONS, VERSIONS[-1:]))
@pytest.mark.parametrize("pattern", NAMES)
def test_sure_cuts_by_version(tool, rng, pattern, version, scanner):
    changed = changed_characters(tool)
    windows = [
        *exhaustive(KINDS, 2), *random_texts(rng, 400, changed),
        *(sentence(rng) for _ in range(100))
    ]
    assert check_sure_cuts(tool, rng, windows, pattern, "--unicode", version, "--scanner",
                           scanner) > 800


# Scripts without spaces between words, or with punctuation of their own, and Latin.
SCRIPTS = [
    "汉字", "かな", "カタカナー", "한글", "ไทยก้", "ລາວ", "မြန်မာ", "ខ្មែរ", "བོད་ཡིག", "हिन्दी", "தமிழ்",
    "עברית", "العربيّة", "አማርኛ", "áéi\u0301"]
SIGNS = [
    "。", "、", "「", "」", "！", "・", "།", "។", "।", "،", "፡", "٫", "\u3000", "\u200b", "１２", "٣٤", "๙",
    "😀", "👍🏽", "\n", " ", "'", "’"]


def sentence(rng):
    """Letters of two scripts, with punctuation here and there."""
    script = "".join(rng.sample(SCRIPTS, 2))
    return "".join(
        rng.choice(SIGNS) if rng.random() < 0.2 else rng.choice(script)
        for _ in range(rng.randint(1, 60))).encode()


def test_sure_cuts_in_every_script(tool, rng):
    """Punctuation gives a sure cut; a run of letters without any is one pretoken and has none."""
    for pattern in NAMES:
        # After a mark, which may be a symbol, patterns that go by case need a space or a number.
        by_case = pattern in ("o200k", "kimi")
        signs = ["。 ", " ", "1"] if by_case else ["。", "，", "」", "1"]
        texts = [f"{script}{sign}{script}".encode() for script in SCRIPTS for sign in signs]
        assert all(tool.numbers(texts, "--pattern", pattern, "--sure-cuts"))
    for pattern in NAMES:
        # These cut between Chinese characters and others.
        apart = pattern in ("kimi", "deepseek-v3")
        runs = [("한글מילה" if apart else "汉字かなカナ한글").encode() * 50, "汉字".encode() * 50]
        assert list(tool.numbers(runs, "--pattern", pattern, "--sure-cuts")) == [[], []]


def test_spaces_between_letters_are_sure_cuts(tool):
    texts = [bytes([a, 32, b]) for a in b"azAZ09" for b in b"azAZ"]
    for pattern in NAMES:
        assert list(tool.numbers(texts, "--pattern", pattern, "--sure-cuts")) == [[1]] * len(texts)
    for pattern in ["none", "[a-z]+"]:
        assert list(tool.numbers(texts, "--pattern", pattern, "--sure-cuts")) == [[]] * len(texts)


@pytest.mark.slow
@pytest.mark.parametrize("scanner", ["scalar", None])
@pytest.mark.parametrize("pattern", NAMES)
def test_long_runs(tool, pattern, scanner):
    """Scanning takes linear time: a quadratic scanner would hang here. (None: the fastest one.)"""
    options = ["--capacity", "1000", "--scanner", scanner] if scanner else ["--capacity", "1000"]
    size = 2_000_000
    units = [
        b" ", b"\n", b"\t ", b"\n ", b"a", b"A", "ª".encode(), "\u0301".encode(),
        b"A" * 1000 + "ª".encode(), b"!", b"'", b"1", b"\xff", b"\xe2\x82", b"/\n"
    ]
    tails = [b"", b"a", b"!"]
    texts = [
        head + unit * (size // len(unit)) + tail for head in [b"", b"\n"] for unit in units
        for tail in tails
    ]
    for text, ends in zip(texts, tool.ends(texts, pattern, *options)):
        assert ends == sorted(set(ends)) and ends[-1] == len(text)


# ---- Custom expressions ----

EXPRESSIONS = [
    r"[a-z]+", r"\w+", r"x*", r"a*?", r"(?=[A-Z])", r"(?<=[a-z])(?=[A-Z])|\s+", r"(?:.)", r"(?s).",
    r"\d", r"(?:ab)+|b", r"(?<=a)b|\b", r"$", r"^|\s", r"(?:)", r"a\Kb", r"[^a]",
    r"[\uFFFD]".replace(r"\uFFFD", "\ufffd"), r"(a|ab)(c|bcd)?",
    r"\p{L}+|[^\p{L}]", r"[^\s\p{L}\p{N}]+", r"[\p{Lu}\d_]+", r"[\P{L}]+", r"\P{Ll}", r"\p{^Nd}",
    r"\pM",
    r"\p{sc=Han}+", r"\p{Script=Greek}|\p{sc:cyrl}", r"[^\P{Lo}a]", r"\S+", r"\W+|\D", r"\B",
    r"\p{Alphabetic}+", r"[\p{P}\p{S}]+|\p{Zs}", r"(?i)[a-z\p{Nd}]+",
]
# What PCRE2 means, in terms that the reference's engine understands alike.
WORD = r"[\p{L}\p{N}_]"
MEANINGS = {r"\w": WORD, r"\W": r"[^\p{L}\p{N}_]",
            r"\b": rf"(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))",
            r"\B": rf"(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))"}


@pytest.mark.parametrize("expression", mostly_slow(EXPRESSIONS, EXPRESSIONS[::4]))
def test_expressions(tool, rng, expression):
    texts = [small(rng) for _ in range(500)] + [hostile(rng, 10, invalid=0.3) for _ in range(200)]
    texts += [any_characters(rng, stable_characters(), rng.randrange(30)) for _ in range(300)]
    meaning = expression
    for ours, theirs in MEANINGS.items():
        meaning = meaning.replace(ours, theirs)
    wanted = []
    for text in texts:
        ends = [0, *itertools.accumulate(len(piece) for piece in pretokens(text, meaning))]
        wanted.append(ends[1:])
    check_equal(texts, tool.ends(texts, expression, "--unicode", rng.choice(VERSIONS)), wanted)


@pytest.mark.parametrize("expression, message", [
    ("(", "pattern: at offset 1: missing closing parenthesis"),
    ("[a", "pattern: at offset 2"),
    (r"\C", r"using \C is disabled"),
    (r"\p{Nonsense}", "there is no table for it"),
    ("gtp2", 'unknown pattern "gtp2" (known: gpt2, cl100k,'),
    ("GPT-4", 'did you mean "cl100k"?'),
    ("null", "write none for no cutting"),
])
def test_bad_patterns(tool, expression, message):
    done = tool.call("--pattern", expression)
    assert done.returncode == 1 and message in done.stderr.decode()


def test_bad_options(tool):
    for options in (["--unicode", "13.0"], ["--scanner", "abacus"],
                    ["--pattern", "[a-z]", "--scanner", "scalar"]):
        done = tool.call(*options)
        assert done.returncode == 1 and f'"{options[-1]}"' in done.stderr.decode()


def test_expression_that_never_ends_is_an_error(tool):
    text = b"a" * 50 + b"!"
    done = tool.call("--pattern", "(a+)+$", data=struct.pack("<I", len(text)) + text)
    assert done.returncode == 1 and "limit exceeded" in done.stderr.decode()


def test_long_match_that_needs_stack(tool):
    text = b"ab" * 1_000_000
    assert tool.ends([text], "(?:(a)|(b))+") == [[len(text)]]
