"""Small tar archives as k6 makes them."""

import io
import tarfile


def tar_of(members: dict[str, str]) -> bytes:
    """An archive of text files by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()
