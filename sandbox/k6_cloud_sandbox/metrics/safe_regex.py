"""Regular expressions from a request, matched where they can do no harm."""

import json
import subprocess
import sys
from collections.abc import Iterable

from k6_cloud_sandbox.errors import InvalidRequest

_LONGEST = 1000
_SECONDS = 2
# A pattern may take for ever, and only a process can be ended. It compiles and matches in one of its own.
_MATCH = """
import json, re, sys
pattern, values = json.load(sys.stdin)
try:
    matches = re.compile(pattern).fullmatch
except (re.error, RecursionError, OverflowError) as error:
    sys.exit(f"{error}")
json.dump([value for value in values if matches(value)], sys.stdout)
"""


def matching(pattern: str, values: Iterable[str], target: str) -> set[str]:
    """Those of `values` that match as a whole. Raises InvalidRequest for a pattern that is wrong or takes too long."""
    if len(pattern) > _LONGEST:
        raise InvalidRequest.field(target, f"A regular expression is longer than {_LONGEST} characters.")
    command = [sys.executable, "-I", "-S", "-c", _MATCH]
    question = json.dumps([pattern, list(values)])
    try:
        done = subprocess.run(
            command, check=False, input=question, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise InvalidRequest.field(
            target,
            f"The regular expression {pattern!r} takes too long, so nothing was searched. Make it simpler.",
        ) from None
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["it cannot be used"]
        raise InvalidRequest.field(target, f"{pattern!r} is no regular expression: {reason[0]}.")
    return set(json.loads(done.stdout))
