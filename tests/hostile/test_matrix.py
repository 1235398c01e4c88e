"""Clients of every kind on every rung: what is not confirmed does not happen, and what is confirmed happens once."""

from collections.abc import Callable, Generator
from functools import cache

import pytest
from hostile.clients import Era
from hostile.ground import ACTS, Ground, open_ground
from hostile.matrix import ROWS, RUNGS, Cell, Row
from hostile.play import Play
from hostile.serving import connected, serving
from mcp.server.mcpserver import MCPServer
from support.guard_tables import GUIDE, generated

from k6_cloud_mcp_tools.context import App


@pytest.fixture(scope="module")
def ground() -> Generator[Ground, None, None]:
    with open_ground() as opened:
        yield opened


@pytest.fixture(scope="module")
def servers(ground: Ground) -> Callable[[str, float], MCPServer[App]]:
    """Servers by rung and patience, each built once: that takes longer than a test."""

    @cache
    def server(rung: str, patience: float) -> MCPServer[App]:
        return serving(ground, policy=RUNGS[rung], ask_seconds=patience)

    return server


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("row", "era"),
    [pytest.param(row, era, id=f"{row.host.title}, {era}") for row in ROWS for era in row.eras],
)
async def test_every_client_meets_what_the_table_says(
    ground: Ground, servers: Callable[[str, float], MCPServer[App]], row: Row, era: Era, rung: str
):
    met: dict[str, Cell] = {}
    for operation in ACTS:
        async with connected(servers(rung, row.host.patience), row.host, era) as caller:
            met[operation] = await Play(ground, caller, operation, ground.target()).run()
    assert met == dict.fromkeys(ACTS, row.cell(rung))


def test_the_guide_prints_this_matrix():
    text = GUIDE.read_text("utf-8")
    assert generated(text) == text, "run: uv run python tests/support/guard_tables.py"
