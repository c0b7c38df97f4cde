# How much memory pairmill.cs336 needs while it encodes.
# SPDX-License-Identifier: MIT
import json
import random
import subprocess
import sys

import pytest
from pairmill.cs336 import Tokenizer

import texts
from support import vocabularies

pytestmark = [pytest.mark.limits,
              pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS, /proc")]

END = "<|endoftext|>"

# No memory can be had from the system: the limit is far below what is mapped already.
LIMITED = """
import json, resource, sys
from pairmill.cs336 import Tokenizer

def used(field):
    with open("/proc/self/statm") as file:
        return int(file.read().split()[field]) * resource.getpagesize()

ours = Tokenizer.from_files(sys.argv[1], sys.argv[2], ["<|endoftext|>"])
file = open(sys.argv[3], newline="")
text = {"file": lambda: None, "text": file.read, "lines": file.readlines}[sys.argv[4]]()
limit = used(1) + (1 << 20)
assert limit < used(0)
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
"""

ITERATE = LIMITED + """
count = digest = 0
for id in ours.encode_iterable(file):
    count += 1
    digest = (digest * 31 + id) % (1 << 32)
print(count, digest)
"""

ENCODE = LIMITED + """
try:
    ours.encode(text)
except MemoryError:
    print("MemoryError", ours.encode("hello"))
"""

# The allocator has no block of 2 KB or more.
FRAGMENTED = LIMITED + """
held = []
for size in (1 << shift for shift in range(22, 10, -1)):
    try:
        while True:
            held.append(bytes(size))
    except MemoryError:
        pass
print(sum(1 for id in ours.encode_iterable(text)))
"""


@pytest.fixture(scope="module")
def gpt2_files():
    return vocabularies.path_of("encoder.json"), vocabularies.path_of("vocab.bpe")


@pytest.fixture(scope="module")
def gpt2(gpt2_files):
    return Tokenizer.from_files(*gpt2_files, [END])


@pytest.fixture(scope="module")
def five_megabytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("cs336") / "text.txt"
    words = texts.Words(random.Random(2), scripts=("latin", "greek", "han"))
    documents = END.join(words.text(500_000) for _ in range(6))
    path.write_text((documents + texts.python_sources(2_000_000)), newline="")
    assert path.stat().st_size > 5_000_000
    return path


def run_limited(program, *args):
    done = subprocess.run([sys.executable, "-c", program, *map(str, args)], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_memory_of_encode_iterable(gpt2, gpt2_files, five_megabytes):
    count, digest = map(int, run_limited(ITERATE, *gpt2_files, five_megabytes, "file").split())
    ids = gpt2.encode(five_megabytes.read_bytes().decode())
    wanted = 0
    for id in ids:
        wanted = (wanted * 31 + id) % (1 << 32)
    assert (count, digest) == (len(ids), wanted)


def test_memory_of_encode(gpt2_files, five_megabytes):
    out = run_limited(ENCODE, *gpt2_files, five_megabytes, "text")
    assert json.loads(out.removeprefix("MemoryError")) == [31373]


def test_the_buffers_are_there_already(gpt2_files, tmp_path):
    """A line needs little memory for its ids, and as text more than the allocator's blocks."""
    path = tmp_path / "text.txt"
    path.write_text((" responsibilities" * 170 + "\n") * 200)
    count = int(run_limited(FRAGMENTED, *gpt2_files, path, "lines"))
    assert count == 171 * 200
