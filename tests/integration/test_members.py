#!/usr/bin/python3
"""Members who may no longer speak, and secrets that differ."""
import os

from harness import check, main, test, wait


def incidents(device):
    return {i['id']: i for i in device.json('list', '--all')['incidents']}


def early_and_late(world, cut_off, why):
    """Jun raises, is cut off, and tries again: what stays and what is refused, and by whom."""
    a, b = world.labs('lab-a', 'lab-b')
    jun = a.join('Jun Sato')
    ines = b.join('Ines Roy')
    wait(lambda: jun.run('status') and all(
        m['sealing_keys'] for m in jun.json('card', 'show', 'lab-b')['members']),
        'the sealing keys of both devices of lab-b')
    early = jun.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'early', '--wait',
                     'stored')['id']
    a.node.stop()
    late = jun.run('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'late', '--json',
                   ok=False)
    check(late.code == 3, f'the own node has taken it: {late}')
    a.node.start()
    cut_off(a)
    for command in (['status'], ['send'], ['raise', '--to', 'lab-b', '--kind', 'near.miss', '-m',
                                           'later']):
        gone = jun.run(*command, ok=False)
        check(gone.code == 4 and why in gone.err and 'ask an admin' in gone.err, f'{gone}')
        check('kept as draft' not in gone.err, f'it looks as if it went out: {gone}')
    a.node.wait_log('link refused')
    path = jun.path('late.hotline')
    jun.run('export', late.json['draft'], '--output', path)
    for lab in (a, b):
        wait(lambda lab=lab: early in incidents(lab), f'the early letter at {lab.name}')
        refused = lab.run('import', path, ok=False)
        check(refused.code == 1 and 'a letter, is not taken' in refused.err, f'{refused}')
        check(set(incidents(lab)) == {early}, f'{lab.name} has taken the late one')
        check(lab.json('show', early)['title'] == 'early', f'{lab.name} cannot read the early one')
    # A device that has heard of nothing since asks its node before it judges a file.
    refused = ines.run('import', path, ok=False)
    check(refused.code == 1 and 'a letter, is not taken' in refused.err, f'{refused}')
    b.run('ack', early[:8])
    wait(lambda: a.json('show', early)['answers'][0]['person'] == 'Operator of lab-b',
         'the answer to the early letter')
    # In a file, with its proof, it stays good for whoever sees it only now.
    whole = a.path('whole.hotline')
    a.run('export', early, '--output', whole)
    b.node.stop()
    ines.run('import', whole, ok=None)
    check(ines.json('show', early)['title'] == 'early', 'the proved letter is refused')
    b.node.start()
    return b, path


@test
def a_suspended_member_is_cut_off_and_earlier_letters_stay(world):
    b, path = early_and_late(world, lambda a: a.run(
        'member', 'suspend', 'Jun Sato', '--yes', '--reason', 'lost'),
        'this device is suspended (by Operator of lab-a)')
    check('suspended' in b.run('import', path, ok=False).err, 'the reason is not said')


@test
def a_removed_member_is_cut_off_and_earlier_letters_stay(world):
    b, path = early_and_late(world, lambda a: a.run('member', 'remove', 'Jun Sato', '--yes'),
                           "no longer on your lab's card")
    check('not a member' in b.run('import', path, ok=False).err, 'the reason is not said')


@test
def a_secret_that_differs_is_named_and_set_right(world):
    a, b = world.labs('lab-a', 'lab-b')
    right, wrong = a.path('right.psk'), b.path('wrong.psk')
    a.run('psk', 'new', 'lab-b', '--out', right)
    b.run('psk', 'new', 'lab-a', '--out', wrong)

    def named(lab, other):
        peer = next(p for p in lab.json('status')['peers'] if p['name'] == other)
        return peer['state'] != 'up' and 'PSK' in (peer['last_error'] or '')
    wait(lambda: named(a, 'lab-b') or named(b, 'lab-a'), 'a status that names the PSK', 60)
    check(a.peers()['lab-b'] != 'up' and b.peers()['lab-a'] != 'up', 'the line is up')
    sent = a.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', 'through')
    b.run('psk', 'set', 'lab-a', '--in', right)
    a.wait_up('lab-b', seconds=60)
    b.wait_up('lab-a')
    wait(lambda: sent['id'] in incidents(b), 'what waited for the line')
    for lab, other in ((a, 'lab-b'), (b, 'lab-a')):
        peer = next(p for p in lab.json('status')['peers'] if p['name'] == other)
        check(peer['psk'] is True, f'{peer}')
    check(os.stat(right).st_mode & 0o077 == 0, 'others can read the secret')


if __name__ == '__main__':
    main(jobs=2)
