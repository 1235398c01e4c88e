"""The one place where an HTTP failure becomes an error."""

import math
from http import HTTPStatus

import httpx
from pydantic import ValidationError

from k6_cloud.errors import (
    MAYBE_DONE,
    ApiError,
    BadAnswer,
    BadRequest,
    Conflict,
    ErrorResponse,
    Forbidden,
    K6CloudError,
    NoAnswer,
    NotAcceptable,
    NotFound,
    RateLimited,
    ServerFailure,
    StatusError,
    TimedOut,
    Unauthorized,
    UnsupportedMedia,
    next_step_after,
)
from k6_cloud.redaction import REDACTED

_TOKEN_LENGTH = 16

_BY_STATUS: dict[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    415: UnsupportedMedia,
    429: RateLimited,
}


_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def error_from_response(response: httpx.Response) -> K6CloudError:
    """Return the error for a response that is not a success and whose body was read.

    If the body is not the API's (a proxy's page, plain text), the message is the status text.
    """
    call = f"{response.request.method} {response.request.url.path}"
    if response.is_redirect:
        return BadAnswer(
            f"{call} was redirected to another address, which was not followed so that the token stays "
            "with the configured host. Nothing was changed. Check the configured API address."
        )
    status = response.status_code
    kind = _BY_STATUS.get(status) or (ServerFailure if status >= 500 else StatusError)
    return kind(status, _api_error(response), call, _retry_after(response))


def error_from_transport(error: httpx.RequestError, call: str) -> NoAnswer:
    """Return the error for a failure below HTTP. It says whether the request can have arrived."""
    if isinstance(error, httpx.DecodingError):
        return BadAnswer(f"{call} got a body that cannot be decoded. {next_step_after(call, MAYBE_DONE)}")
    if isinstance(error, _NOTHING_SENT):
        kind = TimedOut if isinstance(error, httpx.TimeoutException) else NoAnswer
        return kind(
            f"{call} could not reach the API ({_reason(error)}). Nothing was sent. "
            "Check the network and the configured address."
        )
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else NoAnswer
    return kind(f"{call} got no answer ({_reason(error)}). {next_step_after(call, MAYBE_DONE)}")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _api_error(response: httpx.Response) -> ApiError:
    try:
        error = ErrorResponse.model_validate_json(response.content).error
    except ValidationError:
        error = ApiError(message=response.reason_phrase or _status_text(response.status_code))
    return _without_token(error, response)


def _without_token(error: ApiError, response: httpx.Response) -> ApiError:
    """Take our own token out of an explanation: a service or a proxy may quote it."""
    token = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    # A shorter token is not one of Grafana's, and may be a word that the explanation needs.
    if len(token) < _TOKEN_LENGTH:
        return error
    return ApiError.model_validate_json(error.model_dump_json().replace(token, REDACTED))


def _status_text(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _retry_after(response: httpx.Response) -> float | None:
    """Read the Retry-After header in seconds. A date, or anything else, counts as absent."""
    try:
        seconds = float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
