"""HTTP requests that are answered without being passed on."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """The request is refused: `status`, `headers` and `body` are the answer to it."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body
        self.headers = headers

    def response(self) -> Response:
        """The answer."""
        return JSONResponse(self.body, self.status, self.headers)


def refused(status: int, code: str, words: str, headers: Mapping[str, str] | None = None) -> Refused:
    """A refusal with a code for programs and words for people, as OAuth has them."""
    return Refused(status, {"error": code, "error_description": words}, headers)
