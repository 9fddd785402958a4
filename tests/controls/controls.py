#!/usr/bin/python3
"""Breaks one rule of the code at a time; the suite must notice every time.

A check that cannot fail is no check. Each control names a file, the words that
keep a rule, words that break it, and the suites or programs that must fail
then. A control whose words are no longer in the file fails: it would show
nothing. The work is done in a copy.

usage: controls.py [--list] [name …]
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests'))
from sources import sources  # noqa: E402  (found in the directory above)

# name, file, words that keep the rule, words that break it, who must notice
CONTROLS = [
    ('a longer form is taken', 'protocol/pack_check.c',
     'if (number < form->least)', 'if (false)', ['fuzz']),
    ('arrays may nest deeper', 'protocol/pack_check.c',
     's->depth == HL_DEPTH || ', '', ['fuzz']),
    ('bytes may follow a value', 'protocol/pack_check.c',
     'if (s.at != s.n)', 'if (false)', ['fuzz']),
    ('C1 controls stand in texts', 'protocol/pack_check.c',
     'len == 0 || c < 0xa0', 'len == 0', ['fuzz']),
    ('overlong UTF-8 is taken', 'protocol/pack_check.c',
     'c < least[len] || ', '', ['fuzz']),
    ('values are not counted', 'protocol/pack_check.c',
     'if (s.items++ == HL_ITEMS_MAX)', 'if (s.items++ == SIZE_MAX)', ['fuzz']),
    ('padding of a record may hold anything', 'protocol/record.c',
     'return all_zero(plain.p, plain.n) ? HL_OK : HL_BAD_ENCODING;', 'return HL_OK;', ['fuzz']),
    ('a chunk may be empty', 'protocol/record.c',
     'if (n < 1 || n > plain->n - CHUNK_HEAD)', 'if (n > plain->n - CHUNK_HEAD)', ['fuzz']),
    ('a link goes on after an error', 'protocol/record.c',
     'return status == HL_OK ? HL_OK : poison(r, status);', 'return status;', ['fuzz']),
    ('a store that failed is synced again as it closes', 'node/store/sqlite.c',
     'SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1', 'SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0', ['test_disk']),
    ('a signature on a statement is not looked at', 'protocol/statement.c',
     'return hl_verify("statement", net, statement->body, node->sign, statement->sig);',
     'return HL_OK;', ['flipped']),
]


def copy(root, to):
    for name in sources(root):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, to / name)


def run(command, where):
    return subprocess.run(command, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors='replace', check=False)


class Copy:
    """A copy of the tree and its build."""

    def __init__(self, top):
        self.tree = Path(top, 'tree')
        copy(ROOT, self.tree)
        done = run(['meson', 'setup', 'build'], self.tree)
        if done.returncode:
            sys.exit(done.stdout)
        self.sound = {}

    def passes(self, who):
        """Whether it builds and these suites pass: (built, passed, output)."""
        done = run(['nice', 'ninja', '-C', 'build', '--quiet'], self.tree)
        if done.returncode:
            return False, False, done.stdout
        done = run(['tests/run.py', '--build=build'] + who, self.tree)
        return True, done.returncode == 0, done.stdout

    def control(self, file, old, new, who):
        """None if the break was noticed, else what went wrong."""
        key = tuple(who)
        if key not in self.sound:
            built, passed, output = self.passes(who)
            self.sound[key] = built and passed
            if not self.sound[key]:
                print(output)
        if not self.sound[key]:
            return f'{" ".join(who)} does not pass on the code as it is'
        path = self.tree / file
        was = path.read_text(encoding='utf-8') if path.exists() else ''
        if was.count(old) != 1:
            return f'{file} holds {old!r} {was.count(old)} times, not once'
        path.write_text(was.replace(old, new), encoding='utf-8')
        built, passed, output = self.passes(who)
        path.write_text(was, encoding='utf-8')
        if not built:
            return f'the broken code does not build: {output}'
        return f'{" ".join(who)} did not notice' if passed else None


def main(argv):
    if '--list' in argv:
        for name, file, *_ in CONTROLS:
            print(f'{file}: {name}')
        return 0
    chosen = [c for c in CONTROLS if not argv or c[0] in argv or c[1] in argv]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as top:
        tree = Copy(top)
        for name, file, old, new, who in chosen:
            fault = tree.control(file, old, new, who)
            passed, failed = passed + (not fault), failed + bool(fault)
            print(f'{"FAIL " if fault else "ok   "} {name} ({file}){": " + fault if fault else ""}',
                  flush=True)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
