"""An archive written anew: without secrets, and with the same bytes whenever the files are the same.

k6 stamps an archive with the present time. A preview is bound to the script's SHA-256, so bundling the same files again
has to give the same archive.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from k6_cloud.redaction import redact_metadata, without_tokens
from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import CHUNK, Script
from k6_cloud.scripts.tar_headers import Header, read_headers

_IN_MEMORY = 1024 * 1024
_TYPES = {"file": tarfile.REGTYPE, "link": tarfile.LNKTYPE, "directory": tarfile.DIRTYPE}
_MODES = {"file": 0o644, "link": 0, "directory": 0o755}


def repacked(script: Script, limit: int) -> Script:
    """A copy of an archive without tokens, values of the environment and times. Raises ScriptError."""
    with SpooledTemporaryFile[bytes](max_size=_IN_MEMORY) as file:
        # Plain ustar, as k6 writes it, but for paths that are too long for it or not ASCII.
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as target:
            for header in read_headers(script.file(), script.size):
                content = _content(script, header)
                target.addfile(_member(header, len(content)), io.BytesIO(content))
        file.seek(0)
        return Script.from_chunks(_pieces(file), limit)


def _content(script: Script, header: Header) -> bytes:
    if header.kind == "file" and header.path == METADATA_MEMBER:
        return _metadata(script)
    return script.read(header.offset, header.size)


def _member(header: Header, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(header.path)
    member.type, member.mode = _TYPES[header.kind], _MODES[header.kind]
    member.size, member.linkname = size, header.target
    return member


def _metadata(script: Script) -> bytes:
    metadata = redact_metadata(script.metadata())
    if options := script.options():
        metadata["options"] = without_tokens(options)
    return json.dumps(metadata, indent=2).encode()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece
