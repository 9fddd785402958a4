"""How each file of vectors is checked: by the reader's side alone.

Each function takes the file's JSON and yields (name, good).
"""

from hotline_py import (channel, encoding, envelope, file, frames,
                        hashes, identity, incident, message, noise, records)
from hotline_py.errors import HlError
from hotline_py.hashes import BoxKey, SignKey
from world import code_of


class FixedNet(hashes.Net):
    """A network of which the id is known, not the name."""

    def __init__(self, net_id):
        self.name, self.id = None, net_id


def h(text):
    return None if text is None else bytes.fromhex(text)


def net_of(v):
    return FixedNet(h(v["net_id"]))


def check_encoding(v):
    for c in v.get("values", []):
        raw = h(c["hex"])
        yield c["name"], code_of(encoding.decode, raw) == c["code"]
    for c in v.get("lines", []):
        yield "line " + c["hex"], code_of(
            lambda: encoding.line(encoding.decode(h(c["hex"])), 1, 64)) \
            == c["code"]
    for c in v.get("labels", []):
        yield "label " + c["hex"], code_of(
            lambda: encoding.label(encoding.decode(h(c["hex"])))) \
            == c["code"]


def check_hashes(v):
    net = net_of(v)
    for c in v.get("networks", []):
        yield "network", hashes.Net(c["name"]).id == h(c["net_id"])
    for c in v.get("tagged", []):
        yield "hash", net.hash(c["tag"], h(c["message"])) == h(c["hash"])
    for c in v.get("key_ids", []):
        yield "key id", net.key_id(c["role"], h(c["key"])) == h(c["id"])
    for c in v.get("fingerprints", []):
        yield "fingerprint", net.fingerprint(h(c["id"])) == c["digits"]
    for c in v.get("signatures", []):
        key = SignKey(h(c["seed"]))
        yield "signature", (key.public == h(c["public"]) and net.sign(
            key, c["tag"], h(c["message"])) == h(c["signature"]))
    for c in v.get("verify", []):
        yield "verify: " + c["name"], net.good_signature(
            h(c["public"]), c["tag"], h(c["message"]),
            h(c["signature"])) == c["valid"]
    for c in v.get("points", []):
        yield "point: " + c["name"], (code_of(
            hashes.check_point, h(c["public"])) == 0) == c["valid"]
    yield from _check_kems(v)


def _check_kems(v):
    for c in v.get("hkdf", []):
        yield "hkdf", hashes.hkdf_expand(hashes.hkdf_extract(
            h(c["salt"]), h(c["ikm"])), h(c["info"]), c["length"]) \
            == h(c["out"])
    for c in v.get("x25519", []):
        yield "x25519 " + c["name"], code_of(
            hashes.x25519, h(c["secret"]), h(c["public"])) == c["code"]
    for c in v.get("hpke", []):
        enc, ct = hashes.hpke_seal(h(c["public"]), h(c["ikm_e"]),
                                   h(c["info"]), h(c["plaintext"]))
        yield "hpke seal", (enc, ct) == (h(c["enc"]), h(c["ct"]))
        yield "hpke open", hashes.hpke_open(
            BoxKey(h(c["secret"])), enc, h(c["info"]), ct) \
            == h(c["plaintext"])


def check_card(v):
    net = net_of(v)
    for c in v.get("chains", []):
        last = identity.verify_chain(net, [h(x["data"]) for x in c["cards"]])
        x = c["cards"][-1]
        yield c["name"], (
            last.hash == h(x["hash"]) and last.version == x["version"]
            and last.lab_id == h(c["lab_id"])
            and net.fingerprint(last.lab_id) == c["fingerprint"])
    if "built" in v:
        yield from check_built(net, v["built"])
    for c in v.get("steps", []):
        labs = identity.Labs(net)
        for held in c["held"]:
            labs.take(h(held))
        yield c["name"], code_of(labs.take, h(c["card"])) in (
            c["code"], c.get("or"))


def check_built(net, b):
    """The card of card.json's "built", made from its inputs."""
    lab_id, root = h(b["lab_id"]), SignKey(h(b["root_seed"]))
    n, m = b["node"], b["member"]
    node = [BoxKey(h(n["link_secret"])), SignKey(h(n["sign_seed"]))]
    pop = identity.pop_message(lab_id, 3, node[1].public, node[0].public)
    member = identity.member_item(
        net, lab_id, m["person"], m["device"], m["role"],
        [m["bits"], m["precedence"], [], [], m["rate"]],
        SignKey(h(m["sign_seed"])), BoxKey(h(m["link_secret"])))
    body = identity.card_body(
        lab_id, b["version"], None, b["issued"], b["not_after"], b["name"],
        b["threshold"], [identity.root_item(net, lab_id, root)],
        [[node[0].public, node[1].public, h(n["seal_public"]),
          [n["address"]], n["version_min"], n["version_max"],
          net.sign(node[1], "pop", pop)]],
        [member], (b["flash_signers"], b["admin_signers"]), [b["contact"]])
    yield "built: body", body == h(b["body"])
    yield "built: card", identity.sign_card(net, body, [root]) \
        == h(b["data"])


def take_directory(net, card, before, data):
    directory = identity.Directory(net, data)
    identity.verify_directory(directory, card, before)
    return directory


def check_directory(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    before = None
    for c in v.get("chain", []):
        before = take_directory(net, card, before, h(c["data"]))
        yield "chain", before.hash == h(c["hash"])
    for c in v.get("steps", []):
        before = None
        for held in c["held"]:
            before = take_directory(net, card, before, h(held))
        yield c["name"], code_of(take_directory, net, card, before,
                                 h(c["directory"])) == c["code"]


def check_suspension(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    for c in v.get("cases", []):
        held = [h(x) for x in c["suspended"]]
        yield c["name"], code_of(
            lambda: identity.verify_suspension(identity.Suspension(
                net, h(c["suspension"])), card, held)) == c["code"]


def check_seals(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    for c in v.get("cases", []):
        held = c["held"] and identity.Seals(net, h(c["held"]))
        yield c["name"], code_of(
            lambda: identity.verify_seals(identity.Seals(
                net, h(c["seals"])), card, held)) == c["code"]
    for c in v.get("choices", []):
        seals = identity.Seals(net, h(c["seals"]))
        for x in c["choose"]:
            yield "choice", seals.choose(x["now"]) == (
                x["epoch"], h(x["key"]), x["stale"])
    if "digest" in v:
        yield "digest", identity.seal_set_digest(net, [
            identity.Seals(net, h(x)) for x in v["digest"]["seals"]]) \
            == h(v["digest"]["digest"])


def check_file(v):
    net = hashes.Net(v["network"])
    yield "network", net.id == h(v["net_id"])
    yield "items", file.read(net, h(v["data"])) == [
        (i["sort"], h(i["data"])) for i in v["items"]]
    yield "armour", file.armour(h(v["data"])) == v["text"]
    for c in v.get("good", []):
        yield c["name"], file.dearmour(c["text"]) == h(v["data"])
    for c in v.get("bad", []):
        yield c["name"], code_of(
            lambda: file.read(net, file.dearmour(c["text"]))) == c["code"]
    for c in v.get("requests", []):
        yield c["name"], code_of(
            file.read_request, net, h(c["data"])) == c["code"]


class CoreLike:
    """A core as message.json gives it."""

    def __init__(self, c):
        self.cls, self.status = c["class"], c["status"]
        self.precedence = c["precedence"]
        self.incident, self.answers = h(c["incident"]), h(c["answers"])


class MemberLike:
    """A sender of which only the capability matters."""

    def __init__(self, bits, kinds):
        self.caps = identity.Caps([bits, 4, kinds, [], 0])

    def may(self, bits):
        return bool(self.caps.bits & bits)


def check_message(v):
    def core(c):
        message.check_against_core(message.decode_message(
            h(c["message"])), CoreLike(c["core"]))

    def sender(c):
        core(c)
        message.check_sender(message.decode_message(h(c["message"])),
                             MemberLike(c["bits"], c["kinds"]))

    def by_node(c):
        read = message.decode_message(h(c["message"]))
        message.check_against_core(read, CoreLike(c["core"]), True)
        message.check_sender(read, None)

    def form(c):
        message.check_form(message.decode_message(h(c["message"])))

    for c in v.get("decode", []):
        yield c["name"], code_of(message.decode_message, h(c["message"])) \
            == c["code"]
    for part, check in (("forms", form), ("cores", core),
                        ("senders", sender), ("nodes", by_node)):
        for c in v[part]:
            yield c["name"], code_of(check, c) == c["code"]


def reseal(net, c):
    """A letter made again from its inputs alone."""
    return envelope.Sealed(
        net, sender=SignKey(h(c["sender_seed"])), lab_id=h(c["lab_id"]),
        version=c["card_version"], incident=h(c["incident"]),
        answers=h(c["answers"]), cls=c["class"], status=c["status"],
        precedence=c["precedence"], created=c["created"],
        lifetime=c["lifetime"], answer_within=c["answer_within"],
        entries=[(h(e["lab_id"]), h(e["key_id"]), e["epoch"], h(e["key"]))
                 for e in c["entries"]],
        message=h(c["message"]), ck=h(c["ck"]), salt=h(c["salt"]),
        signers=[SignKey(h(x)) for x in c["signer_seeds"]])


def open_as(net, card, wire, lab_id, device_id, secrets):
    env = envelope.Envelope(net, wire)
    return envelope.Opened(env, card, lab_id, device_id, secrets)


def check_letter(net, c, labs):
    """One good letter: made again, taken in by nodes, opened by readers."""
    s = reseal(net, c)
    pairs = [("recipients", s.recipients), ("hr", s.hr), ("core", s.core),
             ("ch", s.ch), ("kcom", s.kcom), ("kenc", s.kenc),
             ("plaintext", s.padded), ("ct", s.ct), ("ct_hash", s.hct),
             ("signed", s.signed), ("id", s.id), ("wire", s.wire)]
    for step, made in pairs:
        if step in c:
            yield "%s: %s" % (c["name"], step), h(c[step]) == made
    if "slips" in c:
        yield c["name"] + ": slips", [
            (h(x["slip"]), h(x["hash"])) for x in c["slips"]] \
            == list(zip(s.slips, s.slip_hashes))
    if "sigs" in c:
        yield c["name"] + ": signatures", [
            [h(x["key_id"]), h(x["signature"])] for x in c["sigs"]] == s.sigs
    card = identity.verify_chain(net, [
        h(x) for x in labs[c["lab_id"]]["cards"]])
    rose = c["precedence"] if c["class"] in (1, 3) else None
    for w in c["wires"]:
        env = envelope.Envelope(net, h(w["wire"]))
        yield c["name"] + ": node", code_of(
            envelope.node_check, env, card, h(w["lab_id"]),
            raise_precedence=rose) == 0
        yield from _readers(net, c, card, h(w["wire"]), labs[w["lab_id"]])


def _readers(net, c, card, wire, lab):
    entries = {e["key_id"]: e for e in c["entries"]}
    for d in lab["devices"]:
        entry = entries.get(d["key_id"])
        zero = entry is not None and entry["key"] == "00" * 32
        due = 16 if entry is None else 18 if zero else 0
        secrets = [(d["epoch"], BoxKey(h(d["seal_secret"])))]
        arguments = (net, card, wire, h(lab["lab_id"]), h(d["key_id"]),
                     secrets)
        yield c["name"] + ": reader", code_of(open_as, *arguments) == due
        if due == 0:
            opened = open_as(*arguments)
            yield c["name"] + ": text", (
                opened.text == h(c["message"]) and not opened.bad_slips
                and opened.ck == h(c["ck"]))


def check_node_case(net, c):
    card = identity.Card(net, h(c["card"]))
    env = envelope.Envelope(net, h(c["envelope"]))
    envelope.node_check(
        env, card, h(c["own_lab"]), held=c["held"],
        suspended=[h(x) for x in c["suspended"]],
        known=[h(x) for x in c["known"]],
        raise_precedence=c["raise_precedence"], own_sender=c["own_sender"])
    if env.id != h(c["id"]):
        raise AssertionError("id")


def check_device_case(net, c):
    card = identity.Card(net, h(c["card"]))
    opened = open_as(net, card, h(c["envelope"]), h(c["lab_id"]),
                     h(c["key_id"]), [(x["epoch"], BoxKey(h(x["secret"])))
                                      for x in c["secrets"]])
    if (opened.text != h(c["message"])
            or opened.bad_slips != [h(x) for x in c["bad_slips"]]):
        raise AssertionError("text or slips")


def check_resend_case(net, c):
    arguments = h(c["lab_id"]), h(c["key_id"]), [
        (x["epoch"], BoxKey(h(x["secret"]))) for x in c["secrets"]]
    resend = envelope.Envelope(net, h(c["resend"]))
    resent = envelope.Opened(
        resend, identity.Card(net, h(c["resend_card"])), *arguments)
    env = envelope.Envelope(net, h(c["envelope"]))
    opened = envelope.open_resent(
        env, identity.Card(net, h(c["card"])), arguments[0], resend, resent)
    if (opened.text != h(c["message"])
            or opened.bad_slips != [h(x) for x in c["bad_slips"]]):
        raise AssertionError("text or slips")


def check_envelope(v):
    net = net_of(v)
    labs = {x["lab_id"]: x for x in v["labs"]}
    for c in v.get("letters", []):
        yield from check_letter(net, c, labs)
    for c in v.get("node", []):
        yield "node: " + c["name"], code_of(check_node_case, net, c) in (
            c["code"], c["or"])
    for c in v.get("device", []):
        yield "device: " + c["name"], code_of(
            check_device_case, net, c) == c["code"]
    for c in v.get("resend", []):
        yield "resend: " + c["name"], code_of(
            check_resend_case, net, c) == c["code"]


def _statement_of(net, raw, cards):
    st = channel.Statement(raw)
    card = next((c for c in cards if c.lab_id == st.frm), None)
    channel.verify_statement(net, st, card)
    return st


def check_channel(v):
    net = net_of(v)
    frm, to = h(v["from"]), h(v["to"])
    cards = [identity.Card(net, h(v[k])) for k in ("from_card", "to_card")]
    link = channel.link_zero(net, frm, to, v["epoch"])
    yield "link_0", link == h(v["link_0"])
    for e in v.get("entries", []):
        raw = channel.entry(e["number"], e["sort"], h(e["id"]), e["time"])
        link = channel.link_next(net, link, raw)
        yield "entry", (raw, link) == (h(e["entry"]), h(e["link"]))
    yield from _check_statements(v, net, cards)
    o = v["offer"]
    yield "offer", channel.offer(
        net, SignKey(h(v["to_node_seed"])), h(o["by"]), frm, h(o["to"]),
        [v["epoch"], o["k"], link], o["time"]) == h(o["offer"])
    for c in v.get("offers", []):
        yield "offer: " + c["name"], code_of(
            lambda raw: channel.verify_offer(net, channel.Offer(raw), cards[1]),
            h(c["offer"])) == c["code"]
    for c in v.get("segments", []):
        yield "segment: " + c["name"], code_of(
            channel.Segment, net, h(c["segment"])) == c["code"]
    for c in v.get("proofs", []):
        try:
            s = channel.Segment(net, h(c["segment"]))
            got = (s.entered(h(c["id"]), cards[0]),
                   s.delivered(h(c["id"]), *cards))
        except HlError:
            got = (False, None)
        yield "proof: " + c["name"], got == (c["entered"], c["since"])


def _check_statements(v, net, cards):
    frm, to = h(v["from"]), h(v["to"])
    links = [h(v["link_0"])] + [h(e["link"]) for e in v["entries"]]
    hd, r = v["head"], v["receipt"]
    yield "head", channel.statement(
        net, SignKey(h(v["from_node_seed"])), frm, to,
        [v["epoch"], hd["k"], links[hd["k"]]], None, hd["time"]) \
        == h(hd["statement"])
    yield "receipt", channel.statement(
        net, SignKey(h(v["to_node_seed"])), to, frm, None,
        [v["epoch"], r["h"], links[r["h"]], r["n"], r["ranges"],
         r["refused"], r["since"]], r["time"]) == h(r["statement"])
    st = _statement_of(net, h(r["statement"]), cards)
    yield "shows", [st.receipt.shows_held(n + 1)
                    for n in range(len(r["shows"]))] == r["shows"]
    yield "whole segment", channel.segment(
        frm, to, v["epoch"], 1, links[0],
        [h(e["entry"]) for e in v["entries"]], h(hd["statement"]),
        h(r["statement"])) == h(v["segment"])
    for c in v.get("statements", []):
        yield "statement: " + c["name"], code_of(
            _statement_of, net, h(c["statement"]), cards) == c["code"]


def letter_of(x):
    return incident.Letter(
        id=h(x["id"]), lab=h(x["lab_id"]), person=x["person"],
        cls=x["class"], status=x["status"], precedence=x["precedence"],
        created=x["created"], answers=h(x["answers"]),
        labs=[h(n) for n in x["labs"]], type=x["type"],
        seen=[h(n) for n in x["seen"]],
        body=encoding.decode(h(x["body"])), short=x["short"])


def check_incident(v):
    for c in v.get("cases", []):
        letters = [letter_of(x) for x in c["letters"]]
        id_ = h(c["incident"])
        orders = [letters, letters[::-1], sorted(
            letters, key=lambda x: x.id[::-1])]
        yield c["name"], all(incident.fold(id_, o) == h(c["state"])
                             for o in orders)


def shake(net, c, message=None):
    """Both sides of a handshake; message may replace one of the three."""
    start = noise.prologue(net, c["purpose"], h(c["responder_lab"]))
    psk, lost = h(c["psk"]), message or (0, None)
    static = BoxKey(h(c["responder_static"]))
    i = noise.Initiator(start, static.public,
                        BoxKey(h(c["initiator_static"])),
                        BoxKey(h(c["initiator_ephemeral"])), psk)
    r = noise.Responder(start, static, BoxKey(h(c["responder_ephemeral"])),
                        psk)

    def sent(number, made):
        return lost[1] if number == lost[0] else made

    out = [i.write1()]
    r.read1(sent(1, out[0]))
    out.append(r.write2())
    i.read2(sent(2, out[1]))
    out.append(i.write3())
    known = r.read3(sent(3, out[2]))
    return i, r, out, known


def check_handshake(v):
    net = net_of(v)
    for c in v.get("handshakes", []):
        i, r, out, known = shake(net, c)
        keys = h(c["initiator_key"]), h(c["responder_key"])
        yield c["name"], (
            out == [h(c["message%d" % n]) for n in (1, 2, 3)]
            and i.hash() == r.hash() == h(c["handshake_hash"])
            and (i.send_key, i.receive_key) == keys
            and (r.receive_key, r.send_key) == keys
            and known == h(c["initiator_public"]))
        pairs = [(c["initiator_static"], c["responder_public"]),
                 (c["responder_static"], c["initiator_public"])]
        yield c["name"] + ": knock", all(noise.knock(
            BoxKey(h(own)), h(other), out[0]) == h(c["knock"])
            for own, other in pairs)
    c = v["handshakes"][1 if len(v["handshakes"]) > 1 else 0]
    for f in v.get("faults", []):
        yield "message %d: %s" % (f["number"], f["name"]), code_of(
            shake, net, c, (f["number"], h(f["message"]))) == 29
    for key in ("psk", "responder_lab", "purpose"):
        yield "the sides differ in " + key, code_of(
            _differ, net, c, key) == 29
    yield from _check_records(v, c)
    for f in v.get("frames", []):
        kinds = frames.NODE_FRAMES if f["purpose"] == 1 \
            else frames.DEVICE_FRAMES
        yield "frame: " + f["name"], (code_of(
            frames.decode_frame, h(f["frame"]), kinds) == 0) == f["good"]


def _differ(net, c, key):
    """A handshake of two sides that do not agree on one input."""
    other = dict(c)
    other[key] = 2 if key == "purpose" else "11" * 32
    out = shake(net, other)[2]
    shake(net, c, (3 if key == "psk" else 1, out[2 if key == "psk" else 0]))


def _check_records(v, c):
    at = {(r["from"], r["nonce"]): r for r in v["records"]}
    for side in ("initiator", "responder"):
        seal = records.Cipher(h(c[side + "_key"]))
        last = max((n for s, n in at if s == side), default=-1)
        for nonce in range(last + 1):
            r = at.get((side, nonce))
            if r is None:
                seal.seal(bytes(4080))
                continue
            plain = records.fill([h(r["chunk"])])
            opened = records.Cipher(seal.key)
            opened.n = nonce
            good = seal.key == h(r["key"]) and opened.open(
                h(r["record"])) == plain
            yield "record %d" % nonce, good and seal.seal(plain) == h(
                r["record"])
    packer = records.Packer()
    for step in v.get("packing", []):
        if "put" in step:
            packer.put(step["put"]["lane"], h(step["put"]["frame"]))
        else:
            yield "packing", packer.record() == h(step["record"])
    yield "packing: all sent", not packer.waiting()
    yield from _check_stream(v, c)
    for u in v.get("unpacking", []):
        yield "unpacking: " + u["name"], _unpack(u) == (
            [(f["lane"], h(f["frame"])) for f in u["frames"]]
            if u["good"] else None)


def _check_stream(v, c):
    """Records in a row, as another implementation cut its frames."""
    for s in v.get("streams", []):
        cipher = records.Cipher(h(c[s["from"] + "_key"]))
        unpacker, got = records.Unpacker(), []
        for record in s["records"]:
            got += unpacker.take(cipher.open(h(record)))
        yield "stream", got == [(f["lane"], h(f["frame"]))
                                for f in s["frames"]]


def _unpack(u):
    unpacker, got = records.Unpacker(), []
    try:
        for plain in u["plaintexts"]:
            got += unpacker.take(h(plain))
    except HlError:
        return None
    return got


CHECKS = {"encoding": check_encoding, "hashes": check_hashes,
          "card": check_card, "directory": check_directory,
          "suspension": check_suspension, "seals": check_seals,
          "file": check_file, "message": check_message,
          "envelope": check_envelope,
          "channel": check_channel, "incident": check_incident,
          "handshake": check_handshake}
