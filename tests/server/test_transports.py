from pathlib import Path

import pytest

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.transports import http_app


@pytest.mark.parametrize(("backend", "warned"), [("auto", True), ("sandbox", False)])
def test_a_sandbox_that_nobody_chose_is_warned_of(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    warned: bool,
):
    monkeypatch.delenv("K6_CLOUD_TOKEN", raising=False)
    monkeypatch.setenv("K6_MCP_BACKEND", backend)
    monkeypatch.setenv("K6_MCP_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")
    http_app(Settings.load(), "127.0.0.1")
    assert ("using the sandbox" in caplog.text) is warned
