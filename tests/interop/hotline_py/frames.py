"""link 3 to 5: frames."""

from .encoding import (ascending, b32, binary, boolean, decode, encode,
                       items, line, listing, optional, u)
from .errors import BAD_ENCODING, BAD_FIELD, BAD_TYPE, need

(HELLO, HEARTBEAT, STATEMENT, SEGMENT, LETTER, WANT_LETTERS, WANT_ENTRIES,
 WANT_CARDS, CARD, WANT_SEALS, SEALS, WANT_SUSPENSIONS, SUSPENSION,
 CLOSE, CARRY, OFFER) = range(1, 17)
(DEVICE_HELLO, REPLY, GET_DOCS, PUT, SUBMIT, FEED, FETCH, PROOF, STATUS,
 WATCH, EVENT, PSK, ENTRIES, PING, DRILLS) = range(32, 47)


def _pulse(value):
    need(u(value) >= 1, BAD_FIELD, "pulse")


def _hops(value):
    need(u(value) <= 2, BAD_FIELD, "hops")


def _labs(value):
    for x in listing(value, 0, 1024):
        items(x, 5)
        b32(x[0])
        u(x[1])
        b32(x[2])
        b32(x[3])
        u(x[4])
    ascending([x[0] for x in value])


def _ids(value):
    for x in listing(value, 1, 256):
        b32(x)


def _versions(value):
    for x in listing(value, 0, 1024):
        items(x, 2)
        b32(x[0])
        u(x[1])
    ascending([x[0] for x in value])


def _feed_items(value):
    for x in listing(value, 0, 512):
        items(x, 6)
        u(x[0])
        u(x[1], 1, 10)
        b32(x[2])
        optional(x[3], b32)
        u(x[4])
        u(x[5])


def text(value):
    return line(value, 0, 255)


# The items of each frame after its type.
NODE_FRAMES = {
    HELLO: (u, b32, b32, b32, u, b32, u), HEARTBEAT: (u, _pulse, _labs, u),
    STATEMENT: (binary,), SEGMENT: (binary,), LETTER: (b32, binary),
    WANT_LETTERS: (b32, _ids), WANT_ENTRIES: (b32, u, u),
    WANT_CARDS: (b32, u), CARD: (binary,), WANT_SEALS: (b32,),
    SEALS: (binary,), WANT_SUSPENSIONS: (b32,), SUSPENSION: (binary,),
    CLOSE: (u,), CARRY: (b32, b32, _hops, u, binary), OFFER: (binary,),
}
DEVICE_FRAMES = {
    CLOSE: (u,),
    DEVICE_HELLO: (u, u, b32, b32, u, u),
    REPLY: (u, u, text, lambda x: optional(x, binary)),
    GET_DOCS: (u, _versions, u, _versions, u), PUT: (u, u, binary),
    SUBMIT: (u, binary), FEED: (u, u, u), FETCH: (u, b32), PROOF: (u, b32),
    STATUS: (u,), WATCH: (u, u), EVENT: (_feed_items,), PSK: (u, b32, b32),
    ENTRIES: (u, b32, b32, u, u), PING: (u,),
    DRILLS: (u, b32, u, u),
}


def encode_frame(*fields):
    return encode(list(fields))


def decode_frame(data, kinds=NODE_FRAMES):
    """The frame's items, its shape checked."""
    value = decode(data, 524288)
    need(isinstance(value, list) and value, BAD_ENCODING, "frame")
    u(value[0])
    need(value[0] in kinds, BAD_TYPE, "frame type %d" % value[0])
    checks = kinds[value[0]]
    items(value, len(checks) + 1)
    for check, item in zip(checks, value[1:]):
        check(item)
    return value


def read_docs(body):
    """The body of a reply to get-docs (5.3)."""
    out = listing(decode(body), 0, 1 << 20)
    for x in out:
        items(x, 2)
        u(x[0], 1, 7)
        binary(x[1])
    return out


def read_drills(body):
    """The body of a reply to drills (5.14)."""
    out = listing(decode(body), 0, 512)
    for x in out:
        items(x, 5)
        for at in x[:4]:
            u(at)
        boolean(x[4])
    return out


def read_fetched(body):
    """The body of a reply to fetch (5.7)."""
    envelope, time, deferred = items(decode(body), 3)
    return binary(envelope), u(time), boolean(deferred)
