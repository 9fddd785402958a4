#!/usr/bin/python3
"""Makes spec/example.md, the same text each time.

usage: make_example.py [file]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from hotline_py import channel, incident  # noqa: E402
from hotline_py.encoding import decode  # noqa: E402
from hotline_py.hashes import Net  # noqa: E402
from hotline_py.message import encode_message  # noqa: E402
from world import NOW, Lab, Rng, caps, raise_message, seal  # noqa: E402

EXAMPLE = os.path.join(HERE, "..", "..", "spec", "example.md")
EPOCH = NOW // 1000


class Of:
    """An array's name, and the names of what is in it."""

    def __init__(self, name, *inner, each=None):
        self.name, self.inner, self.each = name, inner, each

    def at(self, n):
        if self.each is not None:
            return self.each
        return self.inner[n] if n < len(self.inner) else ""


SIGS = Of("sigs", each=Of("signature", "key id", "signature"))
POP = "possession"
CARD = Of("card", "body", SIGS)
CAPS = Of("caps", "bits", "precedence", Of("kinds", each="kind"),
          Of("labs", each="lab"), "rate")
CARD_BODY = Of(
    "body", "format", "lab_id", "version", "prev", "issued", "not_after",
    "name", "threshold", Of("roots", each=Of("root", "root key", POP)),
    Of("nodes", each=Of(
        "node", "link key", "signing key", "sealing key",
        Of("addresses", each="address"), "version_min", "version_max",
        POP)),
    Of("members", each=Of("member", "person", "device", "role", CAPS,
                          "signing key", "link key", POP)),
    Of("rules", "flash_signers", "admin_signers"),
    Of("contacts", each="contact"))
SEALS_BODY = Of(
    "body", "format", "lab_id", "key id", "version", "issued",
    Of("keys", each=Of("key", "epoch", "from", "until", "sealing key")))
SEEN = Of("seen", each="id")
EVIDENCE = Of("evidence", each=Of("item"))
RAISE = Of("message", "type", SEEN, Of(
    "raise", "kind", "severity", "urgency", "certainty", "handling",
    "context", Of("ask", each="label"), "title", "text", "aware_at",
    "determined_at", "capability",
    Of("fields", each=Of("field", "key", "value")), EVIDENCE))
ACK = Of("message", "type", SEEN, Of("ack", "answer", "text", "redirect"))
RECIPIENTS = Of("R", "salt", Of("entries", each=Of(
    "entry", "lab_id", "key id", "epoch", "sealing key")))
CORE = Of("core", "format", "suite", "net_id", "lab_id", "sender key id",
          "card version", "incident", "answers", "class", "status",
          "precedence", "created", "lifetime", "answer_within", "hr",
          "ciphertext length", Of("labs", each="lab_id"))
SLIP = Of("slip", "lab_id", Of("wraps", each=Of("wrap", "key id", "wrap")))
SIGNED = Of("signed", "core", "kcom", "H(ct)",
            Of("slips", each="hash of a slip"))
ENVELOPE = Of("envelope", "signed", SIGS, "ct", Of("slips", each="slip"))
ENTRY = Of("entry", "number", "sort", "id", "time")
STATEMENT = Of("statement", "body", "node key id", "signature")
STATEMENT_BODY = Of(
    "body", "format", "from", "to", Of("head", "epoch", "k", "link_k"),
    Of("receipt", "epoch", "h", "link_h", "n",
       Of("ranges", each=Of("range", "a", "b")),
       Of("refused", each=Of("item", "number", "code")), "since"), "time")
STATE = Of(
    "state", "incident id", "phase", "status", "kind", "severity",
    "certainty", "title", "opening call",
    Of("letters", each=Of("letter", "id", "effect")),
    Of("calls", each=Of("call", "call id", Of("answers", each=Of(
        "answer", "lab_id", "letter id", "answer")))))


def header_size(tag):
    """Bytes of a value before its content, by its first byte."""
    return {0xc4: 2, 0xc5: 3, 0xc6: 5, 0xd9: 2, 0xda: 3, 0xdb: 5,
            0xdc: 3, 0xdd: 5}.get(tag, 1)


class Dump:
    """A structure, one item on a line."""

    def __init__(self, data, names):
        self.data, self.at, self.out = data, 0, []
        self.item(decode(data), names, 0)

    def put(self, raw, what, depth):
        text = raw.hex()
        lines = [text[n:n + 64] for n in range(0, len(text), 64)] or [""]
        note = " " * 2 * depth + what
        for n, line in enumerate(lines):
            self.out.append("%-64s  %s" % (line, note if n == 0 else ""))

    def take(self, n):
        raw = self.data[self.at:self.at + n]
        self.at += n
        return raw

    def item(self, value, names, depth):
        name = names.name if isinstance(names, Of) else names
        size = header_size(self.data[self.at])
        if isinstance(value, list):
            self.put(self.take(size), "%s: array of %d" % (
                name, len(value)), depth)
            for n, x in enumerate(value):
                self.item(x, names.at(n), depth + 1)
        elif isinstance(value, bytes):
            self.put(self.take(size), "%s: bin of %d" % (name, len(value)),
                     depth)
            if value:
                self.put(self.take(len(value)), "", depth)
        elif isinstance(value, str):
            raw = self.take(size + len(value.encode()))
            self.put(raw, '%s: "%s"' % (name, value), depth)
        else:
            width = {0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9}.get(
                self.data[self.at], 1)
            self.put(self.take(width), "%s: %s" % (
                name, "nil" if value is None else value), depth)

    def text(self):
        return "\n".join(x.rstrip() for x in self.out)


class Page:
    def __init__(self):
        self.parts = []

    def say(self, text):
        self.parts.append(text)

    def code(self, text):
        self.parts.append("```\n%s\n```" % text)

    def values(self, *pairs):
        rows = []
        for name, value in pairs:
            if isinstance(value, bytes):
                text = value.hex()
                lines = [text[n:n + 64] for n in range(0, len(text), 64)]
            else:
                lines = [str(value)]
            rows.append("%-22s %s" % (name, lines[0]))
            rows += [" " * 23 + x for x in lines[1:]]
        self.code("\n".join(rows))

    def dump(self, data, names):
        self.code(Dump(data, names).text())

    def text(self):
        return "\n\n".join(self.parts) + "\n"


class Story:
    """Everything that happens in the example."""

    def __init__(self):
        self.net = net = Net("hotline example")
        self.alpha = Lab(net, "alpha", [("Mira Olsen", "laptop", 1, caps())],
                         seed="example")
        self.beta = Lab(net, "beta", [("Eva Lind", "phone", 1, caps())],
                        seed="example")
        self.mira, self.eva = self.alpha.devices[0], self.beta.devices[0]
        both = [self.alpha, self.beta]
        before = Rng("example letters")
        ck_raise, salt_raise = before.take(32), before.take(16)
        ck_ack = before.take(32)
        rng = Rng("example letters")
        self.cks = ck_raise, ck_ack
        self.salt = salt_raise
        self.raised = seal(net, self.alpha, self.mira, both,
                           raise_message(), rng, precedence=3)
        ack = encode_message(2, [self.raised.id], [2, "Checking now.", None])
        self.acked = seal(net, self.beta, self.eva, both, ack, rng, cls=2,
                          precedence=3, incident=self.raised.id,
                          answers=self.raised.id, created=NOW + 60000)
        self.channels()

    def channels(self):
        net, a, b = self.net, self.alpha, self.beta
        self.lines = {}
        for name, frm, to, letter, at in (
                ("ab", a, b, self.raised.id, NOW + 40),
                ("ba", b, a, self.acked.id, NOW + 60040)):
            entries = [channel.entry(1, 2, frm.card.hash, NOW - 1000),
                       channel.entry(2, 1, letter, at)]
            links = channel.links(net, channel.link_zero(
                net, frm.id, to.id, EPOCH), entries)
            self.lines[name] = entries, links
        links = self.lines["ab"][1]
        self.head = channel.statement(
            net, a.node.key, a.id, b.id, [EPOCH, 2, links[2]], None,
            NOW + 41)
        self.since = NOW + 55
        back = self.lines["ba"][1]
        self.receipt = channel.statement(
            net, b.node.key, b.id, a.id, [EPOCH, 1, back[1]],
            [EPOCH, 2, links[2], 2, [], [], self.since], NOW + 56)
        self.segment = channel.segment(
            a.id, b.id, EPOCH, 1, links[0], self.lines["ab"][0], self.head,
            self.receipt)

    def letters(self):
        out = []
        for s, lab, person in ((self.raised, self.alpha, "Mira Olsen"),
                               (self.acked, self.beta, "Eva Lind")):
            core, message = decode(s.core), decode(decode(s.plain)[1])
            out.append(incident.Letter(
                id=s.id, lab=lab.id, person=person, cls=core[8],
                status=core[9], precedence=core[10], created=core[11],
                answers=core[7], labs=core[16], type=message[0],
                seen=message[1], body=message[2], short=False))
        return out


def write_labs(page, t):
    net = t.net
    page.say("## 1 Network and keys")
    page.values(("name", net.name), ("net_id", net.id))
    page.say("Two labs, each with one root, one node and one operator. "
             "Ed25519 keys are given by their seeds, X25519 keys by their "
             "secrets.")
    for lab in (t.alpha, t.beta):
        d, n = lab.devices[0], lab.node
        page.values(
            ("%s root seed" % lab.name, lab.roots[0].seed),
            ("node link", n.link.secret), ("node signing seed", n.key.seed),
            ("node sealing", n.seal.secret),
            ("node key id", n.id),
            ("%s signing" % d.person, d.key.seed),
            ("its link", d.link.secret), ("its key id", d.id),
            ("its sealing", d.seal.secret), ("of epoch", d.epoch))
    page.say("## 2 Cards")
    page.say("The body of alpha's first card (identity 2.2):")
    page.dump(t.alpha.card.body, CARD_BODY)
    page.say("The card: the body, signed by the root (2.1).")
    page.dump(t.alpha.card.data, CARD)
    page.values(("lab_id", t.alpha.id),
                ("fingerprint", net.fingerprint(t.alpha.id)[:35]),
                ("", net.fingerprint(t.alpha.id)[36:]),
                ("hash of the card", t.alpha.card.hash))
    page.say("beta's card is made in the same way:")
    page.values(("card", t.beta.card.data), ("lab_id", t.beta.id),
                ("hash of the card", t.beta.card.hash))


def write_seals(page, t):
    page.say("## 3 Sealing keys")
    page.say("Eva's sealing keys, one epoch (identity 5.1): the body and "
             "the whole.")
    raw = t.eva.seals(t.beta.id)
    page.dump(decode(raw)[0], SEALS_BODY)
    page.values(("sealing keys", raw),
                ("their hash", t.net.hash("seals", decode(raw)[0])))
    page.say("Mira's:")
    page.values(("sealing keys", t.mira.seals(t.alpha.id)))


def write_raise(page, t):
    s = t.raised
    page.say("## 4 A raise")
    page.say("Mira raises `contain.breach`, IMMEDIATE, to beta. The message "
             "(message 2.1):")
    page.dump(decode(s.plain)[1], RAISE)
    page.say("The recipients R (envelope 1.1):")
    page.dump(s.recipients, RECIPIENTS)
    page.say("The core (1.3):")
    page.dump(s.core, CORE)
    page.say("From the content key CK (1.8):")
    page.values(("CK", t.cks[0]), ("hr", s.hr), ("ch", s.ch),
                ("kcom", s.kcom), ("kenc", s.kenc))
    page.say("The plaintext with its padding (1.9), and the ciphertext "
             "(1.10):")
    page.values(("plaintext", s.padded), ("ct", s.ct), ("H(ct)", s.hct))
    page.say("The slips (1.12), one wrap in each:")
    for raw, digest in zip(s.slips, s.slip_hashes):
        page.dump(raw, SLIP)
        page.values(("hash", digest))
    page.say("What is signed (1.13), and the id:")
    page.dump(s.signed, SIGNED)
    page.values(("id", s.id))
    page.say("The envelope as beta gets it (2.1, 2.2):")
    page.dump(s.for_labs([t.beta.id]), ENVELOPE)


def write_channel(page, t):
    page.say("## 5 Entry, head and receipt")
    entries, links = t.lines["ab"]
    page.say("alpha's channel to beta: its card, then the letter "
             "(channel 1).")
    page.values(("epoch", EPOCH), ("link_0", links[0]))
    for raw, link in zip(entries, links[1:]):
        page.dump(raw, ENTRY)
        page.values(("link", link))
    page.say("The head (2.2): the statement and its body.")
    page.dump(t.head, STATEMENT)
    page.dump(decode(t.head)[0], STATEMENT_BODY)
    page.say("beta's statement has the receipt (2.3), and the head of its "
             "own channel, in which its card alone stands yet.")
    page.dump(t.receipt, STATEMENT)
    page.dump(decode(t.receipt)[0], STATEMENT_BODY)
    page.say("The segment (4.1) that shows the raise as delivered, at the "
             "time since:")
    page.values(("segment", t.segment), ("since", t.since))


def write_ack(page, t):
    s = t.acked
    page.say("## 6 The answer")
    page.say("Eva answers. The message, the core, and the envelope for "
             "alpha:")
    page.dump(decode(s.plain)[1], ACK)
    page.dump(s.core, CORE)
    page.values(("CK", t.cks[1]), ("recipients", s.recipients),
                ("kcom", s.kcom), ("id", s.id),
                ("envelope", s.for_labs([t.alpha.id])))
    entries, links = t.lines["ba"]
    page.say("It is number 2 of beta's channel to alpha:")
    page.values(("link_0", links[0]), ("entry 1", entries[0]),
                ("link_1", links[1]), ("entry 2", entries[1]),
                ("link_2", links[2]))
    page.say("## 7 The state")
    page.say("Both labs fold the two letters to the same state (incident "
             "4.1):")
    page.dump(incident.fold(t.raised.id, t.letters()), STATE)


def example_text():
    t, page = Story(), Page()
    page.say("# A worked example")
    page.say("One exchange from the first card to the folded state, made by "
             "`tests/interop/make_example.py`; a test makes it again and "
             "compares. In each\nblock the left column is the bytes in hex, "
             "32 on a line, and the right one what they are; a bin that "
             "holds a structure is taken apart in a block of\nits own.")
    write_labs(page, t)
    write_seals(page, t)
    write_raise(page, t)
    write_channel(page, t)
    write_ack(page, t)
    return page.text()


def check_example():
    """(name, good): the story holds together as its readers see it."""
    from hotline_py.envelope import Envelope, Opened, node_check
    t = Story()
    for s, frm, to in ((t.raised, t.alpha, t.beta),
                       (t.acked, t.beta, t.alpha)):
        env = Envelope(t.net, s.for_labs([to.id]))
        node_check(env, frm.card, to.id)
        device = to.devices[0]
        opened = Opened(env, frm.card, to.id, device.id,
                        [(device.epoch, device.seal)])
        yield "letter", opened.text == decode(s.plain)[1]
        yield "content key", opened.ck in t.cks and not opened.bad_slips
    segment = channel.Segment(t.net, t.segment)
    yield "delivered", segment.delivered(
        t.raised.id, t.alpha.card, t.beta.card) == t.since


def main():
    with open(sys.argv[1] if len(sys.argv) > 1 else EXAMPLE, "w",
              encoding="utf-8") as f:
        f.write(example_text())


if __name__ == "__main__":
    main()
