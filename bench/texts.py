# A text to train on, in the forms that the rows are fed with.
# SPDX-License-Identifier: MIT
"""
One file is the truth: documents, each ended by the special token. What else a row wants is made of it:

    text        the file itself
    lines       a file without the special token, for trainers that take each line as a document
    documents   a list of str
    bytes       the file in memory

A folder becomes one file first, each of its files a document.
"""
import hashlib
import re
from pathlib import Path

SPECIAL = "<|endoftext|>"
BLOCK = 1 << 20


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def is_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def documents_of_folder(folder):
    """The files below it, hidden ones aside, sorted by path; those that are not UTF-8 are left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            data = path.read_bytes()
            if data and SPECIAL.encode() not in data and is_utf8(data):
                yield data


def join_documents(documents, out):
    """Writes them with the special token and a line feed behind each. Returns how many there were."""
    count = 0
    with open(out, "wb") as file:
        for document in documents:
            file.write(document + SPECIAL.encode() + b"\n")
            count += 1
    return count


def split_documents(text):
    """The documents of a text as str; empty ones hold no words and are left out."""
    return [document for document in text.split(SPECIAL) if document]


def lines_without_special(data):
    """The special token, with a line feed behind it or not, becomes a line feed."""
    return re.sub(re.escape(SPECIAL.encode()) + rb"\n?", b"\n", data)


def make_lines(path, out):
    """`out` is `path` without special tokens. Blocks are cut at line feeds, so none is cut through."""
    with open(path, "rb") as source, open(out, "wb") as target:
        while block := source.read(BLOCK):
            block += source.readline()
            target.write(lines_without_special(block))


class Text:
    """Paths and figures of a text; holds none of its bytes."""

    def __init__(self, name, work):
        given = Path(name)
        if not given.exists():
            raise SystemExit(f"bench: there is no text {name}")
        work.mkdir(parents=True, exist_ok=True)
        self.name = given.stem
        self.path = given.resolve()
        if given.is_dir():
            self.path = work / f"{given.name}.txt"
            join_documents(documents_of_folder(given), self.path)
        if self.path.stat().st_size == 0:
            raise SystemExit(f"bench: {name} holds no text")
        self.lines = work / f"{self.name}.lines.txt"
        make_lines(self.path, self.lines)
        self.bytes = self.path.stat().st_size
        self.sha256 = sha256_of(self.path)

    def figures(self):
        return {"name": self.name, "path": str(self.path), "bytes": self.bytes, "sha256": self.sha256,
                "page_cache": "warm"}


def load(form, path):
    """What a row is fed with."""
    if form in ("text", "lines"):
        return str(path)
    data = Path(path).read_bytes()
    return data if form == "bytes" else split_documents(data.decode("utf-8"))
