#!/usr/bin/python3
"""One bit of a letter flips on a node's disk: the letter comes again from who holds it."""
import os
import sqlite3

from harness import check, main, test, wait


def flip(node, envelope):
    """Flips one bit in the middle of a stored letter, in the file and behind SQLite's back."""
    path = os.path.join(node.dir, 'hotlined.db')
    db = sqlite3.connect(path)  # of a stopped node; this also empties the journal
    doc, = db.execute('SELECT doc FROM letter WHERE id = ?', (bytes.fromhex(envelope),)).fetchone()
    db.close()
    with open(path, 'rb') as f:
        data = bytearray(f.read())
    # 16 bytes that stand on one page, once.
    at = next(i for i in range(len(doc) // 2, len(doc) - 16)
              if data.count(doc[i:i + 16]) == 1)
    place = data.index(doc[at:at + 16])
    data[place] ^= 1
    with open(path, 'r+b') as f:
        f.seek(place)
        f.write(data[place:place + 1])
    db = sqlite3.connect(path)
    check(db.execute('PRAGMA integrity_check').fetchone()[0] == 'ok',
          'SQLite itself sees it: the test flips the wrong bit')
    db.close()


def shown(device, envelope):
    got = device.run('show', envelope[:8], '--json', ok=None)
    return got.code == 0 and got.json['title']


def damaged(lab):
    return [w for w in lab.json('status')['warnings'] if 'damaged' in w]


@test
def a_letter_of_a_peer_comes_again(world):
    a, b = world.labs('lab-a', 'lab-b')
    jun = b.join('Jun Sato')
    wait(lambda: a.run('status') and all(
        m['sealing_keys'] for m in a.json('card', 'show', 'lab-b')['members']),
        'the sealing keys of both devices of lab-b')
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'The title', '-m',
                  'x', '--wait', 'stored')['id']
    wait(lambda: shown(b, sent), 'the call')
    b.node.stop()
    a.node.stop()
    flip(b.node, sent)
    b.node.start()
    # While nobody can give it, it is served to nobody and shown as what it is.
    check(not shown(jun, sent), 'a damaged letter was shown')
    wait(lambda: damaged(b), 'the warning')
    a.node.start()
    wait(lambda: shown(jun, sent) == 'The title', 'the letter at the second device')
    wait(lambda: not damaged(b), 'the end of the warning')
    jun.run('ack', sent[:8], '--accept')
    wait(lambda: [x['lab'] for x in a.json('show', sent[:8])['answers']], 'the answer')


@test
def a_letter_of_the_own_lab_comes_back(world):
    a, b = world.labs('lab-a', 'lab-b')
    ann = a.join('Ann Reed')
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'The title', '-m',
                  'x', '--wait', 'stored')['id']
    wait(lambda: shown(b, sent), 'the call')
    a.node.stop()
    flip(a.node, sent)
    a.node.start()
    a.wait_up('lab-b')
    check(not shown(ann, sent), 'a damaged letter was shown')
    a.node.wait_log('is whole again')
    wait(lambda: not damaged(a), 'the end of the warning')
    b.run('ack', sent[:8], '--accept')
    wait(lambda: a.json('show', sent[:8])['answers'], 'the answer')


if __name__ == '__main__':
    main(jobs=2)
