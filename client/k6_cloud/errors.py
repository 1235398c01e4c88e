"""The errors of the client.

K6CloudError
├── ConfigurationError      the token, stack or address cannot be used (also a ValueError)
├── InvalidArgument         an argument that no request can be made of (also a ValueError)
├── OutOfScope              the call would reach a project that the client is not limited to
├── NotFinished             a run did not end in the time it was waited for (also a TimeoutError)
├── NoAnswer                the request got no usable answer
│   ├── TimedOut            ... in time
│   └── BadAnswer           ... but one that the API would not give: a redirect, a page of a proxy, a broken body
├── ScriptError             a script that cannot be handled here
│   ├── ScriptTooLarge      ... because it is over the size limit
│   └── NotAnalysed         ... because reading it takes more time or memory than it may
└── StatusError             the API refused the request
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

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from k6_cloud.safe_text import one_line

_MESSAGE_LIMIT = 500
MAYBE_DONE = "It is not known whether the request took effect: read the object before trying again."


class ErrorDetail(BaseModel):
    """One entry of `error.details`."""

    message: str
    code: str = ""
    target: str | None = None


class ApiError(BaseModel):
    """The `error` object. `code` is service-defined and undocumented: branch on the HTTP status instead."""

    message: str
    code: str = ""
    target: str | None = None
    details: list[ErrorDetail] | None = None


class ErrorResponse(BaseModel):
    """The body of every documented failure (`ErrorResponseApiModel`)."""

    error: ApiError


class K6CloudError(Exception):
    """Any failure of a call to Grafana Cloud k6."""


class ConfigurationError(K6CloudError, ValueError):
    """The token, the stack or the address is missing or cannot be used; nothing was sent."""


class InvalidArgument(K6CloudError, ValueError):
    """No request can be made of an argument: wrong type, out of range, too long; nothing was sent."""

    @classmethod
    def of(cls, call: str, error: ValidationError, names: Sequence[str] = ()) -> Self:
        """Return the error for arguments of `call` that pydantic refused, located by name or by place in `names`."""
        problems = "; ".join(
            _problem(one, names) for one in error.errors(include_url=False, include_input=False)
        )
        return cls(f"{call} got {problems}. Nothing was sent. Correct the argument and call again.")


class OutOfScope(K6CloudError):
    """The call would reach a project outside those that the client is limited to; nothing was changed."""


class NotFinished(K6CloudError, TimeoutError):
    """A run did not end in the time it was waited for, and goes on; `status` is the one that was last read."""

    def __init__(self, test_run_id: int, status: str, timeout: float) -> None:
        self.test_run_id = test_run_id
        self.status = status
        super().__init__(
            f"Test run {test_run_id} did not end within {timeout:g} s: it is {status}. "
            "It goes on. Wait again, or abort it."
        )


class NoAnswer(K6CloudError):
    """The request got no usable answer."""


class TimedOut(NoAnswer):
    """No answer came in time."""


class BadAnswer(NoAnswer):
    """Something answered, but not as the API does."""


class ScriptError(K6CloudError):
    """A script cannot be read, or is of a kind that cannot be handled."""


class ScriptTooLarge(ScriptError):
    """A script is over the size limit; nothing was sent or stored."""


class ScriptNotRead(ScriptError):
    """k6 was not allowed to read a script here, so nothing is known against it."""


class NotAnalysed(ScriptError):
    """A text takes more time or memory to analyse than one text may; nothing was sent or kept."""


class StatusError(K6CloudError):
    """The API refused the request: `status` is the HTTP status, `error` its explanation, `retry_after` in seconds."""

    next_step = "Nothing was changed."

    def __init__(self, status: int, error: ApiError, call: str, retry_after: float | None = None) -> None:
        self.status = status
        self.error = error
        self.retry_after = retry_after
        super().__init__(
            f"{call} answered {status}: {_sentence(error)} {next_step_after(call, self.next_step)}"
        )


class BadRequest(StatusError):
    """400: the request is invalid; `error.details` may name the fields."""

    next_step = "Nothing was changed. Correct the named values and call again."


class Unauthorized(StatusError):
    """401: the token is invalid or has expired."""

    next_step = "Nothing was changed. The API token is invalid or has expired: use a valid one."


class Forbidden(StatusError):
    """403: the token is valid but may not do this, or it belongs to another stack."""

    next_step = (
        "Nothing was changed. The token's user needs access to this stack and project, and a stack token "
        "must belong to the stack it is used on."
    )


class NotFound(StatusError):
    """404: there is no such object, or the token may not see it."""

    next_step = "Nothing was changed. Check the id: there is no such object, or the token may not see it."


class NotAcceptable(StatusError):
    """406: the stored script is not of the kind that was asked for."""

    next_step = "Ask for the script without naming a format."


class Conflict(StatusError):
    """409: the current state does not allow this (still running, name taken)."""

    next_step = "Nothing was changed. Resolve the conflict, then call again."


class UnsupportedMedia(StatusError):
    """415: the body has the wrong Content-Type."""


class RateLimited(StatusError):
    """429: too many requests; `retry_after` says for how many seconds to wait, if the API does."""

    next_step = "Nothing was changed. Wait a little, then call again."


class ServerFailure(StatusError):
    """5xx: the service failed; a write may or may not have been carried out."""

    next_step = MAYBE_DONE


def next_step_after(call: str, next_step: str) -> str:
    """Return the next step after a failed call like `GET /x`. One that only reads certainly changed nothing."""
    reads = call.startswith("GET ") or call.endswith("/validate_options")
    return "Nothing was changed. Try again." if reads and next_step is MAYBE_DONE else next_step


def _problem(error: ErrorDetails, names: Sequence[str]) -> str:
    first, *rest = error["loc"] or ("arguments",)
    name = names[first] if isinstance(first, int) and first < len(names) else first
    place = ".".join(str(part) for part in (name, *rest))
    return f"{place}: {error['msg'].removeprefix('Value error, ').rstrip('.')}"


def _sentence(error: ApiError) -> str:
    message = error.message.rstrip(". ") or "no reason given"
    parts = [f"{message} ({error.target})" if error.target else message]
    parts += [_detail(detail) for detail in error.details or []]
    text = one_line("; ".join(part.rstrip(". ") for part in parts))
    return text[:_MESSAGE_LIMIT] + ("…" if len(text) > _MESSAGE_LIMIT else ".")


def _detail(detail: ErrorDetail) -> str:
    return f"{detail.target}: {detail.message}" if detail.target else detail.message
