from pathlib import Path

import pytest

from k6_cloud.scripts.reach import Opening
from k6_cloud_sandbox.errors import SandboxError
from k6_cloud_sandbox.settings import SandboxSettings

VARIABLES = {
    "K6_SANDBOX_DIR": "/somewhere",
    "K6_SANDBOX_ALLOW_HOSTS": "test.k6.io, 10.0.0.0/8, 127.0.0.1:3000,",
    "K6_SANDBOX_DEMO_PORT": "7000",
    "K6_SANDBOX_TOKEN": "s3cr3t",
    "K6_SANDBOX_MAX_VUS": "7",
    "K6_SANDBOX_MAX_CPU_SECONDS": "9",
    "K6_PATH": "/opt/k6",
}


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)

    settings = SandboxSettings()

    assert settings.dir == Path("/somewhere")
    assert settings.k6_path == "/opt/k6"
    assert (settings.limits.max_vus, settings.limits.cpu_seconds) == (7, 9)
    assert settings.allow_hosts == (
        Opening("test.k6.io"),
        Opening("10.0.0.0/8"),
        Opening("127.0.0.1/32", 3000),
    )
    assert settings.demo_port == 7000
    assert "s3cr3t" not in repr(settings)


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch):
    for name in ("K6_SANDBOX_TOKEN", "K6_PATH", "K6_SANDBOX_ALLOW_HOSTS", "K6_SANDBOX_DEMO_PORT"):
        monkeypatch.setenv(name, "")

    settings = SandboxSettings()

    assert (settings.token, settings.k6_path, settings.allow_hosts, settings.demo_port) == (
        None,
        None,
        (),
        None,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("K6_SANDBOX_ALLOW_HOSTS", "*.shop.example"),
        ("K6_SANDBOX_ALLOW_HOSTS", "10.0.0.1,http://shop.example/"),
        ("K6_SANDBOX_ALLOW_HOSTS", "shop.example:70000"),
        ("K6_SANDBOX_DEMO_PORT", "65536"),
        ("K6_SANDBOX_MAX_VUS", "0"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str):
    monkeypatch.setenv(variable, value)

    with pytest.raises(SandboxError, match=f"^{variable}: "):
        SandboxSettings.load()


def test_the_state_lives_in_the_users_data_directory_by_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("K6_SANDBOX_DIR", raising=False)

    assert str(SandboxSettings().dir).endswith(str(Path("k6-cloud-mcp") / "sandbox"))


def test_memory_is_not_a_path():
    assert SandboxSettings(dir=":memory:").dir == ":memory:"


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o757])
def test_a_directory_that_anyone_can_write_to_is_refused(tmp_path: Path, mode: int):
    tmp_path.chmod(mode)
    with pytest.raises(SandboxError, match="chmod 700"):
        SandboxSettings(dir=tmp_path).made_dir()
    assert SandboxSettings(dir=tmp_path / "own").made_dir() == tmp_path / "own"
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
