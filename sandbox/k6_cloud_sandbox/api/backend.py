"""The dependencies of the endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.store import Store


@dataclass(frozen=True)
class Backend:
    """The store and the settings; `wake` tells the engine, from the event loop, that there is something to do.

    `base_url` is the address of the run pages, `demo_url` that of the demo target. `token` is what callers have to send,
    None within a process, which needs none.
    """

    store: Store
    settings: SandboxSettings
    base_url: str
    wake: Callable[[], None]
    demo_url: str = ""
    token: str | None = None


def _backend(request: Request) -> Backend:
    return request.app.state.backend


BackendOf = Annotated[Backend, Depends(_backend)]
