"""The catalogue: every operation there is, in the order a newcomer reads it."""

from k6_cloud_mcp_tools import load_tests, options, projects, scripts, test_runs
from k6_cloud_mcp_tools.operation import Operation

OPERATIONS: list[Operation] = [
    *load_tests.OPERATIONS,
    *scripts.OPERATIONS,
    *options.OPERATIONS,
    *test_runs.OPERATIONS,
    *projects.OPERATIONS,
]
