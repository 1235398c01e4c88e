"""OpenTelemetry, sent by a real process to a collector in the test."""

import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.loopback import listening
from support.replicas import client_of, open_upstream, replica, running

from k6_cloud_mcp.telemetry import otlp


class Collector:
    """Takes what OTLP sends over HTTP."""

    def __init__(self) -> None:
        self.traces: list[bytes] = []
        self.metrics: list[bytes] = []
        self.app = Starlette(
            routes=[
                Route("/v1/traces", self._take_traces, methods=["POST"]),
                Route("/v1/metrics", self._take_metrics, methods=["POST"]),
            ]
        )

    async def _take_traces(self, request: Request) -> Response:
        self.traces.append(await request.body())
        return Response()

    async def _take_metrics(self, request: Request) -> Response:
        self.metrics.append(await request.body())
        return Response()


async def test_a_call_is_a_trace_with_its_requests_to_the_api_as_children(tmp_path: Path):
    collector = Collector()
    async with open_upstream() as upstream, listening(collector.app) as address:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
        one = replica(upstream.address, tmp_path / "state", K6_MCP_DRAIN_SECONDS="0", **variables)
        async with running(one):
            async with client_of(one.address) as client:
                await client.call_tool("list_load_tests", {})
            with anyio.fail_after(30):
                await one.stop()
    exported = [ExportTraceServiceRequest.FromString(body) for body in collector.traces]
    spans = [
        span
        for export in exported
        for resource in export.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    call = next(span for span in spans if span.name == "tools/call list_load_tests")
    request = next(span for span in spans if span.name == "GET" and span.parent_span_id == call.span_id)
    told = {one.key: one.value.string_value for one in request.attributes}
    assert told["url.path"] == "/cloud/v6/load_tests"
    assert {name for body in collector.metrics for name in metric_names(body)} >= {
        "k6_mcp.call.duration",
        "k6_mcp.upstream.duration",
    }


def metric_names(body: bytes) -> list[str]:
    export = ExportMetricsServiceRequest.FromString(body)
    return [
        metric.name
        for resource in export.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]


def test_without_its_sdk_the_reason_names_what_to_install():
    code = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from k6_cloud_mcp.cli import main; main(['serve', '--transport', 'http'])"
    )
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "K6_MCP_BACKEND": "sandbox"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "Install k6-cloud-mcp[otel]" in result.stderr


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standard_variables_switch_it_on(
    variables: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert otlp.is_on() is on
