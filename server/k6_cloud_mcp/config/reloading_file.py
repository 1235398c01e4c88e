"""A file that is read again when it changes; a broken one leaves what was read last in force."""

import logging
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from k6_cloud_mcp.config.policy_rules import problems

T = TypeVar("T")
Document = TypeVar("Document", bound=BaseModel)
Signature = tuple[int, int, int]
logger = logging.getLogger(__name__)
# Two changes within one tick of the file system's clock look alike; a file this young is read again.
_YOUNG_NS = 100_000_000


class BrokenFile(Exception):
    """A file that cannot be used; the message says which and why, and quotes no secret."""


def parsed(model: type[Document], text: str) -> Document:
    """A TOML document as a model. Raises BrokenFile."""
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BrokenFile(f"not TOML: {error}.") from error
    except ValidationError as error:
        raise BrokenFile(f"{problems(error)}.") from error


class Watched(Generic[T]):
    """The parsed content of the file at `path`, as it is now.

    Raises BrokenFile when it cannot be read at first. Later `problem` says so, and the last good one holds.
    """

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        self._path = path
        self._parse = parse
        self.problem: str | None = None
        self._seen = self._signature()
        self._value = self._read()

    def current(self) -> T:
        """Return the content of the file now, or when it was last valid."""
        signature = self._signature()
        if signature is None or signature != self._seen:
            self._renew(signature)
        return self._value

    def is_broken(self) -> bool:
        """Whether it cannot be used as it is now, so that what it said before holds."""
        self.current()
        return self.problem is not None

    def _renew(self, signature: Signature | None) -> None:
        self._seen = signature
        try:
            self._value = self._read()
        except BrokenFile as error:
            self._complain(str(error))
            return
        if self.problem:
            logger.info("%s can be used again", self._path)
        self.problem = None

    def _complain(self, problem: str) -> None:
        if problem != self.problem:
            logger.error("%s What it said before stays in force.", problem)
        self.problem = problem

    def _read(self) -> T:
        try:
            return self._parse(self._path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise BrokenFile(f"{self._path} cannot be read: {reason}.") from error
        except BrokenFile as error:
            raise BrokenFile(f"{self._path}: {error}") from error

    def _signature(self) -> Signature | None:
        """Return a mark that changes with the file; None if it cannot be read."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        if time.time_ns() - status.st_mtime_ns < _YOUNG_NS:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size
