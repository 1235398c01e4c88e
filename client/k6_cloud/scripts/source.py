"""The forms in which a script can be given: as a Script, a path, bytes, or text."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.script import Script

Source = Script | Path | bytes | str


@contextmanager
def opened(source: Source, limit: int) -> Generator[Script, None, None]:
    """Open a script for sending and close it afterwards, unless it came as a Script.

    Raises ScriptError if it cannot be read, ScriptTooLarge if it is read here and over `limit` bytes.
    """
    if isinstance(source, Script):
        yield _usable(source)
        return
    with _read(source, limit) as script:
        yield script


def _read(source: Path | bytes | str, limit: int) -> Script:
    if isinstance(source, Path):
        return Script.from_path(source, limit)
    return Script.from_chunks([source if isinstance(source, bytes) else _encoded(source)], limit)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ScriptError(
            f"The script's text is not valid Unicode: {error.reason}. Nothing was sent."
        ) from error


def _usable(script: Script) -> Script:
    try:
        script.file()
    except ValueError as error:
        raise ScriptError(
            "The script is closed. Nothing was sent. Use it inside its `with` block."
        ) from error
    return script
