#!/usr/bin/python3
"""From the command to the remote lab's receipt, beside the sum of its parts.

Two labs with one reader each, real processes on loopback. A round is one
`hotline raise --wait stored` as a process: it ends when this device has
verified the other lab's signed receipt. The floor is measured in the same run:
what each signature, wrap, commit and round trip on that path costs alone.

    latency.py [ROUNDS]
"""
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'integration'))
import harness  # noqa: E402

# What stands on the path, one after another: (part, how often, where).
PATH = [
    ('dh', 5, 'device: knock, es, ee, se and the keys of the handshake'),
    ('dh', 4, 'own node: the same'),
    ('wrap', 2, 'device: one reader in each lab'),
    ('sign', 1, 'device: the letter'),
    ('commit_device', 1, 'device: the outbox, before it is sent'),
    ('verify', 1, 'own node: the letter'),
    ('commit_node', 1, 'own node: letter and entry'),
    ('sign', 1, 'own node: its head'),
    ('verify', 2, 'other node: head and letter'),
    ('commit_node', 1, 'other node: the letter'),
    ('sign', 1, 'other node: its receipt'),
    ('verify', 1, 'own node: the receipt'),
    ('commit_node', 1, 'own node: the receipt'),
    ('verify', 2, 'device: head and receipt'),
    ('commit_device', 1, 'device: the proof'),
    ('round', 6, 'handshake, hello, submit, watch, proof; node to node'),
]


def process_us(command, env):
    begin = time.perf_counter()
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    took = (time.perf_counter() - begin) * 1e6
    if done.returncode != 0:
        sys.exit(f'{" ".join(command)}: {done.stderr.decode()}')
    return took


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    world = harness.World()
    try:
        labs = []
        for name in ('lab-a', 'lab-b'):
            labs.append(world.lab(name))
        a, b = labs
        world.pair(a, b)
        a.wait_up('lab-b')
        b.wait_up('lab-a')
        floor_bin = os.path.join(harness.BUILD, 'tests', 'bench', 'floor')
        parts = json.loads(subprocess.run([floor_bin, world.dir], capture_output=True, check=True,
                                          text=True).stdout)
        parts['start'] = statistics.median(
            process_us([harness.HOTLINE, 'help'], a.env) for _ in range(rounds))
        raise_ = [harness.HOTLINE, 'raise', '--to', 'lab-b', '--kind', 'sys.test', '--status',
                  'test', '--precedence', 'ROUTINE', '--title', 'bench', '-m', 'bench', '--wait',
                  'stored', '--yes']
        process_us(raise_, a.env)
        took = [process_us(raise_, a.env) for _ in range(rounds)]
        b.run('list')
        report(parts, took, [lab.node.rss() for lab in labs])
    finally:
        world.close(False)


def report(parts, took, rss):
    floor = parts['start'] + sum(parts[part] * n for part, n, _ in PATH)
    median = statistics.median(took)
    print('parts, µs: ' + ', '.join(f'{k} {v:.0f}' for k, v in parts.items()))
    print(f'raise to the other lab\'s receipt: {median / 1000:.2f} ms '
          f'(min {min(took) / 1000:.2f}, max {max(took) / 1000:.2f}, {len(took)} rounds)')
    print(f'floor, the sum of its parts:       {floor / 1000:.2f} ms')
    print(f'ratio:                             {median / floor:.2f}')
    print(f'memory of the two nodes:           {rss[0] / 1024:.1f} and {rss[1] / 1024:.1f} MiB')


if __name__ == '__main__':
    main()
