# Single runs: our command as a whole process, another trainer's training call alone.
# SPDX-License-Identifier: MIT
import json
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path

from . import peers
from .memory import Sampler

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """Says in one line why a run gave no figures."""


def own_peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def last_line(path):
    lines = [line.strip() for line in Path(path).read_text(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def wait_within(child, seconds):
    """wait4 with a limit, after which the child is killed. Returns exit code and resources."""
    limit = time.perf_counter() + seconds
    descriptor = os.pidfd_open(child.pid)
    try:
        if not select.select([descriptor], [], [], max(0, limit - time.perf_counter()))[0]:
            child.kill()
            os.wait4(child.pid, 0)
            child.returncode = -9
            raise Failed(f"stopped after {seconds} s")
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        os.close(descriptor)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage


def run_ours(command, arguments, work, timeout, samples_memory=False):
    """
    Times from spawning the process to its end. Its JSON goes to a file, since a pipe would have to
    be read meanwhile. The kernel starts a process's peak from that of its parent when spawned, so
    it is reported only if it is above that.
    """
    out, errors = Path(work, "ours.json"), Path(work, "ours.err")
    with open(out, "wb") as stdout, open(errors, "wb") as stderr:
        began = time.perf_counter()
        child = subprocess.Popen([command, *arguments, "-q", "--json"], stdin=subprocess.DEVNULL,
                                 stdout=stdout, stderr=stderr)
        sampler = Sampler(child.pid) if samples_memory else None
        try:
            code, usage = wait_within(child, timeout)
        finally:
            sampled = sampler.finish() if sampler else {}
        seconds = time.perf_counter() - began
    if code != 0:
        raise Failed(f"exit code {code}: {last_line(errors)}")
    report = json.loads(out.read_text())
    peak = usage.ru_maxrss * 1024
    run = {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
           "peak": peak if peak > own_peak() else None,
           "stages": {stage["name"]: stage["seconds"] for stage in report.get("stages", [])}}
    return run, report, sampled


class Worker:
    """A process that runs another trainer, and what it says."""

    def __init__(self, job, threads, errors):
        ours, theirs = os.pipe()
        self.errors = errors
        with open(errors, "wb") as stderr:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "bench.worker", json.dumps({**job, "fd": theirs})],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr, pass_fds=(theirs,),
                env={**os.environ, **peers.environment(threads)}, cwd=ROOT)
        os.close(theirs)
        self.says = ours
        self.heard = b""

    def hear(self, limit):
        """Its next line. Raises Failed if it ends, or after `limit` (perf_counter seconds)."""
        while b"\n" not in self.heard:
            wait = max(0, limit - time.perf_counter())
            if not select.select([self.says], [], [], wait)[0]:
                raise Failed("stopped because it took too long")
            piece = os.read(self.says, 1 << 16)
            if not piece:
                raise Failed(last_line(self.errors) or f"exit code {self.child.wait()}")
            self.heard += piece
        line, self.heard = self.heard.split(b"\n", 1)
        return json.loads(line)

    def go(self):
        self.child.stdin.write(b"go\n")
        self.child.stdin.flush()

    def close(self):
        self.child.kill()
        self.child.stdin.close()
        os.close(self.says)
        self.child.wait()


def run_peer(peer, case, timeout, merges=None, samples_memory=False):
    """Times the training call alone. Writes its merges to the path `merges`, if given."""
    job = {"peer": peer.name, "path": str(case.path), "vocab_size": case.vocab_size,
           "threads": case.threads, "work": str(case.work), "merges": merges and str(merges)}
    limit = time.perf_counter() + timeout
    worker = Worker(job, case.threads, Path(case.work, "worker.err"))
    try:
        version = worker.hear(limit)["version"]
        sampler = Sampler(worker.child.pid) if samples_memory else None
        worker.go()
        try:
            run = worker.hear(limit)
        finally:
            sampled = sampler.finish() if sampler else {}
        if merges:
            worker.hear(limit)
    finally:
        worker.close()
    return run, version, sampled
