# Texts for the tests: small random ones, hostile ones and real ones.
# SPDX-License-Identifier: MIT
import bisect
import functools
import itertools
import sys
import sysconfig
import unicodedata
from pathlib import Path

import regex

SCRIPTS = {
    "latin": "abcdefghijklmnopqrstuvwxyz",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "han": "的一是不了人我在有他这中大来上个国和也子时道说出为们到",
    "kana": "あいうえおかきくけこさしすせそアイウエオカキクケコ",
    "hangul": "가나다라마바사아자차카타파하",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "devanagari": "अआइईउऊकखगघचछजझटठडढतथदधनपफबभमयरलवशषसहािीुूेैोौ्",
    "thai": "กขคงจฉชซญฎฏฐฑฒณดตถทธนบปผพภมยรลวศษสหอฮะาิีุูเแโใไ่้",
}

# The characters that patterns tell apart: white space of all kinds, contractions in both cases
# and with U+017F, digits of several scripts, letters of every case, marks, joiners, punctuation,
# and the slash that o200k treats specially.
PIECES = [
    " ", "  ", "\n", "\r\n", "\r", "\t", "\v", "\f", "\x85", "\xa0", "\u2003", "\u2028", "\u3000",
    "\u180e", "\u200b", "\x1c", "\x1f", "\0", "\ufeff", "'", "'s", "'S", "'t", "'re", "'RE", "'vE",
    "'ll", "'d", "'m", "'ſ", "’s", "'x", "0", "12", "345", "6789", "²", "Ⅷ", "½", "٣", "１", "a",
    "b", "ab", "A", "Ab", "aB", "ABC", "ǅ", "ʰ", "ª", "é", "e\u0301", "\u0301", "ß", "ẞ", "ſ",
    "\u212a", "日", "本語", "한", "ไทย", "का", "שלום", "\u200d", "😀", "👩\u200d🚀", ".", ",", "...", "!?",
    "/", "//", "\\", "-", "_", "$", "€", "(", ")", "\U0001d400", "\U00020000",
]

INVALID = [
    b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xe0\x80\x80", b"\xe0\x9f\xbf",
    b"\xe2\x82", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf0\x9f\x98",
    b"\xf0\x9f", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xfe", b"\xff",
]


def small(rng, longest=60):
    """Makes short text over an alphabet of a few bytes, so that runs and ties are common."""
    alphabet = rng.choice([b"a", b"ab", b"abc", b"ab ", b"ab \n", b"aA1 .", b"abcdefgh",
                           b"\x00\xff", b"a\xe2\x82\xac"])
    kind = rng.randrange(4)
    size = rng.randrange(longest + 1)
    if kind == 0:
        return bytes(rng.choices(alphabet, k=size))
    if kind == 1:
        unit = bytes(rng.choices(alphabet, k=rng.randint(1, 4)))
        return (unit * size)[:size]
    words = [bytes(rng.choices(alphabet, k=rng.randint(1, 6))) for _ in range(rng.randint(1, 5))]
    between = rng.choice([b"", b" ", b" ", b"\n"])
    return between.join(rng.choices(words, k=rng.randrange(1, 12)))


def hostile(rng, pieces=40, invalid=0.1):
    """Joins random PIECES; `invalid` is the share of pieces that are not UTF-8."""
    count = rng.randrange(pieces + 1)
    return b"".join(
        rng.choice(INVALID) if rng.random() < invalid else rng.choice(PIECES).encode()
        for _ in range(count))


def is_stable(character):
    """Whether this Python and `regex` put the character into the same class.

    Their Unicode versions differ, and the version under test lies between them: we assume that it
    agrees where they do.
    """
    category = unicodedata.category(character)
    if category in ("Cn", "Cs"):
        return False
    return regex.fullmatch(rf"\p{{{category}}}", character) is not None


@functools.cache
def stable_characters():
    return [c for c in map(chr, range(sys.maxunicode + 1)) if is_stable(c)]


def any_characters(rng, characters, count):
    return "".join(rng.choices(characters, k=count)).encode()


class Words:
    """A made-up language whose words are drawn by Zipf's law."""

    def __init__(self, rng, count=20000, scripts=("latin",)):
        self.rng = rng
        letters = [self._letters(script) for script in scripts]
        self.words = [self._make(*rng.choice(letters)) for _ in range(count)]
        self.weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(count)))

    def _letters(self, script):
        letters = list(SCRIPTS[script])
        self.rng.shuffle(letters)
        return letters, list(itertools.accumulate(1 / (rank + 1) for rank in range(len(letters))))

    def _make(self, letters, weights):
        length = min(1 + int(self.rng.expovariate(0.2)), 18)
        return "".join(self.rng.choices(letters, cum_weights=weights, k=length))

    def draw(self):
        return self.words[bisect.bisect(self.weights, self.rng.random() * self.weights[-1])]

    def sentence(self):
        rng = self.rng
        words = [self.draw() for _ in range(rng.randint(3, 18))]
        words[0] = words[0].capitalize()
        for i in range(len(words)):
            chance = rng.random()
            if chance < 0.03:
                words[i] = str(rng.randrange(10 ** rng.randint(1, 6)))
            elif chance < 0.06:
                words[i] += rng.choice(["'s", "'t", "'ll", "'re"])
            elif chance < 0.09:
                words[i] += rng.choice([",", ";", ":", " -", "...", ")"])
        return " ".join(words) + rng.choice([". ", ". ", "! ", "? ", ".\n", ".\n\n", ".  "])

    def text(self, size):
        """Returns sentences of about `size` bytes together."""
        out, length = [], 0
        while length < size:
            out.append(self.sentence())
            length += len(out[-1].encode())
        return "".join(out)


def python_sources(limit):
    """Real text: the first `limit` characters of this interpreter's standard library."""
    out, length = [], 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        if length < limit:
            out.append(path.read_bytes().decode(errors="ignore"))
            length += len(out[-1])
    return "".join(out)[:limit]
