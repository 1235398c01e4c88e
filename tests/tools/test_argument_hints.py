import re

import pytest
from support.servers import World, text_of

from k6_cloud_mcp_tools.catalog import OPERATIONS, tool_of
from k6_cloud_mcp_tools.tool import K6Tool

TOOLS = {operation.name: tool_of(operation.name) for operation in OPERATIONS}


@pytest.mark.parametrize(
    ("tool", "arguments", "line"),
    [
        (
            "update_load_test",
            {"script": "x"},
            "script: no such argument. upload_load_test_script sets the script.",
        ),
        ("update_load_test", {"project_id": 2}, "project_id: no such argument. move_load_test moves it to"),
        (
            "update_load_test",
            {"baseline_test_run_id": 2},
            "Baselines are deprecated: star_test_run marks a run",
        ),
        (
            "update_test_run",
            {"starred": True},
            "starred: no such argument. star_test_run and unstar_test_run",
        ),
        ("update_project", {"labels": {}}, "labels: no such argument. set_project_labels sets the labels."),
        ("update_project", {"is_default": True}, "is_default: no such argument. The API cannot set it"),
        ("start_load_test", {"vus": 5}, "vus: no such argument. Options are part of the script:"),
        (
            "create_load_test_schedule",
            {"cron": {"schedule": "@daily", "timezone": "UTC"}},
            "cron.timezone: no such argument. Did you mean time_zone? Valid: schedule, time_zone.",
        ),
        (
            "create_load_test_schedule",
            {"recurrence_rule": {"frequency": "DAILY", "times": 3}},
            "recurrence_rule.times: no such argument. Valid: byday, count, frequency, interval, until.",
        ),
        (
            "create_labels",
            {"keys": ["a"], "key": "b"},
            "key: no such argument. Did you mean keys? Valid: keys.",
        ),
    ],
)
async def test_what_a_tool_cannot_set_names_the_tool_that_can(
    world: World, tool: str, arguments: dict[str, object], line: str
):
    async with world.connect() as client:
        refused = await client.call_tool(tool, arguments)
    assert refused.is_error
    assert line in text_of(refused)


@pytest.mark.parametrize(
    "tool", [tool for tool in TOOLS.values() if tool.instead], ids=lambda tool: tool.name
)
def test_only_arguments_that_a_tool_does_not_take_are_sent_elsewhere_and_to_tools_that_exist(tool: K6Tool):
    assert not tool.instead.keys() & tool.parameters["properties"].keys()
    named = re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", " ".join(tool.instead.values()))
    assert {*named} <= TOOLS.keys()
