# The reference trainer: at each step it counts all pairs of all words again. Slow and plain.
# SPDX-License-Identifier: MIT
from collections import Counter, namedtuple

LARGEST_COUNT = 2**63 - 1  # of a word or a pair
LARGEST_TOTAL = 2**64 - 1  # of all words together

# vocab: the bytes of each id. merges: (left id, right id, new id, count). specials: {bytes: id}.
Model = namedtuple("Model", "vocab merges specials stopped")


# 33–126, 161–172 and 174–255 stand for themselves, the other 68 bytes follow from U+0100 on.
THEMSELVES = [*range(33, 127), *range(161, 173), *range(174, 256)]
OTHERS = [byte for byte in range(256) if byte not in THEMSELVES]
PRINTABLE = {**{byte: byte for byte in THEMSELVES}, **{byte: 256 + n for n, byte in enumerate(OTHERS)}}


def count_pairs(words):
    pairs = Counter()
    for tokens, count in words:
        for pair in zip(tokens, tokens[1:]):
            pairs[pair] += count
    if any(count > LARGEST_COUNT for count in pairs.values()):
        raise OverflowError
    return pairs


def replace(tokens, pair, new):
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
    if not limit:
        return True
    return length == 2 or length < limit if compat == "hf" else length <= limit


def train(words, vocab_size, specials=(), *, ties="bytes", layout="bytes-first", compat=None,
          min_count=1, max_token_length=0, reserve=0, pad_vocab_to=0):
    """Learns from {word: count}. Raises ValueError below the base, OverflowError if a count does not fit."""
    if compat == "hf":
        ties, layout = "ids", "hf"
    reserved = [b"<|reserved_%d|>" % i for i in range(reserve)]
    specials = [*specials, *reserved]
    if vocab_size < 256 + len(specials):
        raise ValueError("the vocab size is below the base")
    if max(words.values(), default=0) > LARGEST_COUNT or sum(words.values()) > LARGEST_TOTAL:
        raise OverflowError

    order = range(256) if layout == "bytes-first" else sorted(range(256), key=PRINTABLE.get)
    all_bytes = [bytes([b]) for b in order]
    first = {"bytes-first": [*all_bytes, *specials], "hf": [*specials, *all_bytes], "gpt2": all_bytes}
    vocab = list(first[layout])
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
