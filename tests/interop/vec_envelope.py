"""envelope.json: letters with every step, and what refuses them."""

from hotline_py.encoding import decode, encode
from hotline_py.envelope import make_slips
from hotline_py.hashes import aead_seal
from hotline_py.identity import OPERATOR, RAISE, READ, RELEASE, UPDATE
from hotline_py.message import encode_message
from world import (ALL_BITS, NOW, PERSON, Lab, Rng, caps, node_seal,
                   raise_body, raise_message, seal, test_net, three_labs)

CALL, ANSWER_C, CLOSE_C, NOTICE = 1, 2, 3, 4
FLASH = 4


class Setting:
    """The labs of the file, and letters numbered as they are made."""

    def __init__(self):
        self.net = test_net()
        self.alpha, self.beta, self.gamma = three_labs(self.net)
        monitor = caps(RAISE | UPDATE, 3, kinds=("eval.",))
        self.omni = Lab(self.net, "omni", [
            ("Mira Olsen", "laptop", OPERATOR, caps()),
            ("Mira Olsen", "phone", OPERATOR, caps()),
            ("Rami Haddad", "desk", OPERATOR, caps(ALL_BITS)),
            ("evals", "runner", 2, monitor),
            ("Lea Novak", "desk", OPERATOR, caps(PERSON & ~RELEASE)),
            ("Tom Weir", "desk", OPERATOR, caps(READ, 4)),
            ("Kim Lau", "desk", OPERATOR, caps(
                READ | RAISE, 2, labs=[self.beta.id])),
        ], rules=(2, 1))
        self.labs = [self.alpha, self.beta, self.gamma, self.omni]
        self.rng = Rng("envelope")

    def seal(self, lab, device, to, message=None, **fields):
        return seal(self.net, lab, device, [lab] + to,
                    message or raise_message(), self.rng, **fields)


    def node_seal(self, to, message=None, **fields):
        return node_seal(self.net, self.omni, [self.omni] + to,
                         message or encode_message(9, [], [""]), self.rng,
                         **fields)


def step_json(name, s, lab, device, signers):
    core = decode(s.core)
    r = decode(s.recipients)
    slips = []
    for raw, digest in zip(s.slips, s.slip_hashes):
        lab_id, wraps = decode(raw)
        slips.append({"lab_id": lab_id, "slip": raw, "hash": digest,
                      "wraps": [{"key_id": k, "wrap": w} for k, w in wraps]})
    return {
        "name": name, "lab_id": lab.id, "sender_seed": device.key.seed,
        "signer_seeds": [x.key.seed for x in signers],
        "card_version": core[5], "incident": core[6], "answers": core[7],
        "class": core[8], "status": core[9], "precedence": core[10],
        "created": core[11], "lifetime": core[12],
        "answer_within": core[13], "salt": r[0],
        "entries": [{"lab_id": e[0], "key_id": e[1], "epoch": e[2],
                     "key": e[3]} for e in r[1]],
        "message": decode(s.plain)[1],
        "recipients": s.recipients, "hr": s.hr, "core": s.core, "ch": s.ch,
        "kcom": s.kcom, "kenc": s.kenc, "plaintext": s.padded,
        "ct": s.ct, "ct_hash": s.hct, "slips": slips, "signed": s.signed,
        "id": s.id, "sigs": [{"key_id": k, "signature": g}
                             for k, g in s.sigs],
        "wire": s.wire,
        "wires": [{"lab_id": x["lab_id"],
                   "wire": s.for_labs([x["lab_id"]])} for x in slips],
    }


def make_letters(t):
    """Good letters of each shape."""
    out = []

    def letter(name, lab, device, to, message=None, signers=(), **fields):
        before = t.rng.count
        s = t.seal(lab, device, to, message, signers=signers, **fields)
        step = step_json(name, s, lab, device, signers)
        again = Rng("envelope")
        again.count = before
        step["ck"] = again.take(32)
        out.append(step)
        return s

    mira, rami, evals = t.alpha.devices
    eva, ines = t.beta.devices
    first = letter("one lab", t.alpha, mira, [])
    letter("two labs", t.alpha, mira, [t.beta])
    three = letter("three labs, FLASH, two signatures", t.alpha, mira,
                   [t.beta, t.gamma], signers=[rami], precedence=FLASH)
    letter("by a monitor that cannot read", t.alpha, evals, [t.beta],
           encode_message(1, [], raise_body(
               kind="eval.crossed", fields=(
                   ("benchmark", "b"), ("metric", "m"),
                   ("threshold", "1"), ("value", "2")))), precedence=3)
    letter("an answer", t.beta, eva, [t.alpha, t.gamma],
           encode_message(2, [three.id], [2, "on it", None]),
           cls=ANSWER_C, incident=three.id, answers=three.id, created=NOW + 9)
    letter("a close with two signatures", t.alpha, mira, [t.beta, t.gamma],
           encode_message(5, [three.id], [""]), cls=CLOSE_C,
           incident=three.id, signers=[rami], precedence=FLASH)
    letter("a notice, exercise, longest life", t.beta, ines, [t.alpha],
           encode_message(3, [first.id], ["hello", []]), cls=NOTICE,
           incident=first.id, status=2, precedence=1, lifetime=31622400)
    entries = t.alpha.readers() + t.gamma.readers() + [
        [t.beta.id, eva.id, 7, bytes(32)],
        [t.beta.id, ines.id, ines.epoch, ines.seal.public]]
    letter("a sealing key that gives zeros", t.alpha, mira, [],
           entries=entries)
    letter("a text of the third bucket", t.alpha, mira, [t.beta],
           raise_message(text="x" * 3000))
    letter("a text that just fits", t.alpha, mira, [],
           exact(t, 1023))
    letter("a text that just does not fit", t.alpha, mira, [],
           exact(t, 1024))
    return out


def exact(t, size):
    """A message that makes the plaintext, without its 80, so long."""
    readers = len(t.alpha.readers())
    r = encode([bytes(16), [[bytes(32), bytes(32), 2900, bytes(32)]]
                * readers])
    for n in range(size):
        message = raise_message(text="y" * n)
        if len(encode([r, message])) == size:
            return message
    raise ValueError("no such size")


def node_case(t, name, s, code, wire=None, lab=None, own=None, **how):
    lab = lab or t.omni
    own = own or t.beta
    return {"name": name, "card": lab.card.data, "own_lab": own.id,
            "held": how.get("held"), "suspended": how.get("suspended", []),
            "known": how.get("known", []),
            "raise_precedence": how.get("raise_precedence"),
            "own_sender": how.get("own_sender", False),
            "envelope": wire if wire is not None else s.for_labs([own.id]),
            "code": code, "or": how.get("other"),
            "id": s.id if code == 0 else None}


def core_faults(t):
    """(name, change of the core's items, code)"""
    def put(at, value):
        return lambda f: f[:at] + [value] + f[at + 1:]
    labs = sorted([t.omni.id, t.beta.id])
    many = [bytes([n]) * 32 for n in range(65)]
    call = [
        ("format 2", put(0, 2), 5), ("suite 2", put(1, 2), 5),
        ("suite 0", put(1, 0), 5), ("another network", put(2, bytes(32)), 4),
        ("network of 31 bytes", put(2, bytes(31)), 2),
        ("sender unknown", put(4, bytes(32)), 12),
        ("card version 0", put(5, 0), 3),
        ("card version 2, not held", put(5, 2), 7),
        ("incident of 31 bytes", put(6, bytes(31)), 2),
        ("answers in a call", put(7, bytes(32)), 3),
        ("class 0", put(8, 0), 3), ("class 5", put(8, 5), 3),
        ("class nil", put(8, None), 2),
        ("status 0", put(9, 0), 3), ("status 4", put(9, 4), 3),
        ("precedence 0", put(10, 0), 3), ("precedence 5", put(10, 5), 3),
        ("created nil", put(11, None), 2),
        ("lifetime 59", put(12, 59), 3),
        ("lifetime 60", put(12, 60), 0),
        ("lifetime 31622401", put(12, 31622401), 3),
        ("answer_within 0", put(13, 0), 3),
        ("answer_within 604801", put(13, 604801), 3),
        ("answer_within 604800", put(13, 604800), 0),
        ("length 1041", put(15, 1041), 3), ("length 528", put(15, 528), 3),
        ("length of the next bucket", put(15, 4112), 8),
        ("length 0", put(15, 0), 3),
        ("labs not sorted", put(16, labs[::-1]), 3),
        ("lab twice", put(16, [labs[0], labs[0]]), 3),
        ("no labs", put(16, []), 3),
        ("more labs than slips", put(16, sorted(
            labs + [t.gamma.id])), 3),
        ("65 labs", put(16, many), 3),
        ("16 items", lambda f: f[:16], 2),
        ("18 items", lambda f: f + [None], 2),
    ]
    return call


def core_notice_faults():
    """The same for other classes: (name, fields, code)"""
    one = b"\1" * 32
    return [
        ("a notice without incident", dict(cls=NOTICE), 3),
        ("a notice with answer_within", dict(
            cls=NOTICE, incident=one, answer_within=1), 3),
        ("an answer without answers", dict(cls=ANSWER_C, incident=one), 3),
        ("an answer without incident", dict(cls=ANSWER_C, answers=one), 3),
        ("a close that answers", dict(
            cls=CLOSE_C, incident=one, answers=one), 3),
        ("a close without incident", dict(cls=CLOSE_C), 3),
        ("a call in an incident", dict(incident=one), 0),
        ("a notice about a letter", dict(
            cls=NOTICE, incident=one, answers=one), 0),
    ]


def flip(raw, at):
    at %= len(raw)
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]


def outer_faults(t, s):
    """Faults outside of signed: (name, wire, code, other)"""
    beta, gamma = t.beta.id, t.gamma.id
    signed, sigs, ct, slips = decode(s.for_labs([beta]))
    extra = t.gamma.devices[0]
    stranger = [extra.id, t.net.sign(extra.key, "env", s.signed)]
    rami = t.omni.devices[2]
    other = [rami.id, t.net.sign(rami.key, "env", s.signed)]
    tagged = [sigs[0][0], t.net.sign(t.omni.devices[0].key, "card",
                                     s.signed)]
    foreign = encode([gamma, [[extra.id, bytes(80)]]])
    short = encode([beta, [[extra.id, bytes(79)]]])

    def w(**f):
        return encode([f.get("signed", signed), f.get("sigs", sigs),
                       f.get("ct", ct), f.get("slips", slips)])

    good = w()
    return [
        ("good", good, 0, None), ("with all slips", s.wire, 0, None),
        ("two signatures where one is enough",
         w(sigs=sorted(sigs + [other])), 0, None),
        ("nothing", b"", 1, 2),
        ("a byte after", good + b"\0", 2, None),
        ("cut", good[:-1], 2, None),
        ("five items", encode(decode(good) + [None]), 2, None),
        ("ct changed", w(ct=flip(ct, 5)), 8, None),
        ("ct cut", w(ct=ct[:-1]), 8, None),
        ("slip changed", w(slips=[flip(slips[0], -1)]), 8, None),
        ("slip of another lab", w(slips=sorted(slips + [foreign])), 8, None),
        ("slip of other readers", w(slips=[short]), 8, 2),
        ("slips not sorted", w(slips=sorted(s.slips)[::-1]), 3, None),
        ("slip twice", w(slips=slips + slips), 3, None),
        ("no slip", w(slips=[]), 16, None),
        ("the sender's slip alone", s.for_labs([t.omni.id]), 16, None),
        ("signature changed", w(sigs=[[sigs[0][0], flip(
            sigs[0][1], 3)]]), 9, None),
        ("signature with another tag", w(sigs=[tagged]), 9, None),
        ("the sender has not signed", w(sigs=[other]), 9, None),
        ("a stranger signs also", w(sigs=sorted(sigs + [stranger])), 12,
         None),
        ("signatures not sorted", w(sigs=sorted(sigs + [other])[::-1]), 3,
         None),
        ("signature twice", w(sigs=sigs + sigs), 3, None),
        ("no signature", w(sigs=[]), 3, None),
        ("signature of 63 bytes", w(sigs=[[sigs[0][0], bytes(63)]]), 2,
         None),
        ("signed changed", w(signed=flip(signed, -1)), 9, 8),
    ]


def rule_cases(t):
    """Capabilities and the release rule: (name, letter, code, how)"""
    laptop, phone, rami, evals, lea, tom, kim = t.omni.devices
    one = b"\1" * 32
    to = [t.beta, t.gamma]

    def s(device, signers=(), **f):
        return t.seal(t.omni, device, to, signers=signers, **f)

    notice = dict(cls=NOTICE, incident=one)
    answer = dict(cls=ANSWER_C, incident=one, answers=one)
    close = dict(cls=CLOSE_C, incident=one)
    flash = dict(precedence=FLASH)
    mine = dict(own_sender=True)
    rose = dict(raise_precedence=FLASH)
    return [
        ("FLASH by one", s(laptop, **flash), 10, {}),
        ("FLASH by two persons", s(laptop, [rami], **flash), 0, {}),
        ("FLASH by two devices of one person", s(
            laptop, [phone], **flash), 10, {}),
        ("FLASH by three devices of two persons", s(
            laptop, [phone, rami], **flash), 0, {}),
        ("FLASH by a person and a monitor", s(
            laptop, [evals], **flash), 10, {}),
        ("FLASH sent by one without release, and one with", s(
            lea, [rami], **flash), 0, {}),
        ("FLASH with a second who lacks release", s(
            rami, [lea], **flash), 10, {}),
        ("FLASH by a monitor", s(evals, [rami], **flash), 11, {}),
        ("FLASH notice by one", s(laptop, precedence=FLASH, **notice), 0,
         {}),
        ("IMMEDIATE by one", s(laptop, precedence=3), 0, {}),
        ("IMMEDIATE by a monitor", s(evals, precedence=3), 0, {}),
        ("close of a FLASH raise by one", s(laptop, **close), 10, rose),
        ("close of a FLASH raise by two", s(laptop, [rami], **close), 0,
         rose),
        ("close of a lower raise by one", s(laptop, **close), 0,
         dict(raise_precedence=3)),
        ("close with precedence FLASH of a lower raise", s(
            laptop, precedence=FLASH, **close), 0,
         dict(raise_precedence=2)),
        ("close by a monitor", s(evals, **close), 11, {}),
        ("answer by a monitor", s(evals, **answer), 11, {}),
        ("answer by one who may only read", s(tom, **answer), 11, {}),
        ("notice above the sender's precedence", s(
            kim, precedence=3, **notice), 11, {}),
        ("call by one who may only read", s(tom), 11, {}),
        ("notice by one who may only read", s(tom, **notice), 0, {}),
        ("call above the sender's precedence", s(kim, precedence=3), 11,
         {}),
        ("call to a lab that the sender may not call", s(kim), 11, mine),
        ("the same, at another lab's node", s(kim), 0, {}),
        ("notice to a lab that the sender may not call", s(
            kim, **notice), 0, mine),
        ("call to a lab that the sender may call", t.seal(
            t.omni, kim, [t.beta]), 0, mine),
        ("sender suspended", s(laptop), 13, dict(suspended=[laptop.id])),
        ("second signer suspended", s(laptop, [rami]), 13,
         dict(suspended=[rami.id])),
        ("another key suspended", s(laptop), 0,
         dict(suspended=[phone.id, bytes(32)])),
        ("core names an older card", s(laptop), 0, dict(held=3)),
    ]


def node_signs_also(t):
    """A letter of a member with the signature of a node beside."""
    s = t.seal(t.omni, t.omni.devices[0], [t.beta])
    node = t.omni.node
    s.sigs = sorted(s.sigs + [
        [node.id, t.net.sign(node.key, "env", s.signed)]])
    return s


def by_node_cases(t):
    """3.10: letters by a node: (name, letter, code, how)"""
    one = b"\1" * 32
    laptop = t.omni.devices[0]
    call, answer = dict(cls=CALL), dict(
        cls=ANSWER_C, incident=one, answers=one)
    out = []
    for precedence in (1, 2, 3, 4):
        for what, how in (("call", call), ("answer", answer)):
            out.append(("%s by a node, precedence %d" % (what, precedence),
                        t.node_seal([t.beta], precedence=precedence, **how),
                        0 if precedence <= 3 else 11, {}))
    for status in (1, 2):
        for what, how in (("call", call), ("answer", answer)):
            out.append(("%s by a node, status %d" % (what, status),
                        t.node_seal([t.beta], status=status, **how), 11, {}))
    for what, how in (("close", dict(cls=CLOSE_C, incident=one)),
                      ("notice", dict(cls=NOTICE, incident=one))):
        out.append((what + " by a node", t.node_seal([t.beta], **how), 11,
                    {}))
    other = t.net.key_id(3, t.alpha.node.key.public)
    held = t.node_seal([t.beta])
    return out + [
        ("a machine test held already", held, 14, dict(known=[held.id])),
        ("a node signs also what a member sends", node_signs_also(t), 12, {}),
        ("a machine test that a member has signed also",
         t.node_seal([t.beta], signers=[laptop]), 0, {}),
        ("a node that stands on another lab's card", t.node_seal(
            [t.beta], alter=lambda what, value: value[:4] + [other]
            + value[5:] if what == "core-fields" else value), 12, {}),
    ]


def make_node(t):
    laptop = t.omni.devices[0]
    out = []
    for name, change, code in core_faults(t):
        def alter(what, value, change=change):
            return change(value) if what == "core-fields" else value
        s = t.seal(t.omni, laptop, [t.beta], alter=alter)
        out.append(node_case(t, "core: " + name, s, code))
    for name, fields, code in core_notice_faults():
        s = t.seal(t.omni, laptop, [t.beta], **fields)
        out.append(node_case(t, "core: " + name, s, code))
    for name, change, code in (
            ("kcom of 31 bytes", lambda f: [f[0], bytes(31)] + f[2:], 2),
            ("three items", lambda f: f[:3], 2),
            ("a slip hash more", lambda f: f[:3] + [f[3] + [bytes(32)]], 3),
            ("hash of ct of another", lambda f: f[:2] + [bytes(32), f[3]],
             8)):
        def alter(what, value, change=change):
            return encode(change(decode(value))) if what == "signed" \
                else value
        s = t.seal(t.omni, laptop, [t.beta], alter=alter)
        out.append(node_case(t, "signed: " + name, s, code))
    s = t.seal(t.omni, laptop, [t.beta])
    for name, wire, code, other in outer_faults(t, s):
        out.append(node_case(t, name, s, code, wire, other=other))
    out.append(node_case(t, "held already", s, 14, known=[s.id]))
    out.append(node_case(t, "no slip for gamma", s, 16, s.wire,
                         own=t.gamma))
    out.append(node_case(t, "the card is of another lab", s, 7, s.wire,
                         lab=t.alpha))
    out.append(node_case(
        t, "ct changed, and the card is of another lab", s, 8,
        outer_faults(t, s)[7][1], lab=t.alpha))
    for name, s, code, how in rule_cases(t) + by_node_cases(t):
        out.append(node_case(t, name, s, code, **how))
    return out


def device_case(t, name, s, code, lab=None, device=None, lab_from=None,
                secrets=None, bad=()):
    lab, lab_from = lab or t.beta, lab_from or t.omni
    device = device or t.beta.devices[0]
    if secrets is None:
        secrets = [(device.epoch, device.seal)]
    return {"name": name, "card": lab_from.card.data, "lab_id": lab.id,
            "key_id": device.id,
            "secrets": [{"epoch": e, "secret": k.secret}
                        for e, k in secrets],
            "envelope": s.for_labs([lab.id]), "code": code,
            "bad_slips": sorted(bad),
            "message": decode(s.plain)[1] if code == 0 else None}


def replace(step, change):
    return lambda what, value: change(value) if what == step else value


def open_faults(t):
    """(name, letter, code, how) for the reader Eva of beta"""
    laptop = t.omni.devices[0]
    eva = t.beta.devices[0]
    rng = Rng("open faults")
    zero = bytes(2048)

    def s(alter=None, to=None, **f):
        return t.seal(t.omni, laptop, to or [t.beta, t.gamma], alter=alter,
                      **f)

    def on(step, change, **f):
        return s(replace(step, change), **f)

    def bare(padded):
        return padded.rstrip(b"\0")[:-1]

    def slip_of(lab_id, change):
        def f(slips):
            out = []
            for raw in slips:
                lab, wraps = decode(raw)
                out.append(encode([lab, change(wraps)]) if lab == lab_id
                           else raw)
            return out
        return f

    def broken(wraps):
        return [[k, flip(w, 40)] for k, w in wraps]

    def zeros(wraps):
        return [[k, bytes(80)] for k, w in wraps]

    other_ct = on("ct", lambda ct: aead_seal(
        rng.take(32), bytes(12), b"", bytes(len(ct) - 16)))
    two = [t.omni, t.beta]
    return [
        ("good", s(), 0, {}),
        ("with another epoch's secret held first", s(), 0, dict(
            secrets=[(1, rng.box_key()), (eva.epoch, eva.seal)])),
        ("another secret", s(), 18, dict(
            secrets=[(eva.epoch, rng.box_key())])),
        ("the secret of another epoch number", s(), 18, dict(
            secrets=[(eva.epoch + 1, eva.seal)])),
        ("no entry for the device", s(entries=t.omni.readers()
                                      + t.beta.readers()[:1]), 16,
         dict(device=t.beta.devices[1])),
        ("own wrap broken", on("slips", slip_of(t.beta.id, broken)), 18,
         {}),
        ("own wrap of zeros", on("slips", slip_of(t.beta.id, zeros)), 18,
         {}),
        ("another lab's wraps broken", on(
            "slips", slip_of(t.gamma.id, broken)), 0,
         dict(bad=[t.gamma.id])),
        ("a wrap too many", on("slips", slip_of(
            t.beta.id, lambda w: w + [[b"\xff" * 32, bytes(80)]])), 0,
         dict(bad=[t.beta.id])),
        ("kcom of another key", on("kcom", lambda k: flip(k, 0)), 19, {}),
        ("ct of another key", other_ct, 18, {}),
        ("no 80", on("padded", lambda p: bare(p) + bytes(
            len(p) - len(bare(p)))), 20, {}),
        ("81 in place of 80", on("padded", lambda p: bare(p) + b"\x81"
                                 + bytes(len(p) - len(bare(p)) - 1)), 20,
         {}),
        ("a bucket too large", on("padded", lambda p: p + bytes(len(p))),
         20, {}),
        ("something after 80", on("padded", lambda p: p[:-1] + b"\1"), 20,
         {}),
        ("zeros alone", on("padded", lambda p: zero), 20, {}),
        ("80 twice", on("padded", lambda p: bare(p) + b"\x80\x80" + bytes(
            len(p) - len(bare(p)) - 2)), 2, {}),
        ("plaintext of three", on("plain", lambda p: encode(
            decode(p) + [None])), 2, {}),
        ("plaintext not canonical", on("plain", lambda p: b"\xdc\x00\x02"
                                       + p[1:]), 2, {}),
        ("recipients of another salt", on("plain", lambda p: encode(
            [encode([bytes(16), decode(decode(p)[0])[1]]),
             decode(p)[1]])), 21, {}),
        ("hash of other recipients", on("hr", lambda x: bytes(32)), 21, {}),
        ("labs without one of the recipients", extra_lab(t, False), 21, {}),
        ("labs with one more than the recipients", extra_lab(t, True), 21,
         {}),
        ("recipients not sorted", on("recipients", lambda r: encode(
            [decode(r)[0], decode(r)[1][::-1]])), 3, {}),
        ("recipient twice", on("recipients", lambda r: encode(
            [decode(r)[0], decode(r)[1][:1] + decode(r)[1]])), 3, {}),
        ("salt of 15 bytes", on("recipients", lambda r: encode(
            [bytes(15), decode(r)[1]])), 2, {}),
        ("a sealing key that gives zeros", s(entries=zero_entry(
            t, two, eva)), 18, {}),
        ("the same, for another reader", s(entries=zero_entry(
            t, two, eva)), 0, dict(device=t.beta.devices[1])),
    ] + [("a sealing key of small order %d, for another reader" % n, s(
        entries=zero_entry(t, two, eva, key)), 0,
        dict(device=t.beta.devices[1]))
        for n, key in enumerate(SMALL)]


# X25519 keys that give zeros: u = 1, -1, p, p + 1, and one of order 8.
SMALL = [u.to_bytes(32, "little") for u in (
    1, 2 ** 255 - 20, 2 ** 255 - 19, 2 ** 255 - 18)] + [bytes.fromhex(
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]


def zero_entry(t, labs, reader, key=bytes(32)):
    return [[e[0], e[1], e[2], key if e[1] == reader.id else e[3]]
            for x in labs for e in x.readers()]


def extra_lab(t, more):
    """A letter whose core names a lab more or less than R."""
    laptop = t.omni.devices[0]
    to = [t.beta] if more else [t.beta, t.gamma]

    def alter(what, value):
        if what == "core-fields":
            labs = [t.omni.id, t.beta.id] + ([t.gamma.id] if more else [])
            return value[:16] + [sorted(labs)]
        if what == "slips" and more:
            slip = encode([t.gamma.id, [[bytes(32), bytes(80)]]])
            return sorted(value + [slip], key=lambda x: decode(x)[0])
        if what == "slips":
            return [x for x in value if decode(x)[0] != t.gamma.id]
        return value
    return t.seal(t.omni, laptop, to, alter=alter)


def message_faults(t):
    """What a device refuses in the message: (name, letter, code)"""
    laptop, _, rami, evals, lea, tom, kim = t.omni.devices
    one = b"\1" * 32
    notice = dict(cls=NOTICE, incident=one)
    say = encode_message(3, [], ["hello", []])
    update = encode_message(4, [], [None, None, None, "more", [], []])

    def s(message, device=laptop, **f):
        return t.seal(t.omni, device, [t.beta], message, **f)

    return [
        ("unknown type", s(encode([63, [], []]), **notice), 23),
        ("message not canonical", s(say + b"\0", **notice), 2),
        ("severity 5", s(raise_message(severity=5)), 3),
        ("form without its field", s(raise_message(fields=())), 24),
        ("raise in a notice", s(raise_message(), **notice), 23),
        ("say in an incident", s(say, **notice), 0),
        ("raise with an incident", s(raise_message(), incident=one), 23),
        ("too many words for FLASH", s(raise_message(text="w " * 201),
                                       precedence=FLASH, signers=[rami]),
         3),
        ("kind that the monitor may raise", s(raise_message(
            kind="eval.unheard", fields=()), evals), 0),
        ("kind that the monitor may not raise", s(
            raise_message(), evals), 11),
        ("update by one without update", s(update, kim, precedence=1,
                                           **notice), 11),
        ("say by one who may only read", s(say, tom, **notice), 11),
        ("cannot-open by one who may only read", s(
            encode_message(8, [one], [18]), tom, answers=one, **notice), 0),
        ("cannot-open about nothing", s(
            encode_message(8, [], [18]), tom, **notice), 23),
    ]


def make_device(t):
    out = [device_case(t, n, s, c, **how)
           for n, s, c, how in open_faults(t)]
    wraps_of_other_key(t, out)
    out += [device_case(t, n, s, c) for n, s, c in message_faults(t)]
    out += node_reads(t)
    return out


def node_reads(t):
    """A node opens what another node has sealed to it (message 4)."""
    node = t.beta.node
    one = b"\1" * 32
    answer = dict(cls=ANSWER_C, incident=one, answers=one)
    notice = dict(cls=NOTICE, incident=one, status=1)

    def by_node(name, message, code, **how):
        return device_case(t, name, t.node_seal([t.beta], message, **how),
                           code, device=node, secrets=[(0, node.seal)])
    return [
        by_node("a machine test", None, 0),
        by_node("the answer to a machine test",
                encode_message(10, [one], ["taken"]), 0, **answer),
        by_node("a raise by a node", raise_message(
            kind="sys.test", fields=()), 11),
        by_node("an ack by a node", encode_message(
            2, [one], [1, "", None]), 11, **answer),
        by_node("a say by a node", encode_message(
            3, [one], ["hello", []]), 11, **notice),
        by_node("a drill by a node as exercise", None, 23, status=2),
        by_node("a drill by a node as answer", None, 23, **answer),
        device_case(t, "a machine test sealed to an epoch that the node has "
                    "not", t.node_seal([t.beta], entries=[
                        [x.id, x.node.id, 1, x.node.seal.public]
                        for x in (t.omni, t.beta)]), 18, device=node,
                    secrets=[(0, node.seal)]),
        device_case(t, "a machine test, by a device", t.node_seal(
            [t.beta]), 16),
    ]


def wraps_of_other_key(t, out):
    """Wraps that hold another key than the one that kcom binds."""
    other = Rng("other key").take(32)
    state = {}

    def alter(what, value):
        if what == "kcom":
            state["kcom"] = value
        if what == "core":
            state["ch"] = t.net.hash("core", value)
        if what == "slips":
            entries = t.omni.readers() + t.beta.readers()
            entries.sort(key=lambda e: e[:2])
            return make_slips(other, state["ch"], state["kcom"], entries)
        return value

    s = t.seal(t.omni, t.omni.devices[0], [t.beta], alter=alter)
    out.append(device_case(t, "wraps hold another key", s, 19))


# What is wrong with a reader's own wrap, or with what it holds, alone.
OWN_WRAP = {
    "another secret": (), "the secret of another epoch number": (),
    "no entry for the device": (), "own wrap broken": ("beta",),
    "own wrap of zeros": ("beta",), "a sealing key that gives zeros": (),
}


def resend_case(t, name, s, code, *, key=None, lab=None, by=None,
                answers=None, bad=()):
    """A device of lab (Ines of beta) opens s with what a resend discloses."""
    lab, by = lab or t.beta, by or t.omni
    reader = lab.devices[-1]
    id_ = answers or s.id
    r = t.seal(by, by.devices[0], [lab], encode_message(
        11, [id_], [key or s.ck]), cls=NOTICE, incident=s.id, answers=id_)
    own = lab.id if lab.id in decode(s.core)[16] else t.beta.id
    return {"name": name, "card": t.omni.card.data, "lab_id": lab.id,
            "key_id": reader.id, "secrets": [
                {"epoch": reader.epoch, "secret": reader.seal.secret}],
            "envelope": s.for_labs([own]), "resend_card": by.card.data,
            "resend": r.for_labs([lab.id]), "code": code,
            "bad_slips": sorted(bad),
            "message": decode(s.plain)[1] if code == 0 else None}


def make_resend(t):
    """envelope 4.9: as by an own wrap, but for the wrap"""
    out = []
    for name, s, code, how in open_faults(t):
        if name in OWN_WRAP:
            bad = [t.beta.id] if OWN_WRAP[name] else []
            out.append(resend_case(t, name, s, 0, bad=bad))
        else:
            out.append(resend_case(t, name, s, code,
                                   bad=how.get("bad", ())))
    out += [resend_case(t, n, s, c) for n, s, c in message_faults(t)]

    def s():
        return t.seal(t.omni, t.omni.devices[0], [t.beta])
    one, other = s(), s()
    out += [
        resend_case(t, "another key", one, 19, key=flip(one.ck, 31)),
        resend_case(t, "the key of another letter", one, 19, key=other.ck),
        resend_case(t, "a resend of another letter", one, 27,
                    answers=other.id),
        resend_case(t, "a resend of another lab", one, 27, by=t.alpha),
        resend_case(t, "a lab that the letter is not for", one, 16,
                    lab=t.gamma),
    ]
    return out


def make_envelope():
    t = Setting()
    labs = [{"name": x.name, "lab_id": x.id,
             "cards": [c.data for c in x.cards],
             "devices": [{
                 "key_id": d.id, "person": d.person, "role": d.role,
                 "reads": bool(d.caps[0] & READ), "sign_seed": d.key.seed,
                 "epoch": d.epoch, "seal_secret": d.seal.secret,
                 "seal_public": d.seal.public} for d in x.devices]}
            for x in t.labs]
    return {"page": "envelope", "net_id": t.net.id, "labs": labs,
            "letters": make_letters(t), "node": make_node(t),
            "device": make_device(t), "resend": make_resend(t)}

