"""A stand-in for the API: 1,000 load tests, three scripts, canned answers. `python bench/upstream.py` prints its port.

It answers at once, or with `python bench/upstream.py 150` after 150 ms.
"""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from http1 import Message, read_message, written
from payloads import SMALL_SCRIPT, archive, large_script

Answer = tuple[int, str, bytes]
TESTS = 1000
SMALL, LARGE, ARCHIVE = 1, 2, 3
_JSON = "application/json"
_DAY = "2026-03-{day:02}T{hour:02}:15:00.250000Z"
_PRICE = {
    "vuh_usage": 1.67,
    "breakdown": {
        "protocol_vuh": 1.67,
        "browser_vuh": 0.0,
        "base_total_vuh": 1.67,
        "reduction_rate": 0.0,
        "reduction_rate_breakdown": None,
    },
}
_CALL = re.compile(r"/cloud/v6/(?:projects/\d+/)?load_tests(?:/(?P<id>\d+)(?:/(?P<part>\w+))?)?")


class Upstream:
    """The answers of the API. Scripts that are sent are kept, so that they can be read back."""

    def __init__(self) -> None:
        self._tests = [_load_test(number + 1) for number in range(TESTS)]
        self._scripts = {
            SMALL: SMALL_SCRIPT.encode(),
            LARGE: large_script().encode(),
            ARCHIVE: archive().encode(),
        }

    def answer(self, request: Message) -> Answer:
        """The status, content type and body for a request."""
        method, target, _ = request.start.split(" ")
        url = urlsplit(target)
        if url.path == "/cloud/v6/validate_options":
            return 200, _JSON, _encoded(_PRICE)
        found = _CALL.fullmatch(url.path)
        if found is None:
            return 200, _JSON, _encoded({"value": [], "@count": 0})
        if found["id"] is None:
            return self._collection(method, dict(parse_qsl(url.query)))
        return self._single(method, int(found["id"]), found["part"], request.body)

    def _collection(self, method: str, query: dict[str, str]) -> Answer:
        if method == "POST":
            return 201, _JSON, _encoded(self._tests[0])
        tests = [*reversed(self._tests)] if "desc" in query.get("$orderby", "") else self._tests
        skip, top = int(query.get("$skip", 0)), int(query.get("$top", TESTS))
        return 200, _JSON, _encoded({"value": tests[skip : skip + top], "@count": TESTS})

    def _single(self, method: str, test_id: int, part: str | None, body: bytes) -> Answer:
        if part == "script":
            return self._script(method, test_id, body)
        if part == "test_runs":
            return 200, _JSON, _encoded({"value": [], "@count": 0})
        if method == "GET":
            return 200, _JSON, _encoded(self._tests[(test_id - 1) % TESTS])
        return 204, _JSON, b""

    def _script(self, method: str, test_id: int, body: bytes) -> Answer:
        if method == "PUT":
            self._scripts[test_id] = body
            return 204, _JSON, b""
        script = self._scripts.get(test_id, self._scripts[SMALL])
        return 200, "application/x-tar" if script[257:262] == b"ustar" else "text/javascript", script


def _load_test(number: int) -> dict[str, Any]:
    moment = _DAY.format(day=number % 28 + 1, hour=number % 24)
    return {
        "id": number,
        "project_id": number % 5 + 1,
        "name": f"Checkout, region {number:04}",
        "baseline_test_run_id": None,
        "k6_version": None,
        "created": moment,
        "updated": moment,
    }


def _encoded(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


async def _serve(
    answer: Callable[[Message], Answer],
    delay: float,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    writer.transport.set_write_buffer_limits(high=1 << 20)
    while request := await read_message(reader):
        if delay:
            await asyncio.sleep(delay)
        status, kind, body = answer(request)
        writer.write(written(f"HTTP/1.1 {status} OK", {"Content-Type": kind}, body))
        await writer.drain()
    writer.close()


async def _main(milliseconds: int) -> None:
    serve = partial(_serve, Upstream().answer, milliseconds / 1000)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the bench learns the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
