#!/usr/bin/python3
"""One node's clock jumps (libfaketime): by a second, an hour, a day, to 1970 and to 2040."""
import glob
import os
import time

from harness import Skipped, check, main, test, wait
from rough import ALL, feed, fresh_world, held, preload, preloaded, rounds

JUMPS = ['+1', '-1', '+3600', '-3600', '+86400', '-86400', '@1970-01-02 00:00:00',
         '@2040-06-01 12:00:00']
FEW = ['-3600', '@2040-06-01 12:00:00']  # each takes two heartbeats
OVERDUE, WARNED = 6, 5  # of the feed; seconds from which on an offset is warned of

# libfaketime moves every absolute timer, those of the boot clock too, which no jump moves.
BOOT_CLOCK = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int timerfd_settime(int fd, int flags, const struct itimerspec *set, struct itimerspec *old)
{
	return (int)syscall(SYS_timerfd_settime, fd, flags, set, old);
}
int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*faked)(clockid_t, struct timespec *);

	if (clock != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, clock, t);
	if (!faked)
		*(void **)&faked = dlsym(RTLD_NEXT, "clock_gettime");
	return faked(clock, t);
}
'''


def library():
    found = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
    if not found:
        raise Skipped('there is no libfaketime here')
    return found[0]


class Clock:
    """The wall clock of one node, which reads from a file how far it is off. The boot clock is not
    touched: nothing but a suspend moves it."""

    def __init__(self, world, node):
        self.node, self.path = node, os.path.join(node.dir, 'clock')
        self.libraries = preload(world, 'boot', BOOT_CLOCK), library()
        self.set('+0')
        node.stop()
        self.start()

    def start(self):
        self.node.start(env={
            **preloaded(*self.libraries), 'FAKETIME_TIMESTAMP_FILE': self.path,
            'FAKETIME_NO_CACHE': '1', 'FAKETIME_DONT_FAKE_MONOTONIC': '1'})

    def set(self, text):
        with open(self.path + '.new', 'w', encoding='ascii') as f:
            f.write(text + '\n')
        os.rename(self.path + '.new', self.path)


def offset(text):
    """Seconds, about."""
    if not text.startswith('@'):
        return float(text)
    return time.mktime(time.strptime(text[1:], '%Y-%m-%d %H:%M:%S')) - time.time()


def shown_offset(lab, other):
    return next(p['clock_offset_ms'] for p in lab.json('status')['peers']
                if p['name'] == other.name) / 1000


def warns(lab, other):
    of = other.json('card', 'show')['lab'][:12]
    return any('clock' in w and of in w for w in lab.json('status')['warnings'])


def near(seconds, wanted):
    return abs(seconds - wanted) < 1 + abs(wanted) / 1e5


def call(lab, other, *more):
    r = lab.json('raise', '--to', other.name, '--kind', 'near.miss', '-m', 'x', *more)
    check(r['state'] == 'stored', f'{r}')
    return r['id']


def jump(world, a, b, clock, text):
    """Calls both ways before, right after and once it is right again; one deadline runs through
    the jump, and fires once."""
    before = [call(a, b), call(b, a)]
    deadline = call(a, b, '--answer-within', '4s')
    wait(lambda: deadline in held(b), 'the call with a deadline')
    clock.set(text)
    after = [call(a, b), call(b, a)]
    due = [i for i in before + after + [deadline] if i]
    wait(lambda: all(i in held(a) + held(b) for i in due), f'{text}: every call')
    wait(lambda: near(shown_offset(a, b), offset(text)), f'{text}: lab-a to see the offset')
    wait(lambda: near(shown_offset(b, a), -offset(text)), f'{text}: lab-b to see the offset')
    for lab, other in ((a, b), (b, a)):  # two heartbeats say the same
        wait(lambda l=lab, o=other: warns(l, o) == (abs(offset(text)) > WARNED),
             f'{text}: {lab.name} to say so, or not')
    incident = deadline[:8]
    wait(lambda: b.json('status', ok=None) and next(
        c['state'] for c in b.json('status')['calls'] if c['id'] == deadline) == 'overdue',
        f'{text}: the deadline')
    clock.set('+0')
    wait(lambda: near(shown_offset(a, b), 0), f'{text}: the clock to be right again')
    again = [call(a, b), call(b, a)]
    wait(lambda: all(i in held(a) and i in held(b) for i in before + after + again),
         f'{text}: every call on both sides')
    b.run('ack', incident, '--accept')
    wait(lambda: a.json('show', incident)['answers'], f'{text}: the answer')
    for lab in (a, b):
        check(len(held(lab)) == len(set(held(lab))), f'{text}: {lab.name} holds a call twice')
        check(lab.node.process.poll() is None, f'{text}: {lab.name} has ended')
    return 1


@test
def a_jump_loses_no_call_and_no_deadline(_):
    library()
    count, jumps = 0, JUMPS if ALL else FEW
    for _ in rounds(1, 1):
        with fresh_world() as world:
            a, b = world.labs('lab-a', 'lab-b')
            clock = Clock(world, b.node)
            a.wait_up('lab-b')
            for text in jumps:
                count += jump(world, a, b, clock, text)
            overdue = feed(world, b.node, OVERDUE)
            check(len(overdue) == len(jumps),
                  f'{len(jumps)} deadlines have fired {len(overdue)} times')
    print(f'      {count} jumps: every call arrived, every deadline fired once')


@test
def a_start_with_a_wrong_clock_loses_nothing(_):
    """The node comes back with another time than it went with; what was due meanwhile fires."""
    library()
    texts = ['@1970-01-02 00:00:00', '+0', *(JUMPS if ALL else [])]
    for _ in rounds(1, 1):
        with fresh_world() as world:
            a, b = world.labs('lab-a', 'lab-b')
            clock = Clock(world, b.node)
            a.wait_up('lab-b')
            for n, text in enumerate(texts):
                deadline = call(a, b, '--answer-within', '2s')
                wait(lambda d=deadline: d in held(b), f'{text}: the call')
                b.node.kill()
                waiting = call(a, b)
                clock.set(text)
                clock.start()
                wait(lambda w=waiting: w in held(b), f'{text}: what has waited')
                wait(lambda n=n: len(feed(world, b.node, OVERDUE)) == n + 1,
                     f'{text}: the deadline')
            check(len(feed(world, b.node, OVERDUE)) == len(texts), 'a deadline has fired twice')


if __name__ == '__main__':
    main(jobs=2)
