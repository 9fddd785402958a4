"""Drives real processes: hotlined and hotline in directories of their own.

    from harness import main, test

    @test
    def a_call_reaches_the_other_lab(world):
        a, b = world.lab('lab-a'), world.lab('lab-b')
        world.pair(a, b)
        a.wait_up('lab-b')
        a.run('raise', '--to', 'lab-b', ...)

    if __name__ == '__main__':
        main()

Each test gets a fresh World; what it started is ended and removed with it, and
when it fails the logs of all its nodes are shown. Nothing here sleeps for a
fixed time: wait() polls a condition until a deadline that is only there to end
a hang. Run one test by naming it: ./test_daemon.py NAME. HOTLINE_KEEP=1 keeps
the directories.
"""
import concurrent.futures
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE = os.environ.get('HOTLINE_SOURCE') or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('HOTLINE_BUILD') or os.path.join(SOURCE, 'build')
HOTLINED = os.path.join(BUILD, 'node', 'hotlined')
HOTLINE = os.path.join(BUILD, 'client', 'hotline')
LIGHT_KDF = os.path.join(BUILD, 'tests', 'integration', 'light_kdf.so')
NETWORK = 'test.integration'
PATIENCE = float(os.environ.get('HOTLINE_PATIENCE', '30'))


class Failed(AssertionError):
    pass


class Skipped(Exception):
    pass


def wait(condition, what='the condition', seconds=None):
    """Polls until condition() is true and returns its value."""
    end = time.monotonic() + (seconds or PATIENCE)
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f'waited in vain for {what}')
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def check(condition, text):
    if not condition:
        raise Failed(text)


PORTS = range(20000, 32000)  # below those that the kernel gives to connections
claims = []


def free_port():
    """A port that is this program's until it ends, also while nobody listens there."""
    for port in random.sample(PORTS, len(PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f'\0hotline-test-port-{port}')
            with socket.socket() as s:
                s.bind(('127.0.0.1', port))
        except OSError:
            claim.close()
            continue
        claims.append(claim)
        return port
    raise Failed('no port is free')


class Result:
    """What a finished command said."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as e:
            raise Failed(f'{self}: no JSON on standard output') from e

    def __str__(self):
        return (f'$ {" ".join(self.args)}\n  exit status {self.code}\n'
                f'  stdout: {self.out.strip()}\n  stderr: {self.err.strip()}')


def run(args, env=None, text=None, ok=True, seconds=60):
    """Runs a command to its end. ok: True wants exit status 0, False another, None takes any."""
    try:
        done = subprocess.run([str(a) for a in args], env=env, input=text or '',
                              capture_output=True, text=True, timeout=seconds,
                              errors='replace', check=False)
    except subprocess.TimeoutExpired as e:
        raise Failed(f'{" ".join(map(str, args))} did not end within {seconds} s') from e
    result = Result([str(a) for a in args], done.returncode, done.stdout, done.stderr)
    check('Sanitizer' not in result.err and 'runtime error:' not in result.err, f'{result}')
    if ok is not None and (result.code == 0) != ok:
        raise Failed(f'{result}')
    return result


class Node:
    """One hotlined: its state directory, port and process."""

    def __init__(self, world, name, network=NETWORK):
        self.world, self.name, self.network = world, name, network
        self.dir = os.path.join(world.dir, name + '.node')
        self.port = free_port()
        self.address = f'127.0.0.1:{self.port}'
        self.socket = os.path.join(self.dir, 'hotlined.sock')
        self.request = os.path.join(self.dir, 'node-request.hotline')
        self.config = os.path.join(self.dir, 'hotlined.conf')
        self.logfile = os.path.join(world.dir, name + '.log')
        self.process = None
        self.prefix = []  # what starts it: strace, another network namespace
        world.nodes.append(self)

    def init(self, lab_file, *more, ok=True):
        return run([HOTLINED, 'init', '-d', self.dir, '--lab', lab_file, '--network',
                    self.network, '--listen', self.address, '--address', self.address,
                    '--socket', self.socket, '--yes', *more], ok=ok)

    def command(self, *more):
        root = ['--allow-root'] if os.geteuid() == 0 else []
        return [*self.prefix, HOTLINED, *root, '-d', self.dir, *more]

    def check(self, ok=True):
        """hotlined --check on its configuration."""
        return run(self.command('--check'), ok=ok)

    def start(self, *more, env=None, ready=True):
        check(self.process is None, f'{self.name} runs already')
        self.mark = len(self.log())
        with open(self.logfile, 'ab') as log:
            self.process = subprocess.Popen(
                self.command(*more), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=dict(os.environ, **(env or {})))
        if ready:
            self.wait_log(r'\bready\b')
        return self

    def log(self):
        try:
            with open(self.logfile, encoding='utf-8', errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def fresh(self):
        """The log since the last start."""
        return self.log()[self.mark:]

    def wait_log(self, pattern, seconds=None):
        """Waits for a line of the log since the last start; returns the match."""
        def found():
            m = re.search(pattern, self.fresh())
            if not m and self.process and self.process.poll() is not None:
                raise Failed(f'{self.name} ended with {self.process.returncode} while its log '
                             f'was watched for {pattern!r}')
            return m
        return wait(found, f'{pattern!r} in the log of {self.name}', seconds)

    def wait_end(self, seconds=None):
        """Waits until the process has ended by itself; returns its exit status."""
        wait(lambda: self.process.poll() is not None, f'{self.name} to end', seconds)
        code, self.process = self.process.returncode, None
        return code

    def stop(self):
        """SIGTERM; wants a clean end."""
        if self.process:
            self.process.terminate()
            code = self.wait_end()
            check(code == 0, f'{self.name} ended with {code} after SIGTERM')

    def kill(self):
        """kill -9"""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def pause(self):
        """Stops the process without ending it: a black hole."""
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def rss(self):
        """Resident memory in KiB."""
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def connect(self):
        """A bare connection to its port."""
        s = socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE)
        self.world.sockets.append(s)
        return s

    def without_drills(self):
        """No machine tests, whose moment is left to chance: a test that counts letters or reads a
        store asks for them when it wants them."""
        with open(self.config, encoding='utf-8') as f:
            text = f.read()
        before = '# drill { every = 3600 remind = 604800 }'
        check(before in text, f'no drill section in {self.config}')
        with open(self.config, 'w', encoding='utf-8') as f:
            f.write(text.replace(before, 'drill { every = 0 }'))

    def add_config(self, text):
        with open(self.config, 'a', encoding='utf-8') as f:
            f.write(text)


def lightly(*libraries):
    """The environment of a command that gets its keys lightly (light_kdf.c), and whatever else is
    put before its own libraries; a sanitizer has to be told that it does not come first."""
    options = os.environ.get('ASAN_OPTIONS', '')
    return {'LD_PRELOAD': ':'.join([*libraries, LIGHT_KDF]),
            'ASAN_OPTIONS': f'{options}:verify_asan_link_order=0'}


class Device:
    """One home directory of hotline: a person's or a program's."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.home = os.path.join(world.dir, name + '.home')
        self.env = dict(os.environ, HOTLINE_HOME=self.home, NO_COLOR='1', TERM='dumb',
                        LC_ALL='C.UTF-8', HOTLINE_PASSPHRASE_FILE=world.empty,
                        HOTLINE_ROOT_PASSPHRASE_FILE=world.passphrase, **lightly())

    def run(self, *args, text=None, ok=True, seconds=60):
        """hotline ARGS; see run()."""
        return run([HOTLINE, *args], env=self.env, text=text, ok=ok, seconds=seconds)

    def json(self, *args, **more):
        return self.run(*args, '--json', **more).json

    def spawn(self, *args):
        """hotline ARGS in the background; ended with the world."""
        out = open(os.path.join(self.world.dir, f'{self.name}.{len(self.world.children)}.out'),
                   'wb')
        child = subprocess.Popen([HOTLINE, *map(str, args)], env=self.env, stdout=out,
                                 stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        child.path = out.name
        out.close()
        self.world.children.append(child)
        return child

    def path(self, name):
        return os.path.join(self.world.dir, f'{self.name}.{name}')


class Lab(Device):
    """A lab: its first operator's device, and its node."""

    def __init__(self, world, name, person, network=NETWORK):
        super().__init__(world, name)
        self.person, self.node = person, Node(world, name, network)
        self.devices = [self]
        self.by_socket = False  # the device reaches its node by the socket alone

    def found(self, *more):
        """From nothing to a node on the card, started."""
        card = self.path('lab.hotline')
        self.run('lab', 'init', self.name, '--person', self.person, '--network',
                 self.node.network, '--out', card, *more)
        if self.by_socket:
            with open(os.path.join(self.home, 'hotline.conf'), 'a', encoding='utf-8') as f:
                f.write(f'node = "{self.node.socket}"\n')
        self.node.init(card)
        self.node.without_drills()
        self.run('node', 'add', self.node.request, '--yes')
        self.node.start()
        self.run('status')
        return self

    def card(self):
        """A file with the lab's newest card."""
        path = self.path(f'card-{time.monotonic_ns()}.hotline')
        self.run('card', 'export', path)
        return path

    def fingerprint(self):
        return self.json('card', 'show')['fingerprint']

    def join(self, person, *member_options, monitor=False, device=None):
        """One more device, enrolled; returns it."""
        named = ['--device', device] if device else []
        tail = f'.{device}' if device else ''
        device = Device(self.world, f'{self.name}.{person.replace(" ", "-").lower()}{tail}')
        request = device.path('request.hotline')
        device.run('join', self.card(), '--person', person, '--fingerprint', self.fingerprint(),
                   '--out', request, *named, *(['--monitor'] if monitor else []))
        self.run('member', 'add', request, '--yes', *member_options)
        device.run('status')
        self.devices.append(device)
        return device

    def peers(self):
        """{name: state} of the lab's lines, as hotline status tells them."""
        return {p['name']: p['state'] for p in self.json('status')['peers']}

    def wait_up(self, *names, seconds=None):
        wait(lambda: all(self.peers().get(n) == 'up' for n in names),
             f'{self.name}: {", ".join(names)} up', seconds)


class World:
    """All that one test makes."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='hotline-test-')
        os.chmod(self.dir, 0o700)
        # Root keys have a passphrase always. Devices have none here: guessing one is made costly
        # on purpose, and each command would pay for it.
        self.passphrase = self.secret('passphrase', 'correct horse battery staple\n')
        self.empty = self.secret('no-passphrase', '')
        self.nodes, self.sockets, self.children = [], [], []

    def secret(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, 'w', encoding='ascii') as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(text)
        return path

    def node(self, name, **more):
        return Node(self, name, **more)

    def lab(self, name, person=None, network=NETWORK, found=True, options=()):
        """A lab that stands: root, first operator, node on the card and running."""
        lab = Lab(self, name, person or f'Operator of {name}', network)
        return lab.found(*options) if found else lab

    def pair(self, *labs):
        """Each of them pins each other, under its own name, after comparing fingerprints."""
        for a in labs:
            for b in labs:
                if a is not b:
                    a.run('peer', 'add', b.card(), '--as', b.name, '--fingerprint',
                          b.fingerprint())

    def labs(self, *names):
        """Labs that stand, are paired and linked."""
        made = [self.lab(n) for n in names]
        self.pair(*made)
        for lab in made:
            lab.wait_up(*(n for n in names if n != lab.name))
        return made

    def path(self, name):
        return os.path.join(self.dir, name)

    def show(self):
        for node in self.nodes:
            code = node.process.poll() if node.process else None
            print(f'---- log of {node.name}' + (f' (it ended with {code})' if code else ''))
            print(node.log()[-20000:])
        for child in self.children:
            with open(child.path, encoding='utf-8', errors='replace') as f:
                print(f'---- {" ".join(child.args)}\n{f.read()[-5000:]}')

    def close(self, failed):
        """Ends everything; complains of nodes that did not end well or of a sanitizer's report."""
        trouble = None
        for s in self.sockets:
            s.close()
        for child in self.children:
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        for node in self.nodes:
            try:
                if failed:
                    node.kill()
                else:
                    node.stop()
            except Failed as e:
                trouble = e
                node.kill()
            if 'Sanitizer' in node.log() or 'runtime error:' in node.log():
                trouble = Failed(f'a sanitizer complains in the log of {node.name}')
        if trouble and not failed:
            self.show()
        if os.environ.get('HOTLINE_KEEP'):
            print(f'kept: {self.dir}')
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        if trouble and not failed:
            raise trouble


TESTS = []


def test(function):
    TESTS.append(function)
    return function


def one(function):
    """Runs one test: 'ok', 'FAIL' or 'skip'."""
    world = World()
    failed = True
    verdict = 'FAIL'
    began = time.monotonic()
    try:
        function(world)
        failed = False
    except Skipped as e:
        print(f'skip  {function.__name__} ({e})', flush=True)
        verdict = 'skip'
        failed = False
    except Exception:  # a test may fail in any way; the others go on
        traceback.print_exc(file=sys.stdout)
        world.show()
    try:
        world.close(failed)
    except Failed as e:
        print(e)
        failed = True
    if verdict != 'skip' or failed:
        verdict = 'FAIL' if failed else 'ok'
        print(f'{verdict:5} {function.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
    return verdict


def apart(name):
    """Runs one test in a process of its own; its verdict. What it says is printed at its end."""
    done = subprocess.run([sys.executable, sys.argv[0], name], capture_output=True, text=True,
                          errors='replace', check=False)
    out = done.stdout.rstrip('\n').split('\n')
    print('\n'.join(out[:-1]) + ('\n' + done.stderr if done.stderr else ''), flush=True)
    if out[-1].startswith('1 passed, 0 failed') and done.returncode == 0:
        return 'ok'
    return 'skip' if out[-1] == '0 passed, 0 failed, 1 skipped' else 'FAIL'


def main(jobs=1):
    """jobs: how many tests run at once; for those that mostly wait."""
    names = sys.argv[1:]
    unknown = set(names) - {t.__name__ for t in TESTS}
    if unknown:
        sys.exit(f'no such test: {", ".join(sorted(unknown))}')
    chosen = [t for t in TESTS if not names or t.__name__ in names]
    if jobs > 1 and len(chosen) > 1:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            verdicts = list(pool.map(apart, [t.__name__ for t in chosen]))
    else:
        verdicts = [one(t) for t in chosen]
    skipped = verdicts.count('skip')
    print(f'{verdicts.count("ok")} passed, {verdicts.count("FAIL")} failed'
          + (f', {skipped} skipped' if skipped else ''))
    sys.exit(1 if 'FAIL' in verdicts else 0)
