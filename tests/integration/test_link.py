#!/usr/bin/python3
"""Links between nodes, and what is done to them on the way and by the other side."""
import os
import re
import signal
import socket
import sys
import threading

from harness import NETWORK, SOURCE, Failed, check, main, test, wait
from wire import Wire

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'interop'))

from hotline_py.encoding import decode, encode  # noqa: E402
from hotline_py.hashes import BoxKey, Net, SignKey  # noqa: E402
from live_peer import Closed, Link, now  # noqa: E402


def wired(world):
    """Two labs of which the first can reach the second over a wire alone, and the other way not at
    all: what passes over the wire is the link."""
    a, b = world.lab('lab-a'), world.lab('lab-b')
    wire = Wire(world, b.node)
    a.node.add_config(f'\npeer "lab-b" {{ address = {{"{wire.address}"}} }}\n')
    b.node.add_config('\npeer "lab-a" { address = {"127.0.0.1:9"} }\n')
    a.node.restart()
    b.node.restart()
    world.pair(a, b)
    a.wait_up('lab-b')
    b.wait_up('lab-a')
    return a, b, wire


def keys(node):
    """(lab id, signing key, link key) of a node."""
    with open(os.path.join(node.dir, 'node.key'), 'rb') as f:
        _, _, lab, sign, link, _ = decode(f.read())
    return lab, SignKey(sign), BoxKey(link)


class Impostor:
    """Talks to a node with the keys of another one, which has to be stopped."""

    def __init__(self, world, caller, called):
        self.net = Net(NETWORK)
        self.to, _, public = keys(called)
        self.lab, self.sign, link = keys(caller)
        self.stream = called.connect()
        self.link = Link.initiate(self.stream, self.net, 1, self.to, public.public, link,
                                  timeout=20)

    def send(self, *fields, lane=1):
        self.link.send_frame_bytes(lane, encode(list(fields)))

    def hello(self):
        kid = self.net.key_id(3, self.sign.public)
        self.send(1, 1, self.lab, self.to, kid, 1, bytes(32), now())

    def ended(self, seconds=20):
        """True if the node ends the link: what it says until then is passed over."""
        try:
            while self.link.recv_frame_bytes(seconds) is not None:
                pass
        except (Closed, ConnectionError):
            return True
        return False


@test
def nothing_on_the_wire_has_a_length(world):
    a, b, wire = wired(world)
    stream = wire.live()[-1]
    wait(lambda: len(stream.there) > 20000 and len(stream.back) > 20000, 'some heartbeats', 60)
    for direction, shake in (('there', 16 + 48 + 64), ('back', 48)):
        n = len(stream.passed(direction))
        check((n - shake) % 4096 == 0, f'{direction}: {n} bytes')
    record = bytes(stream.there[128:4224])
    check(len(set(record)) > 200, 'a record looks like no cipher text')
    for text in (b'lab-a', b'Operator', b'hotline'):
        check(text not in stream.there and text not in stream.back, f'{text} can be read')


@test
def a_cut_link_comes_back(world):
    a, b, wire = wired(world)
    for _ in range(3):
        before = len(wire.streams)
        wire.cut()
        wait(lambda: len(wire.streams) > before, 'another dial')
        a.wait_up('lab-b')
        b.wait_up('lab-a')


@test
def a_stream_cut_at_any_byte_comes_back(world):
    a, b, wire = wired(world)
    for direction, at in (('there', 0), ('there', 63), ('there', 127), ('there', 128),
                          ('there', 4223), ('back', 0), ('back', 47), ('back', 4143)):
        wire.stop_at = (direction, at)
        wire.cut()
        wait(lambda: wire.stop_at is None, f'a dial to be cut at {direction} {at}', 120)
        a.wait_up('lab-b', seconds=120)
    b.wait_up('lab-a')


@test
def a_flipped_bit_ends_the_stream_and_nothing_else(world):
    a, b, wire = wired(world)
    for direction, at in (('there', 20), ('there', 70), ('there', 130), ('there', 128 + 4095),
                          ('back', 5), ('back', 4143)):
        wire.spoil = (direction, at)
        wire.cut()
        wait(lambda: wire.spoil is None, f'a dial to be spoiled at {direction} {at}', 120)
        harmed = wire.harmed
        wait(lambda: harmed.over, f'the stream spoiled at {direction} {at} to end', 40)
        a.wait_up('lab-b', seconds=120)
    check(re.search(r'record that does not open|does not open', a.node.log() + b.node.log()),
          'no word of it')


@test
def a_black_hole_is_noticed_on_both_sides(world):
    a, b, wire = wired(world)
    for direction in ('both', 'back'):
        wire.hold(direction)
        wait(lambda: a.peers()['lab-b'] != 'up' and b.peers()['lab-a'] != 'up',
             f'both to see that {direction} is silent', 60)
        wire.release()
        wire.cut()
        a.wait_up('lab-b')
        b.wait_up('lab-a')


@test
def a_killed_node_comes_back(world):
    a, b = world.labs('lab-a', 'lab-b')
    for _ in range(3):
        b.node.kill()
        wait(lambda: a.peers()['lab-b'] != 'up', 'lab-a to see it')
        b.node.start()
        a.wait_up('lab-b')
        b.wait_up('lab-a')


@test
def a_stopped_node_says_goodbye(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.stop()
    wait(lambda: a.peers()['lab-b'] != 'up', 'lab-a to see it', 10)
    a.node.wait_log('link down: closed by the other side')


@test
def a_frozen_node_is_noticed(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.pause()
    wait(lambda: a.peers()['lab-b'] != 'up', 'lab-a to see it', 60)
    b.node.resume()
    a.wait_up('lab-b')
    b.wait_up('lab-a')
    # Its own people are told as well, wherever they look; and no clock is accused.
    b.node.wait_log('this node was held up for')
    check(any('held up' in w for w in b.json('status')['warnings']), 'no warning in the status')
    check('warning  this node was held up' in b.run().out, 'none on the screen')
    check(not any('clock' in w for lab in (a, b) for w in lab.json('status')['warnings']),
          'a clock is said to be wrong')


@test
def a_replayed_knock_gets_silence(world):
    a, b, wire = wired(world)
    recorded = bytes(wire.live()[-1].there[:128])
    wire.cut()
    a.wait_up('lab-b')
    for first in (recorded[:64], recorded, recorded[:63] + bytes([recorded[63] ^ 1])):
        s = b.node.connect()
        s.sendall(first)
        s.settimeout(30)
        try:
            check(s.recv(100) == b'', 'it was answered')
        except ConnectionError:
            pass
    b.node.wait_log('heard before')
    b.node.wait_log('no known key has knocked')


@test
def a_name_that_does_not_resolve_harms_nobody(world):
    a, b = world.lab('lab-a'), world.lab('lab-b')
    a.node.add_config('\npeer "lab-b" { address = {"nobody.invalid:4685", '
                      f'"{b.node.address}"}} }}\n')
    a.node.restart()
    world.pair(a, b)
    a.wait_up('lab-b')


@test
def many_commands_of_one_device_at_once(world):
    lab = world.lab('lab-a')
    results = []

    def one():
        try:
            results.append(lab.run('status', ok=None))
        except Failed as e:
            results.append(e)

    threads = [threading.Thread(target=one) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    bad = [str(r) for r in results if isinstance(r, Failed) or r.code != 0]
    check(not bad, f'{len(bad)} of {len(results)} failed\n' + '\n'.join(bad[:3]))


@test
def frames_that_are_wrong_end_the_link(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.stop()
    wrong = [
        ('an unknown type', lambda i: i.send(99)),
        ('a type of devices', lambda i: i.send(34, 1, [], 0, [], 0)),
        ('no array', lambda i: i.link.send_frame_bytes(1, b'\x01')),
        ('no MessagePack', lambda i: i.link.send_frame_bytes(1, b'\xc1')),
        ('a huge array', lambda i: i.link.send_frame_bytes(1, b'\xdd\x10\x00\x00\x00')),
        ('lane 7', lambda i: i.link.send_plain(b'\x87\x00\x01x' + bytes(4076))),
        ('an empty chunk', lambda i: i.link.send_plain(b'\x81\x00\x00' + bytes(4077))),
        ('padding', lambda i: i.link.send_plain(bytes(4079) + b'\x01')),
        ('a chunk too long', lambda i: i.link.send_plain(b'\x81\xff\xff' + bytes(4077))),
        ('no record', lambda i: i.link.send_bytes(os.urandom(4096))),
        ('a frame without end', lambda i: [
            i.link.send_plain(b'\x06' + (4077).to_bytes(2, 'big') + bytes(4077))
            for _ in range(140)]),
    ]
    for greeted in (True, False):
        for what, send in wrong:
            impostor = Impostor(world, b.node, a.node)
            if greeted:
                impostor.hello()
            try:
                send(impostor)
            except OSError:
                pass  # it has ended the link already
            check(impostor.ended(), f'{what}: the link goes on')
    a.run('status')
    b.node.start()
    a.wait_up('lab-b')


@test
def who_does_not_read_costs_a_bounded_amount(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.stop()
    before = a.node.rss()
    impostor = Impostor(world, b.node, a.node)
    impostor.hello()
    impostor.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    impostor.stream.settimeout(10)
    ask = encode([8, impostor.to, 0])
    sent = 0
    try:
        while sent < 40000:
            impostor.link.send_plain((b'\x81' + len(ask).to_bytes(2, 'big') + ask) * 90 +
                                     bytes(4080 - 90 * (3 + len(ask))))
            sent += 90
    except OSError:
        pass
    grown = a.node.rss() - before
    print(f'      {sent} questions, {grown} KiB more')
    check(grown < 64 * 1024, f'{grown} KiB more')
    a.run('status')
    impostor.stream.close()
    b.node.start()
    a.wait_up('lab-b')


@test
def a_section_that_is_gone_counts_no_more(world):
    a, b = world.lab('lab-a'), world.lab('lab-b')
    with open(a.node.config, encoding='utf-8') as f:
        before = f.read()
    for one, other in ((a, b), (b, a)):
        one.node.add_config(f'\npeer "{other.name}" {{ address = {{"127.0.0.1:9"}} }}\n')
        one.node.restart()
    world.pair(a, b)
    a.node.wait_log('no link could be made: 127.0.0.1:9')
    with open(a.node.config, 'w', encoding='utf-8') as f:
        f.write(before)
    a.node.signal(signal.SIGHUP)
    a.wait_up('lab-b')


@test
def a_hangup_of_the_terminal_changes_nothing(world):
    a, b = world.labs('lab-a', 'lab-b')
    for _ in range(20):
        a.node.signal(signal.SIGHUP)
    a.node.wait_log('read again')
    a.run('status')
    check(a.peers()['lab-b'] == 'up', 'the line is down')


if __name__ == '__main__':
    main(jobs=4)
