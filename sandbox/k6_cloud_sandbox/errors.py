"""Refusals of the sandbox, each with its HTTP status.

Problem
├── InvalidRequest        400
├── NotEmulated           400
├── InvalidToken          401
├── PermissionDenied      403
├── NotFound              404
├── NotAcceptable         406
├── Conflict              409
├── TooLarge              413
└── UnsupportedMediaType  415

Outside HTTP: SandboxError, when the sandbox itself cannot be opened.

The codes are the sandbox's own: the real API documents no others than `conflict`.
"""

from typing import ClassVar

from k6_cloud.errors import ApiError, ErrorDetail, ErrorResponse


class SandboxError(Exception):
    """The sandbox cannot be opened; the message says what to do."""


class Problem(Exception):
    """A request that is not carried out; `error` is the body of the answer."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(
        self, message: str, target: str | None = None, details: list[ErrorDetail] | None = None
    ) -> None:
        super().__init__(message)
        self.error = ApiError(message=message, code=self.code, target=target, details=details)


class InvalidRequest(Problem):
    """A value in the request is wrong."""

    status = 400
    code = "validation_error"

    @classmethod
    def field(cls, target: str, message: str) -> "InvalidRequest":
        """One wrong value, named in `details`."""
        return cls.fields([ErrorDetail(message=message, code="invalid", target=target)])

    @classmethod
    def fields(cls, details: list[ErrorDetail]) -> "InvalidRequest":
        """Several wrong values."""
        return cls("Request validation error.", details=details)


class NotEmulated(Problem):
    """The real service can do it, the sandbox cannot. Not 501: clients repeat what got a 5xx."""

    status = 400
    code = "not_emulated"


class InvalidToken(Problem):
    """The token is missing or wrong."""

    status = 401
    code = "not_authenticated"


class PermissionDenied(Problem):
    """The token does not belong to the stack that was asked for."""

    status = 403
    code = "permission_denied"


class NotFound(Problem):
    """There is no such object."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "Resource not found.") -> None:
        super().__init__(message)


class NotAcceptable(Problem):
    """The script is of a kind that the Accept header rules out."""

    status = 406
    code = "not_acceptable"


class Conflict(Problem):
    """The state does not allow it now."""

    status = 409
    code = "conflict"


class TooLarge(Problem):
    """The body is past the size limit."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(Problem):
    """The body has the wrong Content-Type."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self, media_type: str) -> None:
        super().__init__(f'Unsupported media type "{media_type}"')


def error_body(error: ApiError) -> dict[str, object]:
    """The JSON of a failure. Absent fields are left out: k6 panics on a `target` that is null."""
    return ErrorResponse(error=error).model_dump(mode="json", exclude_none=True)
