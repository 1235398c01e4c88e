"""The tools there are, by toolset, and which of them are on: read from a file, so no tool needs to be loaded.

`catalog.json` is made from the catalogue by `UPDATE_CATALOG=1 uv run pytest tests/tools/test_catalog.py`.
"""

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

Json = dict[str, Any]
Scope = Literal["k6:read", "k6:write", "k6:run"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
# What the daily job needs. Each toolset costs every user room in every turn, so the rest is opt-in.
DEFAULT_TOOLSETS = ("load_tests", "scripts", "test_runs", "metrics", "schedules", "projects")


class SelectionError(ValueError):
    """A toolset or tool that does not exist was asked for."""


@dataclass(frozen=True)
class Published:
    """A tool as clients and the rules of a server see it. The schemas are JSON schemas."""

    name: str
    title: str
    description: str
    scope: Scope
    is_guarded: bool
    annotations: Json
    input_schema: Json
    output_schema: Json | None

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.scope != "k6:read"


def _read() -> dict[str, list[Published]]:
    text = files("k6_cloud_mcp_tools").joinpath("catalog.json").read_text("utf-8")
    written: dict[str, list[dict[str, Any]]] = json.loads(text)
    return {toolset: [Published(**tool) for tool in tools] for toolset, tools in written.items()}


TOOLSETS = _read()
TOOLS = [tool for tools in TOOLSETS.values() for tool in tools]


def select(
    toolsets: Iterable[str] = DEFAULT_TOOLSETS,
    tools: Collection[str] = (),
    exclude: Collection[str] = (),
    *,
    read_only: bool = False,
) -> list[Published]:
    """The tools of some toolsets and single ones, less some, in catalogue order.

    `all` stands for every toolset. `read_only` removes every write, whatever else asks for it.
    Raises SelectionError for a name that does not exist.
    """
    chosen = [*toolsets]
    _require_known("toolset", chosen, ["all", *TOOLSETS])
    _require_known("tool", [*tools, *exclude], [tool.name for tool in TOOLS])
    wanted = {
        tool.name for name, members in TOOLSETS.items() for tool in members if {name, "all"} & {*chosen}
    }
    wanted = (wanted | {*tools}) - {*exclude}
    return [one for one in TOOLS if one.name in wanted and not (read_only and one.writes)]


def _require_known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise SelectionError(f"There is no {kind} {name!r}.{hint} Known: {', '.join(known)}.")
