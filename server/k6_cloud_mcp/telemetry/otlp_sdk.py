"""The SDK of OpenTelemetry, an optional extra, set up from its own variables."""

import os
from importlib.metadata import version

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_FLUSH_MILLIS = 3000


def start() -> None:
    """Begin to send. The SDK sends the rest by itself when the process ends."""
    resource = Resource.create(_names())
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(traces)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource))


def flush() -> None:
    """Send what was not sent yet."""
    traces, figures = trace.get_tracer_provider(), metrics.get_meter_provider()
    if isinstance(traces, TracerProvider):
        traces.force_flush(_FLUSH_MILLIS)
    if isinstance(figures, MeterProvider):
        figures.force_flush(_FLUSH_MILLIS)


def _names() -> dict[str, str]:
    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "k6-cloud-mcp"}
    return {**name, "service.version": version("k6-cloud-mcp")}
