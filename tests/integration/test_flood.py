#!/usr/bin/python3
"""Strangers in thousands, of every kind, while an honest alert goes through; what a node costs
meanwhile, and under load."""
import os
import socket
import sys
import time

from harness import NETWORK, SOURCE, check, main, test, wait
from rough import CYCLES, HOURS, SANITIZED, Senders, amount, held
from wire import Wire

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'interop'))

from hotline_py.encoding import decode  # noqa: E402
from hotline_py.hashes import BoxKey, Net  # noqa: E402
from live_peer import opening  # noqa: E402

HALF_OPEN = 64              # streams within a handshake
WAL_MAX = 6 << 20           # bytes: the journal's limit, and a turn
GROWTH = 16 << 10           # KiB of memory
STEP = 100


def wal(node):
    try:
        return os.path.getsize(os.path.join(node.dir, 'hotlined.db-wal'))
    except FileNotFoundError:
        return 0


def taken(node):
    """How many streams of its port the node has: what it has accepted and not closed.

    What the kernel still keeps in the queue of the port has no inode.
    """
    with open('/proc/net/tcp', encoding='ascii') as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return sum(int(r[1].split(':')[1], 16) == node.port and r[3] in ('01', '08') and r[9] != '0'
               for r in rows)


class Cost:
    """What a node may take in memory, descriptors and journal, and what it took at most."""

    def __init__(self, node, more_descriptors):
        self.node, self.rss = node, node.rss()
        self.descriptors = node.descriptors() + more_descriptors
        self.most = [0, 0, 0]

    def look(self):
        now = [self.node.rss() - self.rss, self.node.descriptors(), wal(self.node)]
        self.most = [max(pair) for pair in zip(self.most, now)]
        check(now[0] < GROWTH or SANITIZED, f'{self.node.name} has grown by {now[0]} KiB')
        check(now[1] <= self.descriptors, f'{self.node.name} has {now[1]} descriptors')
        check(now[2] < WAL_MAX, f'the journal of {self.node.name} has {now[2]} bytes')

    def __str__(self):
        return f'{self.most[0]} KiB more, {self.most[1]} descriptors, journal ' \
               f'{self.most[2] >> 10} KiB'


class Crowd:
    """Connections from one address after another, each of another kind."""

    def __init__(self, world, node, known, recorded):
        self.world, self.node, self.open = world, node, []
        self.known, self.recorded = known, recorded
        self.slow, self.made, self.refused = [], 0, 0
        self.kinds = [self.silent, self.junk, self.long_junk, self.web, self.again, self.half_again,
                      self.half, self.loris]

    def silent(self, s):
        pass

    def junk(self, s):
        s.sendall(os.urandom(64))

    def long_junk(self, s):
        s.sendall(os.urandom(1500))

    def web(self, s):
        s.sendall(b'GET / HTTP/1.1\r\nHost: hotline\r\n\r\n')

    def again(self, s):
        """A handshake that was seen, all of it."""
        s.sendall(self.recorded)

    def half_again(self, s):
        s.sendall(self.recorded[:40])

    def half(self, s):
        """By a key that is known: a good knock and first message, and then nothing."""
        s.sendall(opening(*self.known))

    def loris(self, s):
        """A byte of a handshake each time that others come."""
        self.slow.append([s, 0])

    def dribble(self):
        for row in self.slow:
            try:
                row[0].send(self.recorded[row[1]:row[1] + 1] or b'x')
                row[1] += 1
            except OSError:
                pass
        self.slow = self.slow[-200:]

    def come(self, n):
        for _ in range(n):
            i = self.made
            self.made += 1
            s = socket.socket()
            s.settimeout(10)
            s.bind((f'127.{1 + i // 40000}.{1 + i // 200 % 200}.{1 + i % 200}', 0))
            try:
                s.connect(('127.0.0.1', self.node.port))
                self.kinds[i % len(self.kinds)](s)
            except OSError:
                self.refused += 1  # its place was needed
            self.open.append(s)
            if len(self.open) > 900:  # of the descriptors that this process may have
                self.leave(self.open.pop(0))
        self.dribble()

    def leave(self, s):
        s.close()

    def answered(self):
        """Ends it; bytes that came back. A known key gets the second message."""
        got = 0
        for s in self.open:
            try:
                part = s.recv(4096)
                while part:
                    got += len(part)
                    part = s.recv(4096)
            except OSError:
                pass
            s.close()
        self.open = []
        return got


def alert(lab, timeout='30s'):
    began = time.monotonic()
    r = lab.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--wait', 'stored',
                 '--timeout', timeout)
    check(r['labs'][0]['stored'], f'{r}')
    return r['id'], time.monotonic() - began


def keys(node):
    """(lab id, link key) of a node."""
    with open(os.path.join(node.dir, 'node.key'), 'rb') as f:
        _, _, lab, _, link, _ = decode(f.read())
    return lab, BoxKey(link)


@test
def strangers_of_every_kind_delay_nobody(world):
    honest, b, c = world.labs('lab-a', 'lab-b', 'lab-c')
    wire = Wire(world, b.node)
    b.node.add_config('\npeer "lab-a" { address = {"127.0.0.1:9"} }\n')
    honest.node.add_config(f'\npeer "lab-b" {{ address = {{"{wire.address}"}} }}\n')
    for lab in (b, honest):
        lab.node.restart()
    honest.wait_up('lab-b')
    c.node.stop()
    recorded = bytes(wire.live()[-1].there[:128])
    b_id, b_key = keys(b.node)
    crowd = Crowd(world, b.node, (Net(NETWORK), 1, b_id, b_key.public, keys(c.node)[1]), recorded)
    sent = [alert(honest) for _ in range(3)]
    idle = min(t for _, t in sent)
    cost, under, anew = Cost(b.node, HALF_OPEN + 8), [], []
    total = amount(1000, 400)
    end = time.monotonic() + HOURS * 3600
    while crowd.made < total or time.monotonic() < end:
        crowd.come(STEP)
        cost.look()
        places = taken(b.node)
        check(places <= HALF_OPEN + 4, f'{places} streams at once')
        sent.append(alert(honest))
        under.append(sent[-1][1])
        if crowd.made % (4 * STEP) == 0:  # a link that has to be made anew, in the crowd
            wire.cut()
            sent.append(alert(honest))
            anew.append(sent[-1][1])
        b.run('status')
    # All but those who have a place were turned away, long before their deadline.
    places = taken(b.node)
    check(places <= HALF_OPEN + 4, f'{places} streams')
    got = crowd.answered()
    check(got <= 48 * crowd.made // len(crowd.kinds), f'strangers were told {got} bytes')
    for why in ('recorded and replayed', 'too many handshakes of one known key'):
        check(why in b.node.fresh(), f'the log does not say: {why}')
    check({i for i, _ in sent} <= set(held(b)), 'an alert is missing')
    cost.look()
    check(honest.peers()['lab-b'] == 'up', 'the honest line has suffered')
    wait(lambda: taken(b.node) <= 2, 'the strangers to be gone')
    print(f'      {crowd.made} strangers, {crowd.made - places} turned away, {crowd.refused} '
          f'of them while they spoke; an alert: {idle:.2f} s when idle, {max(under):.2f} s at most '
          f'beside them, {max(anew):.2f} s with a link made anew; {cost}')


@test
def load_stays_under_its_caps(world):
    a, b = world.labs('lab-a', 'lab-b')
    devices = [a, a.join('Jun Sato'), a.join('Ada Obi')]
    senders = Senders(world, devices, 'lab-b')
    costs = [Cost(lab.node, 2 * len(devices) + 4) for lab in (a, b)]
    total = min(amount(600, 100), 20000)
    end = time.monotonic() + HOURS * 3600
    while senders.count() < total or time.monotonic() < end:
        senders.grow(20)
        for cost in costs:
            cost.look()
        if (HOURS or CYCLES) and senders.count() > 20000:
            break  # more would test the listing
    senders.join()
    wait(lambda: set(senders.ids()) <= set(held(b)), 'every letter', 300)
    print(f'      {senders.count()} letters; lab-a: {costs[0]}; lab-b: {costs[1]}')


if __name__ == '__main__':
    main()
