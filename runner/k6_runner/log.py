"""k6's log, read while it is written and reduced to what a result needs.

A script can log without end, so nothing is kept but counts and the first few messages.
"""

import json
from typing import Any

_LINE_LIMIT = 64 * 1024
_KEPT = 5
# An address by k6, a port and a datagram (which a name's address is asked for with) by the kernel.
_REFUSALS = (b"is in a blacklisted range", b"connect: permission denied", b"socket: permission denied")


class Log:
    """The log of k6, in JSON lines (`--log-format json`).

    `errors` and `warnings` are k6's own, `thrown` counts the iterations that threw and `first_thrown` says what,
    `refused` counts the requests to addresses that are not allowed, `plain` is what is not JSON (a crash).
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.plain: list[str] = []
        self.thrown = 0
        self.first_thrown = ""
        self.refused = 0
        self._rest = b""

    @property
    def complaints(self) -> list[str]:
        """The reasons why k6 gave up, the most telling ones: k6 2 logs an exception in init code as one of an iteration."""
        return self.errors or list(filter(None, [self.first_thrown])) or self.plain

    def feed(self, chunk: bytes) -> None:
        """Take in a piece of the log, of any size and cut anywhere."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:_LINE_LIMIT]
        for line in lines:
            self._add(line)

    def says(self, words: str) -> bool:
        """Whether one of k6's own errors contains `words`."""
        return any(words in error for error in self.errors)

    def _add(self, line: bytes) -> None:
        # Most lines of a noisy script are not errors: they are not worth parsing.
        self.refused += any(words in line for words in _REFUSALS)
        if not line.startswith(b"{"):
            _keep(self.plain, line.decode(errors="replace").strip())
        elif b'"level":"error"' in line:
            self._add_error(line)
        elif b'"level":"warning"' in line:
            self._add_warning(line)

    def _add_warning(self, line: bytes) -> None:
        entry = _entry(line)
        if entry.get("source") is None:
            _keep(self.warnings, _message(entry))

    def _add_error(self, line: bytes) -> None:
        entry = _entry(line)
        message = _message(entry)
        if entry.get("source") == "stacktrace":
            self.thrown += 1
            self.first_thrown = self.first_thrown or message
        elif entry.get("source") != "console":
            _keep(self.errors, message)


def _entry(line: bytes) -> dict[str, Any]:
    try:
        return json.loads(line)
    except ValueError:
        return {}


def _message(entry: dict[str, Any]) -> str:
    return ": ".join(str(entry[key]) for key in ("msg", "error") if entry.get(key))


def _keep(messages: list[str], message: str) -> None:
    if message and len(messages) < _KEPT:
        messages.append(message)
