"""Prepare a checkout for publishing: `uv run python packaging/release.py --tag vX.Y.Z --repository https://github.com/OWNER/NAME`.

The project does not know where it will be published. Whoever publishes it gives the address here, and only here: this
writes it into the package's metadata, the manifests, the documentation and the README. Without `--repository` it only
checks that the tag, the package, the manifests and the changelog speak of one version.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import tomlkit

ROOT = Path(__file__).parent.parent
MANIFESTS = (
    "packaging/server.json",
    "packaging/mcpb/manifest.json",
    "gemini-extension.json",
    ".claude-plugin/plugin.json",
)
Json = dict[str, Any]


@click.command()
@click.option("--tag", required=True, help="the tag that publishes, such as v1.2.3")
@click.option("--repository", help="the https address of the repository on GitHub")
def main(tag: str, repository: str | None) -> None:
    """Check the version of everything that is published, and fill in the repository's address."""
    if faults := [*wrong_versions(ROOT, tag.removeprefix("v"))]:
        raise click.ClickException("Not prepared: " + "; ".join(faults) + ".")
    if repository:
        fill(ROOT, repository.rstrip("/").removesuffix(".git"))


def wrong_versions(root: Path, version: str) -> Iterator[str]:
    """Yield what does not speak of `version`."""
    package = tomlkit.parse((root / "pyproject.toml").read_text("utf-8")).unwrap()["project"]["version"]
    if package != version:
        yield f"pyproject.toml has version {package}, the tag {version}"
    for name in MANIFESTS:
        if (found := json.loads((root / name).read_text("utf-8")).get("version")) != version:
            yield f"{name} has version {found}, the tag {version}"
    if not re.search(
        rf"^## {re.escape(version)}\b", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    ):
        yield f"CHANGELOG.md has no section {version}"


def fill(root: Path, repository: str) -> None:
    """Write the address of the repository wherever it is published. Raises ClickException for another kind of address."""
    address = urlsplit(repository)
    parts = address.path.strip("/").split("/")
    if address.scheme != "https" or address.hostname != "github.com" or len(parts) != 2:
        raise click.ClickException(f"Not prepared: {repository} is not https://github.com/OWNER/NAME.")
    name = f"io.github.{parts[0]}/k6-cloud-mcp"
    _fill_package(root / "pyproject.toml", repository)
    for manifest in MANIFESTS:
        _fill_manifest(root / manifest, repository, name)
    _replace(root / "mkdocs.yml", r"(?m)\A", f"repo_url: {repository}\n")
    _replace(root / "README.md", r"mcp-name: \S+", f"mcp-name: {name}")


def _fill_package(path: Path, repository: str) -> None:
    document = tomlkit.parse(path.read_text("utf-8"))
    urls = tomlkit.table()
    for name, address in (
        ("Repository", repository),
        ("Issues", f"{repository}/issues"),
        ("Changelog", f"{repository}/blob/main/CHANGELOG.md"),
    ):
        urls.append(name, address)
    document["project"]["urls"] = urls  # pyright: ignore[reportIndexIssue]
    path.write_text(tomlkit.dumps(document), "utf-8")  # pyright: ignore[reportUnknownMemberType]


def _fill_manifest(path: Path, repository: str, name: str) -> None:
    manifest: Json = json.loads(path.read_text("utf-8"))
    if path.name == "server.json":
        manifest |= {
            "name": name,
            "repository": {"url": repository, "source": "github"},
            "websiteUrl": repository,
        }
    elif path.name == "manifest.json":
        manifest |= {"repository": {"type": "git", "url": f"{repository}.git"}, "homepage": repository}
    elif path.name == "plugin.json":
        manifest |= {"repository": repository, "homepage": repository}
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _replace(path: Path, pattern: str, text: str) -> None:
    path.write_text(re.sub(pattern, lambda _: text, path.read_text("utf-8"), count=1), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
