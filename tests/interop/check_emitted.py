#!/usr/bin/python3
"""Verifies what another implementation has made.

usage: check_emitted.py FILE…
A FILE is one JSON object whose members are named as the files of
spec/vectors (card, envelope, …), each with the members that spec/vectors/
README.md describes, all or some of them; or it is one of them alone, with a
member "part" that says which.  Every object is verified in full, and made
again where all that it is made of is given.  The last line is
"N passed, M failed".
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import check_all  # noqa: E402
from test_vectors import Count  # noqa: E402


def parts_of(value):
    if "part" in value:
        return [(value["part"], value)]
    return [(name, part) for name, part in value.items()
            if isinstance(part, dict)]


def check_file(count, path):
    with open(path, encoding="utf-8") as f:
        value = json.load(f)
    parts = parts_of(value)
    count.add(path + ": holds nothing", bool(parts))
    for name, part in parts:
        check = check_all.CHECKS.get(name)
        count.add("%s: no such part: %s" % (path, name), check is not None)
        if check is None:
            continue
        before = count.passed + count.failed
        count.run(name, check(part))
        count.add("%s: %s is empty" % (path, name),
                  count.passed + count.failed > before)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    count = Count()
    for path in sys.argv[1:]:
        try:
            check_file(count, path)
        except (OSError, ValueError) as e:
            count.add("%s: %s" % (path, e), False)
    sys.exit(count.finish())


if __name__ == "__main__":
    main()
