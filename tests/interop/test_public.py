#!/usr/bin/python3
"""The second implementation against public vectors, and against changes.

What makes and judges the vectors of spec/vectors must itself be right, and
must see a fault.  usage: test_public.py.  The last line is "N passed, M
failed".
"""

import copy
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from hotline_py import encoding, hashes, identity, noise  # noqa: E402
from hotline_py.envelope import Envelope, keys_of, node_check  # noqa: E402
from hotline_py.errors import HlError  # noqa: E402
from hotline_py.hashes import BoxKey  # noqa: E402
import check_all  # noqa: E402
from check_all import h  # noqa: E402
from test_vectors import Count, committed  # noqa: E402
from world import Rng, code_of, seal, three_labs  # noqa: E402
from world import raise_message, test_net  # noqa: E402

PUBLIC = os.path.join(HERE, "..", "vectors")


def public(name):
    with open(os.path.join(PUBLIC, name), encoding="utf-8") as f:
        return json.load(f)


def cases(name):
    for group in public(name)["testGroups"]:
        for test in group["tests"]:
            yield group, test


def test_ed25519():
    from nacl import bindings
    from nacl.exceptions import BadSignatureError
    for group, t in cases("wycheproof-ed25519.json"):
        key = h(group["publicKey"]["pk"])
        try:
            signature = h(t["sig"])
            if len(signature) != 64:
                raise BadSignatureError
            bindings.crypto_sign_open(signature + h(t["msg"]), key)
            good = True
        except BadSignatureError:
            good = False
        yield "ed25519 %d" % t["tcId"], good == (t["result"] == "valid")


def test_x25519():
    for _, t in cases("wycheproof-x25519.json"):
        zero = t["shared"] == "00" * 32
        try:
            good = hashes.x25519(h(t["private"]), h(t["public"])) \
                == h(t["shared"]) and not zero
        except HlError as e:
            good = e.code == 17 and zero
        yield "x25519 %d" % t["tcId"], good


def test_hkdf():
    for _, t in cases("wycheproof-hkdf-sha256.json"):
        if t["result"] == "valid":
            yield "hkdf %d" % t["tcId"], hashes.hkdf_expand(
                hashes.hkdf_extract(h(t["salt"]), h(t["ikm"])),
                h(t["info"]), t["size"]) == h(t["okm"])


def test_noise():
    for v in public("noise.json")["vectors"]:
        if "XKpsk3" not in v["protocol_name"]:
            continue
        psk = h(v["init_psks"][0])
        i = noise.Initiator(
            h(v["init_prologue"]), h(v["init_remote_static"]),
            BoxKey(h(v["init_static"])), BoxKey(h(v["init_ephemeral"])), psk)
        m = [h(x["ciphertext"]) for x in v["messages"]]
        p = [h(x["payload"]) for x in v["messages"]]
        yield "noise message 1", i.write1(p[0]) == m[0]
        i.re = m[1][:32]
        i._token_e(i.re)
        i.state.mix_key(hashes.x25519(i.e.secret, i.re))
        yield "noise message 2", i.state.open(m[1][32:]) == p[1]
        yield "noise message 3", i.write3(p[2]) == m[2]
        yield "noise hash", i.hash() == h(v["handshake_hash"])
        for n, key in ((3, i.receive_key), (4, i.send_key)):
            yield "noise transport", hashes.aead_seal(
                key, noise.nonce_of(0), b"", p[n]) == m[n]


def test_hpke():
    for v in public("hpke.json")["vectors"]:
        if "Base" not in v["mode_name"]:
            continue
        found = {k.strip(): x for k, x in v.items() if isinstance(x, str)}
        first = v["encryptions"][0]
        enc, ct = hashes.hpke_seal(
            h(found["pkRm"]), h(found["ikmE"]), h(found["info"]),
            h(first["pt"]), h(first["aad"]))
        yield "hpke enc", enc == h(found["enc"])
        yield "hpke ct", ct == h(first["ct"])
        yield "hpke open", hashes.hpke_open(
            BoxKey(h(found["skRm"])), enc, h(found["info"]), ct,
            h(first["aad"])) == h(first["pt"])


def test_msgpack():
    """Of all the forms of one value the shortest alone is taken, and what
    1.1 does not allow in none."""
    allowed = ("nil", "bool", "binary", "string", "array", "number",
               "bignum")
    for rows in public("msgpack-test-suite.json").values():
        for row in rows:
            forms = [bytes.fromhex(x.replace("-", ""))
                     for x in row["msgpack"]]
            sort = next(k for k in row if k != "msgpack")
            value = bytes.fromhex(row[sort].replace("-", "")) \
                if sort == "binary" else row.get(sort)
            value = int(value) if sort == "bignum" else value
            try:
                due = encoding.encode(value) if sort in allowed else None
            except ValueError:
                due = None
            for form in forms:
                yield "msgpack " + form.hex(), (
                    code_of(encoding.decode, form) == 0) == (form == due)


def test_two_keys():
    """envelope 4.5: both keys open the ciphertext, one is committed."""
    v = public("two-key-ciphertext.json")
    ad, ct = h(v["ad"]), h(v["ct_tag"])
    for key in ("key1", "key2"):
        yield "two keys: " + key, hashes.aead_open(
            h(v[key]), h(v["nonce"]), ad, ct) is not None
    yield "two keys: commitments differ", keys_of(h(v["key1"]), ad)[0] \
        != keys_of(h(v["key2"]), ad)[0]


# One leaf in the good part of each file: changed, it must be found.
LEAVES = {
    "encoding": ("values", 10, "hex"), "hashes": ("tagged", 3, "hash"),
    "card": ("chains", 0, "cards", 2, "data"),
    "directory": ("chain", 2, "data"),
    "suspension": ("cases", 0, "suspension"), "seals": ("cases", 0, "seals"),
    "message": ("decode", 0, "message"),
    "envelope": ("letters", 2, "wire"), "channel": ("entries", 3, "link"),
    "incident": ("cases", 3, "state"),
    "handshake": ("handshakes", 0, "message3"), "file": ("data",),
}


def test_changes():
    for name, path in LEAVES.items():
        value = json.loads(committed(name + ".json"))
        changed = copy.deepcopy(value)
        place = changed
        for step in path[:-1]:
            place = place[step]
        text = place[path[-1]]
        place[path[-1]] = text[:-1] + "%x" % (int(text[-1], 16) ^ 1)
        try:
            found = not all(good for _, good in
                            check_all.CHECKS[name](changed))
        except (HlError, AssertionError):
            found = True
        yield "a change in %s is found" % name, found


def test_flips():
    """No bit of a letter, a card or sealing keys can be changed."""
    net = test_net()
    alpha, beta, _ = three_labs(net)
    mira = alpha.devices[0]
    wire = seal(net, alpha, mira, [alpha, beta], raise_message(),
                Rng("flips")).for_labs([beta.id])

    def letter(data):
        node_check(Envelope(net, data), alpha.card, beta.id)

    def seals(data):
        identity.verify_seals(identity.Seals(net, data), alpha.card)

    for name, data, check in (
            ("letter", wire, letter),
            ("card", beta.card.data, lambda d: identity.verify_first(
                identity.Card(net, d))),
            ("seals", mira.seals(alpha.id), seals)):
        yield name + " as it is", code_of(check, data) == 0
        taken = []
        for at in range(len(data)):
            changed = bytearray(data)
            changed[at] ^= 1 << at % 8
            if code_of(check, bytes(changed)) == 0:
                taken.append(at)
        yield "%s, one bit of each of %d bytes" % (name, len(data)), \
            not taken
        yield name + " cut", all(
            code_of(check, data[:n]) for n in range(len(data)))


def main():
    count = Count()
    for test in (test_ed25519, test_x25519, test_hkdf, test_noise, test_hpke,
                 test_msgpack, test_two_keys, test_changes, test_flips):
        count.run(test.__name__, test())
    sys.exit(count.finish())


if __name__ == "__main__":
    main()
