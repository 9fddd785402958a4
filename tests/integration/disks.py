"""Disks of a test's own: file systems in a file, whose power can be cut, and small ones."""
import contextlib
import ctypes
import functools
import os
import shutil
import subprocess

from harness import Skipped, check, wait
from rough import need_root


def tool(args, what):
    """Runs a program of the system; a test that cannot have what it gives is skipped."""
    try:
        done = subprocess.run(args, capture_output=True, text=True, check=False)
    except FileNotFoundError as e:
        raise Skipped(f'{what}: there is no {args[0]} here') from e
    if done.returncode != 0:
        raise Skipped(f'{what}: {" ".join(args)}: {done.stderr.strip()}')


CLONE_NEWNS = 0x00020000  # from <sched.h>


@functools.cache
def own_mounts():
    """From here on this process and what it starts have mounts of their own. Whoever else makes a
    network namespace with the mounts that he sees, as `ip netns exec` does, keeps them, and a file
    system that is still mounted anywhere is after a cut not mounted anew but as dead as it was."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Skipped(f'no mounts of its own: {os.strerror(ctypes.get_errno())}')
    tool(['mount', '--make-rprivate', '/'], 'no mounts of its own')


class Disk:
    """A file system in a file of the test's directory, mounted at .dir."""

    def __init__(self, world, kind):
        need_root('mounts')
        own_mounts()
        self.kind = kind
        self.image, self.dir = world.path(f'{kind}.image'), world.path(f'{kind}.disk')
        os.mkdir(self.dir, 0o700)
        with open(self.image, 'wb') as f:
            f.truncate(320 << 20)
        force = '-F' if kind == 'ext4' else '-f'
        tool([f'mkfs.{kind}', '-q', force, self.image], f'no {kind}')
        self.mount()
        world.sockets.append(self)  # closed with them

    def mount(self):
        """After a cut: what the file system's journal holds is replayed."""
        tool(['mount', '-o', 'loop', self.image, self.dir], 'no loop device')
        self.mounted = True

    def cut(self):
        """All that was not synced is lost: dirty pages, and the file system's own log."""
        done = subprocess.run(['xfs_io', '-x', '-c', 'shutdown', self.dir], capture_output=True,
                              text=True, check=False)
        check(done.returncode == 0 and not done.stderr, f'{done}')

    def unmount(self):
        def done():
            return subprocess.run(['umount', self.dir], capture_output=True,
                                  check=False).returncode == 0
        wait(done, f'{self.dir} to be free')
        self.mounted = False

    def close(self):
        """The world does it, while nodes may still run on it."""
        if self.mounted:
            subprocess.run(['umount', '-l', self.dir], check=False)


def move(node, to):
    """A node's directory, to another file system; it may not run."""
    there = os.path.join(to, os.path.basename(node.dir))
    shutil.copytree(node.dir, there)
    os.chmod(there, 0o700)
    shutil.rmtree(node.dir)
    os.symlink(there, node.dir)


@contextlib.contextmanager
def small_disk(world, node):
    """The node's directory on a file system of 24 MiB, of which the reserve takes 8."""
    need_root('mounts')
    moved = world.path(f'{node.name}.moved')
    node.stop()
    os.rename(node.dir, moved)
    os.mkdir(node.dir, 0o700)
    try:
        tool(['mount', '-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', node.dir],
             'cannot mount here')
    except Skipped:
        os.rmdir(node.dir)
        os.rename(moved, node.dir)
        raise
    try:
        shutil.copytree(moved, node.dir, dirs_exist_ok=True)
        os.chmod(node.dir, 0o700)
        yield
    finally:
        node.kill()
        subprocess.run(['umount', '-l', node.dir], check=False)


def fill(path):
    """Until not a byte goes in any more."""
    with open(path, 'wb', buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))
