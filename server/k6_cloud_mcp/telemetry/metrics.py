"""Metrics of the server, given to OpenTelemetry. Without its SDK that costs next to nothing."""

from typing import Literal

from opentelemetry.metrics import get_meter

Reason = Literal["server_busy", "caller_busy", "rate"]


class Measures:
    """Counts calls, requests to the API, and decisions of the guard. No attribute tells of a caller or an id."""

    def __init__(self) -> None:
        meter = get_meter("k6_cloud_mcp")
        self._otel_calls = meter.create_histogram("k6_mcp.call.duration", "s", "Tool calls.")
        self._otel_upstream = meter.create_histogram(
            "k6_mcp.upstream.duration", "s", "Requests to the k6 API."
        )
        self._otel_decisions = meter.create_counter("k6_mcp.guard.decisions", "1", "Stages of guarded calls.")
        self._otel_rejected = meter.create_counter("k6_mcp.rejected", "1", "Calls beyond a limit.")
        self._otel_in_flight = meter.create_up_down_counter("k6_mcp.in_flight", "1", "Calls at work.")

    def called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool call ended."""
        self._otel_calls.record(seconds, {"tool": tool, "outcome": outcome})

    def asked_upstream(self, method: str, status: str, seconds: float) -> None:
        """A request to the API was answered, or not."""
        self._otel_upstream.record(seconds, {"method": method, "status": status})

    def decided(self, stage: str, decided_by: str) -> None:
        """A guarded call reached a stage."""
        self._otel_decisions.add(1, {"stage": stage, "decided_by": decided_by})

    def rejected(self, reason: Reason) -> None:
        """A call was beyond a limit."""
        self._otel_rejected.add(1, {"reason": reason})

    def in_flight(self, change: int) -> None:
        """A call begins (1) or ends (-1)."""
        self._otel_in_flight.add(change)
