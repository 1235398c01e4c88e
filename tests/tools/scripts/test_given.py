import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.scripts.given import given_script


@pytest.fixture
def app() -> App:
    """An app that reads local files of up to 100 bytes."""
    return App(K6Cloud(httpx.AsyncClient(), max_script_bytes=100), local_files=True)


def write(path: Path, content: bytes = b"// hi") -> str:
    path.write_bytes(content)
    return str(path)


async def refusal(app: App, text: str | None = None, path: str | None = None) -> str:
    with pytest.raises((ToolError, ScriptError)) as refused:
        async with given_script(app, text, path):
            pass
    return str(refused.value)


async def test_a_script_is_taken_inline(app: App):
    async with given_script(app, "// grüß dich", None) as script:
        assert script is not None
        assert script.text() == "// grüß dich"


@pytest.mark.parametrize("name", ["a.js", "a.mjs", "a.tar"])
async def test_a_script_is_read_from_a_file(app: App, tmp_path: Path, name: str):
    async with given_script(app, None, write(tmp_path / name)) as script:
        assert script is not None
        assert script.text() == "// hi"


async def test_a_path_may_start_at_home(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.js")
    async with given_script(app, None, "~/a.js") as script:
        assert script is not None


async def test_no_script_is_none(app: App):
    async with given_script(app, None, None) as script:
        assert script is None


async def test_two_scripts_are_one_too_many(app: App):
    assert await refusal(app, "// hi", "a.js") == "Give script or script_path, not both. Nothing was sent."


async def test_an_empty_script_is_refused(app: App, tmp_path: Path):
    assert await refusal(app, "") == "The script is empty. Nothing was sent."
    assert await refusal(app, path=write(tmp_path / "a.js", b"")) == "The script is empty. Nothing was sent."


async def test_a_file_that_is_neither_text_nor_an_archive_is_refused(app: App, tmp_path: Path):
    gzipped = write(tmp_path / "a.tar", b"\x1f\x8b\x08\x00")
    assert await refusal(app, path=gzipped) == (
        "The script is neither UTF-8 text nor a k6 archive (.tar). Nothing was sent."
    )


@pytest.mark.parametrize("name", ["secrets.env", "id_rsa", "a.js.gz", "a.json"])
async def test_only_scripts_are_read(app: App, tmp_path: Path, name: str):
    path = write(tmp_path / name)
    assert (
        await refusal(app, path=path)
        == f"script_path must end in .js, .mjs, .ts, .tar, or be a folder. {path!r} was not read."
    )


@pytest.mark.parametrize("name", ["missing.js", "pipe.js", "a\0.js"])
async def test_what_is_no_file_is_refused(app: App, tmp_path: Path, name: str):
    os.mkfifo(tmp_path / "pipe.js")
    path = f"{tmp_path}/{name}"
    assert (
        await refusal(app, path=path) == f"There is no file {path!r}. Give its full path. Nothing was sent."
    )


@pytest.mark.parametrize("path", ["a.js", "~nobody-of-that-name/a.js"])
async def test_a_missing_file_is_named_by_where_it_was_looked_for(app: App, path: str):
    assert f"There is no file '{Path.cwd()}/{path}'." in await refusal(app, path=path)


async def test_a_script_past_the_size_limit_is_refused(app: App, tmp_path: Path):
    with pytest.raises(ScriptTooLarge, match="larger than the limit"):
        async with given_script(app, "x" * 101, None):
            pass
    assert "larger than the limit" in await refusal(app, path=write(tmp_path / "a.js", b"x" * 101))


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


async def test_a_file_that_uses_others_needs_k6(app: App, tmp_path: Path):
    path = write(tmp_path / "a.js", b"import './lib.js';")
    assert "there is no k6 here. Install k6 or set K6_PATH" in await refusal(app, path=path)


@pytest.mark.parametrize(
    "source", [b"// import './lib.js'", b"const a = `open('./a')`;", b"import 'k6/http';"]
)
async def test_a_file_that_only_seems_to_use_others_is_sent_as_it_is(app: App, tmp_path: Path, source: bytes):
    async with given_script(app, None, write(tmp_path / "a.js", source)) as script:
        assert script is not None
        assert script.read() == source


async def test_a_folder_stands_for_its_entry_script(app: App, tmp_path: Path):
    write(tmp_path / "main.js", b"// main")
    write(tmp_path / "helpers.js")
    async with given_script(app, None, str(tmp_path)) as script:
        assert script is not None
        assert script.text() == "// main"
