"""The private directory of one run, with the script in it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from k6_cloud.scripts.script import Script

SCRIPT_NAMES = {"javascript": "script.js", "archive": "archive.tar"}


@asynccontextmanager
async def workspace(script: Script) -> AsyncGenerator[Path, None]:
    """A directory only this user can enter, holding `script` under its SCRIPT_NAMES name; removed at the end."""
    with TemporaryDirectory(prefix=f"k6-run-{os.getpid()}-", ignore_cleanup_errors=True) as name:
        directory = Path(name).resolve()
        async with await anyio.open_file(directory / SCRIPT_NAMES[script.kind], "wb") as file:
            async for chunk in script.chunks():
                await file.write(chunk)
        yield directory
