"""What the repository says of itself is true."""

import re
from pathlib import Path

import pytest
from support.readme_tables import generated

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.install.hosts import HOSTS, Host

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
OVERVIEW = (ROOT / "docs" / "overview.md").read_text("utf-8")


def test_the_tables_of_tools_are_the_generated_ones():
    assert generated(OVERVIEW) == OVERVIEW, "run: uv run python tests/support/readme_tables.py"


def test_the_changelog_tells_of_this_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("name", Settings.variables())
def test_every_setting_is_documented(name: str):
    assert f"`{name}`" in OVERVIEW


def test_the_policy_that_is_shown_can_be_used(tmp_path: Path):
    shown = re.search(r"```toml\n(# policy\.toml.+?)```", OVERVIEW, re.DOTALL)
    assert shown is not None
    (tmp_path / "policy.toml").write_text(shown[1])
    policy = Settings(policy_file=tmp_path / "policy.toml").policy()
    assert (policy.confirm, policy.max_vus, policy.projects) == ("policy", 500, {12, 34})


def test_the_readme_fits_on_a_page():
    assert len(README.split()) <= 900


@pytest.mark.parametrize("name", ["README.md", "docs/overview.md"])
def test_every_link_within_a_page_leads_somewhere(name: str):
    page = ROOT / name
    text = page.read_text("utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith("https://"):
            assert (page.parent / target.split("#")[0]).exists(), target


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_the_readme_names_each_host(host: Host):
    assert f"`{host.name}`" in README
