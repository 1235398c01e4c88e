"""The same eleven operations by `FastMCP.from_openapi`. `python bench/generated.py [port]`, stdio without one.

Runs in an environment of its own, which is why it gets at what it needs by name.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

FastMCP: Any = import_module("fastmcp").FastMCP
httpx: Any = import_module("httpx2")


def main(port: int | None = None) -> None:
    """Serve until the client leaves."""
    client = httpx.AsyncClient(
        base_url=os.environ["BENCH_UPSTREAM"],
        headers={"Authorization": "Bearer bench", "X-Stack-Id": "1"},
    )
    document = json.loads(Path(__file__).with_name("eleven_operations.json").read_text("utf-8"))
    server = FastMCP.from_openapi(openapi_spec=document, client=client, name="generated")
    if port is None:
        server.run(show_banner=False)
    else:
        server.run(
            "http",
            show_banner=False,
            host="127.0.0.1",
            port=port,
            log_level="error",
            uvicorn_config={"access_log": False},
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
