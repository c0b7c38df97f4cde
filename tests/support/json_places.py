# Where each key and value of a JSON text begins, found without the library; and odd JSON layouts.
# SPDX-License-Identifier: MIT
import json
import re

SPACE = re.compile(r"[ \t\r\n]*")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
WORD = re.compile(r"[^ \t\r\n,\]}]+")
MARK = b"\xef\xbb\xbf"


class Reader:
    """Reads valid JSON, as characters that are bytes, and notes where things begin."""

    def __init__(self, data):
        self.text = data.decode("latin-1")
        self.at = len(MARK) if data.startswith(MARK) else 0
        self.values, self.keys = {}, {}

    def take(self, expression):
        found = expression.match(self.text, self.at)
        self.at = found.end()
        return found[0]

    def next(self):
        self.take(SPACE)
        return self.text[self.at]

    def read_list(self, path, end):
        self.at += 1
        index = 0
        while self.next() != end:
            key, begin = index, self.at
            if end == "}":
                key = json.loads(self.take(STRING).encode("latin-1"))
                self.keys[(*path, key)] = begin
                assert self.next() == ":"
                self.at += 1
            self.read((*path, key))
            index += 1
            if self.next() == ",":
                self.at += 1
        self.at += 1

    def read(self, path=()):
        first = self.next()
        self.values[path] = self.at
        if first in "{[":
            self.read_list(path, "}" if first == "{" else "]")
        else:
            self.take(STRING if first == '"' else WORD)


def find_places(data):
    """The byte of each value, and of each member's key, by the path of keys and indexes to it."""
    reader = Reader(data)
    reader.read()
    return reader.values, reader.keys


def escaped(value):
    """JSON in which every character of a string is an escape."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{escaped(k)}:{escaped(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(escaped, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    units = value.encode("utf-16-be")
    return '"' + "".join(f"\\u{units[i:i + 2].hex()}" for i in range(0, len(units), 2)) + '"'


LAYOUTS = {
    "compact": lambda value: json.dumps(value, separators=(",", ":")).encode(),
    "UTF-8": lambda value: json.dumps(value, ensure_ascii=False).encode(),
    "indented": lambda value: json.dumps(value, indent=3).encode(),
    "spaced": lambda value: b"\r\n\t" + json.dumps(value, separators=(" ,\n\t", " :\r\n ")).encode(),
    "marked": lambda value: MARK + b"\n" + json.dumps(value, indent=1).encode(),
    "escaped": lambda value: escaped(value).encode(),
}
