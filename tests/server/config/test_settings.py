import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from k6_cloud_mcp.config.settings import Settings, SettingsError

VARIABLES = (
    "K6_CLOUD_TOKEN",
    "K6_CLOUD_STACK_ID",
    "K6_CLOUD_STACK_URL",
    "K6_CLOUD_PROJECT_ID",
    "K6_CLOUD_HOST_V6",
    "K6_MCP_BACKEND",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_without_credentials_the_sandbox_is_used():
    assert Settings.load().uses_sandbox


@pytest.mark.parametrize(
    "stack", [("K6_CLOUD_STACK_ID", "42"), ("K6_CLOUD_STACK_URL", "https://a.grafana.net")]
)
def test_a_token_and_a_stack_are_a_full_set(monkeypatch: pytest.MonkeyPatch, stack: tuple[str, str]):
    monkeypatch.setenv("K6_CLOUD_TOKEN", "secret")
    monkeypatch.setenv(*stack)
    assert not Settings.load().uses_sandbox


@pytest.mark.parametrize(
    ("name", "value", "missing"),
    [
        ("K6_CLOUD_TOKEN", "secret", "K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL is missing"),
        ("K6_CLOUD_STACK_ID", "42", "K6_CLOUD_TOKEN is missing"),
        ("K6_MCP_BACKEND", "cloud", "K6_CLOUD_TOKEN and K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL is missing"),
    ],
)
def test_half_a_set_is_an_error_that_names_the_missing_half(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, missing: str
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=missing) as raised:
        _ = Settings.load().uses_sandbox
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["TOKEN", "K6_MCP_TOKEN", "STACK_ID", "K6_MCP_BASE_URL"])
def test_a_variable_of_another_name_is_not_ours(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "https://elsewhere.example")
    assert Settings.load().uses_sandbox


def test_the_sandbox_can_be_chosen_in_spite_of_credentials(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_CLOUD_TOKEN", "secret")
    monkeypatch.setenv("K6_MCP_BACKEND", "sandbox")
    assert Settings.load().uses_sandbox


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    assert Settings.load().uses_sandbox


def test_a_wrong_value_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_CLOUD_STACK_ID", "my-stack")
    with pytest.raises(SettingsError, match="K6_CLOUD_STACK_ID"):
        Settings.load()


@pytest.mark.parametrize("address", ["http://api.k6.io", "ftp://api.k6.io", "api.k6.io"])
def test_an_address_that_would_leak_the_token_is_refused(monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setenv("K6_CLOUD_HOST_V6", address)
    with pytest.raises(SettingsError, match="https://"):
        Settings.load()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://:443", "names no host"),
        ("http://", "names no host"),
        ("https://user:pa55word@api.k6.io", "must not hold a user name or a password"),
        ("https://pa55word@api.k6.io", "must not hold a user name or a password"),
        ("http://user:pa55word@127.0.0.1:6580", "must not hold a user name or a password"),
        ("https://:pa55word@api.k6.io", "must not hold a user name or a password"),
        ("https://api.k6.io:pa55word", "is not a valid address"),
        ("https://[pa55word", "is not a valid address"),
    ],
)
def test_an_address_without_a_host_or_with_a_secret_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, address: str, reason: str
):
    monkeypatch.setenv("K6_CLOUD_HOST_V6", address)
    with pytest.raises(SettingsError, match=f"K6_CLOUD_HOST_V6: {reason}") as refused:
        Settings.load()
    assert "pa55word" not in str(refused.value)


def test_plain_http_is_fine_on_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_CLOUD_HOST_V6", "http://127.0.0.1:6580/")
    assert Settings.load().base_url == "http://127.0.0.1:6580"


def test_a_k6_cloud_login_fills_the_gaps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    login = {"token": "from-login", "stackID": 7, "stackURL": "https://b.grafana.net", "defaultProjectID": 3}
    write_login(tmp_path / "k6" / "config.json", login)
    monkeypatch.setenv("K6_CLOUD_TOKEN", "from-environment")
    settings = Settings.load()
    assert settings.token == SecretStr("from-environment")
    assert (settings.stack_id, settings.project_id) == (7, 3)


def test_a_stack_is_never_mixed_from_two_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    write_login(tmp_path / "k6" / "config.json", {"token": "t", "stackID": 7})
    monkeypatch.setenv("K6_CLOUD_STACK_URL", "https://a.grafana.net")
    settings = Settings.load()
    assert (settings.stack_id, settings.stack_url) == (None, "https://a.grafana.net")


def test_a_broken_login_is_an_error_only_if_it_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "k6" / "config.json"
    path.parent.mkdir()
    path.write_text('{"collectors": {"cloud": "abc"}}')
    with pytest.raises(SettingsError, match="cloud is not an object"):
        Settings.load()
    assert Settings.load(backend="sandbox").uses_sandbox
    monkeypatch.setenv("K6_CLOUD_TOKEN", "t")
    monkeypatch.setenv("K6_CLOUD_STACK_ID", "1")
    assert Settings.load().stack_id == 1


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_CLOUD_TOKEN", "secret")
    monkeypatch.setenv("K6_MCP_HTTP_TOKEN", "secret")
    assert "secret" not in repr(Settings.load())


def write_login(path: Path, cloud: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"collectors": {"cloud": cloud}}))


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(
    ("mode", "after"), [(0o777, 0o775), (0o1777, 0o1775), (0o702, 0o700), (0o750, 0o750)]
)
def test_a_state_folder_that_anyone_can_write_to_is_closed_to_them(tmp_path: Path, mode: int, after: int):
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(mode)
    Settings.load(state_dir=folder, backend="sandbox")
    assert stat.S_IMODE(folder.stat().st_mode) == after
