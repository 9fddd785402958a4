#!/usr/bin/python3
"""Drills: those of the nodes by themselves, and those that people hold."""
import json
import os
import re

from harness import check, main, test, wait

HOOKS = '''
hook "live" {{
	command = {{"/bin/sh", "-c", "cat >> {live}"}}
	events = {{"call", "answered", "overdue", "unanswered", "drill"}}
}}
hook "exercise" {{
	command = {{"/bin/sh", "-c", "cat >> {exercise}"}}
	events = {{"call", "answered", "overdue", "unanswered", "drill"}}
	exercise = true
}}
policy "PRIORITY" {{
	step "live" {{ hook = "live" contacts = {{"mira"}} }}
	step "exercise" {{ hook = "exercise" contacts = {{"mira"}} }}
}}
'''


def seen(path, **wanted):
    """The documents that a hook was given, those with these members."""
    if not os.path.exists(path):
        return []
    with open(path, encoding='ascii') as f:
        docs = [json.loads(line) for line in f.read().splitlines()]
    return [d for d in docs if all(d[k] == v for k, v in wanted.items())]


def configure(lab, text):
    lab.node.add_config(text)
    lab.node.reload()
    lab.node.wait_log('read again')


def hooks(lab):
    live, exercise = lab.path('live'), lab.path('exercise')
    configure(lab, HOOKS.format(live=live, exercise=exercise))
    return live, exercise


def report(lab, *more):
    peers = lab.json('drill', 'report', *more)['peers']
    check(len(peers) == 1, f'{peers}')
    return peers[0]


def line(lab):
    return lab.json('status')['peers'][0]


@test
def nodes_test_their_line(world):
    a, b = world.labs('lab-a', 'lab-b')
    live, exercise = hooks(b)
    check(line(a)['last_test'] is None and 'never' in a.run('status').out, 'never tested')
    check('not tested yet' in a.run().out, f'{a.run()}')
    configure(a, 'drill { every = 1 }\n')
    wait(lambda: report(a)['machine']['answered'] >= 3, 'three answers')
    machine = report(a)['machine']
    check(machine['status'] == 'test' and machine['missed'] == 0, f'{machine}')
    check(machine['sent'] >= machine['delivered'] >= machine['answered'] - 1, f'{machine}')
    spans = machine['to_answer_ms']
    check(spans['n'] >= 3 and 0 <= spans['p50'] <= spans['p90'] <= spans['p99'] <= spans['max'],
          f'{spans}')
    check(line(a)['last_test'] is not None, f'{line(a)}')
    check(re.search(r'lab-b +up .* (now|ago)', a.run('status').out), f'{a.run("status")}')
    for command in ((), ('list',)):
        check('lab-b up (last good test ' in a.run(*command).out, f'{a.run(*command)}')
    check(a.json('list')['lines'][0]['last_test'], 'the age in the list')
    check('TEST by machines: ' in a.run('drill', 'report').out, f'{a.run("drill", "report")}')
    # The other node only answers; nobody there is rung, and no device is shown a letter.
    check(report(b)['machine']['sent'] == 0, f'{report(b)}')
    for lab in (a, b):
        board = lab.json()
        check(board['incidents'] == [] and board['channels'] == [], f'{board}')
        check(lab.json('list', '--all')['incidents'] == [], 'letters of machines are shown')
        status = lab.json('status')
        check(status['calls'] == [] and status['channels'] == [], f'{status}')
        check(status['warnings'] == [], f'{status}')
    check(not os.path.exists(live) and not os.path.exists(exercise), 'somebody was rung')


@test
def a_test_that_is_missed_is_told(world):
    a, b = world.labs('lab-a', 'lab-b')
    live, exercise = hooks(a)
    watch = a.spawn('watch')
    configure(a, 'drill { every = 2 }\n')
    wait(lambda: seen(live, event='drill', state='passed'), 'the hook on one that passed')
    b.node.pause()
    wait(lambda: seen(live, event='drill', state='missed'), 'the hook on one that was missed')
    wait(lambda: 'the last machine test with lab-b was missed' in a.json('status')['warnings'],
         'the warning')
    check('warning  the last machine test with lab-b was missed' in a.run().out, f'{a.run()}')
    # Not one more letter for each that falls due: one waits.
    wait(lambda: report(a)['machine']['missed'] >= 3, 'tests that are missed')
    check(line(a)['queued'] <= 1, f'{line(a)}')
    b.node.resume()
    wait(lambda: a.json('status')['warnings'] == [], 'the end of the warning')
    scores = report(a)['machine']
    check(scores['missed'] >= 3 and scores['answered'] >= 2, f'{scores}')

    def said():
        with open(watch.path, encoding='utf-8') as f:
            text = f.read()
        return 'MISSED' in text and 'pass again' in text
    wait(said, 'what the watch tells')
    missed = seen(live, event='drill', state='missed')[0]
    check(missed['lab']['name'] == 'lab-b' and missed['envelope'] is None, f'{missed}')
    check(missed['summary'] == 'TEST The machine test of the line to lab-b was missed',
          f'{missed}')
    check(missed['alert_key'] == seen(live, event='drill', state='passed')[0]['alert_key'],
          'one alert for a line')
    check(seen(exercise) == [], 'a hook for exercises was run on it')


@test
def people_hold_a_drill(world):
    a, b = world.labs('lab-a', 'lab-b')
    out_live, out_exercise = hooks(b)
    back_live, back_exercise = hooks(a)
    sent = a.run('drill', 'lab-b', '-m', 'Do you read us?', '--wait', 'stored')
    lines = [x for x in sent.out.splitlines() if x]
    check(lines and all(x.startswith('EXERCISE') for x in lines), f'{sent}')
    wait(lambda: seen(out_exercise, event='call'), 'the hook for exercises')
    wait(lambda: seen(out_exercise, step='exercise'), 'the step for exercises')
    call = seen(out_exercise, event='call')[0]
    check(call['status'] == 'exercise', f'{call}')
    held = report(a)['drills']
    check(len(held) == 1 and held[0]['delivered'] and not held[0]['answered'], f'{held}')
    incident = held[0]['incident']
    board = b.run()
    check('RINGING  1 call (exercise or test)' in board.out, f'{board}')
    check(f'EXERCISE {incident[:4]}  PRIORITY  lab-a  drill' in board.out, f'{board}')
    check(f'hotline ack {incident[:4]}' in board.out and 'Do you read us?' in board.out,
          f'{board}')
    check(line(a)['last_test'] is None, 'not answered yet')
    b.run('ack', incident, '--acting')
    wait(lambda: report(a)['drills'][0]['answered'], 'the answer')
    held = report(a)['drills'][0]
    check(held['person'] == 'Operator of lab-b' and held['answer'] == 'acting', f'{held}')
    check(held['after_ms'] >= 0 and not held['missed'], f'{held}')
    check(report(a)['to_answer_ms']['n'] == 1, f'{report(a)}')
    check(line(a)['last_test'] is not None, 'an answered drill is a good test')
    text = a.run('drill', 'report', 'lab-b').out
    check(re.search(rf'EXERCISE {incident[:4]}  .* answered after .* by Operator of lab-b: acting',
                    text), text)
    # It is over: nothing is open, nothing rings, on either side.
    for lab in (a, b):
        check(lab.json()['incidents'] == [], f'{lab.json()}')
        check(lab.json('list')['incidents'] == [], f'{lab.json("list")}')
        listed = lab.json('list', '--closed')['incidents']
        check(len(listed) == 1 and listed[0]['kind'] == 'drill'
              and listed[0]['status'] == 'exercise', f'{listed}')
        shown = lab.run('show', incident)
        check('a drill  over, 1 of 1 lab answered' in shown.out, f'{shown}')
        check(all(x.startswith('EXERCISE') for x in shown.out.splitlines() if x), f'{shown}')
    wait(lambda: seen(back_exercise, event='answered'), 'the answer at the own hook')
    check(seen(out_live) == [] and seen(back_live) == [], 'a live hook was run')


@test
def a_drill_that_nobody_answers(world):
    a, b = world.labs('lab-a', 'lab-b')
    out_live, out_exercise = hooks(b)
    sent = a.run('drill', '--all', '--answer-within', '3', '--wait', 'answered', ok=False)
    check(sent.code == 5 and 'EXERCISE lab-b    has it, and has not answered' in sent.err,
          f'{sent}')
    held = report(a)['drills'][0]
    check(held['missed'] and held['delivered'] and held['person'] is None, f'{held}')
    wait(lambda: seen(out_exercise, event='overdue'), 'the hook on what is overdue')
    check('missed' in a.run('list', '--all').out, f'{a.run("list", "--all")}')
    for lab in (a, b):
        wait(lambda lab=lab: lab.json()['ringing'] == 0, 'nothing to ring')
        check('nothing rings' in lab.run('status').out, f'{lab.run("status")}')
    # Late is better than never, and stays missed.
    b.run('ack', held['incident'], '-m', 'We were asleep.')
    wait(lambda: report(a)['drills'][0]['answered'], 'the late answer')
    held = report(a)['drills'][0]
    check(held['missed'] and held['person'] == 'Operator of lab-b', f'{held}')
    check('missed; answered after' in a.run('drill', 'report').out, 'the report')
    check(seen(out_live) == [], 'a live hook was run')


@test
def the_reminder_names_what_to_type(world):
    a, b = world.labs('lab-a', 'lab-b')
    live, _ = hooks(a)
    configure(a, 'drill { every = 0 remind = 1 }\n')
    wait(lambda: seen(live, event='drill', state='reminder'), 'the hook')
    warning = 'nobody at lab-b has answered an exercise lately: hotline drill lab-b'
    wait(lambda: warning in a.json('status')['warnings'], 'the warning')
    configure(a, 'drill { every = 0 remind = 600 }\n')
    a.run('drill', 'lab-b', '--precedence', 'ROUTINE', '--wait', 'stored')
    b.run('ack', report(a)['drills'][0]['incident'])
    wait(lambda: a.json('status')['warnings'] == [], 'the end of the warning')


@test
def what_is_typed_wrongly(world):
    a, b = world.labs('lab-a', 'lab-b')
    for args, text in (
            (('drill',), 'drill whom'), (('drill', 'lab-b', '--all'), 'either peers or --all'),
            (('drill', 'lab-x'), 'no peer is called "lab-x"'),
            (('drill', 'lab-b', '--days', '3'), '--days goes with report'),
            (('drill', 'report', 'lab-x'), 'no peer is called "lab-x"'),
            (('drill', 'report', '--days', '0'), '--days'),
            (('drill', 'lab-b', '-m', 'x' * 1025), 'at most 1,024 bytes'),
            (('drill', 'lab-b', '--wait', 'never'), '--wait takes')):
        done = a.run(*args, ok=False)
        check(text in done.err and done.code in (1, 2), f'{done}')
    check(report(a)['drills'] == [], 'something was sent')
    a.node.stop()
    done = a.run('drill', 'report', ok=False)
    check(done.code == 3 and 'last good test not known' in done.out, f'{done}')
    check(b.json('list', '--all')['incidents'] == [], 'something came')


if __name__ == '__main__':
    main()
