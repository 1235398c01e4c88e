"""Replicas of the server as real processes before one API, and HAProxy before them as in `deploy/`."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from support.loopback import free_port, listening

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_sandbox.sandbox import STACK_ID, open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
DEPLOY = Path(__file__).parent.parent.parent / "deploy"
_KEY = "a key of more than thirty-two characters"


@dataclass
class Upstream:
    """The sandbox's API over HTTP. It counts what it did; `fault` is a status to answer instead."""

    app: ASGIApp
    address: str = ""
    fault: int | None = None
    delay: float = 0.0
    deleted: Counter[str] = field(default_factory=Counter[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await anyio.sleep(self.delay)
        if self.fault:
            await JSONResponse({"error": {"code": "fault", "message": "Fault."}}, self.fault)(
                scope, receive, send
            )
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and (scope["method"], message["status"]) == (
                "DELETE",
                204,
            ):
                self.deleted[scope["path"]] += 1
            await send(message)

        await self.app(scope, receive, counted)


@asynccontextmanager
async def open_upstream() -> AsyncGenerator[Upstream, None]:
    """An API of its own, in this process."""
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox:
        upstream = Upstream(sandbox.app)
        async with listening(upstream) as upstream.address:
            yield upstream


@dataclass
class Replica:
    """One server process."""

    port: int
    environment: dict[str, str]
    log: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process."""
        command = [
            sys.executable,
            "-m",
            "k6_cloud_mcp",
            "serve",
            "--transport",
            "http",
            "--port",
            str(self.port),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self.arguments], env=self.environment, stderr=log)

    async def ready(self) -> None:
        """Wait until it takes calls."""
        async with httpx.AsyncClient() as http:
            with anyio.fail_after(60):
                while not await self._answers(http):
                    await anyio.sleep(0.05)

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return (await http.get(f"{self.address}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await anyio.to_thread.run_sync(self.process.wait)


def cloud(address: str, **settings: Any) -> Settings:
    """Settings of the cloud backend at `address`."""
    given: dict[str, Any] = {
        "token": SecretStr("a-token-of-the-test"),
        "stack_id": STACK_ID,
        "base_url": address,
    }
    return Settings(**given | settings)


def replica(address: str, folder: Path, *arguments: str, **environment: str) -> Replica:
    """A server of the cloud backend at `address`, with its state in `folder`; not started."""
    folder.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("K6_")}
    env |= {
        "K6_CLOUD_HOST_V6": address,
        "K6_CLOUD_TOKEN": "a-token-of-the-test",
        "K6_CLOUD_STACK_ID": str(STACK_ID),
        "K6_MCP_SHARED_KEY": _KEY,
        "K6_MCP_STATE_DIR": str(folder),
        "K6_MCP_DRAIN_SECONDS": "1",
    }
    return Replica(free_port(), env | environment, folder / "server.log", arguments)


@asynccontextmanager
async def running(*replicas: Replica) -> AsyncGenerator[None, None]:
    """Start replicas and wait for them; none outlives the block."""
    try:
        for one in replicas:
            one.start()
        for one in replicas:
            await one.ready()
        yield
    finally:
        for one in replicas:
            if one.process is not None:
                one.process.kill()
                one.process.wait()


@contextmanager
def balancing(*replicas: Replica) -> Generator[str, None, None]:
    """HAProxy before three replicas, by the configuration in `deploy/`; its address."""
    assert HAPROXY is not None
    bind = f"127.0.0.1:{free_port()}"
    names = {f"K6_MCP_REPLICA_{place}": f"127.0.0.1:{one.port}" for place, one in enumerate(replicas, 1)}
    command = [HAPROXY, "-db", "-q", "-f", str(DEPLOY / "haproxy.cfg")]
    process = subprocess.Popen(
        command, env={**os.environ, **names, "K6_MCP_BIND": bind}, stdout=subprocess.DEVNULL
    )
    try:
        yield f"http://{bind}"
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def client_of(address: str) -> AsyncGenerator[Client, None]:
    """A client whose user confirms every deletion by typing the name that the question asks for."""

    async def type_name(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        return ElicitResult(action="accept", content={"name": params.message.split("'")[1]})

    # The question quotes the name: Delete load test 'Checkout' (id 7) …
    async with Client(f"{address}/mcp", elicitation_callback=type_name) as client:
        yield client
