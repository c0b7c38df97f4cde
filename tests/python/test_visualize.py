# Tokenizer.visualize: what browsers, screen readers and terminals get to see, and what is copied.
# SPDX-License-Identifier: MIT
import html.parser
import json
import re
import unicodedata

import pairmill
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairmill import _visualize

import small_models
import texts
from support.tiers import mostly_slow

END = "<|endoftext|>"
ALLOWED = {"div": {"class", "role", "aria-label"}, "style": set(), "p": set(), "br": set(),
           "span": {"role", "class", "data-id", "title"}, "i": {"class", "data-mark"},
           "b": {"data-mark"}}


class Page(html.parser.HTMLParser):
    """Reads the HTML as a browser does, and refuses all that isn't known to be harmless."""

    def __init__(self, source):
        super().__init__()
        self.open, self.text, self.tokens, self.style, self.outside = [], "", [], "", ""
        assert "\r" not in source and "\0" not in source  # which browsers change
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        assert len(values) == len(attributes) and values.keys() <= ALLOWED[tag], tag
        if tag == "br":
            self.text += "\n"
            return
        self.open.append(tag)
        if tag == "span":
            assert self.open == ["div", "div", "span"] and values["role"] == "listitem"
            self.tokens.append({"id": values["data-id"], "title": values["title"], "text": "",
                                "shown": "", "special": values.get("class") == "special"})
            assert (values.get("class") == "none") == (values["data-id"] == "-")
        if "data-mark" in values:
            self.tokens[-1]["shown"] += values["data-mark"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[:3] == ["div", "div", "span"]:
            self.text += data
            self.tokens[-1]["text"] += data
            if self.open[-1] == "span":
                self.tokens[-1]["shown"] += data
        elif self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.outside += data

    def ids(self):
        return [int(token["id"]) for token in self.tokens if token["id"] != "-"]

    def shown_tokens(self):
        return [token["shown"] for token in self.tokens]


def copied(text):
    """The text that a page can hold: U+0000 can't be in HTML."""
    if isinstance(text, bytes):
        text = re.sub("[\udc80-\udcff]", "\ufffd", text.decode("utf-8", "surrogateescape"))
    return text.replace("\0", "\ufffd")


@pytest.fixture(scope="module")
def tokenizer():
    sample = texts.python_sources(50_000) + "日本語 ＡＢＣ größer Größe " * 20
    return pairmill.train_from_iterator([sample], 600, special_tokens=[END, "</span>"])


def check(tokenizer, text, **choice):
    page = Page(tokenizer.visualize(text, **choice)._repr_html_())
    assert page.text == copied(text)
    assert page.ids() == tokenizer.encode(text, **choice)
    return page


# ---- HTML ----


@pytest.mark.parametrize("text", [
    "", " ", "a", "\n", "\n\n\n", "\r\n", "\r", "\t\t", "    " * 40, "Hello world\n", "日本語 größer",
    "</span><script>alert(1)</script>", '" onmouseover="alert(1)', "&lt;&amp;&#13;&#x26;", "<!-- a",
    "']]></style><img src=x>", "\0\x01\x1b[31m\x7f\x80\x9f", "a\u202eb\u2066c\u200b\ufeff\ufffe",
    b"", b"\xff", b"a\xe2\x82b\xf0\x9f\x98", b"\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80"])
def test_texts(tokenizer, text):
    check(tokenizer, text)
    check(tokenizer, text, special_tokens="all")


@settings(deadline=None)
@given(st.lists(st.text() | st.sampled_from([*texts.PIECES, END, "</span>"])).map("".join))
def test_any_text(tokenizer, text):
    check(tokenizer, text, special_tokens="all")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3) | st.sampled_from(texts.INVALID)).map(b"".join))
def test_any_bytes(tokenizer, text):
    check(tokenizer, text)


def test_marks(tokenizer):
    bytes_only = pairmill.train_from_iterator(["x"], 257, special_tokens=[END])
    page = check(bytes_only, "a \t\né\x1b")
    assert page.shown_tokens() == ["a", "·", "⇥", "↵", "C3", "A9", "U+001B"]
    assert [token["text"] for token in page.tokens] == ["a", " ", "\t", "", "é", "", "\x1b"]
    assert page.tokens[4]["title"] == "195 b'\\xc3'" and page.tokens[0]["title"] == "97 'a'"
    assert check(bytes_only, b"\xe2\x82|").shown_tokens() == ["E2", "82", "|"]
    whole = pairmill.Tokenizer.from_parts({b"\xe2": 0, b"\x82\xac\xe2": 1, b"\x82\xac": 2,
                                           b"\x82": 3, b"\xac": 4},
                                          [(b"\x82", b"\xac"), (b"\x82\xac", b"\xe2")])
    page = check(whole, "€€€")
    assert page.shown_tokens() == ["E2", "82 ACE2", "82 ACE2", "82 AC"]
    assert [token["text"] for token in page.tokens] == ["€", "€", "€", ""]


def test_line_breaks():
    """The last ones of a token are behind it, and others in it."""
    merges = [(b"\n", b"\n"), (b"a", b"\n"), (b"a\n", b"b")]
    vocab = [b"\n", b"a", b"b", *(left + right for left, right in merges)]
    tokenizer = pairmill.Tokenizer.from_parts(
        {token: id for id, token in enumerate(vocab)}, merges, pattern="none")
    page = check(tokenizer, "\n\na\nb")
    assert page.shown_tokens() == ["↵↵", "a↵b"]
    source = tokenizer.visualize("\n\na\nb")._repr_html_()
    assert "</i></span><br><br><span" in source and "</i><br>b</span>" in source


def test_special_tokens(tokenizer):
    page = check(tokenizer, f"a{END}b", special_tokens="all")
    assert [token["special"] for token in page.tokens] == [False, True, False]
    assert page.tokens[1]["title"].endswith("'<|endoftext|>' (special token)")
    plain = check(tokenizer, f"a{END}b")
    assert not any(token["special"] for token in plain.tokens) and len(plain.tokens) > 3
    listed = check(tokenizer, f"{END}</span>", special_tokens=[END])
    assert [token["special"] for token in listed.tokens].count(True) == 1
    policy = pairmill.Policy(special=["</span>"])
    assert check(tokenizer, f"{END}</span>", policy=policy).tokens[-1]["special"]
    for mistake in ({"special_tokens": "error"}, {"special_tokens": "wrong"}):
        with pytest.raises(ValueError):
            tokenizer.visualize(END, **mistake)


@pytest.mark.parametrize("name", mostly_slow(
    sorted(small_models.CONFIGURATIONS | small_models.BEHAVIORS), ["flags, normalised", "claude"]))
def test_models_that_change_text(name, rng):
    """Normalised text, templates, added tokens that strip, cut steps that remove."""
    document = small_models.make(name)
    tokenizer = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
    for _ in range(30):
        text = texts.hostile(rng, 20).decode(errors="ignore")
        policy = pairmill.Policy("all", template=rng.random() < 0.5)
        check(tokenizer, text, policy=policy)


def test_text_without_tokens():
    document = small_models.make("gpt2")
    document["normalizer"] = {"type": "Strip", "strip_left": True, "strip_right": True}
    tokenizer = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
    page = check(tokenizer, "  a \n")
    assert page.shown_tokens() == ["··", "a", "·↵"]
    assert [token["title"] for token in page.tokens][::2] == ["no token"] * 2
    assert str(tokenizer.visualize("  a")) == "··|a\n- |64"


def test_long_text_without_tokens():
    document = small_models.make("gpt2")
    document["normalizer"] = {"type": "Strip", "strip_left": True, "strip_right": True}
    tokenizer = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
    shown = tokenizer.visualize(" " * 50_000 + "a" + " " * 50_000)
    page = Page(shown._repr_html_())
    assert page.text == " " * 2000 + "a" + " " * 2000 and page.ids() == [64]
    assert page.shown_tokens()[0] == "·" * 2000 + "(48,000 more bytes)"


def test_tokens_without_text():
    document = small_models.make("gpt2")
    document["normalizer"] = {"type": "NFKC"}
    tokenizer = pairmill.Tokenizer.from_bytes(json.dumps(document).encode())
    page = check(tokenizer, "x\ufb03y")
    assert "".join(page.shown_tokens()) != "x\ufb03y" and page.text == "x\ufb03y"
    assert "".join(eval(token["title"].split(" ", 1)[1]) for token in page.tokens) == "xffiy"


def test_nothing_is_fetched(tokenizer):
    source = tokenizer.visualize("https://a.example/b.png url(x)")._repr_html_()
    page = Page(source)
    assert not re.search(r"url\(|@import|expression|//|behavior", page.style)
    assert not re.search(r"\s(src|href|style|on\w+)\s*=", source)
    # Nothing outside is styled.
    for selector in re.findall(r"([^{}]+)\{", page.style):
        assert all(part.strip().startswith(".pairmill-tokens") for part in selector.split(","))


def test_page(tokenizer, tmp_path):
    path = tmp_path / "tokens.html"
    shown = tokenizer.visualize("Größe")
    shown.save(path)
    source = path.read_text(encoding="utf-8")
    assert source.startswith("<!DOCTYPE html>") and "default-src 'none'" in source
    assert shown._repr_html_() in source and "color-scheme: light dark" in source
    with pytest.raises(FileExistsError):
        shown.save(path)
    tokenizer.visualize("x").save(path, overwrite=True)
    assert "Gr" not in path.read_text()


# ---- Colours ----


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (c / 255 for c in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As WCAG 2.2 defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(colour, opacity, ground):
    return [opacity * c + (1 - opacity) * g for c, g in zip(colour, ground)]


# Background and text: browsers' light and dark, JupyterLab's two, VS Code's two.
THEMES = [((255, 255, 255), (0, 0, 0)), ((18, 18, 18), (255, 255, 255)),
          ((255, 255, 255), (33, 33, 33)), ((17, 17, 17), (224, 224, 224)),
          ((255, 255, 255), (59, 59, 59)), ((30, 30, 30), (204, 204, 204))]


@pytest.mark.parametrize("ground, text", THEMES)
def test_contrast(ground, text):
    """4.5 for text of any size, 3 for borders and what only marks white space (WCAG 2.2, AA)."""
    tints = re.findall(r"rgba\((\d+), (\d+), (\d+), ([\d.]+)\)", _visualize._STYLE)
    assert len(tints) == 5
    opacities = dict(re.findall(r"(::after|i::before) \{[^}]*?opacity: ([\d.]+)",
                                _visualize._STYLE))
    for *colour, opacity in tints:
        behind = over(map(int, colour), float(opacity), ground)
        assert contrast(text, behind) >= 4.5
        assert contrast(over(text, float(opacities["::after"]), behind), behind) >= 4.5
        assert contrast(over(text, float(opacities["i::before"]), behind), behind) >= 3
        assert contrast((128, 128, 128), ground) >= 3


# ---- Text ----


def test_plain_text():
    bytes_only = pairmill.train_from_iterator(["x"], 258, special_tokens=[END, "a|b"])
    assert str(bytes_only.visualize("Hi é\x1b\n日", special_tokens="all")) == (
        "H |i  |· |<C3>|<A9>|<U+001B>|↵\n"
        "72|105|32|195 |169 |27      |10\n"
        "<E6>|<97>|<A5>\n"
        "230 |151 |165")
    assert str(bytes_only.visualize(f"x{END}", special_tokens="all")) == (
        "x  |<|endoftext|>\n120|256*")
    assert str(bytes_only.visualize("")) == ""


@settings(deadline=None)
@given(st.text() | st.binary())
def test_any_plain_text(tokenizer, text):
    shown = tokenizer.visualize(text)
    lines = str(shown).split("\n") if len(shown) else []
    assert all(character.isprintable() for character in str(shown).replace("\n", ""))
    ids = [int(id) for line in lines[1::2] for id in line.split("|")]
    assert ids == tokenizer.encode(text)
    for above, below in zip(lines[::2], lines[1::2]):
        assert above.count("|") >= below.count("|")
    colours = re.sub("\x1b\\[[0-9;]*m", "", shown.ansi())
    assert "\x1b" not in colours and all(c.isprintable() for c in colours.replace("\n", ""))


def find_borders(line):
    """The columns of the borders."""
    wide = [unicodedata.east_asian_width(character) in ("W", "F") for character in line]
    return [i + sum(wide[:i]) for i, character in enumerate(line) if character == "|"]


def test_columns(tokenizer):
    lines = str(tokenizer.visualize("日本語 ＡＢＣ größer internationalization " * 30)).split("\n")
    for above, below in zip(lines[::2], lines[1::2]):
        assert find_borders(above) == find_borders(below)
        assert len(below) <= 96
    assert max(map(len, lines)) > 80


def test_summary(tokenizer):
    shown = tokenizer.visualize("a")
    assert repr(shown) == "<Visualization of 1 token, 1 byte>" and len(shown) == 1
    assert repr(tokenizer.visualize("")) == "<Visualization of 0 tokens, 0 bytes>"
    bundle = shown._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {"text/html": shown._repr_html_(), "text/plain": str(shown)}


def test_a_character_is_cut():
    bytes_only = pairmill.train_from_iterator(["x"], 256)
    page = Page(bytes_only.visualize("x" + "é" * 2000)._repr_html_())
    assert page.shown_tokens()[-3:] == ["C3", "A9", "C3"]
    assert page.text == "x" + "é" * 1000


def test_tokens_that_overlap(tokenizer):
    """Each part of the text is shown once, whatever a normaliser does to the order."""
    found = _visualize.find_tokens(tokenizer, b"abcd", [1, 2, 3], [(0, 3), (1, 2), (2, 4)])
    assert ["".join(piece.text for piece in token.pieces) for token in found] == ["abc", "", "d"]


def test_a_long_text_is_cut(tokenizer):
    text = "é-" * 100_000
    shown = tokenizer.visualize(text)
    count = len(tokenizer.encode(text))
    assert len(shown) == count >= 100_000
    source = shown._repr_html_()
    page = Page(source)
    assert page.ids() == tokenizer.encode(text)[:2000] and text.startswith(page.text)
    note = f"{count - 2000:,} more tokens not shown"
    assert note in page.outside and f"{count:,} tokens, 300,000 bytes" in page.outside
    assert str(shown).endswith(note) and shown.ansi().endswith(note)
    assert len(source) < 1_000_000 and len(str(shown)) < 100_000
    _, used = tokenizer.truncate(text, 2000)
    assert "not shown" not in tokenizer.visualize(text.encode()[:used])._repr_html_()
