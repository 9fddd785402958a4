#!/usr/bin/python3
"""Makes spec/vectors/*.json, the same bytes each time.

usage: make_vectors.py [directory]
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import vec_basic  # noqa: E402
import vec_channel  # noqa: E402
import vec_envelope  # noqa: E402
import vec_identity  # noqa: E402
import vec_incident  # noqa: E402
import vec_link  # noqa: E402
import vec_message  # noqa: E402
from world import hexed  # noqa: E402

VECTORS = os.path.join(HERE, "..", "..", "spec", "vectors")
MAKERS = {
    "encoding": vec_basic.make_encoding,
    "hashes": vec_basic.make_hashes,
    "file": vec_basic.make_file,
    "card": vec_identity.make_card,
    "directory": vec_identity.make_directory,
    "suspension": vec_identity.make_suspension,
    "seals": vec_identity.make_seals,
    "envelope": vec_envelope.make_envelope,
    "channel": vec_channel.make_channel,
    "incident": vec_incident.make_incident,
    "handshake": vec_link.make_handshake,
    "message": vec_message.make_message,
}


def text_of(name):
    """The JSON of one page's vectors, as it stands in the file."""
    return json.dumps(hexed(MAKERS[name]()), indent=1) + "\n"


def main():
    where = sys.argv[1] if len(sys.argv) > 1 else VECTORS
    os.makedirs(where, exist_ok=True)
    for name in MAKERS:
        with open(os.path.join(where, name + ".json"), "w",
                  encoding="ascii") as f:
            f.write(text_of(name))


if __name__ == "__main__":
    main()
