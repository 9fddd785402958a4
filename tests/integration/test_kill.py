#!/usr/bin/python3
"""kill -9 of real nodes under load. The oracle is what the senders were told."""
import os
import random

from harness import check, main, test, wait
from rough import SANITIZED, TRACED, Senders, batches, fresh_world, held, rounds

# The calls that a node under load makes, and up to the how manieth of them it lives.
DURING = [('pwrite64', 200), ('pwrite64', 40), ('fdatasync', 12), ('sendto', 20), ('recvfrom', 40)]


def two_ways(world):
    """Labs that send each other letters from several devices at once."""
    a, b = world.labs('lab-a', 'lab-b')
    more = a.join('Jun Sato')
    for lab in (a, b):
        lab.run('status')
    return a, b, [Senders(world, [a, more], 'lab-b'), Senders(world, [b], 'lab-a')]


def kill_at_random(dice, lab, senders):
    for s in senders:
        s.grow(dice.randrange(7))
    lab.node.kill()


def kill_in_a_call(world, dice, lab):
    """Dead on entering its n-th call of a kind, which may be the midst of a transaction."""
    node, (call, most) = lab.node, dice.choice(DURING)
    node.kill()
    node.prefix = ['strace', '-D', '-qq', '-o', world.path('strace'), '-e', f'trace={call}', '-e',
                   f'inject={call}:signal=SIGKILL:when={dice.randrange(1, most)}']
    try:
        node.start(ready=False, env=TRACED)
    finally:
        node.prefix = []
    code = node.wait_end()
    check(code == -9, f'{lab.name} ended with {code}')


def settle(a, b, senders):
    """What was accepted is there, once, and nothing else is."""
    for s in senders:
        s.join()
        check(len(set(s.ids())) == s.count(), 'an id was given twice')
        for d in s.devices:
            d.run('send', ok=None)
    for s, there in zip(senders, (b, a)):
        own = a if there is b else b
        want = sorted(s.ids())
        check(set(s.accepted()) <= set(want), 'accepted and not written down')
        wait(lambda s=s: all(d.run('send', ok=None).code == 0 and
                             d.json('send')['letters'] == [] for d in s.devices),
             'no draft to be left')
        fold = {}
        wait(lambda: fold.update(got=held(there)) or set(want) <= set(fold['got']),
             f'all letters of {own.name} at {there.name}', 60)
        other = set(fold['got']) - set(want) - set(senders[senders[0] is s].ids())
        check(not other, f'{there.name} holds what nobody has sent: {other}')
        check(len(fold['got']) == len(set(fold['got'])), f'{there.name} holds a letter twice')
    for lab in (a, b):
        lab.node.stop()
        lab.node.check()


@test
def accepted_letters_outlive_every_kill(_):
    sent = drafts = kills = 0
    seed = os.environ.get('HOTLINE_SEED') or str(random.randrange(2**32))
    print(f'      HOTLINE_SEED={seed}')
    dice = random.Random(seed)
    for cycles in batches(rounds(50, 8), 50):
        with fresh_world() as world:
            a, b, senders = two_ways(world)
            for i in cycles:
                lab = (a, b)[i % 2]
                if i % 4 < 2:
                    kill_at_random(dice, lab, senders)
                else:
                    kill_in_a_call(world, dice, lab)
                lab.node.start()
                kills += 1
                for s in senders:
                    s.sound()
            for s in senders:
                s.grow(5)
            settle(a, b, senders)
        sent += sum(s.count() for s in senders)
        drafts += sum(s.count() - len(s.accepted()) for s in senders)
    check(sent > 4 * kills or SANITIZED, f'no load: {sent} letters')
    print(f'      {kills} kills, half of them in the midst of a call; {sent} letters, '
          f'{drafts} of them drafts at first; 0 lost, 0 doubled')


if __name__ == '__main__':
    main()
