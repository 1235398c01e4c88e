"""The catalogue: every operation there is, by toolset, in the order a newcomer reads it.

A module that cannot be imported, such as one whose dependency is broken, leaves the tools of the others as they are.
"""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud_mcp_tools.operation import Operation
from k6_cloud_mcp_tools.tool import K6Tool
from k6_cloud_mcp_tools.toolsets import Published

logger = logging.getLogger(__name__)
_FAILED: dict[str, Exception] = {}


class NotLoaded(ToolError):
    """A tool whose code cannot be imported; the message says why, and what to do."""


def _operations(module: str, name: str = "OPERATIONS") -> list[Operation]:
    """The operations of a module; none of one that cannot be imported, which is told once."""
    try:
        return getattr(import_module(f"k6_cloud_mcp_tools.operations.{module}"), name)
    except Exception as error:
        logger.error("The tools of %s cannot be loaded", module, exc_info=error)
        _FAILED[module] = error
        return []


TOOLSETS: dict[str, list[Operation]] = {
    "load_tests": [*_operations("load_tests"), *_operations("options")],
    "scripts": [
        *_operations("scripts"),
        *_operations("linting"),
        *_operations("script_uploads"),
        *_operations("test_run_records", "SCRIPT_OPERATIONS"),
    ],
    "test_runs": [*_operations("test_runs"), *_operations("test_run_records")],
    "metrics": _operations("metrics"),
    "schedules": _operations("schedules"),
    "projects": _operations("projects"),
    "load_zones": _operations("load_zones"),
    "limits": _operations("project_limits"),
    "labels": _operations("labels"),
    "charts": _operations("charts"),
}
OPERATIONS = [operation for operations in TOOLSETS.values() for operation in operations]
_BY_NAME = {operation.name: operation for operation in OPERATIONS}


@cache
def tool_of(name: str) -> K6Tool:
    """The tool of an operation, built once. Raises NotLoaded, or KeyError for a name that does not exist."""
    if name not in _BY_NAME and _FAILED:
        failures = "; ".join(f"{module}: {_words(error)}" for module, error in _FAILED.items())
        raise NotLoaded(
            f"{name} was not called: a part of this server cannot be loaded ({failures}). Other tools work. Tell the user "
            "that k6-cloud-mcp has to be installed again; its log has the details."
        )
    return _BY_NAME[name].build()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, ImportError) else type(error).__name__


def published(toolsets: Mapping[str, Iterable[Operation]] = TOOLSETS) -> dict[str, list[Published]]:
    """The published form of all tools, by toolset."""
    return {toolset: [*map(_published, operations)] for toolset, operations in toolsets.items()}


def _published(operation: Operation) -> Published:
    tool = operation.build()
    return Published(
        name=tool.name,
        title=operation.title,
        description=tool.description,
        scope=operation.scope,
        is_guarded=operation.is_guarded,
        annotations=operation.annotations.model_dump(by_alias=True, exclude_none=True),
        input_schema=tool.parameters,
        output_schema=tool.output_schema,
    )
