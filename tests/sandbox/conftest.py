import json
import os
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import httpx
import pytest
from support.archives import tar_of

from k6_cloud.auth import Credentials
from k6_cloud.requests.connection import connect
from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.settings import STACK_ID, SandboxSettings
from k6_cloud_sandbox.store.store import Store

SCRIPT = b"export default function () {}\n"


@pytest.fixture
def store() -> Generator[Store, None, None]:
    """A store with one project, number 1."""
    store = Store(None)
    store.projects.create("Default project", is_default=True)
    yield store
    store.close()


@pytest.fixture
async def http(store: Store) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A signed client of the API over `store`. There is no engine: runs stay as they are."""
    settings = SandboxSettings(dir=":memory:", max_script_bytes=100_000)
    app = create_app(Backend(store, settings, "http://127.0.0.1:6580", wake=lambda: None))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with connect(Credentials("any", STACK_ID), "http://127.0.0.1:6580", transport) as client:
        yield client


@pytest.fixture
def make_archive() -> Callable[..., bytes]:
    """A k6 archive with this metadata and this many bytes of other files."""

    def make(metadata: Any, padding: int = 0) -> bytes:
        text = metadata if isinstance(metadata, bytes) else json.dumps(metadata, indent=2).encode()
        return tar_of({"metadata.json": text, "data": SCRIPT, "file/data.bin": os.urandom(padding)})

    return make
