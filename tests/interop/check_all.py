"""How each file of vectors is checked: by the reader's side alone.

Each function takes the file's JSON and yields (name, good).
"""

from hotline_py import encoding, file, hashes, identity, message
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
    for c in v["values"]:
        raw = h(c["hex"])
        yield c["name"], code_of(encoding.decode, raw) == c["code"]
    for c in v["lines"]:
        yield "line " + c["hex"], code_of(
            lambda: encoding.line(encoding.decode(h(c["hex"])), 1, 64)) \
            == c["code"]
    for c in v["labels"]:
        yield "label " + c["hex"], code_of(
            lambda: encoding.label(encoding.decode(h(c["hex"])))) \
            == c["code"]


def check_hashes(v):
    net = net_of(v)
    for c in v["networks"]:
        yield "network", hashes.Net(c["name"]).id == h(c["net_id"])
    for c in v["tagged"]:
        yield "hash", net.hash(c["tag"], h(c["message"])) == h(c["hash"])
    for c in v["key_ids"]:
        yield "key id", net.key_id(c["role"], h(c["key"])) == h(c["id"])
    for c in v["fingerprints"]:
        yield "fingerprint", net.fingerprint(h(c["id"])) == c["digits"]
    for c in v["signatures"]:
        key = SignKey(h(c["seed"]))
        yield "signature", (key.public == h(c["public"]) and net.sign(
            key, c["tag"], h(c["message"])) == h(c["signature"]))
    for c in v["verify"]:
        yield "verify: " + c["name"], net.good_signature(
            h(c["public"]), c["tag"], h(c["message"]),
            h(c["signature"])) == c["valid"]
    for c in v["points"]:
        yield "point: " + c["name"], (code_of(
            hashes.check_point, h(c["public"])) == 0) == c["valid"]
    yield from _check_kems(v)


def _check_kems(v):
    for c in v["hkdf"]:
        yield "hkdf", hashes.hkdf_expand(hashes.hkdf_extract(
            h(c["salt"]), h(c["ikm"])), h(c["info"]), c["length"]) \
            == h(c["out"])
    for c in v["x25519"]:
        yield "x25519 " + c["name"], code_of(
            hashes.x25519, h(c["secret"]), h(c["public"])) == c["code"]
    for c in v["hpke"]:
        enc, ct = hashes.hpke_seal(h(c["public"]), h(c["ikm_e"]),
                                   h(c["info"]), h(c["plaintext"]))
        yield "hpke seal", (enc, ct) == (h(c["enc"]), h(c["ct"]))
        yield "hpke open", hashes.hpke_open(
            BoxKey(h(c["secret"])), enc, h(c["info"]), ct) \
            == h(c["plaintext"])


def check_card(v):
    net = net_of(v)
    for c in v["chains"]:
        last = identity.verify_chain(net, [h(x["data"]) for x in c["cards"]])
        x = c["cards"][-1]
        yield c["name"], (
            last.hash == h(x["hash"]) and last.version == x["version"]
            and last.lab_id == h(c["lab_id"])
            and net.fingerprint(last.lab_id) == c["fingerprint"])
    for c in v["steps"]:
        labs = identity.Labs(net)
        for held in c["held"]:
            labs.take(h(held))
        yield c["name"], code_of(labs.take, h(c["card"])) in (
            c["code"], c.get("or"))


def take_directory(net, card, before, data):
    directory = identity.Directory(net, data)
    identity.verify_directory(directory, card, before)
    return directory


def check_directory(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    before = None
    for c in v["chain"]:
        before = take_directory(net, card, before, h(c["data"]))
        yield "chain", before.hash == h(c["hash"])
    for c in v["steps"]:
        before = None
        for held in c["held"]:
            before = take_directory(net, card, before, h(held))
        yield c["name"], code_of(take_directory, net, card, before,
                                 h(c["directory"])) == c["code"]


def check_suspension(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    for c in v["cases"]:
        held = [h(x) for x in c["suspended"]]
        yield c["name"], code_of(
            lambda: identity.verify_suspension(identity.Suspension(
                net, h(c["suspension"])), card, held)) == c["code"]


def check_seals(v):
    net = net_of(v)
    card = identity.Card(net, h(v["card"]))
    for c in v["cases"]:
        held = c["held"] and identity.Seals(net, h(c["held"]))
        yield c["name"], code_of(
            lambda: identity.verify_seals(identity.Seals(
                net, h(c["seals"])), card, held)) == c["code"]
    for c in v["choices"]:
        seals = identity.Seals(net, h(c["seals"]))
        for x in c["choose"]:
            yield "choice", seals.choose(x["now"]) == (
                x["epoch"], h(x["key"]), x["stale"])
    yield "digest", identity.seal_set_digest(net, [
        identity.Seals(net, h(x)) for x in v["digest"]["seals"]]) \
        == h(v["digest"]["digest"])


def check_file(v):
    net = hashes.Net(v["network"])
    yield "network", net.id == h(v["net_id"])
    yield "items", file.read(net, h(v["data"])) == [
        (i["sort"], h(i["data"])) for i in v["items"]]
    yield "armour", file.armour(h(v["data"])) == v["text"]
    for c in v["good"]:
        yield c["name"], file.dearmour(c["text"]) == h(v["data"])
    for c in v["bad"]:
        yield c["name"], code_of(
            lambda: file.read(net, file.dearmour(c["text"]))) == c["code"]
    for c in v["requests"]:
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

    def form(c):
        message.check_form(message.decode_message(h(c["message"])))

    for c in v["decode"]:
        yield c["name"], code_of(message.decode_message, h(c["message"])) \
            == c["code"]
    for part, check in (("forms", form), ("cores", core),
                        ("senders", sender)):
        for c in v[part]:
            yield c["name"], code_of(check, c) == c["code"]


CHECKS = {"encoding": check_encoding, "hashes": check_hashes,
          "card": check_card, "directory": check_directory,
          "suspension": check_suspension, "seals": check_seals,
          "file": check_file, "message": check_message}
