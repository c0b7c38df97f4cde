# The reference trainer: counts every pair again after every merge. Slow, and plainly right.
# SPDX-License-Identifier: MIT
"""Exact byte-pair encoding, step by step.

A word is a distinct pretoken and how often it occurs. Its tokens start as its bytes. Then:

1. Count each pair of adjacent tokens in each word, and multiply by the word's count.
2. Take the pair with the highest count. If several have it, the tie rule decides.
3. Make the pair a token with the next free id, and replace it from left to right in every word.
4. Go on until the vocab is full or no pair is frequent enough.

In the textbook example, "es" and "st" both occur 9 times. The tie rule "bytes" takes the pair that
sorts last, so "st" is merged first and becomes part of "est".

>>> words = {b"low": 5, b"lower": 2, b"newest": 6, b"widest": 3}
>>> model = train(words, vocab_size=256 + 4)
>>> model.merges[0]  # (left id, right id, new id, count)
(115, 116, 256, 9)
>>> [model.vocab[new] for _, _, new, _ in model.merges]
[b'st', b'est', b'ow', b'low']

The library must find the same merges, counts and ids, however fast its way there. All of it is
defined here, including the order of ids, special tokens and the ways to stop.
"""
from collections import Counter, namedtuple

LARGEST_COUNT = 2**63 - 1  # of a word or a pair
LARGEST_TOTAL = 2**64 - 1  # of all words together

# vocab: the bytes of each id. merges: (left id, right id, new id, count). specials: {bytes: id}.
# stopped: "full", "min-count" or "no-pairs".
Model = namedtuple("Model", "vocab merges specials stopped")


# GPT-2 spells each byte as a printable character: 33–126, 161–172 and 174–255 stay as they
# are, and the other 68 bytes become U+0100 and so on. A space (32) becomes U+0120, "Ġ".
THEMSELVES = [*range(33, 127), *range(161, 173), *range(174, 256)]
OTHERS = [byte for byte in range(256) if byte not in THEMSELVES]
PRINTABLE = {byte: byte for byte in THEMSELVES} | {byte: 256 + n for n, byte in enumerate(OTHERS)}


def count_pairs(words):
    """Counts the adjacent pairs of `words`, a list of (token ids, count).

    Overlapping occurrences all count: three equal tokens hold their pair twice.

    >>> count_pairs([([97, 97, 97], 5), ([97, 98], 1)])
    Counter({(97, 97): 10, (97, 98): 1})
    """
    pairs = Counter()
    for tokens, count in words:
        for pair in zip(tokens, tokens[1:]):
            pairs[pair] += count
    if any(count > LARGEST_COUNT for count in pairs.values()):
        raise OverflowError
    return pairs


def replace(tokens, pair, new):
    """Replaces each occurrence of `pair` by `new`, from left to right.

    >>> replace([97, 97, 97], (97, 97), 256)
    [256, 97]
    """
    out, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            out.append(new)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


def is_short_enough(length, limit, compat):
    """Whether a new token may have `length` bytes. A limit of 0 means no limit.

    Hugging Face excludes the limit itself, but always allows two bytes.
    """
    if not limit:
        return True
    return length == 2 or length < limit if compat == "hf" else length <= limit


def train(words, vocab_size, specials=(), *, ties="bytes", layout="bytes-first", compat=None,
          min_count=1, max_token_length=0, reserve=0, pad_vocab_to=0):
    """Learns a vocab from `words`, a dict {bytes: count}, and returns a Model.

    vocab_size        includes the 256 bytes, `specials` and `reserve` reserved tokens
    ties              "bytes": of equal counts the greater (left bytes, right bytes) wins
                      "ids": the smaller (left id, right id) wins
    layout            the order of ids. "bytes-first": bytes, special tokens, merges.
                      "hf": special tokens, bytes, merges. "gpt2": bytes, merges, special tokens.
                      The last two sort the bytes by their printable characters.
    compat            "hf": layout "hf", ties "ids", and Hugging Face's limit on token length
    min_count         pairs that occur less often are never merged
    max_token_length  in bytes, 0 for no limit
    reserve           adds special tokens <|reserved_0|>, <|reserved_1|>, ...
    pad_vocab_to      appends more reserved tokens, up to a multiple of this; 0 for none

    Raises ValueError if `vocab_size` can't hold the bytes and special tokens, and OverflowError if
    the count of a word or pair exceeds 63 bits, or the sum of all counts 64.
    """
    if compat == "hf":
        ties, layout = "ids", "hf"
    reserved = [b"<|reserved_%d|>" % i for i in range(reserve)]
    specials = [*specials, *reserved]
    if vocab_size < 256 + len(specials):
        raise ValueError("the vocab size is too small for the bytes and special tokens")
    if max(words.values(), default=0) > LARGEST_COUNT or sum(words.values()) > LARGEST_TOTAL:
        raise OverflowError

    # The ids known before training. In the layout gpt2 the special tokens have to wait.
    order = range(256) if layout == "bytes-first" else sorted(range(256), key=PRINTABLE.get)
    all_bytes = [bytes([b]) for b in order]
    first = {
        "bytes-first": all_bytes + specials,
        "hf": specials + all_bytes,
        "gpt2": list(all_bytes),
    }
    vocab = first[layout]
    byte_ids = {b: vocab.index(b, len(specials) if layout == "hf" else 0) for b in all_bytes}
    room = vocab_size - 256 - len(specials)

    state = [([byte_ids[bytes([b])] for b in word], count) for word, count in words.items()]
    merges, stopped = [], "full"
    while len(merges) < room:
        pairs = {
            (left, right): count
            for (left, right), count in count_pairs(state).items()
            if is_short_enough(len(vocab[left]) + len(vocab[right]), max_token_length, compat)
        }
        if not pairs or max(pairs.values()) < min_count:
            stopped = "min-count" if pairs else "no-pairs"
            break
        if ties == "bytes":
            best = max(pairs, key=lambda p: (pairs[p], vocab[p[0]], vocab[p[1]]))
        else:
            best = max(pairs, key=lambda p: (pairs[p], -p[0], -p[1]))
        merges.append((*best, len(vocab), pairs[best]))
        state = [(replace(tokens, best, len(vocab)), count) for tokens, count in state]
        vocab.append(vocab[best[0]] + vocab[best[1]])

    if layout == "gpt2":
        vocab += specials
    first_special = {"bytes-first": 256, "hf": 0, "gpt2": 256 + len(merges)}[layout]
    special_ids = {token: first_special + i for i, token in enumerate(specials)}
    while pad_vocab_to and len(vocab) % pad_vocab_to:
        token = b"<|reserved_%d|>" % (reserve + len(special_ids) - len(specials))
        special_ids[token] = len(vocab)
        vocab.append(token)
    return Model(vocab, merges, special_ids, stopped)
