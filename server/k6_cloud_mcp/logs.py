"""Logging: to stderr, because stdout belongs to the protocol on stdio."""

import logging
import sys


def configure_logging(level: str = "INFO") -> None:
    """Set the root logger up before the SDK does, which would otherwise choose its own handlers.

    httpx logs each request's address with its query, which can hold names: it speaks only of problems.
    """
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    for name in ("httpx", "httpcore", "mcp.server.lowlevel.server", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
