"""A test script: its bytes, what kind they are, and what stands in an archive.

Bytes are spooled: small scripts stay in memory, large ones go to a temporary file, so an archive of
many megabytes does not grow the process. Archives are read, never extracted.
"""

import hashlib
import json
import tarfile
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud.models import Json, ScriptKind

MIB = 1024 * 1024
DEFAULT_LIMIT = 64 * MIB
CHUNK = 64 * 1024
_SPOOL_LIMIT = MIB
_MEMBER_LIMIT = 10_000
_METADATA_LIMIT = MIB
ENTRY_MEMBER = "data"
METADATA_MEMBER = "metadata.json"


def kind_of(head: bytes) -> ScriptKind:
    """Tell a k6 archive (ustar) from JavaScript by the first 512 bytes."""
    return "archive" if len(head) >= 512 and head[257:262] == b"ustar" else "javascript"


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, eq=False)
class Script:
    """A script at rest. Use it as a context manager: leaving frees its temporary file."""

    size: int
    sha256: str
    kind: ScriptKind
    _file: IO[bytes]

    @classmethod
    def from_chunks(cls, chunks: Iterable[bytes], limit: int = DEFAULT_LIMIT) -> Self:
        """Spool `chunks`. Raises ScriptTooLarge past `limit` bytes."""
        spool = _Spool(limit)
        for chunk in chunks:
            spool.add(chunk)
        return cls(*spool.finish())

    @classmethod
    async def from_stream(cls, chunks: AsyncIterable[bytes], limit: int = DEFAULT_LIMIT) -> Self:
        """Spool `chunks` as they arrive. Raises ScriptTooLarge past `limit` bytes."""
        spool = _Spool(limit)
        async for chunk in chunks:
            spool.add(chunk)
        return cls(*spool.finish())

    @classmethod
    def from_path(cls, path: Path, limit: int = DEFAULT_LIMIT) -> Self:
        """Read a file. Raises ScriptError when it cannot be read, ScriptTooLarge past `limit` bytes."""
        try:
            with path.open("rb") as file:
                return cls.from_chunks(iter(lambda: file.read(CHUNK), b""), limit)
        except OSError as error:
            raise ScriptError(f"Cannot read {path}: {error.strerror}. Nothing was sent.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, offset: int = 0, length: int = -1) -> bytes:
        """Bytes from `offset`, all of the rest by default."""
        self._file.seek(offset)
        return self._file.read(length)

    def text(self) -> str:
        """The JavaScript source. Raises ScriptError for an archive and for bytes that are not UTF-8."""
        if self.kind == "archive":
            raise ScriptError("The script is an archive: read its members instead.")
        return decode(self.read())

    def file(self) -> IO[bytes]:
        """The bytes as a file, at its start; it stays owned by the script."""
        self._file.seek(0)
        return self._file

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in pieces, from the start; can be called again for a retry."""
        for offset in range(0, self.size, CHUNK):
            yield self.read(offset, CHUNK)

    def members(self) -> list[Member]:
        """The files of the archive. Raises ScriptError when it is not a readable archive."""
        with self._tar() as tar:
            return [Member(info.name, info.size) for info in _files(tar)]

    def member(self, path: str, limit: int = DEFAULT_LIMIT) -> bytes:
        """One file of the archive, up to `limit` bytes. Raises ScriptError when there is none of that name."""
        with self._tar() as tar:
            for info in _files(tar):
                if info.name == path and (file := tar.extractfile(info)):
                    return file.read(limit)
        raise ScriptError(f"The archive has no member {path!r}.")

    def metadata(self) -> Json:
        """The archive's metadata.json, secrets and all: redact it before it goes anywhere."""
        try:
            return json.loads(self.member(METADATA_MEMBER, _METADATA_LIMIT))
        except ValueError as error:
            raise ScriptError("The archive's metadata.json is not valid JSON.") from error

    def options(self) -> Json | None:
        """The options that stand in an archive; None for JavaScript, which has to be run to know them."""
        return self.metadata().get("options") if self.kind == "archive" else None

    @contextmanager
    def _tar(self) -> Generator[tarfile.TarFile, None, None]:
        if self.kind != "archive":
            raise ScriptError("The script is JavaScript, not an archive: it has no members.")
        try:
            with tarfile.open(fileobj=self.file(), mode="r:") as tar:
                yield tar
        except tarfile.TarError as error:
            raise ScriptError(f"The archive cannot be read: {error}.") from error


def decode(data: bytes) -> str:
    """UTF-8 text. Raises ScriptError for anything else."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ScriptError("The script is neither UTF-8 text nor a k6 archive (.tar).") from error


class _Spool:
    """Bytes on their way into a Script: counted, hashed, and held to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._hash = hashlib.sha256()
        self._head = b""
        self._file = SpooledTemporaryFile(max_size=_SPOOL_LIMIT)  # noqa: SIM115 - closed by Script

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            self._file.close()
            raise ScriptTooLarge(
                f"The script is larger than the limit of {self._limit / MIB:g} MiB. Nothing was changed. "
                "Make the archive smaller, or raise K6_MCP_MAX_SCRIPT_MIB."
            )
        self._hash.update(chunk)
        self._head = self._head[:512] if len(self._head) >= 512 else self._head + chunk[:512]
        self._file.write(chunk)

    def finish(self) -> tuple[int, str, ScriptKind, IO[bytes]]:
        return self._size, self._hash.hexdigest(), kind_of(self._head), self._file


def _files(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The regular files, and the hard link by which k6 repeats the entry script; anything else is skipped."""
    for count, info in enumerate(tar):
        if count >= _MEMBER_LIMIT:
            raise ScriptError(f"The archive has more than {_MEMBER_LIMIT} members.")
        if info.isreg() or (info.islnk() and info.linkname == ENTRY_MEMBER):
            yield info
