# A text to train on, in the forms that rows take.
# SPDX-License-Identifier: MIT
"""
The source is one file of documents, each ended by the special token. Other forms are made from it:

    text        the file itself
    lines       a file without the special token, for trainers that treat each line as a document
    documents   a list of str
    bytes       the file in memory

A folder is first made into one file; each of its files becomes a document.
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
    """All files in it, sorted by path, except hidden ones and those that are not UTF-8."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            data = path.read_bytes()
            if data and SPECIAL.encode() not in data and is_utf8(data):
                yield data


def join_documents(documents, out):
    """Writes each with the special token and a line feed after it. Returns their number."""
    count = 0
    with open(out, "wb") as file:
        for document in documents:
            file.write(document + SPECIAL.encode() + b"\n")
            count += 1
    return count


def split_documents(text):
    """The documents of a text as str, without empty ones, which contain no words."""
    return [document for document in text.split(SPECIAL) if document]


def lines_without_special(data):
    """Replaces the special token, and a line feed after it if there is one, by a line feed."""
    return re.sub(re.escape(SPECIAL.encode()) + rb"\n?", b"\n", data)


def make_lines(path, out):
    """Writes `path` without special tokens. Blocks end at line feeds, so none is cut in two."""
    with open(path, "rb") as source, open(out, "wb") as target:
        while block := source.read(BLOCK):
            block += source.readline()
            target.write(lines_without_special(block))


class Text:
    """Paths and figures of a text, without its bytes."""

    def __init__(self, name, work):
        given = Path(name)
        if not given.exists():
            raise SystemExit(f"bench: {name} not found")
        work.mkdir(parents=True, exist_ok=True)
        self.name = given.stem
        self.path = given.resolve()
        if given.is_dir():
            self.path = work / f"{given.name}.txt"
            join_documents(documents_of_folder(given), self.path)
        if self.path.stat().st_size == 0:
            raise SystemExit(f"bench: {name} contains no text")
        self.lines = work / f"{self.name}.lines.txt"
        make_lines(self.path, self.lines)
        self.bytes = self.path.stat().st_size
        self.sha256 = sha256_of(self.path)

    def figures(self):
        return {"name": self.name, "path": str(self.path), "bytes": self.bytes,
                "sha256": self.sha256, "page_cache": "warm"}


def load(form, path):
    """A row's input."""
    if form in ("text", "lines"):
        return str(path)
    data = Path(path).read_bytes()
    return data if form == "bytes" else split_documents(data.decode("utf-8"))
