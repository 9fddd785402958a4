#!/usr/bin/python3
"""Disks that fail: a write or a sync of the node, and each read, write, sync and allocation of
`hotline raise`."""
import os
import re

from disks import fill, small_disk
from harness import HOTLINE, Failed, Result, Skipped, check, main, run, test, wait
from rough import (ALL, ROUTINE, SANITIZED, TRACED, Tracer, amount, held, preload, preloaded)

RAISE = ('raise', '--to', 'lab-b', *ROUTINE, '-m', 'x', '--json')
SYNCS = ('fdatasync', 'fsync', 'sync', 'msync', 'syncfs')

# Counts allocations; the n-th, or the n-th and all after it, fail. The count is told at the end.
FAIL_ALLOC = r'''
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static atomic_long count;
static long at = -1, rest;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL_AT"), *all = getenv("FAIL_REST");
	rest = all != NULL;
	at = text ? atol(text) : 0;
	count = 0;
}
__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_COUNT");
	FILE *f;
	at = 0;
	if (path && (f = fopen(path, "w"))) {
		fprintf(f, "%ld\n", (long)count);
		fclose(f);
	}
}
static int fails(void)
{
	long n = ++count;
	if (at <= 0 || n < at || (n > at && !rest))
		return 0;
	errno = ENOMEM;
	return 1;
}
void *malloc(size_t n) { return fails() ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fails() ? NULL : __libc_realloc(p, n); }
'''


def injected(tracer):
    """The traced lines from the first fault on."""
    lines = tracer.end()
    for i, line in enumerate(lines):
        if '(INJECTED)' in line:
            return lines[i:]
    raise Failed(f'no fault was put in: {lines[-5:]}')


def fails_at(world, a, b, call, n):
    """Its n-th such call fails for good: the node ends, and what it has accepted is there."""
    tracer = Tracer(world, a.node.process, '-e', f'trace={call},{",".join(SYNCS)}', '-e',
                    f'inject={call}:error=EIO:when={n}+')
    accepted, told = [], None
    while a.node.process.poll() is None:
        r = a.run(*RAISE, ok=None)
        check(r.code in (0, 3), f'{r}')
        if r.code == 0:
            accepted.append(r.json['id'])
        else:
            told = r
            break
    code = a.node.wait_end()
    check(code == 1, f'{call} {n}: it ended with {code}')
    check(re.search(r'<2>.*the store failed, stopping: .*disk I/O error', a.node.fresh()),
          f'not clear: {a.node.fresh()}')
    # Of the directory SQLite ignores it; the file that was made is synced next, and fails.
    tried = [l.split(')')[0] for l in injected(tracer) if l.split('(')[0] in SYNCS]
    check(len(tried) == len(set(tried)), f'{call} {n}: a sync was tried again: {tried}')
    check(call in SYNCS or not tried, f'{call} {n}: a sync after the fault: {tried}')
    a.node.start(env=TRACED)
    wait(lambda: a.run('send', ok=None).code == 0, 'the draft to go out')
    want = {*accepted, *([told.json['id']] if told else [])}
    wait(lambda: want <= set(held(b)), f'{call} {n}: what was accepted')
    return told is not None


@test
def a_failed_write_or_sync_ends_the_node(world):
    a, b = world.labs('lab-a', 'lab-b')
    a.node.stop()
    a.node.start(env=TRACED)
    numbers = {'fdatasync': [1, 2, 3, 5], 'pwrite64': [1, 2, 7, 20, 43]}
    if SANITIZED:
        numbers = {'fdatasync': [2], 'pwrite64': [3]}
    if ALL:
        numbers = {'fdatasync': range(1, 40), 'pwrite64': range(1, 400)}
    told = sum(fails_at(world, a, b, call, n) for call, at in numbers.items() for n in at)
    check(told > 0, 'nobody was told of a fault')
    check(len(held(b)) == len(set(held(b))), 'a letter twice')
    print(f'      {sum(map(len, numbers.values()))} faults, each ended the node with 1; no sync '
          'was tried again')


@test
def writes_without_room_are_refused_and_it_goes_on(world):
    a, b = world.labs('lab-a', 'lab-b')
    a.run(*RAISE)
    for first in (1, 4, 17):
        tracer = Tracer(world, a.node.process, '-e', 'trace=pwrite64', '-e',
                        f'inject=pwrite64:error=ENOSPC:when={first}+')
        refused = a.run(*RAISE, ok=False)
        check(refused.code == 3 and 'disk is full' in refused.err and 'draft' in refused.err,
              f'{refused}')
        check(a.node.process.poll() is None, 'the node has ended')
        injected(tracer)
        wait(lambda: a.run('send', ok=None).code == 0 and a.json('send')['letters'] == [],
             'the draft to go out, without a restart')
        wait(lambda r=refused: r.json['id'] in held(b), 'it to arrive')
    check(len(held(b)) == 4, f'{held(b)}')


@test
def the_receivers_full_disk_receipts_nothing(world):
    """Nothing is taken for delivered that the other side could not store."""
    a, b = world.labs('lab-a', 'lab-b')
    with small_disk(world, b.node):
        b.node.start()
        a.wait_up('lab-b')
        ballast = os.path.join(b.node.dir, 'ballast')
        fill(ballast)
        sent, missed = [], 0
        while missed < 3 and len(sent) < 400:
            r = a.run('raise', '--to', 'lab-b', *ROUTINE, '-m', 'x' * 15000, '--json',
                      '--wait', 'stored', '--timeout', '1s', ok=None)
            check(r.code in (0, 5), f'{r}')
            sent.append(r.json['id'])
            missed += r.code == 5
            if r.code == 5:
                check(r.json['labs'][0]['stored'] is None, f'{r}')
                check('not yet' in r.err, f'{r}')
        check(missed > 0, 'a full disk has taken everything')
        check(b.node.process.poll() is None, 'the node has ended')
        os.unlink(ballast)
        wait(lambda: sorted(held(b)) == sorted(sent), 'every letter, once', 60)
        b.node.stop()


# Each call of `hotline raise`.

class Attempts:
    """Raises that meet a fault, and what has to be true of them together."""

    def __init__(self, world):
        self.a, self.b = world.labs('lab-a', 'lab-b')
        self.a.run(*RAISE)
        self.accepted, self.done, self.failed = [held(self.a)[0]], 1, 0

    def judge(self, what, r):
        """It succeeds, or says why not; it never dies."""
        self.done += 1
        # libConfuse gives up so while it reads the settings, before anything was begun.
        if r.code == -6 and ('`cfg_qstring\' failed' in r.err or
                             r.err == 'Unexpected error.\n'):  # no room for these words
            self.failed += 1
            return
        check(r.code >= 0, f'{what}: ended by signal {-r.code}: {r}')
        if r.code == 0:
            check(re.fullmatch('[0-9a-f]{64}', r.json['id']), f'{what}: no id: {r}')
            self.accepted.append(r.json['id'])
            return
        self.failed += 1
        check(r.err.strip(), f'{what}: exit status {r.code} without a word: {r}')

    def settle(self):
        """The device works, and what was accepted has arrived."""
        wait(lambda: self.a.run('send', ok=None).code == 0, 'drafts to go out')
        check(self.a.json('send')['letters'] == [], 'a draft stays')
        last = self.a.run(*RAISE).json['id']
        want = {*self.accepted, last}
        try:
            wait(lambda: want <= set(held(self.b)), 'what was accepted', 300 if ALL else None)
        except Failed as e:
            missing = want - set(held(self.b))
            shown = [self.a.run('show', i[:8], ok=None) for i in sorted(missing)[:3]]
            raise Failed(f'{e}: {len(missing)} of {len(want)} are missing (the last one: '
                         f'{last in missing}): {"; ".join(map(str, shown))}; '
                         f'{self.a.run("status", ok=None)}') from e
        got = held(self.b)
        check(len(got) == len(set(got)), 'a letter twice')
        check(len(got) <= self.done + 1, f'{len(got)} letters of {self.done + 1} raises')
        check(len(set(self.accepted)) == len(self.accepted), 'an id twice')
        check(set(got) == set(held(self.a)), 'the two sides do not hold the same')


def some(last, want):
    """Up to so many of 1 to last: all, or the first ones and others spread over the rest."""
    if ALL or last <= want:
        return range(1, last + 1)
    dense = want // 3
    step = (last - dense) / (want - dense)
    return [*range(1, dense + 1), *(dense + round(step * i) for i in range(1, want - dense + 1))]


@test
def every_allocation_of_raise_may_fail(world):
    if SANITIZED:
        raise Skipped('a sanitizer brings its own allocator')
    attempts = Attempts(world)
    env = {**attempts.a.env, **preloaded(preload(world, 'alloc', FAIL_ALLOC))}
    path = world.path('count')
    attempts.judge('counting', run([HOTLINE, *RAISE], env={**env, 'FAIL_COUNT': path}, ok=None))
    with open(path, encoding='ascii') as f:
        last = int(f.read())
    check(last > 100, f'only {last} allocations')
    numbers = some(last, amount(160, 0))
    for rest in ({}, {'FAIL_REST': '1'}):
        for n in numbers if not rest or ALL else numbers[::4]:
            r = run([HOTLINE, *RAISE], env={**env, 'FAIL_AT': str(n), **rest}, ok=None)
            attempts.judge(f'allocation {n}{" and all after it" if rest else ""}', r)
    attempts.settle()
    print(f'      {last} allocations; {attempts.done} raises, {attempts.failed} failed and said so')


CALLS = {'read': 'EIO', 'pread64': 'EIO', 'write': 'EIO', 'pwrite64': 'EIO', 'fdatasync': 'EIO',
         'fsync': 'EIO', 'sendto': 'ECONNRESET', 'recvfrom': 'ECONNRESET', 'openat': 'EMFILE'}


def strace(world, device, *options):
    """raise under strace: (result, traced lines)."""
    log = world.path('raise.strace')
    r = run(['strace', '-qq', '-o', log, *options, HOTLINE, *RAISE],
            env={**device.env, **TRACED}, ok=None)
    with open(log, encoding='utf-8', errors='replace') as f:
        lines = f.read().splitlines()
    # strace ends itself by the signal that ended the other.
    return Result(r.args, r.code, r.out, r.err), lines


@test
def every_read_write_and_sync_of_raise_may_fail(world):
    attempts = Attempts(world)
    a = attempts.a
    names = ','.join(CALLS)
    r, lines = strace(world, a, '-e', f'trace={names}')
    if r.code != 0 and 'ptrace' in r.err:
        raise Skipped(f'nothing can be traced here: {r.err.strip()}')
    attempts.judge('counting', r)
    start = next(i for i, l in enumerate(lines) if 'HOTLINE' in l or '.home' in l)
    total = 0
    for call, error in CALLS.items():
        before = sum(l.startswith(call + '(') for l in lines[:start])  # the loader's own
        last = sum(l.startswith(call + '(') for l in lines)
        for n in some(last - before, amount(12, 3)):
            r, happened = strace(
                world, a, '-e', f'trace={call}', '-e',
                f'inject={call}:error={error}:when={before + n}')
            total += any('(INJECTED)' in l for l in happened)
            attempts.judge(f'{call} {n}', r)
    check(total > 20, f'only {total} faults were put in')
    attempts.settle()
    print(f'      {total} faults in {", ".join(CALLS)}; {attempts.failed} raises failed and said '
          'so')


if __name__ == '__main__':
    main(jobs=2)
