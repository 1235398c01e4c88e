"""The sandbox, opened and closed: store, engine and listener together."""

import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from fastapi import FastAPI
from filelock import FileLock

from k6_cloud.auth import Credentials
from k6_cloud.connection import connect
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import LOOPBACK, create_app, create_site
from k6_cloud_sandbox.engine.engine import Engine
from k6_cloud_sandbox.engine.engine_lock import Owner, owning
from k6_cloud_sandbox.engine.scheduler import Scheduler
from k6_cloud_sandbox.seeds.seeding import seed
from k6_cloud_sandbox.serving.inprocess import InProcessTransport
from k6_cloud_sandbox.serving.listener import bind, listening, until_told_to_end
from k6_cloud_sandbox.settings import STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.store import Store
from k6_runner.binary import find_k6

__all__ = ["STACK_ID", "Sandbox", "open_sandbox", "serve_sandbox"]

_ANY_HOST = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Sandbox:
    """An open sandbox: `app` is the API, `base_url` its run pages and demo target, `k6` the binary in use."""

    app: FastAPI
    base_url: str
    k6: str | None
    token: str = field(repr=False)

    def http(self) -> httpx.AsyncClient:
        """A client that calls the API within the process, for `K6Cloud`, to be used as a context."""
        return connect(Credentials(self.token, STACK_ID), self.base_url, InProcessTransport(self.app))


@asynccontextmanager
async def open_sandbox(settings: SandboxSettings) -> AsyncGenerator[Sandbox, None]:
    """The sandbox inside this process. Only run pages and demo target listen on a port, of loopback.

    Raises SandboxError when its directory or database cannot be used.
    """
    with bind("127.0.0.1", 0) as listener:
        base_url = _url("127.0.0.1", listener)
        async with _working(settings, base_url) as backend, listening(create_site(backend.store), listener):
            k6 = await find_k6(settings.k6_path)
            yield Sandbox(create_app(backend), base_url, k6.path if k6 else None, settings.own_token)


async def serve_sandbox(
    settings: SandboxSettings, host: str, port: int, ready: Callable[[str], None] = lambda _: None
) -> None:
    """The sandbox over HTTP, all of it on one port, until SIGINT or SIGTERM; `ready` is told its address.

    Raises SandboxError when the port, the directory or the database cannot be used.
    """
    with bind(host, port) as listener:
        base_url = _url("127.0.0.1" if host in _ANY_HOST else host, listener)
        async with _working(settings, base_url) as backend:
            app = create_app(backend, ("*",) if host in _ANY_HOST else (*LOOPBACK, host))
            async with listening(app, listener):
                ready(base_url)
                await until_told_to_end()


@asynccontextmanager
async def _working(settings: SandboxSettings, base_url: str) -> AsyncGenerator[Backend, None]:
    """A store with its seeds, and an engine at work on it."""
    with _state(settings) as (store, owner):
        engine = Engine(store.queue, owner, settings, base_url)
        async with engine.running(), Scheduler(store, engine.wake).running():
            yield Backend(store, settings, base_url, engine.wake)


@contextmanager
def _state(settings: SandboxSettings) -> Generator[tuple[Store, Owner], None, None]:
    directory = settings.made_dir()
    with owning(directory and directory / "owners") as owner:
        store = _opened(directory)
        try:
            yield store, owner
        finally:
            store.close()


def _opened(directory: Path | None) -> Store:
    """The store, created and seeded by the first process that comes."""
    if directory is None:
        return seed(Store(None))
    with FileLock(directory / "setup.lock"):
        return seed(Store(directory / "sandbox.db"))


def _url(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"
