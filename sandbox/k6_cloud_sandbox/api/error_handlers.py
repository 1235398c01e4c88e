"""Every failure as the API's error body."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from k6_cloud.errors import ApiError, ErrorDetail
from k6_cloud_sandbox.errors import InvalidRequest, NotFound, PermissionDenied, Problem, error_body

_log = logging.getLogger(__name__)
_PLACES = frozenset({"body", "query", "header", "path"})
_CODES = {
    400: "validation_error",
    404: "not_found",
    405: "method_not_allowed",
    410: "gone",
    413: "too_large",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MESSAGES = {404: "Resource not found."}


def handle_failures(app: FastAPI) -> None:
    """Let `app` answer each kind of failure in the API's form."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OverflowError, _beyond_limits)
    app.add_exception_handler(RecursionError, _beyond_limits)
    app.add_exception_handler(Exception, _unexpected)


def details_of(errors: Iterable[Mapping[str, Any]]) -> list[ErrorDetail]:
    """Pydantic's findings as error details, each with the path of the value."""
    return [
        ErrorDetail(
            message=error["msg"].removeprefix("Value error, "),
            code=error["type"],
            target=".".join(map(str, _within(error["loc"]))) or None,
        )
        for error in errors
    ]


def _within(path: Sequence[object]) -> Sequence[object]:
    """The path of a value, without the part of the request that it begins with."""
    return path[1:] if path and path[0] in _PLACES else path


def invalid(error: ValidationError) -> InvalidRequest:
    """The refusal of values that do not fit a model."""
    return InvalidRequest.fields(details_of(error.errors()))


def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(error.status, error.error)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    problem = _refusal({error["loc"][0] for error in problems}, details_of(problems))
    return _answer(problem.status, problem.error)


def _refusal(places: set[str], details: list[ErrorDetail]) -> Problem:
    """The API documents no 400 for every operation: what names no stack opens none, no possible id nothing."""
    if "header" in places:
        return PermissionDenied("The headers of the request name no stack.", details=details)
    return NotFound() if "path" in places else InvalidRequest.fields(details)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = _MESSAGES.get(error.status_code, f"{error.detail.rstrip('.')}.")
    code = _CODES.get(error.status_code, "error")
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return _answer(error.status_code, ApiError(message=message, code=code), headers)


def _allowed(request: Request) -> str:
    """The methods of a path. The framework names those of the first route alone; each method is a route here."""

    def answers(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return ", ".join(filter(answers, _METHODS))


def _beyond_limits(_: Request, error: Exception) -> Response:
    what = (
        "A number is beyond 64 bits" if isinstance(error, OverflowError) else "The body is nested too deeply"
    )
    problem = InvalidRequest(f"{what}. Nothing was changed.")
    return _answer(problem.status, problem.error)


def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(500, ApiError(message="Unexpected error.", code="unexpected_error"))


def _answer(status: int, error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    # A client can send text that is not valid Unicode in a key; it comes back as question marks.
    content = json.dumps(error_body(error), ensure_ascii=False).encode(errors="replace")
    return Response(content, status, headers, media_type="application/json")
