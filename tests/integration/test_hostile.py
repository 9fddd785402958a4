#!/usr/bin/python3
"""A peer whose node does what no good node does: a Python lab, alpha, talks to a real one."""
import os
import re
import socket
import sys
import threading
import time

from harness import NETWORK, PATIENCE, SOURCE, Failed, check, main, test, wait

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'interop'))

from hotline_py import channel, file, frames, identity, records  # noqa: E402
from hotline_py.encoding import decode, encode  # noqa: E402
from hotline_py.errors import (FEW_SIGNATURES, HlError, NOT_MEMBER,  # noqa: E402
                               NOT_PERMITTED, SUSPENDED)
from hotline_py.hashes import BoxKey, Net, SignKey  # noqa: E402
import live_peer  # noqa: E402
from world import ALL_BITS, DAY, Lab, Rng, caps, raise_message, seal  # noqa: E402


class Alpha:
    """A Python lab with two people, pinned by lab-b, and its node."""

    def __init__(self, world, **rules):
        self.net = Net(NETWORK)
        self.lab = Lab(self.net, 'alpha', [('Mira Olsen', 'laptop', 1, caps()),
                                           ('Rami Haddad', 'desk', 1, caps(ALL_BITS))],
                       seed=world.dir, now=live_peer.now(), **rules)
        self.rng = Rng(world.dir)
        self.b = world.lab('lab-b', 'Eva Lind')
        self.card = self.to_file('alpha', [(file.CARD, self.lab.card.data)])
        self.b.run('peer', 'add', self.card, '--as', 'alpha', '--fingerprint',
                   self.net.fingerprint(self.lab.id))
        with open(self.b.card(), encoding='ascii') as f:
            self.theirs = [d for sort, d in file.read(self.net, file.dearmour(f.read()))
                           if sort == file.CARD]
        self.b_id = identity.Card(self.net, self.theirs[0]).lab_id
        self.peer = self.node()
        self.up()

    def to_file(self, name, things):
        path = self.b.path(f'{name}.hotline')
        with open(path, 'w', encoding='ascii') as f:
            f.write(file.armour(file.make(NETWORK, things)))
        return path

    def node(self):
        peer = live_peer.Peer(self.net, self.lab)
        for card in self.theirs:
            peer.labs.take(card)
        if hasattr(self, 'peer'):  # one device signs its sealing keys once
            peer.seals = dict(self.peer.seals)
        return peer

    def up(self):
        """A link, with heads exchanged and lab-b's sealing keys held."""
        peer = self.peer
        peer.connect(('127.0.0.1', self.b.node.port), self.b_id)
        peer.start()
        check(peer.run(lambda: peer.shown and peer.readers(self.b_id), timeout=PATIENCE),
              'no greeting')
        return peer

    def letter(self, device=0, text='x', signers=(), alter=None, **fields):
        peer = self.peer
        return seal(self.net, self.lab, self.lab.devices[device], [], raise_message(text=text),
                    self.rng, entries=peer.readers(self.lab.id, self.b_id), signers=signers,
                    alter=alter, **{'created': live_peer.now(), **fields})

    def enter(self, sealed):
        """An entry for a letter, without the letter."""
        peer = self.peer
        number = peer.out.add(channel.LETTER, sealed.id)
        peer.envelopes[sealed.id] = 2, sealed.for_labs([self.b_id])
        peer.send_frame(frames.SEGMENT, peer.out.segment(number))
        return number

    def send(self, wire):
        """A letter frame with any bytes."""
        self.peer.send_frame(frames.LETTER, self.lab.id, wire, lane=records.PRIORITY)

    def run(self, until, what):
        check(self.peer.run(until, timeout=PATIENCE), f'waited in vain for {what}')

    def delivered(self, sealed, what='a letter'):
        self.run(lambda: self.peer.delivered(sealed.id), f'the receipt for {what}')

    def refused(self, number):
        """The code with which lab-b's receipt refuses a number."""
        def code():
            if self.peer.their_receipt is None:
                return None
            receipt = channel.Statement(self.peer.their_receipt).receipt
            return dict(receipt.refused).get(number)
        self.run(code, 'the refusal')
        return code()

    def shown(self):
        return [i['id'] for i in self.b.json('list', '--all')['incidents']]

    def works(self):
        """One more letter arrives and is shown."""
        sealed = self.letter()
        self.peer.queue(sealed)
        self.delivered(sealed)
        check(sealed.id.hex() in self.shown(), 'it was delivered and is not shown')
        return sealed

    def suspend(self, device):
        """Signed by the other one, and told to lab-b's node."""
        body = identity.suspension_body(self.lab.id, self.lab.devices[device].id,
                                        live_peer.now(), 'lost')
        by = self.lab.devices[1]
        data = encode([body, [[by.id, self.net.sign(by.key, 'suspend', body)]]])
        identity.verify_suspension(identity.Suspension(self.net, data), self.lab.card)
        return data

    def issue(self, **changes):
        """The next card, entered and sent."""
        card = self.lab.issue(live_peer.now() - DAY, **changes)
        self.peer.labs.take(card.data)
        self.peer.send_frame(frames.CARD, card.data)
        number = self.peer.out.add(channel.CARD, card.hash)
        self.peer.send_frame(frames.SEGMENT, self.peer.out.segment(number))
        return card


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@test
def a_python_lab_rings_a_real_one(world):
    alpha = Alpha(world)
    sealed = alpha.works()
    alpha.b.run('ack', sealed.id.hex()[:8], '--accept')
    alpha.run(lambda: alpha.peer.into.letters, 'the answer')


@test
def a_poisoned_copy_does_not_block_the_good_one(world):
    alpha = Alpha(world)
    other = SignKey(bytes(range(32)))

    def ciphertext(s):
        return [s.signed, s.sigs, flipped(s.ct, 5), slips(s)]

    def signature(s):
        return [s.signed, [[s.sigs[0][0], alpha.net.sign(other, 'env', s.signed)]], s.ct,
                slips(s)]

    def no_signature(s):
        return [s.signed, [], s.ct, slips(s)]

    def wrong_slip(s):
        return [s.signed, s.sigs, s.ct, [flipped(x, len(x) - 1) for x in slips(s)]]

    def broken_slip(s):
        return [s.signed, s.sigs, s.ct, [b'\xc1']]

    def foreign_slip(s):
        return [s.signed, s.sigs, s.ct, [x for x in s.slips if x not in slips(s)]]

    def slips(s):
        return [x for x in s.slips if decode(x)[0] == alpha.b_id]

    for spoil in (ciphertext, signature, no_signature, wrong_slip, broken_slip,
                  foreign_slip):
        for entered_first in (True, False):
            sealed = alpha.letter(text=spoil.__name__)
            if entered_first:
                alpha.enter(sealed)
            alpha.send(encode(spoil(sealed)))
            try:
                alpha.peer.run(lambda: False, timeout=0.3)
            except live_peer.Closed:
                alpha.up()
            check(sealed.id.hex() not in alpha.shown(), f'{spoil.__name__}: it was taken in')
            if entered_first:
                alpha.send(sealed.for_labs([alpha.b_id]))
            else:
                alpha.peer.queue(sealed)
            alpha.delivered(sealed, f'{spoil.__name__}, entered first: {entered_first}')
            check(sealed.id.hex() in alpha.shown(), f'{spoil.__name__}: the good one is refused')


@test
def a_copy_short_of_signatures_does_not_block_the_full_one(world):
    alpha = Alpha(world, rules=(2, 1))
    sealed = alpha.letter(precedence=4, signers=alpha.lab.devices[1:])
    check(len(sealed.sigs) == 2, 'two have signed')
    number = alpha.enter(sealed)
    mine = [s for s in sealed.sigs if s[0] == alpha.lab.devices[0].id]
    slips = [x for x in sealed.slips if decode(x)[0] == alpha.b_id]
    alpha.send(encode([sealed.signed, mine, sealed.ct, slips]))
    alpha.peer.run(lambda: False, timeout=1)
    check(sealed.id.hex() not in alpha.shown(), 'one person has sent a FLASH')
    check(alpha.peer.delivered(sealed.id) is None, 'it was receipted')
    alpha.b.node.wait_log('few-signatures')
    # By hand as well.
    path = alpha.to_file('short', [(file.ENVELOPE, encode(
        [sealed.signed, mine, sealed.ct, slips]))])
    took = alpha.b.run('import', path, ok=None)
    check(sealed.id.hex() not in alpha.shown(), f'a short copy was imported: {took}')
    alpha.send(sealed.for_labs([alpha.b_id]))
    alpha.delivered(sealed)
    check(sealed.id.hex() in alpha.shown(), 'the full copy is refused')
    check(number == 2 and FEW_SIGNATURES == 10, 'numbers')


@test
def what_is_sent_again_counts_once(world):
    alpha = Alpha(world)
    early = alpha.peer.out.statement(alpha.peer.out.head(), alpha.peer.into.receipt())
    sealed = alpha.works()
    wire, segment = sealed.for_labs([alpha.b_id]), alpha.peer.out.segment()
    for _ in range(3):
        alpha.send(wire)
        alpha.peer.send_frame(frames.SEGMENT, segment)
        alpha.peer.send_frame(frames.STATEMENT, early)
    alpha.works()
    alpha.peer.close()
    alpha.up()
    alpha.send(wire)
    alpha.peer.send_frame(frames.SEGMENT, segment)
    alpha.peer.send_frame(frames.STATEMENT, early)
    path = alpha.to_file('again', [(file.CARD, alpha.lab.card.data), (file.ENVELOPE, wire)])
    took = alpha.b.json('import', path)
    check(took['letters'] == [] and took['refused'] == 0, f'{took}')
    alpha.works()
    check(len(alpha.shown()) == 3, f'{alpha.shown()}')
    check(alpha.b.json()['ringing'] == 3, 'a copy has rung again')


@test
def two_heads_with_one_number_are_an_alarm(world):
    alpha = Alpha(world)
    first = alpha.works()
    peer = alpha.peer
    # Another history: the same numbers, another letter at number 2.
    other = live_peer.Outgoing(alpha.net, alpha.lab, alpha.b_id, peer.epoch)
    other.add(channel.CARD, alpha.lab.card.hash)
    forged = alpha.letter(text='another history')
    other.add(channel.LETTER, forged.id)
    check(other.head()[1] == peer.out.head()[1], 'one number')
    peer.send_frame(frames.STATEMENT, other.statement(other.head(), peer.into.receipt()))
    alpha.b.node.wait_log('two channels with one number')
    try:
        peer.send_frame(frames.SEGMENT, other.segment())
        peer.run(lambda: False, timeout=0.5)
    except (live_peer.Closed, ConnectionError):
        pass
    peer.link.close()
    alpha.up()
    check(peer.delivered(first.id), 'the first history does not stand')
    alpha.works()
    check(forged.id.hex() not in alpha.shown(), 'the second history was taken in')
    warned = ' '.join(alpha.b.run('status', ok=None).out.split())
    check('two channels with one number' in warned, f'status is silent: {warned}')


@test
def two_cards_with_one_version_are_an_alarm(world):
    alpha = Alpha(world)
    body = alpha.lab.body(live_peer.now() - 9 * DAY, version=1, prev=None, name='alpha twice')
    twin = identity.sign_card(alpha.net, body, alpha.lab.roots[:1])
    alpha.peer.send_frame(frames.CARD, twin)
    alpha.b.node.wait_log('two cards with one number')
    alpha.works()
    check(alpha.b.json('card', 'show', 'alpha')['hash'] == alpha.lab.card.hash.hex(),
          'the first card does not stand')


@test
def a_suspended_key_is_refused_from_then_on(world):
    alpha = Alpha(world)
    before = alpha.works()
    alpha.peer.send_frame(frames.SUSPENSION, alpha.suspend(0))
    late = alpha.letter(text='after')
    number = alpha.enter(late)
    alpha.send(late.for_labs([alpha.b_id]))
    check(alpha.refused(number) == SUSPENDED, 'another code')
    alpha.b.run('status')  # the device learns of it
    path = alpha.to_file('late', [(file.ENVELOPE, late.for_labs([alpha.b_id]))])
    took = alpha.b.run('import', path, ok=False)
    check('suspended' in took.out + took.err, f'{took}')
    check(alpha.shown() == [before.id.hex()], 'the earlier letter stays, the later one does not')
    good = alpha.letter(device=1, text='the other device goes on')
    alpha.peer.queue(good)
    alpha.delivered(good)
    alpha.b.run('ack', before.id.hex()[:8])


@test
def a_removed_key_is_refused_from_then_on(world):
    alpha = Alpha(world)
    before = alpha.works()
    gone = alpha.lab.devices[0]
    alpha.issue(members=[d.item(alpha.lab.id) for d in alpha.lab.devices[1:]])
    late = alpha.letter(text='after')
    check(late.sigs[0][0] == gone.id, 'the removed key has signed')
    number = alpha.enter(late)
    alpha.send(late.for_labs([alpha.b_id]))
    check(alpha.refused(number) == NOT_MEMBER, 'another code')
    path = alpha.to_file('late', [(file.CARD, alpha.lab.card.data),
                                  (file.ENVELOPE, late.for_labs([alpha.b_id]))])
    took = alpha.b.run('import', path, ok=False)
    check('no member' in took.out + took.err or 'not a member' in took.out + took.err, f'{took}')
    check(alpha.shown() == [before.id.hex()], 'the earlier letter stays, the later one does not')
    good = alpha.letter(device=1, text='the other device goes on')
    alpha.peer.queue(good)
    alpha.delivered(good)
    alpha.b.run('ack', before.id.hex()[:8])


@test
def what_a_member_may_not_do_is_refused_by_code(world):
    alpha = Alpha(world)
    alpha.issue(members=[d.item(alpha.lab.id) if d is not alpha.lab.devices[0] else
                         identity.member_item(alpha.net, alpha.lab.id, d.person, d.device, 1,
                                              caps(precedence=2), d.key, d.link)
                         for d in alpha.lab.devices])
    loud = alpha.letter(precedence=3)
    number = alpha.enter(loud)
    alpha.send(loud.for_labs([alpha.b_id]))
    check(alpha.refused(number) == NOT_PERMITTED, 'another code')
    alpha.works()


@test
def strangers_and_wrong_keys_get_no_answer(world):
    alpha = Alpha(world)
    alpha.peer.close()
    port = ('127.0.0.1', alpha.b.node.port)
    right = alpha.lab.node.link

    def dialled(what, **more):
        peer = alpha.node()
        try:
            peer.connect(port, alpha.b_id, timeout=20, **more)
        except (live_peer.Closed, HlError, OSError):
            return
        raise Failed(f'{what} was answered')

    alpha.lab.node.link = BoxKey(b'\5' * 32)
    dialled('a key on no card')
    alpha.b.node.wait_log('no known key has knocked')
    alpha.lab.node.link = right
    dialled('a knock for another node\'s key', public=BoxKey(b'\6' * 32).public)
    # The right link, and then another signing key in the greeting.
    peer = alpha.node()
    peer.connect(port, alpha.b_id)
    peer.send_frame(frames.HELLO, 1, alpha.lab.id, alpha.b_id, bytes(32), 1, bytes(32),
                    live_peer.now())
    try:
        peer.run(lambda: False, timeout=2)
    except live_peer.Closed:
        pass
    # A statement that another key has signed.
    stranger = SignKey(b'\7' * 32)
    peer = alpha.node()
    peer.connect(port, alpha.b_id)
    peer.send_hello()
    peer.send_frame(frames.STATEMENT, channel.statement(
        alpha.net, stranger, alpha.lab.id, alpha.b_id, peer.out.head(), None, live_peer.now()))
    wait(lambda: 'a statement was not taken' in alpha.b.node.log(), 'word of the statement')
    peer.link.close()
    alpha.up()
    alpha.works()


def alert(lab):
    """A raise until the other lab's receipt is there; the seconds that took."""
    began = time.monotonic()
    lab.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--wait', 'stored')
    return time.monotonic() - began


def flood(peer, stopped):
    """Well-formed questions that nobody needs, as fast as they are taken."""
    packer = records.Packer()
    asked = encode([frames.WANT_LETTERS, peer.them, [bytes(32)]])
    peer.link.stream.settimeout(None)
    try:
        while not stopped.is_set():
            for _ in range(50):
                packer.put(records.CONTROL, asked)
            while packer.waiting():
                peer.link.send_plain(packer.record())
    except OSError:
        pass  # the test has closed it


@test
def a_flooding_peer_delays_nobody_else(world):
    alpha = Alpha(world)
    alpha.peer.close()  # making the others takes longer than a line may be silent
    honest = world.lab('lab-c')
    world.pair(alpha.b, honest)
    honest.wait_up('lab-b')
    idle = alert(honest)
    alpha.up()
    stopped = threading.Event()
    alpha.peer.them = alpha.b_id
    thread = threading.Thread(target=flood, args=(alpha.peer, stopped), daemon=True)
    thread.start()
    alpha.b.node.wait_log('over its quota', 60)
    under = [alert(honest) for _ in range(3)]
    print(f'an alert: {idle:.2f} s when idle, {max(under):.2f} s at most beside a flood')
    warned = ' '.join(alpha.b.run('status', ok=None).out.split())
    check('over its quota' in warned, f'status is silent: {warned}')
    check(re.search(r'warning (?!lab [0-9a-f]{12}\b)\S+ is over its quota', warned),
          f'no person knows a lab by its digits: {warned}')
    told = alpha.b.json('status', ok=None)['warnings']
    check(any('over its quota' in w for w in told), f'the JSON is silent: {told}')
    check(thread.is_alive(), 'the flood has ended by itself')
    check(honest.peers()['lab-b'] == 'up', 'the honest line has suffered')
    stopped.set()
    alpha.peer.link.stream.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    alpha.peer.link.close()
    # It is no enemy: what it has to say afterwards is heard.
    alpha.up()
    alpha.works()


@test
def rubbish_is_kept_out_for_a_while(world):
    alpha = Alpha(world)
    alpha.peer.close()
    for _ in range(3):
        peer = alpha.node()
        peer.connect(('127.0.0.1', alpha.b.node.port), alpha.b_id)
        peer.link.send_frame_bytes(records.CONTROL, b'\xc1rubbish')
        try:
            peer.run(timeout=2)
        except live_peer.Closed:
            pass
        peer.link.close()
    alpha.b.node.wait_log('no link with it is taken for a while')
    # By itself it is let in again.
    def linked():
        try:
            alpha.up()
        except (live_peer.Closed, OSError):
            return False
        return True
    wait(linked, 'to be let in again')
    alpha.works()


@test
def a_thousand_strangers_delay_nobody(world):
    honest, b = world.labs('lab-c', 'lab-b')
    idle = alert(honest)
    under, refused, crowd = [], 0, []
    for i in range(1000):
        s = socket.socket()
        s.settimeout(5)
        s.bind((f'127.0.{1 + i // 200}.{1 + i % 200}', 0))
        try:
            s.connect(('127.0.0.1', b.node.port))
            s.sendall(os.urandom(64))
        except OSError:
            refused += 1  # its place was needed
        crowd.append(s)
        if i % 250 == 249:
            under.append(alert(honest))
            check(b.node.descriptors() < 64 + 40, f'{b.node.descriptors()} descriptors')
    for s in crowd:
        try:
            check(s.recv(1) == b'', 'a stranger was answered')
        except ConnectionError:
            pass
        s.close()
    print(f'an alert: {idle:.2f} s when idle, {max(under):.2f} s at most beside 1,000 strangers '
          f'({refused} were cut off at once)')
    check(honest.peers()['lab-b'] == 'up', 'the honest line has suffered')


if __name__ == '__main__':
    main(jobs=2)
