"""A k6 archive of one script: k6 then uses the options that are written in it, and opens what is in it."""

import io
import json
import tarfile
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import CHUNK, ENTRY_MEMBER, Script
from k6_runner.limits import MIB


def archive_of(name: str, source: IO[bytes], options: Any) -> Script:
    """A k6 archive of a script and its options. The caller closes it."""
    metadata = {"type": "js", "filename": f"file:///{name}", "pwd": "file:///", "k6version": "1.0.0"}
    with SpooledTemporaryFile[bytes](max_size=MIB) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            _add(tar, METADATA_MEMBER, io.BytesIO(json.dumps({**metadata, "options": options}).encode()))
            _add(tar, ENTRY_MEMBER, source)
            _link(tar, f"file/{name}", ENTRY_MEMBER)
        size = file.tell()
        file.seek(0)
        return Script.from_chunks(iter(lambda: file.read(CHUNK), b""), size)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    tar.addfile(member, content)


def _link(tar: tarfile.TarFile, name: str, to: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.LNKTYPE, to
    tar.addfile(member)
