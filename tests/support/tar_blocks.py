"""Tar archives written byte by byte: what no tar writer would write."""

import io
import tarfile
from collections.abc import Iterable


def header(
    name: str = "data",
    size: bytes | int = 0,
    kind: bytes = tarfile.REGTYPE,
    link: str = "",
    magic: bytes = b"ustar\x0000",
    **fields: bytes,
) -> bytes:
    """A header with a right checksum, whatever else it says; `fields` are `_OFFSET=bytes`."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = size.ljust(12, b"\0") if isinstance(size, bytes) else b"%011o\0" % size
    block[257:265] = magic
    for offset, data in fields.items():
        block[int(offset[1:]) : int(offset[1:]) + len(data)] = data
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(
    name: str = "data", content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", **more: bytes
) -> bytes:
    """A header and its content in blocks of 512 bytes."""
    return header(name, len(content), kind, link, **more) + content + b"\0" * (-len(content) % 512)


def pax(*records: tuple[str, str], kind: bytes = b"x") -> bytes:
    """A header that says more of the member after it."""
    return member("pax", b"".join(_record(key, value) for key, value in records), kind)


def _record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def tar(*members: bytes) -> bytes:
    """An archive of some members."""
    return b"".join(members) + b"\0" * 1024


def written(files: Iterable[tuple[str, bytes]], format_of_tar: int) -> bytes:
    """An archive as Python's own writer makes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_of_tar) as target:
        for path, content in files:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
