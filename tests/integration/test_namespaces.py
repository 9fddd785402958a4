#!/usr/bin/python3
"""Five labs, each in a network namespace of its own: cables pulled, packets dropped one way or
both, reset or lost at random, processes stopped."""
import itertools
import time

from harness import check, main, test, wait
from rough import CYCLES, HOURS, SANITIZED, feed, held, rounds
from spaces import Spaces

NAMES = ['lab-a', 'lab-b', 'lab-c', 'lab-d', 'lab-e']
LINK = 8            # feed: a link's state changed
DEAD = 'the line is dead: no answer to a heartbeat'
ALIVE = 'the line is alive again'
WITHIN = 16_000     # ms: three heartbeats and a second
EARLIEST = 9_000    # ms: as the last answer was a heartbeat old at most
UP = 3
LOSS_SECONDS = 25 if SANITIZED else 60


def wall():
    return int(time.time() * 1000)


class Watch:
    """What each node has said of each other since it was made."""

    def __init__(self, world, labs):
        self.world, self.labs = world, labs
        self.ids = {lab.name: lab.json('card', 'show')['lab'] for lab in labs}
        self.marks = {lab.name: len(lab.node.log()) for lab in labs}

    def said(self, lab, other, words):
        """How often, in the log."""
        new = lab.node.log()[self.marks[lab.name]:]
        return sum(words in line and self.ids[other.name][:12] in line
                   for line in new.splitlines())

    def alarms(self, lab, other):
        return self.said(lab, other, DEAD)

    def states(self, lab, other, since):
        """[(state, ms after since)] by the node's own feed."""
        return [(value, at - since) for of, value, at in feed(self.world, lab.node, LINK)
                if of == self.ids[other.name] and at >= since]

    def wait_alarms(self, pairs):
        for lab, other in pairs:
            wait(lambda l=lab, o=other: self.alarms(l, o),
                 f'{lab.name} to call its line to {other.name} dead', 60)

    def judge(self, pairs, since):
        """Each of them is alarmed, once, in time by its node's own clock."""
        took = []
        for lab, other in pairs:
            check(self.alarms(lab, other) == 1,
                  f'{lab.name}: {self.alarms(lab, other)} alarms on {other.name}')
            states = self.states(lab, other, since)
            check(states and UP not in [s for s, _ in states],
                  f'{lab.name}: {other.name} came up meanwhile: {states}')
            # The alarm stands in the feed behind all changes of state that led to it.
            check([at for _, at in states] == sorted(at for _, at in states), f'{states}')
            alarm = states[-1][1]
            check(EARLIEST <= alarm <= WITHIN,
                  f'{lab.name}: {other.name} alarmed after {alarm} ms: {states}')
            took.append(alarm)
        return took

    def judge_quiet(self, pairs):
        for lab, other in pairs:
            check(self.alarms(lab, other) == 0, f'{lab.name}: a false alarm on {other.name}')

    def wait_alive(self, pairs):
        for lab, other in pairs:
            wait(lambda l=lab, o=other: self.said(l, o, ALIVE) == self.alarms(l, o) and
                 l.peers()[o.name] == 'up', f'{lab.name} and {other.name} to be linked', 120)


def both(*pairs):
    return [p for a, b in pairs for p in ((a, b), (b, a))]


def exchange(labs):
    """Each of them calls all others, and it is there; the incidents."""
    sent = []
    for lab in labs:
        others = ','.join(x.name for x in labs if x is not lab)
        r = lab.json('raise', '--to', others, '--kind', 'near.miss', '-m', 'x', '--wait',
                     'stored', '--timeout', '1m')
        check(all(x['stored'] for x in r['labs']), f'{r}')
        sent.append(r['id'])
    return sent


def break_lines(spaces, labs):
    """Reset, dropped one way, dropped both ways, and a process that is stopped."""
    a, b, c, d, e = labs
    watch, since = Watch(spaces.world, labs), wall()
    spaces.reset(a, b)
    spaces.drop(a, c)
    spaces.drop(b, c)
    spaces.drop(c, b)
    e.node.pause()
    broken = both((a, b), (a, c), (b, c)) + [(x, e) for x in (a, b, c, d)]
    watch.wait_alarms(broken)
    took = watch.judge(broken, since)
    watch.judge_quiet(both((d, a), (d, b), (d, c)))
    check(all(d.peers()[x.name] == 'up' for x in (a, b, c)), 'a line without fault is down')
    # What is raised meanwhile is carried by who has a line to both.
    r = a.json('raise', '--to', 'lab-b,lab-d', '--kind', 'near.miss', '-m', 'x', '--wait',
               'stored', '--timeout', '1m')
    check(all(x['stored'] for x in r['labs']), f'{r}')
    check(b.peers()['lab-a'] != 'up', 'it came by their own line')
    spaces.heal()
    e.node.resume()
    watch.wait_alive(both(*itertools.combinations(labs, 2)))
    return took


def pull_cable(spaces, labs):
    """One lab is alone, and the others are not."""
    *others, d = labs
    watch, since = Watch(spaces.world, labs), wall()
    spaces.cable(d, False)
    broken = both(*((d, x) for x in others))
    watch.wait_alarms(broken)
    took = watch.judge(broken, since)
    watch.judge_quiet(both(*itertools.combinations(others, 2)))
    spaces.heal()
    watch.wait_alive(both(*itertools.combinations(labs, 2)))
    return took


@test
def dead_lines_are_alarmed_on_both_sides(world):
    spaces = Spaces(world)
    labs = spaces.labs(*NAMES)
    sent, took = exchange(labs), []
    for i in rounds(1, 1):
        took += break_lines(spaces, labs)
        took += pull_cable(spaces, labs[i % 5:] + labs[:i % 5])
        sent += exchange(labs)
    for lab in labs:
        wait(lambda l=lab: set(sent) <= set(held(l)), f'every call at {lab.name}')
        check(len(held(lab)) == len(set(held(lab))), f'{lab.name}: a call twice')
    print(f'      {len(took)} alarms, {min(took) / 1000:.1f} to {max(took) / 1000:.1f} s after the '
          'fault, by the clocks of the nodes')


@test
def loss_alone_is_no_alarm(world):
    spaces = Spaces(world)
    labs = spaces.labs(*NAMES)
    watch, sent = Watch(world, labs), []
    for lab in labs:
        spaces.lose(lab, 10)
    seconds = max(LOSS_SECONDS, HOURS * 3600 if HOURS else LOSS_SECONDS * CYCLES)
    end = time.monotonic() + seconds
    pairs = both(*itertools.combinations(labs, 2))
    while time.monotonic() < end:
        for lab in labs:
            r = lab.json('raise', '--to', '@all', '--kind', 'near.miss', '-m', 'x')
            sent.append(r['id'])
        wait(lambda: set(sent[-5:]) <= set(held(labs[0])), 'the calls to come through')
        # The loss has to go on for as long as that: this is what is measured.
        wait(lambda n=min(end, time.monotonic() + 5): time.monotonic() >= n, 'the loss')
        watch.judge_quiet(pairs)
    lost = sum(spaces.lost(lab) for lab in labs)
    check(lost > 50, f'only {lost} packets were lost')
    spaces.heal()
    for lab in labs:
        wait(lambda l=lab: set(sent) <= set(held(l)), f'every call at {lab.name}')
    watch.judge_quiet(pairs)
    print(f'      {seconds:.0f} s of 10 % loss, {lost} packets, {len(sent)} calls: no alarm')


@test
def who_does_not_reach_each_other_is_carried_for(world):
    spaces = Spaces(world)
    a, b, c = spaces.labs(*NAMES[:3])
    for lab in (a, b):
        lab.run('peer', 'relay', 'lab-c')
    watch = Watch(world, [a, b, c])
    spaces.drop(a, b)
    spaces.drop(b, a)
    watch.wait_alarms(both((a, b)))
    r = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'x', '--wait', 'stored',
               '--timeout', '1m')
    check(r['labs'][0]['stored'], f'{r}')
    wait(lambda: r['id'] in held(b), 'the call')
    check(r['id'] not in held(c), 'the carrier lists it')
    b.run('ack', r['id'][:8], '--accept')
    wait(lambda: a.json('show', r['id'][:8])['answers'], 'the answer')
    check(watch.states(a, b, 0)[-1][0] != UP, 'they have reached each other')


if __name__ == '__main__':
    main(jobs=2)
