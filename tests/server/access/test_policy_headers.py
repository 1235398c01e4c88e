import pytest
from starlette.datastructures import Headers

from k6_cloud_mcp.access.policy_headers import rules_in
from k6_cloud_mcp.config.policy_rules import RulesError
from k6_cloud_mcp_tools.guard.policy import Policy


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in pairs])


def test_rules_are_read_from_their_headers_and_nothing_else():
    given = headers(("Accept", "*/*"), ("X-K6-MCP-Projects", "1, 2"), ("X-K6-MCP-Max-VUs", "5"))
    assert rules_in(given) == Policy(projects=frozenset({1, 2}), max_vus=5)
    assert rules_in(headers(("Accept", "*/*"), ("X-K6-Token", "t"))) is None


@pytest.mark.parametrize(
    "second", ["X-K6-MCP-Max-VUs", "X-K6-MCP-Max_VUs", "x_k6_mcp_max_vus", "X-K6-MCP-MAX-VUS"]
)
def test_a_rule_that_is_sent_twice_is_refused_however_it_is_spelt(second: str):
    with pytest.raises(RulesError, match="x-k6-mcp-max-vus was sent twice"):
        rules_in(headers(("X-K6-MCP-Max-VUs", "5"), (second, "500")))


def test_a_rule_may_be_spelt_as_a_proxy_does():
    assert rules_in(headers(("x_k6_mcp_max_vus", "5"))) == Policy(max_vus=5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Confirm", "two_step"),
        ("Max-VUs", "many"),
        ("Max-VUH-Per-Day", "inf"),
        ("Allow", "list_projects"),
        ("Only", "x"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(name: str, value: str):
    with pytest.raises(RulesError, match=name.lower().replace("-", "_")):
        rules_in(headers((f"X-K6-MCP-{name}", value)))
