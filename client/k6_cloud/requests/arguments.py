"""Checks of arguments: a wrong one is an error of this package, and nothing is sent."""

import json
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from functools import wraps
from inspect import signature
from typing import Annotated, Any, ParamSpec, TypeVar, cast
from urllib.parse import quote

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, ValidationError, validate_call
from pydantic_core import PydanticSerializationError

from k6_cloud.errors import InvalidArgument
from k6_cloud.models import Json, Request
from k6_cloud.requests.concurrency import AT_ONCE

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Types are taken literally: "7" and True are not ids. Validators are built at a method's first call.
_CONFIG = ConfigDict(strict=True, arbitrary_types_allowed=True, defer_build=True)
_NOTHING_SENT = "Nothing was sent. Correct the argument and call again."


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999 in UTC") from error


Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Top = Annotated[int, Field(ge=0, le=1000)]
Positive = Annotated[int, Field(ge=1, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
HeaderText = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Ahead = Annotated[int, Field(ge=1, le=AT_ONCE)]


def checked(
    method: Callable[Parameters, Awaitable[Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """Check the arguments of a method by its annotations before it runs. Raises InvalidArgument."""
    start = checked_start(method)

    @wraps(method)
    async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return await start(*args, **kwargs)

    return call


def checked_start(method: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Check the arguments of a function by its annotations when it is called. Raises InvalidArgument."""

    # A plain function even around a coroutine function: only the arguments are checked in here.
    @wraps(method)
    def start(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return method(*args, **kwargs)

    validated = cast(Callable[Parameters, Result], validate_call(config=_CONFIG)(start))

    @wraps(method)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return validated(*args, **kwargs)
        except ValidationError as error:
            raise InvalidArgument.of(
                f"{method.__qualname__}()", error, [*signature(method).parameters]
            ) from None

    return call


def body(request: Request) -> Json:
    """Return the JSON of a request, without the fields that were not given. Raises InvalidArgument."""
    try:
        document = request.model_dump(mode="json", exclude_unset=True, warnings="error")
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise InvalidArgument(
            f"{type(request).__name__} holds a value that JSON cannot express ({error}). {_NOTHING_SENT}"
        ) from error
    return document


def quoted(text: str, plain: str = "") -> str:
    """Quote text for the path of an address, except for the characters in `plain`. Raises InvalidArgument."""
    try:
        return quote(text, safe=plain)
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"Text is not valid Unicode ({error.reason}). {_NOTHING_SENT}") from error


def utc_text(moment: datetime | None) -> str | None:
    """Write a time as the API does, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
