#!/usr/bin/python3
"""Shows that tests/run.py counts rightly what programs print and how they end."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import run  # noqa: E402  (found in the directory above)

GROUP = (b'[==========] Running 3 test(s).\n[ RUN      ] a\n[       OK ] a\n'
         b'[==========] 3 test(s) run.\n[  PASSED  ] 3 test(s).\n')
BROKEN = (b'[==========] 4 test(s) run.\n[  PASSED  ] 2 test(s).\n'
          b'[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] s\n'
          b'[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] f\n\n 1 FAILED TEST(S)\n')
SETUP = (b'[==========] Running 2 test(s).\n[ RUN      ] ok\n[       OK ] ok\n[ RUN      ] t\n'
         b'Could not run test: Test setup failed\n[  ERROR   ] t\n'
         b'[==========] 2 test(s) run.\n[  PASSED  ] 1 test(s).\n'
         b'[==========] Running 2 test(s).\n[  FAILED  ] GROUP SETUP\n[  ERROR   ] c\n'
         b'[==========] 0 test(s) run.\n[  PASSED  ] 0 test(s).\n')

# output, exit status (None: stopped), passed, failed, skipped, whether a fault is named
CASES = [
    (GROUP, 0, 3, 0, 0, False),
    (GROUP + GROUP, 0, 6, 0, 0, False),
    (GROUP + BROKEN, 1, 5, 1, 1, False),
    (BROKEN, 0, 2, 1, 1, False),
    (SETUP, 2, 1, 2, 0, False),
    (b'[  ERROR   ] --- 0x1 != 0x2\n' + BROKEN, 1, 2, 1, 1, False),
    (GROUP, 1, 3, 1, 0, True),
    (GROUP, -11, 3, 1, 0, True),
    (GROUP, None, 3, 1, 0, True),
    (BROKEN, -6, 2, 2, 1, True),
    (b'', 0, 0, 1, 0, True),
    (b'', 1, 0, 1, 0, True),
    (b'', 77, 0, 0, 1, False),
    (b'no root here\n0 passed, 0 failed, 4 skipped\n', 77, 0, 0, 4, False),
    (b'no root here\n0 passed, 0 failed, 4 skipped\n', 0, 0, 0, 4, False),
    (b'0 passed, 0 failed\n', 0, 0, 1, 0, True),
    (b'words\n12 passed, 0 failed\n', 0, 12, 0, 0, False),
    (b'12 passed, 2 failed, 1 skipped\n', 1, 12, 2, 1, False),
    (b'1 passed, 0 failed\nmore\n5 passed, 0 failed\n', 0, 5, 0, 0, False),
    (b'5 passed, 0 failed\n', 3, 5, 1, 0, True),
    (b'we had 5 passed, 0 failed\n', 0, 0, 1, 0, True),
    (b'5 passed, 0 failed\n', 77, 5, 1, 0, True),
]


def main():
    passed = failed = 0
    for output, status, *want, named in CASES:
        got, fault = run.count(output, status, 30)
        if [got.passed, got.failed, got.skipped] == want and bool(fault) == named:
            passed += 1
        else:
            failed += 1
            print(f'FAIL  {output!r} with status {status}: {got}, {fault}')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
