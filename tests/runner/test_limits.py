import pytest

from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.limits import setting


@pytest.mark.parametrize(
    "limit", ["max_duration", "inspect_timeout", "cpu_seconds", "memory_bytes", "output_bytes", "allow_hosts"]
)
def test_the_setting_that_messages_name_does_change_the_limit(limit: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(setting(limit), "77")
    assert getattr(SandboxSettings().limits, limit) == (("77",) if limit == "allow_hosts" else 77)
