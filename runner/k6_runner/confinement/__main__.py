"""The supervisor as a program: `python -S -P -m k6_runner.confinement command...`."""

import os
import sys

from k6_runner.confinement.supervisor import supervise
from k6_runner.confinement.terms import Terms


def _first_line() -> str:
    """The terms. Not a byte more is read: the rest of the input is for the supervisor."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


if __name__ == "__main__":
    if terms := _first_line():
        sys.exit(supervise(Terms.from_json(terms), sys.argv[1:]))
