#!/usr/bin/python3
"""The main job: two labs, an alert, its answer, the talk, the end, the proof."""
import json
import os
import pty
import select
import stat
import time

from harness import HOTLINE, check, main, test, wait


def two(world, **more):
    a, b = world.lab('lab-a', 'Mira Olsen', **more), world.lab('lab-b', 'Eva Lind')
    world.pair(a, b)
    a.wait_up('lab-b')
    b.wait_up('lab-a')
    return a, b


def alert(a, *more, wait_for='stored'):
    """A raise that has arrived; the incident's short id."""
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'contain.breach', '--field', 'boundary=vm',
                  '--title', 'Agent left its sandbox', '-m', 'It reached a third party.',
                  '--wait', wait_for, *more)
    check(sent['state'] == 'stored', f'{sent}')
    return sent['incident'][:8]


def letters(device, incident):
    return device.json('show', incident)['letters']


@test
def alert_answer_talk_and_end(world):
    a, b = two(world)
    jun = b.join('Jun Sato')
    wait(lambda: all(m['sealing_keys'] for m in a.json('card', 'show', 'lab-b')['members']),
         'the sealing keys of both devices of lab-b')
    incident = alert(a, '--precedence', 'IMMEDIATE', '--severity', '3', '--ask', 'check-systems')
    board = b.json()
    check(board['ringing'] == 1 and board['schema'] == 'hotline.board.1', f'{board}')
    bare = b.run()
    check('RINGING  1 call' in bare.out and 'hotline ack' in bare.out, f'{bare}')
    check('asks: check-systems' in bare.out and 'lab-a up' in bare.out, f'{bare}')
    check(b.json('list')['incidents'][0]['rings'], 'it does not ring in the list')
    b.run('ack', incident, '--acting', '-m', 'on it')
    jun.run('ack', incident)
    check(b.json()['ringing'] == 0 and 'Quiet.' in b.run().out, 'it still rings')
    b.run('say', incident, '-m', 'Rotated the token.')
    wait(lambda: len(letters(a, incident)) == 4, 'the answers at lab-a')
    a.run('update', incident, '--severity', '4', '--certainty', 'observed', '-m', 'Worse.')
    a.run('resolve', incident, '-m', 'Contained.')
    for device in (a, b, jun):
        wait(lambda d=device: d.json('show', incident)['phase'] == 'resolved', 'the end')
    shown = [d.json('show', incident) for d in (a, b, jun)]
    for other in shown[1:]:
        check([(l['id'], l['effect'], l['type']) for l in other['letters']]
              == [(l['id'], l['effect'], l['type']) for l in shown[0]['letters']],
              'the labs fold to different states')
    check(shown[0]['severity'] == 4 and shown[0]['certainty'] == 'observed', f'{shown[0]}')
    check([l['type'] for l in shown[0]['letters']]
          == ['raise', 'ack', 'ack', 'say', 'update', 'resolve'], f'{shown[0]}')
    check(shown[0]['answers'][0]['person'] == 'Eva Lind', f"{shown[0]['answers']}")
    text = a.run('show', incident)
    check('Jun Sato' in text.out and 'after Eva Lind' in text.out, f'{text}')
    check('resolved "Contained."' in text.out, f'{text}')
    check(max(len(line) for line in text.out.splitlines()) <= 80, 'a line is too long')


@test
def delivered_means_verified_here(world):
    a, b = two(world)
    incident = alert(a)
    proofs = letters(a, incident)[0]['proofs']
    check(len(proofs) == 1 and proofs[0]['state'] == 'delivered' and proofs[0]['verified'],
          f'{proofs}')
    shown = a.run('show', incident).out
    check('proof: 1 letter, 1 receipt, all verified' in shown, 'no proof')
    check('waits for lab-b: has it since ' in shown, shown)
    wait(lambda: any(p['verified'] and p['state'] == 'entered'
                     for p in letters(b, incident)[0]['proofs']), 'the entry at lab-b')
    out = a.run('show', incident, '--proof').out
    check('lab-b    held it at' in out and 'number' in out, out)


@test
def one_key_one_letter(world):
    a, b = two(world)
    args = ('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'nearly', '--idempotency-key',
            'run-17')
    first, second = a.json(*args), a.json(*args)
    check(first['id'] == second['id'] and second['again'] and not first['again'],
          f'{first} {second}')
    wait(lambda: len(b.json('list')['incidents']) == 1, 'the letter')
    check(len(a.json('list')['incidents']) == 1, 'a key has made two letters')


@test
def who_is_late_is_on_the_board(world):
    a, b = two(world)
    incident = alert(a, '--answer-within', '1s', '--title', 'late')
    wait(lambda: 'NOT ANSWERED' in a.run('now').out, 'the word that nobody has answered')
    board = a.run('now').out
    line = next(text for text in board.splitlines() if 'NOT ANSWERED' in text)
    check(incident[:4] in line and 'OVERDUE by' in line and 'Quiet' not in board, board)
    check(board.splitlines()[board.splitlines().index(line) + 1].strip().startswith('lab-b'), board)
    check(max(map(len, board.splitlines())) <= 80, board)
    # What rings stands first, an exercise after what is actual.
    for status, title in (('exercise', 'trying'), ('actual', 'real')):
        b.run('raise', '--to', 'lab-a', '--kind', 'near.miss', '-m', 'x', '--title', title,
              '--status', status, '--yes')
    wait(lambda: a.json()['ringing'] == 2, 'both calls')
    board = a.run('now').out
    check('RINGING  1 call, ' in board and '; and 1 exercise or test' in board, board)
    check(board.index('"real"') < board.index('"trying"') < board.index('NOT ANSWERED'), board)
    b.run('ack', incident)
    wait(lambda: 'NOT ANSWERED' not in a.run('now').out, 'the answer')


@test
def waiting_for_an_answer(world):
    a, b = two(world)
    child = a.spawn('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--wait',
                    'answered', '--timeout', '60s')
    wait(lambda: b.json('list')['incidents'], 'the call')
    b.run('ack', b.json('list')['incidents'][0]['short'], '--decline', 'not ours')
    wait(lambda: child.poll() is not None, 'the answer')
    with open(child.path, encoding='utf-8') as f:
        out = f.read()
    check('went out' not in out, f'one letter is told of as two: {out}')
    check(child.returncode == 0, out)
    check('lab-b    stored' in out and 'Eva Lind: declined' in out, out)
    check(a.json()['unanswered'] == 0 and 'all answered' in a.run().out, f'{a.run()}')
    # A later call of the same incident has to be answered too.
    a.run('say', b.json('list')['incidents'][0]['short'], '--call', '-m', 'and now?')
    check(a.json()['unanswered'] == 1 and 'all answered' not in a.run().out, f'{a.run()}')
    late = a.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'y', '--wait', 'answered',
                 '--timeout', '1s', ok=False)
    check(late.code == 5 and 'has not answered' in late.err, f'{late}')


@test
def a_node_that_is_away_loses_nothing(world):
    a, b = two(world, options=('--contact', '+1 555 0100'))
    a.node.stop()
    away = a.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'z', ok=False)
    check(away.code == 3 and 'kept as draft d1' in away.err, f'{away}')
    check('hotline export d1' in away.err, f'{away}')
    shown = a.run('list')
    check('shown is what this device holds' in shown.err and 'near.miss' in shown.out, f'{shown}')
    a.node.start()
    again = a.run('list')
    check('d1 went out' in again.err, f'{again}')
    wait(lambda: b.json('list')['incidents'], 'the letter at lab-b')
    check(a.json('send')['letters'] == [], 'it was sent twice')


@test
def attachments(world):
    a, b = two(world)
    small, big, dot = (a.path(n) for n in ('note.txt', 'weights.bin', 'x'))
    dot = os.path.join(os.path.dirname(dot), '.profile')
    for path, data in ((small, b'hello\n'), (big, os.urandom(300000)), (dot, b'evil\n')):
        with open(path, 'wb') as f:
            f.write(data)
    sent = a.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'files', '--attach', small,
                 '--attach', big, '--attach', dot, '--wait', 'stored')
    check('travels' in sent.err, f'{sent}')
    incident = b.json('list')['incidents'][0]['short']
    into = os.path.join(world.dir, 'saved')
    os.mkdir(into)
    first = b.json('save', incident, '--dir', into)['files']
    second = b.json('save', incident, '--dir', into)['files']
    check([f['by_hand'] for f in first] == [False, True, False], f'{first}')
    names = sorted(os.listdir(into))
    check(len(names) == 4 and not any(n.startswith('.') for n in names), f'{names}')
    check(first[0]['path'] != second[0]['path'], 'a file was overwritten')
    with open(first[0]['path'], 'rb') as f:
        check(f.read() == b'hello\n', 'another content')
    check(stat.S_IMODE(os.stat(first[0]['path']).st_mode) == 0o600, 'others may read it')
    check(b.run('save', incident, '--check', big).out.count('verified') == 1, 'not verified')
    check(b.run('save', incident, '--check', small + 'x', ok=False).code == 2, 'no such file')
    with open(big, 'ab') as f:
        f.write(b'!')
    check(b.run('save', incident, '--check', big, ok=False).code == 1, 'a changed file passed')


@test
def what_is_missing_is_named(world):
    a, b = two(world)
    to = ('raise', '--to', 'lab-b')
    for args, code, words in (
            (('--kind', 'contain.breach', '-m', 'x'), 2, '--field boundary='),
            (('--kind', 'cap.threshold', '-m', 'x'), 2, '--framework'),
            (('--kind', 'contain.breech', '-m', 'x'), 2, 'did you mean contain.breach?'),
            (('--kind', 'near.miss'), 2, '--title'),
            (('-m', 'x'), 2, '--kind'),
            (('--kind', 'sys.test', '--status', 'actual', '-m', 'x'), 2, 'sys.test'),
            (('--kind', 'near.miss', '-m', 'x', '--precedence', 'QUICK'), 2, 'ROUTINE'),
            (('--kind', 'near.miss', '-m', 'word ' * 201, '--precedence', 'FLASH'), 2, '201 words'),
            (('--kind', 'near.miss', '-m', 'x', '--ask', 'Sing!'), 2, '--ask'),
            (('--kind', 'near.miss', '-m', 'x', '--attach', '/nonexistent'), 2, 'cannot attach')):
        result = a.run(*to, *args, ok=False)
        check(result.code == code and words in result.err, f'{result}')
    nobody = a.run('raise', '--to', 'lab-x', '--kind', 'near.miss', '-m', 'x', ok=False)
    check('lab-x' in nobody.err and 'lab-b' in nobody.err, f'{nobody}')
    check('contain.breach' in a.run('raise', '--kind', '?').out, 'no kinds')
    check(a.run('show', 'abcd', ok=False).code == 1, 'shown what is not there')
    check(a.run('show', 'xyz', ok=False).code == 2, 'xyz is no id')
    check(not a.json('list')['incidents'], 'something was sealed')
    incident = alert(a)
    check(b.run('resolve', incident, ok=False).code == 4, 'another lab has closed it')
    check(b.run('update', incident, '--severity', '1', ok=False).code == 4, 'severity')
    check(a.run('ack', incident, ok=False).code == 1, 'one answers oneself')
    check(a.run('reopen', incident, '-m', 'x', ok=False).code == 1, 'it is open')
    a.run('cancel', incident, '-m', 'a false alarm')
    check(a.run('resolve', incident, ok=False).code == 1, 'closed twice')
    a.run('reopen', incident, '-m', 'not so false')
    wait(lambda: b.json()['ringing'] == 1, 'the second call')


@test
def a_monitor_raises_and_never_answers(world):
    a, b = two(world)
    bot = a.join('trend bot', monitor=True)
    sent = bot.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'seen', '--wait',
                    'stored')
    check(sent['labs'][0]['stored'], f'{sent}')
    flash = bot.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--precedence',
                    'FLASH', ok=False)
    check(flash.code == 4 and 'monitor' in flash.err, f'{flash}')
    incident = b.json('list')['incidents'][0]['short']
    b.run('say', incident, '-m', 'which one?', '--call')
    check(bot.run('ack', sent['incident'][:8], ok=False).code in (1, 4), 'it has answered')
    wait(lambda: a.json()['ringing'] == 1, 'the call back')


@test
def an_exercise_says_so_on_every_line(world):
    a, b = two(world)
    alert(a, '--status', 'exercise')
    incident = b.json('list')['incidents'][0]['short']
    for args in (('show', incident), ('show', incident, '--proof')):
        lines = b.run(*args).out.splitlines()
        check(lines and all(l.startswith('EXERCISE') for l in lines), '\n'.join(lines))
    check('EXERCISE' in b.run('list').out and 'EXERCISE' in b.run().out, 'it looks real')


@test
def text_of_others_is_made_safe(world):
    a, b = two(world)
    a.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '--title', 'good \u202enews', '-m',
          'line\u200b one', '--wait', 'stored')
    incident = b.json('list')['incidents'][0]['short']
    for args in ((), ('list',), ('show', incident)):
        out = b.run(*args).out
        check('\u202e' not in out and '\u200b' not in out, out)
    check('‹U+202E›' in b.run('show', incident).out, 'it is hidden instead of shown')


@test
def watch_tells_and_notifies(world):
    a, b = two(world)
    notified = b.path('notified')
    script = b.path('hook')
    with open(script, 'w', encoding='ascii') as f:
        f.write(f'#!/bin/sh\n[ $# = 0 ] || exit 1\ncat >> {notified}; echo >> {notified}\n')
    os.chmod(script, 0o700)
    child = b.spawn('watch', '--json', '--notify', script)

    def events():
        with open(child.path, encoding='utf-8') as f:
            return [json.loads(l) for l in f if l.startswith('{')]

    def has(name):
        return next((e for e in events() if e['event'] == name), None)

    alert(a)
    wait(lambda: has('letter'), 'the letter')
    check(has('letter')['loud'] and has('letter')['letter']['type'] == 'raise', f'{events()}')
    wait(lambda: os.path.exists(notified) and '"event":"letter"' in open(notified).read(),
         'the program of --notify')
    b.node.kill()
    wait(lambda: has('node-away'), 'the alarm')
    b.node.start()
    wait(lambda: has('node-back'), 'the end of the alarm')
    check(child.poll() is None, 'it has ended')


def at_terminal(env, args, steps):
    """Runs hotline in a terminal of its own: waits for words, types what follows."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(os.path.dirname(env['HOTLINE_HOME']))
        os.execve(HOTLINE, [HOTLINE, *args], env)
    seen, at = b'', 0
    for words, answer in steps:
        end = time.monotonic() + 30
        while words not in seen[at:]:
            check(time.monotonic() < end, f'no {words!r} in {seen!r}')
            if select.select([fd], [], [], 1)[0]:
                try:
                    seen += os.read(fd, 4096)
                except OSError:
                    check(words in seen[at:], f'no {words!r} in {seen!r}')
        at = seen.index(words, at) + len(words)
        if answer is not None:
            os.write(fd, answer.encode() + b'\n')
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    check(os.waitstatus_to_exitcode(status) == 0, seen.decode(errors='replace'))
    return seen


@test
def a_new_passphrase_is_asked_again(world):
    a = world.lab('lab-a', 'Mira Olsen')
    home = a.path('another')
    os.mkdir(home, 0o700)
    root = a.path('root.pass')
    with open(root, 'w', encoding='ascii') as f:
        f.write('the root of it\n')
    env = {k: v for k, v in a.env.items() if 'PASSPHRASE' not in k}
    at_terminal({**env, 'HOTLINE_HOME': home},
                ('lab', 'init', 'Lab C', '--person', 'Ann Day', '--root-passphrase-file', root),
                ((b'New passphrase', 'one'), (b'The same again', 'two'),
                 (b'once more', None), (b'New passphrase', 'one'), (b'The same again', 'one')))


@test
def flash_needs_a_second_person(world):
    a = world.lab('lab-a', 'Mira Olsen', options=('--flash-signers', '2'))
    b = world.lab('lab-b', 'Eva Lind')
    world.pair(a, b)
    second = a.join('R. Haddad', '--cap', 'all')
    tablet = a.join('Mira Olsen', '--cap', 'all', device='tablet')
    a.wait_up('lab-b')
    wait(lambda: all(m['sealing_keys'] for m in a.json('card', 'show', 'lab-a')['members']),
         'the sealing keys of both devices')
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'fire', '--precedence',
                  'FLASH')
    check(sent['state'] == 'needs-release', f'{sent}')
    path = a.path('flash.hotline')
    a.run('export', sent['draft'], '--output', path)
    check(not b.json('list')['incidents'], 'one person has sent a FLASH')
    # Neither this device nor another one of the same person makes two persons.
    for device in (a, tablet):
        alone = device.run('release', path, '--yes', ok=False)
        check(alone.code == 4 and 'another person' in alone.err and 'Mira Olsen' in alone.err,
              f'{alone}')
    out = at_terminal(second.env, ('release', path), ((b'Release it in your name?', 'yes'),
                                                      (b'released, stored', None)))
    check(b'FLASH raise by Mira Olsen' in out.replace(b'  ', b' ') and b'fire' in out, f'{out}')
    wait(lambda: b.json('list')['incidents'], 'the FLASH')
    check(b.json('list')['incidents'][0]['precedence'] == 'FLASH', 'another one')
    wait(lambda: any(p['state'] == 'delivered' for p in letters(a, sent['incident'])[0]['proofs']),
         'the receipt at the first person')
    check(letters(a, sent['incident'])[0]['marks'] == [], 'it still looks unreleased')
    b.run('ack', sent['incident'][:8], '--acting')
    wait(lambda: a.json()['unanswered'] == 0, 'the answer')


@test
def asked_only_what_the_kind_needs(world):
    a, b = two(world)
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(a.env, EDITOR='true')
        os.execv(HOTLINE, [HOTLINE, 'raise', '-m', 'it reached a third party'])
    seen = b''

    def until(words):
        nonlocal seen
        end = time.monotonic() + 30
        while words not in seen:
            check(time.monotonic() < end, f'no {words!r} in {seen!r}')
            if select.select([fd], [], [], 1)[0]:
                try:
                    seen += os.read(fd, 4096)
                except OSError:
                    break

    for question, answer in ((b'What happened?', 'contain.breach'), (b'To whom?', 'lab-b'),
                             (b'ROUTINE', 'immediate'), (b'How bad?', '3'), (b'Sure?', 'observed'),
                             (b'Where run?', ''), (b'boundary', 'vm'),
                             (b'Ask of them', 'verify'),
                             (b'Type  send actual immediate', 'send actual immediate')):
        until(question)
        os.write(fd, answer.encode() + b'\n')
    until(b'stored at your node')
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    check(os.waitstatus_to_exitcode(status) == 0, seen.decode(errors='replace'))
    wait(lambda: b.json('list')['incidents'], 'the letter')
    letter = letters(b, b.json('list')['incidents'][0]['short'])[0]
    check(letter['fields'] == {'boundary': 'vm'} and letter['severity'] == 3
          and letter['certainty'] == 'observed' and letter['ask'] == ['verify'], f'{letter}')


if __name__ == '__main__':
    main()
