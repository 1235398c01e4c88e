"""Calls of the Linux kernel for which the standard library has no function."""

import ctypes
import os
from collections.abc import Iterable
from functools import cache
from typing import Any

_NO_NEW_PRIVILEGES = 38


class Unconfined(Exception):
    """A command cannot be held to its terms, so it was not started; the message names the means that is missing."""


def call(what: str, number: int, *arguments: Any) -> int:
    """Make a system call by its number. Raises Unconfined that names `what` if it fails."""
    return _checked(what, ask(number, *arguments))


def call_for_each(what: str, number: int, first: int, second: int, items: Iterable[bytes]) -> None:
    """Make the same call for each of many items: `first`, `second`, the item, 0. Raises Unconfined as `call` does."""
    syscall = _library().syscall
    words = _word(number), _word(first), _word(second)
    nothing = _word(0)
    for item in items:
        _checked(what, syscall(*words, item, nothing))


def ask(number: int, *arguments: Any) -> int:
    """Make a system call that may fail: its answer, or -1."""
    return _library().syscall(_word(number), *map(_word, arguments))


def prctl(what: str, *arguments: Any) -> int:
    """Set an attribute of this thread. Raises Unconfined that names `what` if it fails."""
    words = [*arguments, *[0] * (5 - len(arguments))]
    return _checked(what, _library().prctl(*map(_word, words)))


def give_up_new_privileges() -> None:
    """Let no program that this thread starts gain rights by its owner: the kernel demands it of whoever confines itself."""
    prctl("no_new_privs", _NO_NEW_PRIVILEGES, 1)


def _word(argument: Any) -> Any:
    """A number as wide as the kernel reads it."""
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(what: str, answer: int) -> int:
    if answer < 0:
        raise Unconfined(f"{what}: {os.strerror(ctypes.get_errno())}")
    return answer
