"""Runs that a caller is known to know of: where nobody is asked, a start whose run was never named may be repeated."""

from collections.abc import Mapping
from typing import Any, cast

from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.guard.policy import Policy

START = "start_load_test"
_RUNS = ("test_run_id", "test_run_ids")
_LISTED = ("list_load_test_runs", "load_test_id")


def asks_nobody(policy: Policy) -> bool:
    """Whether tests are started without asking."""
    return START in policy.allow and policy.confirm in ("auto", "policy")


async def acknowledge(app: App, tool: str, arguments: Mapping[str, Any]) -> None:
    """Note which runs a call names: its caller got the answer in which they stood."""
    if not asks_nobody(app.policy):
        return
    named = [number for name in _RUNS for number in _numbers(arguments.get(name))]
    if tool == _LISTED[0]:
        of_test = [await app.ledger.of(caller(), test) for test in _numbers(arguments.get(_LISTED[1]))]
        named += [start.run_id for starts in of_test for start in starts if start.run_id is not None]
    if named:
        await app.ledger.acknowledge(caller(), named)


def _numbers(value: object) -> list[int]:
    values = cast(list[object], value) if isinstance(value, list) else [value]
    return [number for one in values if (number := _number(one)) is not None]


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 19 else None
