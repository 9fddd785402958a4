"""handshake.json: knocks, handshakes, records, chunks and frames."""

from hotline_py import noise
from hotline_py.channel import segment, statement
from hotline_py.encoding import decode, encode
from hotline_py.records import (BULK, CONTROL, FLASH, PLAIN, PRIORITY,
                                Cipher, Packer, chunk, fill)
from world import NOW, Rng, test_net, three_labs


def handshake(net, rng, name, purpose, lab, initiator, responder, psk):
    """One whole handshake; both sides must end with the same."""
    e_i, e_r = rng.box_key(), rng.box_key()
    start = noise.prologue(net, purpose, lab)
    i = noise.Initiator(start, responder.public, initiator, e_i, psk)
    r = noise.Responder(start, responder, e_r, psk)
    m1 = i.write1()
    r.read1(m1)
    m2 = r.write2()
    i.read2(m2)
    m3 = i.write3()
    if r.read3(m3) != initiator.public or i.hash() != r.hash():
        raise AssertionError("handshake")
    return {
        "name": name, "purpose": purpose, "responder_lab": lab,
        "initiator_static": initiator.secret,
        "responder_static": responder.secret,
        "initiator_public": initiator.public,
        "responder_public": responder.public,
        "initiator_ephemeral": e_i.secret,
        "responder_ephemeral": e_r.secret,
        "psk": psk, "prologue": start,
        "knock": noise.knock(initiator, responder.public, m1),
        "message1": m1, "message2": m2, "message3": m3,
        "handshake_hash": i.hash(), "initiator_key": i.send_key,
        "responder_key": i.receive_key,
    }


def make_packing():
    """Frames put in while records go out."""
    rng = Rng("packing")
    packer = Packer()
    steps = []

    def put(lane, frame):
        packer.put(lane, frame)
        steps.append({"put": {"lane": lane, "frame": frame}})

    def out():
        steps.append({"record": packer.record()})

    put(CONTROL, rng.take(20))
    out()
    put(BULK, rng.take(9000))
    out()
    put(FLASH, rng.take(600))
    put(PRIORITY, rng.take(3))
    out()
    put(CONTROL, rng.take(1))
    out()
    put(FLASH, rng.take(PLAIN - 3))
    put(BULK, b"\0")
    out()
    out()
    put(PRIORITY, rng.take(PLAIN - 2))
    out()
    out()
    while packer.waiting():
        out()
    return steps


def make_unpacking():
    """(name, plaintexts of records in turn, frames or None)"""
    one = chunk(1, b"x", True)
    big = b"\1" * (PLAIN - 3)
    interleaved = [fill([chunk(6, b"aa", False), chunk(2, b"now", True),
                         chunk(6, b"bb", False)]),
                   fill([chunk(1, b"c", True), chunk(6, b"cc", True)])]
    cases = [
        ("one frame", [fill([one])], [(1, b"x")]),
        ("nothing", [bytes(PLAIN)], []),
        ("six lanes", [fill([chunk(n, bytes([n]), True)
                             for n in range(1, 7)])],
         [(n, bytes([n])) for n in range(1, 7)]),
        ("two frames in one lane", [fill([one, chunk(1, b"y", True)])],
         [(1, b"x"), (1, b"y")]),
        ("interleaved", interleaved, [(2, b"now"), (1, b"c"),
                                      (6, b"aabbcc")]),
        ("full", [chunk(3, big, True)], [(3, big)]),
        ("full but for one byte", [chunk(3, big[:-1], True) + b"\0"],
         [(3, big[:-1])]),
        ("lane 7", [fill([chunk(7, b"x", True)])], None),
        ("lane 0 with bit 7", [fill([chunk(0, b"x", True)])], None),
        ("bit 3 set", [fill([chunk(9, b"x", True)])], None),
        ("bit 6 set", [fill([chunk(65, b"x", True)])], None),
        ("length 0", [fill([b"\x81\0\0"])], None),
        ("length over the record", [fill([b"\x81\x0f\xee"])], None),
        ("length 65535", [fill([b"\x81\xff\xff"])], None),
        ("padding not zero", [bytes(PLAIN - 1) + b"\1"], None),
        ("a chunk after the padding", [fill([one, b"\0", one])], None),
        ("header cut by the end", [chunk(3, big[:-2], True) + b"\x81\0"],
         None),
    ]
    return [{"name": n, "plaintexts": p, "good": f is not None,
             "frames": [{"lane": x, "frame": y} for x, y in f or []]}
            for n, p, f in cases]


def make_records(case, rng):
    """The first records each way, and those around two rekeys."""
    out = []
    for side in ("initiator", "responder"):
        cipher = Cipher(case[side + "_key"])
        for nonce in range(2050):
            small = chunk(CONTROL, rng.take(8), True)
            plain = fill([small])
            before = cipher.key
            record = cipher.seal(plain)
            if nonce in (0, 1, 1023, 1024, 2047, 2048):
                out.append({"from": side, "nonce": nonce, "key": before,
                            "chunk": small, "record": record})
    return out


def lab_item(card):
    return [card.lab_id, card.version, card.hash, bytes(32), 0]


def make_frames(net):
    alpha, beta, _ = three_labs(net)
    st = statement(net, alpha.node.key, alpha.id, beta.id, None, None, NOW)
    seg = segment(alpha.id, beta.id, 1, 5, bytes(32), [], None, None)
    card, ids = alpha.card, [n.to_bytes(32, "big") for n in range(257)]
    rows = sorted(lab_item(x.card) for x in (alpha, beta))
    hello = [1, 1, alpha.id, beta.id, alpha.node.id, card.version, card.hash,
             NOW]
    device = beta.devices[0]
    node = [
        ("hello", hello, True), ("hello without clock", hello[:-1], False),
        ("hello with one more", hello + [0], False),
        ("hello with a short lab", hello[:2] + [bytes(31)] + hello[3:],
         False),
        ("heartbeat", [2, NOW, 1, rows, 0], True),
        ("heartbeat of nothing", [2, NOW, NOW, [], 0], True),
        ("heartbeat of a full disk", [2, NOW, 1, rows, 1], True),
        ("heartbeat of another trouble", [2, NOW, 1, rows, 1 << 40], True),
        ("heartbeat that knows no trouble", [2, NOW, 1, rows], False),
        ("heartbeat not sorted", [2, NOW, 1, rows[::-1], 0], False),
        ("heartbeat with a lab twice", [2, NOW, 1, rows[:1] * 2, 0], False),
        ("heartbeat without a pulse", [2, NOW, 0, rows, 0], False),
        ("statement", [3, st], True), ("segment", [4, seg], True),
        ("statement as an array", [3, decode(st)], False),
        ("letter", [5, alpha.id, b"\x90"], True),
        ("letter without lab", [5, b"\x90"], False),
        ("want-letters", [6, alpha.id, ids[:2]], True),
        ("want-letters of 256", [6, alpha.id, ids[:256]], True),
        ("want-letters of 257", [6, alpha.id, ids], False),
        ("want-letters of none", [6, alpha.id, []], False),
        ("want-entries", [7, alpha.id, 1800000000, 12], True),
        ("want-cards", [8, alpha.id, 0], True),
        ("card", [9, card.data], True), ("want-seals", [10, alpha.id], True),
        ("seals", [11, alpha.devices[0].seals(alpha.id)], True),
        ("want-suspensions", [12, alpha.id], True),
        ("suspension", [13, b"\x90"], True),
        ("close", [14, 2], True), ("close without reason", [14], False),
        ("carry", [15, alpha.id, beta.id, 0, 6, seg], True),
        ("carry after two", [15, alpha.id, beta.id, 2, 5, b"\x90"], True),
        ("carry after three", [15, alpha.id, beta.id, 3, 5, b"\x90"], False),
        ("carry of an unknown sort", [15, alpha.id, beta.id, 1, 99, b""],
         True),
        ("carry to nobody", [15, alpha.id, 0, 6, seg], False),
        ("offer", [16, b"\x90"], True), ("offer as an array", [16, []], False),
        ("type 0", [0], False), ("type 17", [17, 1], False),
        ("a device's type", [45, 1], False), ("no type", [], False),
        ("type nil", [None], False),
    ]
    dev = [
        ("hello", [32, 1, 1, beta.id, device.id, 1, 0], True),
        ("reply", [33, 1, 0, "", None], True),
        ("reply with a body", [33, 1, 27, "not held", b"\xc0"], True),
        ("reply with newline", [33, 1, 27, "a\nb", None], False),
        ("reply with 256 bytes", [33, 1, 27, "t" * 256, None], False),
        ("get-docs", [34, 2, [[alpha.id, 1]], 3, [[device.id, 1]], 0], True),
        ("put", [35, 3, 1, card.data], True),
        ("submit", [36, 4, b"\x90"], True), ("feed", [37, 5, 0, 512], True),
        ("fetch", [38, 6, ids[0]], True), ("proof", [39, 7, ids[0]], True),
        ("status", [40, 8], True), ("watch", [41, 9, 17], True),
        ("event", [42, [[18, 1, ids[0], alpha.id, 1, NOW]]], True),
        ("event of a drill", [42, [[18, 9, ids[0], alpha.id, 2, NOW]]], True),
        ("event of a carrier", [42, [[18, 10, ids[0], alpha.id, 1, NOW]]],
         True),
        ("event of another sort", [42, [[18, 11, ids[0], alpha.id, 1, NOW]]],
         False),
        ("psk", [43, 10, alpha.id, ids[1]], True),
        ("psk of 31 bytes", [43, 10, alpha.id, bytes(31)], False),
        ("entries", [44, 11, alpha.id, beta.id, 0, 1], True),
        ("ping", [45, 12], True), ("close", [14, 0], True),
        ("drills", [46, 13, alpha.id, NOW, 0], True),
        ("drills of 31 bytes", [46, 13, bytes(31), NOW, 0], False),
        ("a node's type", [3, st], False), ("type 63", [63, 1], False),
    ]
    return [{"purpose": purpose, "name": n, "frame": encode(v), "good": g}
            for purpose, rows in ((1, node), (2, dev)) for n, v, g in rows]


def make_faults(case):
    """Messages that a side refuses, each in place of the good one."""
    def flip(raw, at):
        return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]
    m1, m2, m3 = (case["message%d" % n] for n in (1, 2, 3))
    return [
        {"name": n, "number": k, "message": m} for n, k, m in (
            ("ephemeral changed", 1, flip(m1, 0)),
            ("tag changed", 1, flip(m1, 47)),
            ("ephemeral of zeros", 1, bytes(32) + m1[32:]),
            ("ephemeral of small order", 1, b"\1" + bytes(31) + m1[32:]),
            ("cut", 1, m1[:47]), ("longer", 1, m1 + b"\0"),
            ("ephemeral changed", 2, flip(m2, 0)),
            ("tag changed", 2, flip(m2, 47)),
            ("ephemeral of zeros", 2, bytes(32) + m2[32:]),
            ("message 1 sent back", 2, m1), ("cut", 2, m2[:47]),
            ("static changed", 3, flip(m3, 0)),
            ("first tag changed", 3, flip(m3, 33)),
            ("last tag changed", 3, flip(m3, 63)), ("cut", 3, m3[:63]))]


def make_handshake():
    net = test_net()
    alpha, beta, _ = three_labs(net)
    rng = Rng("handshake")
    a, b = alpha.node.link, beta.node.link
    device = beta.devices[0].link
    cases = [
        handshake(net, rng, "nodes, no PSK", 1, beta.id, a, b, bytes(32)),
        handshake(net, rng, "nodes, PSK", 1, beta.id, a, b, rng.take(32)),
        handshake(net, rng, "nodes, the other way", 1, alpha.id, b, a,
                  rng.take(32)),
        handshake(net, rng, "device to node", 2, beta.id, device, b,
                  bytes(32)),
    ]
    return {
        "page": "link", "net_id": net.id, "handshakes": cases,
        "faults": make_faults(cases[1]),
        "records": make_records(cases[1], rng),
        "packing": make_packing(), "unpacking": make_unpacking(),
        "frames": make_frames(net),
    }

