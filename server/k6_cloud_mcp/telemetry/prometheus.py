"""The metrics of the server for Prometheus."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response

from k6_cloud_mcp.telemetry.metrics import Measures, Reason

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class PrometheusMeasures(Measures):
    """Measures that are also kept for `/metrics`. No label tells of a caller, a test or an id."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        super().__init__()
        self._registry = registry = registry or CollectorRegistry()
        self._calls = Counter("k6_mcp_calls", "Tool calls.", ["tool", "outcome"], registry=registry)
        self._call_seconds = Histogram(
            "k6_mcp_call_duration_seconds", "Tool calls.", ["tool"], registry=registry, buckets=_SECONDS
        )
        self._upstream = Counter(
            "k6_mcp_upstream_requests", "Requests to the k6 API.", ["method", "status"], registry=registry
        )
        self._upstream_seconds = Histogram(
            "k6_mcp_upstream_duration_seconds",
            "Requests to the k6 API.",
            ["method"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._decisions = Counter(
            "k6_mcp_guard_decisions", "Stages of guarded calls.", ["stage", "decided_by"], registry=registry
        )
        self._rejected = Counter("k6_mcp_rejected", "Calls beyond a limit.", ["reason"], registry=registry)
        self._in_flight = Gauge("k6_mcp_in_flight", "Calls at work.", registry=registry)

    def called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool call ended."""
        super().called(tool, outcome, seconds)
        self._calls.labels(tool, outcome).inc()
        self._call_seconds.labels(tool).observe(seconds)

    def asked_upstream(self, method: str, status: str, seconds: float) -> None:
        """A request to the API was answered, or not."""
        super().asked_upstream(method, status, seconds)
        self._upstream.labels(method, status).inc()
        self._upstream_seconds.labels(method).observe(seconds)

    def decided(self, stage: str, decided_by: str) -> None:
        """A guarded call reached a stage."""
        super().decided(stage, decided_by)
        self._decisions.labels(stage, decided_by).inc()

    def rejected(self, reason: Reason) -> None:
        """A call was beyond a limit."""
        super().rejected(reason)
        self._rejected.labels(reason).inc()

    def in_flight(self, change: int) -> None:
        """A call begins (1) or ends (-1)."""
        super().in_flight(change)
        self._in_flight.inc(change)

    async def page(self, _: Request) -> Response:
        """`/metrics`."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
