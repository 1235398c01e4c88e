"""The supervisor as a program: `python -S -P -m k6_runner.confinement TERMS command...`."""

import sys

from k6_runner.confinement.supervisor import supervise
from k6_runner.confinement.terms import Terms

if __name__ == "__main__":
    sys.exit(supervise(Terms.from_json(sys.argv[1]), sys.argv[2:]))
