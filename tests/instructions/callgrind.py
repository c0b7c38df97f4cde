# Runs a command under callgrind and adds up the instructions of our own functions.
# SPDX-License-Identifier: MIT
#
# Only what lies in the program itself counts: the loader, and what libc chooses by the processor
# (memcpy, strlen), differ from machine to machine. Names and positions are written out in full, so
# that the file reads line by line:
#
#   ob=/path/of/the/program
#   fn=function               the lines below are its own cost
#   0 1234                    line number, instructions
#   calls=1 0                 the line below is the cost of the function that is called
#   0 5678
import collections
import os
import re
import subprocess


def own_costs(lines, program):
    """{function: instructions} of the functions in `program`, without those that they call."""
    costs = collections.Counter()
    object_file = function = None
    is_of_call = False
    for line in lines:
        if line.startswith("ob="):
            object_file = line[3:].rstrip("\n")
        elif line.startswith("fn="):
            function = without_depth(line[3:].rstrip("\n"))
        elif line.startswith("calls="):
            is_of_call = True
        elif line[:1].isdigit():
            if not is_of_call and object_file == program:
                costs[function] += int(line.split()[1])
            is_of_call = False
    return costs


def without_depth(function):
    """callgrind calls the inner rounds of a recursion f'2."""
    return re.sub(r"'\d+$", "", function)


def run(command, folder, preload):
    """Runs the command, whose first word is an absolute path, in the folder; gives its own costs."""
    out = folder / "callgrind.out"
    out.unlink(missing_ok=True)
    done = subprocess.run(
        ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no",
         "--compress-pos=no", "--dump-instr=no", *command],
        cwd=folder, env={**os.environ, "LD_PRELOAD": str(preload)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} gave {done.returncode}: {done.stderr.strip()}")
    with open(out, encoding="utf-8", errors="replace") as lines:
        return own_costs(lines, command[0])
