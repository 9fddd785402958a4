#!/usr/bin/python3
"""Runs the test programs of one or more build directories and counts tests.

The programs, their suites, arguments and time limits come from meson's
introspection. What is counted are single tests, not programs: cmocka's group
summaries, or a closing line "N passed, M failed[, K skipped]". A program that
crashes, runs out of time or reports no test counts as one failed test.

usage: run.py --build=DIR [--build=DIR …] [--show] [--bench] [--jobs=N] [name …]
A name is a suite or a program. The last line is "N passed, M failed".
"""
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORDER = ['lint', 'unit', 'vectors', 'interop', 'fuzz', 'install', 'sim', 'integration']
# The processes of one wait for each other more than they work; the other has work for both
# processors from first to last, and leaves them at once to whoever else wants one.
WAITING, PATIENT = 'integration', 'sim'
REPORTED = ['sim-a', 'sim-b']  # shown: what struck in their runs, and how often
SHOWN = 400_000  # bytes of a failing program's output that are shown

CMOCKA = {
    'passed': re.compile(rb'^\[  PASSED  \] (\d+) test\(s\)\.', re.M),
    'failed': re.compile(rb'^\[  FAILED  \] (\d+) test\(s\), listed below:', re.M),
    'skipped': re.compile(rb'^\[  SKIPPED \] (\d+) test\(s\), listed below:', re.M),
}
# A setup that failed stands in no summary.
SETUP = re.compile(rb'^\[  ERROR   \] (?!--- )\S', re.M)
CLOSING = re.compile(rb'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$', re.M)


class Totals:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        text = f'{self.passed} passed, {self.failed} failed'
        return text + (f', {self.skipped} skipped' if self.skipped else '')


def count(output, status, limit):
    """The totals that a program reports, and what is wrong with it, if anything.

    status is its exit status (negative: the signal), or None if it was stopped
    after limit seconds.
    """
    sums = {k: [int(n) for n in r.findall(output)] for k, r in CMOCKA.items()}
    if any(sums.values()):
        got = Totals(*(sum(sums[k]) for k in ('passed', 'failed', 'skipped')))
        got.failed += len(SETUP.findall(output))
    else:
        lines = CLOSING.findall(output)
        got = Totals(*(int(n or 0) for n in lines[-1])) if lines else Totals()
    if status == 77 and not got.failed and not got.passed:
        return Totals(skipped=max(got.skipped, 1)), None
    fault = None
    if status is None:
        fault = f'stopped after {limit:.0f} s'
    elif status < 0:
        try:
            fault = f'ended by {signal.Signals(-status).name}'
        except ValueError:
            fault = f'ended by signal {-status}'
    elif status != 0 and not got.failed:
        fault = f'exit status {status}'
    elif not got.passed and not got.failed and not got.skipped:
        fault = 'reported no test'
    if fault:
        got.failed += 1
    return got, fault


class Program:
    def __init__(self, build, entry, sanitized):
        self.build, self.name, self.cmd = build, entry['name'], entry['cmd']
        # meson writes "project:suite", or the project alone when there is none
        suites = [s.split(':', 1)[1] for s in entry['suite'] if ':' in s]
        self.suite = suites[0] if suites else 'other'
        self.env, self.cwd = entry['env'], entry['workdir']
        self.alone = not entry['is_parallel']
        # Machines are shared: the limit is there to end a hang, not to time.
        self.limit = entry['timeout'] * (6 if sanitized else 2)
        self.sanitized = sanitized
        if self.suite == PATIENT:
            self.cmd = ['chrt', '--idle', '0', *self.cmd]

    def rank(self):
        place = ORDER.index(self.suite) if self.suite in ORDER else len(ORDER)
        return (place, self.suite, self.name)

    def environment(self, leaks):
        env = dict(os.environ, HOTLINE_BUILD=os.path.abspath(self.build),
                   HOTLINE_SOURCE=ROOT)
        if self.sanitized:
            env.setdefault('ASAN_OPTIONS', f'detect_leaks={int(leaks)}:'
                           'detect_stack_use_after_return=1:strict_string_checks=1')
            env.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:print_stacktrace=1')
        env.update(self.env)
        return env

    def run(self, leaks):
        """Returns (output, exit status or None, seconds)."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as out:
            try:
                child = subprocess.Popen(
                    self.cmd, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, cwd=self.cwd or ROOT,
                    env=self.environment(leaks), start_new_session=True)
            except OSError as e:
                return str(e).encode(), 127, 0.0
            try:
                status = child.wait(timeout=self.limit or None)
            except subprocess.TimeoutExpired:
                status = None
            # Whatever it left running goes too.
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
            out.seek(0)
            return out.read(), status, time.monotonic() - began


def introspect(build, what):
    done = subprocess.run(['meson', 'introspect', what, build],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'run.py: {build} is no build directory of meson: {done.stderr.strip()}')
    return json.loads(done.stdout)


def is_sanitized(build):
    for option in introspect(build, '--buildoptions'):
        if option['name'] == 'b_sanitize':
            return option['value'] not in ('none', '')
    return False


def leaks_can_be_found():
    """The leak check needs ptrace, which some containers forbid."""
    with tempfile.TemporaryDirectory() as d:
        exe = os.path.join(d, 'probe')
        subprocess.run(['cc', '-fsanitize=address', '-xc', '-', '-o', exe],
                       input=b'int main(void) { return 0; }', check=True)
        return subprocess.run([exe], env=dict(os.environ, ASAN_OPTIONS='detect_leaks=1'),
                              capture_output=True, check=False).returncode == 0


class Run:
    """One pass over the programs of one build directory."""

    def __init__(self, label, programs, jobs, show, leaks):
        self.label, self.show, self.leaks = label, show, leaks
        self.lock = threading.Lock()
        self.suites = {}
        programs.sort(key=Program.rank)
        # What may take longest comes first.
        patient = sorted((p for p in programs if p.suite == PATIENT), key=lambda p: -p.limit)
        alone = [p for p in programs if p.alone]
        waiting = [p for p in programs if p.suite == WAITING and not p.alone]
        beside = threading.Thread(target=self.go, args=(patient, jobs))
        beside.start()
        self.go([p for p in programs if p not in patient + alone + waiting], jobs)
        self.go(waiting, jobs + 1)
        self.go(alone, 1)
        beside.join()

    def go(self, programs, jobs):
        """So many of them at once."""
        todo = queue.Queue()
        for p in programs:
            todo.put(p)
        workers = [threading.Thread(target=self.work, args=(todo,)) for _ in range(jobs)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()

    def work(self, todo):
        while True:
            try:
                p = todo.get_nowait()
            except queue.Empty:
                return
            output, status, seconds = p.run(self.leaks)
            got, fault = count(output, status, p.limit)
            with self.lock:
                self.tell(p, got, fault, output, seconds)

    def tell(self, p, got, fault, output, seconds):
        self.suites.setdefault(p.suite, Totals()).add(got)
        bad = got.failed > 0
        if bad or self.show or p.name in REPORTED:
            if len(output) > SHOWN:
                output = output[:SHOWN // 2] + b'\n[...]\n' + output[-SHOWN // 2:]
            print(f'---- {p.suite}/{p.name}, {self.label}: {" ".join(p.cmd)}')
            sys.stdout.flush()
            sys.stdout.buffer.write(output.rstrip(b'\n') + b'\n')
            sys.stdout.buffer.flush()
        print(f'{"FAILED" if bad else "ok    "} {p.suite}/{p.name}: {got}'
              f'{"; " + fault if fault else ""} ({seconds:.1f} s)', flush=True)


def bench(build, names):
    """Benchmarks run one by one and speak for themselves."""
    found = [e for e in introspect(build, '--benchmarks')
             if not names or e['name'] in names]
    if not found:
        sys.exit('run.py: no such benchmark' if names else 'run.py: no benchmark here')
    failed = 0
    for e in found:
        print(f'== {e["name"]}', flush=True)
        env = dict(os.environ, HOTLINE_BUILD=os.path.abspath(build), HOTLINE_SOURCE=ROOT)
        env.update(e['env'])
        if subprocess.run(e['cmd'], cwd=e['workdir'] or ROOT, env=env, check=False).returncode:
            print(f'run.py: {e["name"]} failed', flush=True)
            failed += 1
    return 1 if failed else 0


def main(argv):
    builds, names, show, benches = [], [], False, False
    jobs = 2
    for a in argv:
        if a.startswith('--build='):
            builds.append(a[8:])
        elif a.startswith('--jobs='):
            jobs = int(a[7:])
        elif a == '--show':
            show = True
        elif a == '--bench':
            benches = True
        elif a.startswith('-'):
            sys.exit(__doc__)
        else:
            names.append(a)
    if not builds:
        sys.exit(__doc__)
    if benches:
        return bench(builds[0], names)

    total, lines, known = Totals(), [], set()
    for build in builds:
        sanitized = is_sanitized(build)
        label = 'sanitized' if sanitized else 'plain'
        programs = [Program(build, e, sanitized) for e in introspect(build, '--tests')]
        known |= {p.suite for p in programs} | {p.name for p in programs}
        if names:
            programs = [p for p in programs if p.suite in names or p.name in names]
        leaks = False
        if sanitized and programs:
            leaks = leaks_can_be_found()
            if not leaks:
                print('leaks are not looked for: this machine forbids ptrace')
        run = Run(label, programs, jobs, show, leaks)
        for suite, got in run.suites.items():
            lines.append(f'{label:9} {suite:12} {got}')
            total.add(got)
    for name in names:
        if name not in known:
            print(f'run.py: there is no suite or program called "{name}"')
            total.failed += 1
    print('----')
    for line in lines:
        print(line)
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
