#!/usr/bin/python3
"""By hand: letters in files, where no line reaches; and what is wrong with a file is said."""
import base64
import os

from harness import check, main, test, wait


def pair_without_nodes(world):
    """Two labs that have compared fingerprints and have no node at all."""
    labs = []
    for name, person in (('lab-a', 'Mira Olsen'), ('lab-b', 'Eva Lind')):
        lab = world.lab(name, person, found=False)
        lab.run('lab', 'init', name, '--person', person, '--network', lab.node.network,
                '--out', lab.path('lab.hotline'))
        labs.append(lab)
    world.pair(*labs)
    return labs


def draft(lab, *args):
    """A command that cannot reach a node; the draft's number."""
    result = lab.run(*args, ok=False)
    check(result.code == 3, f'{result}')
    return result.err.split('kept as draft ')[1].split(';')[0]


def exported(lab, what):
    path = lab.path(f'{what}.hotline')
    lab.run('export', what, '--output', path)
    return path


def alert(a):
    return exported(a, draft(a, 'raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'by hand'))


@test
def alert_and_answer_without_any_node(world):
    a, b = pair_without_nodes(world)
    took = b.run('import', alert(a))
    check('not yet confirmed' in ' '.join(took.out.split()) and 'raised' in took.out, f'{took}')
    board = b.run()
    check('RINGING' in board.out and 'your node is away' in board.out, f'{board}')
    incident = b.json('list')['incidents'][0]['short']
    answer = exported(b, draft(b, 'ack', incident, '--acting', '-m', 'seen'))
    a.run('import', answer)
    shown = a.json('show', incident)
    check(shown['answers'][0]['answer'] == 'acting', f'{shown}')
    check(shown['letters'][1]['marks'] == ['not-yet-confirmed'], f'{shown}')
    again = b.json('import', answer, '--json')
    check(again['letters'] == [] and again['known'] > 0 and again['refused'] == 0, f'{again}')


@test
def what_went_by_hand_arrives_by_line_as_well(world):
    a, b = world.lab('lab-a', 'Mira Olsen'), world.lab('lab-b', 'Eva Lind')
    world.pair(a, b)
    a.wait_up('lab-b')
    b.wait_up('lab-a')
    a.run('status')
    for lab in (a, b):
        lab.node.stop()
    b.run('import', alert(a))
    incident = b.json('list')['incidents'][0]['short']
    a.run('import', exported(b, draft(b, 'ack', incident)))
    for lab in (a, b):
        lab.node.start()
        lab.run('send')

    def confirmed(lab):
        letters = lab.json('show', incident)['letters']
        return len(letters) == 2 and all(
            not l['marks'] and l['proofs'] and all(p['verified'] for p in l['proofs'])
            for l in letters) and all(
                p['state'] == 'delivered' for l in letters if l['name'] == lab.name
                for p in l['proofs'])

    for lab in (a, b):
        wait(lambda l=lab: confirmed(l), f'the proofs at {lab.name}')
    # With its proof in the file, a letter is confirmed at once.
    whole = exported(a, incident)
    jun = b.join('Jun Sato')
    jun.run('import', whole)
    check(jun.json('show', incident)['letters'] != [], 'the import of a whole incident')


@test
def a_file_that_is_wrong_is_said_to_be(world):
    a, b = pair_without_nodes(world)
    path = alert(a)
    with open(path, encoding='ascii') as f:
        lines = f.read().splitlines()
    body = base64.b64decode(''.join(lines[1:-1]))

    def variant(name, data):
        out = b.path(name)
        text = base64.b64encode(data).decode()
        with open(out, 'w', encoding='ascii') as f:
            f.write('\n'.join(['-- mailed --', lines[0],
                               *(text[i:i + 64] for i in range(0, len(text), 64)),
                               lines[-1], '-- end --']) + '\r\n')
        return out

    cut = variant('cut', body[:-1])
    check(b.run('import', cut, ok=False).code == 1, 'half a file was taken')
    check(b.run('import', os.devnull, ok=False).code == 1, 'nothing was taken for a file')
    # One bit of the letter's ciphertext, which stands last: named, and all else is taken.
    spoiled = bytearray(body)
    spoiled[-1] ^= 1
    bad = b.run('import', variant('spoiled', bytes(spoiled)), ok=False)
    check(bad.code == 1 and 'not taken' in bad.out and 'a letter' in bad.err, f'{bad}')
    check(not b.json('list')['incidents'], 'a spoiled letter is shown')
    # The good copy is not blocked by it, and lines around the armour do no harm.
    b.run('import', variant('good', body))
    check(len(b.json('list')['incidents']) == 1, 'the good copy is refused')


@test
def strangers_and_other_networks_are_refused(world):
    a, b = pair_without_nodes(world)
    c = world.lab('lab-c', 'Nobody', found=False)
    c.run('lab', 'init', 'lab-c', '--person', 'Nobody', '--network', c.node.network, '--out',
          c.path('lab.hotline'))
    c.run('peer', 'add', b.card(), '--as', 'lab-b', '--fingerprint', b.fingerprint())
    path = exported(c, draft(c, 'raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'hello'))
    stranger = b.run('import', path, ok=False)
    check(stranger.code == 1 and 'no peer of yours' in stranger.err, f'{stranger}')
    check(not b.json('list')['incidents'], 'a stranger rings')
    d = world.lab('lab-d', 'Somebody', network='another', found=False)
    d.run('lab', 'init', 'lab-d', '--person', 'Somebody', '--network', 'another', '--out',
          d.path('lab.hotline'))
    other = a.run('import', d.path('lab.hotline'), ok=False)
    check(other.code == 1 and 'another' in other.err, f'{other}')
    # A letter that is not for this lab is named, and not shown.
    e = a.run('import', path, ok=False)
    check(e.code == 1 and not a.json('list')['incidents'], f'{e}')


if __name__ == '__main__':
    main()
