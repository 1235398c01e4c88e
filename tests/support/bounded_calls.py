"""Functions that tests let a worker call: it finds them by name, so they live in a module of their own."""

import os
import re
import signal
import time

from k6_cloud.errors import ScriptError


def process_id() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def match_catastrophically() -> bool:
    """Keep a pattern busy for hours, holding the interpreter's lock."""
    return bool(re.match(r"(a*)*b", "a" * 200))


def count_for_ever() -> None:
    while True:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def grow(mib: int) -> int:
    """Take that much memory and touch it."""
    return len(bytearray(mib * 1024 * 1024).replace(b"\0", b"1", 1))


def recurse() -> None:
    recurse()


def fail() -> None:
    raise ScriptError("no such member")


class Stubborn(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def fail_stubbornly() -> None:
    raise Stubborn("cannot be ", "packed")


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(7)


def chatter() -> str:
    print("a library that prints")  # noqa: T201
    return "done"
