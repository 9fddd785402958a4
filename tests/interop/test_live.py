#!/usr/bin/python3
"""Two nodes and a device of live_peer.py talk over socket pairs.

usage: test_live.py.  The last line is "N passed, M failed".
"""

import os
import socket
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from hotline_py import frames, noise, records  # noqa: E402
from hotline_py.encoding import encode  # noqa: E402
from hotline_py.envelope import Envelope, Opened  # noqa: E402
from hotline_py.errors import HlError  # noqa: E402
from hotline_py.hashes import BoxKey  # noqa: E402
import live_peer  # noqa: E402
from live_peer import Closed, Link, Peer  # noqa: E402
from test_vectors import Count  # noqa: E402
from world import (Lab, Rng, caps, raise_message, seal,  # noqa: E402
                   test_net)


def labs():
    net = test_net()
    out = [Lab(net, n, [("P of " + n, "laptop", 1, caps())], seed="live",
               now=live_peer.now()) for n in ("alpha", "beta")]
    return net, out


def pair(psk=bytes(32), other_psk=None):
    """Two peers with a link between them."""
    net, (alpha, beta) = labs()
    a, b = Peer(net, alpha), Peer(net, beta)
    a.labs.take(beta.card.data)
    b.labs.take(alpha.card.data)
    left, right = socket.socketpair()
    failed = []

    def listen():
        try:
            b.accept(right, {alpha.id: other_psk or psk}, 2)
        except (HlError, Closed) as e:
            failed.append(e)
            right.close()

    thread = threading.Thread(target=listen)
    thread.start()
    live_peer.dial = lambda address, timeout: left
    try:
        a.connect(None, beta.id, psk=psk, timeout=2)
    finally:
        thread.join()
    return net, a, b, failed


def turn(a, b, until, rounds=100):
    for _ in range(rounds):
        if until():
            return True
        a.run(timeout=0.02)
        b.run(timeout=0.02)
    return until()


def letter(net, peer, to, rng, text):
    entries = peer.readers(peer.lab.id, to)
    return seal(net, peer.lab, peer.lab.devices[0], [],
                raise_message(text=text), rng, entries=entries,
                created=live_peer.now())


def test_exchange():
    net, a, b, failed = pair(psk=b"\7" * 32)
    yield "linked", not failed
    yield "one handshake", a.link.handshake_hash == b.link.handshake_hash
    a.start()
    b.start()
    yield "hellos, seals and heads", turn(a, b, lambda: (
        "hello" in a.heard and "hello" in b.heard
        and len(a.seals) == len(b.seals) == 2
        and any(s.head for s in b.statements)))
    rng = Rng("live letters")
    sealed = letter(net, a, b.lab.id, rng, "x" * 5000)
    a.queue(sealed)
    yield "delivered", turn(a, b, lambda: a.delivered(sealed.id))
    env = b.into.letters[sealed.id]
    device = b.lab.devices[0]
    opened = Opened(env, a.lab.card, b.lab.id, device.id,
                    [(device.epoch, device.seal)])
    yield "opened", opened.message[2][8] == "x" * 5000
    yield "by the peer's receipt alone", a.delivered(b.lab.card.hash) is None
    late = [letter(net, a, b.lab.id, rng, str(n)) for n in range(3)]
    for s in late:
        a.out.add(1, s.id)
        a.envelopes[s.id] = 2, s.for_labs([b.lab.id])
    a.send_statement()
    b.run(timeout=0.05)
    b.ask_missing()
    turn(a, b, lambda: len(b.into.missing()) == 3, 20)
    b.ask_missing()
    yield "asked for what was missing", turn(a, b, lambda: all(
        a.delivered(s.id) for s in late), 20)
    bad = letter(net, a, b.lab.id, rng, "bad")
    number = a.queue(bad)
    a.link.send_frame_bytes(records.ROUTINE, frames.encode_frame(
        frames.LETTER, a.lab.id, bad.for_labs([b.lab.id])[:-1]))
    try:
        turn(a, b, lambda: False, 20)
        refused = False
    except HlError as e:
        refused = e.code == 2
    yield "a letter cut short is refused", refused and number == 6
    a.close(1)
    try:
        b.run(timeout=1)
        reason = None
    except Closed as e:
        reason = e.reason
    yield "close is told from a cut", reason == 1


def test_wrong_psk():
    try:
        _, a, _, failed = pair(b"\1" * 32, b"\2" * 32)
        a.recv_frame(1)
        yield "cut", False
    except Closed as e:
        yield "cut", not e.clean
    yield "refused in the handshake", failed and failed[0].code == 29


def test_stranger():
    net, (alpha, beta) = labs()
    left, right = socket.socketpair()
    stranger = BoxKey(b"\5" * 32)
    left.sendall(live_peer.opening(
        net, noise.NODE_TO_NODE, beta.id, beta.node.link.public, stranger))
    try:
        Link.respond(right, net, beta.id, beta.node.link, [
            (alpha.node.link.public, 1, bytes(32))], 1)
        code = 0
    except HlError as e:
        code = e.code
    left.settimeout(0.05)
    try:
        answer = left.recv(1)
    except socket.timeout:
        answer = None
    yield "no answer to a stranger", code == 29 and answer is None


def small_node(stream, net, lab, docs, got):
    """Answers a device as link 5 says, as far as Device asks."""
    link, _ = Link.respond(stream, net, lab.id, lab.node.link, [
        (d.link.public, noise.DEVICE_TO_NODE, bytes(32))
        for d in lab.devices], 2)
    while True:
        try:
            raw = link.recv_frame_bytes(2)
        except Closed:
            return
        frame = raw and frames.decode_frame(raw[1], frames.DEVICE_FRAMES)
        if not frame or frame[0] == frames.CLOSE:
            return
        got.append(frame)
        body, code = None, 0
        if frame[0] == frames.GET_DOCS:
            held = {x[0] for x in frame[2] + frame[4]}
            body = encode([[s, d] for s, k, d in docs if k not in held])
        elif frame[0] == frames.SUBMIT:
            body = encode([Envelope(net, frame[2]).id, 5])
        elif frame[0] == frames.FETCH:
            code = 27
        link.send_frame_bytes(records.CONTROL, frames.encode_frame(
            frames.REPLY, frame[1], code, "", body))


def test_device():
    net, (alpha, beta) = labs()
    left, right = socket.socketpair()
    mira, eva = alpha.devices[0], beta.devices[0]
    docs = [(1, beta.id, beta.card.data),
            (3, eva.id, eva.seals(beta.id, now=live_peer.now())),
            (3, mira.id, mira.seals(alpha.id, now=live_peer.now()))]
    got = []
    node = threading.Thread(target=small_node,
                            args=(right, net, alpha, docs, got))
    node.start()
    live_peer.dial = lambda address, timeout: left
    device = live_peer.Device(net, alpha, mira)
    device.connect(None, timeout=2)
    yield "hello", device.hello()[0] == 0
    device.sync()
    yield "cards and seals", device.labs.newest(beta.id).hash \
        == beta.card.hash and len(device.readers(alpha.id, beta.id)) == 2
    sealed = seal(net, alpha, mira, [], raise_message(), Rng("device"),
                  entries=device.readers(alpha.id, beta.id))
    yield "submitted", device.submit(sealed) == (0, "", [sealed.id, 5])
    try:
        device.fetch(sealed.id)
        code = 0
    except HlError as e:
        code = e.code
    yield "a refusal has its code", code == 27
    device.close()
    node.join()
    yield "in order", [f[1] for f in got] == list(range(1, len(got) + 1))


def main():
    count = Count()
    for test in (test_exchange, test_wrong_psk, test_stranger, test_device):
        count.run(test.__name__, test())
    sys.exit(count.finish())


if __name__ == "__main__":
    main()
