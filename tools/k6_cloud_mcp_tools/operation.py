"""An operation becomes a tool: one function, its name, docstring and types, and what kind of act it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from mcp_types import CallToolResult, ToolAnnotations
from pydantic import BaseModel

from k6_cloud_mcp_tools.guard.guarded_tool import GuardedTool, Planner
from k6_cloud_mcp_tools.guard.plan import T
from k6_cloud_mcp_tools.tool import K6Tool
from k6_cloud_mcp_tools.toolsets import Scope

Function = Callable[..., Awaitable[BaseModel | CallToolResult]]
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Operation:
    """A tool function with its title and its safety hints, all four of them explicit.

    `ends_run` marks the one that stops what a start began. `instead` says of arguments that it does not take what
    sets them.
    """

    function: Function
    title: str
    annotations: ToolAnnotations
    is_guarded: bool = False
    ends_run: bool = False
    instead: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """The tool's name: that of the function."""
        return self.function.__name__

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return not self.annotations.read_only_hint

    @property
    def scope(self) -> Scope:
        """The scope that a caller needs: `k6:run` if it makes or ends traffic, also by a schedule."""
        if not self.writes:
            return "k6:read"
        return "k6:run" if self.annotations.open_world_hint or self.ends_run else "k6:write"

    def build(self) -> K6Tool:
        """The tool to publish."""
        return K6Tool.from_operation(self.function, self.title, self.annotations, self.instead)


def read(function: Function, title: str) -> Operation:
    """An operation that changes nothing."""
    return Operation(function, title, _hints(read_only=True, destructive=False, idempotent=True))


def write(
    function: Function,
    title: str,
    *,
    destructive: bool = False,
    idempotent: bool = False,
    ends_run: bool = False,
    instead: Mapping[str, str] = _NOTHING,
) -> Operation:
    """An operation that changes something without asking: it can be changed back, or it only ends a run."""
    hints = _hints(destructive=destructive, idempotent=idempotent)
    return Operation(function, title, hints, ends_run=ends_run, instead=instead)


def confirmed(
    planner: Planner[T],
    title: str,
    *,
    destructive: bool,
    idempotent: bool = False,
    open_world: bool = False,
    instead: Mapping[str, str] = _NOTHING,
) -> Operation:
    """An operation behind the guard: `planner` plans it. `open_world` marks one that sends traffic to the world."""
    hints = _hints(destructive=destructive, idempotent=idempotent, open_world=open_world)
    return Operation(GuardedTool(planner).published(), title, hints, is_guarded=True, instead=instead)


def _hints(
    *, destructive: bool, idempotent: bool, read_only: bool = False, open_world: bool = False
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=open_world,
    )
