import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from worlds import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.sources import given_script


@pytest.fixture
def app() -> App:
    """An app that reads local files of up to 100 bytes."""
    return App(K6Cloud(httpx.AsyncClient(), max_script_bytes=100), local_files=True)


def write(path: Path, content: bytes = b"// hi") -> str:
    path.write_bytes(content)
    return str(path)


def refusal(app: App, text: str | None = None, path: str | None = None) -> str:
    with pytest.raises((ToolError, ScriptError)) as refused, given_script(app, text, path):
        pass
    return str(refused.value)


def test_a_script_is_taken_inline(app: App):
    with given_script(app, "// grüß dich", None) as script:
        assert script is not None
        assert script.text() == "// grüß dich"


@pytest.mark.parametrize("name", ["a.js", "a.mjs", "a.ts", "a.tar"])
def test_a_script_is_read_from_a_file(app: App, tmp_path: Path, name: str):
    with given_script(app, None, write(tmp_path / name)) as script:
        assert script is not None
        assert script.text() == "// hi"


def test_a_path_may_start_at_home(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.js")
    with given_script(app, None, "~/a.js") as script:
        assert script is not None


def test_no_script_is_none(app: App):
    with given_script(app, None, None) as script:
        assert script is None


def test_two_scripts_are_one_too_many(app: App):
    assert refusal(app, "// hi", "a.js") == "Give script or script_path, not both. Nothing was sent."


def test_an_empty_script_is_refused(app: App, tmp_path: Path):
    assert refusal(app, "") == "The script is empty. Nothing was sent."
    assert refusal(app, path=write(tmp_path / "a.js", b"")) == "The script is empty. Nothing was sent."


def test_a_file_that_is_neither_text_nor_an_archive_is_refused(app: App, tmp_path: Path):
    gzipped = write(tmp_path / "a.tar", b"\x1f\x8b\x08\x00")
    assert refusal(app, path=gzipped) == (
        "The script is neither UTF-8 text nor a k6 archive (.tar). Nothing was sent."
    )


@pytest.mark.parametrize("name", ["secrets.env", "id_rsa", "a.js.gz", "a.json"])
def test_only_scripts_are_read(app: App, tmp_path: Path, name: str):
    path = write(tmp_path / name)
    assert refusal(app, path=path) == f"script_path must end in .js, .mjs, .ts, .tar. {path!r} was not read."


@pytest.mark.parametrize("name", ["missing.js", "directory.js", "pipe.js", "a\0.js"])
def test_what_is_no_file_is_refused(app: App, tmp_path: Path, name: str):
    (tmp_path / "directory.js").mkdir()
    os.mkfifo(tmp_path / "pipe.js")
    path = f"{tmp_path}/{name}"
    assert refusal(app, path=path) == f"There is no file {path!r}. Give its full path. Nothing was sent."


@pytest.mark.parametrize("path", ["a.js", "~nobody-of-that-name/a.js"])
def test_a_missing_file_is_named_by_where_it_was_looked_for(app: App, path: str):
    assert f"There is no file '{Path.cwd()}/{path}'." in refusal(app, path=path)


def test_a_script_past_the_size_limit_is_refused(app: App, tmp_path: Path):
    with pytest.raises(ScriptTooLarge, match="larger than the limit"), given_script(app, "x" * 101, None):
        pass
    assert "larger than the limit" in refusal(app, path=write(tmp_path / "a.js", b"x" * 101))


async def test_a_server_elsewhere_reads_no_files(world: World, tmp_path: Path):
    path = write(tmp_path / "a.js", SCRIPT.encode())
    async with world.connect(local_files=False) as client:
        refused = await client.call_tool("create_load_test", {"name": "New", "script_path": path})
        tests = content_of(await client.call_tool("list_load_tests", {"search": "New"}))
    assert text_of(refused) == (
        "script_path works only when the server runs on this machine over stdio: send script instead."
    )
    assert tests["rows"] == []


async def test_the_limit_is_told_to_the_model_before_anything_is_sent(
    world: World, through: Callable[..., K6Cloud]
):
    sent: list[str] = []

    async def look(request: httpx.Request) -> None:
        sent.append(request.method)

    k6 = through(look)
    k6.max_script_bytes = 100
    async with world.connect(k6=k6) as client:
        refused = await client.call_tool("create_load_test", {"name": "New", "script": "x" * 101})
    assert text_of(refused).startswith("The script is larger than the limit of ")
    assert "POST" not in sent
