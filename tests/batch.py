# Drives tests/tools/train.c: one process for thousands of small cases.
# SPDX-License-Identifier: MIT
import subprocess


class Answer:
    """The result of one case. `status` is "ok", or names the error that `message` explains."""

    def __init__(self, records):
        self.records = records
        self.status = self.one("status")
        self.message = self.one("message")
        self.stopped = self.one("stopped")
        self.meaning = self.one("meaning")
        self.pattern = self.one("pattern")
        self.totals = [int(x) for x in (self.one("totals") or "").split()]
        self.merges = [tuple(int(x) for x in line.split()) for line in self.lines("merges")]
        self.vocab = [bytes.fromhex(line) for line in self.lines("vocab")]
        pairs = [line.split() for line in self.lines("words")]
        self.words = {bytes.fromhex(word): int(count) for word, count in pairs}
        pairs = [line.split() for line in self.lines("specials")]
        self.specials = {bytes.fromhex(token): int(i) for i, token in pairs}
        self.saved = self.all("saved")
        self.ids = [[int(x) for x in line.split()] for line in self.all("ids")]
        self.decoded = self.all("decoded")

    def all(self, key):
        return [value for k, value in self.records if k == key]

    def one(self, key):
        values = self.all(key)
        return values[0].decode() if values else None

    def lines(self, key):
        return (self.one(key) or "").splitlines()


class Batch:
    """Runs cases in the tool. A list is sent as repeated records, numbers and strings as text."""

    def __init__(self, program):
        self.process = subprocess.Popen([str(program)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def run(self, **case):
        if self.process is None:
            raise RuntimeError("the tool died in an earlier case")
        try:
            for key, value in case.items():
                for item in value if isinstance(value, (list, tuple)) else [value]:
                    if item is not None:
                        self._write(key, item)
            self._write("run", b"")
            self.process.stdin.flush()
            return Answer(list(self._records()))
        except (EOFError, BrokenPipeError):
            code, self.process = self.process.wait(), None
            raise AssertionError(f"the tool died (exit {code}) in the case {case!r}") from None

    def _write(self, key, value):
        data = value if isinstance(value, bytes) else str(value).encode()
        self.process.stdin.write(b"%s %d\n%s\n" % (key.encode(), len(data), data))

    def _records(self):
        while True:
            head = self.process.stdout.readline().split()
            if len(head) != 2:
                raise EOFError
            data = self.process.stdout.read(int(head[1]) + 1)[:-1]
            if head[0] == b"end":
                return
            yield head[0].decode(), data

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            assert self.process.wait() == 0
