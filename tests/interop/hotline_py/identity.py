"""identity: cards, chains, capabilities, directory, suspension, seals."""

from .encoding import (ascending, b32, b64, binary, decode, encode, form,
                       items, label, line, listing, optional, u)
from .errors import (BAD_CARD, BAD_FIELD, EQUIVOCATION, FEW_SIGNATURES,
                     HlError, NEED_CARD, NOT_MEMBER, NOT_PERMITTED, STALE,
                     SUSPENDED, need)
from .hashes import MEMBER_SIGN, NODE_SIGN, ROOT, check_point

READ, RAISE, UPDATE, ANSWER, CLOSE = 1, 2, 4, 8, 16
RELEASE, ADMIN, SUSPEND = 32, 64, 128
OPERATOR, MONITOR = 1, 2
CARD_MAX = 65536
LIFE_MAX = 180 * 86400 * 1000


# Builders: each takes key pairs and returns the item of the card's body.

def pop_message(lab_id, role, public, link):
    return encode([lab_id, role, public, link])


def root_item(net, lab_id, key):
    return [key.public, net.sign(key, "pop", pop_message(
        lab_id, ROOT, key.public, None))]


def node_item(net, lab_id, link, key, seal, addresses, low=1, high=1):
    return [link.public, key.public, seal.public, list(addresses), low, high,
            net.sign(key, "pop", pop_message(
                lab_id, NODE_SIGN, key.public, link.public))]


def member_item(net, lab_id, person, device, role, caps, key, link):
    return [person, device, role, caps, key.public, link.public,
            net.sign(key, "pop", pop_message(
                lab_id, MEMBER_SIGN, key.public, link.public))]


def card_body(lab_id, version, prev, issued, not_after, name, threshold,
              roots, nodes, members, rules=(1, 1), contacts=()):
    return encode([
        1, lab_id, version, prev, issued, not_after, name, threshold,
        sorted(roots), sorted(nodes, key=lambda n: n[1]),
        sorted(members, key=lambda m: m[4]), list(rules), list(contacts)])


def sign_body(net, tag, role, body, keys):
    """[body, [[key id, signature], …]] as of cards and directories."""
    sigs = [[net.key_id(role, k.public), net.sign(k, tag, body)]
            for k in keys]
    return encode([body, sorted(sigs)])


def sign_card(net, body, keys):
    return sign_body(net, "card", ROOT, body, keys)


def read_signed(data, limit, most):
    """The body's bytes and the list of signatures of 2.1, 3.1 and 4.1."""
    body, sigs = items(decode(data, limit), 2)
    binary(body)
    for sig in listing(sigs, 1, most):
        items(sig, 2)
        b32(sig[0])
        b64(sig[1])
    ascending([sig[0] for sig in sigs])
    return body, sigs


class Node:
    def __init__(self, net, item):
        items(item, 7)
        self.link, self.key, self.seal = (b32(x) for x in item[:3])
        self.addresses = [line(a, 1, 255) for a in listing(item[3], 0, 8)]
        self.low, self.high = u(item[4]), u(item[5])
        need(self.low <= self.high, BAD_FIELD, "node versions")
        self.pop = b64(item[6])
        self.key_id = net.key_id(NODE_SIGN, self.key)


class Caps:
    def __init__(self, item):
        items(item, 5)
        self.bits = u(item[0], 0, 255)
        self.precedence = u(item[1], 0, 4)
        self.kinds = [label(k) for k in listing(item[2], 0, 32)]
        ascending(self.kinds)
        self.labs = [b32(x) for x in listing(item[3], 0, 64)]
        ascending(self.labs)
        self.rate = u(item[4])

    def allows_kind(self, kind):
        """message 3.5"""
        return not self.kinds or any(
            k == kind or (k.endswith(".") and kind.startswith(k))
            for k in self.kinds)


class Member:
    def __init__(self, net, item):
        items(item, 7)
        self.person, self.device = line(item[0], 1, 64), line(item[1], 1, 64)
        self.role = u(item[2], 1, 2)
        self.caps = Caps(item[3])
        self.key, self.link = b32(item[4]), b32(item[5])
        self.pop = b64(item[6])
        self.key_id = net.key_id(MEMBER_SIGN, self.key)
        if self.role == MONITOR:
            need(not self.caps.bits & ~(RAISE | UPDATE)
                 and self.caps.precedence <= 3, BAD_FIELD, "monitor")

    def may(self, bits):
        return bool(self.caps.bits & bits)


class Card:
    """A card whose form is good by itself; 2.13 and 2.14 come after."""

    def __init__(self, net, data):
        self.net, self.data = net, data
        self.body, self.sigs = read_signed(data, CARD_MAX, 32)
        self.hash = net.hash("card", self.body)
        f = items(decode(self.body), 13)
        form(f[0])
        self.lab_id, self.version = b32(f[1]), u(f[2], 1)
        self.prev = optional(f[3], b32)
        need((self.prev is None) == (self.version == 1), BAD_FIELD, "prev")
        self.issued, self.not_after = u(f[4]), u(f[5])
        need(self.issued < self.not_after <= self.issued + LIFE_MAX,
             BAD_FIELD, "not_after")
        self.name = line(f[6], 1, 64)
        self.roots = [(b32(items(r, 2)[0]), b64(r[1]))
                      for r in listing(f[8], 1, 16)]
        ascending([r[0] for r in self.roots])
        self.threshold = u(f[7], 1, len(self.roots))
        self.nodes = [Node(net, n) for n in listing(f[9], 0, 8)]
        ascending([n.key for n in self.nodes])
        self.members = [Member(net, m) for m in listing(f[10], 0, 256)]
        ascending([m.key for m in self.members])
        self.flash_signers, self.admin_signers = (
            u(x, 1, 8) for x in items(f[11], 2))
        self.contacts = [line(c, 1, 128) for c in listing(f[12], 0, 8)]
        self._keys()
        self._possession()

    def _keys(self):
        self.ed_keys = ([r[0] for r in self.roots]
                        + [n.key for n in self.nodes]
                        + [m.key for m in self.members])
        self.x_keys = [n.link for n in self.nodes]
        self.x_keys += [n.seal for n in self.nodes]
        self.x_keys += [m.link for m in self.members]
        for keys in (self.ed_keys, self.x_keys):
            need(len(set(keys)) == len(keys), BAD_FIELD, "a key stands twice")
        for key in self.ed_keys:
            check_point(key)

    def _possession(self):
        for key, pop in self.roots:
            self.net.verify(key, "pop", pop_message(
                self.lab_id, ROOT, key, None), pop)
        for role, holders in ((NODE_SIGN, self.nodes),
                              (MEMBER_SIGN, self.members)):
            for h in holders:
                self.net.verify(h.key, "pop", pop_message(
                    self.lab_id, role, h.key, h.link), h.pop)

    def root_ids(self):
        return {self.net.key_id(ROOT, r[0]): r[0] for r in self.roots}

    def member(self, key_id):
        return next((m for m in self.members if m.key_id == key_id), None)

    def node(self, key_id):
        return next((n for n in self.nodes if n.key_id == key_id), None)


def verify_first(card):
    """2.13"""
    need(card.version == 1, BAD_CARD, "not the first card")
    roots = [r[0] for r in card.roots]
    need(card.lab_id == card.net.lab_id(card.threshold, roots), BAD_CARD,
         "lab_id")
    _signatures(card, card.root_ids())
    _enough(card, card.root_ids(), card.threshold)


def verify_next(card, before):
    """2.14 and 2.15"""
    need(card.lab_id == before.lab_id and card.version == before.version + 1
         and card.prev == before.hash and card.issued >= before.issued,
         BAD_CARD, "does not follow")
    old, new = before.root_ids(), card.root_ids()
    _signatures(card, {**old, **new})
    _enough(card, old, before.threshold)
    if old != new or before.threshold != card.threshold:
        _enough(card, new, card.threshold)


def _signatures(card, known):
    for key_id, signature in card.sigs:
        need(key_id in known, NOT_MEMBER, "signed by no root")
        card.net.verify(known[key_id], "card", card.body, signature)


def _enough(card, roots, threshold):
    signed = sum(1 for key_id, _ in card.sigs if key_id in roots)
    need(signed >= threshold, FEW_SIGNATURES, "roots")


def verify_chain(net, cards):
    """Walks the cards from the first; returns the last one."""
    before = None
    for data in cards:
        card = Card(net, data)
        if before is None:
            verify_first(card)
        else:
            verify_next(card, before)
        before = card
    return before


class Labs:
    """Every card held: 2.16 to 2.18, of the labs that were pinned."""

    def __init__(self, net):
        self.net = net
        self.chains = {}
        self.evidence = []
        self.alarms = []

    def newest(self, lab_id):
        chain = self.chains.get(lab_id)
        return chain[-1] if chain else None

    def take(self, data):
        card = Card(self.net, data)
        chain = self.chains.get(card.lab_id, [])
        if card.version <= len(chain):
            return self._again(card, chain)
        need(card.version == len(chain) + 1, NEED_CARD, "cards are missing")
        if chain:
            verify_next(card, chain[-1])
        else:
            verify_first(card)
        self._foreign(card)
        self.chains[card.lab_id] = chain + [card]
        return card

    def _again(self, card, chain):
        held = chain[card.version - 1]
        if held.hash == card.hash:
            return held
        if card.version == 1:
            verify_first(card)
        else:
            verify_next(card, chain[card.version - 2])
        self.evidence.append((held.data, card.data))
        raise HlError(EQUIVOCATION, "two cards of one version")

    def _foreign(self, card):
        for lab_id, chain in self.chains.items():
            if lab_id == card.lab_id:
                continue
            for other in chain:
                need(not set(other.ed_keys) & set(card.ed_keys), BAD_CARD,
                     "a key of another lab")
                if set(other.x_keys) & set(card.x_keys):
                    self.alarms.append((card.lab_id, lab_id))


# Directory, 3

def directory_body(lab_id, version, prev, issued, peers, groups, relays):
    return encode([1, lab_id, version, prev, issued, sorted(peers),
                   sorted(([g[0], sorted(g[1])] for g in groups),
                          key=lambda g: g[0].encode()), sorted(relays)])


class Directory:
    def __init__(self, net, data):
        self.net = net
        self.body, self.sigs = read_signed(data, CARD_MAX, 32)
        self.hash = net.hash("directory", self.body)
        f = items(decode(self.body), 8)
        form(f[0])
        self.lab_id, self.version = b32(f[1]), u(f[2], 1)
        self.prev, self.issued = optional(f[3], b32), u(f[4])
        need((self.prev is None) == (self.version == 1), BAD_FIELD, "prev")
        self.peers = [(b32(items(p, 2)[0]), label(p[1]))
                      for p in listing(f[5], 0, 1024)]
        ascending([p[0] for p in self.peers])
        names = [p[1] for p in self.peers]
        need(len(set(names)) == len(names), BAD_FIELD, "a name stands twice")
        self.groups = [(label(items(g, 2)[0]),
                        [b32(x) for x in listing(g[1], 0, 1024)])
                       for g in listing(f[6], 0, 64)]
        ascending([g[0] for g in self.groups])
        self.relays = [b32(x) for x in listing(f[7], 0, 1024)]
        known = {p[0] for p in self.peers}
        for labs in [g[1] for g in self.groups] + [self.relays]:
            ascending(labs)
            need(set(labs) <= known, BAD_FIELD, "not a peer")


def verify_directory(directory, card, before=None):
    """3.3"""
    need(directory.lab_id == card.lab_id, BAD_CARD, "another lab's")
    version, prev = (1, None) if before is None else (
        before.version + 1, before.hash)
    need(directory.version == version and directory.prev == prev, BAD_CARD,
         "does not follow")
    persons = set()
    for key_id, signature in directory.sigs:
        member = card.member(key_id)
        need(member is not None, NOT_MEMBER, "directory")
        need(member.may(ADMIN), NOT_PERMITTED, "directory")
        directory.net.verify(member.key, "directory", directory.body,
                             signature)
        persons.add(member.person)
    need(len(persons) >= card.admin_signers, FEW_SIGNATURES, "directory")


# Suspension, 4

class Suspension:
    def __init__(self, net, data):
        self.net = net
        self.body, self.sigs = read_signed(data, 4096, 4)
        f = items(decode(self.body), 5)
        form(f[0])
        self.lab_id, self.key_id, self.issued = b32(f[1]), b32(f[2]), u(f[3])
        self.reason = line(f[4], 0, 200)


def suspension_body(lab_id, key_id, issued, reason):
    return encode([1, lab_id, key_id, issued, reason])


def verify_suspension(suspension, card, suspended=()):
    """4.2"""
    need(suspension.lab_id == card.lab_id, BAD_CARD, "another lab's")
    able = []
    for key_id, signature in suspension.sigs:
        member = card.member(key_id)
        need(member is not None, NOT_MEMBER, "suspension")
        suspension.net.verify(member.key, "suspend", suspension.body,
                              signature)
        if member.may(SUSPEND):
            able.append(key_id)
    need(able, NOT_PERMITTED, "suspension")
    need(any(k not in suspended or k == suspension.key_id for k in able),
         SUSPENDED, "suspension")


# Sealing keys, 5

def seals_body(lab_id, key_id, version, issued, keys):
    return encode([1, lab_id, key_id, version, issued,
                   sorted(list(k) for k in keys)])


def sign_seals(net, body, key):
    return encode([body, net.sign(key, "seals", body)])


class Seals:
    def __init__(self, net, data):
        self.net = net
        self.body, self.signature = items(decode(data, 8192), 2)
        binary(self.body)
        b64(self.signature)
        self.hash = net.hash("seals", self.body)
        f = items(decode(self.body), 6)
        form(f[0])
        self.lab_id, self.key_id = b32(f[1]), b32(f[2])
        self.version, self.issued = u(f[3]), u(f[4])
        self.keys = []
        for k in listing(f[5], 1, 64):
            items(k, 4)
            self.keys.append((u(k[0]), u(k[1]), u(k[2]), b32(k[3])))
            need(k[1] < k[2], BAD_FIELD, "from and until")
        ascending([k[0] for k in self.keys])

    def choose(self, now):
        """5.4: (epoch, key, stale)"""
        valid = [k for k in self.keys if k[1] <= now < k[2]]
        k = valid[-1] if valid else self.keys[-1]
        return k[0], k[3], not valid


def verify_seals(seals, card, held=None):
    need(seals.lab_id == card.lab_id, BAD_CARD, "another lab's")
    member = card.member(seals.key_id)
    need(member is not None, NOT_MEMBER, "seals")
    seals.net.verify(member.key, "seals", seals.body, seals.signature)
    if held is not None and held.hash != seals.hash:
        need(seals.version > held.version, STALE, "seals")


def seal_set_digest(net, seals):
    """link 4.2"""
    return net.hash("seal-set", b"".join(sorted(s.hash for s in seals)))
