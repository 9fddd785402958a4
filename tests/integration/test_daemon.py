#!/usr/bin/python3
"""hotlined as its administrator meets it: made, checked, started, reloaded,
ended; and as strangers meet it."""
import os
import re
import resource
import shutil
import signal
import socket
import stat
import sys
import time

from harness import (HOTLINED, NETWORK, SOURCE, Device, Skipped, check, main, run, test, wait)

sys.path.insert(0, os.path.join(SOURCE, 'tests', 'interop'))

from hotline_py import file as hotline_file  # noqa: E402
from hotline_py.encoding import decode  # noqa: E402
from hotline_py.hashes import BoxKey, Net  # noqa: E402
from live_peer import Closed, Link  # noqa: E402

FILES = ['hotlined.conf', 'hotlined.db', 'node-request.hotline', 'node.key']


def lab_file(world, name='lab-a'):
    """The file of a lab that has no node yet."""
    device = Device(world, name)
    path = device.path('hotline')
    device.run('lab', 'init', name, '--person', 'Mira Olsen', '--network', NETWORK, '--out', path)
    return path


def made(world, name='lab-a'):
    """A node that was made and not started."""
    node = world.node(name)
    node.init(lab_file(world, name))
    return node


def write(path, text, mode=0o600):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def refused(result, *lines):
    """It ended with 1, and these are the lines on its standard error, in order."""
    got = result.err.splitlines()
    check(result.code == 1, f'{result}')
    check(got == list(lines), f'{result}\nwanted:\n' + '\n'.join(lines))


def is_sanitized():
    return b'libasan' in read(HOTLINED)


def connections(node):
    """How many streams of its port stand: counted without its descriptors, which are nobody's to
    see."""
    with open('/proc/net/tcp', encoding='ascii') as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return sum(int(r[1].split(':')[1], 16) == node.port and r[3] in ('01', '08') for r in rows)


def proc_status(node, field):
    with open(f'/proc/{node.process.pid}/status', encoding='utf-8') as f:
        return re.search(rf'^{field}:\s*(.*)$', f.read(), re.M).group(1).split()


# Making a node.

@test
def init_makes_a_node(world):
    file = lab_file(world)
    node = world.node('lab-a')
    result = node.init(file)
    check(sorted(os.listdir(node.dir)) == FILES, f'{os.listdir(node.dir)}')
    check(stat.S_IMODE(os.stat(node.dir).st_mode) == 0o700, 'its directory is not 0700')
    for name in FILES:
        mode = os.lstat(os.path.join(node.dir, name)).st_mode
        check(stat.S_ISREG(mode) and stat.S_IMODE(mode) == 0o600, f'{name}: {mode:o}')
    digits = re.findall(r'^  (?:\d{5} ){5}\d{5}$', result.out, re.M)
    check(len(digits) == 4, f'two fingerprints of two lines: {result}')
    check(result.out.startswith(f'lab-a, network {NETWORK}, card 1\n'), f'{result}')
    check(f'\n  hotline node add {node.request}\n' in result.out, f'{result}')
    check(f'\n  hotlined -d {node.dir}' in result.out, f'{result}')
    shown = Device(world, 'lab-a').run('node', 'add', node.request, '--yes', ok=None)
    check(' '.join(digits[2].split()) in shown.out + shown.err,
          f'node add shows another fingerprint than init\n{result}\n{shown}')
    result = node.check()
    check(result.out == f'{node.config}: OK\n', f'{result}')


@test
def a_second_init_is_refused(world):
    node = made(world)
    before = {name: read(os.path.join(node.dir, name)) for name in FILES}
    result = node.init(lab_file(world, 'lab-b'), ok=False)
    refused(result, f'hotlined init: {node.dir} holds a node already (node.key): start it with '
            f'hotlined -d {node.dir}, or name another directory')
    for name in FILES[:-1]:
        check(read(os.path.join(node.dir, name)) == before[name], f'{name} has changed')
    check(read(os.path.join(node.dir, 'node.key')) == before['node.key'], 'the keys have changed')


@test
def init_asks_before_it_makes_anything(world):
    file, node = lab_file(world), world.node('lab-a')
    result = run([HOTLINED, 'init', '-d', node.dir, '--lab', file], ok=False)
    refused(result, 'hotlined init: compare the digits with those of `hotline card show` on an '
            "operator's device, then give --yes")
    check(not os.path.exists(node.dir), 'a directory was made')


@test
def init_refuses_what_is_no_lab(world):
    file, node = lab_file(world), world.node('lab-a')

    def init(path, *more):
        result = run([HOTLINED, 'init', '-d', node.dir, '--lab', path, '--yes', *more], ok=False)
        check(not os.path.exists(node.dir), f'a directory was made: {result}')
        return result

    refused(init(file, '--network', 'other'), f'hotlined init: {file}: it is a file of another '
            'network; --network names the one wanted')
    missing = world.path('missing')
    refused(init(missing), f'hotlined init: {missing}: No such file or directory')
    text = read(file).decode()
    bad = world.path('bad')
    write(bad, 'Dear all,\n')
    refused(init(bad), f'hotlined init: {bad}: it is no hotline file, or is damaged')
    lines = text.splitlines()
    lines[8] = lines[8][:20] + ('A' if lines[8][20] != 'A' else 'B') + lines[8][21:]
    write(bad, '\n'.join(lines) + '\n')
    result = init(bad)
    check(result.code == 1 and result.err.startswith(f'hotlined init: {bad}: '), f'{result}')


@test
def init_wants_the_whole_chain_of_one_lab(world):
    """And passes over what else is wrong in the file."""
    net = Net(NETWORK)
    lab = world.lab('lab-a')  # two cards: its first, and the one with its node
    node, path = world.node('spare'), world.path('file')
    things = hotline_file.read(net, hotline_file.dearmour(read(lab.card()).decode()))
    other = hotline_file.read(net, hotline_file.dearmour(read(lab_file(world, 'lab-b')).decode()))
    cards = [t for t in things if t[0] == hotline_file.CARD]
    check(len(cards) == 2, f'{len(cards)} cards')

    def init(items, ok):
        write(path, hotline_file.armour(hotline_file.make(NETWORK, items)))
        return run([HOTLINED, 'init', '-d', node.dir, '--lab', path, '--yes'], ok=ok)

    refused(init(cards[1:], False), f'hotlined init: {path}: cards are missing: it must hold them '
            'all, from the lab\'s first on')
    refused(init(cards[::-1], False), f'hotlined init: {path}: cards are missing: it must hold '
            'them all, from the lab\'s first on')
    refused(init(cards + other, False), f'hotlined init: {path}: it holds cards of more than one '
            'lab; name the file that `hotline lab init` or `hotline card export` made')
    refused(init([t for t in things if t[0] != hotline_file.CARD], False),
            f'hotlined init: {path}: it holds no card; `hotline lab init` or `hotline card '
            'export` makes the right one')
    spoiled = cards[1][1][:-1] + bytes([cards[1][1][-1] ^ 1])
    refused(init([cards[0], (hotline_file.CARD, spoiled)], False),
            f'hotlined init: {path}: a signature does not verify')
    seals = next(t for t in things if t[0] == hotline_file.SEALS)
    spoiled = seals[1][:-1] + bytes([seals[1][-1] ^ 1])
    result = init(cards + [(hotline_file.SEALS, spoiled), (hotline_file.ENVELOPE, b'x'), seals],
                  True)
    check(result.err.splitlines() == [
        'hotlined init: item 3 of the file is passed over: a signature does not verify',
        'hotlined init: item 4 of the file is passed over: it is no card, directory, sealing '
        'key or suspension'], f'{result}')
    check(', card 2\n' in result.out, f'{result}')


@test
def init_is_told_what_it_was_typed_wrong(world):
    file, node = lab_file(world), world.node('lab-a')

    def wrong(*args):
        result = run([HOTLINED, 'init', *args], ok=False)
        check(result.code == 2 and not os.path.exists(node.dir), f'{result}')
        return result.err

    check(wrong('-d', node.dir).startswith('usage: hotlined init -d DIR'), 'no usage')
    check(wrong('--lab', file).startswith('usage: hotlined init -d DIR'), 'no usage')
    check('is no address to listen on: an IP address and a port'
          in wrong('-d', node.dir, '--lab', file, '--listen', 'localhost:1'), 'listen')
    check('--address "lab-a.example" is no address: host:port'
          in wrong('-d', node.dir, '--lab', file, '--address', 'lab-a.example'), 'address')
    check('is no network\'s name'
          in wrong('-d', node.dir, '--lab', file, '--network', ''), 'network')


@test
def init_uses_no_directory_that_others_enter(world):
    file, node = lab_file(world), world.node('lab-a')
    os.mkdir(node.dir, 0o755)
    os.chmod(node.dir, 0o755)
    refused(node.init(file, ok=False), f'hotlined init: {node.dir}: others may enter it '
            f'(mode 0755); type: chmod 700 {node.dir}')
    check(os.listdir(node.dir) == [], 'something was made')
    os.rmdir(node.dir)
    os.mkdir(node.dir + '.real', 0o700)
    os.symlink(node.dir + '.real', node.dir)
    refused(node.init(file, ok=False), f'hotlined init: {node.dir}: it must be a directory, not a '
            'file or a link')


# What the configuration may say.

@test
def check_names_every_fault_at_once(world):
    node = made(world)
    write(node.config, '''network = "test.integration"
state-dir = "."
listen = {"127.0.0.1:0", "[::1]:4685", "localhost:4685"}
socket-mode = "0640x"
log-level = "loud"
nonsense = "x"
peer "lab-b" {
	adress = {"192.0.2.7:4685"}
	address = {"192.0.2.7:4685", "192.0.2.7"}
	psk-file = "missing.psk"
}
peer "Lab C" { address = {"c.example:1"} }
user = "-x"
allow-root = "perhaps"
''')
    at, listen = node.config, ('is no address to listen on: an IP address and a port, '
                               '192.0.2.7:4685, 0.0.0.0:4685 or [::]:4685')
    refused(node.check(ok=False),
            f'{at}:3: listen "127.0.0.1:0" {listen}',
            f'{at}:3: listen "localhost:4685" {listen}',
            f'{at}:4: socket-mode "0640x" is no mode of a socket: 0600 (this user), 0660 (and '
            'the group) or 0666 (all)',
            f'{at}:5: log-level "loud" is no level: error, warning, notice, info, debug',
            f'{at}:6: no such option "nonsense" (network, state-dir, listen, socket, '
            'socket-mode, user, allow-root, log-level, peer, hook, policy, person, drill)',
            f'{at}:8: no such option "adress" in peer "lab-b" (address, psk-file)',
            f'{at}:9: address "192.0.2.7" is no address: host:port or [ipv6]:port, '
            'hotline.lab-b.example:4685',
            f'{at}:10: psk-file "missing.psk": No such file or directory',
            f'{at}:12: peer "Lab C" is no peer: its name in your directory (1 to 32 of a-z 0-9 '
            '- .), or its lab id in 64 hexadecimal digits',
            f'{at}:13: user "-x" is no user\'s name',
            f'{at}:14: invalid boolean value for option \'allow-root\'')


@test
def the_environment_is_not_put_in(world):
    node = made(world)
    text = read(node.config).decode()
    where = text.count('\n') + 1
    for line in ['user = "${HOME}"', 'user = ${HOME}']:
        write(node.config, text + line + '\n')
        refused(node.check(ok=False), f'{node.config}:{where}: "${{" is not taken: nothing is put '
                'in from the environment; write the value itself, or put it in single quotes')
    write(node.config, text + "# ${HOME}\nsocket = 'a${b}' // ${HOME}\n")
    node.check()


@test
def comments_are_passed_over(world):
    node = made(world)
    text = read(node.config).decode()
    write(node.config, '# one\n/* two {\n"three\n*/ // four }\n' + text +
          f'socket = {node.dir}//other.sock # "five\nlog-level = shout // six\n')
    line = text.count('\n') + 6
    refused(node.check(ok=False), f'{node.config}:{line}: log-level "shout" is no level: error, '
            'warning, notice, info, debug')
    write(node.config, read(node.config).decode().replace('shout', 'debug'))
    node.start()
    check(os.path.exists(os.path.join(node.dir, 'other.sock')), 'two slashes began a comment')


@test
def a_broken_configuration_is_refused(world):
    node = made(world)
    text = read(node.config).decode()
    for more in ['peer "lab-b" {\n', 'listen = {"\n', 'peer {\n}\n', '= 3\n', 'user = "a\x07"\n',
                 'peer "lab-b" {}\npeer "lab-b" {}\n']:
        write(node.config, text + more)
        result = node.check(ok=None)
        check(result.code == 1 and re.match(re.escape(node.config) + r':\d+: .', result.err),
              f'{more!r}: {result}')
    write(node.config, '# all is well\npeer "a" {\n\taddress = {"a.example:1"}\n\n')
    refused(node.check(ok=False),
            f'{node.config}:2: what begins here (a brace, quotes, a comment) is never closed')
    os.unlink(node.config)
    result = node.check(ok=False)
    check(result.code == 1 and f'{node.config}: No such file or directory' in result.err
          and 'hotlined init' in result.err, f'{result}')


# What it refuses to start with.

@test
def files_that_others_can_read_are_refused(world):
    node = made(world)
    key = os.path.join(node.dir, 'node.key')
    plain = 'it must be a plain file of this user that nobody else may read (chmod 600)'
    os.chmod(node.dir, 0o750)
    refused(node.check(ok=False), f'hotlined: {node.dir}: others may enter it (mode 0750); type: '
            f'chmod 700 {node.dir}')
    os.chmod(node.dir, 0o700)
    os.chmod(key, 0o640)
    refused(node.check(ok=False), f'hotlined: {key}: {plain}')
    os.rename(key, key + '.real')
    os.symlink(key + '.real', key)
    refused(node.check(ok=False), f'hotlined: {key}: it is a symbolic link; put the file itself '
            'there')
    os.unlink(key)
    refused(node.check(ok=False), f'hotlined: {key}: there are no keys yet; hotlined init makes '
            'them')
    os.mkfifo(key, 0o600)
    refused(node.check(ok=False), f'hotlined: {key}: {plain}')
    os.unlink(key)
    os.rename(key + '.real', key)
    os.chmod(key, 0o600)
    node.check()
    store = os.path.join(node.dir, 'hotlined.db')
    os.chmod(store, 0o644)
    check('hotlined.db' in node.check(ok=False).err, 'a store that all may read was opened')
    os.chmod(store, 0o600)
    psk = os.path.join(node.dir, 'lab-b.psk')
    write(psk, 'ab' * 32 + '\n', 0o644)
    node.add_config('peer "lab-b" { psk-file = "lab-b.psk" }\n')
    check(node.check(ok=False).err.endswith(f'psk-file "lab-b.psk": {plain}\n'), 'a psk-file')
    os.chmod(psk, 0o600)
    node.check()


@test
def damaged_keys_are_refused(world):
    node = made(world)
    key = os.path.join(node.dir, 'node.key')
    good = read(key)
    for bad in [b'', good[:-1], good + b'\0', b'\x95' + good[1:]]:
        with open(key, 'wb') as f:
            f.write(bad)
        check('it is damaged; bring it back from a backup' in node.check(ok=False).err, f'{bad}')
    with open(key, 'wb') as f:
        f.write(good)
    write(node.config, read(node.config).decode().replace(NETWORK, 'another'))
    check('these keys were made for another network' in node.check(ok=False).err, 'network')


@test
def root_is_refused(world):
    if os.geteuid() != 0:
        raise Skipped('not root')
    node = made(world)
    result = run([HOTLINED, '-d', node.dir], ok=False)
    refused(result, f'hotlined: it is not to run as root: start it as the user that owns '
            f'{node.dir}, name that user (--user NAME, or user in the configuration), or give '
            '--allow-root')
    check('is root' in run([HOTLINED, '-d', node.dir, '--user', 'root'], ok=False).err, 'root')
    check('no user "nemo.nobody"' in run([HOTLINED, '-d', node.dir, '--user', 'nemo.nobody'],
                                         ok=False).err, 'an unknown user')


@test
def what_belongs_to_others_is_refused(world):
    if os.geteuid() != 0:
        raise Skipped('not root')
    node = made(world)
    shutil.chown(node.dir, 12345)
    refused(node.check(ok=False), f'hotlined: {node.dir}: it belongs to uid 12345, but this runs '
            f'as uid 0: start it as its owner, or type: chown -R 0 {node.dir}')


@test
def root_is_dropped(world):
    if os.geteuid() != 0:
        raise Skipped('not root')
    file = lab_file(world)
    os.chmod(world.dir, 0o711)
    node = world.node('lab-a')
    os.mkdir(node.dir, 0o700)
    shutil.chown(node.dir, 'nobody', 'nogroup')
    node.init(file)
    owners = {os.lstat(os.path.join(node.dir, n)).st_uid for n in FILES}
    check(owners == {os.stat(node.dir).st_uid}, f'init made files for {owners}')
    node.command = lambda *more: [HOTLINED, '-d', node.dir, '--user', 'nobody', *more]
    node.check()
    node.start()
    uid, gid = str(os.stat(node.dir).st_uid), str(os.stat(node.dir).st_gid)
    check(proc_status(node, 'Uid') == [uid] * 4, 'uid')
    check(proc_status(node, 'Gid') == [gid] * 4, 'gid')
    check(set(proc_status(node, 'Groups')) <= {gid}, 'groups')
    check(int(proc_status(node, 'CapEff')[0], 16) == 0, 'capabilities')


@test
def it_gives_up_what_it_does_not_need(world):
    node = made(world).start()
    if 'sandbox: not offered here' in node.log():
        raise Skipped(re.search(r'not offered here: (.*)', node.log()).group(0))
    check(proc_status(node, 'NoNewPrivs') == ['1'], 'new privileges')
    check(proc_status(node, 'Seccomp') == ['2'], 'seccomp')
    check(resource.prlimit(node.process.pid, resource.RLIMIT_CORE) == (0, 0), 'core dumps')
    check(proc_status(node, 'Umask') == ['0077'], 'umask')


@test
def files_of_others_are_out_of_reach(world):
    node = made(world)
    outside = world.path('lab-b.psk')
    write(outside, 'ab' * 32 + '\n')
    node.add_config(f'peer "lab-b" {{ psk-file = "{outside}" }}\n')
    node.start()
    if 'sandbox: not offered here' in node.log():
        raise Skipped(re.search(r'not offered here: (.*)', node.log()).group(0))
    node.reload()
    node.wait_log(r'psk-file ".*/lab-b\.psk": Permission denied')
    inside = os.path.join(node.dir, 'lab-b.psk')
    write(inside, 'ab' * 32 + '\n')
    write(node.config, read(node.config).decode().replace(outside, inside))
    node.reload()
    node.wait_log(r'hotlined\.conf: read again')


@test
def names_are_looked_up(world):
    a, b = world.labs('lab-a', 'lab-b')
    for lab, other in ((a, b), (b, a)):
        lab.node.stop()
        lab.node.add_config(f'peer "{other.name}" {{ address = '
                            f'{{"localhost:{other.node.port}"}} }}\n')
    a.node.start()
    b.node.start()
    a.wait_up('lab-b')
    b.wait_up('lab-a')


@test
def no_second_one_starts(world):
    one, two = made(world), made(world, 'lab-b')
    one.start()
    write(two.config, read(two.config).decode().replace(two.address, one.address))
    result = run(two.command(), ok=False)
    refused(result, f'hotlined: cannot listen on {one.address}: Address already in use (is '
            'another hotlined running there?)')
    result = run(one.command(), ok=False)
    check(result.code == 1 and len(result.err.splitlines()) == 1
          and 'another hotlined has it open' in result.err, f'{result}')
    check(one.process.poll() is None, 'the first one has ended')


# While it runs.

@test
def it_ends_when_told(world):
    node = made(world)
    for number in (signal.SIGTERM, signal.SIGINT):
        node.start()
        check(stat.S_IMODE(os.stat(node.socket).st_mode) == 0o600, 'the socket is open to others')
        node.signal(number)
        code = node.wait_end()
        check(code == 0, f'{number.name}: {code}')
        check('stopped' in node.fresh(), 'it did not say so')
        check(not os.path.exists(node.socket), 'the socket was left behind')


@test
def it_starts_after_a_kill(world):
    node = made(world)
    for _ in range(3):
        node.start()
        node.kill()
    node.start()
    node.stop()


@test
def a_good_configuration_is_read_again(world):
    node = made(world)
    good = read(node.config).decode()
    node.start()
    write(node.config, good.replace('log-level = "info"', 'log-level = "debug"'))
    node.reload()
    node.wait_log(r'hotlined\.conf: read again')
    write(node.config, good + 'nonsense = "1"\n')
    node.reload()
    node.wait_log(r'(?m)^<3>.*hotlined\.conf:\d+: no such option "nonsense"')
    node.wait_log(r'hotlined\.conf: not taken, the old configuration stays')
    check(node.process.poll() is None, 'it has ended')
    write(node.config, good)
    node.reload()
    wait(lambda: node.fresh().count('read again') == 2, 'a third reading')
    node.stop()


@test
def every_record_is_a_line(world):
    node = made(world).start()
    node.stop()
    for line in node.log().splitlines():
        check(re.fullmatch(r'<[0-7]>[^\x00-\x1f\x7f]+', line), f'{line!r}')


@test
def memory_at_rest(world):
    lab = world.lab('lab-a')
    lab.run('status')
    rss = lab.node.rss() / 1024
    print(f'      resident: {rss:.1f} MiB')
    if is_sanitized():
        raise Skipped('memory means nothing with a sanitizer')
    check(rss < 12, f'{rss:.1f} MiB are not below 12')


# Strangers.

def stranger(world, node, source):
    """A connection from another address of the loopback network."""
    s = socket.socket()
    world.sockets.append(s)
    s.settimeout(30)
    s.bind((source, 0))
    s.connect(('127.0.0.1', node.port))
    return s


def drained(s):
    """What came until the other side closed."""
    got = b''
    try:
        while part := s.recv(4096):
            got += part
    except ConnectionError:
        pass
    return got


@test
def strangers_delay_nobody(world):
    lab = world.lab('lab-a')
    crowd = [stranger(world, lab.node, f'127.0.{1 + i // 4}.{1 + i % 4}') for i in range(200)]
    for i, s in enumerate(crowd):
        try:
            if i % 3 == 0:
                s.sendall(os.urandom(64))
            elif i % 3 == 1:
                s.sendall(b'GET / HTTP/1.1\r\nHost: hotline\r\n\r\n')
        except OSError:
            pass  # its place was needed
        if i % 50 == 49:
            lab.run('status')
    # The last status was let in behind all of them.
    check(connections(lab.node) <= 64 + 1, f'{connections(lab.node)} strangers at once')
    for _ in range(5):
        lab.run('status')
    for s in crowd:
        check(drained(s) == b'', 'a stranger was answered')
    wait(lambda: connections(lab.node) == 0, 'the strangers to be gone')


@test
def a_flood_from_the_own_address_delays_nobody(world):
    lab = world.lab('lab-a')
    for _ in range(50):
        lab.node.connect()
    for _ in range(3):
        lab.run('status')


@test
def silence_ends_at_the_deadline(world):
    node = made(world).start()
    began = time.monotonic()
    s = node.connect()
    check(drained(s) == b'', 'a stranger was answered')
    print(f'      closed after {time.monotonic() - began:.1f} s')
    s = node.connect()
    s.sendall(os.urandom(1500))
    check(drained(s) == b'', 'a stranger was answered')


def node_keys(node):
    """Lab id, link secret and public key, as node.key holds them."""
    _, _, lab, _, link, _ = decode(read(os.path.join(node.dir, 'node.key')))
    return lab, BoxKey(link)


def dial(caller, called, network=NETWORK, psk=bytes(32)):
    """A handshake with the keys of one node to another; raises where it is not answered."""
    s = called.connect()
    s.settimeout(15)
    lab, key = node_keys(called)
    return Link.initiate(s, Net(network), 1, lab, key.public, node_keys(caller)[1], psk=psk,
                         timeout=15)


def in_vain(action):
    try:
        action()
    except (Closed, ConnectionError, socket.timeout):
        return True
    return False


@test
def another_network_is_not_answered(world):
    a, b = world.labs('lab-a', 'lab-b')
    b.node.stop()
    dial(b.node, a.node)  # the same way is open in the right network
    check(in_vain(lambda: dial(b.node, a.node, network='another')), 'it was answered')
    a.node.wait_log('most likely another network')


@test
def a_wrong_psk_makes_no_line(world):
    a, b = world.labs('lab-a', 'lab-b')
    for node, peer, secret in ((a.node, 'lab-b', '11' * 32), (b.node, 'lab-a', '22' * 32)):
        node.stop()
        write(os.path.join(node.dir, 'peer.psk'), secret + '\n')
        node.add_config(f'peer "{peer}" {{ psk-file = "peer.psk" }}\n')
    a.node.start()
    b.node.start()
    wait(lambda: 'the PSKs differ' in a.node.fresh() + b.node.fresh(), 'word of the PSK')
    check(a.peers()['lab-b'] != 'up', 'the line is up')
    write(os.path.join(b.node.dir, 'peer.psk'), '11' * 32 + '\n')
    b.node.reload()
    a.wait_up('lab-b')
    b.wait_up('lab-a')


if __name__ == '__main__':
    main()
