"""A test script: its bytes, what kind they are, and what stands in an archive.

Bytes are spooled: small scripts stay in memory, large ones go to a temporary file, so an archive of
many megabytes does not grow the process. Archives are read, never extracted.
"""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from pydantic import TypeAdapter, ValidationError

from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud.models import Json, ScriptKind
from k6_cloud.scripts.archive_index import ArchiveIndex, Region, index_of
from k6_cloud.scripts.metadata import METADATA_LIMIT, METADATA_MEMBER, read_metadata

MIB = 1024 * 1024
DEFAULT_LIMIT = 64 * MIB
CHUNK = 256 * 1024
_SPOOL_LIMIT = MIB
_JSON = TypeAdapter(Json)
ANY_SCRIPT = "text/javascript, application/x-tar;q=0.9, */*;q=0.5"
ENTRY_MEMBER = "data"


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
    def from_chunks(
        cls, chunks: Iterable[bytes], limit: int = DEFAULT_LIMIT, sha256: str | None = None
    ) -> Self:
        """Spool `chunks`, whose hash is worked out unless it is known. Raises ScriptTooLarge past `limit` bytes."""
        with _Spool(limit, sha256) as spool:
            for chunk in chunks:
                spool.add(chunk)
            return cls(*spool.finish())

    @classmethod
    async def from_stream(cls, chunks: AsyncIterable[bytes], limit: int = DEFAULT_LIMIT) -> Self:
        """Spool `chunks` as they arrive. Raises ScriptTooLarge past `limit` bytes."""
        with _Spool(limit) as spool:
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

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, or to the last one, in pieces."""
        stop = self.size if end is None else end
        for offset in range(start, stop, CHUNK):
            yield self.read(offset, min(CHUNK, stop - offset))

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in pieces, from the start; can be called again for a retry."""
        for piece in self.pieces():
            yield piece

    def members(self) -> list[Member]:
        """The files of the archive. Raises ScriptError when it is not a readable archive."""
        return [Member(path, region.size) for path, region in self._index.files.items()]

    def positions(self, path: str) -> list[tuple[int, int]]:
        """Return the offset and the size of every regular file with that path."""
        return [(region.offset, region.size) for region in self._index.spelled(path)]

    def member(self, path: str, limit: int = DEFAULT_LIMIT) -> bytes:
        """One file of the archive, up to `limit` bytes. Raises ScriptError when there is none of that name."""
        region = self._index.files.get(path)
        if region is None:
            raise ScriptError(f"The archive has no member {path!r}.")
        return self.read(region.offset, min(region.size, limit))

    def changed(self, other: Self) -> set[str]:
        """The paths of the files that both archives have and whose bytes differ."""
        files, other_files = self._index.files, other._index.files
        return {
            path
            for path in files.keys() & other_files.keys()
            if files[path].size != other_files[path].size
            or not _are_equal(self._member_pieces(files[path]), other._member_pieces(other_files[path]))
        }

    def metadata(self) -> Json:
        """The archive's metadata.json, secrets and all: redact it before it goes anywhere."""
        return read_metadata(self.member(METADATA_MEMBER, METADATA_LIMIT))

    def options(self) -> Json | None:
        """The options that stand in an archive; None for JavaScript, which has to be run to know them."""
        if self.kind != "archive":
            return None
        try:
            return _JSON.validate_python(self.metadata().get("options") or {})
        except ValidationError as error:
            raise ScriptError("The options in the archive's metadata.json are not a JSON object.") from error

    @cached_property
    def _index(self) -> ArchiveIndex:
        if self.kind != "archive":
            raise ScriptError("The script is JavaScript, not an archive: it has no members.")
        return index_of(self._file, self.size, ENTRY_MEMBER)

    def _member_pieces(self, region: Region) -> Iterator[bytes]:
        return self.pieces(region.offset, region.offset + region.size)


def decode(data: bytes) -> str:
    """UTF-8 text. Raises ScriptError for anything else."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ScriptError("The script is neither UTF-8 text nor a k6 archive (.tar).") from error


class _Spool:
    """Bytes on their way into a Script: counted, hashed, and held to a limit."""

    def __init__(self, limit: int, sha256: str | None = None) -> None:
        self._limit = limit
        self._size = 0
        self._sha256 = sha256
        self._hash = hashlib.sha256()
        self._head = b""
        self._file = SpooledTemporaryFile(max_size=_SPOOL_LIMIT)  # noqa: SIM115 - closed by Script

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure:
            self._file.close()

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise ScriptTooLarge(
                f"The script is larger than the limit of {self._limit / MIB:g} MiB. Nothing was changed. "
                "Make the archive smaller, or raise the limit."
            )
        if self._sha256 is None:
            self._hash.update(chunk)
        self._head = self._head[:512] if len(self._head) >= 512 else self._head + chunk[:512]
        self._file.write(chunk)

    def finish(self) -> tuple[int, str, ScriptKind, IO[bytes]]:
        return self._size, self._sha256 or self._hash.hexdigest(), kind_of(self._head), self._file


def _are_equal(some: Iterator[bytes], others: Iterator[bytes]) -> bool:
    return all(one == other for one, other in zip_longest(some, others))
