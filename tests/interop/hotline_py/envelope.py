"""envelope: sealing, and what a node and a device check."""

from .encoding import (ascending, b32, b64, binary, decode, encode, fixed,
                       items, listing, optional, u)
from .errors import (BAD_COMMITMENT, BAD_FIELD, BAD_HASH, BAD_NETWORK,
                     BAD_OPEN, BAD_PADDING, BAD_RECIPIENTS, BAD_SIGNATURE,
                     BAD_SIZE, BAD_SUITE, DUPLICATE, FEW_SIGNATURES, HlError,
                     NEED_CARD, NOT_ADDRESSED, NOT_MEMBER, NOT_PERMITTED,
                     SUSPENDED, UNKNOWN, need)
from .hashes import (MEMBER_SIGN, aead_open, aead_seal, hmac, hpke_open,
                     hpke_seal)
from .identity import (ANSWER, CLOSE, OPERATOR, RAISE, READ, RELEASE, UPDATE)
from .message import check_all, decode_message

ENVELOPE_MAX = 458752
BUCKETS = [1 << n for n in range(10, 19)]
FLASH = 4
NEEDED = {1: RAISE | UPDATE, 2: ANSWER, 3: CLOSE,
          4: READ | RAISE | UPDATE | ANSWER | CLOSE}


def pad(plain):
    """1.9"""
    for bucket in BUCKETS:
        if len(plain) < bucket:
            return plain + b"\x80" + bytes(bucket - len(plain) - 1)
    raise HlError(BAD_SIZE, "plaintext")


def unpad(padded):
    """4.1: the plaintext, if padded as 1.9 says"""
    plain = padded.rstrip(b"\0")
    need(plain.endswith(b"\x80"), BAD_PADDING, "no 80")
    plain = plain[:-1]
    need(pad(plain) == padded, BAD_PADDING, "not the smallest bucket")
    return plain


def keys_of(ck, ch):
    return hmac(ck, b"HL1/com\0", ch), hmac(ck, b"HL1/enc\0", ch)


def wrap_names(entry):
    lab, kid, epoch = entry[:3]
    return lab + kid + epoch.to_bytes(8, "big")


def make_wrap(ck, ch, kcom, entry):
    """1.11"""
    names = wrap_names(entry)
    try:
        enc, ct = hpke_seal(entry[3], hmac(ck, b"HL1/eph\0", names),
                            b"HL1/wrap\0" + ch + kcom + names, ck)
    except HlError:
        return bytes(80)
    return enc + ct


def make_slips(ck, ch, kcom, entries):
    """1.12: the slips in the order of labs"""
    slips = {}
    for entry in entries:
        wraps = slips.setdefault(entry[0], [])
        wraps.append([entry[1], make_wrap(ck, ch, kcom, entry)])
    return [encode([lab, wraps]) for lab, wraps in sorted(slips.items())]


class Sealed:
    """A letter with every step that made it."""

    def __init__(self, net, *, sender, lab_id, version, incident, answers,
                 cls, status, precedence, created, lifetime, answer_within,
                 entries, message, ck, salt, signers=(), alter=None,
                 role=MEMBER_SIGN):
        """entries are (lab, key id, epoch, key); signers are SignKeys; role
        is the sender's.

        alter(name, value) may replace any step's value, for bad letters.
        """
        step = alter or (lambda name, value: value)
        entries = sorted([list(e) for e in entries], key=lambda e: e[:2])
        self.ck = ck
        self.recipients = step("recipients", encode([salt, entries]))
        self.plain = step("plain", encode([self.recipients, message]))
        self.padded = step("padded", pad(self.plain))
        self.hr = step("hr", net.hash("recipients", self.recipients))
        labs = sorted({e[0] for e in entries})
        self.core = step("core", encode(step("core-fields", [
            1, 1, net.id, lab_id, net.key_id(role, sender.public),
            version, incident, answers, cls, status, precedence, created,
            lifetime, answer_within, self.hr, len(self.padded) + 16, labs])))
        self.ch = net.hash("core", self.core)
        kcom, self.kenc = keys_of(ck, self.ch)
        self.kcom = step("kcom", kcom)
        self.ct = step("ct", aead_seal(self.kenc, bytes(12),
                                       self.ch + self.kcom, self.padded))
        self.slips = step("slips", make_slips(ck, self.ch, self.kcom,
                                              entries))
        self.hct = net.hash("ct", self.ct)
        self.slip_hashes = [net.hash("slip", s) for s in self.slips]
        self.signed = step("signed", encode([self.core, self.kcom, self.hct,
                                             self.slip_hashes]))
        self.id = net.hash("env", self.signed)
        keys = [(role, sender)] + [(MEMBER_SIGN, k) for k in signers]
        self.sigs = step("sigs", sorted(
            [net.key_id(r, k.public), net.sign(k, "env", self.signed)]
            for r, k in keys))
        self.wire = self.for_labs(None)

    def for_labs(self, labs):
        """The envelope with the slips of some labs; None for all."""
        slips = [s for s in self.slips
                 if labs is None or decode(s)[0] in labs]
        return encode([self.signed, self.sigs, self.ct, slips])


class Core:
    """1.3 to 1.7; net and suite are looked at later (3.1)"""

    def __init__(self, data):
        f = items(decode(data), 17)
        self.format, self.suite = u(f[0]), u(f[1])
        self.net_id, self.lab_id, self.sender = (b32(x) for x in f[2:5])
        self.version = u(f[5], 1)
        self.incident = optional(f[6], b32)
        self.answers = optional(f[7], b32)
        self.cls, self.status = u(f[8], 1, 4), u(f[9], 1, 3)
        self.precedence = u(f[10], 1, 4)
        self.created, self.lifetime = u(f[11]), u(f[12], 60, 31622400)
        self.answer_within = u(f[13])
        self.hr, self.size = b32(f[14]), u(f[15])
        self.labs = [b32(x) for x in listing(f[16], 1, 64)]
        ascending(self.labs)
        if self.cls == 1:
            need(1 <= self.answer_within <= 604800, BAD_FIELD, "within")
        else:
            need(self.answer_within == 0, BAD_FIELD, "answer_within")
            need(self.incident is not None, BAD_FIELD, "incident")
        if self.cls in (1, 3):
            need(self.answers is None, BAD_FIELD, "answers")
        need(self.cls != 2 or self.answers is not None, BAD_FIELD, "answers")
        need(self.size - 16 in BUCKETS, BAD_FIELD, "ciphertext length")


class Envelope:
    """2.1, with the form of everything a node can see checked."""

    def __init__(self, net, data):
        need(1 <= len(data) <= ENVELOPE_MAX, BAD_SIZE, "envelope")
        self.net, self.data = net, data
        outer = items(decode(data), 4)
        self.signed, self.sigs = binary(outer[0]), listing(outer[1], 1, 32)
        for sig in self.sigs:
            items(sig, 2)
            b32(sig[0])
            b64(sig[1])
        ascending([s[0] for s in self.sigs])
        self.ct = binary(outer[2])
        self.slips = {}
        for raw in listing(outer[3], 0, 64):
            slip = items(decode(binary(raw)), 2)
            self.slips[b32(slip[0])] = raw
        ascending([decode(raw)[0] for raw in outer[3]])
        f = items(decode(self.signed), 4)
        self.core_bytes = binary(f[0])
        self.core = Core(self.core_bytes)
        self.kcom, self.hct = b32(f[1]), b32(f[2])
        n = len(self.core.labs)
        self.slip_hashes = [b32(x) for x in listing(f[3], n, n)]
        self.id = net.hash("env", self.signed)
        self.ch = net.hash("core", self.core_bytes)

    def wraps(self, lab_id):
        slip = items(decode(self.slips[lab_id]), 2)
        out = []
        for wrap in listing(slip[1], 1, 512):
            items(wrap, 2)
            out.append((b32(wrap[0]), fixed(wrap[1], 80)))
        ascending([w[0] for w in out])
        return out


def short_of_release(env_sigs, card, sender):
    """3.6, without the question whether the rule asks"""
    persons = set()
    for key_id, _ in env_sigs:
        member = card.member(key_id)
        if member is not None and member.role == OPERATOR and (
                member.may(RELEASE) or key_id == sender):
            persons.add(member.person)
    return len(persons) < card.flash_signers


def node_check(env, card, own_lab, *, held=None, suspended=(), known=(),
               raise_precedence=None, own_sender=False):
    """3.1.  card is the one in force, or None; held the newest version."""
    net, core = env.net, env.core
    need(core.net_id == net.id, BAD_NETWORK, "network")
    need(core.format == 1 and core.suite == 1, BAD_SUITE, "suite")
    need(len(env.ct) == core.size and net.hash("ct", env.ct) == env.hct,
         BAD_HASH, "ct")
    for lab, raw in env.slips.items():
        need(lab in core.labs and env.slip_hashes[core.labs.index(lab)]
             == net.hash("slip", raw), BAD_HASH, "slip")
        env.wraps(lab)
    need(card is not None and card.lab_id == core.lab_id, NEED_CARD, "card")
    need((held or card.version) >= core.version, NEED_CARD, "card")
    need(own_lab in env.slips, NOT_ADDRESSED, "no slip for this lab")
    sender = card.member(core.sender)
    node = card.node(core.sender)
    need(sender is not None or node is not None, NOT_MEMBER, "sender")
    need(any(s[0] == core.sender for s in env.sigs), BAD_SIGNATURE,
         "the sender has not signed")
    for key_id, signature in env.sigs:
        signer = card.member(key_id)
        if signer is None and key_id == core.sender:
            signer = node
        need(signer is not None, NOT_MEMBER, "signer")
        net.verify(signer.key, "env", env.signed, signature)
    need(not any(s[0] in suspended for s in env.sigs), SUSPENDED, "signer")
    if node is not None:
        need(core.cls in (1, 2) and core.status == 3 and core.precedence <= 3,
             NOT_PERMITTED, "a node sends machine tests alone")
        need(env.id not in known, DUPLICATE, "held already")
        return
    need(sender.may(NEEDED[core.cls]), NOT_PERMITTED, "class")
    if core.cls in (1, 4):
        need(core.precedence <= sender.caps.precedence, NOT_PERMITTED,
             "precedence")
    if own_sender and core.cls == 1 and sender.caps.labs:
        need(set(core.labs) <= set(sender.caps.labs) | {core.lab_id},
             NOT_PERMITTED, "labs")
    if (core.cls == 1 and core.precedence == FLASH) or (
            core.cls == 3 and raise_precedence == FLASH):
        need(not short_of_release(env.sigs, card, core.sender),
             FEW_SIGNATURES, "release")
    need(env.id not in known, DUPLICATE, "held already")


def check_recipients(raw):
    """1.1"""
    salt, entries = items(decode(raw), 2)
    fixed(salt, 16)
    for e in listing(entries, 1, 512):
        items(e, 4)
        b32(e[0])
        b32(e[1])
        u(e[2])
        b32(e[3])
    ascending([(e[0], e[1]) for e in entries])
    return entries


def sender_of(env, card):
    """The member that has sent it; None where a node has (3.10)."""
    member = card.member(env.core.sender)
    need(member is not None or card.node(env.core.sender) is not None,
         NOT_MEMBER, "sender")
    return member


class Opened:
    """4.1 to 4.3.  secrets is a list of (epoch, BoxKey) of the reader."""

    def __init__(self, env, card, lab_id, key_id, secrets):
        wrap = dict(env.wraps(lab_id)).get(key_id)
        need(wrap is not None, NOT_ADDRESSED, "no entry")
        self.ck = self._unwrap(env, wrap, lab_id, key_id, secrets)
        self._check(env)
        check_all(self.message, env.core, sender_of(env, card))

    def _unwrap(self, env, wrap, lab_id, key_id, secrets):
        for epoch, pair in secrets:
            names = wrap_names((lab_id, key_id, epoch))
            info = b"HL1/wrap\0" + env.ch + env.kcom + names
            try:
                return hpke_open(pair, wrap[:32], info, wrap[32:])
            except HlError:
                continue
        raise HlError(BAD_OPEN, "wrap")

    def _check(self, env):
        need(len(self.ck) == 32, BAD_OPEN, "content key")
        kcom, kenc = keys_of(self.ck, env.ch)
        need(kcom == env.kcom, BAD_COMMITMENT, "kcom")
        padded = aead_open(kenc, bytes(12), env.ch + kcom, env.ct)
        need(padded is not None, BAD_OPEN, "ct")
        raw, self.text = (binary(x) for x in items(decode(unpad(padded)), 2))
        self.entries = check_recipients(raw)
        need(env.net.hash("recipients", raw) == env.core.hr,
             BAD_RECIPIENTS, "hash")
        need(sorted({e[0] for e in self.entries}) == env.core.labs,
             BAD_RECIPIENTS, "labs")
        self.slips = make_slips(self.ck, env.ch, kcom, self.entries)
        self.bad_slips = [
            lab for lab, slip, named in zip(env.core.labs, self.slips,
                                            env.slip_hashes)
            if env.net.hash("slip", slip) != named]
        self.message = decode_message(self.text)


def open_resent(env, card, lab_id, resend, resent):
    """4.9: opened by a device of lab_id with what a resend discloses

    resend, resent: the resend's envelope and what was opened of it.
    """
    need(resent.message[0] == 11 and resend.core.answers == env.id
         and resend.core.lab_id == env.core.lab_id, UNKNOWN, "resend")
    need(lab_id in env.core.labs, NOT_ADDRESSED, "lab")
    return open_with_key(env, card, resent.message[2][0])


def open_with_key(env, card, ck):
    """4.5: the check of an arbiter who was given CK"""
    opened = Opened.__new__(Opened)
    opened.ck = ck
    opened._check(env)
    check_all(opened.message, env.core, sender_of(env, card))
    return opened
