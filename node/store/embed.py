#!/usr/bin/python3
"""Makes a C table of the steps of a schema. usage: embed.py schema.sql out.h"""
import re
import sys


def main(source, target):
    with open(source, encoding='utf-8') as f:
        text = f.read()
    parts = re.split(r'^-- step (\d+)\n', text, flags=re.M)[1:]
    numbers = [int(n) for n in parts[::2]]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        sys.exit(f'{source}: steps must be numbered 1, 2, 3 …; found {numbers}')
    with open(target, 'w', encoding='utf-8') as f:
        f.write('/* Made from schema.sql. */\n')
        f.write('static const char *const schema_steps[] = {\n')
        for body in parts[1::2]:
            for line in body.splitlines():
                if line.strip() and not line.startswith('--'):
                    quoted = line.replace('\\', '\\\\').replace('"', '\\"')
                    f.write(f'\t"{quoted}\\n"\n')
            f.write('\t,\n')
        f.write('};\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
