from typing import Any

import pytest

from k6_cloud_mcp_tools.guard.decisions import NoDecision, decision_for
from k6_cloud_mcp_tools.guard.known_clients import HOSTS, known_host
from k6_cloud_mcp_tools.guard.policy import Policy

ALLOWED = frozenset({"start_load_test"})


def decider(policy: Policy, operation: str = "start_load_test", **client: Any) -> str:
    circumstances: dict[str, Any] = {"client": "editor 1.0", "askable": True, "unreachable": ""} | client
    try:
        return decision_for(policy, operation, **circumstances).by
    except NoDecision as error:
        return f"refused: {error}"


def test_by_default_the_person_decides_where_they_can_be_asked_and_a_token_elsewhere():
    assert decider(Policy()) == "person"
    assert decider(Policy(), askable=False) == "token"


@pytest.mark.parametrize("client", ["claude-ai 0.1.0", "codex-mcp-client 0.165.0", "Zed 0.200", "opencode 1"])
def test_a_host_whose_question_reaches_nobody_is_not_asked(client: str):
    assert decider(Policy(), client=client) == "token"
    assert decider(Policy(confirm="ask"), client=client) == "person"


@pytest.mark.parametrize(
    "client", ["claude-code 2.1.317", "Visual Studio Code 1.140.0", "Cursor", "cursor-vscode 1", None]
)
def test_a_host_that_asks_or_is_not_known_is_asked(client: str | None):
    assert decider(Policy(), client=client) == "person"


def test_a_client_that_left_a_question_open_is_not_asked_again_unless_only_a_person_may_decide():
    assert decider(Policy(), unreachable="it did not answer") == "token"
    assert decider(Policy(confirm="ask"), unreachable="it did not answer") == "person"


def test_tokens_can_be_forbidden_and_forms_spared():
    assert "cannot ask one" in decider(Policy(confirm="ask"), askable=False)
    assert decider(Policy(confirm="two_step")) == "token"


def test_a_policy_does_what_it_allows_without_asking_and_refuses_all_else():
    policy = Policy(confirm="policy", allow=ALLOWED)
    assert decider(policy) == "policy"
    assert "does not allow delete_load_test" in decider(policy, "delete_load_test")
    assert "does not allow start_load_test" in decider(Policy(confirm="policy"))


def test_what_is_allowed_needs_no_asking_and_the_rest_is_asked():
    policy = Policy(allow=ALLOWED)
    assert decider(policy) == "policy"
    assert decider(policy, "delete_load_test") == "person"


def test_where_only_a_person_decides_nothing_is_allowed_beforehand():
    assert decider(Policy(confirm="ask", allow=ALLOWED)) == "person"
    only = Policy(confirm="policy", allow=ALLOWED).tightened_by(Policy(confirm="ask"))
    assert decider(only) == "person"
    assert "does not allow" in decider(only, "delete_load_test")


def test_a_host_is_known_by_the_whole_beginning_of_its_name():
    assert [known_host(host.client) for host in HOSTS] == list(HOSTS)
    assert known_host("claude-airline 1.0") is None
    assert known_host("my zed") is None
    assert known_host("") is None
