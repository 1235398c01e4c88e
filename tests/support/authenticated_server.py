"""A server over HTTP with a door, and a Grafana on loopback that answers each token with that token's own data."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from support.loopback import listening

from k6_cloud_mcp.access.named_tokens import digest_of
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.transports import http_app

Mode = Literal["auto", "legacy"]
ERAS: list[Mode] = ["auto", "legacy"]
_NOW = "2026-01-01T00:00:00Z"
# As long as a real token.
PREFIX = "glsa_0123456789abcdef0123_"
ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@dataclass
class Grafana:
    """Answers with names that say whose token and which stack it was asked with: `of glsa_a on 1`.

    Each token has one load test, 7, in project 1. Test 404 is not there, and the complaint quotes the token.
    """

    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    deleted: list[str] = field(default_factory=list[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        stack = request.headers.get("x-stack-id", "")
        who = f"of {re.sub(PREFIX + '|glsa_', 'owner_', token)} on {stack}"
        path = request.url.path.removeprefix("/cloud/v6")
        self.calls.append((f"{request.method} {path}", who))
        test = {"id": 7, "project_id": 1, "name": who, "created": _NOW, "updated": _NOW}
        answers: dict[str, dict[str, Any]] = {
            "/auth": {
                "stack_id": int(
                    "".join(re.findall(r"-(\d+)\.", request.headers.get("x-stack-url", ""))) or 0
                ),
                "default_project_id": 1,
            },
            "/load_tests": {"value": [test], "@count": 1},
            "/projects/1/load_tests": {"value": [test], "@count": 1},
            "/load_tests/7": test,
            "/projects": {"value": [_project(who)], "@count": 1},
            "/test_runs": {"value": [], "@count": 0},
            "/load_tests/7/test_runs": {"value": [], "@count": 0},
        }
        if request.method == "DELETE":
            self.deleted.append(who)
            return Response(status_code=204)
        if path == "/load_tests/7/script":
            return PlainTextResponse(f"// {who}", media_type="application/octet-stream")
        if path in answers:
            return JSONResponse(answers[path])
        return JSONResponse({"error": {"message": f"no such test {who}, token {token}"}}, 404)


def _project(who: str) -> dict[str, Any]:
    return {
        "id": 1,
        "name": who,
        "is_default": True,
        "grafana_folder_uid": None,
        "created": _NOW,
        "updated": _NOW,
    }


@asynccontextmanager
async def serving(**settings: Any) -> AsyncGenerator[str, None]:
    """Our server on loopback with these settings: its address."""
    async with listening(http_app(Settings(**settings), "127.0.0.1")) as address:
        yield address


@asynccontextmanager
async def calling(address: str, mode: Mode = "auto", **headers: str) -> AsyncGenerator[Client, None]:
    """A client that sends these headers (`authorization`, `x_k6_token` and so on)."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        httpx2.AsyncClient(headers=sent) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def knock(address: str, token: str | None = None, **headers: str) -> httpx.Response:
    """One request at the door."""
    sent = ACCEPT | {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    async with httpx.AsyncClient() as http:
        return await http.post(f"{address}/mcp", json=INITIALIZE, headers=sent)


def tokens_file(folder: Path, **tokens: dict[str, Any]) -> Path:
    """A tokens file in which the token of each name is `token of NAME`."""
    path = folder / "tokens.toml"
    path.write_text("\n".join(token_block(name, **entry) for name, entry in tokens.items()))
    return path


def token_block(name: str, **entry: Any) -> str:
    """The block of a token `token of NAME`. Scopes are all, where none are given."""
    entry = {"scopes": ["k6:read", "k6:write", "k6:run"], "sha256": digest_of(f"token of {name}")} | entry
    policy = entry.pop("policy", None)
    lines = [f"[tokens.{name}]", *(_line(key, value) for key, value in entry.items())]
    if policy:
        lines += [f"[tokens.{name}.policy]", *(_line(key, value) for key, value in policy.items())]
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    bare = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\S+", value)
    return f"{name} = {value if bare else json.dumps(value)}"


def profiles_file(folder: Path, **profiles: str) -> Path:
    """A profiles file: for each name the token, whose stack is the number after its last `_`."""
    blocks: list[str] = []
    for name, token in profiles.items():
        secret = folder / f"{name}.token"
        secret.write_text(token + "\n")
        blocks.append(
            f'[profiles.{name}]\ntoken_file = "{name}.token"\nstack_id = {token.rpartition("_")[2]}\n'
        )
    path = folder / "profiles.toml"
    path.write_text("\n".join(blocks))
    return path
