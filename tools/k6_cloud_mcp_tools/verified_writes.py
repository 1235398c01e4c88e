"""Verified writes: read before and after, and compared with what was asked for."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from k6_cloud.errors import K6CloudError
from k6_cloud_mcp_tools.advice import advised

Changes = dict[str, list[Any]]


class Unverified(ToolError):
    """The service accepted a change, but reading it back failed or showed something else."""


class Changed(BaseModel):
    """`changed` has each field that differs, as [before, after]; it is absent when nothing does."""

    changed: Changes | None = None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes | None:
    """Each field that differs, as [before, after]; None when nothing does."""
    names = [*before, *(name for name in after if name not in before)]
    found = {
        name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)
    }
    return found or None


def require_unchanged(previewed: object, now: object, what: str) -> None:
    """Raise ToolError if what is to be changed no longer is as it was previewed."""
    if previewed != now:
        raise ToolError(
            f"Not done: {what} has changed since the preview. Nothing was sent. Call again for a new preview."
        )


@contextmanager
def reading_back() -> Generator[None, None, None]:
    """Tell failures of the read after a write from those of the write: the write was accepted."""
    try:
        yield
    except K6CloudError as error:
        raise Unverified(
            f"The change was accepted, but reading it back failed: {advised(error)} Do not repeat the change before "
            "reading what is stored."
        ) from error


def require_shown(asked: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise Unverified unless `after`, which was read back, has all that was asked for."""
    for name, wanted in asked.items():
        if after.get(name) != wanted:
            raise Unverified(
                f"The change was accepted, but reading it back shows {name} {after.get(name)!r} instead of {wanted!r}. "
                "Somebody may have changed it at the same time: read it again before going on."
            )
