#!/usr/bin/python3
"""Nodes that stop, are killed and come back; three labs; disks that are full or read-only."""
import os
import shutil
import subprocess
import threading

from disks import fill, small_disk
from harness import Failed, Skipped, check, main, test, wait

ROUTINE = ('--kind', 'sys.test', '--precedence', 'ROUTINE')


def letters(device, incident):
    """[(id, lab, type, effect)] of an incident, as the device folds it; None where it has none."""
    shown = device.run('show', incident, '--json', ok=None)
    if shown.code != 0:
        return None
    return [(l['id'], l['lab'], l['type'], l['effect']) for l in shown.json['letters']]


def fold(device, incident):
    """What every party to the incident has to agree on."""
    shown = device.json('show', incident)
    return {'phase': shown['phase'], 'severity': shown['severity'],
            'letters': letters(device, incident),
            'answers': [(x['letter'] if 'letter' in x else x.get('id'), x['person'], x['answer'])
                        for x in shown['answers']]}


def agree(devices, incident, count):
    """Waits until all hold count letters; they must fold to one state, which is returned."""
    for d in devices:
        wait(lambda d=d: len(letters(d, incident) or []) == count,
             f'{count} letters at {d.name}')
    folds = [fold(d, incident) for d in devices]
    for d, other in zip(devices[1:], folds[1:]):
        check(other == folds[0], f'{d.name} folds to {other}, {devices[0].name} to {folds[0]}')
    return folds[0]


def stored(lab, *args):
    """A letter that its addressee's node holds, or is kept as a draft; the JSON of it."""
    return lab.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--wait',
                    'stored', *args)


@test
def one_envelope_to_two_labs(world):
    a, b, c = world.labs('lab-a', 'lab-b', 'lab-c')
    sent = a.json('raise', '--to', 'lab-b,lab-c', '--kind', 'near.miss', '-m', 'to both',
                  '--wait', 'stored')
    check([bool(l['stored']) for l in sent['labs']] == [True, True], f'{sent}')
    incident = sent['incident'][:8]
    for lab in (b, c):
        wait(lambda lab=lab: letters(lab, incident), f'the call at {lab.name}')
        lab.run('ack', incident, '--acting', '-m', f'{lab.name} is on it')
    state = agree((a, b, c), incident, 3)
    check(len(state['answers']) == 2, f"{state['answers']}")
    check(fold(b, incident) == fold(c, incident), 'the two who were called disagree')


def step_by_step(world, down):
    """The main job; between any two steps one side's node, then the other's, goes down and up."""
    a, b = world.labs('lab-a', 'lab-b')

    def bounce():
        for lab in (a, b):
            down(lab.node)
            lab.node.start()

    bounce()
    incident = stored(a)['incident'][:8]
    bounce()
    wait(lambda: letters(b, incident), 'the call')
    bounce()
    b.run('ack', incident, '--accept')
    bounce()
    b.run('say', incident, '-m', 'ours was not touched')
    bounce()
    agree((a, b), incident, 3)
    a.run('resolve', incident, '-m', 'over')
    bounce()
    state = agree((a, b), incident, 4)
    check(state['phase'] == 'resolved', f'{state}')
    check([l[2] for l in state['letters']] == ['raise', 'ack', 'say', 'resolve'], f'{state}')
    for lab in (a, b):
        shown = wait(lambda lab=lab: verified(lab, incident), f'the proofs at {lab.name}')
        check(len(shown) == 4, f'{shown}')


def verified(lab, incident):
    """The letters of an incident once every one has its verified proof; else None."""
    shown = lab.json('show', incident)['letters']
    whole = all(l['proofs'] and all(p['verified'] for p in l['proofs']) for l in shown)
    return shown if whole else None


@test
def a_restart_between_any_two_steps(world):
    step_by_step(world, lambda node: node.stop())


@test
def a_kill_between_any_two_steps(world):
    step_by_step(world, lambda node: node.kill())


@test
def what_was_accepted_while_the_peer_was_away_arrives(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.kill()
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'late')
    a.node.kill()
    b.node.start()
    a.node.start()
    incident = sent['incident'][:8]
    agree((a, b), incident, 1)
    b.run('ack', incident)
    a.node.kill()
    b.node.restart()
    a.node.start()
    agree((a, b), incident, 2)


@test
def kills_during_traffic_lose_nothing(world):
    """The oracle is what the sender was told: exit statuses and ids, kept here."""
    count, cycles = int(os.environ.get('HOTLINE_RAISES', '60')), 5
    a, b = world.labs('lab-a', 'lab-b')
    journal, trouble, done = [], [], threading.Event()

    def send():
        try:
            for n in range(count):
                r = a.run('raise', '--to', 'lab-b', *ROUTINE, '-m', f'number {n}', '--json',
                          ok=None)
                check(r.code in (0, 3), f'{r}')
                journal.append((r.code, r.json['id']))
        except Failed as e:
            trouble.append(e)
        finally:
            done.set()

    sender = threading.Thread(target=send)
    sender.start()
    kills = 0
    while not done.is_set() or kills < 2 * cycles:
        node = (a, b)[kills % 2].node
        reached = len(journal) + 2
        node.kill()
        if kills % 6 == 0:  # once in a while the sender meets no node at all
            wait(lambda n=len(journal) + 2: len(journal) >= n or done.is_set(), 'a draft')
        node.start()
        kills += 1
        wait(lambda: len(journal) >= reached or done.is_set(), 'the traffic to go on')
    sender.join()
    check(not trouble, f'{trouble}')
    check(any(code == 3 for code, _ in journal), 'the sender has never met a dead node')
    a.run('send')
    sent = [i for _, i in journal]
    kept = sum(code == 3 for code, _ in journal)
    print(f'      {count} letters, {kept} kept as drafts at first, {kills} kills')
    check(len(set(sent)) == count, 'an id was given twice')

    def held():
        return [i['id'] for i in b.json('list', '--all')['incidents']]
    wait(lambda: len(held()) >= count, f'{count} letters at lab-b', 60)
    check(sorted(held()) == sorted(sent), 'lab-b holds other letters than lab-a was told')
    check(a.json('send')['letters'] == [], 'a draft stays')


@test
def two_answers_at_once(world):
    a, b = world.labs('lab-a', 'lab-b')
    jun = b.join('Jun Sato')
    wait(lambda: a.run('status') and all(
        m['sealing_keys'] for m in a.json('card', 'show', 'lab-b')['members']),
        'the sealing keys of both devices of lab-b')
    incident = stored(a)['incident'][:8]
    for d in (b, jun):
        wait(lambda d=d: letters(d, incident), 'the call')
    b.node.stop()  # each seals without the other's
    for d, how in ((b, '--accept'), (jun, '--acting')):
        check(d.run('ack', incident, how, ok=False).code == 3, 'no draft')
    b.node.start()
    both = [threading.Thread(target=d.run, args=('send',)) for d in (b, jun)]
    for t in both:
        t.start()
    for t in both:
        t.join()
    state = agree((a, b, jun), incident, 3)
    acks = [l for l in state['letters'] if l[2] == 'ack']
    check(sorted(l[3] for l in acks) == [0, 1], f'one is the answer, one came after it: {state}')
    first = state['answers'][0][1]
    for d in (a, b, jun):
        text = ' '.join(d.run('show', incident).out.split())
        check(f'after {first}' in text, f'{d.name} does not say that {first} came first: {text}')


@test
def a_duplicate_counts_once(world):
    a, b = world.labs('lab-a', 'lab-b')
    incident = stored(a)['incident'][:8]
    wait(lambda: letters(b, incident), 'the call')
    path = a.path('again.hotline')
    a.run('export', incident, '--output', path)
    for lab in (b, a, b):
        took = lab.json('import', path)
        check(took['letters'] == [] and took['refused'] == 0, f'{took}')
    # And from a backup of the device, which hands its draft over once more.
    old = a.path('old')
    a.node.stop()
    away = a.run('say', incident, '-m', 'twice', ok=False)
    check(away.code == 3, f'{away}')
    shutil.copytree(a.home, old)
    a.node.start()
    a.run('send')
    agree((a, b), incident, 2)
    shutil.rmtree(a.home)
    os.rename(old, a.home)
    again = a.run('send')
    check(again.code == 0, f'{again}')
    agree((a, b), incident, 2)


@test
def drafts_keep_their_bytes_and_name_a_way_out(world):
    a, b = world.lab('lab-a'), world.lab('lab-b', options=('--contact', '+1 555 0142'))
    world.pair(a, b)
    a.wait_up('lab-b')
    a.run('status')
    a.node.stop()
    args = ('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--idempotency-key', 'k1')
    away = a.run(*args, ok=False)
    check(away.code == 3 and 'draft d1' in away.err, f'{away}')
    check('+1 555 0142' in away.err, f'{away}')
    again = a.run(*args, '--json', ok=False)
    check(again.code == 3 and again.json['again'], f'{again}')
    a.node.start()
    third = a.json(*args)
    check(third['again'] and third['id'] == again.json['id'], f'{third}')
    wait(lambda: b.json('list')['incidents'], 'the letter')
    check([i['id'] for i in b.json('list')['incidents']] == [third['id']], 'other bytes arrived')
    check(len(a.json('list')['incidents']) == 1, 'a key has made two letters')


@test
def what_waits_goes_out_by_precedence(world):
    a, _ = world.labs('lab-a', 'lab-b')
    a.node.stop()
    for precedence in ('ROUTINE', 'PRIORITY', 'IMMEDIATE', 'PRIORITY'):
        away = a.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '--precedence', precedence,
                     '-m', 'x', ok=False)
        check(away.code == 3, f'{away}')
    a.node.start()
    said = a.run('list').err
    went = [line.split()[0] for line in said.splitlines() if 'went out' in line]
    check(went == ['d3', 'd2', 'd4', 'd1'], f'{said}')


@test
def nodes_hold_no_plain_text(world):
    a, b = world.labs('lab-a', 'lab-b')
    words = ['CANARYTITLE', 'CANARYTEXT', 'CANARYFILE', 'CANARYANSWER', 'CANARYTALK']
    path = a.path('notes.txt')
    with open(path, 'w', encoding='ascii') as f:
        f.write(words[2] * 100)
    incident = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', words[0], '-m',
                      words[1], '--attach', path, '--wait', 'stored')['incident'][:8]
    wait(lambda: letters(b, incident), 'the call')
    b.run('ack', incident, '-m', words[3])
    b.run('say', incident, '-m', words[4])
    agree((a, b), incident, 3)
    text = b.run('show', incident).out
    check(words[0] in text and words[4] in text, 'the reader does not see it')
    for _ in range(2):
        for lab in (a, b):
            for folder, _, names in os.walk(lab.node.dir):
                for name in names:
                    held_nowhere(os.path.join(folder, name), words)
            held_nowhere(lab.node.logfile, words)
            lab.node.stop()
    for lab in (a, b):  # at rest on the device as well: its store is sealed by the passphrase
        for folder, _, names in os.walk(lab.home):
            for name in names:
                held_nowhere(os.path.join(folder, name), words)


def held_nowhere(path, words):
    if os.path.isfile(path):
        with open(path, 'rb') as f:
            data = f.read()
        for w in words:
            check(w.encode() not in data, f'{path} holds {w}')


@test
def a_full_disk_refuses_and_recovers(world):
    a, b = world.labs('lab-a', 'lab-b')
    with small_disk(world, a.node):
        a.node.start()
        a.wait_up('lab-b')
        first = stored(a)['id']
        theirs = b.json('raise', '--to', 'lab-a', '--kind', 'near.miss', '-m', 'before',
                        '--wait', 'stored')['id']
        ballast = os.path.join(a.node.dir, 'ballast')
        fill(ballast)
        sent = []
        while len(sent) < 100 and all(code == 0 for code, _, _ in sent):
            r = a.run('raise', '--to', 'lab-b', *ROUTINE, '-m',
                      f'full {len(sent)} ' + 'x' * 15000, '--json', ok=None)
            sent.append((r.code, r.json['id'], r.err))
        check(any(code != 0 for code, _, _ in sent), f'a full disk took all of {len(sent)}')
        refused = next(err for code, _, err in sent if code != 0)
        check('disk is full' in refused and 'make room' in refused and 'draft' in refused,
              f'not clear: {refused}')
        check(a.node.process.poll() is None, 'the node has ended')
        # From the reserve: an answer goes out; the line stays up; the peer knows why no more does.
        a.wait_up('lab-b')
        wait(lambda: letters(a, theirs[:8]), 'the call of lab-b')
        a.run('ack', theirs[:8], '--acting')
        agree((a, b), theirs[:8], 2)
        wait(lambda: any('disk is full' in w for w in b.json('status')['warnings']),
             'lab-b to be told')
        check(any('disk is full' in w for w in a.json('status')['warnings']), 'no warning here')
        late = b.json('raise', '--to', 'lab-a', '--kind', 'near.miss', '-m', 'meanwhile')['id']
        more = a.run('raise', '--to', 'lab-b', *ROUTINE, '-m', 'more', '--json', ok=None)
        check(more.code != 0, 'a full disk took a call')
        more = [more.json['id']]
        check(letters(a, late[:8]) is None, 'a full disk took the call of a peer')
        os.unlink(ballast)
        a.wait_up('lab-b')
        wait(lambda: a.run('send', ok=None).code == 0 and a.json('send')['letters'] == [],
             'the drafts to go out')
        want = sorted([first, *(i for _, i, _ in sent)])

        def held():
            return sorted(i['id'] for i in b.json('list', '--all')['incidents'])
        want = sorted([*want, theirs, late, *more])
        wait(lambda: held() == want, 'every letter at lab-b, once')
        wait(lambda: letters(a, late[:8]), 'the call that had to wait')
        wait(lambda: not any('disk is full' in w for lab in (a, b)
                             for w in lab.json('status')['warnings']), 'the end to be told')
        a.node.stop()


@test
def a_read_only_store_is_refused_at_the_start(world):
    if os.geteuid() != 0:
        raise Skipped('only root mounts')
    lab = world.lab('lab-a')
    lab.node.stop()
    made = []
    try:
        for args in (('--bind', lab.node.dir, lab.node.dir),
                     ('-o', 'remount,bind,ro', lab.node.dir)):
            done = subprocess.run(['mount', *args], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Skipped(f'cannot mount here: {done.stderr.strip()}')
            made.append(args)
        lab.node.start(ready=False)
        code = lab.node.wait_end()
        check(code not in (0, -6, -11), f'it ended with {code}')
        said = lab.node.fresh()
        check(lab.node.dir in said and ('ead-only' in said or 'write' in said),
              f'not clear: {said}')
    finally:
        if made:
            subprocess.run(['umount', '-l', lab.node.dir], check=False)
    lab.node.start()
    lab.run('status')


if __name__ == '__main__':
    main(jobs=2)
