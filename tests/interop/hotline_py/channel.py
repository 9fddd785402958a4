"""channel: entries, links, statements, segments and what they prove."""

from .encoding import (ascending, b32, b64, binary, decode, encode, form,
                       items, listing, optional, u)
from .errors import BAD_FIELD, BAD_HASH, HlError, NOT_MEMBER, need
from .hashes import NODE_SIGN

LETTER, CARD, VOID, SUCCESSION = 1, 2, 3, 4
REFUSED_MAX = 64


def entry(number, sort, id_, time):
    return encode([number, sort, id_, time])


def read_entry(raw):
    """1.2"""
    f = items(decode(raw), 4)
    return u(f[0], 1), u(f[1], 1, 4), b32(f[2]), u(f[3])


def link_zero(net, frm, to, epoch):
    return net.hash("link0", encode([frm, to, epoch]))


def link_next(net, link, raw):
    return net.hash("link", link, raw)


def links(net, first_link, entries):
    """link_{first-1}, link_first, … of raw entries"""
    out = [first_link]
    for raw in entries:
        out.append(link_next(net, out[-1], raw))
    return out


def statement(net, key, frm, to, head, receipt, time, pulse=0):
    """2.1"""
    body = encode([1, frm, to, head, receipt, time, pulse])
    return encode([body, net.key_id(NODE_SIGN, key.public),
                   net.sign(key, "statement", body)])


class Receipt:
    """2.3"""

    def __init__(self, value):
        f = items(value, 7)
        self.epoch, self.h, self.link, self.n = u(f[0]), u(f[1]), b32(f[2]), \
            u(f[3])
        need(self.n <= self.h, BAD_FIELD, "n over h")
        self.ranges = []
        low = self.n + 2
        for r in listing(f[4], 0, 64):
            a, b = (u(x) for x in items(r, 2))
            need(low <= a <= b <= self.h, BAD_FIELD, "ranges")
            low = b + 2
            self.ranges.append((a, b))
        self.refused = []
        for r in listing(f[5], 0, REFUSED_MAX):
            number, code = (u(x) for x in items(r, 2))
            need(1 <= number <= self.h, BAD_FIELD, "refused")
            self.refused.append((number, code))
        ascending([r[0] for r in self.refused])
        self.since = u(f[6])

    def shows_held(self, number):
        """4.3: held and not refused, as far as the list of refused goes"""
        if not (1 <= number <= self.n
                or any(a <= number <= b for a, b in self.ranges)):
            return False
        if len(self.refused) == REFUSED_MAX and number < self.refused[0][0]:
            return False
        return number not in [r[0] for r in self.refused]


class Statement:
    def __init__(self, data):
        f = items(decode(data, 8192), 3)
        self.body, self.key_id, self.signature = (
            binary(f[0]), b32(f[1]), b64(f[2]))
        f = items(decode(self.body), 7)
        form(f[0])
        self.frm, self.to = b32(f[1]), b32(f[2])
        self.head = None
        if f[3] is not None:
            items(f[3], 3)
            self.head = (u(f[3][0]), u(f[3][1]), b32(f[3][2]))
        self.receipt = optional(f[4], Receipt)
        self.time, self.pulse = u(f[5]), u(f[6])


def verify_statement(net, st, card):
    node = card.node(st.key_id) if card.lab_id == st.frm else None
    need(node is not None, NOT_MEMBER, "statement")
    net.verify(node.key, "statement", st.body, st.signature)


def offer(net, key, by, frm, to, head, time):
    """5.6"""
    body = encode([1, by, frm, to, list(head), time])
    return encode([body, net.key_id(NODE_SIGN, key.public),
                   net.sign(key, "offer", body)])


class Offer:
    def __init__(self, data):
        f = items(decode(data, 1024), 3)
        self.body, self.key_id, self.signature = (
            binary(f[0]), b32(f[1]), b64(f[2]))
        f = items(decode(self.body, 1024), 6)
        form(f[0])
        self.by, self.frm, self.to = b32(f[1]), b32(f[2]), b32(f[3])
        items(f[4], 3)
        self.head = (u(f[4][0]), u(f[4][1]), b32(f[4][2]))
        self.time = u(f[5])


def verify_offer(net, o, card):
    node = card.node(o.key_id) if card.lab_id == o.by else None
    need(node is not None, NOT_MEMBER, "offer")
    net.verify(node.key, "offer", o.body, o.signature)


def segment(frm, to, epoch, first, link, entries, head, receipt):
    return encode([frm, to, epoch, first, link, list(entries), head, receipt])


class Segment:
    """4.1"""

    def __init__(self, net, data):
        self.net = net
        f = items(decode(data), 8)
        self.frm, self.to = b32(f[0]), b32(f[1])
        self.epoch, self.first = u(f[2]), u(f[3], 1)
        self.link = b32(f[4])
        self.raw = [binary(e) for e in listing(f[5], 0, 1024)]
        self.entries = [read_entry(e) for e in self.raw]
        time = 0
        for n, e in enumerate(self.entries):
            need(e[0] == self.first + n, BAD_FIELD, "number of an entry")
            need(e[3] >= time, BAD_FIELD, "times go down")
            time = e[3]
        self.head = optional(f[6], binary)
        self.receipt = optional(f[7], binary)
        self.links = links(net, self.link, self.raw)
        if self.first == 1:
            need(self.link == link_zero(net, self.frm, self.to, self.epoch),
                 BAD_HASH, "link_0")

    def link_at(self, number):
        """The link of a number in the segment, else None."""
        n = number - self.first
        return self.links[n + 1] if 0 <= n < len(self.raw) else None

    def numbers(self, id_):
        return [e[0] for e in self.entries
                if e[1] == LETTER and e[2] == id_]

    def _statement(self, raw, frm, to, card):
        if raw is None:
            return None
        try:
            st = Statement(raw)
            verify_statement(self.net, st, card)
        except HlError:
            return None
        return st if (st.frm, st.to) == (frm, to) else None

    def entered(self, id_, from_card):
        """4.2"""
        st = self._statement(self.head, self.frm, self.to, from_card)
        if st is None or st.head is None:
            return False
        epoch, k, link = st.head
        return (epoch == self.epoch and self.link_at(k) == link
                and any(n <= k for n in self.numbers(id_)))

    def delivered(self, id_, from_card, to_card):
        """4.3: the time of notice, or None"""
        if not self.entered(id_, from_card):
            return None
        st = self._statement(self.receipt, self.to, self.frm, to_card)
        r = st.receipt if st else None
        if r is None or r.epoch != self.epoch or self.link_at(r.h) != r.link:
            return None
        held = any(n <= r.h and r.shows_held(n) for n in self.numbers(id_))
        return r.since if held else None
