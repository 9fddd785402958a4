"""channel.json: entries, links, statements, segments and their proof."""

from hotline_py import channel
from hotline_py.channel import (CARD, LETTER, SUCCESSION, VOID, entry,
                                link_zero, links, segment, statement)
from hotline_py.encoding import decode, encode
from world import NOW, Rng, test_net, three_labs

EPOCH = 1800000000


class Line:
    """A channel of alpha to beta with ten entries."""

    def __init__(self):
        self.net = test_net()
        self.alpha, self.beta, self.gamma = three_labs(self.net)
        rng = Rng("channel")
        self.ids = [rng.take(32) for _ in range(10)]
        sorts = [CARD, LETTER, LETTER, LETTER, VOID, LETTER, CARD, LETTER,
                 LETTER, LETTER]
        self.ids[0] = self.alpha.card.hash
        self.ids[4] = self.ids[3]
        self.entries = [entry(n + 1, s, i, NOW + n // 2 * 100)
                        for n, (s, i) in enumerate(zip(sorts, self.ids))]
        self.frm, self.to = self.alpha.id, self.beta.id
        self.links = links(self.net, link_zero(
            self.net, self.frm, self.to, EPOCH), self.entries)

    def head(self, k=10, key=None, frm=None, to=None, epoch=EPOCH,
             link=None):
        return statement(self.net, key or self.alpha.node.key,
                         frm or self.frm, to or self.to,
                         [epoch, k, link or self.links[k]], None, NOW + 5000)

    def receipt(self, h=10, n=None, ranges=(), refused=(), key=None,
                frm=None, to=None, epoch=EPOCH, link=None):
        body = [epoch, h, link or self.links[h], h if n is None else n,
                [list(r) for r in ranges], [list(r) for r in refused],
                NOW + 6000]
        return statement(self.net, key or self.beta.node.key,
                         frm or self.to, to or self.frm, None, body,
                         NOW + 7000)

    def segment(self, first=1, last=10, head=None, receipt=None, link=None,
                entries=None, epoch=EPOCH):
        return segment(self.frm, self.to, epoch, first,
                       link or self.links[first - 1],
                       self.entries[first - 1:last]
                       if entries is None else entries, head, receipt)


def proof_cases(c):
    """(name, segment, index of the letter's id, entered, delivered)"""
    head, receipt = c.head(), c.receipt()
    other = Rng("other").take(32)
    gamma = c.gamma.node.key
    wrong = [r for r in c.entries]
    wrong[1] = entry(2, LETTER, other, NOW)
    many = [[n, 9] for n in range(1, 11)]
    return [
        ("whole", c.segment(head=head, receipt=receipt), 1, 1, 1),
        ("the last letter", c.segment(head=head, receipt=receipt), 9, 1, 1),
        ("a part from 3", c.segment(3, 10, head, receipt), 5, 1, 1),
        ("one entry", c.segment(10, 10, head, receipt), 9, 1, 1),
        ("head at the entry", c.segment(1, 2, c.head(2), c.receipt(2)), 1,
         1, 1),
        ("head before the entry", c.segment(
            head=c.head(2), receipt=receipt), 5, 0, 0),
        ("head beyond the segment", c.segment(1, 9, head, c.receipt(9)), 1,
         0, 0),
        ("head before the segment", c.segment(5, 10, c.head(4), receipt), 5,
         0, 0),
        ("no head", c.segment(receipt=receipt), 1, 0, 0),
        ("no receipt", c.segment(head=head), 1, 1, 0),
        ("receipt before the entry", c.segment(
            head=head, receipt=c.receipt(5)), 7, 1, 0),
        ("receipt at the entry", c.segment(
            head=head, receipt=c.receipt(6)), 5, 1, 1),
        ("receipt beyond the segment", c.segment(
            1, 5, c.head(5), c.receipt(10)), 1, 1, 0),
        ("not held", c.segment(head=head, receipt=c.receipt(n=5)), 5, 1, 0),
        ("held in a range", c.segment(head=head, receipt=c.receipt(
            n=3, ranges=[(6, 6), (8, 10)])), 5, 1, 1),
        ("held in the second range", c.segment(
            head=head, receipt=c.receipt(n=3, ranges=[(6, 6), (8, 10)])), 8,
         1, 1),
        ("between two ranges", c.segment(head=head, receipt=c.receipt(
            n=1, ranges=[(3, 5), (7, 10)])), 5, 1, 0),
        ("refused", c.segment(head=head, receipt=c.receipt(
            refused=[(6, 11)])), 5, 1, 0),
        ("another refused", c.segment(head=head, receipt=c.receipt(
            refused=[(2, 11), (8, 3)])), 5, 1, 1),
        ("voided before it was held", c.segment(
            head=head, receipt=c.receipt(refused=[(4, 27)])), 3, 1, 0),
        ("nine refused, below the first", c.segment(
            head=head, receipt=c.receipt(refused=many[2:])), 1, 1, 1),
        ("a card's hash is no letter", c.segment(
            head=head, receipt=receipt), 0, 0, 0),
        ("an id that is not there", c.segment(
            3, 10, head, receipt), 1, 0, 0),
        ("head by another lab's node", c.segment(
            head=c.head(key=gamma), receipt=receipt), 1, 0, 0),
        ("head of the other direction", c.segment(
            head=c.head(frm=c.to, to=c.frm, key=c.beta.node.key),
            receipt=receipt), 1, 0, 0),
        ("head to another lab", c.segment(
            head=c.head(to=c.gamma.id), receipt=receipt), 1, 0, 0),
        ("head of another epoch", c.segment(
            head=c.head(epoch=EPOCH + 1), receipt=receipt), 1, 0, 0),
        ("head with another link", c.segment(
            head=c.head(link=other), receipt=receipt), 1, 0, 0),
        ("an entry exchanged", c.segment(
            head=head, receipt=receipt, entries=wrong), 2, 0, 0),
        ("another link before the first", c.segment(
            3, 10, head, receipt, link=other), 5, 0, 0),
        ("receipt by another lab's node", c.segment(
            head=head, receipt=c.receipt(key=gamma)), 1, 1, 0),
        ("receipt by the sending lab itself", c.segment(
            head=head, receipt=c.receipt(key=c.alpha.node.key)), 1, 1, 0),
        ("receipt for another lab", c.segment(
            head=head, receipt=c.receipt(to=c.gamma.id)), 1, 1, 0),
        ("receipt of another epoch", c.segment(
            head=head, receipt=c.receipt(epoch=EPOCH - 1)), 1, 1, 0),
        ("receipt with another link", c.segment(
            head=head, receipt=c.receipt(link=other)), 1, 1, 0),
        ("head in the place of the receipt", c.segment(
            head=head, receipt=head), 1, 1, 0),
    ]


def long_proofs(c):
    """A receipt whose list of refused is full tells nothing below it."""
    rng = Rng("long channel")
    ids = [rng.take(32) for _ in range(80)]
    entries = [entry(n + 1, LETTER, i, NOW) for n, i in enumerate(ids)]
    chain = links(c.net, link_zero(c.net, c.frm, c.to, EPOCH), entries)
    refused = [[n, 12] for n in range(10, 74)]
    head = c.head(80, link=chain[80])
    out = []
    for name, which, listed, delivered in (
            ("64 refused, below the first", 5, refused, 0),
            ("64 refused, above the last", 76, refused, 1),
            ("63 refused, below the first", 5, refused[1:], 1)):
        receipt = c.receipt(80, refused=listed, link=chain[80])
        out.append((name, segment(c.frm, c.to, EPOCH, 1, chain[0], entries,
                                  head, receipt), ids[which - 1], 1,
                    delivered))
    return out


def segment_faults(c):
    """(name, bytes, code)"""
    value = decode(c.segment(head=c.head()))

    def put(at, x):
        return encode(value[:at] + [x] + value[at + 1:])

    late = list(c.entries)
    late[2] = entry(3, LETTER, c.ids[2], NOW - 1)
    jump = c.entries[:2] + c.entries[3:]
    return [
        ("good", encode(value), 0), ("no entries", put(5, []), 0),
        ("seven items", encode(value[:7]), 2),
        ("first 0", put(3, 0), 3), ("link of 31 bytes", put(4, bytes(31)),
                                    2),
        ("link_0 of another channel", put(4, bytes(32)), 8),
        ("link_0 of another epoch", put(2, EPOCH + 1), 8),
        ("a number jumped", put(5, jump), 3),
        ("numbers from 2", put(5, c.entries[1:]), 3),
        ("time goes down", put(5, late), 3),
        ("sort 0", put(5, [entry(1, 0, c.ids[0], NOW)]), 3),
        ("sort 5", put(5, [entry(1, 5, c.ids[0], NOW)]), 3),
        ("sort 4", put(5, [entry(1, SUCCESSION, c.ids[0], NOW)]), 0),
        ("entry of three", put(5, [encode([1, 1, c.ids[0]])]), 2),
        ("entry is an array", put(5, [[1, 1, c.ids[0], NOW]]), 2),
        ("1024 entries", put(5, [entry(n + 1, 1, c.ids[0], NOW)
                                for n in range(1024)]), 0),
        ("1025 entries", put(5, [entry(n + 1, 1, c.ids[0], NOW)
                                for n in range(1025)]), 3),
        ("head is a str", put(6, "head"), 2),
    ]


def statement_faults(c):
    """(name, bytes, code) for a reader that holds alpha's and beta's cards
    and looks for a statement of the lab that it names as from"""
    good = decode(c.receipt())
    receipt = decode(good[0])[4]
    key = c.beta.node.key

    def made(frm, to, head, receipt, form=1, key=key, items=7):
        body = encode([form, frm, to, head, receipt, NOW, 0][:items])
        return encode([body, c.net.key_id(3, key.public),
                       c.net.sign(key, "statement", body)])

    def with_receipt(at, x):
        r = receipt[:at] + [x] + receipt[at + 1:]
        return made(c.to, c.frm, None, r)

    def with_n(n, ranges):
        r = list(receipt)
        r[3], r[4] = n, ranges
        return made(c.to, c.frm, None, r)

    flipped = decode(c.receipt())
    flipped[2] = flipped[2][:9] + bytes([flipped[2][9] ^ 1]) + flipped[2][10:]
    head = [EPOCH, 10, c.links[10]]
    return [
        ("receipt", c.receipt(), 0), ("head", c.head(), 0),
        ("both", made(c.to, c.frm, head, receipt), 0),
        ("neither", made(c.to, c.frm, None, None), 0),
        ("format 2", made(c.to, c.frm, head, None, 2), 5),
        ("six items", made(c.to, c.frm, head, None, items=6), 2),
        ("head of two", made(c.to, c.frm, head[:2], None), 2),
        ("head with number nil", made(c.to, c.frm, [1, None, head[2]],
                                      None), 2),
        ("n over h", with_receipt(3, 11), 3),
        ("range at n + 1", with_n(3, [[4, 5]]), 3),
        ("range at n + 2", with_n(3, [[5, 5]]), 0),
        ("range that ends before it begins", with_n(3, [[6, 5]]), 3),
        ("range over h", with_n(3, [[6, 11]]), 3),
        ("ranges without a gap", with_n(1, [[3, 4], [5, 6]]), 3),
        ("ranges with a gap", with_n(1, [[3, 4], [6, 6]]), 0),
        ("ranges not sorted", with_n(1, [[6, 6], [3, 4]]), 3),
        ("range of three", with_n(1, [[3, 4, 5]]), 2),
        ("refused not sorted", with_receipt(5, [[5, 1], [4, 1]]), 3),
        ("refused twice", with_receipt(5, [[5, 1], [5, 2]]), 3),
        ("refused over h", with_receipt(5, [[11, 1]]), 3),
        ("refused 0", with_receipt(5, [[0, 1]]), 3),
        ("65 ranges", made(c.to, c.frm, None, [
            EPOCH, 500, head[2], 0, [[2 * n, 2 * n] for n in range(1, 66)],
            [], NOW]), 3),
        ("64 ranges", made(c.to, c.frm, None, [
            EPOCH, 500, head[2], 0, [[2 * n, 2 * n] for n in range(1, 65)],
            [], NOW]), 0),
        ("65 refused", made(c.to, c.frm, None, [
            EPOCH, 500, head[2], 500, [], [[n, 1] for n in range(1, 66)],
            NOW]), 3),
        ("signature changed", encode(flipped), 9),
        ("by the other lab's node", made(c.to, c.frm, head, None,
                                         key=c.alpha.node.key), 12),
        ("over 8192 bytes", encode([bytes(8192), bytes(32), bytes(64)]), 1),
    ]


def offer_faults(c):
    """(name, bytes, code) for a reader that holds the card of beta, who
    carries from alpha to gamma"""
    key, head = c.beta.node.key, [EPOCH, 10, c.links[10]]
    good = [1, c.beta.id, c.frm, c.gamma.id, head, NOW]

    def made(body, key=key):
        body = encode(body)
        return encode([body, c.net.key_id(3, key.public),
                       c.net.sign(key, "offer", body)])

    def put(at, x):
        return made(good[:at] + [x] + good[at + 1:])

    flipped = decode(made(good))
    flipped[2] = flipped[2][:9] + bytes([flipped[2][9] ^ 1]) + flipped[2][10:]
    other_tag = decode(made(good))
    other_tag[2] = c.net.sign(key, "statement", other_tag[0])
    return [
        ("offer", made(good), 0), ("format 2", put(0, 2), 5),
        ("by of 31 bytes", put(1, bytes(31)), 2),
        ("from nil", put(2, None), 2), ("to as a str", put(3, "gamma"), 2),
        ("no head", put(4, None), 2), ("head of two", put(4, head[:2]), 2),
        ("time nil", put(5, None), 2), ("five items", made(good[:5]), 2),
        ("seven items", made(good + [0]), 2),
        ("signature changed", encode(flipped), 9),
        ("signed as a statement", encode(other_tag), 9),
        ("by the sending lab's node", made(good, c.alpha.node.key), 12),
        ("over 1024 bytes", encode([bytes(1024), bytes(32), bytes(64)]), 1),
    ]


def make_channel():
    c = Line()
    proofs = [(n, s, c.ids[i], e, d) for n, s, i, e, d in proof_cases(c)]
    proofs += long_proofs(c)
    head, receipt = c.head(), c.receipt(n=3, ranges=[(6, 6), (8, 10)],
                                        refused=[(9, 12)])
    return {
        "page": "channel", "net_id": c.net.id, "from": c.frm, "to": c.to,
        "epoch": EPOCH, "from_card": c.alpha.card.data,
        "to_card": c.beta.card.data,
        "from_node_seed": c.alpha.node.key.seed,
        "to_node_seed": c.beta.node.key.seed,
        "link_0": c.links[0],
        "entries": [dict(zip(("number", "sort", "id", "time"), decode(e)),
                         entry=e, link=link)
                    for e, link in zip(c.entries, c.links[1:])],
        "head": {"k": 10, "time": NOW + 5000, "statement": head},
        "receipt": {
            "h": 10, "n": 3, "ranges": [[6, 6], [8, 10]],
            "refused": [[9, 12]], "since": NOW + 6000, "time": NOW + 7000,
            "statement": receipt,
            "shows": [channel.Receipt(decode(decode(receipt)[0])[4])
                      .shows_held(n) for n in range(1, 11)]},
        "segment": c.segment(head=head, receipt=receipt),
        "statements": [{"name": n, "statement": s, "code": code}
                       for n, s, code in statement_faults(c)],
        "offer": {"by": c.beta.id, "to": c.gamma.id, "k": 10, "time": NOW,
                  "offer": channel.offer(
                      c.net, c.beta.node.key, c.beta.id, c.frm, c.gamma.id,
                      [EPOCH, 10, c.links[10]], NOW)},
        "offers": [{"name": n, "offer": o, "code": code}
                   for n, o, code in offer_faults(c)],
        "segments": [{"name": n, "segment": s, "code": code}
                     for n, s, code in segment_faults(c)],
        "proofs": [{"name": n, "segment": s, "id": i, "entered": bool(e),
                    "delivered": bool(d),
                    "since": NOW + 6000 if d else None}
                   for n, s, i, e, d in proofs],
    }
