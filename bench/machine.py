# What the figures were measured on and with.
# SPDX-License-Identifier: MIT
import json
import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

from . import peers


def field_of(path, name):
    try:
        found = re.search(rf"^{name}\s*:\s*(.*)$", Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return found and found[1]


def huge_pages():
    try:
        text = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()
    except OSError:
        return None
    return re.search(r"\[(.*)\]", text)[1]


def machine():
    return {"cpu": field_of("/proc/cpuinfo", "model name") or platform.machine(),
            "processors": len(os.sched_getaffinity(0)),
            "memory": field_of("/proc/meminfo", "MemTotal"), "huge_pages": huge_pages(),
            "kernel": platform.release(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME"),
            "python": platform.python_version(), "load_average": os.getloadavg()[0]}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def build(command):
    """Our version and, if the command is in a build folder, its compiler and flags."""
    report = {"version": json.loads(output_of(command, "version", "--json"))["version"]}
    cache = Path(command).parent / "CMakeCache.txt"
    if cache.is_file():
        options = dict(re.findall(r"^(\w+):\w+=(.*)$", cache.read_text(), re.MULTILINE))
        kind = options.get("CMAKE_BUILD_TYPE", "").upper()
        report["compiler"] = output_of(options["CMAKE_C_COMPILER"], "--version").splitlines()[0]
        flags = [options.get(name, "") for name in ("CMAKE_C_FLAGS", f"CMAKE_C_FLAGS_{kind}")]
        report["flags"] = " ".join(flags).strip()
    return report


def versions():
    found = {}
    for peer in peers.PEERS:
        try:
            found[peer.module] = metadata.version(peer.module)
        except metadata.PackageNotFoundError:
            found[peer.module] = None
    return found
