# Limits, forks, threads, signals: what the rest of a program does to the package.
# SPDX-License-Identifier: MIT
"""Each case that could end the process runs in one of its own."""
import concurrent.futures
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pairmill
import pytest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
TEXT = "The quick brown fox configures 12 network interfaces, naïvely. 東京 😀 <|end|> " * 40

PREPARE = """
import os, resource, sys, threading, time
import pairmill
text = "The quick brown fox configures 12 network interfaces, naïvely. " * 40
tok = pairmill.train_from_iterator([text] * 4, 600, special_tokens=["<|end|>"], threads=1)
"""


@pytest.fixture(scope="module")
def tok():
    return pairmill.train_from_iterator([TEXT] * 4, 600, special_tokens=["<|end|>"])


def run_python(code, **options):
    """Runs code after PREPARE in a process of its own and returns what it printed."""
    # glibc gives large blocks back at once and has no spare arenas, so that a limit is felt.
    options.setdefault("env", {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536",
                               "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"})
    result = subprocess.run([sys.executable, "-c", PREPARE + textwrap.dedent(code)],
                            capture_output=True, text=True, timeout=120, **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


# ---- Limits ----

LIMIT_MEMORY = """
def limit(more):
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + more, -1))
def attempt(function):
    try:
        function()
        return "done"
    except MemoryError:
        return "MemoryError"
"""


@LINUX
@pytest.mark.limits
@pytest.mark.slow
@pytest.mark.parametrize("call", [
    "tok.encode(long)", "tok.encode_to_array(long)", "tok.encode_batch([long] * 3, threads=1)",
    "tok.encode_with_offsets(long)", "tok.encode_spans([(long, None)])", "tok.decode(ids)",
    "tok.decode_batch([ids] * 2, threads=1)", "tok.stream().add(long)",
    "pairmill.train_from_iterator([long], 5000, threads=1)",
    "pairmill.count_from_iterator([long], threads=1)"])
def test_a_lack_of_memory_is_an_exception(call):
    out = run_python(LIMIT_MEMORY + f"""
import random
long = "".join(random.Random(1).choices("abcdefgh 漢", k=6_000_000))
long.encode()
ids = tok.encode_to_array(long)
limit(1 << 20)
print(attempt(lambda: {call}))
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
print(attempt(lambda: {call}))
""")
    assert out.split() == ["MemoryError", "done"]


@LINUX
@pytest.mark.limits
@pytest.mark.slow
def test_every_limit_gives_the_result_or_an_exception():
    """From a limit at which nothing works to one at which all does."""
    out = run_python(LIMIT_MEMORY + """
import random
long = "".join(random.Random(1).choices("abcdefgh 漢", k=1_000_000))
long.encode()
right = tok.encode(long)
outcomes = []
for more in range(0, 40 << 20, 1 << 20):
    limit(more)
    fresh = attempt(lambda: pairmill.Tokenizer.from_bytes(data).encode("a")) if more else None
    try:
        outcomes.append(tok.encode(long) == right)
    except MemoryError:
        outcomes.append(None)
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
print(False in outcomes, None in outcomes, outcomes[-1])
""".replace("right =", "data = tok.to_bytes()\nright ="))
    assert out.split() == ["False", "True", "True"]


@LINUX
def test_threads_that_cannot_start_are_done_without_or_an_exception():
    """Root has no such limit, so the process becomes another user first."""
    out = run_python("""
texts = [text] * 200
right = [tok.encode(text)] * 200
if os.getuid() == 0:
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
def attempt(function, result):
    try:
        print(function() == result)
    except (MemoryError, OSError, RuntimeError):
        print("exception")
attempt(lambda: threading.Thread(target=print).start(), None)
attempt(lambda: tok.encode_batch(texts, threads=4).tolist(), right)
attempt(lambda: tok.decode_batch(right, threads=4), texts)
attempt(lambda: pairmill.count_from_iterator(texts, threads=2).documents, 200)
attempt(lambda: tok.encode(text), right[0])
""").split()
    assert out[0] == "exception"
    assert set(out[1:4]) <= {"exception", "True"}
    assert out[4] == "True"


# ---- Processes ----

def encode_in_child(tok, text):
    return tok.encode(text)


def test_fork_after_use(tok):
    """Also while another thread encodes."""
    right, stop = tok.encode(TEXT), threading.Event()
    others = [threading.Thread(target=lambda: [tok.encode(TEXT * 20) for _ in iter(
        stop.is_set, True)]) for _ in range(2)]
    for thread in others:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                worked = tok.encode(TEXT) == right and \
                    tok.encode_batch([TEXT] * 300, threads=2)[299].tolist() == right
                os._exit(0 if worked else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        for thread in others:
            thread.join()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pools(tok, method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        results = pool.map(encode_in_child, [tok] * 3, [TEXT, "a", ""])
        assert list(results) == [tok.encode(TEXT), tok.encode("a"), []]


def test_pickles_are_deterministic(tok):
    """Libraries hash them to find out whether work was done before."""
    again = pairmill.train_from_iterator([TEXT] * 4, 600, special_tokens=["<|end|>"])
    tok.encode(TEXT)
    assert pickle.dumps(tok) == pickle.dumps(again) == pickle.dumps(pickle.loads(pickle.dumps(tok)))
    here = run_python("import pickle, hashlib; "
                      "print(hashlib.sha256(pickle.dumps(tok)).hexdigest())")
    there = run_python("import pickle, hashlib; tok.encode('a'); tok.merges; hash(tok); "
                       "print(hashlib.sha256(pickle.dumps(tok)).hexdigest())",
                       env={**os.environ, "PYTHONHASHSEED": "5"})
    assert here == there


# ---- Threads ----

def test_many_threads_on_one_tokenizer(tok):
    texts = [TEXT[n:] for n in range(200)]
    right = [tok.encode(text, special_tokens="all") for text in texts]

    def work(shift):
        for n in range(len(texts)):
            n = (n + shift) % len(texts)
            assert tok.encode(texts[n], special_tokens="all") == right[n]
            assert tok.encode_to_array(texts[n], special_tokens=["<|end|>"]) == right[n]
            assert tok.decode(right[n]) == texts[n]
            stream = tok.stream(policy=pairmill.Policy("all"))
            assert stream.add(texts[n]).tolist() + stream.finish().tolist() == right[n]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(0, 160, 10)))


def test_a_stream_has_one_user_at_a_time(tok):
    stream, errors = tok.stream(), []

    def add():
        for _ in range(50):
            try:
                stream.add(TEXT * 50)
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.finish()
    assert set(errors) <= {"another thread is using this stream: clone it instead"}
    assert stream.add("hello").tolist() + stream.finish().tolist() == tok.encode("hello")


def test_other_threads_run_meanwhile(tok):
    """The lock is given up around work: a counter in another thread goes on."""
    ticks, stop = [0], threading.Event()

    def tick():
        while not stop.is_set():
            ticks[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=tick)
    thread.start()
    before = ticks[0]
    tok.encode_to_array(TEXT * 3000)
    during = ticks[0] - before
    stop.set()
    thread.join()
    assert during > 10


# ---- Signals ----

@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("call", [
    "tok.encode(long)", "tok.encode_to_array(long)", "tok.encode_batch([long] * 8, threads=2)",
    "tok.count(long * 4)", "tok.encode_spans([(long, None)] * 4)",
    "tok.stream().add(long * 4)", "tok.truncate(long * 4, 10**9)",
    "tok.encode_with_offsets(long)", "tok.decode(ids)", "tok.decode_bytes(ids)",
    "tok.decode_batch([ids], threads=2)",
    "pairmill.train_from_iterator(iter([long] * 1000), 20000)",
    "pairmill.train_from_iterator((text for _ in iter(int, 1)), 20000)",
    "pairmill.train_from_iterator(pyarrow.chunked_array([column] * 40000), 20000)",
    "pairmill.train([path] * 1000, 20000, input_format='text')",
    "tok.encode_file([path] * 1000, path + '.u32', overwrite=True)"])
def test_ctrl_c_ends_long_work(call, tmp_path):
    code = PREPARE + textwrap.dedent(f"""
    import array, random, warnings
    import pyarrow
    warnings.simplefilter("ignore")
    path = {str(tmp_path / 'long.txt')!r}
    some = "".join(random.Random(1).choices("abcdefgh 漢", k=1_000_000))
    long = some * 200
    column = pyarrow.array([some])
    open(path, "w").write(some * 5)
    long.encode()
    ids = memoryview(array.array("I", range(256)) * ({"ids" in call} * 1_000_000))
    print("ready", flush=True)
    began = time.monotonic()
    try:
        {call}
        print("done")
    except KeyboardInterrupt:
        print("stopped", time.monotonic() - began)
    """)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.3 if "ids" in call else 0.7)
        child.send_signal(signal.SIGINT)
        sent = time.monotonic()
        words = child.stdout.readline().split()
        assert words and words[0] == "stopped"
        assert time.monotonic() - sent < 20  # far less than the work would take
    assert not (tmp_path / "long.txt.u32").exists()


def test_what_a_progress_callable_raises_ends_the_work(tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        raise Stop(progress.stage)

    (tmp_path / "a.txt").write_text(TEXT * 100)
    with pytest.raises(Stop, match="count"):
        pairmill.train(tmp_path / "a.txt", 1000, progress=stop)
    with pytest.raises(Stop):
        pairmill.train_from_iterator([TEXT], 1000, progress=stop)


# ---- A soak ----

def memory_in_use():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@LINUX
@pytest.mark.slow
def test_a_million_calls_keep_memory_flat(tok):
    batch, array = tok.encode_batch(["a", "bb"]), tok.encode_to_array(TEXT)

    def fail(function, *arguments, **keywords):
        with pytest.raises((TypeError, ValueError, KeyError)):
            function(*arguments, **keywords)

    def once():
        tok.encode("hello world<|end|>")
        tok.encode("hello world<|end|>", special_tokens="all")
        tok.encode("hello world<|end|>", special_tokens=["<|end|>"])
        tok.encode_with_offsets("hello")
        tok.encode_spans([("hel", "all"), (b"lo", None)])
        tok.encode_batch(["a", b"b", bytearray(b"c")], threads=1)
        tok.truncate("hello", 2)
        tok.decode(array[:5])
        tok.decode([104, 105])
        tok.decode_batch(batch, threads=1)
        stream = tok.stream()
        stream.add("hello")
        stream.clone().finish()
        tok.stream_decoder().add([104, 195])
        memoryview(batch[1:]).tolist()
        batch.__arrow_c_array__()
        for function, argument in ((tok.encode, 5), (tok.decode, [10**6]), (tok.decode, [-1]),
                                   (tok.token_id, "nothing"), (tok.encode_batch, [1])):
            try:
                function(argument)
            except (TypeError, ValueError, KeyError):
                pass

    for _ in range(5_000):
        once()
    before = memory_in_use()
    for _ in range(50_000):  # of some twenty calls
        once()
    assert memory_in_use() - before < 1 << 20
