"""OpenTelemetry by OTLP, on where its standard variables say so."""

import os

from k6_cloud_mcp.config.settings import SettingsError

_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def is_on() -> bool:
    """Whether the environment names a place to send to."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(os.environ.get(name) for name in _ENDPOINTS)


def begin() -> None:
    """Send traces and metrics from now on, and what is left when the process ends. Raises SettingsError."""
    if not is_on():
        return
    try:
        from k6_cloud_mcp.telemetry.otlp_sdk import start
    except ImportError as error:
        raise SettingsError(
            f"OpenTelemetry is switched on by an OTEL_EXPORTER_OTLP_… variable, but {error.name} is not installed. "
            "Install k6-cloud-mcp[otel], or set OTEL_SDK_DISABLED=true."
        ) from error
    start()


def flush() -> None:
    """Send what was not sent yet, within some seconds."""
    if is_on():
        from k6_cloud_mcp.telemetry.otlp_sdk import flush as flush_all

        flush_all()
