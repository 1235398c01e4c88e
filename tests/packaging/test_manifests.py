"""The manifests by which hosts and registries know the server."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from k6_cloud_mcp.config.settings import Settings

from .conftest import ROOT, Validate

PLUGIN = ".claude-plugin/plugin.json"
EXTENSION = "gemini-extension.json"
BUNDLE = "packaging/mcpb/manifest.json"
SERVER = "packaging/server.json"


def read(name: str) -> dict[str, Any]:
    return json.loads((ROOT / name).read_text("utf-8"))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("name", [PLUGIN, EXTENSION, BUNDLE, SERVER])
def test_the_version_is_that_of_the_package(name: str):
    manifest = read(name)
    versions = [manifest["version"], *(each["version"] for each in manifest.get("packages", []))]
    assert set(versions) == {project()["version"]}


@pytest.mark.parametrize("name", [PLUGIN, EXTENSION, BUNDLE, SERVER])
def test_every_variable_is_one_that_the_server_knows(name: str):
    named = set(re.findall(r"\bK6_\w+", (ROOT / name).read_text("utf-8")))
    assert "K6_CLOUD_TOKEN" in named
    assert named <= Settings.variables().keys()


@pytest.mark.parametrize("name", [PLUGIN, EXTENSION, BUNDLE])
def test_each_starts_the_console_script_from_its_own_folder(name: str):
    manifest = read(name)
    servers = manifest.get("mcpServers", {"k6-cloud": manifest.get("server", {}).get("mcp_config")})
    start = servers["k6-cloud"]
    assert start["command"] == "uv"
    assert start["args"][:3] == ["run", "--no-dev", "--directory"]
    assert start["args"][-1] in project()["scripts"]


def test_the_marketplace_offers_the_plugin_of_this_folder():
    (offered,) = read(".claude-plugin/marketplace.json")["plugins"]
    assert (offered["name"], offered["source"]) == (read(PLUGIN)["name"], "./")


def test_the_token_is_a_secret_wherever_it_is_asked_for():
    assert read(BUNDLE)["user_config"]["token"]["sensitive"] is True
    assert read(EXTENSION)["settings"][0]["sensitive"] is True
    (package,) = read(SERVER)["packages"]
    assert [each["name"] for each in package["environmentVariables"] if each.get("isSecret")] == [
        "K6_CLOUD_TOKEN"
    ]


def test_the_registry_finds_its_name_in_the_readme_that_pypi_shows():
    assert f"mcp-name: {read(SERVER)['name']}" in (ROOT / "README.md").read_text("utf-8")


def published(address: str) -> dict[str, Any]:
    """A schema from where it is published. The tests have no copies: they would go stale unseen."""
    try:
        return httpx.get(address, follow_redirects=True, timeout=10).raise_for_status().json()
    except httpx.HTTPError as error:
        pytest.skip(f"{address} cannot be reached: {error}")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (SERVER, read(SERVER)["$schema"] if (ROOT / SERVER).exists() else ""),
        (PLUGIN, "https://json.schemastore.org/claude-code-plugin-manifest.json"),
        (
            BUNDLE,
            "https://raw.githubusercontent.com/modelcontextprotocol/mcpb/main/schemas/mcpb-manifest-v0.4.schema.json",
        ),
    ],
)
def test_a_manifest_follows_its_published_schema(name: str, address: str):
    jsonschema.validate(read(name), published(address))  # pyright: ignore[reportUnknownMemberType]


def test_the_registrys_limits_hold():
    manifest = read(SERVER)
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", manifest["name"])
    assert len(manifest["description"]) <= 100
    assert len(manifest["title"]) <= 100


def test_the_bundle_passes_the_validator_of_mcpb(npm_program: Validate):
    result = npm_program("@anthropic-ai/mcpb@2.1.2", "mcpb", "validate", str(ROOT / BUNDLE))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_extension_passes_the_validator_of_gemini_cli(npm_program: Validate, tmp_path: Path):
    shutil.copy(ROOT / EXTENSION, tmp_path)
    result = npm_program("@google/gemini-cli@0.61.0", "gemini", "extensions", "validate", str(tmp_path))
    assert "successfully validated" in result.stdout + result.stderr


@pytest.mark.skipif(shutil.which("claude") is None, reason="Claude Code is not on the PATH")
@pytest.mark.parametrize("name", [PLUGIN, ".claude-plugin/marketplace.json"])
def test_the_plugin_passes_the_validator_of_claude_code(name: str, tmp_path: Path):
    command = ["claude", "plugin", "validate", "--strict", str(ROOT / name)]
    env = {**os.environ, "HOME": str(tmp_path)}
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
