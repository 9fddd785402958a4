#!/usr/bin/python3
"""The demo, as a test: it ends well, and shows what it is there to show."""
import os
import re
import subprocess
import sys

from harness import BUILD, SOURCE, check, main, test


@test
def the_demo_ends_well(world):
    done = subprocess.run([sys.executable, os.path.join(SOURCE, 'tests', 'demo.py')],
                          env=dict(os.environ, HOTLINE_BUILD=BUILD), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=240, check=False)
    out = done.stdout
    check(done.returncode == 0, out + done.stderr)
    for words in ('RINGING  1 call', 'eval.crossed', 'byte for byte',
                  'answered: acting "We run our own suite on it now."',
                  'resolved "Both labs have the figures; threshold reviewed."',
                  'by its signed receipt', 'not yet confirmed', 'kept as draft',
                  'All that was sent has arrived, and both labs can prove it.'):
        check(re.sub(r'\s+', ' ', words) in re.sub(r'\s+', ' ', out),
              f'no "{words}" in\n{out}')
    check(out.count('proof: 4 letters, 2 receipts, all verified') == 2, out)
    check(re.search(r'From the alert to its answer by a person of the other lab: \d\.\d\d s', out),
          out)


if __name__ == '__main__':
    main()
