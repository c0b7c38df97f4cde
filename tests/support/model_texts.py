# Texts on which models are compared, and our encoder, to compare it.
# SPDX-License-Identifier: MIT
import struct
import subprocess
from pathlib import Path

import pytest

import texts

# The first article of the Universal Declaration of Human Rights.
LANGUAGES = [
    "Toate ființele umane se nasc libere și egale în demnitate și în drepturi.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "Todas as pessoas nascem livres e iguais em dignidade e em direitos.",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.",
    "Minden emberi lény szabadon születik és egyenlő méltósága és joga van.",
    "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "יולדו כל בני אדם בני חורין ושווים בערכם ובזכויותיהם.",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "人人生而自由,在尊严和权利上一律平等。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
]
SPACES = [" ", "  ", "\n", " \n", "\n ", "\r\n", "\n\n\n", "\t\t ", "\u3000", "\u00a0 ", " " * 70,
          "\n" * 70, "\u2028\n", "/\n"]


def read_english():
    """This project's documentation."""
    root = Path(__file__).resolve().parents[2]
    return "".join(path.read_text() for path in [root / "README.md", *sorted(root.glob("docs/*"))])


def make_texts(rng):
    words = texts.Words(rng, scripts=tuple(texts.SCRIPTS))
    aligned = ["a" * k + space + "b" * (k % 7) + space
               for k in range(131) for space in SPACES]
    hostile = [texts.hostile(rng, invalid=0).decode() for _ in range(300)]
    return [read_english(), texts.python_sources(300_000), *LANGUAGES, "\n".join(LANGUAGES),
            words.text(100_000), *aligned, *hostile, ""]


def make_pairs():
    """Every pair of bytes that is UTF-8, and every pair as two code points."""
    pairs = [bytes([a, b]) for a in range(256) for b in range(256)]
    good = [pair.decode() for pair in pairs if is_text(pair)]
    return [*good, *(pair.decode("latin-1") for pair in pairs)]


def is_text(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def in_template(code_points):
    made = (f"x{c}y {c}{c}9{c}\n{c} {c}" for c in map(chr, code_points))
    return ["".join(part) for part in zip(*[made] * 100)]


def every_code_point():
    """Without surrogates, and one in 97 of the planes where nothing is assigned."""
    return [*range(0xD800), *range(0xE000, 0x32400), *range(0x32400, 0xE0000, 97),
            *range(0xE0000, 0xE0200), *range(0xE0200, 0x110000, 97)]


class Encoder:
    """Encodes texts, with all special tokens. Decoding the ids must give the text again."""

    def __init__(self, build_dir):
        self.program = build_dir / "tests" / "encode"

    def __call__(self, path, documents, *options, specials="all"):
        data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in documents)
        done = subprocess.run([str(self.program), "--special-tokens", specials, *options,
                               str(path)], input=data, capture_output=True)
        if b"normalizers are not supported" in done.stderr:
            pytest.skip("this build has no normalizers")
        assert done.returncode == 0, done.stderr.decode()
        answers, at = [], 0
        for _ in documents:
            (count,) = struct.unpack_from("<I", done.stdout, at)
            answers.append(list(struct.unpack_from(f"<{count}I", done.stdout, at + 4)))
            at += 4 + 4 * count
        return answers
