# One run of another trainer, in its own process: python -m bench.worker JOB.
# SPDX-License-Identifier: MIT
"""
Imports the trainer, reads its input, says "ready" on the job's file descriptor, waits for a line on
stdin, trains, and reports time and memory. stdout and stderr belong to the trainer.
"""
import gc
import json
import os
import resource
import sys
import time

from . import merge_list, peers
from .memory import read_memory


def forget_peak():
    """Resets VmHWM, the peak. Returns False if the system doesn't allow it."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    job = json.loads(sys.argv[1])
    say = os.fdopen(job["fd"], "w", buffering=1)
    peer = peers.find(job["peer"])
    case = peers.Case(job["path"], job["vocab_size"], job["threads"], job["work"])
    module = peers.import_peer(peer)
    prepared = peers.prepare(peer, module, case)
    gc.collect()
    is_peak_of_call = forget_peak()
    before = read_memory("self")
    print(json.dumps({"ready": True, "version": peers.version_of(peer)}), file=say)
    sys.stdin.readline()

    cpu = cpu_seconds()
    began = time.perf_counter()
    out = peer.train(module, prepared, case)
    seconds = time.perf_counter() - began
    done = {"seconds": seconds, "cpu_seconds": cpu_seconds() - cpu,
            "peak": read_memory("self")["peak"], "is_peak_of_call": is_peak_of_call,
            "before": before}
    print(json.dumps(done), file=say)

    if job["merges"]:
        merge_list.write(job["merges"], peer.merges(out, case))
        print(json.dumps({"written": True}), file=say)
    say.close()
    os._exit(0)  # skips freeing a large heap


if __name__ == "__main__":
    main()
