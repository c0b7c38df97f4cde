# The library itself, in this process, through its shared object and the public header.
# SPDX-License-Identifier: MIT
"""Only what the tests of ids call: models, policies, id buffers, encoders, streams, decoding.

Objects free themselves; each keeps what it depends on. A failure raises Error.
"""
import ctypes
import functools
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p

STATUSES = ["ok", "no memory", "bad option", "bad input", "io", "exists", "overflow",
            "unsupported", "cancelled", "memory limit"]
NO_OFFSET = 2**64 - 1


class Error(Exception):
    """What a call gave: `status` is one of STATUSES, `offset` None if there is none."""

    def __init__(self, status, error):
        self.status = STATUSES[status]
        self.offset = None if error.offset == NO_OFFSET else error.offset
        self.message = error.message.decode()
        super().__init__(f"{self.status}: {self.message} (offset {self.offset})")


class ErrorStruct(ctypes.Structure):
    _fields_ = [("status", c_int), ("offset", c_uint64), ("message", c_char * 1000)]


class Bytes(ctypes.Structure):
    _fields_ = [("data", c_char_p), ("len", c_size_t)]


class BytesOut(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


class Span(ctypes.Structure):
    _fields_ = [("text", Bytes), ("policy", c_void_p)]


class Options(ctypes.Structure):
    """Begins with its size, which it sets."""
    _fields_ = []

    def __init__(self, **fields):
        super().__init__(**fields)
        self.size = ctypes.sizeof(self)


class IdsOptions(Options):
    _fields_ = [("size", c_size_t), ("id_bytes", c_uint), ("offsets", c_char_p)]


class IdsView(Options):
    _fields_ = [("size", c_size_t), ("data", c_void_p), ("id_bytes", c_uint), ("count", c_uint64),
                ("ends", POINTER(c_uint64)), ("document_count", c_uint64),
                ("offsets", POINTER(c_uint64))]


class PolicyOptions(Options):
    _fields_ = [("size", c_size_t), ("special", c_char_p), ("added", c_char_p),
                ("special_list", POINTER(Bytes)), ("added_list", POINTER(Bytes)),
                ("special_list_count", c_size_t), ("added_list_count", c_size_t),
                ("add_template", c_int)]


class DecodeOptions(Options):
    _fields_ = [("size", c_size_t), ("skip_special_tokens", c_int)]


class RunOptions(Options):
    _fields_ = [("size", c_size_t), ("threads", c_uint), ("memory_limit", c_uint64),
                ("tmp_dir", c_char_p), ("progress", c_void_p), ("progress_context", c_void_p),
                ("scanner", c_char_p), ("chunk_size", c_size_t)]


def encoded(text):
    return None if text is None else text.encode()


def make_list(contents):
    return (Bytes * len(contents))(*((content, len(content)) for content in contents))


def read_numbers(kind, pointer, count):
    if count == 0:
        return []
    return ctypes.cast(pointer, POINTER(kind * count)).contents[:]


@functools.cache
def open_library(path):
    return ctypes.CDLL(str(path))


class Object:
    """Something that the library made. `needs` are kept as long as it."""

    def __init__(self, library, kind, handle, *needs):
        self.library, self.kind, self.handle, self.needs = library, kind, handle, needs

    def __del__(self):
        self.free()

    def free(self):
        getattr(self.library, f"pmill_{self.kind}_free")(self.handle)
        self.handle = c_void_p()

    def call(self, name, *arguments):
        """Calls `name` with this object first, and the error last."""
        call(self.library, name, self.handle, *arguments)

    def make(self, name, *arguments):
        """Calls `name`, which makes an object of this one, and returns its handle."""
        handle = c_void_p()
        self.call(name, *arguments, byref(handle))
        return handle


def call(library, name, *arguments):
    error = ErrorStruct()
    status = getattr(library, name)(*arguments, byref(error))
    if status != 0:
        raise Error(status, error)


def load(build_dir, data):
    """Loads a model from the content of its file."""
    library, handle = open_library(build_dir / "libpairmill.so"), c_void_p()
    call(library, "pmill_tokenizer_load_memory", data, c_size_t(len(data)), None, byref(handle))
    return Model(library, "tokenizer", handle)


class Model(Object):
    def policy(self, special=None, added=None, special_list=(), added_list=(), add_template=False):
        options = PolicyOptions(
            special=encoded(special), added=encoded(added),
            special_list=make_list(special_list), special_list_count=len(special_list),
            added_list=make_list(added_list), added_list_count=len(added_list),
            add_template=add_template)
        handle = self.make("pmill_policy_create", byref(options))
        return Object(self.library, "policy", handle, self)

    def ids(self, offsets=None, id_bytes=0):
        """`offsets` is "byte", "char" or None."""
        options = IdsOptions(id_bytes=id_bytes, offsets=encoded(offsets))
        handle = self.make("pmill_ids_create", byref(options))
        return Ids(self.library, "ids", handle, self)

    def encoder(self):
        handle = self.make("pmill_encoder_create", None)
        return Encoder(self.library, "encoder", handle, self)

    def decode(self, ids, skip_special_tokens=False):
        data, length = c_void_p(), c_size_t()
        self.call("pmill_tokenizer_decode", (ctypes.c_uint32 * len(ids))(*ids),
                  c_size_t(len(ids)), byref(DecodeOptions(skip_special_tokens=skip_special_tokens)),
                  byref(data), byref(length))
        return self.take_bytes(data, length.value)

    def decode_batch(self, ids, threads=1, skip_special_tokens=False):
        """The text of each document of an id buffer."""
        view, data, ends = ids.view(), c_void_p(), POINTER(c_uint64)()
        self.call("pmill_tokenizer_decode_batch", byref(view),
                  byref(DecodeOptions(skip_special_tokens=skip_special_tokens)),
                  byref(RunOptions(threads=threads)), byref(data), byref(ends))
        found = read_numbers(c_uint64, ends, view.document_count)
        self.library.pmill_memory_free(ends)
        text = self.take_bytes(data, found[-1] if found else 0)
        return [text[begin:end] for begin, end in zip([0, *found], found)]

    def take_bytes(self, data, length):
        out = ctypes.string_at(data, length) if length > 0 else b""
        self.library.pmill_memory_free(data)
        return out

    def stream_decoder(self, skip_special_tokens=False):
        handle = self.make("pmill_stream_decoder_create",
                           byref(DecodeOptions(skip_special_tokens=skip_special_tokens)))
        return StreamDecoder(self.library, "stream_decoder", handle, self)


class Ids(Object):
    def view(self):
        view = IdsView()
        assert self.library.pmill_ids_get(self.handle, byref(view)) == 0
        return view

    def list(self):
        view = self.view()
        kind = {2: ctypes.c_uint16, 4: ctypes.c_uint32}[view.id_bytes]
        return read_numbers(kind, view.data, view.count)

    def ends(self):
        view = self.view()
        return read_numbers(c_uint64, view.ends, view.document_count)

    def offsets(self):
        """(begin, end) of each id."""
        view = self.view()
        numbers = read_numbers(c_uint64, view.offsets, 2 * view.count)
        return list(zip(numbers[::2], numbers[1::2]))

    def documents(self):
        ids, ends = self.list(), self.ends()
        return [ids[begin:end] for begin, end in zip([0, *ends], ends)]

    def append(self, ids):
        self.call("pmill_ids_append", (ctypes.c_uint32 * len(ids))(*ids), c_size_t(len(ids)))

    def end_document(self):
        self.call("pmill_ids_end_document")

    def clear(self):
        self.library.pmill_ids_clear(self.handle)


def make_spans(spans):
    """`spans` is [(bytes, policy or None)]."""
    return (Span * len(spans))(*(((text, len(text)), policy and policy.handle)
                                 for text, policy in spans)), c_size_t(len(spans))


class Encoder(Object):
    """Each call that gives ids appends them to `ids`."""

    def clone(self):
        handle = self.make("pmill_encoder_clone")
        return Encoder(self.library, "encoder", handle, *self.needs)

    def encode(self, text, policy, ids):
        self.call("pmill_encoder_encode", text, c_size_t(len(text)), policy and policy.handle,
                  ids.handle)

    def encode_spans(self, spans, ids):
        self.call("pmill_encoder_encode_spans", *make_spans(spans), ids.handle)

    def count(self, spans):
        count = c_uint64()
        self.call("pmill_encoder_count", *make_spans(spans), byref(count))
        return count.value

    def truncate(self, spans, most, ids=None):
        used = c_uint64()
        self.call("pmill_encoder_truncate", *make_spans(spans), c_uint64(most), ids and ids.handle,
                  byref(used))
        return used.value

    def encode_batch(self, texts, policy, threads, ids):
        self.call("pmill_encoder_encode_batch", make_list(texts), c_size_t(len(texts)),
                  policy and policy.handle, byref(RunOptions(threads=threads)), ids.handle)

    def add(self, text, policy, ids):
        self.call("pmill_encoder_add", text, c_size_t(len(text)), policy and policy.handle,
                  ids.handle)

    def settled(self):
        """How many bytes, and how many ids."""
        size, count = c_uint64(), c_uint64()
        self.library.pmill_encoder_settled(self.handle, byref(size), byref(count))
        return size.value, count.value

    def finish(self, ids):
        self.call("pmill_encoder_finish", ids.handle)

    def drop(self):
        self.library.pmill_encoder_drop(self.handle)


class StreamDecoder(Object):
    def add(self, ids):
        out = BytesOut()
        self.call("pmill_stream_decoder_add", (ctypes.c_uint32 * len(ids))(*ids),
                  c_size_t(len(ids)), byref(out))
        return ctypes.string_at(out.data, out.len) if out.len > 0 else b""

    def finish(self):
        finish = self.library.pmill_stream_decoder_finish
        finish.restype = BytesOut
        out = finish(self.handle)
        return ctypes.string_at(out.data, out.len) if out.len > 0 else b""
