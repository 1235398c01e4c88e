import re
from pathlib import Path

import pytest

from k6_cloud_mcp.config.policy_rules import GUARDED
from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp_tools.guard.policy import Policy


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "CONFIRM",
        "ALLOW",
        "PROJECTS",
        "MAX_VUH_PER_RUN",
        "MAX_VUH_PER_DAY",
        "MAX_VUS",
        "QUIET_HOURS",
        "POLICY_FILE",
    ):
        monkeypatch.delenv(f"K6_MCP_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def in_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


RULES = {
    "CONFIRM": "policy",
    "ALLOW": "start_load_test, move_load_test",
    "PROJECTS": "12, 34",
    "MAX_VUH_PER_RUN": "2.5",
    "MAX_VUH_PER_DAY": "20",
    "MAX_VUS": "500",
    "QUIET_HOURS": "22:00-06:00 Europe/Berlin, 12:00-13:00",
}
SAME_IN_TOML = """
confirm = "policy"
allow = ["start_load_test", "move_load_test"]
projects = [12, 34]
max_vuh_per_run = 2.5
max_vuh_per_day = 20
max_vus = 500
quiet_hours = ["22:00-06:00 Europe/Berlin", "12:00-13:00"]
"""


def test_without_rules_there_is_the_default_policy():
    assert Settings.load().policy() == Policy()


def test_the_environment_and_a_file_say_the_same_in_their_own_ways(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from_file = Settings.load(policy_file=in_file(tmp_path, SAME_IN_TOML)).policy()
    for name, value in RULES.items():
        monkeypatch.setenv(f"K6_MCP_{name}", value)
    policy = Settings.load().policy()
    assert policy == from_file
    assert (policy.confirm, policy.projects, policy.max_vus) == ("policy", frozenset({12, 34}), 500)
    assert policy.allow == {"start_load_test", "move_load_test"}
    assert [str(hours) for hours in policy.quiet_hours] == ["22:00-06:00 Europe/Berlin", "12:00-13:00 UTC"]


def test_the_file_is_named_by_a_variable_and_completed_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("K6_MCP_POLICY_FILE", str(in_file(tmp_path, "max_vus = 5")))
    monkeypatch.setenv("K6_MCP_CONFIRM", "ask")
    policy = Settings.load().policy()
    assert (policy.max_vus, policy.confirm) == (5, "ask")


def test_a_rule_in_both_places_is_an_error_because_no_one_could_tell_which_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("K6_MCP_MAX_VUS", "5000")
    with pytest.raises(SettingsError, match=r"K6_MCP_MAX_VUS is set, and max_vus stands in the policy file"):
        Settings.load(policy_file=in_file(tmp_path, "max_vus = 5")).policy()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_vu = 5", "max_vu: Extra inputs are not permitted"),
        ("max_vus = ", "cannot be read"),
        ('allow = ["start"]', "'start' is not a guarded tool"),
        ('allow = ["list_load_tests"]', "'list_load_tests' is not a guarded tool"),
        ("max_vus = -1", "greater than 0"),
        ('quiet_hours = ["22-6"]', "is not like 22:00-06:00 Europe/Berlin"),
        ('quiet_hours = ["22:00-06:00 Atlantis"]', "is not like 22:00-06:00 Europe/Berlin"),
        ('confirm = "never"', "confirm: Input should be"),
    ],
)
def test_a_rule_that_cannot_be_read_stops_the_start(tmp_path: Path, text: str, words: str):
    with pytest.raises(SettingsError) as raised:
        Settings.load(policy_file=in_file(tmp_path, text)).policy()
    assert words in str(raised.value)
    assert "policy.toml" in str(raised.value)


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(policy_file=tmp_path / "none.toml").policy()


@pytest.mark.parametrize("confirm", ["ask", "two_step"])
def test_rules_that_contradict_each_other_stop_the_start(monkeypatch: pytest.MonkeyPatch, confirm: str):
    monkeypatch.setenv("K6_MCP_ALLOW", "start_load_test")
    monkeypatch.setenv("K6_MCP_CONFIRM", confirm)
    with pytest.raises(SettingsError, match="lets tools run without asking"):
        Settings.load().policy()


def test_a_wrong_variable_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_MCP_ALLOW", "strat_load_test")
    with pytest.raises(SettingsError, match=r"K6_MCP_ALLOW.*'strat_load_test' is not a guarded tool"):
        Settings.load()


ONE_EACH = {
    "ALLOW": ("start_load_test", "allow", {"start_load_test"}),
    "PROJECTS": ("12", "projects", {12}),
    "QUIET_HOURS": ("12:00-13:00", "quiet_hours", ["12:00-13:00 UTC"]),
    "TOOLSETS": ("labels", "toolsets", ("labels",)),
    "TOOLS": ("list_labels", "tools", ("list_labels",)),
    "EXCLUDE_TOOLS": ("list_labels", "exclude_tools", ("list_labels",)),
}


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_list_of_one_element_needs_no_comma(monkeypatch: pytest.MonkeyPatch, name: str):
    text, field, value = ONE_EACH[name]
    monkeypatch.setenv(f"K6_MCP_{name}", text)
    read = getattr(Settings.load(), field)
    assert ([str(hours) for hours in read] if field == "quiet_hours" else read) == value


def test_every_setting_that_is_a_list_is_tried_with_one_element():
    lists = {
        name.upper()
        for name, field in Settings.model_fields.items()
        if re.search("set|tuple", str(field.annotation))
    }
    assert lists == ONE_EACH.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_VUH_PER_DAY", "inf"),
        ("MAX_VUH_PER_RUN", "nan"),
        ("MAX_VUS", "-5"),
        ("QUIET_HOURS", "22:00-22:00"),
        ("PROJECTS", "twelve"),
        ("ASK_SECONDS", "inf"),
        ("DRAIN_SECONDS", "nan"),
    ],
)
def test_a_value_that_limits_nothing_stops_the_start_and_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(f"K6_MCP_{name}", value)
    with pytest.raises(SettingsError, match=f"^K6_MCP_{name}"):
        Settings.load()


def test_every_tool_that_can_be_allowed_is_a_guarded_one():
    assert {"start_load_test", "delete_load_test", "move_load_test"} <= GUARDED
    assert "list_load_tests" not in GUARDED
