#!/usr/bin/python3
"""The tree's own rules, each a check that either finds nothing or fails.

usage: lint.py --root=DIR [--build=DIR]

Checks that look at what was built are skipped, and counted as skipped, when
the thing they look at does not exist yet. The last line is
"N passed, M failed[, K skipped]". selftest.py shows that each check can fail.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sources import sources  # noqa: E402  (found in the directory above)

# ---------------------------------------------------------------- the tree

CODE = ('.c', '.h')
TEXT = CODE + ('.py', '.md', '.build', '.txt', '.sql', '.sh', '.yml', '.conf', '.service',
               '.socket', '.1', '.5', '.7', '.8', '')


class Tree:
    """The files of a source tree and, maybe, a build of it."""

    def __init__(self, root, build=None):
        self.root, self.build = Path(root), Path(build) if build else None
        self.files = sources(root)
        self._text = {}

    def text(self, name):
        if name not in self._text:
            self._text[name] = (self.root / name).read_bytes().decode(errors='replace')
        return self._text[name]

    def under(self, *places, ending=CODE):
        return [f for f in self.files if f.endswith(ending) and
                any(f.startswith(p + '/') for p in places)]

    def texts(self):
        """Files that people write: not vectors, corpora or other data."""
        return [f for f in self.files if os.path.splitext(f)[1] in TEXT
                and not re.match(r'tests/(vectors|fuzz/corpus|data)/', f)]


class Skip(Exception):
    """The check has nothing to look at yet."""


CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


# ---------------------------------------------------------------- includes

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)

# Leaf to top. A file may include what stands before it; a part of a thing, such
# as card_verify.c, stands where the thing stands.
ORDER = ('api version limits status bytes arena secret '
         'pack shape '
         'hash pk keys hpke noise record selftest '
         'card directory suspension roster seal envelope channel statement offer segment evidence '
         'kind message incident '
         'frame body file request hotline').split()

# All that the protocol may have from the system.
PROTOCOL_SYSTEM = {'assert.h', 'errno.h', 'inttypes.h', 'limits.h', 'sodium.h', 'stdalign.h',
                   'stdarg.h', 'stdbool.h', 'stddef.h', 'stdint.h', 'stdlib.h', 'string.h'}

EVENT = re.compile(r'^(event2/|event\.h$|evhttp\.h$|evdns\.h$|evutil\.h$)')
OUTSIDE_ENGINE = re.compile(
    r'^(event2/|event\.h|evhttp\.h|sqlite3\.h|sys/(socket|time|timerfd|epoll|un|file|stat)\.h|'
    r'netinet/|arpa/|net/|netdb\.h|time\.h|unistd\.h|fcntl\.h|poll\.h|signal\.h|pthread\.h|'
    r'threads\.h|syslog\.h|systemd/|confuse\.h|jansson\.h)')


def includes(tree, *places):
    for f in tree.under(*places):
        for m in INCLUDE.finditer(tree.text(f)):
            line = tree.text(f).count('\n', 0, m.start()) + 1
            yield f, line, m.group(1) == '<', m.group(2)


def place(stem):
    """Where a protocol file stands in ORDER, or None."""
    while stem:
        if stem in ORDER:
            return ORDER.index(stem)
        stem = stem.rpartition('_')[0]
    return None


@check
def protocol_is_in_order(tree):
    """protocol/ includes its own files only, and never upward"""
    for f in tree.under('protocol'):
        if place(Path(f).stem) is None:
            yield f'{f}: say in ORDER (tests/lint/lint.py) where it stands'
    for f, line, system, name in includes(tree, 'protocol'):
        here, there = place(Path(f).stem), place(Path(name).stem)
        if system or here is None:
            continue
        if '/' in name:
            yield f'{f}:{line}: includes "{name}", which is not in protocol/'
        elif there is None:
            yield f'{f}:{line}: includes "{name}", which has no place in ORDER'
        elif there > here or (there == len(ORDER) - 1 and here != there):
            yield f'{f}:{line}: includes "{name}", which stands above it'


@check
def protocol_is_pure(tree):
    """protocol/ includes no system header of sockets, files, clocks, output"""
    for f, line, system, name in includes(tree, 'protocol'):
        if system and name not in PROTOCOL_SYSTEM and not name.startswith('msgpack'):
            yield f'{f}:{line}: includes <{name}>'


@check
def one_file_knows_msgpack(tree):
    """msgpack.h is included by protocol/pack.c alone"""
    for f, line, _, name in includes(tree, 'protocol', 'node', 'client'):
        if name.startswith('msgpack') and f != 'protocol/pack.c':
            yield f'{f}:{line}: includes <{name}>'


@check
def node_and_client_are_apart(tree):
    """node/ and client/ never include each other; neither includes tests/"""
    for here, banned in (('node', ('client/', 'tests/')), ('client', ('node/', 'tests/'))):
        for f, line, _, name in includes(tree, here):
            if name.startswith(banned) or '../' in name:
                yield f'{f}:{line}: includes "{name}"'


@check
def libevent_stays_in_its_rooms(tree):
    """libevent is included in node/net/ and client/ alone"""
    for f, line, _, name in includes(tree, 'protocol', 'node'):
        if EVENT.match(name) and not f.startswith('node/net/'):
            yield f'{f}:{line}: includes <{name}>'


@check
def sqlite_stays_in_its_rooms(tree):
    """sqlite3.h is included in node/store/ and client/ alone"""
    for f, line, _, name in includes(tree, 'protocol', 'node'):
        if name.startswith('sqlite3') and not f.startswith('node/store/'):
            yield f'{f}:{line}: includes <{name}>'


@check
def engine_owns_nothing(tree):
    """node/engine/ includes no loop, socket, clock, database or other room"""
    for f, line, system, name in includes(tree, 'node/engine'):
        if system and OUTSIDE_ENGINE.match(name):
            yield f'{f}:{line}: includes <{name}>'
        if not system and '/' in name and not name.startswith(('protocol/', 'node/engine/')) \
                and name != 'node/store/store.h':
            yield f'{f}:{line}: includes "{name}"'


# ---------------------------------------------------------------- symbols

PURE = re.compile(
    r'^(hl_\w+|crypto_\w+|sodium_\w+|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__errno_location|'
    r'mem(cpy|move|set|cmp|chr|mem)|str(len|nlen|cmp|ncmp|chr|rchr|spn|cspn|str|pbrk)|'
    r'(malloc|calloc|realloc|free|reallocarray|qsort|bsearch|explicit_bzero|__assert_fail)|'
    r'__(mem(cpy|move|set)|explicit_bzero)_chk)$')
# These draw on the system's entropy inside libsodium.
DRAWS = re.compile(r'^(randombytes\w*|crypto_\w+_keygen|crypto_\w+(?<!_seed)_keypair|'
                   r'crypto_box_seal|crypto_core_\w+_random)$')
ENGINE_BANNED = re.compile(
    r'^(time|clock_\w+|gettimeofday|timespec_get|nanosleep|usleep|sleep|random|rand|rand_r|'
    r'getrandom|getentropy|randombytes\w*|socket|bind|connect|accept4?|listen|send\w*|recv\w*|'
    r'open(64)?|openat(64)?|close|read|write|pread\w*|pwrite\w*|fopen(64)?|f?printf|__f?printf_chk|'
    r'puts|fputs|fwrite|perror|getenv|secure_getenv|syslog|fork|exec\w*|pthread_\w+|event_\w+|'
    r'bufferevent_\w+|evbuffer_\w+|sqlite3_\w+|sd_\w+|signal|sigaction|exit|_exit|abort)$')


def objects(tree, place):
    """The object files that a build made of the sources right in a directory."""
    found = []
    if tree.build and (tree.build / 'compile_commands.json').exists():
        for entry in json.loads((tree.build / 'compile_commands.json').read_text()):
            source = (Path(entry['directory']) / entry['file']).resolve()
            obj = Path(entry['directory']) / entry['output']
            if source.parent == (tree.root / place).resolve() and obj.exists():
                found.append((f'{place}/{source.name}', obj))
    if not found:
        raise Skip(f'{place} is not built')
    return sorted(found)


def undefined(obj):
    """The symbols that an object file leaves open."""
    out = subprocess.run(['nm', '-u', str(obj)], capture_output=True, text=True,
                         check=True).stdout
    return [line.split()[-1].split('@')[0] for line in out.splitlines() if line.strip()]


@check
def protocol_calls_nothing(tree):
    """the protocol's objects call no socket, file, clock, entropy, output or thread"""
    for source, obj in objects(tree, 'protocol'):
        for symbol in undefined(obj):
            if DRAWS.match(symbol):
                yield f'{source}: calls {symbol}: entropy comes in as an argument'
            elif symbol.startswith('msgpack_') and source == 'protocol/pack.c':
                continue
            elif not PURE.match(symbol):
                yield f'{source}: calls {symbol}'


@check
def engine_calls_nothing(tree):
    """the engine's objects call no socket, file, clock, entropy, output or thread"""
    for source, obj in objects(tree, 'node/engine'):
        for symbol in undefined(obj):
            if ENGINE_BANNED.match(symbol):
                yield f'{source}: calls {symbol}'


# ---------------------------------------------------------------- interface

def bare(text):
    """C without comments and strings."""
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    return re.sub(r'//[^\n]*', ' ', text)


def declared(tree, header):
    """Names of the functions and objects that a header marks HL_API."""
    text = re.sub(r'^[ \t]*#.*(\\\n.*)*$', '', bare(tree.text(header)), flags=re.M)
    for m in re.finditer(r'\bHL_API\b([^;{]*)[;{]', text):
        body = re.sub(r'__attribute__\s*\(\(.*?\)\)', '', m.group(1))
        body = re.sub(r'\bHL_[A-Z_]+(\([^()]*\))?', '', body).strip()
        name = re.search(r'(\w+)\s*(\(|\[|$)', body)
        if name:
            yield name.group(1)


def installed_headers(tree):
    text = tree.text('protocol/meson.build') if 'protocol/meson.build' in tree.files else ''
    m = re.search(r'hotline_headers\s*=\s*files\((.*?)\)', text, re.S)
    return ['protocol/' + n for n in re.findall(r"'([^']+)'", m.group(1))] if m else []


@check
def api_is_installed(tree):
    """HL_API stands in installed headers alone, and hotline.h includes them all"""
    installed = installed_headers(tree)
    if not installed:
        raise Skip('protocol/meson.build lists no hotline_headers')
    for f in tree.under('protocol', 'node', 'client'):
        if f not in installed and f != 'protocol/api.h':
            for name in declared(tree, f):
                yield f'{f}: {name} is HL_API, but the file is not installed'
    reached, todo = set(), ['protocol/hotline.h']
    while todo:
        f = todo.pop()
        if f in reached or f not in tree.files:
            continue
        reached.add(f)
        todo += ['protocol/' + n for q, n in INCLUDE.findall(tree.text(f)) if q == '"']
    for f in installed:
        if f not in tree.files:
            yield f'{f} is listed in protocol/meson.build and does not exist'
        elif f not in reached:
            yield f'protocol/hotline.h does not include {f}'
    for f in sorted(reached - set(installed)):
        yield f'{f} is reached from hotline.h and not installed'


@check
def exports_are_the_api(tree):
    """the shared library exports what the installed headers declare, no more, no less"""
    if not tree.build or not (tree.build / 'protocol/libhotline.so').exists():
        raise Skip('not built')
    lib = tree.build / 'protocol/libhotline.so'
    out = subprocess.run(['nm', '-D', '--defined-only', str(lib)], capture_output=True, text=True,
                         check=True).stdout
    exported = {line.split()[-1].split('@')[0] for line in out.splitlines()}
    want = {n for f in installed_headers(tree) if f in tree.files for n in declared(tree, f)}
    for name in sorted(exported - want):
        yield f'{name} is exported, and no installed header declares it HL_API'
    for name in sorted(want - exported):
        yield f'{name} is declared HL_API and not exported'


@check
def headers_stand_alone(tree):
    """each header of the protocol compiles by itself"""
    for f in tree.under('protocol', ending='.h'):
        done = subprocess.run(
            ['cc', '-std=c11', '-D_GNU_SOURCE', '-fsyntax-only', '-Wall', '-Werror',
             '-I' + str(tree.root), '-x', 'c', '-include', str(tree.root / f), '-'],
            input='', capture_output=True, text=True, check=False)
        if done.returncode:
            yield f'{f}: {done.stderr.strip().splitlines()[0]}'


# ---------------------------------------------------------------- the spec

CLAUSE = re.compile(r'^(?:[-*] )?\*\*(\d+(?:\.\d+)+)\*\*', re.M)
QUOTED = re.compile(r'SPEC ([a-z][a-z0-9-]*) (\d+(?:\.\d+)+):')


def fold(text):
    return ' '.join(text.replace('`', '').replace('*', '').split())


def clauses(text):
    """{number: folded text} of one page of the spec."""
    found = {}
    marks = list(CLAUSE.finditer(text))
    for m, after in zip(marks, marks[1:] + [None]):
        body = text[m.end():after.start() if after else len(text)]
        body = re.split(r'^#', body, maxsplit=1, flags=re.M)[0]
        found.setdefault(m.group(1), fold(body))
    return found


def quotations(text):
    """(line, page, clause, words) for each quotation in C comments."""
    for c in re.finditer(r'/\*(.*?)\*/', text, re.S):
        inner = '\n'.join(re.sub(r'^\s*\*( |$)', '', s) for s in c.group(1).split('\n'))
        marks = list(QUOTED.finditer(inner))
        for m, after in zip(marks, marks[1:] + [None]):
            words = inner[m.end():after.start() if after else len(inner)]
            # An empty comment line ends the quotation; our own words may follow.
            words = re.split(r'\n\s*\n', words, maxsplit=1)[0]
            line = text.count('\n', 0, c.start()) + inner.count('\n', 0, m.start()) + 1
            yield line, m.group(1), m.group(2), fold(words)


@check
def quotations_are_true(tree):
    """each quotation of the spec stands in the clause that it names"""
    pages = {}
    for f in tree.under('protocol', 'node', 'client', 'tests'):
        for line, page, number, words in quotations(tree.text(f)):
            name = f'spec/{page}.md'
            if name not in tree.files:
                yield f'{f}:{line}: there is no {name}'
                continue
            if name not in pages:
                pages[name] = clauses(tree.text(name))
            clause = pages[name].get(number)
            if clause is None:
                yield f'{f}:{line}: {name} has no clause {number}'
                continue
            at = 0
            parts = [p.strip() for p in words.split('…') if p.strip()]
            for part in parts:
                found = clause.find(part, at)
                if found < 0:
                    yield f'{f}:{line}: {name} {number} does not say "{part}"'
                    break
                at = found + len(part)
            if not parts:
                yield f'{f}:{line}: quotes nothing'


@check
def clauses_are_numbered_once(tree):
    """no clause number stands twice in one page of the spec"""
    pages = [f for f in tree.files if re.fullmatch(r'spec/[^/]+\.md', f)]
    if not pages:
        raise Skip('no spec/')
    for f in pages:
        seen = set()
        for m in CLAUSE.finditer(tree.text(f)):
            if m.group(1) in seen:
                yield f'{f}: clause {m.group(1)} stands twice'
            seen.add(m.group(1))


# ---------------------------------------------------------------- form

@check
def format_is_ours(tree):
    """clang-format 14 would change nothing (./dev lint --fix)"""
    code = [str(tree.root / f) for f in tree.files if f.endswith(CODE)]
    try:
        done = subprocess.run(['clang-format-14', '--dry-run', '-Werror'] + code,
                              capture_output=True, text=True, check=False)
    except FileNotFoundError as e:
        raise Skip('clang-format-14 is not installed') from e
    seen = {}
    for m in re.finditer(r'^(.*?):(\d+):\d+: error: code should be', done.stderr, re.M):
        seen.setdefault(m.group(1), m.group(2))
    for f, line in sorted(seen.items()):
        yield f'{os.path.relpath(f, tree.root)}:{line}: not as clang-format writes it'
    if done.returncode and not seen:
        yield done.stderr.strip() or 'clang-format-14 failed'


@check
def lines_are_short(tree):
    """no line of code is wider than 100 columns"""
    for f in tree.files:
        if f.endswith(CODE + ('.py', '.build')) and f in tree.texts():
            for n, line in enumerate(tree.text(f).split('\n'), 1):
                if len(line.expandtabs(8)) > 100:
                    yield f'{f}:{n}: {len(line.expandtabs(8))} columns'


TABLE = '/* lint: table */'


@check
def files_are_short(tree):
    """no file of code is longer than 1,000 lines; a table says that it is one"""
    for f in tree.files:
        if f.endswith(CODE) and TABLE not in tree.text(f):
            n = tree.text(f).count('\n')
            if n > 1000:
                yield f'{f}: {n} lines'
            elif n > 800:
                print(f'  note: {f} has {n} lines; split it by thought')


@check
def files_are_clean(tree):
    """no trailing space, no carriage return, a newline at the end"""
    for f in tree.texts():
        text = tree.text(f)
        if '\r' in text:
            yield f'{f}: a carriage return'
        if text and not text.endswith('\n'):
            yield f'{f}: no newline at the end'
        for n, line in enumerate(text.split('\n'), 1):
            if line.rstrip() != line and not f.endswith('.md'):
                yield f'{f}:{n}: space at the end of the line'


LATER = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')


@check
def nothing_is_left_for_later(tree):
    """no marks of unfinished work"""
    for f in tree.texts():
        for m in LATER.finditer(tree.text(f)):
            yield f'{f}:{tree.text(f).count(chr(10), 0, m.start()) + 1}: {m.group(1)}'


# Split, so that this file does not find itself.
FOREIGN = re.compile('|'.join((
    r'/wo' r'rk/(main|shared)', r'/tm' r'p/w/', r'(deb|security|snapshot)\.deb' r'ian\.org',
    r'pypi\.' r'org', r'python' r'hosted\.org', r'npm' r'js\.(org|com)', r'crates\.' r'io',
    r'proxy\.go' r'lang\.org', r'Co-Auth' r'ored-By', r'[Gg]enerated ' r'(with|by) (Claude|an? AI)',
    r'as an AI lang' r'uage model', r'\bsub-?' r'agent')))


@check
def the_tree_speaks_of_itself(tree):
    """no word of the workplace, of package hosts or of tools in the tree"""
    for f in tree.texts():
        for m in FOREIGN.finditer(tree.text(f)):
            yield f'{f}:{tree.text(f).count(chr(10), 0, m.start()) + 1}: {m.group(0)}'


# ---------------------------------------------------------------- usage and manual

def section(page, title):
    """The words of one section of a man page, as one line."""
    out = subprocess.run(['mandoc', '-T', 'ascii', '-O', 'width=990', str(page)],
                         capture_output=True, text=True, check=True).stdout
    out = re.sub('.\b', '', out)
    m = re.search(rf'^{title}\n(.*?)(?=^\S|\Z)', out, re.M | re.S)
    return ' '.join(m.group(1).split()) if m else ''


def usage(command):
    """What follows "usage:" in a program's -h, up to an empty line, as one line."""
    done = subprocess.run(command + ['-h'], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL, check=False)
    m = re.search(r'^usage:\s*(.*?)(?=^\s*$|\Z)', done.stdout, re.M | re.S | re.I)
    if done.returncode or not m:
        return None
    return ' '.join(m.group(1).split())


def compare(tree, program, command, pages):
    """Complaints about one program's -h against the first of pages that exists."""
    said = usage([str(program)] + command)
    name = ' '.join([program.name] + command)
    page = next((p for p in pages if p in tree.files), None)
    if said is None:
        yield f'{name} -h gives no usage on standard output with status 0'
    elif page is None:
        yield f'{name} has no manual page ({pages[0]})'
    elif not said.startswith(name) or said not in section(tree.root / page, 'SYNOPSIS'):
        yield f'{name} -h says "{said}"; the SYNOPSIS of {page} does not'


def program(tree, path, manuals):
    if not tree.build or not (tree.build / path).exists():
        raise Skip(f'{path} is not built')
    if not any(f.startswith(manuals + '/') for f in tree.files):
        raise Skip(f'no {manuals}/')
    try:
        subprocess.run(['mandoc', '-T', 'ascii', '/dev/null'], capture_output=True, check=False)
    except FileNotFoundError as e:
        raise Skip('mandoc is not installed') from e
    return tree.build / path


@check
def node_help_is_the_manual(tree):
    """hotlined -h is the SYNOPSIS of its manual page"""
    exe = program(tree, 'node/hotlined', 'node/man')
    yield from compare(tree, exe, [], ['node/man/hotlined.8'])


def commands(tree):
    """The names in the client's table of commands."""
    if 'client/commands.c' not in tree.files:
        raise Skip('no client/commands.c')
    return re.findall(r'^\s*\{\s*(?:\.name\s*=\s*)?"([a-z][a-z-]*)"',
                      tree.text('client/commands.c'), re.M)


@check
def client_help_is_the_manual(tree):
    """hotline -h and each hotline command -h are the SYNOPSIS of their pages"""
    exe = program(tree, 'client/hotline', 'client/man')
    yield from compare(tree, exe, [], ['client/man/hotline.1'])
    names = commands(tree)
    if not names:
        yield 'client/commands.c: no command was found in its table'
    for name in names:
        yield from compare(tree, exe, [name],
                           [f'client/man/hotline-{name}.1', 'client/man/hotline.1'])


# ---------------------------------------------------------------- main

def lint(tree, only=None):
    """[(name, complaints or None if skipped, reason)] for every check, or one."""
    results = []
    for c in CHECKS:
        if only and c.__name__ != only:
            continue
        try:
            results.append((c.__name__, list(c(tree) or []), None))
        except Skip as e:
            results.append((c.__name__, None, str(e)))
    return results


def main(argv):
    root, build = '.', None
    for a in argv:
        if a.startswith('--root='):
            root = a[7:]
        elif a.startswith('--build='):
            build = a[8:]
        else:
            sys.exit(__doc__)
    passed = failed = skipped = 0
    about = {c.__name__: c.__doc__ for c in CHECKS}
    for name, complaints, reason in lint(Tree(root, build)):
        if complaints is None:
            skipped += 1
            print(f'skip  {about[name]} ({reason})')
        elif complaints:
            failed += 1
            print(f'FAIL  {about[name]}')
            for c in complaints[:40]:
                print(f'      {c}')
            if len(complaints) > 40:
                print(f'      and {len(complaints) - 40} more')
        else:
            passed += 1
            print(f'ok    {about[name]}')
    print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
