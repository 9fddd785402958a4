#!/usr/bin/python3
"""A letter that a device cannot open is sent again, to it and to nobody else."""
import contextlib
import os
import sqlite3

from harness import check, main, test, wait


def database(device):
    return sqlite3.connect(os.path.join(device.home, 'device.db'))


def forget(device):
    """The secrets of its sealing keys are lost, as after an older backup was put back."""
    with database(device) as db:
        check(db.execute('DELETE FROM epochs').rowcount > 0, 'there was no secret')
    db.close()


def types(device):
    """What the device has opened: [(type, of which lab)], oldest first."""
    db = database(device)
    names = {1: 'raise', 2: 'ack', 8: 'cannot-open', 11: 'resend'}
    rows = db.execute('SELECT type, lab FROM letters WHERE state = 1 ORDER BY created').fetchall()
    db.close()
    return [(names.get(t, t), lab.hex()) for t, lab in rows]


def count(device, kind):
    return sum(t == kind for t, _ in types(device))


def letter_of(device, incident, letter):
    found = [x for x in device.json('show', incident)['letters'] if x['id'] == letter]
    check(len(found) == 1, f'{letter} is there {len(found)} times')
    return found[0]


def title(device, incident):
    """The title as that device reads it; empty while it cannot."""
    device.run('now')
    return device.json('show', incident)['title']


@test
def a_reader_without_its_secret_gets_the_letter(world):
    a, b, c = world.labs('lab-a', 'lab-b', 'lab-c')
    raised = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'the title', '-m',
                    'the text', '--precedence', 'IMMEDIATE', '--wait', 'stored')
    incident = raised['id']
    forget(b)
    said = wait(lambda: [r for r in [b.run('now')] if incident[:4] in r.out + r.err],
                'the call at lab-b')[0]
    check('new ones are published' in said.err, f'{said}')
    check('lab-a is asked to send it again' in said.err, f'{said}')
    check('RINGING  1 call that cannot be read here' in said.out, f'{said}')
    check('to send it again' in said.out, f'{said}')
    closed = b.run('show', incident)
    check('asked lab-a' in closed.out and 'nothing comes' in closed.out, f'{closed}')
    check('the text' not in closed.out and 'the title' not in closed.out, f'{closed}')
    letter = letter_of(b, incident, incident)
    check(letter['refused'] == 'bad-open', f'{letter}')
    check([x['state'] for x in letter['unopened']] == ['asked'], f'{letter}')
    # The sender's next command sends it again, and only once.
    wait(lambda: a.run('now') and count(a, 'resend') == 1, 'lab-a to send it again')
    for _ in range(3):
        a.run('now')
    check(count(a, 'resend') == 1 and count(a, 'cannot-open') == 1, f'{types(a)}')
    wait(lambda: title(b, incident) == 'the title', 'the raise at lab-b')
    letter = letter_of(b, incident, incident)
    check(letter['text'] == 'the text' and letter['marks'] == ['sent-again'], f'{letter}')
    check([x['state'] for x in letter['unopened']] == ['sent'], f'{letter}')
    check('RINGING  1 call,' in b.run('now').out, 'it does not ring as any call does')
    told = ' '.join(a.run('show', incident).out.split())
    check('could not open the raise of' in told and 'sent again' in told, told)
    # It can be answered, and its proofs are those of the one letter.
    b.run('ack', incident, '--acting')
    wait(lambda: a.json('show', incident)['answers'][0]['answer'] == 'acting', 'the answer')
    # There are no loops: nobody has said any more.
    for lab in (b, a, b, a):
        lab.run('now')
    for lab in (a, b):
        check(sorted(t for t, _ in types(lab)) == ['ack', 'cannot-open', 'raise', 'resend'],
              f'{lab.name}: {types(lab)}')
    check(types(c) == [] and c.json('list', '--all')['incidents'] == [],
          'lab-c has something of it')
    # The key itself is on no screen.
    db = database(a)
    check(b'the text' not in b''.join(x for row in db.execute(
        'SELECT doc FROM letters') for x in row), 'a letter is not sealed')
    db.close()


@test
def a_device_that_joined_later_gets_it(world):
    a, b = world.labs('lab-a', 'lab-b')
    incident = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'the title',
                      '-m', 'the text', '--wait', 'stored')['id']
    wait(lambda: title(b, incident) == 'the title', 'the raise at lab-b')
    own = b.json('raise', '--to', 'lab-a', '--kind', 'near.miss', '--title', 'of its own lab',
                 '-m', 'text', '--wait', 'stored')['id']
    wait(lambda: title(a, own) == 'of its own lab', 'the raise at lab-a')
    ines = b.join('Ines Roy')
    said = ines.run('now')
    check('before its sender knew of the device' in said.err, f'{said}')
    check('lab-a is asked to send it again' in said.err, f'{said}')
    shown = ines.run('show', incident).out
    check('the text' not in shown and 'asked lab-a' in shown, shown)
    # Of the own lab's letters a colleague's device is asked.
    wait(lambda: b.run('now') and count(b, 'resend') == 1, 'lab-b to send its own again')
    wait(lambda: title(ines, own) == 'of its own lab', 'the own raise at the new device')
    wait(lambda: a.run('now') and count(a, 'resend') == 1, 'lab-a to send it again')
    wait(lambda: title(ines, incident) == 'the title', 'the raise at the new device')
    ines.run('ack', incident)
    wait(lambda: a.json('show', incident)['answers'][0]['person'] == 'Ines Roy', 'the answer')
    # What stayed within lab-b is not at lab-a: one cannot-open and one resend each.
    check(count(a, 'resend') == 1 and count(a, 'cannot-open') == 1, f'{types(a)}')
    wait(lambda: b.run('now') and count(b, 'resend') == 2, "lab-a's resend at lab-b")
    check(count(b, 'cannot-open') == 2, f'{types(b)}')


@test
def others_get_nothing(world):
    a, b, c = world.labs('lab-a', 'lab-b', 'lab-c')
    incident = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'the title',
                      '-m', 'the text', '--wait', 'stored')['id']
    wait(lambda: title(b, incident) == 'the title', 'the raise at lab-b')
    # lab-c gets hold of the letter, and its device says that it could not open it.
    path = a.path('leak.hotline')
    a.run('export', incident, '--output', path)
    taken = c.run('import', path, ok=None)
    check('the text' not in taken.out + taken.err, f'{taken}')
    for lab in (c, a, c, a):
        lab.run('now')
    check(count(a, 'resend') == 0 and count(c, 'resend') == 0, f'{types(a)} {types(c)}')
    # A device that its lab has suspended asks in vain.
    ines = b.join('Ines Roy')
    b.run('member', 'suspend', 'Ines Roy', '--yes', '--reason', 'lost')
    gone = ines.run('now', ok=None)
    check('the text' not in gone.out, f'{gone}')
    for lab in (b, a, b, a):
        lab.run('now')
    check(count(a, 'resend') == 0, f'{types(a)}')
    check(title(b, incident) == 'the title', 'lab-b reads it no more')


@test
def a_monitors_letter_is_sent_again_by_a_person(world):
    a, b = world.labs('lab-a', 'lab-b')
    bot = a.join('trend bot', monitor=True)
    incident = bot.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'the title',
                        '-m', 'seen', '--wait', 'stored')['id']
    forget(b)
    wait(lambda: b.run('now') and count(b, 'cannot-open') == 1, 'lab-b to say so')
    # The monitor does not read; what it sent is not left to it.
    bot.run('status')
    wait(lambda: a.run('now') and count(a, 'resend') == 1, 'lab-a to send it again')
    wait(lambda: title(b, incident) == 'the title', 'the raise at lab-b')


def rot(node, letter):
    """Turns a bit of a letter that a stopped node keeps, or turns it back."""
    path = os.path.join(node.dir, 'hotlined.db')
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        doc = bytearray(db.execute('SELECT doc FROM letter WHERE id = ?',
                                   [bytes.fromhex(letter)]).fetchone()[0])
        doc[len(doc) // 2] ^= 1
        db.execute('UPDATE letter SET doc = ? WHERE id = ?',
                   [bytes(doc), bytes.fromhex(letter)])


@test
def what_the_node_cannot_give_is_asked_for_again(world):
    a, b = world.labs('lab-a', 'lab-b')
    jun = a.join('Jun Sato')
    rotten = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'rotten', '--wait',
                    'stored')['id']
    sound = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'sound', '--wait',
                   'stored')['id']
    b.node.stop()  # which the node would ask for it
    a.node.stop()
    rot(a.node, rotten)
    a.node.start()

    def held():
        return {i['id'] for i in jun.json('list', '--all')['incidents']}
    for _ in range(2):
        said = jun.run('now')
        check('gives no good copy of the letter ' + rotten[:8] in said.err, f'{said}')
        check('asked again' in said.err, f'{said}')
        check(held() == {sound}, 'one rotten letter keeps others away, or is shown')
    a.node.stop()
    rot(a.node, rotten)
    a.node.start()
    check(held() == {sound, rotten}, 'it is whole again, and was not asked for')
    check(jun.json('show', rotten)['letters'][0]['text'] == 'rotten', 'it is another')
    check('no good copy' not in jun.run('now').err, 'it is asked for still')


if __name__ == '__main__':
    main(jobs=2)
