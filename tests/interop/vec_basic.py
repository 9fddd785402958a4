"""encoding.json, hashes.json and file.json."""

from hotline_py import encoding, file, hashes
from hotline_py.encoding import encode
from hotline_py.hashes import Net
from world import Rng, code_of, test_net, three_labs

L = (1 << 255) - 19
ORDER = (1 << 252) + 27742317777372353535851937790883648493


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def deep(depth):
    return b"\x91" * depth + b"\x01"


def make_encoding():
    good = [
        ("zero", 0), ("fixint", 127), ("u8 least", 128), ("u8 most", 255),
        ("u16 least", 256), ("u16 most", 65535), ("u32 least", 65536),
        ("u32 most", 2 ** 32 - 1), ("u64 least", 2 ** 32),
        ("u64 most", 2 ** 64 - 1), ("nil", None), ("true", True),
        ("false", False), ("empty array", []), ("fixarray", [0] * 15),
        ("array16", [0] * 16), ("array16 of 300", [0] * 300),
        ("empty str", ""), ("fixstr", "a" * 31), ("str8", "a" * 32),
        ("str8 most", "a" * 255), ("str16", "a" * 256),
        ("empty bin", b""), ("bin8 most", bytes(255)),
        ("bin16", bytes(256)), ("block", "one\n\ttwo"),
        ("two bytes", "\u00e9"), ("three bytes", "\u20ac"),
        ("four bytes", "\U0001f4de"), ("last", "\U0010ffff"),
        ("no-break space", "\u00a0"), ("depth 8", nested(8)),
        ("65536 values", [0] * 65535), ("mixed", [1, [b"\1\2", "x", None], True]),
    ]
    bad = [
        ("nothing", ""), ("u8 too wide", "cc7f"), ("u8 too wide 0", "cc00"),
        ("u16 too wide", "cd00ff"), ("u32 too wide", "ce0000ffff"),
        ("u64 too wide", "cf00000000ffffffff"), ("negative fixint", "ff"),
        ("negative fixint low", "e0"), ("int8", "d001"), ("int16", "d10001"),
        ("int32", "d200000001"), ("int64", "d30000000000000001"),
        ("float32", "ca3f800000"), ("float64", "cb3ff0000000000000"),
        ("fixmap", "80"), ("fixmap of one", "810101"), ("map16", "de0000"),
        ("map32", "df00000000"), ("fixext1", "d40100"),
        ("fixext16", "d801" + "00" * 16), ("ext8", "c70101" + "00"),
        ("ext16", "c800010100"), ("ext32", "c9000000010100"),
        ("never used", "c1"), ("str8 too wide", "d90161"),
        ("str16 too wide", "da000161"), ("str32 too wide", "db0000000161"),
        ("bin16 too wide", "c5000100"), ("bin32 too wide", "c60000000100"),
        ("array16 too wide", "dc000101"),
        ("array32 too wide", "dd0000000101"),
        ("trailing byte", "0100"), ("trailing value", "9101c0"),
        ("array cut", "9201"), ("array of nothing", "91"),
        ("array count over bytes", "dc00100000"),
        ("array of 2^28", "dd10000000"), ("array of 2^32-1", "ddffffffff"),
        ("str cut", "a26b"), ("str32 of 2^32-1", "dbffffffff"),
        ("bin cut", "c40200"), ("bin32 of 2^32-1", "c6ffffffff"),
        ("u16 cut", "cd01"), ("u64 cut", "cf0000000100"),
        ("overlong two", "a2c080"), ("overlong three", "a3e08080"),
        ("overlong four", "a4f0808080"), ("surrogate", "a3eda080"),
        ("surrogate low", "a3edbfbf"), ("above 10ffff", "a4f4908080"),
        ("lead f5", "a4f5808080"), ("lone continuation", "a180"),
        ("cut sequence", "a1c3"), ("cut before ascii", "a2c341"),
        ("control 0", "a100"), ("control 1b", "a11b"),
        ("carriage return", "a10d"), ("control 7f", "a17f"),
        ("control 80", "a2c280"), ("control 9f", "a2c29f"),
        ("depth 9", deep(9).hex()), ("depth 9 empty", "91" * 8 + "90"),
        ("depth 1000", deep(1000).hex()),
    ]
    cases = [{"name": n, "hex": encode(v), "code": 0} for n, v in good]
    cases += [{"name": n, "hex": h, "code": 2, "or": None if h else 1}
              for n, h in bad]
    cases.append({"name": "65537 values", "hex": encode([0] * 65536),
                  "code": 1})
    lines = [(t, code_of(encoding.line, t, 1, 64)) for t in (
        "plain", "\u00e9t\u00e9", "a\nb", "a\tb", "", "x" * 64, "x" * 65)]
    labels = [(t, code_of(encoding.label, t)) for t in (
        "contain.breach", "a", "9", "a-b.c", "eval.", "x" * 32, "", "-a",
        ".a", "A", "a_b", "a b", "\u00e9", "x" * 33, "a\n")]
    return {
        "page": "encoding",
        "values": cases,
        "lines": [{"hex": encode(t), "code": c} for t, c in lines],
        "labels": [{"hex": encode(t), "code": c} for t, c in labels],
    }


def bad_signatures(net, key, message):
    """Signatures that clause 1.5 refuses, and why."""
    good = net.sign(key, "env", message)
    s = int.from_bytes(good[32:], "little")
    out = [("good", key.public, good),
           ("R changed", key.public, bytes([good[0] ^ 1]) + good[1:]),
           ("S changed", key.public, good[:63] + bytes([good[63] ^ 1])),
           ("S + L", key.public,
            good[:32] + (s + ORDER).to_bytes(32, "little"))]
    small = small_points()
    for n, point in enumerate(small):
        out.append(("small-order A %d" % n, point, good))
        out.append(("small-order R %d" % n, key.public, point + good[32:]))
        # With A of order 1, any S with R = S·B verifies but for the rule.
        out.append(("all small %d" % n, point, point + bytes(32)))
    out.append(("A not canonical", (L + 1).to_bytes(32, "little"), good))
    return out


def small_points():
    """The encodings of the points of order 1, 2, 4 and 8."""
    y8 = ("26e8958fc2b227b045c3f489f2ef98f0"
          "d5dfac05d3c63339b13802886d53fc05")
    z8 = ("c7176a703d4dd84fba3c0b760d10670f"
          "2a2053fa2c39ccc64ec7fd7792ac037a")
    out = [(1).to_bytes(32, "little"), (L - 1).to_bytes(32, "little"),
           bytes(32), bytes(31) + b"\x80"]
    for text in (y8, z8):
        raw = bytes.fromhex(text)
        out += [raw, raw[:31] + bytes([raw[31] | 0x80])]
    return out


def make_hashes():
    net, rng = test_net(), Rng("hashes")
    key = rng.sign_key()
    messages = [b"", b"hotline", rng.take(200)]
    tags = ["key", "lab", "card", "env", "pop"]
    roles = list(range(1, 8))
    keyed = rng.take(32)
    signed = [{"seed": key.seed, "public": key.public, "tag": t,
               "message": m, "signature": net.sign(key, t, m)}
              for t in ("card", "env", "statement") for m in messages]
    verify = []
    for name, public, signature in bad_signatures(net, key, b"call"):
        verify.append({
            "name": name, "public": public, "tag": "env", "message": b"call",
            "signature": signature, "valid": net.good_signature(
                public, "env", b"call", signature)})
    good = net.sign(key, "env", b"call")
    for name, tag, message in (("other tag", "card", b"call"),
                               ("other message", "env", b"cell")):
        verify.append({"name": name, "public": key.public, "tag": tag,
                       "message": message, "signature": good,
                       "valid": False})
    other = Net("hotline")
    verify.append({"name": "other network", "public": key.public,
                   "tag": "env", "message": b"call",
                   "signature": other.sign(key, "env", b"call"),
                   "valid": False})
    points = [("enrolled key", key.public), ("not on the curve",
              (2).to_bytes(32, "little")),
              ("not canonical", (L + 1).to_bytes(32, "little")),
              ("mixed order", mixed_order(key.public))]
    points += [("small order %d" % n, p)
               for n, p in enumerate(small_points())]
    hkdf = []
    for salt, info, length in ((b"", b"", 32), (b"salt", b"info", 12),
                               (rng.take(32), rng.take(40), 96)):
        ikm = rng.take(32)
        hkdf.append({"salt": salt, "ikm": ikm, "info": info,
                     "length": length, "out": hashes.hkdf_expand(
                         hashes.hkdf_extract(salt, ikm), info, length)})
    return {
        "page": "hashes",
        "networks": [{"name": n, "net_id": Net(n).id} for n in (
            "hotline", net.name, "x")],
        "net_id": net.id,
        "tagged": [{"tag": t, "message": m, "hash": net.hash(t, m)}
                   for t in tags for m in messages],
        "key_ids": [{"role": r, "key": keyed, "id": net.key_id(r, keyed)}
                    for r in roles],
        "fingerprints": [{"id": x, "digits": net.fingerprint(x)} for x in (
            bytes(32), b"\xff" * 32, rng.take(32))],
        "signatures": signed,
        "verify": verify,
        "points": [{"name": n, "public": p, "valid": code_of(
            hashes.check_point, p) == 0} for n, p in points],
        "hkdf": hkdf,
        "x25519": make_x25519(rng),
        "hpke": make_hpke(rng),
    }


def mixed_order(public):
    """A key plus the point of order 2: on the curve, in no subgroup."""
    from nacl import bindings
    return bindings.crypto_core_ed25519_add(
        public, (L - 1).to_bytes(32, "little"))


def make_x25519(rng):
    a, b = rng.box_key(), rng.box_key()
    pairs = [("good", a.secret, b.public)]
    for n, u in enumerate((0, 1, L - 1, L, L + 1)):
        pairs.append(("zeros %d" % n, a.secret, u.to_bytes(32, "little")))
    out = []
    for name, secret, public in pairs:
        code = code_of(hashes.x25519, secret, public)
        out.append({"name": name, "secret": secret, "public": public,
                    "code": code, "shared": None if code
                    else hashes.x25519(secret, public)})
    return out


def make_hpke(rng):
    out = []
    for size in (0, 32, 100):
        pair, ikm = rng.box_key(), rng.take(32)
        info, text = rng.take(size), rng.take(32)
        enc, ct = hashes.hpke_seal(pair.public, ikm, info, text)
        out.append({"secret": pair.secret, "public": pair.public,
                    "ikm_e": ikm, "info": info, "plaintext": text,
                    "enc": enc, "ct": ct})
    return out


def make_file():
    net = test_net()
    alpha, beta, _ = three_labs(net)
    things = [(1, alpha.card.data), (1, beta.card.data),
              (3, alpha.devices[0].seals(alpha.id))]
    data = file.make(net.name, things)
    text = file.armour(data)
    variants = [("as written", text),
                ("CR LF", text.replace("\n", "\r\n")),
                ("text around it", "Hello,\nsee below.\n\n" + text
                 + "\n-- \nMira\n"),
                ("blanks", "".join("  %s \t\n" % x
                                   for x in text.split("\n")[:-1]))]
    other = file.armour(file.make("hotline", things))
    bad = [("another network", other, 4),
           ("no end", text.replace(file.END, ""), 2),
           ("no begin", text.replace(file.BEGIN, ""), 2),
           ("not base64", text.replace("\n", "\n*", 1), 2),
           ("cut", text.split("\n")[0] + "\n" + "\n".join(
               text.split("\n")[2:]), 2),
           ("no items", file.armour(file.make(net.name, [])), 3),
           ("sort 0", file.armour(file.make(net.name, [(0, b"")])), 3),
           ("sort 8", file.armour(file.make(net.name, [(8, b"")])), 3),
           ("format 2", file.armour(encode([2, net.name, [[1, b"x"]]])), 5),
           ]
    return {
        "page": "file", "network": net.name, "net_id": net.id,
        "items": [{"sort": s, "data": d} for s, d in things],
        "data": data, "text": text,
        "good": [{"name": n, "text": t} for n, t in variants],
        "bad": [{"name": n, "text": t, "code": c} for n, t, c in bad],
        "requests": make_requests(net, alpha),
    }


def make_requests(net, lab):
    rng = Rng("requests")
    key, link, seal = rng.sign_key(), rng.box_key(), rng.box_key()
    node = file.request(net, lab.id, 3, key, link, seal, "", "",
                        ["alpha.example:4685"], False)
    key2, link2 = rng.sign_key(), rng.box_key()
    member = file.request(net, lab.id, 5, key2, link2, None, "Mira Olsen",
                          "phone", [], False)
    bad_pop = file.request(net, lab.id, 5, key2, link, None, "Mira Olsen",
                           "phone", [], False)
    monitor = file.request(net, lab.id, 3, key, link, seal, "", "",
                           ["alpha.example:4685"], True)
    value = encoding.decode(bad_pop)
    value[4] = link2.public
    return [
        {"name": "node", "data": node, "code": 0, "fingerprint":
         net.fingerprint(net.key_id(3, key.public))},
        {"name": "member", "data": member, "code": 0, "fingerprint":
         net.fingerprint(net.key_id(5, key2.public))},
        {"name": "a node that is a monitor", "data": monitor, "code": 3,
         "fingerprint": None},
        {"name": "possession of another link key", "data": encode(value),
         "code": 9, "fingerprint": None},
    ]


