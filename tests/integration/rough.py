"""What the rough tests share: how many rounds, senders with a journal, a tracer, harm.

How much is done is bounded here so that every commit can run it; `./dev soak`
asks for more by the environment:

    HOTLINE_CYCLES=N    so many rounds in place of the test's own number
    HOTLINE_HOURS=H     rounds until so many hours are over
    HOTLINE_ALL=1       every n where a test takes some
"""
import contextlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

from harness import HOTLINE, HOTLINED, Failed, Skipped, World, check, lightly, wait

HOURS = float(os.environ.get('HOTLINE_HOURS') or 0)
CYCLES = int(os.environ.get('HOTLINE_CYCLES') or 0)
ALL = bool(os.environ.get('HOTLINE_ALL'))
ROUTINE = ('--kind', 'sys.test', '--precedence', 'ROUTINE')


def is_sanitized():
    with open(HOTLINED, 'rb') as f:
        return b'libasan' in f.read()


SANITIZED = is_sanitized()


def amount(plain, sanitized):
    return CYCLES or (sanitized if SANITIZED else plain)


def rounds(plain, sanitized):
    """Counts the rounds of a test, from 0."""
    began = time.monotonic()
    for i in itertools.count():
        if i >= amount(plain, sanitized) if not HOURS else \
                i > 0 and time.monotonic() - began > HOURS * 3600:
            return
        yield i


@contextlib.contextmanager
def fresh_world():
    """One more world within a test, for those of many rounds."""
    world, failed = World(), True
    try:
        yield world
        failed = False
    finally:
        if failed:
            world.show()
        world.close(failed)


def batches(counted, size):
    """So many rounds at a time, each time for a fresh world: what piles up has an end."""
    for _, group in itertools.groupby(counted, lambda i: i // size):
        yield group


def need_root(what):
    if os.geteuid() != 0:
        raise Skipped(f'only root {what}')


def preload(world, name, source):
    """A library that takes the place of some functions; its path."""
    path = world.path(f'{name}.so')
    done = subprocess.run(['cc', '-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-xc', '-', '-o',
                           path, '-ldl', '-pthread'], input=source, capture_output=True,
                          text=True, check=False)
    check(done.returncode == 0, done.stderr)
    return path


def preloaded(*libraries):
    """The environment for it, in which no leaks are looked for."""
    env = lightly(*libraries)
    env['ASAN_OPTIONS'] += ':detect_leaks=0'
    return env


TRACED = {'ASAN_OPTIONS': preloaded()['ASAN_OPTIONS']}  # no leaks are looked for


class Tracer:
    """strace on a running process, with faults put in; its log is kept."""

    def __init__(self, world, process, *options):
        self.log = world.path(f'strace-{time.monotonic_ns()}')
        self.child = subprocess.Popen(
            ['strace', '-p', str(process.pid), '-o', self.log, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        line = self.child.stderr.readline()
        if 'attached' not in line:
            self.child.wait()
            raise Skipped(f'nothing can be traced here: {line.strip()}')

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        self.child.wait()
        self.child.stderr.close()
        return self.lines()

    def lines(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read().splitlines()


class Senders:
    """One thread for each device, raising as fast as it goes. What a command was told is written
    down beside the stores: journal has (exit status, id, state, receipted) of each that ended."""

    def __init__(self, world, devices, to, more=()):
        self.devices, self.to, self.more = devices, to, more
        self.journal, self.trouble = [], []
        self.path = world.path(f'journal-{time.monotonic_ns()}')
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.running = set()
        self.threads = [threading.Thread(target=self._run, args=(d,)) for d in devices]
        for t in self.threads:
            t.start()

    def _run(self, device):
        try:
            while not self.over.is_set():
                self._one(device)
        except Failed as e:
            self.trouble.append(e)

    def _one(self, device):
        more = self.more() if callable(self.more) else self.more
        args = [HOTLINE, 'raise', '--to', self.to, *ROUTINE, '-m', 'x' * 200, '--json', *more]
        child = subprocess.Popen(args, env=device.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with self.lock:
            self.running.add(child)
        out, err = child.communicate()
        with self.lock:
            self.running.discard(child)
            if child.returncode < 0 and self.over.is_set():
                return  # ended by drop(): nobody was told anything
            check(child.returncode in (0, 3, 5), f'exit status {child.returncode}: {out} {err}')
            told = json.loads(out)
            labs = told.get('labs', [])
            row = (child.returncode, told['id'], told['state'],
                   bool(labs) and all(lab['stored'] for lab in labs))
            with open(self.path, 'a', encoding='ascii') as f:
                f.write(json.dumps(row) + '\n')
            self.journal.append(row)

    def count(self):
        return len(self.journal)

    def grow(self, n, seconds=None):
        """Waits for n more."""
        want = self.count() + n
        wait(lambda: self.count() >= want or self.trouble, f'{n} letters more', seconds)
        self.sound()

    def sound(self):
        check(not self.trouble, f'{self.trouble}')

    def drop(self):
        """Ends it, and the commands that run."""
        self.over.set()
        with self.lock:
            for child in self.running:
                child.kill()
        self.join()

    def join(self):
        self.over.set()
        for t in self.threads:
            t.join()
        self.sound()

    def ids(self):
        return [row[1] for row in self.journal]

    def accepted(self):
        """What the own node has said that it holds."""
        return [row[1] for row in self.journal if row[0] == 0 or row[2] == 'stored']

    def receipted(self):
        return [row[1] for row in self.journal if row[3]]


def held(device):
    """The ids of the letters that opened an incident, as this device lists them."""
    return [i['id'] for i in device.json('list', '--all', seconds=300)['incidents']]


def feed(world, node, sort):
    """[(lab or None, value, time)] of the node's feed: from a copy of its store, so that it may be
    read while the node runs."""
    copy = world.path(f'feed-{time.monotonic_ns()}.db')
    for tail in ('', '-wal'):
        with open(os.path.join(node.dir, 'hotlined.db' + tail), 'rb') as f, \
                open(copy + tail, 'wb') as to:
            to.write(f.read())
    with contextlib.closing(sqlite3.connect(copy)) as db:
        rows = db.execute('SELECT lab, value, time FROM feed WHERE sort = ? ORDER BY number',
                          (sort,)).fetchall()
    for tail in ('', '-wal', '-shm'):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(copy + tail)
    return [(lab.hex() if lab else None, value, at) for lab, value, at in rows]
