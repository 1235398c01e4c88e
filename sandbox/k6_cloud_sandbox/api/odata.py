"""Function calls in paths, in OData's form: `query_range_k6(query='rate by (name)',metric='http_reqs',step=5)`."""

import re
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, PositiveInt, ValidationError, model_validator

from k6_cloud.models import IsoDatetime, Request
from k6_cloud_sandbox.api.error_handlers import details_of
from k6_cloud_sandbox.api.ids import id_in
from k6_cloud_sandbox.errors import InvalidRequest

AnyCall = TypeVar("AnyCall", bound=Request)

_ARGUMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*('(?:[^']|'')*'|\[[^\[\]]*\]|[^\s',\[\]()]+)\s*(?:,|$)")
_MOST_RUNS = 100


class AggregateCall(Request):
    """The arguments of `query_aggregate_k6` for a run."""

    query: str
    metric: str
    start: IsoDatetime | None = None
    end: IsoDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "AggregateCall":
        if self.start and self.end and self.start >= self.end:
            raise ValueError("start must lie before end")
        return self


class RangeCall(AggregateCall):
    """The arguments of `query_range_k6`; `step` is in seconds."""

    step: PositiveInt | None = None


class RunsCall(Request):
    """The runs of a load test to read: its newest, or those with the given ids."""

    test_run_count: Annotated[int, Field(ge=1, le=_MOST_RUNS)] | None = None
    test_run_ids: (
        Annotated[list[Annotated[int, BeforeValidator(id_in)]], Field(min_length=1, max_length=_MOST_RUNS)]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_way(self) -> "RunsCall":
        if self.test_run_count is not None and self.test_run_ids is not None:
            raise ValueError("test_run_count and test_run_ids exclude each other")
        return self


class RunsAggregateCall(AggregateCall, RunsCall):
    """The arguments of `query_aggregate_k6` for a load test."""


def parse_call(text: str, model: type[AnyCall]) -> AnyCall:
    """The arguments between the parentheses of a call. Raises InvalidRequest."""
    try:
        return model.model_validate(_arguments(text))
    except ValidationError as error:
        problems = ({**problem, "loc": ("path", *problem["loc"])} for problem in error.errors())
        raise InvalidRequest.fields(details_of(problems)) from None


def _arguments(text: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    position = 0
    text = text.strip()
    while position < len(text):
        found = _ARGUMENT.match(text, position)
        if not found or found[1] in arguments:
            raise InvalidRequest(
                f"The arguments cannot be read from {text[position : position + 60]!r} on. Write them as "
                "name=value, each once and separated by commas, text in single quotes with a quote in it doubled."
            )
        arguments[found[1]] = _value(found[2])
        position = found.end()
    return arguments


def _value(written: str) -> str | list[str]:
    if written.startswith("'"):
        return written[1:-1].replace("''", "'")
    if written.startswith("["):
        return [item.strip() for item in written[1:-1].split(",") if item.strip()]
    return written
