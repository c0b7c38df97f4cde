# pairmill-study: what happens to its processes when one dies, at Ctrl-C, or when it is killed.
# SPDX-License-Identifier: MIT
import os
import signal

import pytest

from study.conftest import in_session, wait_until

pytestmark = pytest.mark.slow

WITH_PROCESSES = ["v4_mp", "v4", "v4_mp_spawn", "v4_mp_deepcopy", "shared_pool"]


def long_run(system, long_file):
    return ["--systems", system, "--workers", 3, "--runs", 1, "-s", 30000, long_file]


def wait_for_workers(child):
    wait_until(lambda: len(in_session(child.pid)) > 1 or child.poll() is not None,
               "no worker was started")
    assert child.poll() is None, child.stderr.read()


def check_none_is_left(child):
    wait_until(lambda: in_session(child.pid) == [], f"still there: {in_session(child.pid)}")


@pytest.mark.parametrize("worker, merge", [(1, 1), (2, 1), (2, 5), (1, 20)])
@pytest.mark.parametrize("system", ["v4_mp", "v4", "v4_mp_spawn", "v4_mp_deepcopy", "v4_shuffled",
                                    "shared_pool"])
def test_a_worker_dies(session, text_file, tmp_path, system, worker, merge):
    child = session("--systems", system, "--workers", 2, "--runs", 1, "-s", 300,
                    "--fault", f"{worker}:{merge}", "--json", tmp_path / "o.json", text_file)
    message = child.communicate(timeout=120)[1].decode()
    assert child.returncode == 1, message
    assert f"worker {worker} of {system}: killed by signal 9" in message
    assert in_session(child.pid) == []
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize("system", [*WITH_PROCESSES, "v3", "threads", "thread_pool"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt(session, long_file, tmp_path, system, number):
    child = session(*long_run(system, long_file), "--json", tmp_path / "o.json")
    if system in WITH_PROCESSES:
        wait_for_workers(child)
    else:
        wait_until(lambda: is_caught(child.pid, number), "the signal is not caught")
    child.send_signal(number)
    message = child.communicate(timeout=120)[1]
    assert child.returncode == 130, message
    assert message.endswith(b"interrupted\n")
    assert in_session(child.pid) == []
    assert not (tmp_path / "o.json").exists()


def is_caught(process, number):
    with open(f"/proc/{process}/status") as file:
        mask = next(line for line in file if line.startswith("SigCgt:")).split()[1]
    return int(mask, 16) >> (number - 1) & 1


@pytest.mark.parametrize("system", WITH_PROCESSES)
def test_interrupt_from_a_terminal(session, long_file, system):
    """Ctrl-C reaches the workers, too: their death is not an error of its own."""
    child = session(*long_run(system, long_file))
    wait_for_workers(child)
    os.killpg(child.pid, signal.SIGINT)
    message = child.communicate(timeout=120)[1]
    assert child.returncode == 130, message
    assert message.endswith(b"interrupted\n")
    assert in_session(child.pid) == []


@pytest.mark.parametrize("system", WITH_PROCESSES)
def test_killed(session, long_file, system):
    """It can't clean up, so its workers must end by themselves."""
    child = session(*long_run(system, long_file))
    wait_for_workers(child)
    child.kill()
    child.wait()
    check_none_is_left(child)
