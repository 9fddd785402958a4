#!/usr/bin/python3
"""No plain text in the memory of a node (test_faults looks at its disk)."""
import os
import re
import subprocess
import sys

from harness import Skipped, check, main, test, wait
from rough import held, need_root

CHUNK = 1 << 20
AREA_MAX = 1 << 30  # larger ones are a sanitizer's own book-keeping


def memory_holds(pid, words):
    """Which of the words stand in a process's memory, and how many bytes were looked at."""
    found, seen = set(), 0
    with open(f'/proc/{pid}/maps', encoding='utf-8') as f:
        areas = [m.groups() for m in map(re.compile(r'(\w+)-(\w+) r').match, f) if m]
    with open(f'/proc/{pid}/mem', 'rb', buffering=0) as mem:
        for first, last in areas:
            at, end, tail = int(first, 16), int(last, 16), b''
            while at < end and end - int(first, 16) < AREA_MAX:
                try:
                    mem.seek(at)
                    part = mem.read(min(CHUNK, end - at))
                except (OSError, OverflowError):
                    break  # guard pages, and what the kernel keeps
                if not part:
                    break
                found |= {w for w in words if w in tail + part}
                tail = part[-64:]
                at += len(part)
                seen += len(part)
    return found, seen


def processes(node):
    """The node and its helper."""
    pid = node.process.pid
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
        return [pid, *map(int, f.read().split())]


@test
def nodes_hold_no_plain_text_in_memory(world):
    need_root('reads the memory of others')
    # Made here, so that they stand in no argument of this test and in no program.
    words = {what: f'CANARY{what}{os.urandom(6).hex()}' for what in
             ('title', 'text', 'file', 'answer', 'talk', 'field')}
    path = world.path('notes.txt')
    with open(path, 'w', encoding='ascii') as f:
        f.write(words['file'] * 100)
    a, b, c = world.labs('lab-a', 'lab-b', 'lab-c')
    sent = a.json('raise', '--to', 'lab-b,lab-c', '--kind', 'contain.breach', '--field',
                  f'boundary={words["field"]}', '--title', words['title'], '-m', words['text'],
                  '--attach', path, '--wait', 'stored')
    incident = sent['incident'][:8]
    wait(lambda: sent['id'] in held(b) and sent['id'] in held(c), 'the call')
    b.run('ack', incident, '-m', words['answer'])
    c.run('say', incident, '-m', words['talk'])
    wait(lambda: all(words[w] in a.run('show', incident).out for w in ('answer', 'talk')),
         'the answers')
    shown = b.run('show', incident).out
    check(all(words[w] in shown for w in ('title', 'text', 'field')), 'a reader does not see it')
    secret = {w.encode() for w in words.values()}
    for lab in (a, b, c):
        # The control: what a node does hold is found in it.
        own = lab.node.dir.encode()
        try:
            looked = [memory_holds(pid, secret | {own}) for pid in processes(lab.node)]
        except PermissionError as e:
            raise Skipped(f'memory cannot be read here: {e}') from e
        check(own in looked[0][0], f'the memory of {lab.name} could not be read')
        check(looked[0][1] > CHUNK, f'only {looked[0][1]} bytes of {lab.name} were read')
        for found, _ in looked:
            check(not found & secret, f'{lab.name} holds {found & secret}')
    # And the canaries are found in a process that holds them.
    with subprocess.Popen([sys.executable, '-c', 'import sys; t = sys.stdin.readline(); '
                           'print(len(t), flush=True); sys.stdin.readline()'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(b' '.join(sorted(secret)) + b'\n')
        child.stdin.flush()
        child.stdout.readline()
        found, _ = memory_holds(child.pid, secret)
        child.kill()
    check(found == secret, f'the control finds {found} alone')


if __name__ == '__main__':
    main()
