# Runs a command under callgrind and adds up the instructions of our own functions.
# SPDX-License-Identifier: MIT
#
# Only the program's own functions count: the loader, and the variants that libc picks for the
# processor (memcpy, strlen), differ from machine to machine. Names and positions are written out in
# full, so that the file can be parsed line by line:
#
#   ob=/path/of/the/program
#   fn=function               the lines below are its own costs
#   0 1234                    line number, instructions
#   calls=1 0                 the line below is the cost of the called function
#   0 5678
import collections
import os
import re
import subprocess


def own_costs(lines, program):
    """{function: instructions} for the functions in `program`, without their callees."""
    costs = collections.Counter()
    object_file = function = None
    is_call_cost = False
    for line in lines:
        if line.startswith("ob="):
            object_file = line[3:].rstrip("\n")
        elif line.startswith("fn="):
            function = without_depth(line[3:].rstrip("\n"))
        elif line.startswith("calls="):
            is_call_cost = True
        elif line[:1].isdigit():
            if not is_call_cost and object_file == program:
                costs[function] += int(line.split()[1])
            is_call_cost = False
    return costs


def without_depth(function):
    """Strips the depth that callgrind adds to recursive calls, as in f'2."""
    return re.sub(r"'\d+$", "", function)


def profile(command, folder, preload):
    """Runs the command in the folder. Returns the path of callgrind's output."""
    out = folder / "callgrind.out"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}",
         "--compress-strings=no", "--compress-pos=no", "--dump-instr=no", *command],
        cwd=folder, env={**os.environ, "LD_PRELOAD": str(preload)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} gave {done.returncode}: {done.stderr.strip()}")
    return out


def run(command, folder, preload):
    """Runs the command in the folder and returns own_costs. Its first word is an absolute path."""
    with open(profile(command, folder, preload), encoding="utf-8", errors="replace") as lines:
        return own_costs(lines, command[0])


def total(command, folder, preload):
    """All instructions of the command, libraries included."""
    with open(profile(command, folder, preload), encoding="utf-8", errors="replace") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("totals:"))
