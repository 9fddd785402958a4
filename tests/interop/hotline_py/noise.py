"""link 1: Noise_XKpsk3_25519_ChaChaPoly_SHA256, and the knock."""

from .encoding import encode
from .errors import BAD_HANDSHAKE, HlError, need
from .hashes import aead_open, aead_seal, hkdf_expand, hmac, sha256, x25519

NAME = b"Noise_XKpsk3_25519_ChaChaPoly_SHA256"
NODE_TO_NODE, DEVICE_TO_NODE = 1, 2
MESSAGE_SIZES = (48, 48, 64)


def nonce_of(n):
    return bytes(4) + n.to_bytes(8, "little")


def rekeyed(key):
    """Noise section 4.2, REKEY"""
    return aead_seal(key, nonce_of(2 ** 64 - 1), b"", bytes(32))[:32]


def prologue(net, purpose, responder_lab):
    """1.2"""
    return encode([1, net.id, purpose, responder_lab])


def knock(pair, other, message1):
    """1.4, for either side"""
    return hmac(x25519(pair.secret, other), b"HL1/knock\0", message1)[:16]


class Symmetric:
    """The SymmetricState of Noise section 5.2."""

    def __init__(self, prologue_bytes):
        self.h = sha256(NAME)
        self.ck = self.h
        self.key, self.n = None, 0
        self.mix_hash(prologue_bytes)

    def mix_hash(self, data):
        self.h = sha256(self.h, data)

    def _expand(self, ikm, count):
        out = hkdf_expand(hmac(self.ck, ikm), b"", 32 * count)
        return [out[32 * i:32 * i + 32] for i in range(count)]

    def mix_key(self, ikm):
        self.ck, self.key = self._expand(ikm, 2)
        self.n = 0

    def mix_key_and_hash(self, ikm):
        self.ck, h, self.key = self._expand(ikm, 3)
        self.mix_hash(h)
        self.n = 0

    def seal(self, text):
        ct = aead_seal(self.key, nonce_of(self.n), self.h, text)
        self.n += 1
        self.mix_hash(ct)
        return ct

    def open(self, ct):
        text = aead_open(self.key, nonce_of(self.n), self.h, ct)
        need(text is not None, BAD_HANDSHAKE, "a tag does not verify")
        self.n += 1
        self.mix_hash(ct)
        return text

    def split(self):
        return self._expand(b"", 2)


def _dh(pair, public):
    try:
        return x25519(pair.secret, public)
    except HlError:
        raise HlError(BAD_HANDSHAKE, "a key gives zeros") from None


class Handshake:
    """What both sides do; after message 3 send_key and receive_key hold."""

    def __init__(self, prologue_bytes, responder_public, static, ephemeral,
                 psk):
        self.s, self.e, self.psk = static, ephemeral, psk
        self.state = Symmetric(prologue_bytes)
        self.state.mix_hash(responder_public)

    def _token_e(self, public):
        self.state.mix_hash(public)
        self.state.mix_key(public)  # as every psk pattern does

    def hash(self):
        return self.state.h


class Initiator(Handshake):
    def __init__(self, prologue_bytes, responder_public, static, ephemeral,
                 psk=bytes(32)):
        super().__init__(prologue_bytes, responder_public, static,
                         ephemeral, psk)
        self.rs = responder_public

    def write1(self, payload=b""):
        self._token_e(self.e.public)
        self.state.mix_key(_dh(self.e, self.rs))
        return self.e.public + self.state.seal(payload)

    def read2(self, message):
        need(len(message) == 48, BAD_HANDSHAKE, "size")
        re = message[:32]
        self._token_e(re)
        self.state.mix_key(_dh(self.e, re))
        need(self.state.open(message[32:]) == b"", BAD_HANDSHAKE, "payload")
        self.re = re

    def write3(self, payload=b""):
        out = self.state.seal(self.s.public)
        self.state.mix_key(_dh(self.s, self.re))
        self.state.mix_key_and_hash(self.psk)
        out += self.state.seal(payload)
        self.send_key, self.receive_key = self.state.split()
        return out


class Responder(Handshake):
    def __init__(self, prologue_bytes, static, ephemeral, psk=bytes(32)):
        super().__init__(prologue_bytes, static.public, static, ephemeral,
                         psk)

    def read1(self, message):
        need(len(message) == 48, BAD_HANDSHAKE, "size")
        self.re = message[:32]
        self._token_e(self.re)
        self.state.mix_key(_dh(self.s, self.re))
        need(self.state.open(message[32:]) == b"", BAD_HANDSHAKE, "payload")

    def write2(self, payload=b""):
        self._token_e(self.e.public)
        self.state.mix_key(_dh(self.e, self.re))
        return self.e.public + self.state.seal(payload)

    def read3(self, message):
        """Returns the initiator's static key, to be held against 1.4."""
        need(len(message) == 64, BAD_HANDSHAKE, "size")
        rs = self.state.open(message[:48])
        self.state.mix_key(_dh(self.e, rs))
        self.state.mix_key_and_hash(self.psk)
        need(self.state.open(message[48:]) == b"", BAD_HANDSHAKE, "payload")
        self.receive_key, self.send_key = self.state.split()
        return rs
