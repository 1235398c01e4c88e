"""Small tar archives as k6 makes them."""

import io
import tarfile
from collections.abc import Mapping


def tar_of(files: Mapping[str, str | bytes], *more: tuple[str, str | bytes]) -> bytes:
    """An archive of files by path, and of more whose paths may be there already."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, given in (*files.items(), *more):
            content = given.encode() if isinstance(given, str) else given
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
