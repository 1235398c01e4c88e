"""Traces one start over HTTP under a policy: `uv run python bench/trace_start.py [--all]`.

Counts the requests to the API, and the modules and functions of ours that the call enters. A function counts once,
however often it is called; a comprehension and a lambda count as functions. `--all` lists them.
"""

import argparse
import asyncio
import io
import json
import sys
import tarfile
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import httpx
from http1 import Message, read_message, written
from session import Session

from k6_cloud_mcp.access.named_tokens import digest_of
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.transports import http_app

ROOT = Path(__file__).parents[1]
ROOMS = ("client", "runner", "sandbox", "tools", "prompts", "server")
MOST_REQUESTS, MOST_MODULES, MOST_FUNCTIONS = 12, 50, 150
_TOKEN = "a token for the trace"
_POLICY = """
[tokens.ci]
sha256 = "{digest}"
scopes = ["k6:read", "k6:run"]
policy.max_vus = 50
"""
_NOW = "2026-01-01T00:00:00Z"
_MOMENTS = {"created": _NOW, "updated": _NOW}
_PRICE = {
    "vuh_usage": 1.5,
    "breakdown": {"protocol_vuh": 1.5, "browser_vuh": 0, "base_total_vuh": 1.5, "reduction_rate": 0},
}
_RUN = {
    "id": 69,
    "test_id": 7,
    "project_id": 1,
    "created": _NOW,
    "status": "completed",
    "status_details": {"type": "completed", "entered": _NOW},
    "result": "passed",
    "cost": {"total_vuh": 1.5, "breakdown": _PRICE["breakdown"]},
}
_RUNS = {"value": [_RUN], "@count": 1}
_ANSWERS: dict[str, Any] = {
    "/load_tests/7": {"id": 7, "project_id": 1, "name": "Checkout", **_MOMENTS},
    "/load_tests/7/test_runs": _RUNS,
    "/load_tests/7/start": _RUN | {"id": 70, "status": "created", "result": None, "cost": None},
    "/projects/1": {"id": 1, "name": "Shop", "is_default": True, **_MOMENTS},
    "/projects/1/limits": {"project_id": 1, "vuh_max_per_month": 500},
    "/test_runs": _RUNS,
    "/schedules": {"value": [], "@count": 0},
    "/validate_options": _PRICE,
}
_SCRIPT = b"import http from 'k6/http'; export default () => http.get('https://shop.example.com');"
_METADATA = {"type": "js", "options": {"vus": 20, "duration": "5m"}, "filename": "file:///load.js"}


@dataclass
class Trace:
    """What one start sent and entered."""

    requests: list[str] = field(default_factory=list[str])
    functions: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    answer: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def modules(self) -> list[str]:
        """The modules that were entered, in order."""
        return [*dict.fromkeys(module for module, _ in self.functions)]

    @contextmanager
    def recording(self) -> Generator[None, None, None]:
        """Record what is entered, also in threads."""
        self.requests.clear()
        sys.setprofile(self._note)
        threading.setprofile(self._note)
        try:
            yield
        finally:
            threading.setprofile(None)
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in ROOMS:
            key = str(path.relative_to(ROOT)), frame.f_code.co_qualname
            self.functions[key] = self.functions.get(key, 0) + 1


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="list requests, modules and functions")
    options = parser.parse_args()
    trace = asyncio.run(traced_start())
    rows = [
        ("requests", len(trace.requests), MOST_REQUESTS),
        ("modules", len(trace.modules), MOST_MODULES),
        ("functions", len(trace.functions), MOST_FUNCTIONS),
    ]
    print("\n".join(f"{what}: {count} (at most {most})" for what, count, most in rows))  # noqa: T201
    if options.all:
        print("\n".join(_details(trace)))  # noqa: T201


async def traced_start() -> Trace:
    """Start load test 7 once, by policy, with a token whose rules and headers tighten it."""
    trace = Trace()
    with TemporaryDirectory(prefix="k6-cloud-mcp-trace-") as folder:
        async with _upstream(trace) as address, _calling(address, Path(folder)) as session:
            await session.call("get_load_test", {"load_test_id": 7})
            with trace.recording():
                trace.answer = await session.call("start_load_test", {"load_test_id": 7})
    return trace


def _details(trace: Trace) -> Generator[str, None, None]:
    yield from ("", *trace.requests)
    for module in trace.modules:
        functions = [
            f"{name} x{calls}" for (where, name), calls in trace.functions.items() if where == module
        ]
        yield f"\n{module}: {', '.join(functions)}"


@asynccontextmanager
async def _calling(upstream: str, folder: Path) -> AsyncGenerator[Session, None]:
    """A session with a server over this API, in this process and under a policy."""
    tokens = folder / "tokens.toml"
    tokens.write_text(_POLICY.format(digest=digest_of(_TOKEN)))
    app = http_app(_settings(upstream, folder, tokens), "127.0.0.1")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as http,
    ):

        async def send(message: dict[str, Any]) -> dict[str, Any]:
            response = await http.post("/mcp", json=message, headers=_headers(message))
            lines = [line for line in response.text.splitlines() if line.startswith("data: {")]
            return json.loads(lines[-1].removeprefix("data:") if lines else response.text)

        yield Session(send, "2026-07-28")


def _settings(upstream: str, folder: Path, tokens: Path) -> Settings:
    later = datetime.now(UTC) + timedelta(hours=12)
    return Settings.model_validate(
        {
            "token": "glsa_0123456789abcdef",
            "stack_id": 1,
            "base_url": upstream,
            "confirm": "policy",
            "allow": "start_load_test",
            "projects": "1,2",
            "max_vuh_per_run": 10,
            "max_vuh_per_day": 100,
            "max_vus": 100,
            "quiet_hours": f"{later:%H}:00-{later:%H}:30 UTC",
            "state_dir": folder,
            "tokens_file": tokens,
        }
    )


def _headers(message: dict[str, Any]) -> dict[str, str]:
    name = message.get("params", {}).get("name")
    return {
        "Authorization": f"Bearer {_TOKEN}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": message["method"],
        "X-K6-MCP-Max-VUh-Per-Run": "5",
        **({"Mcp-Name": name} if name else {}),
    }


@asynccontextmanager
async def _upstream(trace: Trace) -> AsyncGenerator[str, None]:
    """An API on loopback with load test 7, whose archive has options. It notes each request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_message(reader):
            method, path = _called(request)
            trace.requests.append(f"{method} {path}")
            writer.write(written("HTTP/1.1 200 OK", {}, _answer(path)))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _called(request: Message) -> tuple[str, str]:
    method, target, _ = request.start.split(" ")
    return method, target.partition("?")[0].removeprefix("/cloud/v6")


def _answer(path: str) -> bytes:
    return _archive() if path == "/load_tests/7/script" else json.dumps(_ANSWERS[path]).encode()


def _archive() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (("metadata.json", json.dumps(_METADATA).encode()), ("data", _SCRIPT)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return target.getvalue()


if __name__ == "__main__":
    main()
