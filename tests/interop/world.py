"""Labs, keys and letters made from a seed, always the same."""

from hotline_py import envelope, identity
from hotline_py.encoding import encode
from hotline_py.hashes import (MEMBER_SIGN, NODE_SIGN, BoxKey, Net, SignKey,
                               sha256)
from hotline_py.message import encode_message

NOW = 1800000000000  # 2027-01-15 08:00:00 UTC
DAY = 86400000
ALL_BITS = 255
PERSON = identity.READ | identity.RAISE | identity.UPDATE \
    | identity.ANSWER | identity.CLOSE | identity.RELEASE


class Rng:
    """Bytes by counting through SHA-256 with a name."""

    def __init__(self, name):
        self.name, self.count = name.encode(), 0

    def take(self, n):
        out = b""
        while len(out) < n:
            out += sha256(self.name, b"\0", self.count.to_bytes(8, "big"))
            self.count += 1
        return out[:n]

    def below(self, n):
        return int.from_bytes(self.take(8), "big") % n

    def sign_key(self):
        return SignKey(self.take(32))

    def box_key(self):
        return BoxKey(self.take(32))


class Device:
    """A member: keys, capabilities, and one sealing key an epoch."""

    def __init__(self, net, rng, person, device, role, caps, epoch=2900):
        self.net, self.person, self.device = net, person, device
        self.role, self.caps = role, caps
        self.key, self.link = rng.sign_key(), rng.box_key()
        self.id = net.key_id(MEMBER_SIGN, self.key.public)
        self.epoch, self.seal = epoch, rng.box_key()

    def item(self, lab_id):
        return identity.member_item(self.net, lab_id, self.person,
                                    self.device, self.role, self.caps,
                                    self.key, self.link)

    def seals(self, lab_id, version=1, now=NOW):
        start = now - DAY
        body = identity.seals_body(lab_id, self.id, version, start, [
            [self.epoch, start, start + 7 * DAY, self.seal.public]])
        return identity.sign_seals(self.net, body, self.key)


class NodeKeys:
    def __init__(self, net, rng, addresses):
        self.net, self.addresses = net, addresses
        self.link, self.key, self.seal = (
            rng.box_key(), rng.sign_key(), rng.box_key())
        self.id = net.key_id(NODE_SIGN, self.key.public)

    def item(self, lab_id):
        return identity.node_item(self.net, lab_id, self.link, self.key,
                                  self.seal, self.addresses)


def caps(bits=PERSON, precedence=4, kinds=(), labs=(), rate=0):
    return [bits, precedence, sorted(kinds), sorted(labs), rate]


class Lab:
    """A lab with one node, given members and a chain of cards."""

    def __init__(self, net, name, members, roots=1, threshold=1,
                 rules=(1, 1), seed="hotline vectors", nodes=1, now=NOW):
        rng = Rng("%s/%s" % (seed, name))
        self.net, self.name, self.rules = net, name, rules
        self.roots = [rng.sign_key() for _ in range(roots)]
        self.threshold = threshold
        self.id = net.lab_id(threshold, [r.public for r in self.roots])
        self.nodes = [NodeKeys(net, rng, ["%s.example:4685" % name])
                      for _ in range(nodes)]
        self.devices = [Device(net, rng, *m) for m in members]
        self.cards = []
        self.contacts = ["+1 555 0100"]
        self.issue(now - 10 * DAY)

    @property
    def node(self):
        return self.nodes[0]

    @property
    def card(self):
        return self.cards[-1]

    def body(self, issued, **changes):
        """The body of the next card; changes replace fields by name."""
        f = dict(
            lab_id=self.id, version=len(self.cards) + 1,
            prev=self.card.hash if self.cards else None,
            issued=issued, not_after=issued + 90 * DAY, name=self.name,
            threshold=self.threshold,
            roots=[identity.root_item(self.net, self.id, r)
                   for r in self.roots],
            nodes=[n.item(self.id) for n in self.nodes],
            members=[d.item(self.id) for d in self.devices],
            rules=self.rules, contacts=self.contacts)
        f.update(changes)
        return identity.card_body(**f)

    def issue(self, issued=NOW - 10 * DAY, signers=None, **changes):
        if signers is None:
            signers = self.roots[:self.threshold]
        body = self.body(issued, **changes)
        data = identity.sign_card(self.net, body, signers)
        self.cards.append(identity.Card(self.net, data))
        return self.card

    def succeed(self, roots, threshold, issued):
        """New roots, signed by enough of the old and of the new."""
        old = self.roots[:self.threshold]
        self.roots, self.threshold = roots, threshold
        signers = {k.public: k for k in old + roots[:threshold]}
        return self.issue(issued, signers=list(signers.values()))

    def readers(self):
        return [[self.id, d.id, d.epoch, d.seal.public]
                for d in self.devices if d.caps[0] & identity.READ]


WITHIN = {1: 86400, 2: 10800, 3: 1800, 4: 600}


def seal(net, lab, device, labs, message, rng, *, signers=(), alter=None,
         entries=None, **fields):
    """A letter of a device of a lab to the readers of labs."""
    f = dict(version=lab.card.version, incident=None, answers=None, cls=1,
             status=1, precedence=2, created=NOW, lifetime=2592000)
    f.update(fields)
    if "answer_within" not in f:
        f["answer_within"] = WITHIN.get(f["precedence"], 1) \
            if f["cls"] == 1 else 0
    if entries is None:
        entries = [e for x in labs for e in x.readers()]
    return envelope.Sealed(
        net, sender=device.key, lab_id=lab.id, entries=entries,
        message=message, ck=rng.take(32), salt=rng.take(16),
        signers=[d.key for d in signers], alter=alter, **f)


def node_seal(net, lab, labs, message, rng, **fields):
    """A letter by the node of a lab, sealed to the nodes of labs."""
    f = dict(status=3, precedence=3, role=NODE_SIGN, entries=[
        [x.id, n.id, 0, n.seal.public] for x in labs for n in x.nodes])
    f.update(fields)
    return seal(net, lab, lab.node, labs, message, rng, **f)


def raise_body(kind="contain.breach", severity=3, urgency=4, certainty=4,
               handling=3, context=1, ask=("check-systems",),
               title="Agent left its sandbox", text="It reached host X.",
               aware_at=NOW - 600000, determined_at=None, capability=None,
               fields=(("boundary", "network sandbox"),), evidence=()):
    return [kind, severity, urgency, certainty, handling, context,
            sorted(ask), title, text, aware_at, determined_at, capability,
            sorted(list(f) for f in fields), [list(e) for e in evidence]]


def raise_message(**changes):
    return encode_message(1, [], raise_body(**changes))


def three_labs(net, seed="hotline vectors"):
    """alpha (two operators and a monitor), beta (two), gamma (one)."""
    monitor = caps(identity.RAISE | identity.UPDATE, 3,
                   kinds=("eval.", "sys.test"))
    alpha = Lab(net, "alpha", [
        ("Mira Olsen", "laptop", 1, caps()),
        ("Rami Haddad", "desk", 1, caps(ALL_BITS)),
        ("evals", "runner", 2, monitor)], rules=(2, 1), seed=seed)
    beta = Lab(net, "beta", [
        ("Eva Lind", "laptop", 1, caps(ALL_BITS)),
        ("Ines Roy", "tablet", 1, caps())], seed=seed)
    gamma = Lab(net, "gamma", [
        ("Jun Sato", "laptop", 1, caps())], seed=seed)
    return alpha, beta, gamma


def test_net():
    return Net("hotline test vectors")


def code_of(action, *arguments, **named):
    """The code with which an action refuses, 0 where it does not."""
    from hotline_py.errors import HlError
    try:
        action(*arguments, **named)
    except HlError as e:
        return e.code
    return 0


def hexed(value):
    """JSON's form of bytes, lists and dicts."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {k: hexed(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [hexed(v) for v in value]
    return value


def reencode(value, change):
    """The encoding of a value after change(value), for bad structures."""
    change(value)
    return encode(value)
