"""encoding: the canonical form, and checks of the shape of what was read."""

import msgpack

from .errors import BAD_ENCODING, BAD_FIELD, BAD_SIZE, BAD_SUITE, need

DEPTH_MAX = 8
VALUES_MAX = 65536
U64_MAX = 2 ** 64 - 1
LABEL_FIRST = b"abcdefghijklmnopqrstuvwxyz0123456789"
LABEL_REST = LABEL_FIRST + b"-."


def _check_writable(value, depth):
    if isinstance(value, (list, tuple)):
        if depth >= DEPTH_MAX:
            raise ValueError("nested too deep")
        for item in value:
            _check_writable(item, depth + 1)
    elif isinstance(value, bool) or value is None:
        pass
    elif isinstance(value, int):
        if not 0 <= value <= U64_MAX:
            raise ValueError("integer out of range")
    elif not isinstance(value, (bytes, str)):
        raise ValueError("no such type on the wire: %r" % type(value))


def encode(value):
    """Writes a value of lists, ints, bytes, str, bool and None."""
    _check_writable(value, 0)
    return msgpack.packb(value, use_bin_type=True)


class _Scan:
    """The strict pre-scan of encoding 1.1 to 1.5."""

    def __init__(self, data):
        self.data = data
        self.at = self.values = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        need(self.left() >= n, BAD_ENCODING, "cut short")
        out = self.data[self.at:self.at + n]
        self.at += n
        return out

    def number(self, width, least):
        n = int.from_bytes(self.take(width), "big")
        need(n >= least, BAD_ENCODING, "not the shortest form")
        return n

    def value(self, depth):
        self.values += 1
        need(self.values <= VALUES_MAX, BAD_SIZE, "too many values")
        tag = self.take(1)[0]
        if tag <= 0x7f or tag in (0xc0, 0xc2, 0xc3):
            return
        if 0x90 <= tag <= 0x9f:
            self.array(tag & 15, depth)
        elif tag == 0xdc:
            self.array(self.number(2, 16), depth)
        elif tag == 0xdd:
            self.array(self.number(4, 0x10000), depth)
        elif 0xa0 <= tag <= 0xbf:
            self.text(tag & 31)
        elif tag == 0xd9:
            self.text(self.number(1, 32))
        elif tag == 0xda:
            self.text(self.number(2, 0x100))
        elif tag == 0xdb:
            self.text(self.number(4, 0x10000))
        elif tag == 0xc4:
            self.take(self.number(1, 0))
        elif tag == 0xc5:
            self.take(self.number(2, 0x100))
        elif tag == 0xc6:
            self.take(self.number(4, 0x10000))
        elif tag == 0xcc:
            self.number(1, 0x80)
        elif tag == 0xcd:
            self.number(2, 0x100)
        elif tag == 0xce:
            self.number(4, 0x10000)
        elif tag == 0xcf:
            self.number(8, 0x100000000)
        else:
            need(False, BAD_ENCODING, "type %02x is not allowed" % tag)

    def array(self, count, depth):
        need(depth < DEPTH_MAX, BAD_ENCODING, "nested too deep")
        need(count <= self.left(), BAD_ENCODING, "more items than bytes")
        for _ in range(count):
            self.value(depth + 1)

    def text(self, n):
        raw = self.take(n)
        try:
            chars = raw.decode("utf-8", "strict")
        except UnicodeDecodeError:
            need(False, BAD_ENCODING, "not UTF-8")
        for char in chars:
            code = ord(char)
            bad = code < 0x20 and char not in "\n\t"
            need(not bad and not 0x7f <= code <= 0x9f, BAD_ENCODING,
                 "control character")


def decode(data, limit=None):
    """Reads one canonical value, or raises.  Texts may be blocks."""
    data = bytes(data)
    if limit is not None:
        need(len(data) <= limit, BAD_SIZE, "over the limit")
    scan = _Scan(data)
    scan.value(0)
    need(scan.left() == 0, BAD_ENCODING, "bytes after the value")
    value = msgpack.unpackb(
        data, raw=False, use_list=True, max_str_len=len(data),
        max_bin_len=len(data), max_array_len=len(data))
    if encode(value) != data:
        raise AssertionError("the scan let a second form pass")
    return value


# The shape of a field: BAD_ENCODING for what is not of the given type or
# number of items, BAD_FIELD for a value that is not allowed (errors 1.2).

def items(value, count):
    """An array of exactly so many items."""
    need(isinstance(value, list) and len(value) == count, BAD_ENCODING,
         "an array of %d items is due" % count)
    return value


def listing(value, low, high):
    need(isinstance(value, list), BAD_ENCODING, "a list is due")
    need(low <= len(value) <= high, BAD_FIELD, "length of a list")
    return value


def u(value, low=0, high=U64_MAX):
    need(isinstance(value, int) and not isinstance(value, bool),
         BAD_ENCODING, "an integer is due")
    need(low <= value <= high, BAD_FIELD, "integer out of range")
    return value


def form(value):
    """The number of the structure's format, always 1."""
    u(value)
    need(value == 1, BAD_SUITE, "unknown format")


def boolean(value):
    need(isinstance(value, bool), BAD_ENCODING, "a bool is due")
    return value


def binary(value, low=0, high=None):
    need(isinstance(value, bytes), BAD_ENCODING, "a bin is due")
    need(len(value) >= low and (high is None or len(value) <= high),
         BAD_FIELD, "length of a bin")
    return value


def fixed(value, size):
    need(isinstance(value, bytes) and len(value) == size, BAD_ENCODING,
         "a bin of %d bytes is due" % size)
    return value


def b32(value):
    return fixed(value, 32)


def b64(value):
    return fixed(value, 64)


def optional(value, check, *arguments):
    return None if value is None else check(value, *arguments)


def block(value, low=0, high=None):
    need(isinstance(value, str), BAD_ENCODING, "a str is due")
    size = len(value.encode())
    need(size >= low and (high is None or size <= high), BAD_FIELD,
         "length of a str")
    return value


def line(value, low=0, high=None):
    need(isinstance(value, str), BAD_ENCODING, "a str is due")
    need("\n" not in value and "\t" not in value, BAD_ENCODING,
         "newline or tab in a line")
    return block(value, low, high)


def label(value):
    line(value, 1, 32)
    raw = value.encode()
    need(raw[0] in LABEL_FIRST and all(c in LABEL_REST for c in raw),
         BAD_FIELD, "not a label")
    return value


def ascending(keys):
    """encoding 1.8; texts are compared by their bytes."""
    def raw(key):
        if isinstance(key, str):
            return key.encode()
        return tuple(raw(k) for k in key) if isinstance(key, tuple) else key
    keys = [raw(key) for key in keys]
    need(all(a < b for a, b in zip(keys, keys[1:])), BAD_FIELD,
         "not sorted, or twice")
