# The memory of a process, as the kernel reports it.
# SPDX-License-Identifier: MIT
import threading

FIELDS = {"VmHWM": "peak", "VmRSS": "resident", "RssAnon": "anonymous"}
INTERVAL_S = 0.004


def read_memory(pid):
    """Bytes: `peak` and `resident` include mapped files. Empty once the process has ended."""
    try:
        with open(f"/proc/{pid}/status") as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    found = (line.split() for line in lines)
    return {FIELDS[words[0][:-1]]: int(words[1]) * 1024
            for words in found if words[0][:-1] in FIELDS}


class Sampler:
    """Samples a process every few ms and keeps the peaks. A short process may give none."""

    def __init__(self, pid):
        self.greatest = {}
        self._pid = pid
        self._end = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _look(self):
        for name, value in read_memory(self._pid).items():
            self.greatest[name] = max(self.greatest.get(name, 0), value)

    def _watch(self):
        while not self._end.wait(INTERVAL_S):
            self._look()

    def finish(self):
        self._end.set()
        self._thread.join()
        return self.greatest
