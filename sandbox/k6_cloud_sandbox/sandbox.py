"""The sandbox, opened and closed: store, engine and listener together."""

import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from fastapi import FastAPI
from filelock import FileLock

from k6_cloud.auth import Credentials
from k6_cloud.config.addresses import is_loopback
from k6_cloud.requests.connection import connect
from k6_cloud.scripts.endpoints import LARGEST_PORT, Endpoint
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import LOOPBACK, create_app, create_demo, create_site
from k6_cloud_sandbox.engine.engine import Engine
from k6_cloud_sandbox.engine.engine_lock import Owner, owning
from k6_cloud_sandbox.engine.run_network import RunNetwork
from k6_cloud_sandbox.engine.scheduler import Scheduler
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.seeds.seeding import seed
from k6_cloud_sandbox.serving.inprocess import InProcessTransport
from k6_cloud_sandbox.serving.listener import bind, bind_demo, listening, port_of, until_told_to_end
from k6_cloud_sandbox.serving.token import kept_token
from k6_cloud_sandbox.settings import IN_PROCESS_TOKEN, STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.store import Store
from k6_runner.binary import find_k6
from k6_runner.own_ports import announced

__all__ = ["IN_PROCESS_TOKEN", "STACK_ID", "Sandbox", "ServedSandbox", "open_sandbox", "serve_sandbox"]

_ANY_HOST = ("0.0.0.0", "::")
_LOCAL = "127.0.0.1"
_API, _PAGES = "the sandbox's own API", "the sandbox's run pages"


@dataclass(frozen=True)
class Sandbox:
    """A sandbox inside this process: `app` is the API, `base_url` its run pages, `k6` the binary in use."""

    app: FastAPI
    base_url: str
    k6: str | None
    network: RunNetwork

    @property
    def token(self) -> str:
        """A token for the API in this process, which takes any."""
        return IN_PROCESS_TOKEN

    def http(self) -> httpx.AsyncClient:
        """A client that calls the API within the process, for `K6Cloud`, to be used as a context."""
        return connect(Credentials(self.token, STACK_ID), self.base_url, InProcessTransport(self.app))


@dataclass(frozen=True)
class ServedSandbox:
    """A sandbox that listens: the address of its API and run pages, that of the demo target, and the API's token."""

    base_url: str
    demo_url: str
    token: str = field(repr=False)


@asynccontextmanager
async def open_sandbox(settings: SandboxSettings) -> AsyncGenerator[Sandbox, None]:
    """The sandbox inside this process. Only run pages and demo target listen, each on a port of loopback.

    Raises SandboxError when its directory or database cannot be used.
    """
    with bind(_LOCAL, 0) as listener, bind_demo(settings.demo_port) as demo, _announced(listener):
        network = _network(settings, demo, listener, _PAGES)
        async with _working(settings, _url(_LOCAL, listener), network) as backend:
            site = create_site(backend.store, backend.demo_url)
            async with listening(site, listener), listening(create_demo(), demo):
                k6 = await find_k6(settings.k6_path)
                yield Sandbox(create_app(backend), backend.base_url, k6.path if k6 else None, network)


async def serve_sandbox(
    settings: SandboxSettings,
    host: str,
    port: int,
    ready: Callable[[ServedSandbox], None] = lambda _: None,
    allowed_hosts: Sequence[str] = (),
) -> None:
    """The sandbox over HTTP until SIGINT or SIGTERM; `ready` is called once it listens.

    It answers under loopback names, `host` and `allowed_hosts`. Raises SandboxError when a port, the directory or the
    database cannot be used, and for a host that others reach while no token is set.
    """
    require_token_beyond_loopback(settings, host)
    usual = port + 1 if 0 < port < LARGEST_PORT else 0
    with bind(host, port) as listener, bind_demo(settings.demo_port, usual) as demo, _announced(listener):
        network = _network(settings, demo, listener, _API)
        base_url = _url(_LOCAL if host in _ANY_HOST else host, listener)
        async with _working(settings, base_url, network) as working:
            backend = replace(working, token=_token(settings))
            app = create_app(backend, (*LOOPBACK, host, *allowed_hosts))
            async with listening(app, listener), listening(create_demo(), demo):
                ready(ServedSandbox(base_url, backend.demo_url, backend.token or ""))
                await until_told_to_end()


def require_token_beyond_loopback(settings: SandboxSettings, host: str) -> None:
    """Raise SandboxError for a host that others reach, unless the operator chose the token."""
    if settings.token is None and not is_loopback(host):
        raise SandboxError(
            f"Listening on {host} would let anyone on the network run scripts on this machine, so it was not started. Set "
            "K6_SANDBOX_TOKEN to a token that callers have to send, or listen on 127.0.0.1."
        )


def _token(settings: SandboxSettings) -> str:
    """The token that is set, or the one that the directory keeps. Raises SandboxError."""
    if settings.token:
        return settings.token.get_secret_value()
    directory = settings.made_dir()
    try:
        return kept_token(directory)
    except OSError as error:
        raise SandboxError(
            f"The token in {directory} cannot be used: {error.strerror}. Set K6_SANDBOX_TOKEN."
        ) from error


def _network(settings: SandboxSettings, demo: socket.socket, own: socket.socket, what: str) -> RunNetwork:
    return RunNetwork(Endpoint(_LOCAL, port_of(demo)), settings.allow_hosts, {port_of(own): what})


def _announced(listener: socket.socket) -> AbstractContextManager[None]:
    return announced(port_of(listener))


@asynccontextmanager
async def _working(
    settings: SandboxSettings, base_url: str, network: RunNetwork
) -> AsyncGenerator[Backend, None]:
    """A store with its seeds, and an engine at work on it."""
    with _state(settings) as (store, owner):
        engine = Engine(store.queue, owner, settings, network)
        async with engine.running(), Scheduler(store, engine.wake).running():
            yield Backend(store, settings, base_url, engine.wake, network.demo_url)


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
    return f"http://{name}:{port_of(listener)}"
