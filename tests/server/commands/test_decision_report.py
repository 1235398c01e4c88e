import pytest

from k6_cloud_mcp.commands.decision_report import decision_report
from k6_cloud_mcp.config.policy_rules import GUARDED
from k6_cloud_mcp_tools.guard.policy import Policy

STARTS = frozenset({"start_load_test"})


@pytest.mark.parametrize(
    ("client", "known_for", "decided"),
    [
        ("cursor-vscode 1.0", "Cursor: its forms reach a person", "a person is asked in a form"),
        ("claude-ai", "shows none, so that a call would hang", "two steps"),
        ("codex-mcp-client", "answers them by itself", "two steps"),
        ("Zed", "promises no forms", "two steps"),
    ],
)
def test_a_known_host_is_told_what_it_is_known_for_and_its_rung(client: str, known_for: str, decided: str):
    first, second = decision_report(Policy(), client)
    assert known_for in first
    assert second.startswith(f"every guarded tool: {decided}")


def test_of_another_client_it_depends_on_what_it_declares():
    lines = decision_report(Policy(), "my-agent")
    assert "not a known host" in lines[0]
    assert "where it does: every guarded tool: a person" in lines[1]
    assert "where it does not: every guarded tool: two steps" in lines[2]


def test_tools_that_are_decided_otherwise_have_lines_of_their_own():
    lines = decision_report(Policy(confirm="policy", allow=STARTS), "cursor")
    assert lines[1] == "start_load_test: done without asking, as the policy allows it"
    assert lines[2].startswith(f"the other {len(GUARDED) - 1} guarded tools: refused: the operator's policy")


def test_a_host_that_cannot_ask_is_refused_where_only_a_person_decides():
    assert (
        "refused: this server only lets a person confirm" in decision_report(Policy(confirm="ask"), "zed")[1]
    )
