"""Log records as JSON, a line each."""

import json
import logging
from datetime import UTC, datetime

from opentelemetry.trace import get_current_span

from k6_cloud.safe_text import escape_json
from k6_cloud_mcp.telemetry.request_ids import request_id


class JsonFormatter(logging.Formatter):
    """`at`, `level`, `logger`, `message`; where there are such, `request_id`, `trace_id`, `span_id`, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **_trace(),
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return escape_json(
            json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)
        )


def _trace() -> dict[str, str]:
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
