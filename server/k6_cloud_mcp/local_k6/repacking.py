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
from k6_cloud.scripts.script import CHUNK, METADATA_MEMBER, Script

_IN_MEMORY = 1024 * 1024


def repacked(script: Script, limit: int) -> Script:
    """A copy of an archive without tokens, values of the environment and times. Raises ScriptError."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        with (
            tarfile.open(fileobj=script.file(), mode="r:") as source,
            tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as target,
        ):
            for info in source:
                _copy(script, source, target, info)
        file.seek(0)
        return Script.from_chunks(_pieces(file), limit)


def _copy(script: Script, source: tarfile.TarFile, target: tarfile.TarFile, info: tarfile.TarInfo) -> None:
    content = source.extractfile(info) if info.isreg() else None
    info.mtime = 0
    if info.name == METADATA_MEMBER:
        data = _metadata(script)
        info.size, content = len(data), io.BytesIO(data)
    target.addfile(info, content)


def _metadata(script: Script) -> bytes:
    metadata = redact_metadata(script.metadata())
    if options := script.options():
        metadata["options"] = without_tokens(options)
    return json.dumps(metadata, indent=2).encode()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece
