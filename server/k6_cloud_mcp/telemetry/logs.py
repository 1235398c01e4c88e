"""Logging: to stderr, because stdout belongs to the protocol on stdio."""

import logging
import sys
from typing import Any, Literal

from k6_cloud.safe_text import escape, one_line

# They log addresses, headers or messages of requests.
QUIET = ("httpx", "httpcore", "mcp.server.lowlevel.server", "uvicorn")


def configure_logging(level: str = "INFO", form: Literal["text", "json"] = "text") -> None:
    """Set the root logger up before the SDK does, which would otherwise choose its own handlers.

    httpx logs each request's address with its query, which can hold names: it speaks only of problems.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class LineFormatter(logging.Formatter):
    """A line for each record, in which nothing of other people's text hides; a traceback has lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """The traceback of a record."""
        return escape(super().formatException(ei))


def _formatter(form: Literal["text", "json"]) -> logging.Formatter:
    if form == "text":
        return LineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Imported only when used: stdio need not pay for it at start-up.
    from k6_cloud_mcp.telemetry.json_logs import JsonFormatter

    return JsonFormatter()
