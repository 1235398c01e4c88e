"""Adds to the documentation what stands elsewhere: the pages of the repository's root, and the reference."""

import re

import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "license.md",
}
_TO_ROOT = re.compile(r"\]\((?:\.\./)+(CHANGELOG\.md|CONTRIBUTING\.md|LICENSE)")
_FROM_ROOT = re.compile(r"\]\((docs/|CHANGELOG\.md|CONTRIBUTING\.md|LICENSE)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put in the pages that do not stand in docs/. What stands there is taken from here, so nothing is written twice."""
    for source, target in _ROOT_PAGES.items():
        files.append(_page(config, target, _from_root(source, reference.root_text(source))))
    for target, text in reference.pages().items():
        files.append(_page(config, f"reference/{target}", text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead the links that leave docs/ for a page of the root to where that page is on the site."""
    up = "../" * page.file.src_uri.count("/")
    return _TO_ROOT.sub(lambda found: f"]({up}{_ROOT_PAGES[found[1]]}", markdown)


def _page(config: MkDocsConfig, target: str, text: str) -> File:
    return File.generated(config, target, content=text)


def _from_root(source: str, text: str) -> str:
    if source == "LICENSE":
        return f"---\nsearch:\n  exclude: true\n---\n# License\n\n```text\n{text}\n```\n"
    return _FROM_ROOT.sub(lambda found: f"]({_ROOT_PAGES.get(found[1], '')}", text)
