"""A script on its way out."""

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from k6_cloud.models import ScriptKind
from k6_cloud.scripts.script import CHUNK, Script
from k6_cloud_sandbox.errors import NotAcceptable

_TYPES: dict[ScriptKind, str] = {"javascript": "text/javascript", "archive": "application/x-tar"}
SCRIPT_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in _TYPES.values()}}
}


class ScriptResponse(StreamingResponse):
    """Sends a script in pieces and closes it, also when the client goes away."""

    def __init__(self, script: Script) -> None:
        self._script = script
        headers = {"Content-Length": str(script.size), "Content-Type": _TYPES[script.kind]}
        super().__init__(_pieces(script), headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._script:
            await super().__call__(scope, receive, send)


def require_accepted(request: Request, script: Script) -> None:
    """Raise NotAcceptable when the Accept header rules out the script's kind.

    As in the real service `application/json` counts as any type: official clients send it everywhere.
    """
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")]
    own = _TYPES[script.kind]
    if not {"", "*/*", "application/json", own, f"{own.partition('/')[0]}/*"} & set(accepted):
        script.__exit__()
        raise NotAcceptable("The current script type can't satisfy the request Accept header format.")


def _pieces(script: Script) -> Iterator[bytes]:
    for offset in range(0, script.size, CHUNK):
        yield script.read(offset, CHUNK)
