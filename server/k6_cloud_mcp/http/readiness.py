"""Readiness and graceful shutdown: fail `/readyz` first, then close the port."""

import logging
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from k6_cloud_mcp.config.settings import SettingsError

logger = logging.getLogger(__name__)


class Readiness:
    """Ready from the end of start-up until SIGTERM; from then on `drain_seconds` pass before the port is closed.

    `problems` names settings of broken files, whose last valid version is used. `failure` is the setting that kept
    the server from starting.
    """

    def __init__(self, drain_seconds: float = 0, problems: Callable[[], Sequence[str]] = tuple) -> None:
        self.drain_seconds = drain_seconds
        self._problems = problems
        self.started = False
        self.draining = False
        self.failure: SettingsError | None = None

    async def live(self, _: Request) -> Response:
        """`/healthz`: the process answers. Restarting helps only where it does not."""
        return PlainTextResponse("ok")

    async def ready(self, _: Request) -> Response:
        """`/readyz`: 200 while new calls are welcome, 503 otherwise.

        It does not look at Grafana Cloud: an outage there would take every replica out at once.
        """
        if self.started and not self.draining:
            broken = "".join(
                f"\n{setting}: broken, what it said before holds; see the log" for setting in self._problems()
            )
            return PlainTextResponse(f"ready{broken}")
        return PlainTextResponse("draining" if self.draining else "starting", 503)
