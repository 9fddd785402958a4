#!/usr/bin/python3
"""A node of one's own that withholds letters, or hangs: the device says so."""
import contextlib
import json
import os
import sqlite3
import time

from harness import check, main, test, wait


def edit(path, *statements):
    """Changes a store behind its owner's back."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        return [db.execute(s).rowcount for s in statements]


def events(child, name):
    with open(child.path, encoding='utf-8') as f:
        found = [json.loads(l) for l in f if l.startswith('{')]
    return [e for e in found if e['event'] == name]


def raised(lab, text):
    return lab.json('raise', '--to', 'lab-b', '--kind', 'near.miss', '-m', text, '--wait',
                    'stored')['incident']


@test
def a_swallowed_letter_is_missed(world):
    a, b = world.labs('lab-a', 'lab-b')
    check(b.json('status')['channels'] == [], 'nothing is missing yet')
    kept = raised(a, 'this one comes')
    lost = raised(a, 'this one is swallowed')
    b.node.stop()
    gone = edit(os.path.join(b.node.dir, 'hotlined.db'),
                f"DELETE FROM letter WHERE id = x'{lost}'",
                f"DELETE FROM feed WHERE id = x'{lost}'",
                f"DELETE FROM call WHERE id = x'{lost}'")
    check(gone[0] == 1 and gone[1] >= 1, f'{gone}')
    b.node.start()
    missing = b.json('status')['channels']
    check([(m['fault'], m['id'], m['name'], m['alarm']) for m in missing]
          == [('missing-letter', lost, 'lab-a', False)], f'{missing}')
    listed = [i['id'] for i in b.json('list')['incidents']]
    check(listed == [kept], f'{listed}')
    out = b.run('status').out
    check('warning  a letter of lab-a (number ' in out and 'not reached this device' in out, out)
    # A minute later.
    edit(os.path.join(b.home, 'device.db'), 'UPDATE missing SET seen = seen - 61000')
    out = b.run().out
    check('ALARM  a letter of lab-a (number ' in out, out)
    child = b.spawn('watch', '--json')
    wait(lambda: events(child, 'missing'), 'the alarm')
    told = events(child, 'missing')[0]
    check(told['loud'] and told['id'] == lost and told['name'] == 'lab-a', f'{told}')


@test
def a_channel_that_went_back_is_seen(world):
    a, b = world.labs('lab-a', 'lab-b')
    raised(a, 'one')
    raised(a, 'two')
    check(b.json('status')['channels'] == [], 'nothing is wrong yet')
    a.node.stop()
    b.node.stop()
    # The own node denies the newest entry, and all that was signed of it.
    db = os.path.join(b.node.dir, 'hotlined.db')
    last = "(SELECT number FROM channel WHERE outgoing = 0)"
    gone = edit(db, f'DELETE FROM statement WHERE outgoing = 0 AND kind = 1 AND number >= {last}')
    check(gone[0] >= 1, f'{gone}')
    edit(db, f'DELETE FROM entry WHERE outgoing = 0 AND number >= {last}',
         'UPDATE channel SET number = number - 1, head_number = number - 1,'
         ' link = (SELECT e.link FROM entry e WHERE e.peer = channel.peer AND e.outgoing = 0'
         ' AND e.epoch = channel.epoch AND e.number = channel.number - 1),'
         ' head_link = (SELECT e.link FROM entry e WHERE e.peer = channel.peer AND e.outgoing = 0'
         ' AND e.epoch = channel.epoch AND e.number = channel.number - 1) WHERE outgoing = 0')
    b.node.start()
    found = b.json('status')['channels']
    check([(f['fault'], f['name'], f['alarm']) for f in found] == [('went-back', 'lab-a', True)],
          f'{found}')
    # The other lab shows its channel again, and all is well.
    a.node.start()
    wait(lambda: b.json('status')['channels'] == [], 'the channel to be whole again')


@test
def a_node_that_hangs_is_noticed(world):
    a = world.lab('lab-a')
    child = a.spawn('watch', '--json')
    wait(lambda: a.run('status').code == 0 and 'Watching' in open(child.path).read(), 'the watch')
    time.sleep(1)  # it is on the line by then, or finds the node frozen while it knocks
    began = time.monotonic()
    a.node.pause()
    wait(lambda: events(child, 'node-away'), 'the alarm', 20)
    took = time.monotonic() - began
    a.node.resume()
    check(took < 16.5, f'it took {took:.1f} s')
    check(events(child, 'node-away')[0]['loud'], 'it is not loud')
    wait(lambda: events(child, 'node-back'), 'the end of the alarm')


@test
def many_commands_at_once_all_get_through(world):
    a = world.lab('lab-a')
    children = [a.spawn('status') for _ in range(12)]
    codes = [c.wait(60) for c in children]
    check(codes == [0] * len(codes), f'{codes}')


if __name__ == '__main__':
    main()
