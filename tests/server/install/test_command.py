import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k6_cloud_mcp.install.command import Command, Origin, start_command


def origin(tmp_path: Path, **given: Any) -> Origin:
    """An installation in a virtual environment, with uv and uvx at hand."""
    scripts = tmp_path / "venv" / "bin"
    scripts.mkdir(parents=True, exist_ok=True)
    (scripts / "k6-cloud-mcp").touch()
    for name in ("uv", "uvx"):
        (tmp_path / name).touch()
    values: dict[str, Any] = {
        "package": tmp_path / "venv" / "lib" / "site-packages" / "k6_cloud_mcp",
        "prefix": tmp_path / "venv",
        "scripts": scripts,
        "python": str(scripts / "python"),
        "uv": str(tmp_path / "uv"),
        "direct_url": {},
    }
    return Origin(**values | given)


def test_a_clone_is_run_by_uv_from_its_folder(tmp_path: Path):
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "pyproject.toml").touch()
    package = tmp_path / "clone" / "server" / "k6_cloud_mcp"
    assert start_command(origin(tmp_path, package=package)) == Command(
        str(tmp_path / "uv"), ("run", "--directory", str(tmp_path / "clone"), "k6-cloud-mcp")
    )


def test_a_clone_without_uv_is_run_by_the_script_of_its_environment(tmp_path: Path):
    (tmp_path / "pyproject.toml").touch()
    found = start_command(origin(tmp_path, package=tmp_path / "server" / "k6_cloud_mcp", uv=None))
    assert found == Command(str(tmp_path / "venv" / "bin" / "k6-cloud-mcp"))


def test_an_installed_tool_is_run_by_its_script(tmp_path: Path):
    assert start_command(origin(tmp_path)) == Command(str(tmp_path / "venv" / "bin" / "k6-cloud-mcp"))


def test_an_environment_without_the_script_is_run_as_a_module(tmp_path: Path):
    without = origin(tmp_path, scripts=tmp_path / "elsewhere")
    assert start_command(without) == Command(without.python, ("-m", "k6_cloud_mcp"))


GIT = {"url": "https://git.example/k6.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
PINNED = {"url": "https://git.example/k6.git", "vcs_info": {"vcs": "git", "requested_revision": "v1"}}


@pytest.mark.parametrize(
    ("direct_url", "args"),
    [
        ({}, ("k6-cloud-mcp",)),
        (GIT, ("--from", "git+https://git.example/k6.git", "k6-cloud-mcp")),
        (PINNED, ("--from", "git+https://git.example/k6.git@v1", "k6-cloud-mcp")),
        ({"url": "file:///home/me/k6", "dir_info": {}}, ("--from", "file:///home/me/k6", "k6-cloud-mcp")),
    ],
)
def test_a_run_of_uvx_is_repeated_from_the_same_source(
    tmp_path: Path, direct_url: dict[str, Any], args: tuple[str, ...]
):
    cached = origin(tmp_path, prefix=tmp_path / "cache" / "archive-v0" / "4f2a", direct_url=direct_url)
    assert start_command(cached) == Command(str(tmp_path / "uvx"), args)


def test_what_is_running_here_can_be_started_by_what_is_found():
    # Without uv, which would first bring the environment of a clone up to date.
    command = start_command(replace(Origin.here(), uv=None))
    assert Path(command.program).is_absolute()
    result = subprocess.run(
        [command.program, *command.args, "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("k6-cloud-mcp ")
