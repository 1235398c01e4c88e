"""An archive written anew: without secrets, and with the same bytes whenever the files are the same.

k6 stamps an archive with the present time and the folders of this machine. A preview is bound to the script's SHA-256, so
bundling the same files again has to give the same archive, wherever they are.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import unquote

from k6_cloud.redaction import redact_metadata, without_tokens
from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import CHUNK, Script
from k6_cloud.scripts.tar_headers import Header, read_headers

_IN_MEMORY = 1024 * 1024
_TYPES = {"file": tarfile.REGTYPE, "link": tarfile.LNKTYPE, "directory": tarfile.DIRTYPE}
_MODES = {"file": 0o644, "link": 0, "directory": 0o755}


def repacked(script: Script, limit: int, folder: str | None = None) -> Script:
    """A copy of an archive without tokens, values of the environment and times. Raises ScriptError.

    `folder` is the path in the archive of the project's folder, which becomes the root, unless a file names it.
    """
    moved = None if folder is None or _is_named(script, folder) else _Move(folder)
    with SpooledTemporaryFile[bytes](max_size=_IN_MEMORY) as file:
        # Plain ustar, as k6 writes it, but for paths that are too long for it or not ASCII.
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as target:
            for header in read_headers(script.file(), script.size):
                path = moved.path(header.path) if moved else header.path
                if path is not None:
                    content = _content(script, header, moved)
                    target.addfile(_member(header, path, len(content)), io.BytesIO(content))
        file.seek(0)
        return Script.from_chunks(_pieces(file), limit)


class _Move:
    """Makes a folder in an archive its root."""

    def __init__(self, folder: str) -> None:
        self._folder = folder.rstrip("/")
        self._inside = f"file{self._folder}/"

    def path(self, path: str) -> str | None:
        """The new path of a member; None for a folder above the root."""
        if path.startswith(self._inside):
            return f"file/{path.removeprefix(self._inside)}"
        return None if path != "file" and self._inside.startswith(f"{path}/") else path

    def url(self, url: str) -> str:
        """The new address of a file or folder."""
        # Compared part by part: Go escapes other characters than Python.
        parts = url.removeprefix("file://").split("/")
        above = self._folder.count("/") + 1
        if unquote("/".join(parts[:above])) != self._folder:
            return url
        return f"file:///{'/'.join(parts[above:])}"


def _is_named(script: Script, folder: str) -> bool:
    """Whether a file of the archive names its folder: it would not find there what it looks for."""
    data = (script.member(one.path) for one in script.members() if one.path != METADATA_MEMBER)
    return any(folder.encode() in one for one in data)


def _content(script: Script, header: Header, moved: _Move | None) -> bytes:
    if header.kind == "file" and header.path == METADATA_MEMBER:
        return _metadata(script, moved)
    return script.read(header.offset, header.size)


def _member(header: Header, path: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode = _TYPES[header.kind], _MODES[header.kind]
    member.size, member.linkname = size, header.target
    return member


def _metadata(script: Script, moved: _Move | None) -> bytes:
    metadata = redact_metadata(script.metadata())
    if options := script.options():
        metadata["options"] = without_tokens(options)
    if moved is not None:
        metadata |= {name: moved.url(str(metadata.get(name, ""))) for name in ("filename", "pwd")}
    return json.dumps(metadata, indent=2).encode()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece
