"""The end of a command whose output nobody reads any more, as in `k6-cloud-mcp doctor | head -1`."""

import os
import sys
from collections.abc import Callable

Outcome = str | int | None
# As for a program that SIGPIPE ended.
_EXIT_CODE = 141


def quiet_on_broken_pipe(run: Callable[[], Outcome]) -> Outcome:
    """The exit code of `run`, which may also exit; 141 if nobody reads what it prints."""
    try:
        outcome = _outcome(run)
        if not sys.stdout.closed:
            sys.stdout.flush()
    except* BrokenPipeError:
        # Python flushes at its end as well, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome = _EXIT_CODE
    return outcome


def _outcome(run: Callable[[], Outcome]) -> Outcome:
    try:
        return run()
    except SystemExit as ended:
        return ended.code
