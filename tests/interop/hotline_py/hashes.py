"""hashes: networks, tagged hashes, signatures, key ids, HKDF, HPKE."""

import hashlib
import hmac as _hmac

from nacl import bindings as sodium
from nacl.exceptions import BadSignatureError, RuntimeError as SodiumError

from .encoding import encode
from .errors import (BAD_KEY, BAD_OPEN, BAD_SIGNATURE, HlError, need)

ROOT, NODE_LINK, NODE_SIGN, NODE_SEAL = 1, 2, 3, 4
MEMBER_SIGN, MEMBER_LINK, MEMBER_SEAL = 5, 6, 7


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hmac(key, *parts):
    return _hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def hkdf_extract(salt, ikm):
    return hmac(salt or bytes(32), ikm)


def hkdf_expand(prk, info, length):
    out, block, n = b"", b"", 0
    while len(out) < length:
        n += 1
        block = hmac(prk, block, info, bytes([n]))
        out += block
    return out[:length]


def x25519(secret, public):
    """hashes 1.6: a result of zeros is an error of the key."""
    try:
        return sodium.crypto_scalarmult(secret, public)
    except SodiumError:
        raise HlError(BAD_KEY, "the shared secret is zero") from None


def aead_seal(key, nonce, ad, text):
    return sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
        text, ad, nonce, key)


def aead_open(key, nonce, ad, ct):
    """The plaintext, or None."""
    if len(ct) < 16:
        return None
    try:
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
            ct, ad, nonce, key)
    except Exception as e:
        if type(e).__module__.startswith("nacl"):
            return None
        raise


class SignKey:
    """An Ed25519 key pair from its seed."""

    def __init__(self, seed):
        self.seed = seed
        self.public, self.secret = sodium.crypto_sign_seed_keypair(seed)


class BoxKey:
    """An X25519 key pair from its secret."""

    def __init__(self, secret):
        self.secret = secret
        self.public = sodium.crypto_scalarmult_base(secret)


def check_point(key):
    """hashes 1.5: an enrolled Ed25519 key."""
    need(sodium.crypto_core_ed25519_is_valid_point(key), BAD_KEY,
         "no canonical point of the prime-order subgroup")


class Net:
    """A network: every hash and signature is bound to its id."""

    def __init__(self, name):
        self.name = name
        self.id = sha256(b"HL1/net\0", bytes(32), name.encode())

    def bound(self, tag, *parts):
        return b"".join((b"HL1/", tag.encode(), b"\0", self.id) + parts)

    def hash(self, tag, *parts):
        return sha256(self.bound(tag, *parts))

    def sign(self, key, tag, message):
        signed = sodium.crypto_sign(self.bound(tag, message), key.secret)
        return signed[:64]

    def good_signature(self, public, tag, message, signature):
        """hashes 1.5, as libsodium computes it."""
        try:
            sodium.crypto_sign_open(
                signature + self.bound(tag, message), public)
        except BadSignatureError:
            return False
        return True

    def verify(self, public, tag, message, signature):
        need(self.good_signature(public, tag, message, signature),
             BAD_SIGNATURE, tag)

    def key_id(self, role, key):
        return self.hash("key", bytes([role]), key)

    def lab_id(self, threshold, roots):
        return self.hash("lab", encode([threshold, sorted(roots)]))

    def fingerprint(self, x):
        f = self.hash("fpr", x, b"\0") + self.hash("fpr", x, b"\1")
        return " ".join(
            "%05d" % (int.from_bytes(f[5 * i:5 * i + 5], "big") % 100000)
            for i in range(12))


# HPKE, hashes 2.1

KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x03"


def _labeled_extract(suite, salt, label, ikm):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite, prk, label, info, length):
    return hkdf_expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite
                       + label + info, length)


def derive_key_pair(ikm):
    prk = _labeled_extract(KEM, b"", b"dkp_prk", ikm)
    return BoxKey(_labeled_expand(KEM, prk, b"sk", b"", 32))


def _schedule(dh, enc, public, info):
    prk = _labeled_extract(KEM, b"", b"eae_prk", dh)
    shared = _labeled_expand(KEM, prk, b"shared_secret", enc + public, 32)
    context = (b"\0" + _labeled_extract(SUITE, b"", b"psk_id_hash", b"")
               + _labeled_extract(SUITE, b"", b"info_hash", info))
    secret = _labeled_extract(SUITE, shared, b"secret", b"")
    return (_labeled_expand(SUITE, secret, b"key", context, 32),
            _labeled_expand(SUITE, secret, b"base_nonce", context, 12))


def hpke_seal(public, ikm_e, info, text, aad=b""):
    """Returns enc and ct; BAD_KEY where the key gives zeros."""
    pair = derive_key_pair(ikm_e)
    dh = x25519(pair.secret, public)
    key, nonce = _schedule(dh, pair.public, public, info)
    return pair.public, aead_seal(key, nonce, aad, text)


def hpke_open(pair, enc, info, ct, aad=b""):
    try:
        dh = x25519(pair.secret, enc)
    except HlError:
        raise HlError(BAD_OPEN, "enc gives zeros") from None
    key, nonce = _schedule(dh, enc, pair.public, info)
    text = aead_open(key, nonce, aad, ct)
    need(text is not None, BAD_OPEN, "wrap")
    return text
