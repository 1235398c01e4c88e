import pytest

from k6_cloud.scripts.reach import Opening
from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.limits import setting


@pytest.mark.parametrize(
    "limit", ["max_duration", "inspect_timeout", "cpu_seconds", "memory_bytes", "output_bytes"]
)
def test_the_setting_that_messages_name_does_change_the_limit(limit: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(setting(limit), "77")
    assert getattr(SandboxSettings().limits, limit) == 77


def test_the_setting_that_opens_hosts_is_the_one_that_messages_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(setting("allow_hosts"), "127.0.0.1:77")
    assert SandboxSettings().allow_hosts == (Opening("127.0.0.1/32", 77),)
