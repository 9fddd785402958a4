"""link 2: records, chunks and lanes."""

from .errors import BAD_ENCODING, BAD_FIELD, BAD_OPEN, BAD_SIZE, need
from .hashes import aead_open, aead_seal
from .noise import nonce_of, rekeyed

RECORD, PLAIN = 4096, 4080
FRAME_MAX = 524288
REKEY_EVERY = 1024
CONTROL, FLASH, IMMEDIATE, PRIORITY, ROUTINE, BULK = range(1, 7)
LAST = 0x80


class Cipher:
    """One direction's key and nonce (2.1, 2.2)."""

    def __init__(self, key):
        self.key, self.n = key, 0

    def _step(self):
        self.n += 1
        if self.n % REKEY_EVERY == 0:
            self.key = rekeyed(self.key)

    def seal(self, plain):
        if len(plain) != PLAIN:
            raise ValueError("a record holds %d bytes" % PLAIN)
        out = aead_seal(self.key, nonce_of(self.n), b"", plain)
        self._step()
        return out

    def open(self, record):
        need(len(record) == RECORD, BAD_SIZE, "record")
        plain = aead_open(self.key, nonce_of(self.n), b"", record)
        need(plain is not None, BAD_OPEN, "record")
        self._step()
        return plain


def chunk(lane, data, last):
    return bytes([lane | (LAST if last else 0)]) \
        + len(data).to_bytes(2, "big") + data


def fill(chunks):
    """A record's plaintext of ready chunks."""
    body = b"".join(chunks)
    return body + bytes(PLAIN - len(body))


class Packer:
    """Frames waiting in their lanes, cut into records (2.4)."""

    def __init__(self):
        self.lanes = {lane: [] for lane in range(1, 7)}

    def put(self, lane, frame):
        if not 1 <= len(frame) <= FRAME_MAX:
            raise ValueError("size of a frame")
        self.lanes[lane].append(frame)

    def waiting(self):
        return any(self.lanes.values())

    def record(self):
        """The plaintext of the next record: the lowest lane first."""
        out, left = [], PLAIN
        for lane in sorted(self.lanes):
            queue = self.lanes[lane]
            while queue and left >= 4:
                data = queue[0][:left - 3]
                rest = queue[0][len(data):]
                out.append(chunk(lane, data, not rest))
                left -= 3 + len(data)
                if rest:
                    queue[0] = rest
                else:
                    queue.pop(0)
        return fill(out)


class Unpacker:
    """Records' plaintexts back to (lane, frame) (2.3)."""

    def __init__(self):
        self.parts = {lane: b"" for lane in range(1, 7)}

    def take(self, plain):
        need(len(plain) == PLAIN, BAD_SIZE, "record")
        frames, at = [], 0
        while at < PLAIN and plain[at] != 0:
            tag, lane = plain[at], plain[at] & 0x7f
            need(1 <= lane <= 6, BAD_FIELD, "lane")
            need(at + 3 <= PLAIN, BAD_ENCODING, "chunk cut short")
            size = int.from_bytes(plain[at + 1:at + 3], "big")
            need(1 <= size <= PLAIN - at - 3, BAD_FIELD, "length of a chunk")
            self.parts[lane] += plain[at + 3:at + 3 + size]
            need(len(self.parts[lane]) <= FRAME_MAX, BAD_SIZE, "frame")
            if tag & LAST:
                frames.append((lane, self.parts[lane]))
                self.parts[lane] = b""
            at += 3 + size
        need(not any(plain[at:]), BAD_FIELD, "padding")
        return frames
