#!/usr/bin/python3
"""What the C library makes of random inputs, checked by this implementation.

usage: test_emitted.py EMIT.  The last line is "N passed, M failed".
"""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import check_all  # noqa: E402
from check_all import h  # noqa: E402
from hotline_py import envelope, message  # noqa: E402
from test_vectors import Count  # noqa: E402

SEEDS = range(1, 6)


def emitted(program, page, seed):
    done = subprocess.run([program, page, str(seed)], check=True,
                          stdout=subprocess.PIPE, timeout=60)
    return json.loads(done.stdout)


def check_envelope(v):
    """Each letter is made again, opened, and its message read."""
    net = check_all.net_of(v)
    for c in v["letters"]:
        again = check_all.reseal(net, c)
        yield c["name"] + ": sealed", again.wire == h(c["wire"])
        yield c["name"] + ": id", again.id == h(c["id"])
        opened = envelope.Opened.__new__(envelope.Opened)
        opened.ck = h(c["ck"])
        opened._check(envelope.Envelope(net, h(c["wire"])))
        message.check_form(opened.message)
        message.check_against_core(
            opened.message, envelope.Envelope(net, h(c["wire"])).core)
        yield c["name"] + ": opened", (
            opened.text == h(c["message"]) and not opened.bad_slips)


def main():
    count = Count()
    for seed in SEEDS:
        for page, check in (("card", check_all.check_card),
                            ("envelope", check_envelope),
                            ("incident", check_all.check_incident)):
            count.run("%s, seed %d" % (page, seed),
                      check(emitted(sys.argv[1], page, seed)))
    sys.exit(count.finish())


if __name__ == "__main__":
    main()
