#!/usr/bin/python3
"""A node that is put back to a backup, between real processes: nothing is lost."""
import contextlib
import os
import sqlite3
import stat

from harness import HOTLINED, check, main, run, test, wait

CALL = ('--kind', 'near.miss', '--wait', 'stored')


def raise_to(lab, other, text):
    """A delivered call; its incident."""
    return lab.json('raise', '--to', other, *CALL, '-m', text)['incident']


def known(device):
    """Incidents that the device lists."""
    return {i['id'] for i in device.json('list', '--all')['incidents']}


def stored(lab):
    """Ids of the letters in the store of a stopped node."""
    path = os.path.join(lab.node.dir, 'hotlined.db')
    with contextlib.closing(sqlite3.connect(path)) as db:
        return {bytes(row[0]).hex() for row in db.execute('SELECT id FROM letter')}


def backup(lab, name='store.backup', ok=True):
    path = lab.world.path(name)
    return path, run([HOTLINED, 'backup', '-d', lab.node.dir, path], ok=ok)


def restore(lab, path, ok=True):
    return run([HOTLINED, 'restore', '-d', lab.node.dir, path], ok=ok)


def warnings(lab):
    return ' '.join(str(w) for w in lab.json('status')['warnings'])


@test
def a_restored_node_takes_back_what_it_sent_and_received(world):
    a, b = world.labs('lab-a', 'lab-b')
    incidents = {raise_to(a, 'lab-b', 'before'), raise_to(b, 'lab-a', 'before too')}
    path, _ = backup(a)
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, 'the backup is open to others')
    incidents |= {raise_to(a, 'lab-b', 'sent since'), raise_to(b, 'lab-a', 'received since')}
    a.node.stop()
    restore(a, path)
    kept = [n for n in os.listdir(a.node.dir) if n.startswith('hotlined.db.before-')]
    check(kept, 'the old store is not kept')
    a.node.start()
    a.node.wait_log('a backup was restored')
    a.node.wait_log('what it held of our letters is taken back: 1')
    b.node.wait_log('a backup was restored there')
    check('backup was restored' in warnings(a), f'no warning: {warnings(a)}')
    check('backup was restored there' in warnings(b), f'no warning: {warnings(b)}')
    a.wait_up('lab-b')
    incidents |= {raise_to(a, 'lab-b', 'new'), raise_to(b, 'lab-a', 'new too')}
    for lab in (a, b):
        wait(lambda lab=lab: known(lab) == incidents, f'all incidents at {lab.name}')
    wait(lambda: all(p['queued'] == 0 and p['gaps'] == 0 for lab in (a, b)
                     for p in lab.json('status')['peers']), 'nothing queued, no gap')
    # What was taken back stays, and is taken back once.
    a.node.restart()
    a.wait_up('lab-b')
    check('behind what the peer' not in a.node.fresh(), 'a second epoch for one restore')
    a.node.stop()
    b.node.stop()
    # No device gave it to the node again: it came from the peer.
    check(stored(a) == stored(b) == incidents, f'{stored(a)} {stored(b)} {incidents}')


@test
def a_backup_of_a_stopped_node_and_what_is_no_backup(world):
    a, b = world.lab('lab-a'), world.lab('lab-b')
    path, _ = backup(a)
    refused = restore(a, path, ok=False)
    check('stop it first' in refused.err, f'{refused}')
    _, again = backup(a, ok=False)
    check('exists' in again.err, f'{again}')
    a.node.stop()
    stopped, _ = backup(a, 'stopped.backup')
    of_b, _ = backup(b, 'of-b.backup')
    refused = restore(a, of_b, ok=False)
    check('another network or lab' in refused.err, f'{refused}')
    with open(stopped, 'r+b') as f:
        whole = f.read()
        f.seek(0)
        f.write(b'no store at all')
    refused = restore(a, stopped, ok=False)
    check('no whole backup' in refused.err, f'{refused}')
    cut = world.path('cut.backup')
    with open(cut, 'wb') as f:
        f.write(whole[:len(whole) // 2])
    refused = restore(a, cut, ok=False)
    check('no whole backup' in refused.err, f'{refused}')
    check(not [n for n in os.listdir(a.node.dir) if 'before' in n or 'restore' in n],
          f'a refused restore left something: {os.listdir(a.node.dir)}')
    restore(a, path)
    a.node.start()
    a.run('status')


if __name__ == '__main__':
    main()
