#!/usr/bin/python3
"""The committed vectors are those that are made, and each one holds.

usage: test_vectors.py.  The last line is "N passed, M failed".
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import check_all  # noqa: E402
import make_example  # noqa: E402
import make_vectors  # noqa: E402


class Count:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, good):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED", name)

    def run(self, name, checks):
        """Counts (name, good) pairs; an exception is a failure."""
        try:
            for what, good in checks:
                self.add("%s: %s" % (name, what), good)
        except Exception as e:  # a check that breaks has failed
            self.add("%s: %s: %s" % (name, type(e).__name__, e), False)

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed or not self.passed else 0


def committed(name):
    path = os.path.join(make_vectors.VECTORS, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        return f.read()


def main():
    count = Count()
    for name in make_vectors.MAKERS:
        text = committed(name + ".json")
        count.add(name + ": as committed", text == make_vectors.text_of(name))
        if text is not None:
            count.run(name, check_all.CHECKS[name](json.loads(text)))
    count.add("example: as committed",
              committed("../example.md") == make_example.example_text())
    count.run("example", make_example.check_example())
    sys.exit(count.finish())


if __name__ == "__main__":
    main()
