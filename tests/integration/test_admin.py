#!/usr/bin/python3
"""The commands that keep a lab, against real nodes: what one device signs, the others learn."""
import os

from harness import check, main, test, wait


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
    refused = jun.run('peer', 'remove', 'lab-b', '--yes', ok=False)
    check(refused.code == 4, f'{refused}')
    a.run('peer', 'remove', 'lab-b', '--yes')
    jun.run('status')
    check(jun.json('peer', 'list')['peers'] == [], 'removed')


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
