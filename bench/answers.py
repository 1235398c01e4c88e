"""What typical results cost: bytes on the wire, and tokens of the text a model reads."""

from collections.abc import Mapping

import httpx
from lab import Lab
from peers import DIRECT, GENERATED, SANDBOX
from session import Json, PeerFailed, Session, text_of
from table import Row
from tokens import compact, count

_OPTIONS: Json = {
    "scenarios": {
        "shop": {
            "executor": "ramping-vus",
            "stages": [{"duration": "5m", "target": 20}, {"duration": "30s", "target": 0}],
        }
    }
}
_CALLS: dict[str, tuple[str, Json, str, str]] = {
    "one load test": ("get_load_test", {"load_test_id": 1}, "GET", "/load_tests/1"),
    "a list of 1,000 load tests": ("list_load_tests", {}, "GET", "/load_tests"),
    "a small script": ("download_load_test_script", {"load_test_id": 1}, "GET", "/load_tests/1/script"),
    "a price": ("validate_options", {"options": _OPTIONS}, "POST", "/validate_options"),
}


def arguments_for(peer: str, arguments: Json) -> Json:
    """Arguments by the names a peer has for them: the generated server uses those of the API."""
    if peer != GENERATED:
        return arguments
    return {{"load_test_id": "id"}.get(name, name): value for name, value in arguments.items()}


async def measure(lab: Lab) -> list[Row]:
    """Bytes and tokens of the default call of each kind, against the same upstream."""
    peers = [peer for peer in lab.peers if peer.name != SANDBOX]
    rows: list[Row] = []
    async with (
        lab.serving("stdio", peers) as served,
        httpx.AsyncClient(base_url=f"{lab.upstream}/cloud/v6") as http,
    ):
        for what, (tool, arguments, method, path) in _CALLS.items():
            sessions = {name: one.session for name, one in served.items()}
            texts, sizes = await _asked(sessions, tool, arguments)
            body = await http.request(method, path, json=arguments if method == "POST" else None)
            target = "≤ 2,500" if "list" in what else ""
            rows.append(Row(f"{what}, bytes", {**sizes, DIRECT: len(body.content)}))
            rows.append(Row(f"{what}, tokens", {**texts, DIRECT: count(body.text)}, target))
    return rows


async def _asked(
    sessions: Mapping[str, Session], tool: str, arguments: Json
) -> tuple[dict[str, int | str], dict[str, int | str]]:
    """Tokens of the text, and bytes of the whole result, of each peer."""
    tokens: dict[str, int | str] = {}
    sizes: dict[str, int | str] = {}
    for name, session in sessions.items():
        try:
            result = await session.call(tool, arguments_for(name, arguments))
        except PeerFailed:
            tokens[name] = sizes[name] = "refused"
        else:
            tokens[name], sizes[name] = count(text_of(result)), len(compact(result).encode())
    return tokens, sizes
