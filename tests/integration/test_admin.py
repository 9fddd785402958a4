#!/usr/bin/python3
"""The commands that keep a lab, against real nodes: what one device signs, the others learn."""
import itertools
import os

from harness import NETWORK, check, main, test, wait


def states(device):
    """{person: state} of the own card's members."""
    return {m['person']: m['state'] for m in device.json('member', 'list')['members']}


@test
def a_lab_from_nothing(world):
    a = world.lab('lab-a', 'Mira Olsen')
    status = a.json('status')
    check(status['node']['reached'] and status['node']['card_version'] == 2, f'{status}')
    check(status['waiting'] == 0, f'{status}')
    check([p['person'] for p in a.json('card', 'show')['members']] == ['Mira Olsen'], 'members')


@test
def a_device_is_enrolled_and_cut_off(world):
    a = world.lab('lab-a', 'Mira Olsen')
    jun = a.join('Jun Sato')
    check(states(jun) == {'Mira Olsen': 'good', 'Jun Sato': 'good'}, f'{states(jun)}')
    a.run('status')
    check(states(a)['Jun Sato'] == 'good', 'the sealing keys of a new device reach the others')
    refused = jun.run('member', 'suspend', 'Mira Olsen', '--yes', ok=False)
    check(refused.code == 4 and 'capability' in refused.err, f'{refused}')
    a.run('member', 'suspend', 'Jun Sato', '--yes', '--reason', 'lost')
    gone = jun.run('status', ok=False)
    check(gone.code == 4 and 'suspended (by Mira Olsen)' in gone.err, f'{gone}')
    a.run('member', 'remove', 'Jun Sato', '--yes')
    check('Jun Sato' not in states(a), 'removed')


@test
def a_request_to_another_lab_is_refused(world):
    a, b = world.lab('lab-a'), world.lab('lab-b')
    b.join('Eva Lind')
    request = world.path('lab-b.eva-lind.request.hotline')
    refused = a.run('member', 'add', request, '--yes', ok=False)
    check(refused.code == 1 and 'another lab' in refused.err, f'{refused}')


@test
def what_was_signed_alone_is_handed_over_later(world):
    a, b = world.labs('lab-a', 'lab-b')
    a.node.stop()
    away = a.run('card', 'renew', '--contact', '+1 555 0100')
    check('does not answer' in away.err, f'{away}')
    down = a.run('status', '--json', ok=False)
    check(down.code == 3 and down.json['node']['reached'] is False, f'{down}')
    a.node.start()
    check(a.json('status')['node']['card_version'] == 2, 'the hello tells of the old card')
    check(a.json('status')['node']['card_version'] == 3, 'the node took the new card')

    def learned():
        b.run('status')
        return b.json('card', 'show', 'lab-a')['contacts'] == ['+1 555 0100']
    wait(learned, 'the other lab to learn of the card')


@test
def a_directory_reaches_all_devices(world):
    a, _ = world.labs('lab-a', 'lab-b')
    jun = a.join('Jun Sato')
    check([p['name'] for p in jun.json('peer', 'list')['peers']] == ['lab-b'], 'peers')
    a.run('peer', 'group', 'frontier', 'lab-b')
    jun.run('status')
    check(jun.json('peer', 'list')['groups'] == [{'name': 'frontier', 'peers': ['lab-b']}],
          'groups')
    for more, relays in (([], [True]), ([], [True]), (['--off'], [False]), (['--off'], [False]),
                         ([], [True])):
        a.run('peer', 'relay', 'lab-b', *more)
        jun.run('status')
        check([p['relay'] for p in jun.json('peer', 'list')['peers']] == relays, f'relay {more}')
    check('relays: lab-b' in jun.run('peer', 'list').out, 'the relays are not shown')
    stranger = a.run('peer', 'relay', 'lab-a', ok=False)
    check('lab-b' in stranger.err, f'{stranger}')
    refused = jun.run('peer', 'remove', 'lab-b', '--yes', ok=False)
    check(refused.code == 4, f'{refused}')
    a.run('peer', 'remove', 'lab-b', '--yes')
    jun.run('status')
    check(jun.json('peer', 'list')['peers'] == [], 'removed')
    check('relays' not in jun.run('peer', 'list').out, 'a relay that is no peer')


@test
def relays_come_and_go_in_any_order(world):
    labs = [world.lab(f'lab-{n}', found=False) for n in 'abcd']
    for lab in labs:
        lab.run('lab', 'init', lab.name, '--person', lab.person, '--network', NETWORK, '--out',
                lab.path('lab.hotline'))
    a, *peers = labs
    for peer in peers:
        a.run('peer', 'add', peer.card(), '--as', peer.name, '--fingerprint', peer.fingerprint())
    for order in itertools.permutations(['lab-b', 'lab-c', 'lab-d']):
        for off in ([], ['--off']):
            for n, name in enumerate(order):
                a.run('peer', 'relay', name, *off)
                shown = {p['name'] for p in a.json('peer', 'list')['peers'] if p['relay']}
                check(shown == set(order[n + 1:] if off else order[:n + 1]),
                      f'{order}, {off}, {name}: {shown}')
    for name in order:
        a.run('peer', 'relay', name)
    a.run('peer', 'remove', 'lab-b', '--yes')
    check([p['relay'] for p in a.json('peer', 'list')['peers']] == [True, True],
          'the others do not stay relays')


@test
def a_secret_is_shared(world):
    a, b = world.labs('lab-a', 'lab-b')
    path = world.path('psk')
    a.run('psk', 'new', 'lab-b', '--out', path)
    check(os.stat(path).st_mode & 0o777 == 0o600, 'the file is for its owner alone')
    wrong = b.run('psk', 'set', 'lab-a', '--in', world.passphrase, ok=False)
    check(wrong.code == 1, f'{wrong}')
    b.run('psk', 'set', 'lab-a', '--in', path)

    def shared():
        peer = a.json('status')['peers'][0]
        return peer['psk'] and peer['state'] == 'up'
    wait(shared, 'the line to come up with the secret')


if __name__ == '__main__':
    main()
