from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from k6_cloud_mcp.access.policy_headers import tightened
from k6_cloud_mcp.config.policy_rules import Rules
from k6_cloud_mcp_tools.guard.decisions import NoRung, choose_rung
from k6_cloud_mcp_tools.guard.policy import Policy, QuietHours

STARTS = frozenset({"start_load_test"})
BOTH = STARTS | {"delete_load_test"}
NOON = QuietHours(time(12), time(13), ZoneInfo("UTC"))


def under(policy: Policy, **headers: Any) -> Policy:
    return tightened(policy, Rules.model_validate(headers), frozenset(headers))


def test_no_header_changes_nothing():
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


def test_quiet_hours_add_up():
    assert under(Policy(quiet_hours=(NOON,)), quiet_hours="22:00-06:00").quiet_hours[0] == NOON
    assert len(under(Policy(quiet_hours=(NOON,)), quiet_hours="22:00-06:00").quiet_hours) == 2


def test_a_request_can_insist_on_a_person_but_gains_nothing_by_it():
    strict = under(Policy(confirm="policy", allow=STARTS), confirm="ask")
    assert choose_rung(strict, "start_load_test", client=None, askable=True).by == "person"
    with pytest.raises(NoRung, match="does not allow delete_load_test"):
        choose_rung(strict, "delete_load_test", client=None, askable=True)
    with pytest.raises(NoRung, match="cannot ask one"):
        choose_rung(under(Policy(), confirm="ask"), "start_load_test", client=None, askable=False)
