"""An id for each HTTP request, so that its log records, and those of a proxy before us, can be found together."""

import re
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers

HEADER = "X-Request-ID"
# The request that is being answered; empty outside of one, and on stdio.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_KEY = "k6_mcp_request_id"
# Whatever else comes in would be written to logs as it is.
_SANE = re.compile(r"[\w.:/+=-]{1,128}")


def identify(scope: MutableMapping[str, Any]) -> str:
    """The id of an HTTP request, which it carries from now on: the one that a proxy gave, or a new one."""
    given = Headers(raw=scope["headers"]).get(HEADER, "")
    scope[_KEY] = name = given if _SANE.fullmatch(given) else uuid4().hex
    return name


def id_of(request: Any) -> str:
    """The id of a request as the SDK hands it on: the task of a session has none of its own."""
    return getattr(request, "scope", {}).get(_KEY, "")
