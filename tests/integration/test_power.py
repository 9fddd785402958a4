#!/usr/bin/python3
"""Power cuts: the nodes' stores lie on a file system of their own, which loses all that was not
synced. `xfs_io -x -c shutdown` without -f ends the file system without writing anything more, its
own log included; mounting it again replays what the log holds.

The processes outlive this cut, as they would not outlive a real one, and a sync that is under way
in its moment may return success though its data are gone. So only that counts which was told
before the cut."""
import os
import shutil

from disks import Disk, move
from harness import Device, Failed, check, main, test, wait
from rough import Senders, batches, fresh_world, held, preload, preloaded, rounds

NO_SYNC = '''
#include <unistd.h>
int fsync(int fd) { (void)fd; return 0; }
int fdatasync(int fd) { (void)fd; return 0; }
'''


class Site:
    """Two labs whose nodes stand on one disk, and a device that has seen no letter yet."""

    def __init__(self, world, kind, env=None):
        self.world, self.env = world, env
        self.a, self.b = world.labs('lab-a', 'lab-b')
        self.more = self.a.join('Jun Sato')
        wait(lambda: self.a.run('status') and all(
            m['sealing_keys'] for m in self.a.json('card', 'show', 'lab-b')['members']),
            'the sealing keys of lab-b')
        self.b.run('status')
        for lab in (self.a, self.b):
            lab.node.stop()
        self.disk = Disk(world, kind)
        for lab in (self.a, self.b):
            move(lab.node, self.disk.dir)
        os.sync()
        shutil.copytree(self.b.home, self.b.home + '.new')
        self.accepted, self.receipted = [], []
        for lab in (self.a, self.b):
            lab.node.start(env=env)

    def cut(self, only_a):
        """Load, and a cut amidst it. only_a: what is accepted lies in one store alone."""
        if only_a:
            self.b.node.stop()
            senders = [Senders(self.world, [self.a, self.more], 'lab-b')]
        else:
            self.a.wait_up('lab-b')
            senders = [Senders(self.world, [self.more], 'lab-b'),
                       Senders(self.world, [self.a], 'lab-b', ('--wait', 'stored'))]
        for s in senders:
            s.grow(8)
        for s in senders:
            self.accepted += s.accepted()
            self.receipted += s.receipted()
        self.disk.cut()
        for lab in (self.a, self.b):
            lab.node.kill()
        for s in senders:
            s.drop()
        self.disk.unmount()
        self.disk.mount()

    def fresh_list(self):
        """What lab-b's node gives a device that had nothing."""
        device = Device(self.world, 'lab-b')
        device.home = self.b.home + '.copy'
        device.env['HOTLINE_HOME'] = device.home
        shutil.copytree(self.b.home + '.new', device.home)
        try:
            return held(device)
        finally:
            shutil.rmtree(device.home)

    def where(self, letter):
        """What lab-a says of a letter that has not arrived."""
        return '\n'.join(r.out + r.err for r in (self.a.run('show', letter, ok=None),
                                                 self.a.run('status', ok=None)))

    def lost(self):
        """Which letters are missing, with a word on each: of what lab-b has receipted, from its
        store alone; of what lab-a has accepted, once both are back."""
        self.b.node.start(env=self.env)
        missing = {i: 'lab-b lost what it had receipted'
                   for i in set(self.receipted) - set(self.fresh_list())}
        self.a.node.start(env=self.env)
        want = set(self.accepted)
        got = set()

        def arrived():
            got.clear()
            got.update(self.fresh_list())
            return want <= got
        try:
            wait(arrived, 'what was accepted', 60 if self.env is None else 5)
        except Failed:
            missing |= {i: self.where(i) for i in want - got}
        known = set(held(self.a)) | set(held(self.more)) | want
        check(got <= known, f'lab-b holds what nobody has sent: {got - known}')
        return missing

    def drafts(self):
        """They go out, so that they do not pile up."""
        for d in (self.a, self.more):
            d.run('send', ok=None)


def cuts(kind):
    done = accepted = receipted = 0
    for group in batches(rounds(10, 3), 50):
        with fresh_world() as world:
            site = Site(world, kind)
            for i in group:
                site.cut(only_a=i % 2 == 1)
                missing = site.lost()
                check(not missing, f'cut {i}: lost {missing}')
                site.drafts()
                done += 1
        accepted += len(site.accepted)
        receipted += len(site.receipted)
    check(accepted >= 16 * done and receipted >= 8 * (done // 2), 'no load')
    print(f'      {kind}: {done} cuts, {accepted} letters accepted, {receipted} receipts seen, '
          '0 lost')


def without_syncs(kind):
    """The control: the same, but the nodes' syncs do nothing. Something has to be missing."""
    for i in range(5):
        with fresh_world() as world:
            site = Site(world, kind, env=preloaded(preload(world, 'nosync', NO_SYNC)))
            site.cut(only_a=i % 2 == 1)
            try:
                missing = len(site.lost())
            except Failed as e:  # it does not even start
                missing = str(e).split('\n', 1)[0]
            for lab in (site.a, site.b):
                lab.node.kill()
        if missing:
            print(f'      {kind} without syncs: lost at cut {i + 1}: {missing}')
            return
    raise Failed('syncs that do nothing have lost nothing: this test shows nothing')


@test
def cuts_on_ext4_lose_nothing(_):
    cuts('ext4')


@test
def cuts_on_xfs_lose_nothing(_):
    cuts('xfs')


@test
def without_syncs_ext4_loses_letters(_):
    without_syncs('ext4')


@test
def without_syncs_xfs_loses_letters(_):
    without_syncs('xfs')


if __name__ == '__main__':
    main(jobs=2)
