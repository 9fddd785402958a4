#!/usr/bin/python3
"""Lines that are cut between two labs, and others that carry what cannot go over them."""
import os

from harness import check, main, test, wait

NOWHERE = '127.0.0.1:1'


def cut(*pairs):
    """The two nodes of each pair call each other where nobody is; once for each node."""
    wrong = {}
    for a, b in pairs:
        wrong.setdefault(a, []).append(b)
        wrong.setdefault(b, []).append(a)
    for lab, others in wrong.items():
        with open(lab.node.config, 'a', encoding='utf-8') as f:
            for other in others:
                f.write(f'peer "{other.name}" {{ address = {{"{NOWHERE}"}} }}\n')
        lab.node.stop()
        lab.node.check()
        lab.node.start()


def pair(*pairs):
    for a, b in pairs:
        a.world.pair(a, b)


def no_line(a, b):
    check(a.peers()[b.name] != 'up' and b.peers()[a.name] != 'up',
          f'{a.name} and {b.name} have a line')


def shown(lab, incident):
    done = lab.run('show', incident, '--json', ok=None)
    return done.json if done.code == 0 else None


def letters(lab, incident):
    whole = shown(lab, incident)
    return len(whole['letters']) if whole else 0


def proof(lab, incident, other, number=0):
    """What lab knows of a letter's way to another lab, once its receipt was verified."""
    def delivered():
        lab.run('show', incident, '--proof')
        for p in shown(lab, incident)['letters'][number]['proofs']:
            if p['name'] == other.name and p['state'] == 'delivered' and p['verified']:
                return p
        return None
    return wait(delivered, f'the receipt of {other.name} at {lab.name}')


def holds(node, data):
    """Is that somewhere in the files of a node?"""
    for folder, _, files in os.walk(node.dir):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    if data in f.read():
                        return True
    return False


@test
def another_party_carries_it_and_the_answer(world):
    a, b, c = (world.lab(n) for n in ('lab-a', 'lab-b', 'lab-c'))
    pair((a, b), (a, c), (b, c))
    cut((a, b))
    a.wait_up('lab-c')
    b.wait_up('lab-c')
    no_line(a, b)
    sent = a.json('raise', '--to', 'lab-b,lab-c', '--kind', 'near.miss', '--precedence',
                  'IMMEDIATE', '-m', 'the line to you is cut', '--wait', 'stored', '--timeout',
                  '60')
    check(all(l['stored'] for l in sent['labs']), f'{sent}')
    way = {l['name']: [x['name'] for x in l['carried']] for l in sent['labs']}
    check(way == {'lab-b': ['lab-c'], 'lab-c': []}, f'{way}')
    incident = sent['incident'][:8]
    wait(lambda: shown(b, incident), 'the call at lab-b')
    b.run('ack', incident, '--acting', '-m', 'on it')
    wait(lambda: letters(a, incident) == 2, 'the answer at lab-a')
    answers = {x['name']: x['answer'] for x in shown(a, incident)['answers']}
    check(answers == {'lab-b': 'acting', 'lab-c': None}, f'{answers}')
    # The carrier's word proves nothing; the receipt is the addressed lab's own, on both sides.
    proof(a, incident, b)
    proof(b, incident, a, 1)
    no_line(a, b)
    said = a.run('show', incident, '--proof').out
    check('lab-b    carried by lab-c since' in said, said)


@test
def a_relay_carries_what_it_cannot_read(world):
    a, b, c = (world.lab(n) for n in ('lab-a', 'lab-b', 'lab-c'))
    pair((a, b), (a, c), (b, c))
    cut((a, b))
    a.wait_up('lab-c')
    b.wait_up('lab-c')
    canary = 'canary-6f1d2c'
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--precedence', 'IMMEDIATE',
                  '-m', canary)
    incident = sent['incident'][:8]
    check(not holds(c.node, bytes.fromhex(sent['id'])), 'lab-c got it without being asked to')
    a.run('peer', 'relay', 'lab-c')
    wait(lambda: shown(b, incident), 'the call at lab-b')
    check(shown(b, incident)['letters'][0]['text'] == canary, 'another text')
    b.run('ack', incident)
    wait(lambda: letters(a, incident) == 2, 'the answer at lab-a')
    proof(a, incident, b)
    # It has carried the letter, and knows nothing of what it says; nothing rang there.
    check(holds(c.node, bytes.fromhex(sent['id'])), 'lab-c has not carried it')
    check(not holds(c.node, canary.encode()), 'the carrier has the text')
    check(c.json('list', '--all')['incidents'] == [], 'the carrier shows an incident')
    check(c.json('status')['calls'] == [], 'something rings at the carrier')


@test
def two_carriers_in_a_row(world):
    a, b, c, d = (world.lab(n) for n in ('lab-a', 'lab-b', 'lab-c', 'lab-d'))
    pair((a, b), (a, c), (c, d), (d, b))
    cut((a, b))
    a.run('peer', 'relay', 'lab-c')
    c.run('peer', 'relay', 'lab-d')
    for lab, others in ((a, ['lab-c']), (c, ['lab-d']), (b, ['lab-d'])):
        lab.wait_up(*others)
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--precedence', 'IMMEDIATE',
                  '-m', 'twice on the way', '--wait', 'stored', '--timeout', '60')
    check(sent['labs'][0]['stored'], f'{sent}')
    incident = sent['incident'][:8]
    wait(lambda: shown(b, incident), 'the call at lab-b')
    b.run('ack', incident)
    wait(lambda: letters(a, incident) == 2, 'the answer at lab-a')
    proof(b, incident, a, 1)


@test
def a_carrier_keeps_it_over_a_restart_and_while_all_others_are_away(world):
    a, b, c = (world.lab(n) for n in ('lab-a', 'lab-b', 'lab-c'))
    pair((a, b), (a, c), (b, c))
    a.run('peer', 'relay', 'lab-c')
    a.wait_up('lab-b', 'lab-c')
    b.wait_up('lab-a', 'lab-c')
    b.node.stop()
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--precedence', 'IMMEDIATE',
                  '-m', 'kept by another')
    wait(lambda: holds(c.node, bytes.fromhex(sent['id'])), 'the letter at the carrier')
    # The sender's node is gone for good; the carrier is killed once; then the lab comes back.
    a.node.stop()
    c.node.kill()
    c.node.start()
    b.node.start()
    wait(lambda: shown(b, sent['incident'][:8]), 'the call at lab-b')


if __name__ == '__main__':
    main(jobs=4)
