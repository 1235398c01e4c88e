"""Who is measured: this server on both of its backends, the floor, and a generated server."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import anyio
import psutil
from session import Era, Session
from stdio import connected, running
from streamable import HttpWire

HERE = Path(__file__).parent
FASTMCP = "fastmcp==4.2.3"
OURS, SANDBOX, FLOOR, GENERATED, DIRECT = "k6-cloud-mcp", "with the sandbox", "floor", "fastmcp", "direct"


@dataclass(frozen=True)
class Peer:
    """A server: how to start it on stdio, what to add for HTTP (`{port}` is filled in), and its environment."""

    name: str
    command: Sequence[str]
    for_http: Sequence[str]
    env: Mapping[str, str]
    scratch: Path

    @property
    def is_ours(self) -> bool:
        """Whether it is this project's server."""
        return self.name in (OURS, SANDBOX)

    @asynccontextmanager
    async def on_stdio(self, era: Era) -> AsyncGenerator["Served", None]:
        """The server, greeted over stdio."""
        async with connected(self.command, self.environment, self._log) as wire:
            session = Session(wire.send, era)
            await session.open()
            yield Served(session, psutil.Process(wire.pid))

    @asynccontextmanager
    async def on_http(self, era: Era) -> AsyncGenerator["Served", None]:
        """The server, greeted over HTTP."""
        port = free_port()
        command = [*self.command, *(part.format(port=port) for part in self.for_http)]
        async with running(command, self.environment, self._log) as process:
            await listening(port)
            wire = HttpWire(port, era)
            session = Session(wire.send, era)
            await session.open()
            try:
                yield Served(session, psutil.Process(process.pid), port)
            finally:
                wire.close()
                process.terminate()

    @property
    def environment(self) -> dict[str, str]:
        """This process's, without what would configure our server by chance or keep bytecode from being written."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("K6_", "PYTHONDONT"))
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return {**kept, "PATH": path, "XDG_CONFIG_HOME": str(self.scratch / "config"), **self.env}

    @property
    def _log(self) -> Path:
        return self.scratch / f"{self.name.replace(' ', '-')}.log"


@dataclass(frozen=True)
class Served:
    """A running server; over HTTP, with its port."""

    session: Session
    process: psutil.Process
    port: int = 0

    def cpu_seconds(self) -> float:
        """The processor time it has used."""
        times = self.process.cpu_times()
        return times.user + times.system

    def megabytes(self) -> float:
        """The memory it holds."""
        return self.process.memory_info().rss / 1e6


def all_peers(upstream: str, scratch: Path, *, here: bool) -> list[Peer]:
    """Every server there is, each in an environment of its own below `scratch`, as a user would install it.

    With `here` nothing is installed: this environment serves for ours and the floor, and fastmcp is left out.
    """
    # One caller, the bench, makes more calls than a server would take from one caller.
    limits = {"K6_MCP_MAX_CALLS": "1000", "K6_MCP_MAX_CALLS_PER_MINUTE": "10000000"}
    cloud = {"K6_CLOUD_TOKEN": "bench", "K6_CLOUD_STACK_ID": "1", "K6_CLOUD_HOST_V6": upstream, **limits}
    sandbox = {"K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(scratch / "sandbox"), **limits}
    fake = {"BENCH_UPSTREAM": upstream}
    python = dict.fromkeys([OURS, FLOOR], sys.executable) if here else _installed(scratch)
    ours = [python[OURS], "-m", "k6_cloud_mcp"]
    over_http = ["serve", "--transport", "http", "--port", "{port}"]
    peers = [
        Peer(OURS, ours, over_http, cloud, scratch),
        Peer(SANDBOX, ours, over_http, sandbox, scratch),
        Peer(FLOOR, [python[FLOOR], str(HERE / "floor.py")], ["{port}"], fake, scratch),
    ]
    if GENERATED in python:
        command = [python[GENERATED], str(HERE / "generated.py")]
        peers.append(Peer(GENERATED, command, ["{port}"], fake, scratch))
    return peers


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def listening(port: int) -> None:
    """Wait until somebody listens on a port of loopback."""
    with anyio.fail_after(30):
        while True:
            try:
                await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
            except OSError:
                await anyio.sleep(0.05)
            else:
                return


def _installed(scratch: Path) -> dict[str, str]:
    """The interpreter of each peer's own environment."""
    bare = [f"{name}=={version(name)}" for name in ("mcp", "httpx")]
    packages = {OURS: [str(HERE.parent)], FLOOR: bare, GENERATED: [FASTMCP]}
    return {name: _environment(scratch / f"{name}-env", wanted) for name, wanted in packages.items()}


def _environment(folder: Path, packages: Sequence[str]) -> str:
    uv = shutil.which("uv")
    if uv is None:
        raise SystemExit(
            "uv is needed to install the peers: install it, or measure only what is here with --here."
        )
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    options = ["--quiet", "--compile-bytecode", "--refresh-package", "k6-cloud-mcp", "--python", python]
    subprocess.run([uv, "pip", "install", *options, *packages], check=True)
    return python
