from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from k6_cloud_mcp_tools.guard.decisions import NoDecision, decision_for
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.quiet_hours import QuietHours

STARTS = frozenset({"start_load_test"})
BOTH = STARTS | {"delete_load_test"}
NOON = QuietHours(time(12), time(13), ZoneInfo("UTC"))


def under(policy: Policy, **rules: Any) -> Policy:
    return policy.tightened_by(Policy(**rules))


def test_no_rule_changes_nothing():
    policy = Policy(confirm="policy", allow=BOTH, max_vus=5)
    assert under(policy) == policy


@pytest.mark.parametrize(
    ("ours", "theirs", "result"), [(5, 3, 3), (5, 9, 5), (None, 3, 3)], ids=["lower", "higher", "first"]
)
@pytest.mark.parametrize("name", ["max_vus", "max_vuh_per_run", "max_vuh_per_day"])
def test_of_two_ceilings_the_lower_one_holds(name: str, ours: int | None, theirs: int, result: int):
    policy = Policy(**{name: ours})  # pyright: ignore[reportArgumentType] - one ceiling at a time
    assert getattr(under(policy, **{name: str(theirs)}), name) == result


def test_only_what_both_allow_is_allowed():
    policy = Policy(allow=BOTH)
    assert under(policy, allow="start_load_test, move_load_test").allow == STARTS
    assert under(policy, allow="").allow == frozenset()
    assert under(Policy(), allow="start_load_test").allow == frozenset()


def test_only_projects_of_both_are_reached():
    assert under(Policy(projects=frozenset({1, 2})), projects="2,3").projects == {2}
    assert under(Policy(), projects="2,3").projects == {2, 3}
    assert str(under(Policy(projects=frozenset({1})), projects="2")).count("no project") == 1


def test_quiet_hours_add_up():
    assert under(Policy(quiet_hours=(NOON,)), quiet_hours="22:00-06:00").quiet_hours[0] == NOON
    assert len(under(Policy(quiet_hours=(NOON,)), quiet_hours="22:00-06:00").quiet_hours) == 2


def test_a_request_can_insist_on_a_person_but_gains_nothing_by_it():
    strict = under(Policy(confirm="policy", allow=STARTS), confirm="ask")
    assert decision_for(strict, "start_load_test", client=None, askable=True).by == "person"
    with pytest.raises(NoDecision, match="does not allow delete_load_test"):
        decision_for(strict, "delete_load_test", client=None, askable=True)
    with pytest.raises(NoDecision, match="cannot ask one"):
        decision_for(under(Policy(), confirm="ask"), "start_load_test", client=None, askable=False)


def test_rules_of_a_token_and_of_a_request_tighten_one_after_the_other():
    token, request = (
        Policy(projects=frozenset({1, 2}), max_vus=5),
        Policy(projects=frozenset({2, 3}), allow=STARTS),
    )
    policy = Policy(allow=BOTH, max_vus=9).tightened_by(token).tightened_by(request)
    assert policy == Policy(allow=STARTS, projects=frozenset({2}), max_vus=5)


@pytest.mark.parametrize(
    "rules",
    [
        {"quiet_hours": "22:00-22:00"},
        {"quiet_hours": "00:00-00:00 Europe/Berlin"},
        {"quiet_hours": ["12:00-13:00", "06:30-06:30"]},
        {"max_vuh_per_day": "inf"},
        {"max_vuh_per_day": float("inf")},
        {"max_vuh_per_day": float("nan")},
        {"max_vuh_per_run": "nan"},
        {"max_vuh_per_run": "1e999"},
        {"max_vuh_per_run": -1},
        {"max_vuh_per_run": 0},
        {"max_vus": True},
        {"max_vus": "1_0"},
        {"max_vus": "2.5"},
        {"max_vuh_per_day": "1_0.5"},
        {"projects": True},
        {"projects": [True]},
        {"projects": "1_2"},
        {"projects": "0"},
        {"projects": ""},
        {"only": ["start_load_test"]},
        {"confirm": "never"},
    ],
    ids=str,
)
def test_a_rule_that_forbids_nothing_or_cannot_be_meant_is_refused(rules: dict[str, Any]):
    with pytest.raises(ValidationError):
        Policy.model_validate(rules)


@pytest.mark.parametrize("one", [12, "12", "12,", [12], ["12"], " 12 "])
def test_one_project_is_a_list_of_one(one: object):
    assert Policy.model_validate({"projects": one}).projects == {12}


def test_a_policy_in_force_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Policy().max_vus = 5  # pyright: ignore[reportAttributeAccessIssue] - that is the point
