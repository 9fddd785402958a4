#!/usr/bin/python3
"""Shows that each check of lint.py passes on a good tree and fails on a bad one.

A small tree is made in a temporary directory, compiled where a check looks at
objects, and then spoiled in one place at a time: the check that is named must
complain.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint  # noqa: E402  (found beside this file)

STYLE = Path(__file__).resolve().parents[2] / '.clang-format'

GOOD = {
    '.clang-format': STYLE.read_text(encoding='utf-8'),
    'spec/thing.md': '# Thing\n\n**1.1** A thing MUST be `one`\nor two. Not three.\n\n'
                     '**1.2** Nothing else.\n\n## More\nno clause\n',
    'protocol/meson.build': "hotline_headers = files(\n  'api.h',\n  'bytes.h',\n"
                            "  'hotline.h',\n)\n",
    'protocol/api.h': '#define HL_API __attribute__((visibility("default")))\n',
    'protocol/bytes.h': '#ifndef B_H\n#define B_H\n#include <stdint.h>\n#include "api.h"\n'
                        '/* HL_API int hl_in_a_comment(void); */\n'
                        'HL_API uint8_t hl_bytes_first(const uint8_t *p);\n#endif\n',
    'protocol/hotline.h': '#include "api.h"\n#include "bytes.h"\n',
    'protocol/bytes.c': '#include "bytes.h"\n\n#include <string.h>\n\n'
                        '/* SPEC thing 1.1: A thing MUST be one … Not three. */\n'
                        'uint8_t hl_bytes_first(const uint8_t *p)\n{\n'
                        '\tuint8_t b;\n\n\tmemcpy(&b, p, 1);\n\treturn b;\n}\n',
    'protocol/pack.c': '#include <msgpack.h>\n#include "bytes.h"\n',
    'node/engine/engine.h': '#include "protocol/hotline.h"\n\nint engine_step(int event);\n',
    'node/engine/engine.c': '#include "node/engine/engine.h"\n#include "node/store/store.h"\n\n'
                            'int engine_step(int event)\n{\n\treturn event + 1;\n}\n',
    'node/store/store.h': 'int store_put(int row);\n',
    'node/store/sqlite.c': '#include <sqlite3.h>\n#include "node/store/store.h"\n',
    'node/net/loop.c': '#include <event2/event.h>\n#include "node/engine/engine.h"\n',
    'node/man/hotlined.8': '.TH HOTLINED 8\n.SH SYNOPSIS\n.B hotlined\n[\\-\\-check]\n'
                           '.SH DESCRIPTION\nnode\n',
    'client/commands.c': '#include <event2/event.h>\n\nstruct row {\n\tconst char *name;\n};\n'
                         'const struct row rows[] = {\n\t{"ack"},\n};\n',
    'client/man/hotline.1': '.TH HOTLINE 1\n.SH SYNOPSIS\n.B hotline\n[command]\n',
    'client/man/hotline-ack.1': '.TH HOTLINE\\-ACK 1\n.SH SYNOPSIS\n.B hotline ack\n'
                                '[\\-\\-acting]\n.I incident\n',
}
PROGRAMS = {
    'node/hotlined': '#!/bin/sh\necho "usage: hotlined [--check]"\n',
    'client/hotline': '#!/bin/sh\ncase $1 in\n'
                      'ack) printf "usage: hotline ack [--acting]\\n  incident\\n\\nwords\\n" ;;\n'
                      '*) echo "usage: hotline [command]" ;;\nesac\n',
}

# check, file, what to change: (old, new) to replace, or text to append.
BAD = [
    ('protocol_is_in_order', 'protocol/bytes.h', '#include "frame.h"\n'),
    ('protocol_is_in_order', 'protocol/bytes.h', '#include "hotline.h"\n'),
    ('protocol_is_in_order', 'protocol/bytes.c', '#include "node/engine/engine.h"\n'),
    ('protocol_is_in_order', 'protocol/unplaced.c', '#include "bytes.h"\n'),
    ('protocol_is_pure', 'protocol/bytes.c', '#include <time.h>\n'),
    ('protocol_is_pure', 'protocol/bytes.c', '#include <sys/socket.h>\n'),
    ('protocol_is_pure', 'protocol/bytes.c', '  #  include <stdio.h>\n'),
    ('one_file_knows_msgpack', 'protocol/bytes.c', '#include <msgpack.h>\n'),
    ('one_file_knows_msgpack', 'node/net/loop.c', '#include <msgpack/object.h>\n'),
    ('node_and_client_are_apart', 'node/net/loop.c', '#include "client/output.h"\n'),
    ('node_and_client_are_apart', 'client/commands.c', '#include "node/store/store.h"\n'),
    ('node_and_client_are_apart', 'client/commands.c', '#include "../node/store/store.h"\n'),
    ('libevent_stays_in_its_rooms', 'node/store/sqlite.c', '#include <event2/event.h>\n'),
    ('sqlite_stays_in_its_rooms', 'node/net/loop.c', '#include <sqlite3.h>\n'),
    ('engine_owns_nothing', 'node/engine/engine.c', '#include <time.h>\n'),
    ('engine_owns_nothing', 'node/engine/engine.c', '#include <sys/socket.h>\n'),
    ('engine_owns_nothing', 'node/engine/engine.c', '#include "node/net/link.h"\n'),
    ('protocol_calls_nothing', 'protocol/bytes.c', ('return b;', 'return b ^ (rand() & 1);')),
    ('protocol_calls_nothing', 'protocol/bytes.c',
     ('return b;', 'randombytes_buf(&b, 1);\n\treturn b;')),
    ('protocol_calls_nothing', 'protocol/bytes.c',
     ('return b;', 'crypto_sign_keypair(&b, &b);\n\treturn b;')),
    ('protocol_calls_nothing', 'protocol/bytes.c', ('return b;', 'puts("");\n\treturn b;')),
    ('engine_calls_nothing', 'node/engine/engine.c', ('return event', 'return time(0) + event')),
    ('engine_calls_nothing', 'node/engine/engine.c',
     ('return event', 'return clock_gettime(0, 0) + event')),
    ('api_is_installed', 'protocol/secret.h', '#include "api.h"\nHL_API int hl_secret_n(void);\n'),
    ('api_is_installed', 'protocol/hotline.h', ('#include "bytes.h"\n', '')),
    ('exports_are_the_api', 'protocol/bytes.h',
     ('#endif', 'HL_API __attribute__((pure)) uint8_t *hl_last(const uint8_t p[4]);\n#endif')),
    ('exports_are_the_api', 'protocol/bytes.c',
     '\nint hl_stray(void);\n\n__attribute__((visibility("default"))) int hl_stray(void)\n{\n'
     '\treturn 1;\n}\n'),
    ('headers_stand_alone', 'protocol/bytes.h', ('#include <stdint.h>\n', '')),
    ('quotations_are_true', 'protocol/bytes.c', ('be one', 'be two')),
    ('quotations_are_true', 'protocol/bytes.c', ('thing 1.1', 'thing 1.2')),
    ('quotations_are_true', 'protocol/bytes.c', ('thing 1.1', 'thing 1.3')),
    ('quotations_are_true', 'protocol/bytes.c', ('thing 1.1', 'think 1.1')),
    ('quotations_are_true', 'protocol/bytes.c',
     ('A thing MUST be one … Not three.', 'Not three. … A thing MUST be one')),
    ('quotations_are_true', 'protocol/bytes.c', ('A thing MUST be one … Not three.', '')),
    ('quotations_are_true', 'node/net/loop.c', '/* SPEC thing 1.2: Nothing else. no clause */\n'),
    ('clauses_are_numbered_once', 'spec/thing.md', '\n**1.2** Again.\n'),
    ('format_is_ours', 'node/net/loop.c', '\nint  f( void );\n'),
    ('format_is_ours', 'node/net/loop.c', '\nint f(void)\n{\n    return 1;\n}\n'),
    ('lines_are_short', 'node/net/loop.c', '/* ' + 'x' * 100 + ' */\n'),
    ('lines_are_short', 'node/meson.build', '# ' + 'x' * 100 + '\n'),
    ('files_are_short', 'node/net/loop.c', '/* */\n' * 1000),
    ('files_are_clean', 'node/net/doors.py', 'pass \n'),
    ('files_are_clean', 'node/net/doors.py', 'pass\r\n'),
    ('files_are_clean', 'node/net/doors.py', 'pass'),
    ('nothing_is_left_for_later', 'node/net/loop.c', '/* TO' 'DO: more */\n'),
    ('nothing_is_left_for_later', 'node/README.md', 'FIX' 'ME\n'),
    ('the_tree_speaks_of_itself', 'README.md', 'see /wo' 'rk/shared/design\n'),
    ('the_tree_speaks_of_itself', 'README.md', 'deb http://deb.deb' 'ian.org/debian\n'),
    ('node_help_is_the_manual', 'node/man/hotlined.8', ('\\-\\-check', '\\-\\-chekc')),
    ('client_help_is_the_manual', 'client/man/hotline-ack.1', ('acting', 'actnig')),
    ('client_help_is_the_manual', 'client/commands.c', ('\t{"ack"},\n', '')),
    ('client_help_is_the_manual', 'client/commands.c', ('{"ack"}', '{"ask"}')),
    ('client_help_is_the_manual', 'client/man/hotline.1', ('[command]', '')),
]


def compile_objects(root, build):
    """What meson leaves behind, as far as the checks look at it."""
    entries = []
    for source in ('protocol/bytes.c', 'node/engine/engine.c'):
        obj = build / (source.replace('/', '_') + '.o')
        subprocess.run(['cc', '-w', '-O1', '-fPIC', '-fvisibility=hidden', '-I' + str(root), '-c',
                        str(root / source), '-o', str(obj)], check=True)
        entries.append({'directory': str(build), 'file': str(root / source), 'output': obj.name})
    (build / 'compile_commands.json').write_text(json.dumps(entries))
    (build / 'protocol').mkdir()
    subprocess.run(['cc', '-shared', '-o', str(build / 'protocol/libhotline.so'),
                    str(build / 'protocol_bytes.c.o')], check=True)


def write_programs(build):
    for name, text in PROGRAMS.items():
        exe = build / name
        exe.parent.mkdir(exist_ok=True)
        exe.write_text(text)
        exe.chmod(0o755)


# These look at objects; for the others a spoiled file need not compile.
COMPILED = {'protocol_calls_nothing', 'engine_calls_nothing', 'exports_are_the_api'}


def complaints(files, only=None):
    """{check: complaints} for a tree with these files, of all checks or one."""
    with tempfile.TemporaryDirectory() as top:
        root, build = Path(top, 'source'), Path(top, 'build')
        build.mkdir()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text.encode())
        if only is None or only in COMPILED:
            compile_objects(root, build)
        write_programs(build)
        return {name: found for name, found, _ in lint.lint(lint.Tree(root, build), only)}


def spoil(name, change):
    files = dict(GOOD)
    if isinstance(change, tuple):
        if change[0] not in files[name]:
            raise ValueError(f'{name} does not hold {change[0]!r}')
        files[name] = files[name].replace(*change, 1)
    else:
        files[name] = files.get(name, '') + change
    return files


def main():
    passed = failed = 0

    def result(good, text):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print('FAIL ', text)

    found = complaints(GOOD)
    for name, said in found.items():
        result(said == [], f'{name} on a good tree: {said if said else "skipped"}')
    for name, file, change in BAD:
        said = complaints(spoil(file, change), name).get(name)
        result(bool(said), f'{name} did not catch {change!r} in {file}')
    for name in sorted(set(found) - {b[0] for b in BAD}):
        result(False, f'{name} is never shown to fail')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
