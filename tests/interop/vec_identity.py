"""card.json, directory.json, suspension.json and seals.json."""

from hotline_py import identity
from hotline_py.encoding import decode, encode
from hotline_py.hashes import MEMBER_SIGN, ROOT
from world import (ALL_BITS, DAY, NOW, PERSON, Device, Lab, NodeKeys, Rng,
                   caps, code_of, test_net, three_labs)

SMALL = (1).to_bytes(32, "little")


def describe(card):
    return {"data": card.data, "hash": card.hash, "lab_id": card.lab_id,
            "version": card.version}


def long_chain(net):
    """Five cards: 2-of-3, a member more, new roots, new threshold, dates."""
    rng = Rng("chain")
    lab = Lab(net, "delta", [("Ana Reis", "laptop", 1, caps())], roots=3,
              threshold=2)
    old = list(lab.roots)
    lab.devices.append(Device(net, rng, "Bo Chen", "laptop", 1,
                              caps(ALL_BITS)))
    lab.issue(NOW - 9 * DAY, signers=lab.roots[1:3])
    lab.succeed([old[2], rng.sign_key(), rng.sign_key()], 2, NOW - 8 * DAY)
    lab.succeed(lab.roots[:2], 1, NOW - 7 * DAY)
    lab.nodes.append(NodeKeys(net, rng, ["[2001:db8::1]:4685", "b:1"]))
    lab.issue(NOW - 6 * DAY, name="delta renamed")
    return lab, old


def body_negatives(net, lab):
    """Faults in the body of a next card, which is signed as it should be."""
    member = lab.devices[0].item(lab.id)
    node = lab.node.item(lab.id)
    root = identity.root_item(net, lab.id, lab.roots[0])
    rng = Rng("negatives")

    def with_member(at, value):
        changed = list(member)
        changed[at] = value
        return {"members": [changed]}

    def with_caps(at, value, role=1):
        c = caps()
        c[at] = value
        return {"members": [Device(net, Rng("n"), "p", "d", role, c).item(
            lab.id)]}

    def with_node(at, value):
        changed = list(node)
        changed[at] = value
        return {"nodes": [changed]}

    other = Lab(net, "omega", [])
    key = rng.sign_key()
    twin = Device(net, rng, "x", "y", 1, caps())
    twin.link = lab.devices[0].link
    thief = Device(net, rng, "x", "y", 1, caps())
    monitor = [PERSON, 3, [], [], 0]
    return [
        ("version skipped", {"version": 3}, 7),
        ("version 0", {"version": 0, "prev": None}, 3),
        ("prev nil", {"prev": None}, 3),
        ("prev of another", {"prev": bytes(32)}, 6),
        ("lab of another", {"lab_id": other.id, "roots": [
            identity.root_item(net, other.id, r) for r in lab.roots],
            "nodes": [], "members": []}, 6),
        ("issued before the last", {"issued": NOW - 11 * DAY}, 6),
        ("not_after at issued", {"not_after": NOW}, 3),
        ("not_after 180 days and 1 ms", {"not_after": NOW + 180 * DAY + 1},
         3),
        ("name empty", {"name": ""}, 3),
        ("name of 65", {"name": "n" * 65}, 3),
        ("name with newline", {"name": "a\nb"}, 2),
        ("threshold 0", {"threshold": 0}, 3),
        ("threshold over roots", {"threshold": 2}, 3),
        ("no roots", {"roots": [], "threshold": 0}, 3),
        ("root twice", {"roots": [root, root]}, 3),
        ("root possession changed", {"roots": [[root[0], root[1][:63]
                                                + b"\0"]]}, 9),
        ("root of small order", {"roots": [[SMALL, root[1]], root]}, 17),
        ("node version range", with_node(4, 2), 3),
        ("node address empty", with_node(3, [""]), 3),
        ("node with 9 addresses", with_node(3, ["a:1"] * 9), 3),
        ("node possession of another", with_node(6, member[6]), 9),
        ("node link key changed", with_node(0, rng.box_key().public), 9),
        ("node sealing key is its link key", with_node(2, node[0]), 3),
        ("node twice", {"nodes": [node, node]}, 3),
        ("nine contacts", {"contacts": ["c"] * 9}, 3),
        ("contact of 129", {"contacts": ["c" * 129]}, 3),
        ("member with role 3", with_member(2, 3), 3),
        ("member with role 0", with_member(2, 0), 3),
        ("person empty", with_member(0, ""), 3),
        ("device of 65", with_member(1, "d" * 65), 3),
        ("signing key of 31 bytes", with_member(4, bytes(31)), 2),
        ("possession nil", with_member(6, None), 2),
        ("member of small order", with_member(4, SMALL), 17),
        ("member possession of a node", with_member(6, node[6]), 9),
        ("member link key changed", with_member(5, rng.box_key().public), 9),
        ("capability bit 256", with_caps(0, 256), 3),
        ("precedence 5", with_caps(1, 5), 3),
        ("kinds not sorted", with_caps(2, ["near.miss", "data."]), 3),
        ("kind no label", with_caps(2, ["Near.miss"]), 3),
        ("labs twice", with_caps(3, [lab.id, lab.id]), 3),
        ("monitor that answers", with_member(3, monitor) and {
            "members": [Device(net, Rng("n"), "p", "d", 2, monitor).item(
                lab.id)]}, 3),
        ("monitor with FLASH", {"members": [Device(
            net, Rng("n"), "p", "d", 2, [6, 4, [], [], 0]).item(lab.id)]},
         3),
        ("rules of 0", {"rules": (0, 1)}, 3),
        ("rules of 9", {"rules": (1, 9)}, 3),
        ("rules of three", {"rules": (1, 1, 1)}, 2),
        ("link key twice", {"members": [member, twin.item(lab.id)]}, 3),
        ("member signs with a root key", {"members": [
            identity.member_item(net, lab.id, "p", "d", 1, caps(),
                                 lab.roots[0], thief.link)]}, 3),
        ("key of another lab", {"members": [identity.member_item(
            net, lab.id, "p", "d", 1, caps(), other.roots[0], thief.link)]},
         6),
        ("unsigned new root", {"roots": sorted([root, identity.root_item(
            net, lab.id, key)]), "threshold": 2}, 10),
    ], other


def signature_negatives(net, lab):
    body = lab.body(NOW)
    good = decode(identity.sign_card(net, body, lab.roots))
    key = Rng("stranger").sign_key()

    def changed(f):
        value = decode(encode(good))
        f(value)
        return encode(value)

    def stranger(v):
        v[1] = sorted(v[1] + [[net.key_id(ROOT, key.public),
                               net.sign(key, "card", body)]])

    def flip(v):
        v[1][0][1] = v[1][0][1][:5] + bytes([v[1][0][1][5] ^ 1]) \
            + v[1][0][1][6:]

    def wrong_tag(v):
        v[1][0][1] = net.sign(lab.roots[0], "directory", body)

    def body_byte(v):
        raw = bytearray(v[0])
        raw[-1] ^= 1
        v[0] = bytes(raw)

    return [
        ("no signature", changed(lambda v: v.__setitem__(1, [])), 3),
        ("signature changed", changed(flip), 9),
        ("signature with another tag", changed(wrong_tag), 9),
        ("signature twice", changed(lambda v: v[1].append(v[1][0])), 3),
        ("a stranger signs also", changed(stranger), 12),
        ("only a member signs", encode([body, [[
            lab.devices[0].id, net.sign(lab.devices[0].key, "card",
                                        body)]]]), 12),
        ("three items", changed(lambda v: v.append(None)), 2),
        ("a byte after", encode(good) + b"\0", 2),
        ("over 65536 bytes", encode([bytes(65536), good[1]]), 1),
        ("format 2", identity.sign_card(net, encode(
            [2] + decode(body)[1:]), lab.roots), 5),
        ("12 items in the body", identity.sign_card(net, encode(
            decode(body)[:-1]), lab.roots), 2),
        ("body is an integer", encode([1, good[1]]), 2),
    ]


def chain_negatives(net, delta, old):
    """Succession and thresholds, after the cards of the long chain."""
    cards = delta.cards
    out = []

    def case(name, after, data, code):
        out.append({"name": name, "held": [c.data for c in cards[:after]],
                    "card": data, "code": code})

    body = cards[0].body
    case("first card: one of two", 0,
         identity.sign_card(net, body, old[:1]), 10)
    fields = decode(body)
    fields[7] = 1
    case("first card: threshold lowered", 0, identity.sign_card(
        net, encode(fields), old[:2]), 6)
    case("first card is version 2", 0, cards[1].data, 7)
    case("second: one of two", 1,
         identity.sign_card(net, cards[1].body, old[:1]), 10)
    body = cards[2].body
    new = [r for r in delta.roots] + []
    rng = Rng("chain")
    Device(net, rng, "Bo Chen", "laptop", 1, caps(ALL_BITS))
    second = [old[2], rng.sign_key(), rng.sign_key()]
    case("succession: old alone", 2,
         identity.sign_card(net, body, old[:2]), 10)
    case("succession: new alone", 2,
         identity.sign_card(net, body, second[:2]), 10)
    case("succession: two old, one shared", 2,
         identity.sign_card(net, body, [old[0], old[2]]), 10)
    case("succession: held card again with other signers", 3,
         identity.sign_card(net, body, [old[0], old[2], second[2]]), 0)
    case("after succession: an old root signs also", 4,
         identity.sign_card(net, cards[4].body, [new[0], old[0]]), 12)
    twin = decode(cards[4].body)
    twin[6] = "another delta"
    case("equivocation", 5,
         identity.sign_card(net, encode(twin), new[:1]), 25)
    case("equivocation that nobody signed", 5,
         encode([encode(twin), decode(cards[4].data)[1]]), 9)
    return out


def good_variants(net, lab):
    """Cards at the edge of what is allowed."""
    rng = Rng("edges")
    many = [Device(net, rng, "p%d" % n, "d", 1, caps()).item(lab.id)
            for n in range(100)]
    wide = Device(net, rng, "p" * 64, "d" * 64, 1, caps(
        0, 0, kinds=["k%d" % n for n in range(32)],
        labs=[bytes([n]) * 32 for n in range(64)], rate=2 ** 64 - 1))
    return [
        ("no nodes and members", {"nodes": [], "members": []}),
        ("100 members", {"members": many}),
        ("widest member", {"members": [wide.item(lab.id)]}),
        ("180 days", {"not_after": NOW + 180 * DAY}),
        ("an address nobody can use", {"nodes": [identity.node_item(
            net, lab.id, rng.box_key(), rng.sign_key(), rng.box_key(),
            ["nonsense"])]}),
        ("rules of 8", {"rules": (8, 8)}),
        ("issued as the last", {"issued": NOW - 10 * DAY,
                                "not_after": NOW}),
    ]


def make_card():
    net = test_net()
    delta, old = long_chain(net)
    alpha, beta, gamma = three_labs(net)
    single = Lab(net, "solo", [("Ana Reis", "laptop", 1, caps())])
    negatives = chain_negatives(net, delta, old)
    held = [single.card.data]
    cases, other = body_negatives(net, single)

    def next_card(changes):
        f = dict(changes)
        return identity.sign_card(net, single.body(
            f.pop("issued", NOW), **f), single.roots)

    for name, changes, code in cases:
        negatives.append({
            "name": name, "held": held + [other.card.data],
            "card": next_card(changes), "code": code,
            "or": 9 if code == 17 else None})
    for name, data, code in signature_negatives(net, single):
        negatives.append({"name": name, "held": held, "card": data,
                          "code": code})
    for name, changes in good_variants(net, single):
        negatives.append({"name": name, "held": held,
                          "card": next_card(changes), "code": 0})
    chains = [("2-of-3, succession, thresholds", delta), ("alpha", alpha),
              ("beta", beta), ("gamma", gamma), ("solo", single)]
    return {
        "page": "identity", "net_id": net.id,
        "chains": [{"name": n, "lab_id": x.id,
                    "fingerprint": net.fingerprint(x.id),
                    "cards": [describe(c) for c in x.cards]}
                   for n, x in chains],
        "built": make_built(net, single),
        "steps": negatives,
    }


def make_built(net, lab):
    """All that one card is made of, so that it can be made again."""
    device, node = lab.devices[0], lab.node
    return {
        "lab_id": lab.id, "version": 1, "issued": NOW - 10 * DAY,
        "not_after": NOW + 80 * DAY, "name": lab.name, "threshold": 1,
        "root_seed": lab.roots[0].seed,
        "node": {"link_secret": node.link.secret, "sign_seed": node.key.seed,
                 "seal_public": node.seal.public,
                 "address": node.addresses[0], "version_min": 1,
                 "version_max": 1},
        "member": {"person": device.person, "device": device.device,
                   "role": device.role, "bits": device.caps[0],
                   "precedence": device.caps[1], "rate": device.caps[4],
                   "sign_seed": device.key.seed,
                   "link_secret": device.link.secret},
        "flash_signers": 1, "admin_signers": 1, "contact": lab.contacts[0],
        "body": lab.cards[0].body, "data": lab.cards[0].data,
    }


def directory_chain(net, lab, peers):
    rows = [[p.id, p.name] for p in peers]
    ids = [p.id for p in peers]
    bodies = [identity.directory_body(lab.id, 1, None, NOW, [], [], [])]
    signers = [lab.devices[1], lab.devices[2]]
    bodies.append(identity.directory_body(
        lab.id, 2, net.hash("directory", bodies[0]), NOW + 1, rows, [], []))
    bodies.append(identity.directory_body(
        lab.id, 3, net.hash("directory", bodies[1]), NOW + 2, rows,
        [["frontier", ids], ["empty", []]], ids[:1]))
    return bodies, [identity.sign_body(
        net, "directory", MEMBER_SIGN, b, [s.key for s in signers])
        for b in bodies]


def admins(net):
    """A lab whose directory takes admins of two different persons."""
    return Lab(net, "admins", [
        ("Mira Olsen", "laptop", 1, caps()),
        ("Rami Haddad", "desk", 1, caps(ALL_BITS)),
        ("Lea Novak", "desk", 1, caps(ALL_BITS)),
        ("Rami Haddad", "phone", 1, caps(ALL_BITS))], rules=(1, 2))


def make_directory():
    net = test_net()
    lab = admins(net)
    _, beta, gamma = three_labs(net)
    bodies, chain = directory_chain(net, lab, [beta, gamma])
    good = decode(bodies[2])
    by = [d.key for d in lab.devices]
    cases = []

    def case(name, code, change=None, keys=(1, 2), after=2):
        fields = decode(bodies[2])
        if change:
            change(fields)
        cases.append({
            "name": name, "held": chain[:after], "code": code,
            "directory": identity.sign_body(
                net, "directory", MEMBER_SIGN, encode(fields),
                [by[n] for n in keys])})

    def put(at, value):
        return lambda f: f.__setitem__(at, value)

    stranger = bytes([7]) * 32
    case("good", 0)
    case("two devices of one person", 10, keys=(1, 3))
    case("three devices of two persons", 0, keys=(1, 2, 3))
    case("one admin", 10, keys=(1,))
    case("a member without admin", 11, keys=(0, 1, 2))
    case("version skipped", 6, put(2, 5))
    case("version 0", 3, put(2, 0))
    case("another prev", 6, put(3, bytes(32)))
    case("another lab", 6, put(1, beta.id))
    case("first missing", 6, after=0)
    case("format 2", 5, put(0, 2))
    case("peers not sorted", 3, put(5, good[5][::-1]))
    case("peer name twice", 3, put(5, [[x[0], "same"] for x in good[5]]))
    case("peer name no label", 3, put(5, [[good[5][0][0], "Beta"]]))
    case("group of a stranger", 3, put(6, [["g", [stranger]]]))
    case("groups not sorted", 3, put(6, good[6][::-1]))
    case("relay that is no peer", 3, put(7, [stranger]))
    case("seven items", 2, lambda f: f.pop())
    value = decode(chain[2])
    value[1][0][1] = bytes(64)
    cases.append({"name": "signature of zeros", "held": chain[:2],
                  "code": 9, "directory": encode(value)})
    key = Rng("stranger").sign_key()
    cases.append({"name": "signed by a stranger", "held": chain[:2],
                  "code": 12, "directory": identity.sign_body(
                      net, "directory", MEMBER_SIGN, bodies[2],
                      [by[1], by[2], key])})
    return {"page": "identity", "net_id": net.id, "card": lab.card.data,
            "chain": [{"data": d, "hash": net.hash("directory", b)}
                      for d, b in zip(chain, bodies)],
            "steps": cases}


def make_suspension():
    net = test_net()
    lab = admins(net)
    mira, rami, lea, phone = lab.devices
    cases = []

    def case(name, code, signers, target=mira, suspended=(), reason="lost",
             body=None):
        if body is None:
            body = identity.suspension_body(lab.id, target.id, NOW, reason)
        cases.append({
            "name": name, "code": code,
            "suspended": sorted(x.id for x in suspended),
            "key_id": target.id, "suspension": identity.sign_body(
                net, "suspend", MEMBER_SIGN, body, [s.key for s in signers])})

    stranger = Device(net, Rng("stranger"), "x", "y", 1, caps(ALL_BITS))
    case("good", 0, [rami])
    case("reason empty", 0, [rami], reason="")
    case("of itself", 0, [rami], target=rami)
    case("of itself, again", 0, [rami], target=rami, suspended=[rami])
    case("by a suspended key", 13, [phone], suspended=[phone])
    case("by a suspended key and another", 0, [phone, lea],
         suspended=[phone])
    case("without the capability", 11, [mira], target=rami)
    case("of itself without the capability", 11, [mira])
    case("with one who lacks the capability", 0, [mira, lea], target=rami)
    case("by a stranger", 12, [stranger])
    case("by a stranger also", 12, [rami, stranger])
    case("reason of 201", 3, [rami], reason="r" * 201)
    case("reason with newline", 2, [rami], reason="a\nb")
    case("format 2", 5, [rami], body=encode([2, lab.id, mira.id, NOW, ""]))
    case("five items more", 2, [rami], body=encode([1, lab.id, mira.id]))
    case("another lab", 6, [rami], body=identity.suspension_body(
        bytes(32), mira.id, NOW, ""))
    value = decode(cases[0]["suspension"])
    value[1][0][1] = bytes(64)
    cases.append({"name": "signature of zeros", "code": 9, "suspended": [],
                  "key_id": mira.id, "suspension": encode(value)})
    return {"page": "identity", "net_id": net.id, "card": lab.card.data,
            "cases": cases}


def make_seals():
    net = test_net()
    lab = admins(net)
    mira = lab.devices[0]
    rng = Rng("seals")
    week = 7 * DAY
    keys = [[2900 + n, NOW + n * week, NOW + (n + 1) * week,
             rng.box_key().public] for n in range(12)]
    overlap = [[1, NOW, NOW + week, keys[0][3]],
               [5, NOW + DAY, NOW + 2 * week, keys[1][3]]]

    def seals(version=1, keys=keys, signer=mira, lab_id=lab.id, kid=None,
              form=1):
        fields = [form, lab_id, kid or mira.id, version, NOW, keys]
        return identity.sign_seals(net, encode(fields), signer.key)

    def choices(keys, times):
        s = identity.Seals(net, seals(keys=keys))
        out = []
        for t in times:
            epoch, key, stale = s.choose(t)
            out.append({"now": t, "epoch": epoch, "key": key,
                        "stale": stale})
        return out

    first = seals(2)
    bad = list(map(list, keys))
    bad[3][2] = bad[3][1]
    stranger = Device(net, Rng("stranger"), "x", "y", 1, caps())
    cases = [
        ("good", None, seals(), 0), ("newer", first, seals(3), 0),
        ("the same again", first, first, 0),
        ("older", first, seals(1), 32),
        ("same version, other keys", first, seals(2, keys[:3]), 32),
        ("64 keys", None, seals(keys=[
            [n, NOW, NOW + 1, keys[0][3]] for n in range(64)]), 0),
        ("65 keys", None, seals(keys=[
            [n, NOW, NOW + 1, keys[0][3]] for n in range(65)]), 3),
        ("no keys", None, seals(keys=[]), 3),
        ("epoch twice", None, seals(keys=[keys[0], keys[0]]), 3),
        ("epochs not sorted", None, seals(keys=[keys[1], keys[0]]), 3),
        ("until at from", None, seals(keys=bad), 3),
        ("key of 33 bytes", None, seals(keys=[
            [1, 1, 2, bytes(33)]]), 2),
        ("signed by another", None, seals(signer=lab.devices[1]), 9),
        ("of no member", None, seals(signer=stranger, kid=stranger.id), 12),
        ("another lab", None, seals(lab_id=bytes(32)), 6),
        ("format 0", None, seals(form=0), 5),
        ("over 8192 bytes", None, encode([bytes(8192), bytes(64)]), 1),
    ]
    return {
        "page": "identity", "net_id": net.id, "card": lab.card.data,
        "cases": [{"name": n, "held": h, "seals": s, "code": c}
                  for n, h, s, c in cases],
        "choices": [
            {"seals": seals(), "choose": choices(keys, [
                NOW - 1, NOW, NOW + week - 1, NOW + week, NOW + 12 * week])},
            {"seals": seals(keys=overlap), "choose": choices(overlap, [
                NOW, NOW + DAY, NOW + week, NOW + 3 * week])}],
        "digest": {"seals": [seals(), lab.devices[1].seals(lab.id)],
                   "digest": identity.seal_set_digest(net, [
                       identity.Seals(net, seals()), identity.Seals(
                           net, lab.devices[1].seals(lab.id))])},
    }
