"""The same clients over real transports: a process on stdio, and HTTP on loopback in each of its ways."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hostile.clients import POLITE, SILENT, Era, Host, joined
from hostile.ground import ACTS, open_ground
from hostile.matrix import CARRIED, CARRIED_RUNGS, ON_STDIO, RUNGS, Cell, Row, Transport, over, row_of
from hostile.play import Play
from hostile.serving import serving
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from support.loopback import listening

_WAYS: dict[Transport, dict[str, Any]] = {
    "HTTP": {},
    "HTTP, stateless": {"stateless_http": True},
    "HTTP, JSON answers": {"json_response": True},
}


def acts_of(host: Host) -> list[str]:
    """Every operation for one client, two for the others."""
    return [*ACTS] if host is POLITE else ["start_load_test", "delete_load_test"]


@pytest.mark.parametrize("rung", CARRIED_RUNGS)
@pytest.mark.parametrize("transport", _WAYS)
@pytest.mark.parametrize("patience", [SILENT.patience, POLITE.patience], ids=["silent clients", "the others"])
async def test_every_client_meets_over_http_what_the_table_says(
    transport: Transport, rung: str, patience: float
):
    met: dict[tuple[str, Era, str], Cell] = {}
    expected: dict[tuple[str, Era, str], Cell] = {}
    with open_ground() as ground:
        server = serving(ground, policy=RUNGS[rung], ask_seconds=patience)
        async with listening(server.streamable_http_app(**_WAYS[transport])) as address:
            for row, era, act in _cases(patience):
                async with (
                    streamable_http_client(f"{address}/mcp") as streams,
                    joined(streams, row.host, era) as caller,
                ):
                    case = (row.host.title, era, act)
                    met[case] = await Play(ground, caller, act, ground.target()).run()
                    expected[case] = over(transport, row, era, rung)
    assert met == expected


def _cases(patience: float) -> list[tuple[Row, Era, str]]:
    rows = [row for row in CARRIED if row.host.patience == patience]
    return [(row, era, act) for row in rows for era in row.eras for act in acts_of(row.host)]


@pytest.mark.parametrize(
    ("host", "era", "rung"), ON_STDIO, ids=[f"{host.title}, {era}, {rung}" for host, era, rung in ON_STDIO]
)
async def test_every_client_meets_over_stdio_what_the_table_says(
    tmp_path: Path, host: Host, era: Era, rung: str
):
    policy = RUNGS[rung]
    env = {
        **os.environ,
        "K6_MCP_BACKEND": "sandbox",
        "K6_SANDBOX_DIR": str(tmp_path),
        # There is no such k6: runs that start end at once.
        "K6_PATH": str(tmp_path / "no-k6"),
        "K6_MCP_CONFIRM": policy.confirm,
        "K6_MCP_ALLOW": ",".join(policy.allow),
        "K6_MCP_ASK_SECONDS": str(host.patience),
        "K6_MCP_BACKUPS": "false",
    }
    command = StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env)
    operations = acts_of(host)[:1] if host is SILENT else [*ACTS]
    met: dict[str, Cell] = {}
    with open_ground(tmp_path / "sandbox.db") as ground, (tmp_path / "log").open("w") as log, closing(log):
        targets = {operation: ground.target() for operation in operations}
        async with stdio_client(command, errlog=log) as streams, joined(streams, host, era) as caller:
            for operation, target in targets.items():
                met[operation] = await Play(ground, caller, operation, target, sees_requests=False).run()
    assert met == dict.fromkeys(operations, over("stdio", row_of(host, era), era, rung))
