"""Labs in network namespaces of their own, on one bridge; what is done to their packets.

    spaces = Spaces(world)
    labs = spaces.labs('lab-a', 'lab-b')       # stand, are paired and linked
    spaces.drop(a, b)                          # what a sends to b is dropped on its way
    spaces.reset(a, b)                         # both ways: answered with a TCP reset
    spaces.lose(a, 10)                         # so many % of what a gets are dropped
    spaces.cable(a, False)                     # pulled out
    spaces.heal()                              # all of that is over
"""
import itertools
import os
import subprocess

from disks import tool
from harness import check
from rough import need_root

PORT = 4685
numbers = itertools.count(1)


def sure(*args, text=None):
    done = subprocess.run(args, input=text, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f'{" ".join(args)}: {done.stderr.strip()}')
    return done.stdout


class Spaces:
    def __init__(self, world):
        need_root('makes network namespaces')
        self.world = world
        self.tag = f'hl{os.getpid()}-{next(numbers)}'
        self.hub = f'{self.tag}-hub'
        self.of, self.cables = {}, {}
        tool(['ip', 'netns', 'add', self.hub], 'no network namespaces')
        world.sockets.append(self)  # closed with them
        tool(['ip', '-n', self.hub, 'link', 'add', 'bridge', 'type', 'bridge'], 'no bridge')
        sure('ip', '-n', self.hub, 'link', 'set', 'bridge', 'up')

    def lab(self, name):
        """A lab whose node has an address of its own."""
        at = len(self.of) + 1
        space, cable = f'{self.tag}-{at}', f'port{at}'
        tool(['ip', 'netns', 'add', space], 'no network namespaces')
        self.of[name] = space
        self.cables[name] = cable
        tool(['ip', '-n', self.hub, 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth',
              'netns', space], 'no veth')
        sure('ip', '-n', self.hub, 'link', 'set', cable, 'master', 'bridge', 'up')
        sure('ip', '-n', space, 'address', 'add', f'10.77.0.{at}/24', 'dev', 'eth')
        for device in ('lo', 'eth'):
            sure('ip', '-n', space, 'link', 'set', device, 'up')
        self.filter(name)
        lab = self.world.lab(name, found=False)
        lab.node.ip = f'10.77.0.{at}'
        lab.node.address = f'{lab.node.ip}:{PORT}'
        lab.by_socket = True
        lab.node.prefix = ['ip', 'netns', 'exec', space]
        return lab.found()

    def labs(self, *names):
        made = [self.lab(n) for n in names]
        self.world.pair(*made)
        for lab in made:
            lab.wait_up(*(n for n in names if n != lab.name))
        return made

    def nft(self, name, text):
        tool(['ip', 'netns', 'exec', self.of[name], 'nft', text], 'no nft')

    def filter(self, name):
        """An empty one."""
        for text in ('add table ip hl', 'flush table ip hl',
                     'add chain ip hl in { type filter hook input priority 0; }'):
            self.nft(name, text)

    def drop(self, a, b):
        self.nft(b.name, f'add rule ip hl in ip saddr {a.node.ip} drop')

    def reset(self, a, b):
        for one, other in ((a, b), (b, a)):
            self.nft(other.name, f'add rule ip hl in ip saddr {one.node.ip} meta l4proto tcp '
                     'tcp flags & rst == 0 reject with tcp reset')

    def lose(self, a, percent):
        self.nft(a.name, f'add rule ip hl in numgen random mod 100 < {percent} counter drop')

    def lost(self, a):
        """How many packets that was."""
        text = sure('ip', 'netns', 'exec', self.of[a.name], 'nft', 'list', 'table', 'ip', 'hl')
        return int(text.split('packets ')[1].split()[0])

    def cable(self, a, plugged):
        sure('ip', '-n', self.hub, 'link', 'set', self.cables[a.name],
             'up' if plugged else 'down')

    def heal(self):
        for name in self.of:
            self.filter(name)
            sure('ip', '-n', self.hub, 'link', 'set', self.cables[name], 'up')

    def close(self):
        """The world does it; the namespaces end with the last process in them."""
        for space in (*self.of.values(), self.hub):
            subprocess.run(['ip', 'netns', 'delete', space], capture_output=True, check=False)
