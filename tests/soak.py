#!/usr/bin/python3
"""The rough tests in their long forms: the same scripts with larger numbers.

usage: soak.py [--hours H | --cycles N] [name …]
Names: kill power namespaces disk flood clock sim; without one, all of them in
this order. Without a number each takes that of a night: 2,000 kills, 200 power
cuts on each file system, an hour of namespaces, every n of a failing call,
10,000 strangers, every jump of a clock, 5,000 seeds of one hour. --cycles gives
another number of rounds (of seeds), --hours goes on for so long with each name.
"""
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get('HOTLINE_BUILD') or os.path.join(ROOT, 'build')
CLOSING = re.compile(r'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$')
SEEDS = 50  # in one run of the simulator

# name: the amount of a night
NIGHT = {'kill': {'CYCLES': '2000'}, 'power': {'CYCLES': '200'}, 'namespaces': {'HOURS': '1'},
         'disk': {}, 'flood': {'CYCLES': '10000'}, 'clock': {}, 'sim': {'CYCLES': '5000'}}


def script(name, amount):
    """Runs it, showing what it says; (passed, failed, skipped)."""
    env = dict(os.environ, HOTLINE_BUILD=BUILD, HOTLINE_SOURCE=ROOT, HOTLINE_ALL='1',
               **{f'HOTLINE_{k}': v for k, v in amount.items()})
    path = os.path.join(ROOT, 'tests', 'integration', f'test_{name}.py')
    total = None
    with subprocess.Popen([path], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors='replace') as child:
        for line in child.stdout:
            print(line, end='', flush=True)
            total = CLOSING.match(line) or total
    if total is None:
        return 0, 1, 0
    passed, failed, skipped = (int(n or 0) for n in total.groups())
    return passed, failed or int(child.returncode != 0), skipped


def sim(amount):
    """Seeds from 1 on, so many or for so long; each run of them counts as one test."""
    end = time.monotonic() + float(amount.get('HOURS', 0)) * 3600
    seeds, first, passed, failed = int(amount.get('CYCLES', 0)), 1, 0, 0
    while first <= seeds or time.monotonic() < end:
        n = min(SEEDS, seeds - first + 1) if seeds else SEEDS
        code = subprocess.run([os.path.join(BUILD, 'tests', 'sim', 'hotline-sim'), '--seed',
                               str(first), '--seeds', str(n), '--hours', '1'],
                              check=False).returncode
        passed, failed = passed + (code == 0), failed + (code != 0)
        first += n
    print(f'      {first - 1} seeds')
    return passed, failed, 0


def arguments(argv):
    amount, names = None, []
    args = iter(argv)
    for a in args:
        if a in ('--hours', '--cycles') and amount is None:
            number = next(args, '')
            if not re.fullmatch(r'\d+(\.\d+)?' if a == '--hours' else r'[1-9]\d*', number):
                sys.exit(f'soak.py: {a} needs a number')
            amount = {a[2:].upper(): number}
        elif a in NIGHT:
            names.append(a)
        else:
            sys.exit(__doc__)
    return amount, names or list(NIGHT)


def main(argv):
    amount, names = arguments(argv)
    totals = [0, 0, 0]
    for name in names:
        mine = NIGHT[name] if amount is None else amount
        told = ', '.join(f'{v} {k.lower()}' for k, v in mine.items())
        print(f'== {name}{": " + told if told else ""}', flush=True)
        began = time.monotonic()
        got = sim(mine) if name == 'sim' else script(name, mine)
        totals = [a + b for a, b in zip(totals, got)]
        print(f'== {name}: {got[0]} passed, {got[1]} failed, {time.monotonic() - began:.0f} s',
              flush=True)
    print(f'{totals[0]} passed, {totals[1]} failed'
          + (f', {totals[2]} skipped' if totals[2] else ''))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
