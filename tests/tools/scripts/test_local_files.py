from pathlib import Path

import pytest
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud_mcp_tools.scripts.local_files import entry_of, may_need_bundling, project_of, uses_files


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("//")
    return folder


@pytest.mark.parametrize(
    ("names", "entry"),
    [
        (["main.js", "lib.js"], "main.js"),
        (["index.ts", "helpers.js", "checkout.test.js"], "index.ts"),
        (["checkout.test.js", "lib.js"], "checkout.test.js"),
        (["only.js", "data.json"], "only.js"),
        (["load_test.js", "users.js"], "load_test.js"),
    ],
)
def test_the_entry_of_a_folder_is_found_by_its_name(tmp_path: Path, names: list[str], entry: str):
    assert entry_of(files(tmp_path, *names)).name == entry


@pytest.mark.parametrize(
    ("names", "candidates"),
    [(["main.js", "script.js", "x.js"], "main.js, script.js"), (["a.js", "b.js"], "a.js, b.js")],
)
def test_a_folder_with_several_entries_names_them(tmp_path: Path, names: list[str], candidates: str):
    with pytest.raises(ToolError, match=rf"it could be {candidates}\. Give the file as script_path\."):
        entry_of(files(tmp_path, *names))


def test_a_folder_without_scripts_says_so(tmp_path: Path):
    with pytest.raises(ToolError, match="There is no script"):
        entry_of(files(tmp_path, "README.md"))


@pytest.mark.parametrize(
    ("name", "source", "is_needed"),
    [
        ("a.js", "import { x } from './x.js'", True),
        ("a.js", "const x = require('../x')", True),
        ("a.js", "export * from '/srv/x.js'", True),
        ("a.js", "const users = JSON.parse(open('users.json'))", True),
        ("a.ts", "import { x } from './x'", True),
        ("a.js", "import x from 'C:/k6/x.js'", True),
        ("a.js", r"import x from 'C:\\k6\\x.js'", True),
        ("a.js", "const x = await import(`./x.js`)", True),
        ("a.js", "client.load(['protos'], 'hello.proto')", True),
        ("a.js", "client.load(null, 'hello.proto')", True),
        ("a.js", "client.loadProtoset('hello.protoset')", True),
        ("a.js", "import { open } from 'k6/experimental/fs'; await open('data.csv')", True),
        ("a.js", "import http from 'k6/http'; import 'https://jslib.k6.io/k6-utils/1.4.0/index.js'", False),
        ("a.js", "// import './x.js'\nconst s = \"open('x')\";", False),
        ("a.js", "browser.open('page')", False),
    ],
)
def test_a_script_is_bundled_when_it_uses_local_files(name: str, source: str, is_needed: bool):
    seems = may_need_bundling(Path(name), source)
    assert (seems and uses_files(source, name)) == is_needed


def test_a_project_is_the_nearest_folder_that_is_marked_as_one(tmp_path: Path):
    files(tmp_path, "shop/package.json", "shop/tests/load/main.js", "loose/main.js")
    assert project_of(tmp_path / "shop/tests/load/main.js") == tmp_path / "shop"
    assert project_of(tmp_path / "loose/main.js") == tmp_path / "loose"


def test_the_home_folder_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    files(tmp_path, "package.json", "load/main.js")
    assert project_of(tmp_path / "load/main.js") == tmp_path / "load"
