"""Watches the requests to the API: each is a span of the call that makes it, counted by its status."""

import time
from typing import Any

import httpx
from opentelemetry.trace import SpanKind, StatusCode, get_tracer

from k6_cloud_mcp.telemetry.metrics import Measures

NO_ANSWER = "no_answer"


class WatchedClient(httpx.AsyncClient):
    """An HTTP client that tells `measures` of what it sends. Of an address it tells only host and path."""

    def __init__(self, measures: Measures, **options: Any) -> None:
        super().__init__(**options)
        self._measures = measures
        self._tracer = get_tracer("k6_cloud_mcp")

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request."""
        begun, status = time.perf_counter(), NO_ANSWER
        with self._tracer.start_as_current_span(
            request.method, kind=SpanKind.CLIENT, attributes=_attributes(request), record_exception=False
        ) as span:
            try:
                response = await super().send(request, **options)
                status = str(response.status_code)
                span.set_attribute("http.response.status_code", response.status_code)
                if response.is_error:
                    span.set_status(StatusCode.ERROR)
                return response
            finally:
                self._measures.asked_upstream(request.method, status, time.perf_counter() - begun)


def _attributes(request: httpx.Request) -> dict[str, str]:
    return {
        "http.request.method": request.method,
        "server.address": request.url.host,
        "url.path": request.url.path,
    }
