"""The members of a tar file, read from its headers.

`tarfile` reads whatever any tar ever wrote: some headers keep it busy for hours, and some it reads otherwise than k6
does, so that it shows one file and k6 runs another. This reads what k6 writes (ustar, with pax records for long and
non-ASCII paths) and what other tools write of the same content (GNU long names), and refuses the rest. It takes time
in proportion to the file's size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

from k6_cloud.errors import ScriptError

BLOCK = 512
MAX_MEMBERS = 10_000
# A path may be that long; other records are short.
_EXTENSION_LIMIT = 64 * 1024
_LENGTH_DIGITS = 5
_MAGIC = {b"ustar\x0000": True, b"ustar  \0": False}
_KINDS: dict[bytes, "Kind"] = {b"0": "file", b"\0": "file", b"1": "link", b"5": "directory"}
_PAX, _GNU_NAME, _GNU_LINK = b"x", b"L", b"K"
_CHECKSUM = slice(148, 156)
_ASCII = bytes(range(128))
# They would make a member another file, or a longer one, than its header says.
_MISLEADING = (b"size", b"hdrcharset", b"GNU.sparse.")

Kind = Literal["file", "directory", "link"]


@dataclass(frozen=True)
class Header:
    """A member: its path, where its bytes start and how many they are; `target` is the path that a link names."""

    path: str
    kind: Kind
    offset: int
    size: int
    target: str


def read_headers(file: IO[bytes], size: int) -> Iterator[Header]:
    """The members of a tar file of `size` bytes, in order. Raises ScriptError for what k6 would not write."""
    names: dict[str, bytes] = {}
    for count, (block, offset) in enumerate(_blocks(file, size)):
        if count >= 2 * MAX_MEMBERS:
            raise _unreadable(f"it has more than {MAX_MEMBERS} members")
        if block[156:157] in (_PAX, _GNU_NAME, _GNU_LINK):
            _add_names(names, block, file)
        else:
            yield _header(block, offset, names)
            names = {}
    if names:
        raise _unreadable("a name in it belongs to no member")


def _blocks(file: IO[bytes], size: int) -> Iterator[tuple[bytes, int]]:
    """Each header, and where the bytes after it start; `file` stands there while the header is looked at."""
    position = 0
    while position < size:
        file.seek(position)
        block = file.read(BLOCK)
        position += BLOCK
        if len(block) < BLOCK:
            raise _unreadable("it is cut off")
        if not any(block):
            return _require_end(file)
        _require_intact(block)
        length = _size(block)
        if length > size - position:
            raise _unreadable("a member is said to be larger than the archive")
        yield block, position
        position += -(-length // BLOCK) * BLOCK
    return None


def _require_end(file: IO[bytes]) -> None:
    """A second empty block ends a tar; some writers leave it out at the end of the file."""
    if any(file.read(BLOCK)):
        raise _unreadable("an empty block stands between its members")


def _require_intact(block: bytes) -> None:
    if block[257:265] not in _MAGIC or block[508:512] == b"tar\0":
        raise _unreadable("it is of another format than k6 writes (ustar)")
    blanked = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    unsigned = sum(blanked)
    # Some writers took bytes for signed numbers.
    signed = unsigned - 256 * len(blanked.translate(None, _ASCII))
    if _octal(block[_CHECKSUM]) not in (unsigned, signed):
        raise _unreadable("a header is damaged")


def _size(block: bytes) -> int:
    size = _octal(block[124:136])
    if size and _KINDS.get(block[156:157], "file") != "file":
        raise _unreadable("a link or a folder in it has content")
    return size


def _octal(field: bytes) -> int:
    """A number in octal digits, as k6 writes them. Others stand for sizes that no script has."""
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if not (digits.isdigit() and max(digits) < ord("8")):
        raise _unreadable("a header has an absurd number")
    return int(digits, 8)


def _header(block: bytes, offset: int, names: dict[str, bytes]) -> Header:
    kind = _KINDS.get(block[156:157])
    if kind is None:
        raise _unreadable(f"it has a member of a type that k6 does not write ({block[156:157]!r})")
    path = _text(names.get("path") or _short_path(block))
    target = _text(names.get("target") or _until_nul(block[157:257]))
    # Of old, a folder was a file whose name ends like this.
    is_folder = kind == "file" and block[156:157] == b"\0" and path.endswith("/")
    return Header(path, "directory" if is_folder else kind, offset, _size(block), target)


def _short_path(block: bytes) -> bytes:
    name, prefix = _until_nul(block[:100]), b""
    if _MAGIC[block[257:265]]:
        prefix = _until_nul(block[345:500])
    return prefix + b"/" + name if prefix else name


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise _unreadable("the path of a member is not UTF-8") from None


def _add_names(names: dict[str, bytes], block: bytes, file: IO[bytes]) -> None:
    """Read what a header says of the member after it: longer names than a header holds."""
    kind, size = block[156:157], _size(block)
    if size > _EXTENSION_LIMIT:
        raise _unreadable("the path of a member is too long")
    found = _pax_names(file.read(size)) if kind == _PAX else _gnu_name(kind, file.read(size))
    if names.keys() & found.keys():
        raise _unreadable("a member has several paths")
    names |= found


def _gnu_name(kind: bytes, data: bytes) -> dict[str, bytes]:
    return {"path" if kind == _GNU_NAME else "target": _until_nul(data)}


def _pax_names(data: bytes) -> dict[str, bytes]:
    records = dict(_pax_records(data))
    if any(key.startswith(_MISLEADING) for key in records):
        raise _unreadable("it has a member of a type that k6 does not write (sparse)")
    named = {"path": records.get(b"path"), "target": records.get(b"linkpath")}
    return {"pax": b"", **{name: value for name, value in named.items() if value}}


def _pax_records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records `LENGTH KEY=VALUE\\n`, of which the length counts all of it."""
    position = 0
    while position < len(data):
        digits = data[position : position + _LENGTH_DIGITS + 1].partition(b" ")[0]
        end = position + int(digits) if digits.isdigit() else 0
        key, equals, value = data[position + len(digits) + 1 : end].partition(b"=")
        if not equals or not value.endswith(b"\n") or end > len(data) or b"\0" in value:
            raise _unreadable("a record about a member is damaged")
        yield key, value[:-1]
        position = end


def _unreadable(why: str) -> ScriptError:
    return ScriptError(f"The archive cannot be read: {why}. Make it with `k6 archive`.")
