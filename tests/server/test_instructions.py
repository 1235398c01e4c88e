"""What a host is told of the server before anything is called."""

import pytest
from support.servers import open_world

from k6_cloud_mcp.instructions import instructions
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.toolsets import select

STARTS = frozenset({"start_load_test"})


def test_they_name_only_tools_that_are_on():
    text = instructions(select([], ["start_load_test", "wait_for_test_run"]), sandbox=False)
    assert "start_load_test, wait_for_test_run" in text
    assert "validate_options" not in text
    assert "create_load_test" not in text


@pytest.mark.parametrize(
    ("policy", "words", "not_said"),
    [
        (Policy(), "ask the user themselves", "without asking"),
        (Policy(confirm="two_step"), "replace return confirmation_required", "themselves"),
        (Policy(allow=STARTS), "start_load_test may act without asking", "refused"),
        (Policy(confirm="ask", allow=STARTS), "ask the user themselves", "without asking"),
        (
            Policy(confirm="policy", allow=STARTS),
            "which is start_load_test; the others are refused",
            "themselves",
        ),
        (Policy(confirm="policy"), "which is nothing; the others are refused", "themselves"),
    ],
)
async def test_they_say_how_guarded_tools_are_decided(policy: Policy, words: str, not_said: str):
    async with open_world() as world, world.connect(policy=policy) as client:
        assert words in (client.instructions or "")
        assert not_said not in (client.instructions or "")


def test_tools_that_only_read_need_no_word_of_asking():
    text = instructions(select(read_only=True), sandbox=False, policy=Policy(confirm="policy"))
    assert "All tools only read" in text
    assert "operator" not in text
