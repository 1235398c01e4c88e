"""A k6 process in confinement."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, Process

from k6_runner import confinement
from k6_runner.environment import minimal_environment
from k6_runner.limits import RunLimits

_SUPERVISOR = (sys.executable, "-I", "-S", confinement.__file__)


@asynccontextmanager
async def confined(
    command: Sequence[str],
    directory: Path,
    limits: RunLimits,
    *,
    settings: Mapping[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> AsyncGenerator[Process, None]:
    """Run `command` in `directory` under `limits`; leaving ends it and all it started, also on cancellation.

    `settings` are environment variables beside the minimal ones.
    """
    bounds = [str(limits.cpu_seconds), str(limits.output_bytes), str(limits.memory_bytes)]
    process = await started(
        [*_SUPERVISOR, *bounds, str(directory), *command],
        cwd=directory,
        env={**minimal_environment(directory), **(settings or {})},
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await kill(process)
            await process.wait()
            await process.aclose()


async def started(command: Sequence[str], **options: Any) -> Process:
    """Start a process, as `anyio.open_process`, but to the end: asyncio loses one whose start is cancelled."""
    process: Process | None = None
    with anyio.CancelScope(shield=True):
        process = await anyio.open_process(command, **options)
    assert process is not None
    return process


async def interrupt(process: Process) -> None:
    """Ask the command to stop; it may still run its teardown and write its summary."""
    if process.stdin:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await process.stdin.send(b".")


async def kill(process: Process) -> None:
    """End the command and all it started at once: the supervisor takes the end of its input for that order."""
    if process.stdin:
        await process.stdin.aclose()


def stream(pipe: ByteReceiveStream | None) -> ByteReceiveStream:
    """A pipe that was asked for, and so is there."""
    assert pipe is not None
    return pipe
