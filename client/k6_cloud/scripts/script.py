"""A test script: its bytes, what kind they are, and what stands in an archive.

Bytes are spooled: small scripts stay in memory, large ones go to a temporary file, so an archive of
many megabytes does not grow the process. Archives are read, never extracted.
"""

import hashlib
import tarfile
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Self

from pydantic import TypeAdapter, ValidationError

from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud.models import Json, ScriptKind

MIB = 1024 * 1024
DEFAULT_LIMIT = 64 * MIB
CHUNK = 256 * 1024
_SPOOL_LIMIT = MIB
_MEMBER_LIMIT = 10_000
_METADATA_LIMIT = MIB
_JSON = TypeAdapter(Json)
ANY_SCRIPT = "text/javascript, application/x-tar;q=0.9, */*;q=0.5"
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
        with self._tar() as tar:
            return [Member(path, info.size) for path, info in _files(tar).items()]

    def positions(self, path: str) -> list[tuple[int, int]]:
        """Where the bytes of every regular file of that path start, and how many they are."""
        with self._tar() as tar:
            infos = islice(tar, _MEMBER_LIMIT + 1)
            return [(info.offset_data, info.size) for info in infos if info.isreg() and _is(info.name, path)]

    def member(self, path: str, limit: int = DEFAULT_LIMIT) -> bytes:
        """One file of the archive, up to `limit` bytes. Raises ScriptError when there is none of that name."""
        with self._tar() as tar:
            info = _files(tar).get(path)
            if info and (file := tar.extractfile(info)):
                return file.read(limit)
        raise ScriptError(f"The archive has no member {path!r}.")

    def changed(self, other: Self) -> set[str]:
        """The paths of the files that both archives have and whose bytes differ."""
        with self._tar() as tar, other._tar() as other_tar:
            files, other_files = _files(tar), _files(other_tar)
            return {
                path
                for path in files.keys() & other_files.keys()
                if not _are_equal(_pieces(tar, files[path]), _pieces(other_tar, other_files[path]))
            }

    def metadata(self) -> Json:
        """The archive's metadata.json, secrets and all: redact it before it goes anywhere."""
        try:
            return as_object(self.member(METADATA_MEMBER, _METADATA_LIMIT))
        except ValidationError as error:
            raise ScriptError("The archive's metadata.json is not a JSON object.") from error

    def options(self) -> Json | None:
        """The options that stand in an archive; None for JavaScript, which has to be run to know them."""
        if self.kind != "archive":
            return None
        try:
            return _JSON.validate_python(self.metadata().get("options") or {})
        except ValidationError as error:
            raise ScriptError("The options in the archive's metadata.json are not a JSON object.") from error

    @contextmanager
    def _tar(self) -> Generator[tarfile.TarFile, None, None]:
        if self.kind != "archive":
            raise ScriptError("The script is JavaScript, not an archive: it has no members.")
        try:
            with tarfile.open(fileobj=self.file(), mode="r:") as tar:
                yield tar
        except (tarfile.TarError, OverflowError, ValueError) as error:
            # The latter two are how tarfile answers to absurd numbers in a header.
            raise ScriptError(f"The archive cannot be read: {error}.") from error


def as_object(data: bytes) -> Json:
    """A JSON object. Raises pydantic's ValidationError for anything else."""
    return _JSON.validate_json(data)


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
                "Make the archive smaller, or raise K6_MCP_MAX_SCRIPT_MIB."
            )
        if self._sha256 is None:
            self._hash.update(chunk)
        self._head = self._head[:512] if len(self._head) >= 512 else self._head + chunk[:512]
        self._file.write(chunk)

    def finish(self) -> tuple[int, str, ScriptKind, IO[bytes]]:
        return self._size, self._sha256 or self._hash.hexdigest(), kind_of(self._head), self._file


def _files(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The regular files by path, and the hard link by which k6 repeats the entry script.

    Of files with one path the last counts, as it does for k6. Anything else is skipped: no link is followed.
    """
    files: dict[str, tarfile.TarInfo] = {}
    entry_links: list[str] = []
    for count, info in enumerate(tar):
        if count >= _MEMBER_LIMIT:
            raise ScriptError(f"The archive has more than {_MEMBER_LIMIT} members.")
        if info.isreg() and info.size >= 0:
            files[info.name] = info
        elif info.islnk() and info.linkname == ENTRY_MEMBER:
            entry_links.append(info.name)
    if entry := files.get(ENTRY_MEMBER):
        files |= dict.fromkeys(entry_links, entry)
    return files


def _pieces(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(info)
    while file and (piece := file.read(CHUNK)):
        yield piece


def _are_equal(some: Iterator[bytes], others: Iterator[bytes]) -> bool:
    return all(one == other for one, other in zip_longest(some, others))


def _is(name: str, path: str) -> bool:
    """Whether a member's name stands for `path`, spelled as a careless tar writer might."""
    return name.removeprefix("./").lstrip("/") == path
