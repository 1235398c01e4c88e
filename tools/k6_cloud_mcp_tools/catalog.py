"""The catalogue: every operation there is, by toolset, in the order a newcomer reads it."""

from collections.abc import Iterable, Mapping
from functools import cache

from k6_cloud_mcp_tools.operation import Operation
from k6_cloud_mcp_tools.operations import (
    charts,
    labels,
    linting,
    load_tests,
    load_zones,
    metrics,
    options,
    project_limits,
    projects,
    schedules,
    script_uploads,
    scripts,
    test_run_records,
    test_runs,
)
from k6_cloud_mcp_tools.tool import K6Tool
from k6_cloud_mcp_tools.toolsets import Published

TOOLSETS: dict[str, list[Operation]] = {
    "load_tests": [*load_tests.OPERATIONS, *options.OPERATIONS],
    "scripts": [
        *scripts.OPERATIONS,
        *linting.OPERATIONS,
        *script_uploads.OPERATIONS,
        *test_run_records.SCRIPT_OPERATIONS,
    ],
    "test_runs": [*test_runs.OPERATIONS, *test_run_records.OPERATIONS],
    "metrics": metrics.OPERATIONS,
    "schedules": schedules.OPERATIONS,
    "projects": projects.OPERATIONS,
    "load_zones": load_zones.OPERATIONS,
    "limits": project_limits.OPERATIONS,
    "labels": labels.OPERATIONS,
    "charts": charts.OPERATIONS,
}
OPERATIONS = [operation for operations in TOOLSETS.values() for operation in operations]
_BY_NAME = {operation.name: operation for operation in OPERATIONS}


@cache
def tool_of(name: str) -> K6Tool:
    """The tool of an operation, built once. Raises KeyError for a name that does not exist."""
    return _BY_NAME[name].build()


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
