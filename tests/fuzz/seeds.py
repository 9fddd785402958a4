#!/usr/bin/python3
"""Writes the seeds of the fuzz targets' corpora: small, one thought a file.

usage: tests/fuzz/seeds.py

What a fuzzer finds worth keeping is added to corpus/<target>/ by hand, under a
name that says what it is; this script leaves other files alone.
"""
import json
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus')


def uint(n):
    if n < 1 << 7:
        return bytes([n])
    for code, width in ((0xcc, 1), (0xcd, 2), (0xce, 4), (0xcf, 8)):
        if n < 1 << 8 * width:
            return bytes([code]) + n.to_bytes(width, 'big')
    raise ValueError(n)


def blob(b):
    for code, width in ((0xc4, 1), (0xc5, 2), (0xc6, 4)):
        if len(b) < 1 << 8 * width:
            return bytes([code]) + len(b).to_bytes(width, 'big') + b
    raise ValueError(len(b))


def text(s):
    b = s.encode()
    if len(b) < 32:
        return bytes([0xa0 | len(b)]) + b
    for code, width in ((0xd9, 1), (0xda, 2), (0xdb, 4)):
        if len(b) < 1 << 8 * width:
            return bytes([code]) + len(b).to_bytes(width, 'big') + b
    raise ValueError(len(b))


def array(*items):
    n = len(items)
    head = bytes([0x90 | n]) if n < 16 else b'\xdc' + n.to_bytes(2, 'big')
    return head + b''.join(items)


NIL, FALSE, TRUE = b'\xc0', b'\xc2', b'\xc3'


def nested(depth):
    return b'\x91' * (depth - 1) + b'\x90'


PACK = {
    'record-like': array(uint(1), blob(bytes(range(32))), text('lab-a.example'), uint(1 << 40), NIL,
                         TRUE, array(uint(200), uint(70000))),
    'widths': array(*(uint(n) for n in (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32,
                                        2**64 - 1))),
    'bins': array(blob(b''), blob(b'\0' * 255), blob(b'\1' * 256)),
    'texts': array(text(''), text('x' * 31), text('x' * 32), text('é € 😀\n\tend')),
    'array-16': array(*[FALSE] * 16),
    'depth-8': nested(8),
    'depth-9': nested(9),
    'scalar': uint(42),
    'long-uint': b'\xcc\x05',
    'long-uint-64': b'\xcf' + bytes(4) + b'\xff\xff\xff\xff',
    'long-str': b'\xd9\x01a',
    'long-bin': b'\xc5\x00\x01a',
    'long-array': b'\xdc\x00\x01\xc0',
    # at the edge of each form: the largest that a shorter form still holds
    'edge-uint-8': b'\xcc\x7f',
    'edge-uint-16': b'\xcd\x00\xff',
    'edge-uint-32': b'\xce\x00\x00\xff\xff',
    'edge-bin-16': b'\xc5\x00\xff' + b'b' * 255,
    'edge-bin-32': b'\xc6\x00\x00\xff\xff' + b'b' * 65535,
    'edge-str-8': b'\xd9\x1f' + b's' * 31,
    'edge-str-16': b'\xda\x00\xff' + b's' * 255,
    'edge-str-32': b'\xdb\x00\x00\xff\xff' + b's' * 65535,
    'edge-array-16': b'\xdc\x00\x0f' + NIL * 15,
    'edge-array-32': b'\xdd\x00\x00\xff\xff' + NIL * 65535,
    'least-bin-16': blob(b'b' * 256),
    'least-bin-32': blob(b'b' * 65536),
    'least-str-16': text('s' * 256),
    'least-str-32': text('s' * 65536),
    'most-items': array(*[NIL] * 65535),
    'too-many-items': array(NIL, array(*[NIL] * 65534)),
    'negative': array(b'\xff', b'\xd0\x80'),
    'float': b'\xcb' + bytes(8),
    'map': b'\x81\x01\x02',
    'ext': b'\xd4\x01\x00',
    'huge-array': b'\xdd\x10\x00\x00\x00',
    'huge-bin': b'\xc6\xff\xff\xff\xff',
    'trailing': uint(1) + NIL,
    'overlong-utf8': b'\xa2\xc0\x80',
    'surrogate': b'\xa3\xed\xa0\x80',
    'above-unicode': b'\xa4\xf4\x90\x80\x80',
    'control': b'\xa1\x1b',
    'c1-control': b'\xa2\xc2\x85',
    'delete': b'\xa1\x7f',
}


def chunk(lane, data, last=True):
    return bytes([lane | (0x80 if last else 0)]) + struct.pack('>H', len(data)) + data


def plaintexts(*records):
    return b'\0' + b''.join(struct.pack('>H', len(r)) + r for r in records)


RECORD = {
    'padding-only': plaintexts(b''),
    'one-frame': plaintexts(chunk(1, b'hello')),
    'all-lanes': plaintexts(b''.join(chunk(n, bytes([n]) * n) for n in range(1, 7))),
    'cut-frame': plaintexts(chunk(5, b'first', False), chunk(2, b'flash'), chunk(5, b'last')),
    'full-record': plaintexts(chunk(6, b'f' * 4077, False), chunk(6, b'g' * 4077)),
    'lane-0-with-end': plaintexts(b'\x80\x00\x01x'),
    'lane-7': plaintexts(chunk(7, b'x')),
    'reserved-bits': plaintexts(b'\x41\x00\x01x'),
    'empty-chunk': plaintexts(chunk(1, b'')),
    'length-beyond': plaintexts(b'\x81\x0f\xee' + b'x' * 100),
    'length-to-the-end': plaintexts(b'\x81\x0f\xed' + b'x' * 100),
    'head-cut-off': plaintexts(chunk(1, b'x' * 4075) + b'\x81\x00'),
    'dirty-padding': plaintexts(chunk(1, b'x') + b'\0\0\1'),
    'frames-of-each-lane': b'\1' + b''.join(struct.pack('>BH', n, 100 * n) for n in range(1, 7)),
    'overtaking': b'\1' + b'\x05\x40\x00' + b'\x42\x00\x20' + b'\x21\x00\x01' + b'\x05\xff\xff',
    'two-large': b'\1' + b'\x06\x00\x00' + b'\x86\x12\x34',
    'no-lane': b'\1\x00\x00\x01\x07\x00\x01\x01\x00\x00',
    'wire-zeros': b'\2' + bytes(64),
    'wire-random': b'\2' + bytes((i * 37 + 11) % 251 for i in range(300)),
}

VECTORS = os.path.join(HERE, '..', '..', '..', 'spec', 'vectors')


def vectors(page):
    with open(os.path.join(VECTORS, page + '.json')) as f:
        return json.load(f)


def name_of(case):
    return ''.join(c if c.isalnum() else '-' for c in case['name'])


# Of spec/vectors: a letter and its parts, each after the byte that says what it is.
def envelope():
    seeds = {}
    for case in vectors('envelope')['letters'][:4]:
        name = name_of(case)
        seeds['letter-' + name] = b'\0' + bytes.fromhex(case['wires'][0]['wire'])
        seeds['core-' + name] = b'\1' + bytes.fromhex(case['core'])
        seeds['slip-' + name] = b'\2' + bytes.fromhex(case['slips'][0]['slip'])
        plain = bytes.fromhex(case['plaintext']).rstrip(b'\0')[:-1]
        seeds['plain-' + name] = b'\3' + plain
        seeds['recipients-' + name] = b'\4' + bytes.fromhex(case['recipients'])
    # the recipients of the target's own letter: two readers of one lab, one of another
    lab, kid = bytes.fromhex('01'), bytes.fromhex('02')
    pad = bytes(31)
    good = array(blob(bytes(16)), array(*(
        array(blob(x + pad), blob(y + pad), uint(n), blob(b'\x09' + pad))
        for n, (x, y) in enumerate(((lab, lab), (lab, kid), (kid, lab))))))
    seeds['recipients-good'] = b'\4' + good
    # a core and a slip that go with that letter
    net = bytes.fromhex(vectors('envelope')['net_id'])
    seeds['core-good'] = b'\1' + array(
        uint(1), uint(1), blob(net), blob(lab + pad), blob(kid + pad), uint(1), NIL, NIL, uint(1),
        uint(1), uint(4), uint(1), uint(2592000), uint(600), blob(bytes(32)), uint(1040),
        array(blob(lab + pad), blob(kid + pad)))
    seeds['slip-good'] = b'\2' + array(blob(lab + pad), array(
        array(blob(bytes(32)), blob(bytes(80))), array(blob(lab + pad), blob(bytes(80)))))
    return seeds


# Good ones and bad ones of every type.
def message():
    cases = vectors('message')['decode'] + vectors('message')['forms'][:6]
    return {name_of(c): bytes.fromhex(c['message']) for c in cases if len(c['message']) < 700}


# The body within a signed document [body bin, ...].
def body_of(doc):
    width = {0xc4: 1, 0xc5: 2, 0xc6: 4}[doc[1]]
    at = 2 + width
    return doc[at:at + int.from_bytes(doc[2:at], 'big')]


# Of spec/vectors: signed documents and what is carried by hand, behind what it is.
def card():
    seeds = {}
    pages = (('card', 'steps', 'card', 0, 4000), ('directory', 'steps', 'directory', 2, 4000),
             ('suspension', 'cases', 'suspension', 4, 1000), ('seals', 'cases', 'seals', 6, 4000))
    for page, part, member, kind, longest in pages:
        for case in vectors(page)[part]:
            doc = bytes.fromhex(case[member])
            if len(doc) * 2 > longest or (page == 'card' and case['code'] not in (0, 3, 9)):
                continue
            seeds[page + '-' + name_of(case)] = bytes([kind]) + doc
            if case['code'] == 0:
                seeds[page + '-body-' + name_of(case)] = bytes([kind + 1]) + body_of(doc)
    for case in vectors('file')['good'] + vectors('file')['bad']:
        seeds['file-' + name_of(case)] = b'\x08' + case['text'].encode()
    for case in vectors('file')['requests']:
        seeds['request-' + name_of(case)] = b'\x09' + bytes.fromhex(case['data'])
    return seeds


# Frames of both purposes, statements, segments and offers; and bodies of replies.
def frame():
    seeds = {}
    for case in vectors('handshake')['frames']:
        data = bytes([case['purpose'] - 1]) + bytes.fromhex(case['frame'])
        if len(data) < 2000:
            seeds[f'frame-{case["purpose"]}-' + name_of(case)] = data
    for part, kind in (('statement', 2), ('segment', 3), ('offer', 4)):
        for case in vectors('channel')[part + 's']:
            data = bytes([kind]) + bytes.fromhex(case[part])
            if len(data) < 1200:
                seeds[part + '-' + name_of(case)] = data
    lab, other, key = (blob(bytes([n]) * 32) for n in (1, 2, 3))
    item = array(uint(9), uint(1), key, lab, uint(4), uint(1000))
    bare = array(uint(10), uint(8), key, NIL, uint(3), uint(1001))
    bodies = {
        'hello': (32, array(uint(1), lab, key, uint(5), uint(2), uint(1), uint(300))),
        'docs': (34, array(array(uint(1), blob(b'card')), array(uint(3), blob(b'seals')))),
        'submit': (36, array(key, uint(1 << 40))),
        'feed': (37, array(uint(10), array(item, bare))),
        'fetch': (38, array(blob(b'envelope'), uint(7), TRUE)),
        'proof': (39, array(array(lab, uint(2), uint(0), blob(b'segment'), array()),
                            array(other, uint(1), uint(0), NIL, array(
                                array(lab, uint(1 << 40), blob(b'offer')),
                                array(other, uint(7), NIL))))),
        'status': (40, array(
            uint(1), text('0.1.0'), uint(0), lab,
            array(array(lab, uint(3), uint(1), uint(2), uint(30), TRUE, TRUE, uint(0), uint(0),
                        text('')),
                  array(other, uint(1), uint(1), uint(2), uint(0), FALSE, FALSE, uint(3), uint(1),
                        text('refused'))),
            array(array(key, key, other, uint(4), uint(1), uint(5), uint(6), uint(1))),
            array(text('the clock is off')))),
        'entries': (44, array(uint(1))),
    }
    for name, (of, data) in bodies.items():
        seeds['body-' + name] = bytes([of]) + data
    return seeds


# Added below by each target's author: name of the target, then of the seed.
SEEDS = {'pack': PACK, 'record': RECORD, 'envelope': envelope(), 'message': message(),
         'card': card(), 'frame': frame()}


def main():
    for target, seeds in SEEDS.items():
        folder = os.path.join(HERE, target)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds.items():
            with open(os.path.join(folder, name), 'wb') as f:
                f.write(data)


if __name__ == '__main__':
    main()
