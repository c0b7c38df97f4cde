#!/usr/bin/env python3
# Checks that every #include points downwards in the drawn layers (docs/architecture.md).
# SPDX-License-Identifier: MIT
"""check_layers.py [ROOT]: prints every include that a layer does not allow; exit 1 if there is one."""
import pathlib
import re
import sys

# Folder of src/ → the folders below it, all of which it may include. Top to bottom.
BELOW = {
    "train": "counts corpus model pretokenize unicode base",
    "encode": "counts corpus model pretokenize unicode base",
    "formats": "counts corpus model pretokenize unicode base",
    "counts": "corpus model pretokenize unicode base",
    "corpus": "pretokenize unicode base",
    "model": "pretokenize unicode base",
    "pretokenize": "unicode base",
    "unicode": "base",
    "base": "",
}
CLIENTS = ["cli", "python", "tests/consumer"]  # see pairmill.h and their own files, nothing of src/
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def includes(folder):
    for path in sorted(folder.rglob("*.[ch]")):
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            yield path, name


def forbidden(root):
    for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        if folder.name not in BELOW:
            yield folder, "a folder that the table of layers lacks"
            continue
        allowed = {folder.name, *BELOW[folder.name].split()}
        for path, name in includes(folder):
            if name != "pairmill.h" and name.split("/")[0] not in allowed:
                yield path, f'includes "{name}", which is not below {folder.name}'
    for client in CLIENTS:
        for path, name in includes(root / client):
            if name != "pairmill.h" and (".." in name or not (path.parent / name).is_file()):
                yield path, f'includes "{name}", but {client} may see only pairmill.h'


def circles(root):
    graph = {}
    for path, name in includes(root / "src"):
        graph.setdefault(path.relative_to(root / "src").as_posix(), set()).add(name)
    done = set()

    def walk(file, above):
        if file in above:
            yield root / "src" / file, "includes itself: " + " > ".join([*above, file])
        elif file not in done:
            for name in sorted(graph.get(file, ())):
                yield from walk(name, [*above, file])
            done.add(file)

    for file in sorted(graph):
        yield from walk(file, [])


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for above, below in BELOW.items():
        # What a row allows must stand below it in the table: then folders can't form a circle.
        order = list(BELOW)
        assert all(order.index(name) > order.index(above) for name in below.split()), above
    found = [*forbidden(root), *circles(root)]
    for path, what in found:
        print(f"{path}: {what}")
    print(f"layers: {len(found)} wrong includes" if found else "layers: every include points down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
