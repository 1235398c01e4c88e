"""A k6 process in confinement."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, Process

from k6_runner.confinement.supervisor import NOT_CONFINED
from k6_runner.confinement.system_files import (
    BROWSER_ARGUMENTS,
    BROWSER_FILES,
    BROWSER_PROGRAMS,
    NETWORK_FILES,
    is_script,
    program_files,
)
from k6_runner.confinement.terms import NO_NETWORK, Network, Terms
from k6_runner.environment import minimal_environment
from k6_runner.limits import RunLimits, setting
from k6_runner.log import Log

_SUPERVISOR = (sys.executable, "-S", "-P", "-m", "k6_runner.confinement")
_SOURCE_ROOT = Path(__file__).parents[1]


class NotConfined(Exception):
    """This machine cannot confine a script, so none of its code was run; the message says how to go on."""


@dataclass(frozen=True)
class Access:
    """The things outside of its own directory that a command may use: files to read, and sockets. Nothing by default.

    `browser` adds a browser's programs and files, and the sockets by which k6 drives it.
    """

    files: Sequence[str] = ()
    network: Network = NO_NETWORK
    browser: bool = False


NO_ACCESS = Access()


@asynccontextmanager
async def confined(
    command: Sequence[str],
    directory: Path,
    limits: RunLimits,
    access: Access = NO_ACCESS,
    *,
    settings: Mapping[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> AsyncGenerator[Process, None]:
    """Run `command` in `directory` under `limits`; leaving ends it and all it started, also on cancellation.

    `settings` are environment variables beside the minimal ones.
    """
    terms = _terms(command[0], directory, limits, access)
    environment = {**minimal_environment(directory), **(settings or {}), "PYTHONPATH": str(_SOURCE_ROOT)}
    if access.browser:
        environment["K6_BROWSER_ARGS"] = BROWSER_ARGUMENTS
    process = await started(
        [*_SUPERVISOR, *command],
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        await _tell(process, terms)
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await kill(process)
            await process.wait()
            await process.aclose()


async def _tell(process: Process, terms: Terms) -> None:
    """Send the terms, as a line of any length, unlike an argument."""
    assert process.stdin is not None
    with suppress(anyio.BrokenResourceError):
        await process.stdin.send(f"{terms.to_json()}\n".encode())


def require_confined(exit_code: int, log: Log) -> None:
    """Raise NotConfined if that is how a command ended."""
    if exit_code == NOT_CONFINED:
        raise NotConfined(not_confined_message(log.plain[0] if log.plain else "the confinement failed"))


def not_confined_message(reason: str) -> str:
    """The refusal to run foreign code, with all ways to go on."""
    return (
        f"{reason.rstrip('.')}, so the script's code was not run. Use a system that can confine it (Linux from 5.13 on, or "
        f"macOS), or an archive that `k6 archive` made elsewhere. {setting('allow_unconfined')}=1 runs scripts without "
        "confinement: they can then read your files and send them anywhere. To do without k6, set K6_PATH to a file "
        "that does not exist."
    )


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


def _terms(program: str, directory: Path, limits: RunLimits, access: Access) -> Terms:
    if is_script(program):
        raise NotConfined(
            f"{program} is a script that starts k6, and only k6 itself can be confined, so no code was run. Set K6_PATH to "
            "the k6 program."
        )
    readable, executable = program_files(program)
    network, browser = access.network, access.browser
    return Terms(
        str(directory),
        [*readable, *NETWORK_FILES * network.internet, *BROWSER_FILES * browser, *access.files],
        [*executable, *BROWSER_PROGRAMS * browser],
        network._replace(local=True, listen=True) if browser else network,
        limits.cpu_seconds,
        limits.memory_bytes,
        limits.output_bytes,
        limits.directory_bytes,
        limits.allow_unconfined,
        limits.pretended,
    )
