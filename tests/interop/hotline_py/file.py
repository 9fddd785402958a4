"""file: what is carried by hand."""

import base64
import binascii

from .encoding import (b32, b64, binary, boolean, decode, encode, form,
                       items, line, listing, optional, u)
from .errors import BAD_ENCODING, BAD_FIELD, BAD_NETWORK, need
from .identity import pop_message

FILE_MAX = 8388608
BEGIN = "-----BEGIN HOTLINE FILE-----"
END = "-----END HOTLINE FILE-----"
CARD, DIRECTORY, SEALS, SUSPENSION, ENVELOPE, SEGMENT, REQUEST = range(1, 8)


def make(network, things):
    """The bytes of a file of (sort, bytes)."""
    return encode([1, network, [list(t) for t in things]])


def armour(data):
    """1.2"""
    text = base64.b64encode(data).decode()
    lines = [text[n:n + 64] for n in range(0, len(text), 64)]
    return "\n".join([BEGIN] + lines + [END]) + "\n"


def dearmour(text):
    lines = [x.strip(" \t\r") for x in text.replace("\r\n", "\n").split("\n")]
    need(BEGIN in lines, BAD_ENCODING, "no first line")
    lines = lines[lines.index(BEGIN) + 1:]
    need(END in lines, BAD_ENCODING, "no last line")
    body = lines[:lines.index(END)]
    try:
        data = base64.b64decode("".join(body), validate=True)
    except binascii.Error:
        data = b""
    need(base64.b64encode(data).decode() == "".join(body) and data,
         BAD_ENCODING, "base64")
    return data


def read(net, data):
    """1.1 and 1.3: the items as (sort, bytes)"""
    f = items(decode(data, FILE_MAX), 3)
    form(f[0])
    line(f[1], 1, 64)
    need(f[1] == net.name, BAD_NETWORK, "another network")
    out = []
    for item in listing(f[2], 1, 1024):
        items(item, 2)
        out.append((u(item[0], 1, 7), binary(item[1])))
    return out


def request(net, lab_id, role, key, link, seal, person, device, addresses,
            monitor):
    """2.1"""
    pop = net.sign(key, "pop", pop_message(
        lab_id, role, key.public, link.public))
    return encode([1, lab_id, role, key.public, link.public,
                   seal.public if seal else None, person, device,
                   list(addresses), monitor, pop])


def read_request(net, data):
    f = items(decode(data), 11)
    form(f[0])
    b32(f[1])
    u(f[2])
    need(f[2] in (3, 5), BAD_FIELD, "role")
    b32(f[3])
    b32(f[4])
    optional(f[5], b32)
    need((f[5] is None) == (f[2] == 5), BAD_FIELD, "sealing key")
    low = 0 if f[2] == 3 else 1
    for name in (f[6], f[7]):
        line(name, low, 0 if f[2] == 3 else 64)
    for a in listing(f[8], 0, 8 if f[2] == 3 else 0):
        line(a, 1, 255)
    need(not boolean(f[9]) or f[2] == 5, BAD_FIELD, "a node is no monitor")
    b64(f[10])
    net.verify(f[3], "pop", pop_message(f[1], f[2], f[3], f[4]), f[10])
    return f
