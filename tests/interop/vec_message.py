"""message.json: every type, and each field at fault."""

from hotline_py.encoding import encode
from hotline_py.hashes import sha256
from hotline_py.message import KINDS, TYPES, encode_message
from world import raise_body

ID = [bytes([n]) * 32 for n in range(1, 9)]
CAPABILITY = ["RSP", "3.1", "ASL-4", 2]
FIELDS = {"domain": "cyber", "benchmark": "b", "metric": "m",
          "threshold": "0.5", "value": "0.62"}


class CoreLike:
    """What message 1.2 to 1.4 looks at in a core."""

    def __init__(self, cls, status, precedence, incident, answers):
        self.cls, self.status, self.precedence = cls, status, precedence
        self.incident, self.answers = incident, answers


def evidence(data=b"log line\n", size=None, digest=None, name="agent.log",
             media="text/plain"):
    return [name, media, len(data) if size is None else size,
            digest or sha256(data or b""), data]


def good_bodies():
    """(name, type, class, body)"""
    full = raise_body(
        kind="cap.threshold", capability=CAPABILITY,
        fields=(("domain", "cyber"), ("note", "line\nline\ttab")),
        evidence=(evidence(), ["big.tar", "", 10 ** 9, ID[0], None]),
        ask=("acknowledge", "verify"), determined_at=5, aware_at=None)
    out = [("raise", 1, 1, raise_body()), ("raise, all set", 1, 1, full),
           ("raise, text empty", 1, 1, raise_body(text="")),
           ("raise, unknown kind", 1, 1, raise_body(kind="novel.kind",
                                                    fields=())),
           ("ack accepted", 2, 2, [1, "", None]),
           ("ack acting", 2, 2, [2, "on it", None]),
           ("ack declined", 2, 2, [3, "not ours", None]),
           ("ack redirected", 2, 2, [4, "", "gamma"]),
           ("ack accepted, redirect set", 2, 2, [1, "", "x"]),
           ("say", 3, 4, ["hello\nthere", []]),
           ("say as a call", 3, 1, ["call me", [evidence()]]),
           ("update of severity", 4, 4, [4, None, None, "", [], []]),
           ("update of severity 0", 4, 4, [0, None, None, "", [], []]),
           ("update of title", 4, 4, [None, None, "t", "", [], []]),
           ("update of text", 4, 1, [None, None, None, "more", [], []]),
           ("update of fields", 4, 4,
            [None, None, None, "", [["a", "b"]], []]),
           ("update of evidence", 4, 4,
            [None, None, None, "", [], [evidence()]]),
           ("resolve", 5, 3, [""]), ("cancel", 6, 3, ["false alarm"]),
           ("reopen", 7, 1, ["again"]), ("cannot-open", 8, 4, [18]),
           ("resend", 11, 4, [bytes(range(32))]),
           ("drill", 9, 1, ["Do you read us?"]), ("drill of nothing", 9, 1,
                                                 [""]),
           ("drill-answer", 10, 2, [""]),
           ("drill-answer with a text", 10, 2, ["loud and clear"])]
    return out


def core_for(kind, cls, status=None, precedence=2):
    if status is None:
        status = 2 if kind in (9, 10) else 1
    return CoreLike(cls, status, precedence,
                    None if kind in (1, 9) else ID[0],
                    ID[1] if kind in (2, 8, 10, 11) else None)


def seen_for(kind):
    return [] if kind in (1, 9) else [ID[1], ID[2]]


def raise_faults():
    """Changes of a good raise's body: (name, index, value, code)"""
    r = 0
    out = []
    for name, at, low, high in (
            ("severity", 1, 0, 4), ("urgency", 2, 0, 4),
            ("certainty", 3, 0, 4), ("handling", 4, 1, 5),
            ("context", 5, 0, 4)):
        out.append((name + " highest", at, high, 0))
        out.append((name + " above", at, high + 1, 3))
        out.append((name + " nil", at, None, 2))
        if low:
            out.append((name + " 0", at, 0, 3))
        else:
            out.append((name + " 0", at, 0, 0))
    long = "w" * 32768
    out += [
        ("kind empty", r, "", 3), ("kind no label", r, "Contain.breach", 3),
        ("kind of 33", r, "k" * 33, 3), ("kind a number", r, 5, 2),
        ("ask of 9", 6, ["a%d" % n for n in range(9)], 3),
        ("ask of 8", 6, ["a%d" % n for n in range(8)], 0),
        ("ask not sorted", 6, ["b", "a"], 3),
        ("ask twice", 6, ["a", "a"], 3), ("ask no label", 6, ["a b"], 3),
        ("ask unknown", 6, ["make-tea"], 0), ("ask nil", 6, None, 2),
        ("title empty", 7, "", 3), ("title of 120", 7, "t" * 120, 0),
        ("title of 121", 7, "t" * 121, 3),
        ("title of 60 letters of two bytes", 7, "\u00e9" * 60, 0),
        ("title of 61 letters of two bytes", 7, "\u00e9" * 61, 3),
        ("title with newline", 7, "a\nb", 2),
        ("title with tab", 7, "a\tb", 2),
        ("text of 32768", 8, long, 0), ("text of 32769", 8, long + "w", 3),
        ("text with newline and tab", 8, "a\n\tb", 0),
        ("text nil", 8, None, 2), ("text a bin", 8, b"abc", 2),
        ("aware_at a str", 9, "now", 2), ("aware_at 0", 9, 0, 0),
        ("determined_at a bool", 10, True, 2),
        ("capability of three", 11, CAPABILITY[:3], 2),
        ("framework empty", 11, ["", "1", "l", 1], 3),
        ("framework version empty", 11, ["f", "", "l", 1], 0),
        ("framework version of 65", 11, ["f", "v" * 65, "l", 1], 3),
        ("level empty", 11, ["f", "1", "", 1], 3),
        ("level of 65", 11, ["f", "1", "l" * 65, 1], 3),
        ("determination 0", 11, ["f", "1", "l", 0], 3),
        ("determination 4", 11, ["f", "1", "l", 4], 0),
        ("determination 5", 11, ["f", "1", "l", 5], 3),
    ]
    out += field_faults(12, ["boundary", "b"])
    out += [f for f in evidence_faults(13) if "19660" not in f[0]]
    return out


def field_faults(at, base):
    def fields(*more):
        return sorted([base] + [list(f) for f in more])
    return [
        ("fields not sorted", at, [["z", "1"], base], 3),
        ("field twice", at, [base, base], 3),
        ("field key no label", at, [["A", "1"], base], 3),
        ("field value empty", at, fields(("c", "")), 3),
        ("field value of 1024", at, fields(("c", "v" * 1024)), 0),
        ("field value of 1025", at, fields(("c", "v" * 1025)), 3),
        ("field of three", at, [base + [1]], 2),
        ("32 fields", at, fields(*(("c%02d" % n, "v")
                                   for n in range(31))), 0),
        ("33 fields", at, fields(*(("c%02d" % n, "v")
                                   for n in range(32))), 3),
    ]


def evidence_faults(at):
    big = bytes(65536)
    three = [evidence(big, name="f%d" % n) for n in range(3)]
    return [
        ("evidence of 16", at, [evidence()] * 16, 0),
        ("evidence of 17", at, [evidence()] * 17, 3),
        ("evidence name empty", at, [evidence(name="")], 3),
        ("evidence name of 256", at, [evidence(name="n" * 256)], 3),
        ("evidence media type empty", at, [evidence(media="")], 0),
        ("evidence media type of 128", at, [evidence(media="m" * 128)], 3),
        ("evidence size wrong", at, [evidence(size=8)], 3),
        ("evidence hash wrong", at, [evidence(digest=ID[0])], 8),
        ("evidence hash short", at, [evidence(digest=bytes(31))], 2),
        ("evidence empty file", at, [evidence(b"")], 0),
        ("evidence 196608 bytes", at, three, 0),
        ("evidence 196609 bytes", at, three + [evidence(b"x")], 3),
        ("evidence without data, any size", at,
         [["n", "m", 2 ** 63, ID[0], None]], 0),
    ]


def other_faults():
    """(name, type, class, body, code)"""
    u = [None, None, None, "t", [], []]

    def upd(at, value):
        return u[:at] + [value] + u[at + 1:]

    out = [
        ("ack of 0", 2, 2, [0, "", None], 3),
        ("ack of 5", 2, 2, [5, "", None], 3),
        ("ack declined without text", 2, 2, [3, "", None], 3),
        ("ack redirected to nobody", 2, 2, [4, "x", None], 3),
        ("ack redirect empty", 2, 2, [4, "", ""], 3),
        ("ack redirect of 129", 2, 2, [4, "", "r" * 129], 3),
        ("ack redirect with newline", 2, 2, [4, "", "a\nb"], 2),
        ("ack text of 8192", 2, 2, [1, "t" * 8192, None], 0),
        ("ack text of 8193", 2, 2, [1, "t" * 8193, None], 3),
        ("ack of two", 2, 2, [1, ""], 2),
        ("say empty", 3, 4, ["", []], 3),
        ("say of 32769", 3, 4, ["t" * 32769, []], 3),
        ("say of one", 3, 4, ["t"], 2),
        ("update of nothing", 4, 4, upd(3, ""), 3),
        ("update severity 5", 4, 4, upd(0, 5), 3),
        ("update certainty 5", 4, 4, upd(1, 5), 3),
        ("update title empty", 4, 4, upd(2, ""), 3),
        ("update title of 121", 4, 4, upd(2, "t" * 121), 3),
        ("update text nil", 4, 4, upd(3, None), 2),
        ("update of five", 4, 4, u[:5], 2),
        ("resolve of 32769", 5, 3, ["t" * 32769], 3),
        ("cancel empty", 6, 3, [""], 3), ("reopen empty", 7, 1, [""], 3),
        ("resolve of two", 5, 3, ["", ""], 2),
        ("cannot-open of nothing", 8, 4, [], 2),
        ("cannot-open with a str", 8, 4, ["18"], 2),
        ("resend of nothing", 11, 4, [], 2),
        ("resend of two", 11, 4, [bytes(32), bytes(32)], 2),
        ("resend of a nil key", 11, 4, [None], 2),
        ("resend of a str", 11, 4, ["k" * 32], 2),
        ("resend of 31 bytes", 11, 4, [bytes(31)], 2),
        ("resend of 33 bytes", 11, 4, [bytes(33)], 2),
        ("resend of an empty key", 11, 4, [b""], 2),
        ("drill of 1024", 9, 1, ["t" * 1024], 0),
        ("drill of 1025", 9, 1, ["t" * 1025], 3),
        ("drill without a text", 9, 1, [], 2),
        ("drill of two", 9, 1, ["", ""], 2),
        ("drill text nil", 9, 1, [None], 2),
        ("drill-answer of 1024", 10, 2, ["t" * 1024], 0),
        ("drill-answer of 1025", 10, 2, ["t" * 1025], 3),
        ("drill-answer of an ack", 10, 2, [1, "", None], 2),
    ]
    out += [(n, 4, 4, upd(4, v), c)
            for n, _, v, c in field_faults(4, ["boundary", "b"])]
    out += [(n, 3, 4, ["t", v], c) for n, _, v, c in evidence_faults(1)]
    return out


def form_cases():
    """3.1: each kind complete, and with each thing that it needs missing."""
    out = []
    for kind, (capability, needs) in KINDS.items():
        fields = [(f, FIELDS.get(f, "x")) for f in needs]
        cap = CAPABILITY if capability else None
        out.append((kind, kind, cap, fields, 0))
        if capability:
            out.append((kind + " without capability", kind, None, fields,
                        24))
        for missing in needs:
            out.append(("%s without %s" % (kind, missing), kind, cap,
                        [f for f in fields if f[0] != missing], 24))
    return out


def core_cases():
    """1.2, 1.3, 1.4 and 3.4: (name, type, body, seen, core, code)"""
    out = []
    for name, kind, _, body in good_bodies():
        if name not in ("raise", "ack acting", "say", "update of text",
                        "resolve", "cancel", "reopen", "cannot-open", "drill",
                        "drill-answer", "resend"):
            continue
        for cls in (1, 2, 3, 4):
            out.append(("%s in class %d" % (name, cls), kind, body,
                        seen_for(kind), core_for(kind, cls),
                        0 if cls in TYPES[kind][0] else 23))
        cls = TYPES[kind][0][0]
        core = core_for(kind, cls)
        core.incident = ID[0] if kind in (1, 9) else None
        out.append((name + " with the wrong incident", kind, body,
                    seen_for(kind), core, 23))
        core = core_for(kind, cls)
        core.answers = None if kind in (2, 8, 10, 11) else ID[1]
        out.append((name + " with the wrong answers", kind, body,
                    seen_for(kind), core, 23))
    out.append(("raise that has seen", 1, raise_body(), [ID[0]],
                core_for(1, 1), 23))
    out.append(("ack that has not seen its call", 2, [1, "", None], [ID[2]],
                core_for(2, 2), 23))
    out.append(("cannot-open that has not seen its letter", 8, [18], [],
                core_for(8, 4), 23))
    out.append(("resend that has not seen its letter", 11, [bytes(32)],
                [ID[2]], core_for(11, 4), 23))
    out.append(("drill that has seen", 9, [""], [ID[0]], core_for(9, 1), 23))
    out.append(("drill-answer that has not seen its call", 10, [""], [ID[2]],
                core_for(10, 2), 23))
    for status in (1, 2, 3):
        for kind, cls in ((9, 1), (10, 2)):
            out.append(("type %d by a member with status %d" % (kind, status),
                        kind, [""], seen_for(kind),
                        core_for(kind, cls, status), 0 if status == 2 else 23))
    for status in (1, 2, 3):
        for kind, only in (("sys.test", 3), ("sys.exercise", 2),
                           ("near.miss", None)):
            out.append(("%s with status %d" % (kind, status), 1,
                        raise_body(kind=kind, fields=()), [],
                        core_for(1, 1, status),
                        0 if only in (status, None) else 23))
    return out + word_cases()


def word_cases():
    out = []
    most, over = "w " * 200, "w " * 201
    split = "\t\n w" * 200
    for precedence in (1, 2, 3, 4):
        short = precedence >= 3
        for name, text, code in (("200 words", most, 0),
                                 ("200 words, much between", split, 0),
                                 ("201 words", over, 3 if short else 0)):
            what = "%s, precedence %d" % (name, precedence)
            out.append(("raise of " + what, 1, raise_body(text=text), [],
                        core_for(1, 1, 1, precedence), code))
            out.append(("say as a call of " + what, 3, [text, []],
                        seen_for(3), core_for(3, 1, 1, precedence), code))
    out.append(("notice of 201 words, FLASH", 3, [over, []], seen_for(3),
                core_for(3, 4, 1, 4), 0))
    out.append(("update as a call of 201 words, FLASH", 4,
                [None, None, None, over, [], []], seen_for(4),
                core_for(4, 1, 1, 4), 3))
    out.append(("drill of 201 words, IMMEDIATE", 9, [over], [],
                core_for(9, 1, 2, 3), 3))
    out.append(("drill of 201 words, PRIORITY", 9, [over], [],
                core_for(9, 1, 2, 2), 0))
    out.append(("reopen of 201 words, IMMEDIATE", 7, [over], seen_for(7),
                core_for(7, 1, 1, 3), 3))
    out.append(("no-break space parts no words, FLASH", 1,
                raise_body(text="w\u00a0" * 201), [],
                core_for(1, 1, 1, 4), 0))
    return out




def sender_cases():
    """1.2 and 3.5: (name, type, class, body, bits, kinds, code)"""
    out = []
    for name, kind, cls, body in good_bodies():
        if name not in ("raise", "ack acting", "say", "update of text",
                        "resolve", "cancel", "reopen", "cannot-open", "drill",
                        "drill-answer", "resend"):
            continue
        for bit in (1, 2, 4, 8, 16, 32, 64, 128):
            out.append(("%s with capability %d" % (name, bit), kind, cls,
                        body, bit, [],
                        0 if bit & TYPES[kind][1] else 11))
    for kinds, code in ((["contain.breach"], 0), (["contain."], 0),
                        (["contain"], 11), (["contain.b"], 11),
                        (["data.", "contain."], 0), (["data.poison"], 11),
                        (["contain.breach.x"], 11), (["c."], 11)):
        out.append(("raise with kinds " + " ".join(sorted(kinds)), 1, 1,
                    raise_body(), 2, kinds, code))
    out.append(("reopen with kinds", 7, 1, ["again"], 2, ["data."], 0))
    return out


def node_cases():
    """4.1 and 4.2: what a node sends: (name, type, class, body, status, code)
    """
    out = [("%s by a node" % n, k, cls, b, 3, 0 if k in (9, 10) else 11)
           for n, k, cls, b in good_bodies()]
    for status in (1, 2):
        for kind, cls in ((9, 1), (10, 2)):
            out.append(("type %d by a node with status %d" % (kind, status),
                        kind, cls, [""], status, 23))
    return out


def frame_faults():
    """The frame of a message: (name, bytes, code)"""
    body = ["t", []]
    return [
        ("three items more", encode([3, [], body, None]), 2),
        ("type nil", encode([None, [], body]), 2),
        ("type 0", encode([0, [], body]), 23),
        ("type 12", encode([12, [], [bytes(32)]]), 23),
        ("type 63", encode([63, [ID[0]], [1, 2, 3]]), 23),
        ("type 64", encode([64, [], []]), 23),
        ("seen not sorted", encode([3, [ID[1], ID[0]], body]), 3),
        ("seen twice", encode([3, [ID[0], ID[0]], body]), 3),
        ("seen of 31 bytes", encode([3, [bytes(31)], body]), 2),
        ("seen of 64", encode([3, [bytes([n]) * 32 for n in range(64)],
                               body]), 0),
        ("seen of 65", encode([3, [bytes([n]) * 32 for n in range(65)],
                               body]), 3),
        ("body nil", encode([3, [], None]), 2),
        ("a byte after", encode([3, [], body]) + b"\0", 2),
        ("empty", b"", 2),
    ]


def core_json(core):
    return {"class": core.cls, "status": core.status,
            "precedence": core.precedence, "incident": core.incident,
            "answers": core.answers}


def make_message():
    decoded = [(n, encode_message(k, seen_for(k), b), 0)
               for n, k, _, b in good_bodies()]
    for name, at, value, code in raise_faults():
        body = raise_body()
        body[at] = value
        decoded.append(("raise: " + name, encode_message(1, [], body), code))
    decoded.append(("raise: 13 items", encode_message(
        1, [], raise_body()[:-1]), 2))
    for name, kind, _, body, code in other_faults():
        what = "%s: %s" % ({3: "say", 4: "update"}.get(kind, "type %d"
                                                       % kind), name)
        decoded.append((what, encode_message(kind, seen_for(kind), body),
                        code))
    decoded += frame_faults()
    forms = [{"name": n, "message": encode_message(1, [], raise_body(
        kind=k, capability=c, fields=f)), "code": code}
        for n, k, c, f, code in form_cases()]
    cores = [{"name": n, "message": encode_message(k, seen, b),
              "core": core_json(core), "code": code}
             for n, k, b, seen, core, code in core_cases()]
    senders = [{"name": n, "message": encode_message(k, seen_for(k), b),
                "core": core_json(core_for(k, cls)), "bits": bits,
                "kinds": sorted(kinds), "code": code}
               for n, k, cls, b, bits, kinds, code in sender_cases()]
    nodes = [{"name": n, "message": encode_message(k, seen_for(k), b),
              "core": core_json(core_for(k, cls, status)), "code": code}
             for n, k, cls, b, status, code in node_cases()]
    return {"page": "message",
            "decode": [{"name": n, "message": m, "code": c,
                        "or": None if m else 1}
                       for n, m, c in decoded],
            "forms": forms, "cores": cores, "senders": senders,
            "nodes": nodes}


