"""k6 archives without their secrets.

Only metadata.json holds any, and what replaces it has the same size, so the rest of the archive stays
byte for byte as it was and k6 can still run it.
"""

import json
import posixpath
from collections.abc import Iterator

from k6_cloud.errors import ScriptError
from k6_cloud.redaction import redact_metadata
from k6_cloud.scripts.metadata import METADATA_LIMIT, METADATA_MEMBER, read_metadata
from k6_cloud.scripts.script import ENTRY_MEMBER, Script

Patch = tuple[int, bytes]


def clean_chunks(script: Script) -> Iterator[bytes]:
    """The bytes of a script in pieces, an archive's with its stored tokens and `-e` values taken out.

    Raises ScriptError when an archive cannot be read, or holds secrets that cannot be taken out in place.
    """
    patches = secret_patches(script)
    position = 0
    for offset, replacement in patches:
        yield from script.pieces(position, offset)
        yield replacement
        position = offset + len(replacement)
    yield from script.pieces(position)


def text_bytes(script: Script, path: str | None) -> bytes:
    """The UTF-8 bytes of a script or of one member of an archive; metadata.json comes redacted.

    Raises ScriptError where there is no such member or it is not text.
    """
    if script.kind == "javascript" and path is None:
        data = script.read()
    elif path and _is_metadata(path):
        data = json.dumps(redact_metadata(script.metadata()), indent=2).encode()
    else:
        data = script.member(path or ENTRY_MEMBER)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path or 'The script'} is not UTF-8 text, so it cannot be shown.") from error
    return data


def secret_patches(script: Script) -> list[Patch]:
    """Find an archive's secrets: each offset and the bytes to put there, in order; empty if there are none."""
    if script.kind == "javascript":
        return []
    places = script.positions(METADATA_MEMBER)
    return [patch for offset, size in places if (patch := _patch(script, offset, size))]


def _is_metadata(path: str) -> bool:
    """Whether a path, however it is spelled, names the member that holds secrets."""
    return posixpath.normpath(f"/{path.lstrip('/')}") == f"/{METADATA_MEMBER}"


def _patch(script: Script, offset: int, size: int) -> Patch | None:
    if size > METADATA_LIMIT:
        raise ScriptError(f"The archive's {METADATA_MEMBER} is larger than 1 MiB. Nothing was kept.")
    metadata = read_metadata(script.read(offset, size))
    clean = redact_metadata(metadata)
    if clean == metadata:
        return None
    data = json.dumps(clean, separators=(",", ":"), ensure_ascii=False).encode()
    if len(data) > size:
        raise ScriptError("The archive stores secrets that cannot be taken out of it. Nothing was kept.")
    return offset, data.ljust(size)
