"""message: what a letter says."""

import re

from .encoding import (ascending, b32, binary, block, decode, encode, items,
                       label, line, listing, optional, u)
from .errors import (BAD_FIELD, BAD_FORM, BAD_HASH, BAD_TYPE, NOT_PERMITTED,
                     need)
from .hashes import sha256
from .identity import ANSWER, CLOSE, RAISE, READ, UPDATE

RAISE_T, ACK, SAY, UPDATE_T, RESOLVE, CANCEL, REOPEN, CANNOT_OPEN = range(1, 9)
DRILL, DRILL_ANSWER, RESEND = 9, 10, 11
OPENS = (RAISE_T, DRILL)
ANSWERS = (ACK, CANNOT_OPEN, DRILL_ANSWER, RESEND)
CALL, ANSWER_C, CLOSE_C, NOTICE = 1, 2, 3, 4
TEST, EXERCISE = 3, 2
DATA_MAX = 196608
WORDS_MAX = 200

# 1.2: type: (classes, capability)
TYPES = {
    RAISE_T: ((CALL,), RAISE),
    ACK: ((ANSWER_C,), ANSWER),
    SAY: ((NOTICE, CALL), UPDATE | ANSWER),
    UPDATE_T: ((NOTICE, CALL), UPDATE),
    RESOLVE: ((CLOSE_C,), CLOSE),
    CANCEL: ((CLOSE_C,), CLOSE),
    REOPEN: ((CALL,), RAISE),
    CANNOT_OPEN: ((NOTICE,), READ | RAISE | UPDATE | ANSWER | CLOSE),
    DRILL: ((CALL,), RAISE | UPDATE),
    DRILL_ANSWER: ((ANSWER_C,), ANSWER),
    RESEND: ((NOTICE,), READ | RAISE | UPDATE | ANSWER | CLOSE),
}

# 3.1: kind: (capability asked, fields asked)
KINDS = {
    "rnd.milestone": (True, ()),
    "cap.threshold": (True, ("domain",)),
    "eval.crossed": (False, ("benchmark", "metric", "threshold", "value")),
    "rnd.acceleration": (False, ("population", "share")),
    "contain.breach": (False, ("boundary",)),
    "weights.exfil": (False, ("model",)),
    "control.subverted": (False, ("model",)),
    "agent.rogue": (False, ("agent",)),
    "selfcorrect.divergence": (False, ("loop",)),
    "data.poison": (False, ("dataset",)),
    "interp.finding": (False, ("model",)),
    "redteam.finding": (False, ("model",)),
    "thirdparty.impact": (False, ("party",)),
    "attribution.query": (False, ("indicator",)),
    "distill.campaign": (False, ()),
    "misuse.campaign": (False, ()),
    "vuln.shared": (False, ("component",)),
    "insider.security": (False, ()),
    "report.periodic": (False, ("period",)),
    "near.miss": (False, ()),
    "sys.test": (False, ()),
    "sys.exercise": (False, ()),
    "sys.key": (False, ("change",)),
}


def words(text):
    """1.4"""
    return len([w for w in re.split("[ \t\n]+", text) if w])


def check_evidence(value):
    """1.5"""
    total = 0
    for e in listing(value, 0, 16):
        items(e, 5)
        line(e[0], 1, 255)
        line(e[1], 0, 127)
        size, digest = u(e[2]), b32(e[3])
        if optional(e[4], binary) is not None:
            need(len(e[4]) == size, BAD_FIELD, "size of evidence")
            need(sha256(e[4]) == digest, BAD_HASH, "evidence")
            total += size
    need(total <= DATA_MAX, BAD_FIELD, "too much evidence")


def check_fields(value):
    """1.6"""
    for f in listing(value, 0, 32):
        items(f, 2)
        label(f[0])
        block(f[1], 1, 1024)
    ascending([f[0] for f in value])


def check_capability(value):
    """2.4"""
    items(value, 4)
    line(value[0], 1, 64)
    line(value[1], 0, 64)
    line(value[2], 1, 64)
    u(value[3], 1, 4)


def check_raise(b):
    """2.1 to 2.3"""
    items(b, 14)
    label(b[0])
    for value, high in zip(b[1:4], (4, 4, 4)):
        u(value, 0, high)
    u(b[4], 1, 5)
    u(b[5], 0, 4)
    for a in listing(b[6], 0, 8):
        label(a)
    ascending(b[6])
    line(b[7], 1, 120)
    block(b[8], 0, 32768)
    optional(b[9], u)
    optional(b[10], u)
    optional(b[11], check_capability)
    check_fields(b[12])
    check_evidence(b[13])


def check_ack(b):
    """2.5"""
    items(b, 3)
    u(b[0], 1, 4)
    block(b[1], 0, 8192)
    optional(b[2], line, 1, 128)
    need(b[0] != 3 or b[1], BAD_FIELD, "declined without a reason")
    need(b[0] != 4 or b[2] is not None, BAD_FIELD, "redirected to nobody")


def check_say(b):
    """2.6"""
    items(b, 2)
    block(b[0], 1, 32768)
    check_evidence(b[1])


def check_update(b):
    """2.7"""
    items(b, 6)
    optional(b[0], u, 0, 4)
    optional(b[1], u, 0, 4)
    optional(b[2], line, 1, 120)
    block(b[3], 0, 32768)
    check_fields(b[4])
    check_evidence(b[5])
    need(any(x is not None for x in b[:3]) or any(b[3:]), BAD_FIELD,
         "an update of nothing")


def check_text(low):
    def check(b):
        """2.8"""
        items(b, 1)
        block(b[0], low, 32768)
    return check


def check_cannot_open(b):
    """2.9"""
    items(b, 1)
    u(b[0], 1, 32)


def check_drill(b):
    """2.10"""
    items(b, 1)
    block(b[0], 0, 1024)


def check_resend(b):
    """2.11"""
    items(b, 1)
    b32(b[0])


BODIES = {
    RAISE_T: check_raise, ACK: check_ack, SAY: check_say,
    UPDATE_T: check_update, RESOLVE: check_text(0), CANCEL: check_text(1),
    REOPEN: check_text(1), CANNOT_OPEN: check_cannot_open,
    DRILL: check_drill, DRILL_ANSWER: check_drill,
    RESEND: check_resend,
}
TEXT_AT = {RAISE_T: 8, SAY: 0, UPDATE_T: 3, REOPEN: 0, DRILL: 0}


def decode_message(data):
    """[type, seen, body] with a good body; the code where it has none."""
    value = items(decode(data), 3)
    kind, seen, body = value
    u(kind)
    for x in listing(seen, 0, 64):
        b32(x)
    ascending(seen)
    need(isinstance(body, list), 2, "a body is due")
    need(kind in TYPES, BAD_TYPE, "unknown type")
    BODIES[kind](body)
    return value


def encode_message(kind, seen, body):
    return encode([kind, sorted(seen), body])


def check_form(message):
    """3.1 to 3.3, as a reader"""
    kind, _, body = message
    if kind == RAISE_T and body[0] in KINDS:
        capability, fields = KINDS[body[0]]
        need(not capability or body[11] is not None, BAD_FORM, "capability")
        held = [f[0] for f in body[12]]
        need(all(f in held for f in fields), BAD_FORM, "fields")


def check_against_core(message, core, by_node=False):
    """1.2 to 1.4, 3.4 and 4.1"""
    kind, seen, body = message
    need(core.cls in TYPES[kind][0], BAD_TYPE, "class")
    need((core.incident is None) == (kind in OPENS), BAD_TYPE, "incident")
    need((core.answers is not None) == (kind in ANSWERS),
         BAD_TYPE, "answers")
    need(core.answers is None or core.answers in seen, BAD_TYPE, "seen")
    need(kind not in OPENS or not seen, BAD_TYPE, "seen of a raise")
    if core.cls == CALL and core.precedence >= 3:
        need(words(body[TEXT_AT[kind]]) <= WORDS_MAX, BAD_FIELD, "words")
    if kind == RAISE_T:
        for name, status in (("sys.test", TEST), ("sys.exercise", EXERCISE)):
            need(body[0] != name or core.status == status, BAD_TYPE, name)
    if kind in (DRILL, DRILL_ANSWER):
        need(core.status == (TEST if by_node else EXERCISE), BAD_TYPE,
             "status of a drill")


def check_sender(message, member):
    """1.2, 3.5 and 4.2; no member: a node"""
    if member is None:
        need(message[0] in (DRILL, DRILL_ANSWER), NOT_PERMITTED, "node")
        return
    need(member.may(TYPES[message[0]][1]), NOT_PERMITTED, "type")
    if message[0] == RAISE_T:
        need(member.caps.allows_kind(message[2][0]), NOT_PERMITTED, "kind")


def check_all(message, core, member):
    """envelope 4.3"""
    check_form(message)
    check_against_core(message, core, member is None)
    check_sender(message, member)
