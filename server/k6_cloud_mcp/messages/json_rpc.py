"""Lines that are no JSON-RPC message: the reason, and the id under which the client waits for an answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import mcp_types as types
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, RequestId
from pydantic import ValidationError
from pydantic_core import from_json

# As much of a broken line as is searched for its id.
_SEARCHED = 1 << 18
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_OPENING, _CLOSING = "{[", "}]"


@dataclass(frozen=True)
class Problem:
    """A message that cannot be read. `is_answered` is false for an answer of the client's, which gets none in turn."""

    code: int
    words: str
    id: RequestId | None = None
    is_answered: bool = True

    def error(self) -> JSONRPCError:
        """The answer."""
        return JSONRPCError(jsonrpc="2.0", id=self.id, error=ErrorData(code=self.code, message=self.words))


def problems_of(line: str) -> list[Problem]:
    """The problems of a line, one for each answer that the client waits for; none if it is a message."""
    try:
        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        return _problems(line, error)
    if isinstance(message, types.JSONRPCNotification) and "id" in from_json(line):
        return [
            Problem(INVALID_REQUEST, "The id of a request is text or a whole number. Nothing was called.")
        ]
    return []


def _problems(line: str, error: ValidationError) -> list[Problem]:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return [Problem(PARSE_ERROR, f"The line is not JSON: {reason}. Nothing was called.", _id_in(line))]
    value: Any = from_json(line)
    return _of_batch(cast(list[Any], value)) if isinstance(value, list) else [_problem(value)]


def _problem(value: Any) -> Problem:
    if not isinstance(value, dict):
        return Problem(INVALID_REQUEST, "A message is a JSON object. Nothing was called.")
    message = cast(dict[str, Any], value)
    is_answer = "method" not in message and bool({"result", "error"} & message.keys())
    words = f"{_reason(message)} Nothing was called."
    return Problem(INVALID_REQUEST, words, _id_of(message.get("id")), is_answered=not is_answer)


def _reason(message: dict[str, Any]) -> str:
    if message.get("jsonrpc") != "2.0":
        return 'jsonrpc has to be "2.0".'
    if not isinstance(message.get("params", {}), dict):
        return "params has to be an object: MCP knows its parameters by name."
    return "The message is no request, notification or response of JSON-RPC."


def _of_batch(values: list[Any]) -> list[Problem]:
    words = "Send one message a line: MCP has no batches. Nothing of this batch was called."
    ids = [_id_of(cast(dict[str, Any], one).get("id")) for one in values if isinstance(one, dict)]
    known = [one for one in ids if one is not None]
    return [Problem(INVALID_REQUEST, words, one) for one in known or [None]]


def _id_of(value: object) -> RequestId | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _id_in(line: str) -> RequestId | None:
    """The id of a message that is not JSON as a whole; None if it cannot be told."""
    depth, before = 0, ("", "", "")
    for token in _tokens(line):
        if depth == 1 and before[0] in "{," and before[1:] == ('"id"', ":"):
            return _parsed_id(token)
        depth += (token in _OPENING) - (token in _CLOSING)
        before = (*before[1:], token)
    return None


def _tokens(line: str) -> Iterator[str]:
    return (match.group() for match in _TOKEN.finditer(line, 0, _SEARCHED))


def _parsed_id(token: str) -> RequestId | None:
    try:
        return _id_of(json.loads(token))
    except ValueError:
        return None
