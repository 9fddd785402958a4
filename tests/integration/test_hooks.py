#!/usr/bin/python3
"""Hooks and escalation: real nodes, real helpers, and the programs that come with them."""
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time

from harness import BUILD, check, main, run, test, wait

HOOKS = os.path.join(BUILD, 'node', 'hooks')
PAGER = '''
hook "pager" {{
	command = {{"/bin/sh", "-c", "cat >> {out}"}}
	timeout = 20
	events = {{"call", "answered", "overdue", "closed", "unanswered", "link"}}
}}
'''
POLICY = '''
policy "IMMEDIATE" {
	step "first contact" { hook = "pager" contacts = {"mira", "+1 555 0100"} }
	step "everyone" { after = 1 repeat = 1 hook = "pager" }
}
'''


def seen(path, **wanted):
    """The documents that a hook was given, those with these members."""
    try:
        with open(path, encoding='ascii') as f:
            lines = f.read().splitlines()
    except FileNotFoundError:
        return []
    docs = [json.loads(line) for line in lines]
    return [d for d in docs if all(d[k] == v for k, v in wanted.items())]


def configure(lab, text):
    lab.node.add_config(text)
    lab.node.reload()
    lab.node.wait_log('read again')


def alert(a, *more, wait_for='stored'):
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'contain.breach', '--field', 'boundary=vm',
                  '--title', 'Agent left its sandbox', '-m', 'It reached a third party.',
                  '--precedence', 'IMMEDIATE', '--wait', wait_for, *more)
    check(sent['state'] == 'stored', f'{sent}')
    return sent['incident']


def helper_of(node):
    """The process id of its helper."""
    pid = node.process.pid
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
        children = f.read().split()
    check(len(children) == 1, f'{node.name} has the children {children}')
    return int(children[0])


def gone(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as f:
            return f.read().rpartition(')')[2].split()[0] in 'ZX'
    except FileNotFoundError:
        return True


@test
def a_call_rings_until_it_is_answered(world):
    a, b = world.labs('lab-a', 'lab-b')
    out, back = b.path('hooks'), a.path('hooks')
    configure(b, PAGER.format(out=out) + POLICY)
    configure(a, PAGER.format(out=back))
    incident = alert(a)
    wait(lambda: seen(out, event='call'), 'the hook on the call')
    wait(lambda: seen(out, step='first contact'), 'the first step')
    wait(lambda: len(seen(out, step='everyone')) >= 3, 'a step that repeats')
    call, first = seen(out, event='call')[0], seen(out, step='first contact')[0]
    for doc in (call, first):
        check(doc['schema'] == 'hotline.hook.1' and doc['attempt'] == 1, f'{doc}')
        check(doc['incident'] == doc['envelope'] == incident, f'{doc}')
        check(doc['lab']['name'] == 'lab-a' and doc['node']['name'] == 'lab-b', f'{doc}')
        check((doc['precedence'], doc['status'], doc['class'], doc['direction'])
              == ('IMMEDIATE', 'actual', 'call', 'incoming'), f'{doc}')
        check(doc['stored'] < doc['deadline'], f'{doc}')
        check(doc['alert_key'] == 'hotline-' + incident, f'{doc}')
        check(re.fullmatch('[0-9a-f]{64}', doc['dedup_key']), f'{doc}')
        check('sandbox' not in json.dumps(doc), f'text of the letter is shown: {doc}')
    check(first['contacts'] == ['mira', '+1 555 0100'] and first['round'] == 1, f'{first}')
    check(f'hotline show {incident[:8]}' in first['summary'], f'{first}')
    b.run('ack', incident, '--acting')
    wait(lambda: seen(out, event='answered'), 'the hook on the answer')
    wait(lambda: seen(back, event='answered', direction='outgoing'), 'the answer at lab-a')
    rounds = len(seen(out, step='everyone'))
    a.run('resolve', incident, '-m', 'Contained.')
    # An answered call has ended: nothing more is told of it, and nothing rings.
    time.sleep(2.5)
    check(len(seen(out, step='everyone')) <= rounds + 1, 'it rings on after the answer')
    keys = [d['dedup_key'] for d in seen(out)]
    check(len(keys) == len(set(keys)), 'two runs have one key')


@test
def a_call_that_is_closed_stops(world):
    a, b = world.labs('lab-a', 'lab-b')
    out = b.path('hooks')
    configure(b, PAGER.format(out=out) + POLICY)
    incident = alert(a)
    wait(lambda: seen(out, step='everyone'), 'a step')
    a.run('cancel', incident, '-m', 'False alarm.')
    wait(lambda: seen(out, event='closed'), 'the hook on the close')
    rounds = len(seen(out, step='everyone'))
    time.sleep(2.5)
    check(len(seen(out, step='everyone')) <= rounds + 1, 'it rings on')


@test
def exercise_and_actual_stay_apart(world):
    a, b = world.labs('lab-a', 'lab-b')
    out, drills = b.path('hooks'), b.path('drills')
    configure(b, PAGER.format(out=out) + POLICY.rstrip().rstrip('}') + '''
	step "in an exercise" { hook = "drills" }
}
hook "drills" {
	command = {"/bin/sh", "-c", "cat >> %s"}
	exercise = true
	events = {"call"}
}
''' % drills)
    incident = alert(a, '--status', 'exercise')
    wait(lambda: seen(drills, step='in an exercise'), 'the step of exercises')
    wait(lambda: seen(drills, event='call', status='exercise'), 'the hook of exercises')
    check(all(d['status'] == 'exercise' and d['summary'].startswith('EXERCISE ')
              for d in seen(drills)), f'{seen(drills)}')
    b.run('ack', incident)
    alert(a)
    wait(lambda: seen(out, step='first contact'), 'the live step')
    check(len(seen(drills)) == 2, f'{seen(drills)}')
    check(all(d['status'] in ('actual', None) for d in seen(out)), f'{seen(out)}')


@test
def our_own_call_stays_unanswered(world):
    a, b = world.labs('lab-a', 'lab-b')
    out = a.path('hooks')
    configure(a, PAGER.format(out=out) + '''
policy "IMMEDIATE" {
	step "by phone" { when = "unanswered" hook = "pager" contacts = {"lead"} }
}
''')
    incident = alert(a, '--answer-within', '2s')
    wait(lambda: seen(out, event='unanswered'), 'the hook')
    wait(lambda: seen(out, step='by phone'), 'the step')
    doc = seen(out, step='by phone')[0]
    check(doc['direction'] == 'outgoing' and doc['lab']['name'] == 'lab-b', f'{doc}')
    check(doc['moment'] == 'unanswered' and doc['contacts'] == ['lead'], f'{doc}')
    check(doc['alert_key'] == f'hotline-{incident}-{doc["lab"]["id"][:16]}', f'{doc}')
    b.run('ack', incident)
    wait(lambda: seen(out, event='answered', direction='outgoing'), 'the late answer')


@test
def between_commit_and_run_nothing_is_lost(world):
    a, b = world.labs('lab-a', 'lab-b')
    out = b.path('hooks')
    configure(b, PAGER.format(out=out) + POLICY)
    helper = helper_of(b.node)
    os.kill(helper, signal.SIGSTOP)
    alert(a)  # stored there: the order is given, and nobody takes it
    check(not seen(out, event='call'), 'a hook was run by a helper that stands still')
    b.node.kill()
    os.kill(helper, signal.SIGKILL)
    wait(lambda: gone(helper), 'the helper to end')
    began = time.monotonic()
    b.node.start()
    wait(lambda: seen(out, event='call') and seen(out, step='first contact'), 'the hooks')
    print(f'      {time.monotonic() - began:.1f} s after the start')
    check(seen(out, event='call')[0]['attempt'] == 2, f'{seen(out)}')


@test
def a_run_that_a_crash_cuts_off_has_the_same_key(world):
    a, b = world.labs('lab-a', 'lab-b')
    begun, out = b.path('begun'), b.path('hooks')
    flag, pid = b.path('flag'), b.path('pid')
    # Hangs as long as there is no flag; then it does its work.
    configure(b, '''
hook "pager" {
	command = {"/bin/sh", "-c",
		"read x; echo $$ > %s; echo $x >> %s; test -e %s || exec sleep 120; echo $x >> %s"}
	timeout = 200
	events = {"call"}
}
''' % (pid, begun, flag, out))
    alert(a)
    wait(lambda: seen(begun), 'the hook to begin')
    helper = helper_of(b.node)
    b.node.kill()
    os.kill(helper, signal.SIGKILL)
    with open(pid, encoding='ascii') as f:
        os.kill(int(f.read()), signal.SIGKILL)
    with open(flag, 'w', encoding='ascii'):
        pass
    b.node.start()
    wait(lambda: seen(out), 'the hook after the crash')
    first, second = seen(begun)
    check(first['dedup_key'] == second['dedup_key'], f'{first}\n{second}')
    check((first['attempt'], second['attempt']) == (1, 2), f'{first}\n{second}')


@test
def a_hook_that_hangs_is_ended_with_all_it_started(world):
    a, b = world.labs('lab-a', 'lab-b')
    configure(b, '''
hook "pager" {
	command = {"/bin/sh", "-c", "echo it waits >&2; sleep 31415 & sleep 31416"}
	timeout = 1
	events = {"call"}
}
''')
    alert(a)
    b.node.wait_log(r'hook pager, run \w+, attempt 1: ended after its time limit of 1 s: it waits')
    wait(lambda: subprocess.run(['pgrep', '-f', '^sleep 3141[56]$'], capture_output=True,
                                check=False).returncode == 1, 'its children to end', 5)


@test
def one_that_fails_is_tried_again(world):
    a, b = world.labs('lab-a', 'lab-b')
    out = b.path('hooks')
    configure(b, '''
hook "pager" {
	command = {"/bin/sh", "-c", "cat >> %s; echo not yet; test $(wc -l < %s) -ge 3"}
	events = {"call"}
}
''' % (out, out))
    alert(a)
    b.node.wait_log(r'hook pager, run \w+, attempt 2: exit status 1: not yet')
    b.node.wait_log(r'hook pager, run \w+, attempt 3: exit status 0: not yet')
    docs = seen(out)
    check([d['attempt'] for d in docs] == [1, 2, 3], f'{docs}')
    check(len({d['dedup_key'] for d in docs}) == 1, f'{docs}')


@test
def the_environment_is_clean(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.stop()
    b.node.add_config('hook "env" { command = {"/bin/sh", "-c", "/usr/bin/env -u PWD -u _ -u SHLVL'
                      ' -u OLDPWD > %s; ls -l /proc/self/fd >> %s"} events = {"call"} }\n'
                      % (b.path('env'), b.path('env')))
    b.node.start(env={'SECRET': 'x', 'LD_BIND_NOW': '1'})
    a.wait_up('lab-b')
    alert(a)
    b.node.wait_log('hook env, run .* attempt 1: exit status 0')
    with open(b.path('env'), encoding='ascii') as f:
        text = f.read()
    names = sorted(re.findall(r'^(\w+)=', text, re.M))
    check(names == ['HOME', 'LANG', 'PATH'], f'{names}')
    check('hotlined' not in text and 'socket' not in text, f'a descriptor of the node: {text}')


@test
def when_the_node_falls_silent_its_helper_rings(world):
    a = world.lab('lab-a')
    out = a.path('hooks')
    configure(a, '''
hook "watchdog" {
	command = {"/bin/sh", "-c", "cat >> %s"}
	events = {"node-silent"}
}
''' % out)
    helper = helper_of(a.node)
    a.node.pause()
    began = time.monotonic()
    wait(lambda: seen(out, state='silent'), 'the helper to ring', 40)
    after = time.monotonic() - began
    print(f'      after {after:.1f} s')
    check(9 < after < 20, f'it rang after {after:.1f} s')
    doc = seen(out)[0]
    check(doc['event'] == 'node-silent' and doc['node']['name'] == 'lab-a', f'{doc}')
    a.node.resume()
    wait(lambda: seen(out, state='back'), 'it to say that the node is back')
    check(seen(out, state='back')[0]['alert_key'] == doc['alert_key'], f'{seen(out)}')
    a.node.kill()
    wait(lambda: seen(out, state='dead'), 'it to ring when the node has died')
    wait(lambda: gone(helper), 'the helper to end')
    a.node.start()
    helper = helper_of(a.node)
    a.node.stop()
    wait(lambda: gone(helper), 'the helper to end with its node')
    # That it was held up it tells by itself, and again when it died meanwhile.
    rung = [d['state'] for d in seen(out) if d['state'] != 'late']
    check(rung == ['silent', 'back', 'dead'], f'it rang for a node that ended as it should: {rung}')


@test
def a_helper_that_dies_is_told(world):
    a = world.lab('lab-a')
    os.kill(helper_of(a.node), signal.SIGKILL)
    a.node.wait_log('the helper has ended: hooks are not run until a restart')
    a.run('status')
    check(any('helper' in w for w in a.json('status')['warnings']), 'the status keeps silent')


@test
def what_is_wrong_is_told_by_line(world):
    a = world.lab('lab-a')
    with open(a.node.config, encoding='utf-8') as f:
        good = f.read()
    first = good.count('\n') + 1

    def faults(text):
        with open(a.node.config, 'w', encoding='utf-8') as f:
            f.write(good + text)
        return a.node.check(ok=False).err.replace(a.node.config + ':', '').splitlines()

    got = faults('hook "x" {\n\tcommand = {"/no/such/program"}\n\ttimeout = 0\n'
                 '\tevents = {"cal"}\n}\n')
    check(got == [
        f'{first + 1}: command "/no/such/program" cannot be run: No such file or directory',
        f'{first + 2}: timeout 0 is out of bounds: 1 to 300 seconds',
        f'{first + 3}: events: there is no "cal" (call, answered, overdue, closed, unanswered, '
        'link, gap, store, node-silent, drill)'], f'{got}')
    got = faults('policy "FLASH" {\n\tstep "a" {\n\t\thook = "pagr"\n\t}\n}\n')
    check(got == [f'{first + 2}: hook "pagr" is not defined: hook "pagr" {{ command = {{…}} }}'],
          f'{got}')
    got = faults('policy "URGENT" {}\nperson "mira" { quiet = "22-7" }\n')
    check(len(got) == 2 and 'for no precedence: FLASH' in got[0]
          and '22:00-07:00 in UTC' in got[1], f'{got}')
    a.node.reload()
    a.node.wait_log('the old configuration stays')
    a.node.stop()
    with open(a.node.config, 'w', encoding='utf-8') as f:
        f.write(good + 'person "mira" { quiet = "22:00-07:00 +01:00" }\n')
    a.node.check()


# The programs that come with it, against stand-ins.

CALL = {
    'schema': 'hotline.hook.1', 'event': 'call', 'summary': 'ACTUAL FLASH call from lab-b rings',
    'dedup_key': 'd' * 64, 'alert_key': 'hotline-' + 'e' * 64, 'attempt': 1,
    'time': '2026-11-21T03:00:12.345Z', 'node': {'id': 'a' * 64, 'name': 'lab-a'},
    'lab': {'id': 'b' * 64, 'name': 'lab-b'}, 'envelope': 'e' * 64, 'incident': 'e' * 64,
    'direction': 'incoming', 'class': 'call', 'precedence': 'FLASH', 'status': 'actual',
    'stored': '2026-11-21T03:00:12.345Z', 'deadline': '2026-11-21T03:10:12.345Z', 'step': None,
    'moment': None, 'round': None, 'contacts': ['mira@lab-a.example', '+1 555 0100'],
    'state': None, 'missing': None}


class Server:
    """A web server that keeps what it is sent."""

    def __init__(self, status=202):
        self.got = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                server.got.append((self.path, dict(self.headers), body))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header('Location', f'http://127.0.0.1:{port}/elsewhere')
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        port = self.http.server_port
        self.url = f'http://127.0.0.1:{port}'
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def hook(name, *args, doc=None, ok=True, env=None, **changes):
    document = dict(doc or CALL, **changes)
    return run([os.path.join(HOOKS, name), *args], text=json.dumps(document), ok=ok,
               env=dict(os.environ, **(env or {})))


def secret(world, text):
    path = world.path('secret')
    with open(path, 'w', encoding='ascii') as f:
        f.write(text + '\n')
    return path


@test
def webhook(world):
    server, broken = Server(), Server(500)
    hook('webhook', server.url + '/hook', secret(world, 'Authorization: Bearer "s3\\cret"'))
    path, headers, body = server.got[0]
    check(path == '/hook' and json.loads(body) == CALL, f'{body}')
    check(headers['Content-Type'] == 'application/json', f'{headers}')
    check(headers['Idempotency-Key'] == CALL['dedup_key'], f'{headers}')
    check(headers['Authorization'] == 'Bearer "s3\\cret"', f'{headers}')
    refused = hook('webhook', broken.url, ok=False)
    check(refused.code == 1 and '500' in refused.err, f'{refused}')
    moved = Server(301)
    lost = hook('webhook', moved.url + '/hook', ok=False)
    check(lost.code == 1 and 'curl' in lost.err and len(moved.got) == 1, f'{lost} {moved.got}')
    moved.close()
    server.close()
    nobody = hook('webhook', server.url, ok=False)
    check(nobody.code == 1 and 'curl' in nobody.err, f'{nobody}')
    broken.close()
    other = hook('webhook', server.url, ok=False, schema='hotline.hook.2')
    check('is no hotline.hook.1' in other.err, f'{other}')


@test
def pagerduty(world):
    server, key = Server(), secret(world, 'R0UT1NGKEY')
    cases = [
        ({}, 'trigger', 'critical'),
        ({'event': 'step', 'precedence': 'IMMEDIATE'}, 'trigger', 'error'),
        ({'event': 'overdue', 'precedence': 'PRIORITY'}, 'trigger', 'warning'),
        ({'event': 'answered'}, 'acknowledge', 'info'),
        ({'event': 'answered', 'direction': 'outgoing'}, 'resolve', 'info'),
        ({'event': 'closed'}, 'resolve', 'info'),
        ({'event': 'link', 'state': 'down', 'precedence': None, 'status': None}, 'trigger',
         'error'),
        ({'event': 'link', 'state': 'up', 'precedence': None, 'status': None}, 'resolve', 'info'),
        ({'event': 'node-silent', 'state': 'dead', 'precedence': None}, 'trigger', 'error'),
        ({'event': 'node-silent', 'state': 'back', 'precedence': None}, 'resolve', 'info'),
    ]
    for changes, action, severity in cases:
        hook('pagerduty', key, server.url + '/v2/enqueue', **changes)
        path, _, body = server.got.pop()
        event = json.loads(body)
        check(path == '/v2/enqueue', path)
        check(event['routing_key'] == 'R0UT1NGKEY', f'{event}')
        check(event['event_action'] == action, f'{changes}: {event}')
        check(event['dedup_key'] == CALL['alert_key'], f'{event}')
        payload = event['payload']
        check(payload['severity'] == severity, f'{changes}: {payload}')
        check(payload['summary'] == CALL['summary'] and payload['source'] == 'lab-a',
              f'{payload}')
        check(payload['timestamp'] == CALL['time'], f'{payload}')
        check(payload['custom_details'] == dict(CALL, **changes), f'{payload}')
    server.close()


@test
def ntfy(world):
    server = Server(200)
    hook('ntfy', server.url + '/topic', secret(world, 'tk_123'))
    path, headers, body = server.got[0]
    check(path == '/topic' and body.decode() == CALL['summary'], f'{body}')
    check(headers['Priority'] == '5' and headers['Tags'] == 'rotating_light', f'{headers}')
    check(headers['Title'] == 'hotline: FLASH call', f'{headers}')
    check(headers['Authorization'] == 'Bearer tk_123', f'{headers}')
    hook('ntfy', server.url + '/topic', event='closed')
    check(server.got[1][1]['Priority'] == '2' and 'Authorization' not in server.got[1][1],
          f'{server.got[1]}')
    hook('ntfy', server.url + '/topic', status='exercise')
    check(server.got[2][1]['Tags'] == 'test_tube', f'{server.got[2]}')
    server.close()


def fake(world, name, text):
    """A program in a directory of its own."""
    directory = world.path('bin')
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, name)
    with open(path, 'w', encoding='ascii') as f:
        f.write('#!/bin/sh\n' + text)
    os.chmod(path, 0o755)
    return path


@test
def sendmail(world):
    out = world.path('mail')
    program = fake(world, 'sendmail', f'echo "$@" > {out}\ncat >> {out}\n')
    hook('sendmail', '--from', 'hotline@lab-a.example', '--program', program,
         'duty@lab-a.example')
    with open(out, encoding='ascii') as f:
        args, _, mail = f.read().partition('\n')
    check(args == '-i -f hotline@lab-a.example -t', args)
    head, _, body = mail.partition('\n\n')
    check('To: duty@lab-a.example,\n mira@lab-a.example\n' in head, head)
    check('\nFrom: hotline <hotline@lab-a.example>\n' in head, head)
    check('\nSubject: ' + CALL['summary'] + '\n' in head, head)
    check(f'\nMessage-ID: <{"d" * 64}@lab-a.example>\n' in head, head)
    check(f'\nReferences: <hotline-{"e" * 64}@lab-a.example>\n' in head, head)
    check('\nImportance: high' in head and '555' not in head, head)
    check(CALL['summary'] in body and 'e' * 64 in body, body)
    nobody = hook('sendmail', '--from', 'h@x.example', '--program', program, ok=False,
                  contacts=['mira'])
    check('nobody to write to' in nobody.err, f'{nobody}')
    failing = fake(world, 'failing', 'exit 75\n')
    hook('sendmail', '--from', 'h@x.example', '--program', failing, ok=False)


@test
def desktop(world):
    out = world.path('notified')
    fake(world, 'notify-send', f'for a; do echo "$a"; done >> {out}\n')
    env = {'PATH': world.path('bin') + ':' + os.environ['PATH']}
    event = {'schema': 'hotline.event.1', 'event': 'letter', 'loud': True, 'short': '7f3a',
             'letter': {'precedence': 'FLASH', 'status': 'exercise', 'person': '-x $(id)'}}
    hook('desktop', doc=event, env=env)
    with open(out, encoding='ascii') as f:
        said = f.read()
    check(said == '--urgency=critical\n--app-name=hotline\n--\nhotline: EXERCISE FLASH call\n'
          'hotline show 7f3a\n', said)
    hook('desktop', doc=dict(event, loud=False), env=env)
    hook('desktop', doc=dict(event, short='$(id)', event='line'), env=env)
    with open(out, encoding='ascii') as f:
        more = f.read()[len(said):]
    check(more == '--urgency=critical\n--app-name=hotline\n--\nhotline: A line is silent\n'
          'hotline status\n', more)


@test
def desktop_by_watch(world):
    a, b = world.labs('lab-a', 'lab-b')
    out = world.path('notified')
    fake(world, 'notify-send', f'for a; do echo "$a"; done >> {out}\n')
    b.env['PATH'] = world.path('bin') + ':' + os.environ['PATH']
    child = b.spawn('watch', '--notify', os.path.join(HOOKS, 'desktop'))
    wait(lambda: 'Watching' in open(child.path, encoding='utf-8').read(), 'watch to begin')
    incident = alert(a)

    def notified():
        return os.path.exists(out) and open(out, encoding='ascii').read()
    wait(lambda: notified() and f'hotline show {incident[:4]}' in notified(), 'the notification')
    check('hotline: IMMEDIATE call\n' in notified(), notified())
    check('sandbox' not in notified(), 'text of a peer in an argument')


if __name__ == '__main__':
    main()
