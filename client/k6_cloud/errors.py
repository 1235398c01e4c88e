"""What can go wrong between us and the API, and the one place where an HTTP failure becomes an error.

K6CloudError
├── NoAnswer                the request got no usable answer
│   ├── TimedOut            ... in time
│   └── BadAnswer           ... that the API would give: a redirect, a page of a proxy, a broken body
├── OutOfScope              the call would reach a project that the client is held off
├── ScriptError             a script that cannot be handled here
│   ├── ScriptTooLarge      ... because it is past the size limit
│   └── NotAnalysed         ... because reading it takes more time or memory than it may
└── StatusError             the API said no
    ├── BadRequest          400
    ├── Unauthorized        401
    ├── Forbidden           403
    ├── NotFound            404
    ├── NotAcceptable       406
    ├── Conflict            409
    ├── UnsupportedMedia    415
    ├── RateLimited         429
    └── ServerFailure       5xx

Each message says what happened, what was not done, and what to do next.
"""

from http import HTTPStatus

import httpx
from pydantic import ValidationError

from k6_cloud.models import ApiError, ErrorDetail, ErrorResponse
from k6_cloud.redaction import REDACTED, printable

_MESSAGE_LIMIT = 500
_TOKEN_LENGTH = 16
_MAYBE_DONE = "It is not known whether the request took effect: read the object before trying again."


class K6CloudError(Exception):
    """Any failure of a call to Grafana Cloud k6."""


class NoAnswer(K6CloudError):
    """The request got no usable answer."""


class TimedOut(NoAnswer):
    """No answer came in time."""


class BadAnswer(NoAnswer):
    """Something answered, but not as the API does."""


class OutOfScope(K6CloudError):
    """The call would reach beyond the projects that the client is limited to; nothing was changed."""


class ScriptError(K6CloudError):
    """A script cannot be read, or is of a kind that cannot be handled."""


class ScriptTooLarge(ScriptError):
    """A script is past the size limit; nothing was sent or kept."""


class ScriptNotRead(ScriptError):
    """k6 was not allowed to read a script here, so nothing is known against it."""


class NotAnalysed(ScriptError):
    """A text takes more time or memory to analyse than one text may; nothing was sent or kept."""


class StatusError(K6CloudError):
    """The API refused the request; `status` is the HTTP status, `error` the body it sent."""

    next_step = "Nothing was changed."

    def __init__(self, status: int, error: ApiError, call: str, retry_after: float | None = None) -> None:
        self.status = status
        self.error = error
        self.retry_after = retry_after
        super().__init__(f"{call} answered {status}: {_sentence(error)} {_advice(call, self.next_step)}")


class BadRequest(StatusError):
    """400: the request is invalid; `error.details` may name the fields."""

    next_step = "Nothing was changed. Correct the named values and call again."


class Unauthorized(StatusError):
    """401: the token is invalid or expired."""

    next_step = (
        "Nothing was changed. Set K6_CLOUD_TOKEN to a valid Grafana Cloud k6 API token and restart the server; "
        "`k6-cloud-mcp doctor` checks it."
    )


class Forbidden(StatusError):
    """403: the token is valid but may not do this, or belongs to another stack."""

    next_step = (
        "Nothing was changed. The token's user needs access to this stack and project, and a stack token "
        "must belong to the configured stack; `k6-cloud-mcp doctor` shows which stack that is."
    )


class NotFound(StatusError):
    """404: no such object, or none that the token may see."""

    next_step = "Nothing was changed. Look the id up with the matching list tool."


class NotAcceptable(StatusError):
    """406: the script is of the other kind than the one asked for."""

    next_step = "Ask for the script without naming a format."


class Conflict(StatusError):
    """409: the state does not allow this now (still running, name taken)."""

    next_step = "Nothing was changed. Resolve the conflict, then call again."


class UnsupportedMedia(StatusError):
    """415: the body has the wrong Content-Type."""


class RateLimited(StatusError):
    """429: too many requests; `retry_after` is in seconds where the API said so."""

    next_step = "Nothing was changed. Wait a little, then call again."


class ServerFailure(StatusError):
    """5xx: the service failed; a write may or may not have been carried out."""

    next_step = _MAYBE_DONE


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
    """Turn a read response that is not a success into the error it stands for.

    A body that is not the API's (a proxy's page, plain text) falls back to the status text.
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
    """Turn a failure below HTTP into an error that says whether the request can have arrived."""
    if isinstance(error, httpx.DecodingError):
        return BadAnswer(f"{call} got a body that cannot be decoded. {_advice(call, _MAYBE_DONE)}")
    if isinstance(error, _NOTHING_SENT):
        kind = TimedOut if isinstance(error, httpx.TimeoutException) else NoAnswer
        return kind(
            f"{call} could not reach the API ({_reason(error)}). Nothing was sent. "
            "Check the network and the configured address."
        )
    kind = TimedOut if isinstance(error, httpx.TimeoutException) else NoAnswer
    return kind(f"{call} got no answer ({_reason(error)}). {_advice(call, ServerFailure.next_step)}")


def _advice(call: str, next_step: str) -> str:
    """What to do next. A read that failed leaves no doubt about what it did."""
    return (
        "Nothing was changed. Try again."
        if call.startswith("GET ") and next_step is _MAYBE_DONE
        else next_step
    )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _api_error(response: httpx.Response) -> ApiError:
    try:
        error = ErrorResponse.model_validate_json(response.content).error
    except ValidationError:
        error = ApiError(message=response.reason_phrase or _status_text(response.status_code))
    return _without_token(error, response)


def _without_token(error: ApiError, response: httpx.Response) -> ApiError:
    """The complaint without our own token, which a service or a proxy may quote in it."""
    token = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    # A shorter one is none of Grafana's, and may be a word that the complaint needs.
    if len(token) < _TOKEN_LENGTH:
        return error
    return ApiError.model_validate_json(error.model_dump_json().replace(token, REDACTED))


def _status_text(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _retry_after(response: httpx.Response) -> float | None:
    """The Retry-After header in seconds; dates and nonsense count as absent."""
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _sentence(error: ApiError) -> str:
    message = error.message.rstrip(". ")
    parts = [f"{message} ({error.target})" if error.target else message]
    parts += [_detail(detail) for detail in error.details or []]
    text = printable("; ".join(part.rstrip(". ") for part in parts))
    return text[:_MESSAGE_LIMIT] + ("…" if len(text) > _MESSAGE_LIMIT else ".")


def _detail(detail: ErrorDetail) -> str:
    return f"{detail.target}: {detail.message}" if detail.target else detail.message
