"""What a tool call works with: built once by the server, reached through the request context."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve

from k6_cloud.client import K6Cloud
from k6_cloud.models import Json
from k6_cloud.scripts import Script
from k6_cloud_mcp_tools.confirmations import Confirmations

ConfirmMode = Literal["auto", "ask", "two_step"]
InspectScript = Callable[[Script], Awaitable[Json | None]]


@dataclass(frozen=True)
class App:
    """The service behind the tools, and the rules they keep.

    `confirm`: `ask` never falls back to tokens, `two_step` never asks the person, `auto` asks where it can.
    `inspect_script` tells the options of a JavaScript script by running k6 on it; None where there is no k6.
    `local_files` allows scripts by path on this machine (stdio only). `poll_seconds` paces waiting for a run.
    """

    k6: K6Cloud
    confirmations: Confirmations = field(default_factory=Confirmations)
    confirm: ConfirmMode = "auto"
    sandbox: bool = False
    default_project_id: int | None = None
    inspect_script: InspectScript | None = None
    local_files: bool = False
    poll_seconds: float = 2.0


Call = Context[App]


def app_of(ctx: Call) -> App:
    """The app behind a request."""
    return ctx.request_context.lifespan_context


def _k6_of(ctx: Call) -> K6Cloud:
    return app_of(ctx).k6


K6 = Annotated[K6Cloud, Resolve(_k6_of)]
TheApp = Annotated[App, Resolve(app_of)]
