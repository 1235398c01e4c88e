"""The files in an archive, and the places of their bytes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.tar_headers import MAX_MEMBERS, Header, read_headers


@dataclass(frozen=True)
class Region:
    """The bytes of one file in an archive."""

    offset: int
    size: int


@dataclass(frozen=True)
class ArchiveIndex:
    """The regular files by path, and every region that stands in the archive, with its path.

    Of files with one path the last counts, as it does for k6. The hard link by which k6 repeats the entry script reads
    as that.
    """

    files: dict[str, Region]
    regions: tuple[tuple[str, Region], ...]

    def spelled(self, path: str) -> list[Region]:
        """All regions whose path stands for `path`, spelled as a careless tar writer might."""
        return [region for name, region in self.regions if name.removeprefix("./").lstrip("/") == path]


def index_of(file: IO[bytes], size: int, entry: str) -> ArchiveIndex:
    """The index of a tar file of `size` bytes with an `entry` script. Raises ScriptError for one that k6 would not write."""
    headers = [*read_headers(file, size)]
    if len(headers) > MAX_MEMBERS:
        raise ScriptError(f"The archive has more than {MAX_MEMBERS} members.")
    regions = [(one.path, Region(one.offset, one.size)) for one in headers if one.kind == "file"]
    files = dict(regions)
    links = [*_links(headers, entry)]
    if region := files.get(entry):
        files |= dict.fromkeys(links, region)
    return ArchiveIndex(files, tuple(regions))


def _links(headers: Iterable[Header], entry: str) -> Iterator[str]:
    """The paths of the links to the entry script. k6 writes no other link."""
    for header in headers:
        if header.kind != "link":
            continue
        if header.target != entry:
            raise ScriptError(
                "The archive cannot be read: it has a link to another file than its entry script. "
                "Make it with `k6 archive`."
            )
        yield header.path
