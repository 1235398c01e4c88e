"""Publishing needs one address and one version, and everything that is published has both."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit

ROOT = Path(__file__).parent.parent.parent
FILES = (
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "mkdocs.yml",
    "packaging/release.py",
    "packaging/server.json",
    "packaging/mcpb/manifest.json",
    "gemini-extension.json",
    ".claude-plugin/plugin.json",
)
ADDRESS = "https://github.com/example-owner/example-name"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    version = tomlkit.parse((tmp_path / "pyproject.toml").read_text("utf-8")).unwrap()["project"]["version"]
    changes = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    (tmp_path / "CHANGELOG.md").write_text(re.sub(r"(?m)^## .*$", f"## {version}", changes, count=1), "utf-8")
    return tmp_path


def release(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "packaging" / "release.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def version_of(checkout: Path) -> str:
    return json.loads((checkout / "packaging/server.json").read_text("utf-8"))["version"]


def test_the_address_goes_into_everything_that_is_published(checkout: Path):
    done = release(checkout, "--tag", f"v{version_of(checkout)}", "--repository", f"{ADDRESS}.git")

    assert done.returncode == 0, done.stderr
    project = tomlkit.parse((checkout / "pyproject.toml").read_text("utf-8")).unwrap()["project"]
    assert project["urls"]["Repository"] == ADDRESS
    server = json.loads((checkout / "packaging/server.json").read_text("utf-8"))
    assert (server["name"], server["repository"]["url"]) == ("io.github.example-owner/k6-cloud-mcp", ADDRESS)
    assert f"mcp-name: {server['name']}" in (checkout / "README.md").read_text("utf-8")
    assert f"repo_url: {ADDRESS}" in (checkout / "mkdocs.yml").read_text("utf-8").splitlines()
    for name in ("packaging/mcpb/manifest.json", ".claude-plugin/plugin.json"):
        assert ADDRESS in (checkout / name).read_text("utf-8")


@pytest.mark.parametrize("tag", ["v9.9.9", "0.0", "latest"])
def test_a_tag_of_another_version_is_refused_with_all_that_differs(checkout: Path, tag: str):
    done = release(checkout, "--tag", tag, "--repository", ADDRESS)

    assert done.returncode == 1
    assert "pyproject.toml has version" in done.stderr
    assert "packaging/server.json has version" in done.stderr
    assert "CHANGELOG.md has no section" in done.stderr
    assert ADDRESS not in (checkout / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    "address", ["http://github.com/a/b", "https://example.org/a/b", "https://github.com/a", "a/b"]
)
def test_an_address_that_the_registry_could_not_prove_is_refused(checkout: Path, address: str):
    done = release(checkout, "--tag", version_of(checkout), "--repository", address)

    assert done.returncode == 1
    assert "is not https://github.com/OWNER/NAME" in done.stderr
    assert "urls" not in (checkout / "pyproject.toml").read_text("utf-8")
