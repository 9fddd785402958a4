"""A small synchronous node and device, to talk to a running hotlined.

For tests that want a strange, wrong or hostile other side as well as a
polite one. Nothing here is quick, and nothing runs by itself: a call sends or
reads, and the test decides what comes next.

    net = Net("hotline test")
    lab = Lab(net, "beta", [("Eva Lind", "laptop", 1, caps())],
              seed="any text", now=now())          # world.Lab: keys and cards
    peer = Peer(net, lab)
    peer.labs.take(card_of_the_other_lab)          # bytes; pins it
    peer.connect(("127.0.0.1", 4685), their_lab_id)
    peer.start()                                   # hello, heartbeat, statement
    peer.queue(sealed_letter)                      # an entry and a letter
    peer.run(until=lambda: peer.delivered(sealed_letter.id), timeout=10)

Peer.run handles what comes as a good node would: it answers requests for
cards, seals, entries and letters, takes in segments and letters, and sends
receipts.  For anything else use the parts:

    peer.send_frame(type, …)      any frame; lane= to choose its lane
    peer.recv_frame(timeout)      the next frame as a list, None if none came
    peer.link.send_plain(bytes)   a record of 4,080 chosen bytes
    peer.link.send_bytes(bytes)   anything at all on the stream
    peer.out                      the own channel: entries, head(), segment()
    peer.into                     the other's channel as held: receipt()
    peer.auto = {…}               the types that run() handles; take some out
    opening(…)                    a dialer's first 64 bytes, for replays

Device is the same for a member's device: connect(), hello(), sync() for cards
and sealing keys, and request(type, …), which returns (code, text, body).

    device = Device(net, lab, lab.devices[0])
    device.connect("/run/hotline/node.sock")
    device.hello(), device.put_seals(), device.sync()
    letter = world.seal(net, lab, device.device, [], raise_message(), rng,
                        entries=device.readers(lab.id, their_lab_id),
                        created=now())
    device.submit(letter)

Both raise Closed when the stream ends, and HlError for what is refused.
Cards, envelopes and statements are built with world.Lab, world.seal and the
modules of hotline_py; Labs.take, Envelope and node_check verify them.
"""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from hotline_py import channel, frames, identity, noise, records  # noqa: E402
from hotline_py.encoding import decode  # noqa: E402
from hotline_py.envelope import Envelope, node_check  # noqa: E402
from hotline_py.errors import BAD_HANDSHAKE, HlError, need  # noqa: E402
from hotline_py.hashes import BoxKey  # noqa: E402

LANES = {1: records.FLASH, 2: records.IMMEDIATE, 3: records.PRIORITY,
         4: records.ROUTINE}


def now():
    return int(time.time() * 1000)


class Closed(Exception):
    """The stream has ended; clean says whether a close frame came first."""

    def __init__(self, clean, reason=None):
        super().__init__("closed, reason %s" % reason if clean else "cut")
        self.clean, self.reason = clean, reason


class Link:
    """Knock, handshake and records over one stream."""

    def __init__(self, stream, purpose, handshake):
        self.stream, self.purpose = stream, purpose
        self.handshake_hash = handshake.hash()
        self.sender = records.Cipher(handshake.send_key)
        self.receiver = records.Cipher(handshake.receive_key)
        self.unpacker, self.frames = records.Unpacker(), []
        self.buffer = b""

    @classmethod
    def initiate(cls, stream, net, purpose, lab_id, public, static,
                 psk=bytes(32), timeout=5, ephemeral=None):
        """The side that dials; public is the responder's link key."""
        stream.settimeout(timeout)
        shake = noise.Initiator(noise.prologue(net, purpose, lab_id), public,
                                static, ephemeral or BoxKey(os.urandom(32)),
                                psk)
        first = shake.write1()
        stream.sendall(noise.knock(static, public, first) + first)
        shake.read2(read_exactly(stream, 48))
        stream.sendall(shake.write3())
        return cls(stream, purpose, shake)

    @classmethod
    def respond(cls, stream, net, lab_id, static, known, timeout=5):
        """The side that listens; known is a list of (public, purpose, psk).

        Returns the link and the key that knocked.
        """
        stream.settimeout(timeout)
        raw = read_exactly(stream, 64)
        for public, purpose, psk in known:
            if noise.knock(static, public, raw[16:]) == raw[:16]:
                break
        else:
            raise HlError(BAD_HANDSHAKE, "nobody known has knocked")
        shake = noise.Responder(noise.prologue(net, purpose, lab_id), static,
                                BoxKey(os.urandom(32)), psk)
        shake.read1(raw[16:])
        stream.sendall(shake.write2())
        need(shake.read3(read_exactly(stream, 64)) == public, BAD_HANDSHAKE,
             "another key has knocked")
        return cls(stream, purpose, shake), public

    def send_bytes(self, data):
        self.stream.sendall(data)

    def send_plain(self, plain):
        self.send_bytes(self.sender.seal(plain))

    def send_frame_bytes(self, lane, frame):
        packer = records.Packer()
        packer.put(lane, frame)
        while packer.waiting():
            self.send_plain(packer.record())

    def recv_frame_bytes(self, timeout):
        """The next (lane, frame), or None when none came in time."""
        end = time.monotonic() + timeout
        while not self.frames:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.stream.settimeout(left)
            try:
                data = self.stream.recv(65536)
            except socket.timeout:
                return None
            except ConnectionError:
                data = b""
            if not data:
                raise Closed(False)
            self._take(data)
        return self.frames.pop(0)

    def _take(self, data):
        self.buffer += data
        while len(self.buffer) >= records.RECORD:
            record = self.buffer[:records.RECORD]
            self.buffer = self.buffer[records.RECORD:]
            self.frames += self.unpacker.take(self.receiver.open(record))

    def close(self):
        self.stream.close()


def opening(net, purpose, lab_id, public, static, ephemeral=None):
    """The first 64 bytes of a dialer, to be sent again, changed or alone."""
    first = noise.Initiator(
        noise.prologue(net, purpose, lab_id), public, static,
        ephemeral or BoxKey(os.urandom(32))).write1()
    return noise.knock(static, public, first) + first


def read_exactly(stream, n):
    out = b""
    while len(out) < n:
        try:
            data = stream.recv(n - len(out))
        except socket.timeout:
            raise HlError(BAD_HANDSHAKE, "no answer") from None
        except ConnectionError:
            data = b""
        if not data:
            raise Closed(False)
        out += data
    return out


def dial(address, timeout):
    """A TCP (host, port) or the path of a Unix socket."""
    if isinstance(address, str):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.settimeout(timeout)
        stream.connect(address)
        return stream
    return socket.create_connection(address, timeout)


class Outgoing:
    """The own channel to one lab."""

    def __init__(self, net, lab, to, epoch):
        self.net, self.lab, self.to, self.epoch = net, lab, to, epoch
        self.entries = []
        self.links = [channel.link_zero(net, lab.id, to, epoch)]

    def add(self, sort, id_, at=None):
        """Returns the number of the new entry."""
        raw = channel.entry(len(self.entries) + 1, sort, id_, at or now())
        self.entries.append(raw)
        self.links.append(channel.link_next(self.net, self.links[-1], raw))
        return len(self.entries)

    def head(self):
        k = len(self.entries)
        return [self.epoch, k, self.links[k]]

    def statement(self, head=None, receipt=None, pulse=0):
        return channel.statement(self.net, self.lab.node.key, self.lab.id,
                                 self.to, head, receipt, now(), pulse)

    def segment(self, first=1, last=None, head=True):
        entries = self.entries[first - 1:last][:256]
        return channel.segment(
            self.lab.id, self.to, self.epoch, first, self.links[first - 1],
            entries, self.statement(self.head()) if head else None, None)


class Incoming:
    """The other lab's channel as it is held here."""

    def __init__(self, net, frm):
        self.net, self.frm, self.epoch = net, frm, 0
        self.entries, self.links = [], []
        self.letters, self.refused = {}, {}
        self.since = now()

    def take(self, segment):
        """Takes in what follows what is held; 3.3."""
        if segment.epoch > self.epoch:
            need(segment.first == 1, 7, "entries missing")
            self.epoch = segment.epoch
            self.entries, self.links = [], [segment.link]
        need(segment.epoch == self.epoch, 26, "epoch")
        need(segment.first <= len(self.entries) + 1, 7, "entries missing")
        for raw, entry, link in zip(segment.raw, segment.entries,
                                    segment.links[1:]):
            if entry[0] <= len(self.entries):
                need(self.links[entry[0]] == link, 25, "another link")
                continue
            self.entries.append(entry)
            self.links.append(link)
        self.since = now()

    def holds(self, entry):
        return entry[1] != channel.LETTER or entry[2] in self.letters \
            or entry[0] in self.refused

    def missing(self):
        """The ids of letters entered and not held."""
        return [e[2] for e in self.entries if not self.holds(e)]

    def receipt(self):
        """2.3, or None where nothing is held."""
        if not self.entries:
            return None
        held = [e[0] for e in self.entries if self.holds(e)]
        n = 0
        while n + 1 in held:
            n += 1
        ranges = []
        for k in (k for k in held if k > n):
            if ranges and ranges[-1][1] == k - 1:
                ranges[-1][1] = k
            else:
                ranges.append([k, k])
        h = len(self.entries)
        return [self.epoch, h, self.links[h], n, ranges[:64],
                [list(x) for x in sorted(self.refused.items())][-64:],
                self.since]


class Talker:
    """What a peer and a device share: frames over a link."""

    def __init__(self, net, lab):
        self.net, self.lab = net, lab
        self.labs = identity.Labs(net)
        for card in lab.cards:
            self.labs.take(card.data)
        self.link, self.seals = None, {}
        self.kinds = frames.NODE_FRAMES

    def take_seals(self, raw):
        """Holds the sealing keys of a known lab's device if newer."""
        seals = identity.Seals(self.net, raw)
        card = self.labs.newest(seals.lab_id)
        if card is None:
            return
        held = self.seals.get(seals.key_id)
        identity.verify_seals(seals, card, held and identity.Seals(
            self.net, held))
        self.seals[seals.key_id] = raw

    def readers(self, *lab_ids):
        """R's entries of labs, from the sealing keys held (identity 5.4)."""
        out = []
        for raw in self.seals.values():
            seals = identity.Seals(self.net, raw)
            if seals.lab_id in lab_ids:
                epoch, key, _ = seals.choose(now())
                out.append([seals.lab_id, seals.key_id, epoch, key])
        return out

    def _their_key(self, lab_id, public):
        if public is not None:
            return public
        return self.labs.newest(lab_id).nodes[0].link

    def send_frame(self, *fields, lane=records.CONTROL):
        self.link.send_frame_bytes(lane, frames.encode_frame(*fields))

    def recv_frame(self, timeout=5):
        """The next frame; its shape is checked.  Closed on a close frame."""
        got = self.link.recv_frame_bytes(timeout)
        if got is None:
            return None
        frame = frames.decode_frame(got[1], self.kinds)
        if frame[0] == frames.CLOSE:
            raise Closed(True, frame[1])
        return frame

    def close(self, reason=0):
        """Says goodbye, if it still can, and ends the stream."""
        if self.link:
            try:
                self.send_frame(frames.CLOSE, reason)
            except OSError:
                pass
            self.link.close()
            self.link = None


class Peer(Talker):
    """One lab's node, on one link to one other lab."""

    def __init__(self, net, lab, epoch=None):
        super().__init__(net, lab)
        self.epoch = epoch or int(time.time())
        for d in lab.devices:
            if d.caps[0] & identity.READ:
                self.seals[d.id] = d.seals(lab.id, now=now())
        self.envelopes = {}
        self.their_receipt = None
        self.statements = []
        self.pulse = 0
        self.trouble = 0
        self.shown = False
        self.heard = {}
        self.asked = set()
        self.auto = {
            frames.HELLO: self._on_hello,
            frames.HEARTBEAT: self._on_heartbeat,
            frames.STATEMENT: self._on_statement,
            frames.SEGMENT: self._on_segment,
            frames.LETTER: self._on_letter,
            frames.WANT_LETTERS: self._on_want_letters,
            frames.WANT_ENTRIES: self._on_want_entries,
            frames.WANT_CARDS: self._on_want_cards,
            frames.WANT_SEALS: self._on_want_seals,
            frames.CARD: self._on_card, frames.SEALS: self._on_seals,
        }

    # Making the link

    def connect(self, address, lab_id, public=None, psk=bytes(32),
                timeout=5):
        """Dials, knocks, shakes hands; public is taken from the card."""
        stream = dial(address, timeout)
        link = Link.initiate(
            stream, self.net, noise.NODE_TO_NODE, lab_id,
            self._their_key(lab_id, public), self.lab.node.link, psk,
            timeout)
        self._linked(link, lab_id)

    def accept(self, stream, psks=None, timeout=5):
        """The other way round: psks is {lab_id: psk}, for labs with one."""
        known, of = [], {}
        for lab_id in self.labs.chains:
            if lab_id != self.lab.id:
                for node in self.labs.newest(lab_id).nodes:
                    psk = (psks or {}).get(lab_id, bytes(32))
                    known.append((node.link, noise.NODE_TO_NODE, psk))
                    of[node.link] = lab_id
        link, public = Link.respond(stream, self.net, self.lab.id,
                                    self.lab.node.link, known, timeout)
        self._linked(link, of[public])

    def _linked(self, link, lab_id):
        self.link, self.peer = link, lab_id
        self.shown, self.asked = False, set()
        if not hasattr(self, "out") or self.out.to != lab_id:
            self.out = Outgoing(self.net, self.lab, lab_id, self.epoch)
            self.out.add(channel.CARD, self.lab.card.hash)
            self.into = Incoming(self.net, lab_id)

    # What a node says

    def start(self):
        """4.1, 4.2 and channel 3.1"""
        self.send_hello()
        self.send_heartbeat()
        self.send_statement(head=False)

    def send_hello(self, version=1):
        card = self.lab.card
        self.send_frame(frames.HELLO, version, self.lab.id, self.peer,
                        self.lab.node.id, card.version, card.hash, now())

    def send_heartbeat(self):
        rows = []
        for lab_id in sorted(self.labs.chains):
            card = self.labs.newest(lab_id)
            rows.append([lab_id, card.version, card.hash,
                         self.seals_digest(lab_id), 0])
        self.pulse = max(now(), self.pulse + 1)
        self.send_frame(frames.HEARTBEAT, now(), self.pulse, rows,
                        self.trouble)

    def seals_digest(self, lab_id):
        held = [identity.Seals(self.net, s) for s in self.seals.values()]
        return identity.seal_set_digest(
            self.net, [s for s in held if s.lab_id == lab_id])

    def send_statement(self, head=True):
        self.send_frame(frames.STATEMENT, self.out.statement(
            self.out.head() if head else None, self.into.receipt(),
            self.heard["heartbeat"][2] if "heartbeat" in self.heard else 0))

    def send_letter(self, id_):
        precedence, wire = self.envelopes[id_]
        self.send_frame(frames.LETTER, self.lab.id, wire,
                        lane=6 - precedence)

    def queue(self, sealed):
        """Enters a letter (envelope.Sealed) and sends it if linked."""
        number = self.out.add(channel.LETTER, sealed.id)
        precedence = decode(sealed.core)[10]
        self.envelopes[sealed.id] = (precedence,
                                     sealed.for_labs([self.peer]))
        if self.link and self.shown:
            self.send_frame(frames.SEGMENT, self.out.segment(number))
            self.send_letter(sealed.id)
        return number

    # What came of it

    def delivered(self, id_):
        """The time of notice by the peer's verified receipt, or None."""
        if self.their_receipt is None:
            return None
        st = channel.Statement(self.their_receipt)
        channel.verify_statement(self.net, st, self.labs.newest(self.peer))
        r = st.receipt
        if r.h >= len(self.out.links) or self.out.links[r.h] != r.link:
            return None
        for raw in self.out.entries:
            number, sort, held, _ = channel.read_entry(raw)
            if (sort, held) == (channel.LETTER, id_) \
                    and r.shows_held(number):
                return r.since
        return None

    def ask_missing(self):
        """channel 3.8: asks for entries below the newest head, and letters."""
        heads = [s.head for s in self.statements if s.head]
        if heads and (heads[-1][0] != self.into.epoch
                      or heads[-1][1] > len(self.into.entries)):
            self._ask_entries(heads[-1][0])
        missing = self.into.missing()[:256]
        if missing:
            self.send_frame(frames.WANT_LETTERS, self.peer, missing)

    def _ask_entries(self, epoch):
        first = len(self.into.entries) + 1 if epoch == self.into.epoch else 1
        self.send_frame(frames.WANT_ENTRIES, self.peer, epoch, first)

    def run(self, until=lambda: False, timeout=5):
        """Handles frames until the condition holds; returns whether it did.

        A heartbeat is sent every 5 seconds meanwhile.
        """
        end = time.monotonic() + timeout
        beat = time.monotonic() + 5
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            frame = self.recv_frame(min(left, 0.1))
            if frame and frame[0] in self.auto:
                self.auto[frame[0]](frame)
            if time.monotonic() > beat:
                self.send_heartbeat()
                beat += 5
        return True

    def _on_hello(self, frame):
        self.heard["hello"] = frame

    def _on_heartbeat(self, frame):
        self.heard["heartbeat"] = frame
        if self.shown:
            self.send_statement()
        for lab_id, version, _, digest, _ in frame[3]:
            held = self.labs.newest(lab_id)
            if held is None:
                continue
            if version > held.version:
                self._ask(frames.WANT_CARDS, lab_id, held.version)
            if digest != self.seals_digest(lab_id):
                self._ask(frames.WANT_SEALS, lab_id, extra=digest)

    def _ask(self, *fields, extra=None):
        if (fields, extra) not in self.asked:
            self.asked.add((fields, extra))
            self.send_frame(*fields)

    def _on_statement(self, frame):
        st = channel.Statement(frame[1])
        need(st.frm == self.peer and st.to == self.lab.id, 3, "statement")
        channel.verify_statement(self.net, st, self.labs.newest(self.peer))
        self.statements.append(st)
        first = not self.shown
        self.shown = True
        if st.receipt and st.receipt.epoch == self.out.epoch:
            self.their_receipt = frame[1]
        if first:
            self._catch_up(st.receipt)

    def _catch_up(self, receipt):
        same = receipt is not None and receipt.epoch == self.out.epoch
        self.send_statement()
        first = receipt.h + 1 if same else 1
        while first <= len(self.out.entries):
            self.send_frame(frames.SEGMENT, self.out.segment(first))
            first += 256
        for raw in self.out.entries:
            number, sort, id_, _ = channel.read_entry(raw)
            if sort == channel.LETTER and not (
                    same and receipt.shows_held(number)):
                self.send_letter(id_)

    def _on_segment(self, frame):
        segment = channel.Segment(self.net, frame[1])
        need((segment.frm, segment.to) == (self.peer, self.lab.id), 3,
             "segment")
        try:
            self.into.take(segment)
        except HlError as e:
            if e.code != 7:
                raise
            self._ask_entries(segment.epoch)
            return
        self.send_statement()

    def _on_letter(self, frame):
        env = Envelope(self.net, frame[2])
        try:
            node_check(env, self.labs.newest(frame[1]), self.lab.id,
                       known=self.into.letters)
        except HlError as e:
            self._refuse(env, e.code)
            return
        self.into.letters[env.id] = env
        self.into.since = now()
        self.send_statement()

    def _refuse(self, env, code):
        """envelope 3.7: only what is signed is refused for good"""
        if code in (1, 7, 8, 9, 10, 14, 15, 16):
            return
        for number, sort, id_, _ in self.into.entries:
            if sort == channel.LETTER and id_ == env.id:
                self.into.refused[number] = code
        self.send_statement()

    def _on_want_letters(self, frame):
        for id_ in frame[2]:
            if id_ in self.envelopes:
                self.send_letter(id_)

    def _on_want_entries(self, frame):
        if frame[1] == self.lab.id and frame[3] <= len(self.out.entries):
            self.send_frame(frames.SEGMENT, self.out.segment(
                max(frame[3], 1)))

    def _on_want_cards(self, frame):
        for card in self.labs.chains.get(frame[1], [])[frame[2]:]:
            self.send_frame(frames.CARD, card.data)

    def _on_want_seals(self, frame):
        for raw in self.seals.values():
            if identity.Seals(self.net, raw).lab_id == frame[1]:
                self.send_frame(frames.SEALS, raw)

    def _on_card(self, frame):
        self.labs.take(frame[1])

    def _on_seals(self, frame):
        self.take_seals(frame[1])


class Device(Talker):
    """A member's device on a link to its own lab's node (link 5)."""

    def __init__(self, net, lab, device):
        super().__init__(net, lab)
        self.device, self.count = device, 0
        self.kinds = frames.DEVICE_FRAMES
        self.events = []

    def connect(self, address, public=None, timeout=5):
        stream = dial(address, timeout)
        self.link = Link.initiate(
            stream, self.net, noise.DEVICE_TO_NODE, self.lab.id,
            self._their_key(self.lab.id, public), self.device.link,
            timeout=timeout)

    def request(self, kind, *fields, lane=records.CONTROL, timeout=5):
        """Sends one request; returns (code, text, decoded body or None)."""
        self.count += 1
        self.send_frame(kind, self.count, *fields, lane=lane)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            frame = self.recv_frame(end - time.monotonic())
            if frame and frame[0] == frames.EVENT:
                self.events += frame[1]
            elif frame and frame[0] == frames.REPLY \
                    and frame[1] == self.count:
                body = None if frame[4] is None else decode(frame[4])
                return frame[2], frame[3], body
        raise HlError(31, "no reply")

    def hello(self, directory_version=0, version=1):
        return self.request(frames.DEVICE_HELLO, version, self.lab.id,
                            self.device.id, self.lab.card.version,
                            directory_version)

    def sync(self):
        """Takes in the cards and sealing keys that the node has (5.3)."""
        while True:
            cards = sorted([lab_id, chain[-1].version]
                           for lab_id, chain in self.labs.chains.items()
                           if chain)
            seals = sorted([key_id, identity.Seals(self.net, raw).version]
                           for key_id, raw in self.seals.items())
            code, text, body = self.request(frames.GET_DOCS, cards, 0,
                                            seals, 0)
            need(code == 0, code, text)
            taken = 0
            for sort, data in body:
                if sort == 1:
                    self.labs.take(data)
                elif sort == 3:
                    self.take_seals(data)
                taken += sort in (1, 3)
            if not taken:
                return

    def put(self, sort, data):
        """A card, directory, sealing keys or suspension (file 1.1)."""
        return self.request(frames.PUT, sort, data)

    def put_seals(self, version=1):
        return self.put(3, self.device.seals(self.lab.id, version, now()))

    def submit(self, sealed):
        return self.request(frames.SUBMIT, sealed.wire)

    def feed(self, after=0, limit=512):
        """(last number, items)"""
        code, text, body = self.request(frames.FEED, after, limit)
        need(code == 0, code, text)
        return body

    def fetch(self, id_):
        """The Envelope of a letter held by the node."""
        code, text, body = self.request(frames.FETCH, id_)
        need(code == 0, code, text)
        return Envelope(self.net, body[0])
