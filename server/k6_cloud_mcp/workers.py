"""Several worker processes on one port, each with the whole server in it."""

import json
import logging
import multiprocessing
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.settling import settle
from k6_cloud_mcp.telemetry import otlp
from k6_cloud_mcp.telemetry.logs import configure_logging
from k6_cloud_mcp.telemetry.prometheus import SHARED_FOLDER

# How a worker, which is a new process, gets what the command line said.
_HANDED_ON = "K6_MCP_WORKER"
_KEY = "K6_MCP_SHARED_KEY"
_START_SECONDS = 30
logger = logging.getLogger(__name__)


def serve_workers(
    settings: Settings,
    host: str,
    port: int,
    allowed_hosts: Sequence[str],
    given: Mapping[str, Any],
    workers: int,
) -> None:
    """Serve with `workers` processes until SIGTERM. One that dies is replaced; SIGHUP replaces all, one by one.

    `given` are the settings that came from the command line. Raises SettingsError.
    """
    _require_shared_state(settings)
    # A worker that cannot start would be started again and again: what is wrong has to be told before.
    from k6_cloud_mcp.transports import http_app

    http_app(settings, host, allowed_hosts)
    os.environ[_HANDED_ON] = json.dumps({"host": host, "allowed_hosts": [*allowed_hosts], "given": {**given}})
    if settings.shared_key is None:
        os.environ[_KEY] = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="k6-cloud-mcp-") as folder:
        os.environ[SHARED_FOLDER] = folder
        _supervise(host, port, workers)


def _supervise(host: str, port: int, workers: int) -> None:
    config = uvicorn.Config(
        f"{__name__}:worker_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_worker_healthcheck=_START_SECONDS,
    )
    listener = config.bind_socket()
    # Without it every answer on a kept connection waits 40 ms: asyncio sets it only on sockets it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    logger.info("Listening on http://%s:%s/mcp with %s workers", host, port, workers)
    Multiprocess(config, [listener]).run()


def worker_app() -> Starlette:
    """The application of one worker, from what `serve_workers` left in the environment."""
    from k6_cloud_mcp.transports import http_app

    handed = json.loads(os.environ[_HANDED_ON])
    settings = Settings.load(**handed["given"])
    configure_logging("INFO", settings.log_format)
    otlp.begin()
    Thread(target=_end_with_parent, daemon=True).start()
    app = http_app(settings, handed["host"], handed["allowed_hosts"])
    settle()
    return app


def _end_with_parent() -> None:
    """Workers that outlived a killed parent would keep its port, and nobody would replace or stop them."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _require_shared_state(settings: Settings) -> None:
    if settings.has_no_stack_of_its_own or not settings.uses_sandbox:
        return
    from k6_cloud_sandbox.settings import SandboxSettings

    if SandboxSettings().dir == ":memory:":
        raise SettingsError(
            "K6_SANDBOX_DIR=:memory: gives each worker a sandbox of its own, so that calls would see different tests. "
            "Name a folder, which the workers share, or serve with one worker."
        )
