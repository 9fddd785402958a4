#!/usr/bin/python3
"""Builds and installs the tree twice, in two directories, and looks at what is there.

The same source must give the same bytes wherever it lies; what is installed must
be enough for a stranger's program; and every program and library must carry the
hardening that meson.build asks for.

usage: install.py SOURCE CC
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from sources import sources  # noqa: E402  (found in the directory above)

USER = r'''
#include <hotline/hotline.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	static const char text[] = "line";
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_str(&out, hl_view_str(text));
	if (hl_out_finish(&out, &doc) != HL_OK || doc.n != strlen(text) + 1)
		return 1;
	puts(hl_version());
	return 0;
}
'''


class Results:
    passed = failed = 0

    def check(self, good, text):
        print('ok   ' if good else 'FAIL ', text)
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)


def install(root, top, compiler):
    """Copies, builds and installs below top; returns the staging directory."""
    for name in sources(root):
        (top / 'source' / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, top / 'source' / name)
    env = dict(os.environ, CC=compiler, CCACHE_DISABLE='1', DESTDIR=str(top / 'stage'))
    for command in (['meson', 'setup', 'out', 'source', '--prefix=/usr', '--libdir=lib',
                     '-Dtests=disabled'],
                    ['ninja', '-C', 'out', '--quiet'],
                    ['meson', 'install', '-C', 'out', '--no-rebuild', '--quiet']):
        done = subprocess.run(command, cwd=top, env=env, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            print(done.stdout, done.stderr)
            print('0 passed, 1 failed')
            sys.exit(1)
    return top / 'stage'


def files(stage):
    return {str(p.relative_to(stage)): p for p in sorted(stage.rglob('*'))
            if p.is_file() and not p.is_symlink()}


def is_elf(path):
    with open(path, 'rb') as f:
        return f.read(4) == b'\x7fELF'


def readelf(option, path):
    return subprocess.run(['readelf', '-W', option, str(path)], capture_output=True, text=True,
                          check=True).stdout


def look_at_hardening(r, name, path):
    dynamic, heads = readelf('-d', path), readelf('-l', path)
    r.check('BIND_NOW' in dynamic and 'GNU_RELRO' in heads, f'{name}: full RELRO')
    r.check(re.search(r'GNU_STACK.*\bRW\b', heads), f'{name}: stack not executable')
    r.check(re.search(r'Type:\s+DYN', readelf('-h', path)), f'{name}: position-independent')
    r.check('__stack_chk_fail' in readelf('--dyn-syms', path), f'{name}: stack protector')
    r.check('RPATH' not in dynamic and 'RUNPATH' not in dynamic, f'{name}: no run path')


def use(r, stage, work, compiler):
    (work / 'user.c').write_text(USER)
    env = dict(os.environ, PKG_CONFIG_PATH=str(stage / 'usr/lib/pkgconfig'),
               PKG_CONFIG_SYSROOT_DIR=str(stage))
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'hotline'], env=env,
                           capture_output=True, text=True, check=False)
    r.check(flags.returncode == 0, 'pkg-config knows hotline')
    # the sysroot is put before every path: those of the system do not need it
    done = subprocess.run(shlex.split(compiler) + ['-std=c11', '-Wall', '-Wextra', '-Wpedantic',
                          '-Werror', 'user.c', '-o', 'user'] + shlex.split(flags.stdout),
                          cwd=work, capture_output=True, text=True, check=False)
    r.check(done.returncode == 0, f'a stranger\'s program builds {done.stderr}')
    if done.returncode:
        return
    done = subprocess.run(['./user'], cwd=work, capture_output=True, text=True, check=False,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(stage / 'usr/lib')))
    version = subprocess.run(['pkg-config', '--modversion', 'hotline'], env=env,
                             capture_output=True, text=True, check=False).stdout
    r.check(done.returncode == 0 and done.stdout == version and version.strip(),
            f'it runs, and says the version of the package ({done.stdout.strip()})')


def main(root, compiler):
    r = Results()
    with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
        far = Path(b, 'another place', 'deeper')
        far.mkdir(parents=True)
        one, two = install(root, Path(a), compiler), install(root, far, compiler)
        first, second = files(one), files(two)
        r.check(first.keys() == second.keys(), 'both places install the same files')
        differ = [n for n in first.keys() & second.keys()
                  if first[n].read_bytes() != second[n].read_bytes()]
        plain = [n for n in sorted(first) if not is_elf(first[n])]
        r.check(not set(differ) & set(plain),
                ' '.join([f'{len(plain)} other files: the same in both places'] + differ))
        for name in sorted(set(first) - set(plain)):
            r.check(name not in differ, f'{name}: the same bytes in both places')
            look_at_hardening(r, name, first[name])
        use(r, one, Path(a), compiler)
    print(f'{r.passed} passed, {r.failed} failed')
    return 1 if r.failed else 0


if __name__ == '__main__':
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
