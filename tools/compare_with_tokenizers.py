#!/usr/bin/env python3
# Compares the ids of pairmill and Hugging Face tokenizers with the same vocabulary.
# SPDX-License-Identifier: MIT
"""compare_with_tokenizers.py FOLDER PAIRMILL SENTENCE [FILE]...: exit 1 at the first difference."""
import pathlib
import subprocess
import sys

import tokenizers


def pairmill_ids(command, folder, *source):
    options = ["encode", "-q", "-m", folder, "--special-tokens", "all", "--format", "text"]
    done = subprocess.run([command, *options, *source], check=True, capture_output=True)
    return [int(word) for word in done.stdout.split()]


def compare(name, text, ours, theirs):
    if ours == theirs:
        print(f"  {len(text.encode()):9} bytes {len(ours):8} ids, equal  {name}")
        return
    first = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]),
                 min(len(ours), len(theirs)))
    shown = ours[first:first + 8], theirs[first:first + 8]
    print(f"  differs from id {first}: {name}: {shown[0]}, {shown[1]}")
    sys.exit(1)


def main():
    folder, command, sentence, *files = sys.argv[1:]
    peer = tokenizers.Tokenizer.from_file(str(pathlib.Path(folder, "tokenizer.json")))
    size = peer.get_vocab_size()
    print(f"tokenizers {tokenizers.__version__} loaded {folder}: {size} entries")

    ours = pairmill_ids(command, folder, "--text", sentence)
    compare("the sentence above", sentence, ours, peer.encode(sentence).ids)
    for file in files:
        data = pathlib.Path(file).read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            continue  # tokenizers takes only well-formed UTF-8
        ours = pairmill_ids(command, folder, "--input-format", "text", file)
        compare(file, text, ours, peer.encode(text).ids)


if __name__ == "__main__":
    main()
