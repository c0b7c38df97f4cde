#!/usr/bin/env python3
# Checks every #include in src/ against the table of rooms in docs/architecture.md.
# SPDX-License-Identifier: MIT
"""check_layers.py [ROOT]: prints what violates the table of rooms; exit 1 if anything does.

A room is a folder of src/; a module is a .c file together with the .h file of the same name.
- A room includes only the rooms that its row names, and the rows are free of cycles.
- No module includes itself indirectly.
- No room has more than 24 modules, and every header is included somewhere.
- The command and other programs see only pairmill.h and their own files.
"""
import pathlib
import re
import sys

MOST_MODULES = 24
CLIENTS = ["cli", "python", "tests/consumer"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
ROW = re.compile(r"^\| `src/(\w+)/` \|[^|]*\|([^|]*)\|$", re.MULTILINE)


def read_table(root):
    """Room → the rooms it may include, from the rows | `src/ROOM/` | holds | includes |."""
    text = (root / "docs/architecture.md").read_text(encoding="utf-8")
    return {room: set(re.findall(r"\w+", names)) - {"nothing"} for room, names in ROW.findall(text)}


def includes(folder):
    for path in sorted(folder.rglob("*.[ch]")):
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            yield path, name


def module_of(file):
    return str(pathlib.PurePath(file).with_suffix(""))


def find_circles(graph):
    """Strongly connected groups of more than one node (Tarjan's algorithm), each sorted."""
    index, low, stack, groups = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def check_table(root, table):
    rooms = {path.name for path in (root / "src").iterdir() if path.is_dir()}
    for room in sorted(rooms ^ set(table)):
        where = "not in the table of rooms" if room in rooms else "only in the table of rooms"
        yield f"src/{room}: {where}"
    for room, names in table.items():
        for name in sorted(names - set(table)):
            yield f"table of rooms: {room} includes {name}, which is not a room"
    for group in find_circles(table):
        yield "table of rooms: a cycle of " + ", ".join(group)


def check_rooms(root, table):
    for room, names in table.items():
        modules = {path.stem for path in (root / "src" / room).glob("*.[ch]")}
        if len(modules) > MOST_MODULES:
            yield f"src/{room}: {len(modules)} modules, more than {MOST_MODULES}: split it"
        for path, name in includes(root / "src" / room):
            if name != "pairmill.h" and name.split("/")[0] not in {room, *names}:
                yield f'{path}: includes "{name}", but {room} may not see {name.split("/")[0]}'


def check_modules(root):
    graph, read = {}, set()
    for path, name in includes(root / "src"):
        read.add(name)
        module = module_of(path.relative_to(root / "src"))
        if module_of(name) != module:
            graph.setdefault(module, set()).add(module_of(name))
    for group in find_circles(graph):
        yield "modules: a cycle of " + ", ".join(group)
    for path in sorted((root / "src").rglob("*.h")):
        if path.relative_to(root / "src").as_posix() not in read:
            yield f"{path}: nothing includes it"


def check_clients(root):
    for client in CLIENTS:
        for path, name in includes(root / client):
            if name != "pairmill.h" and (".." in name or not (path.parent / name).is_file()):
                yield f'{path}: includes "{name}", but {client} may see only pairmill.h'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    table = read_table(root)
    found = [
        *check_table(root, table),
        *check_rooms(root, table),
        *check_modules(root),
        *check_clients(root),
    ]
    for line in found:
        print(line)
    print(f"layers: {len(found)} wrong" if found else f"layers: {len(table)} rooms, no cycle")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
