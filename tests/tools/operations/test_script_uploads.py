from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from support.archives import tar_of
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.storage.script_files import Backups

Mode = Literal["auto", "legacy"]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
GO_AHEAD = {"decision": "go ahead"}
TOKEN, VALUE = "planted-token-0123456789", "planted-env-value"
METADATA = f'{{"options": {{"cloud": {{"token": "{TOKEN}"}}}}, "env": {{"A": "{VALUE}"}}}}'
ARCHIVE = tar_of({"metadata.json": METADATA, "data": "run();"})
HASH = sha256(SCRIPT.encode()).hexdigest()
Answer = httpx.Response | None


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "kept", max_mib=2, days=30)


async def download(client: Client, test: int) -> str:
    return content_of(await client.call_tool("download_load_test_script", {"load_test_id": test}))["text"]


async def put(world: World, test: int, content: bytes) -> None:
    """What somebody else uploads."""
    with Script.from_chunks([content]) as script:
        await world.k6.load_tests.upload_script(test, script)


def is_script(request: httpx.Request, method: str) -> bool:
    return request.method == method and request.url.path.endswith("/script")


async def test_the_first_script_of_a_test_needs_no_confirmation(world: World):
    test = (await world.k6.load_tests.create(1, "Empty")).id
    async with world.connect() as client:
        done = content_of(
            await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": SCRIPT})
        )
        stored = await download(client, test)
    assert done["confirmed_by"] == "not needed"
    assert done["result"] == {
        "kind": "javascript",
        "size": len(SCRIPT),
        "sha256": HASH,
        "load_test_id": test,
        "changed": {
            "kind": [None, "javascript"],
            "size": [None, len(SCRIPT)],
            "sha256": [None, HASH[:16]],
        },
    }
    assert stored == SCRIPT


async def test_the_same_script_again_changes_nothing_and_needs_no_confirmation(world: World):
    test = await world.new_test()
    async with world.connect() as client:
        done = content_of(
            await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": SCRIPT})
        )
    assert done["confirmed_by"] == "not needed"
    assert "changed" not in done["result"]


@EVERY_ERA
async def test_no_single_call_replaces_a_script_for_a_client_that_cannot_ask(world: World, mode: Mode):
    test = await world.new_test("Checkout")
    call = {"load_test_id": test, "script": SCRIPT.replace("vus: 2", "vus: 200")}
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("upload_load_test_script", call))
        assert await download(client, test) == SCRIPT
        done = content_of(
            await client.call_tool(
                "upload_load_test_script", call | {"confirmation_token": offer["confirmation_token"]}
            )
        )
        assert await download(client, test) == call["script"]
    headline, *diff = offer["preview"].splitlines()
    assert headline.startswith(f"Replace the script of load test 'Checkout' (id {test}): javascript, ")
    assert "-export const options = { vus: 2, duration: '1s' };" in diff
    assert "+export const options = { vus: 200, duration: '1s' };" in diff
    assert done["confirmed_by"] == "token"
    assert done["result"]["changed"]["size"] == [len(SCRIPT), len(SCRIPT) + 2]


@EVERY_ERA
async def test_a_token_for_one_script_does_not_store_another(world: World, mode: Mode):
    test = await world.new_test()
    async with world.connect(mode=mode) as client:
        offer = content_of(
            await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// kind"})
        )
        call = {"load_test_id": test, "script": "// evil", "confirmation_token": offer["confirmation_token"]}
        refused = await client.call_tool("upload_load_test_script", call)
        assert await download(client, test) == SCRIPT
    assert "does not fit" in text_of(refused)


@EVERY_ERA
@pytest.mark.parametrize(("decision", "stored"), [("go ahead", "// new"), ("stop", SCRIPT)])
async def test_a_person_decides_about_a_replacement(world: World, mode: Mode, decision: str, stored: str):
    test = await world.new_test()
    async with world.connect(mode=mode, answer={"decision": decision}) as client:
        await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
        assert await download(client, test) == stored


async def test_a_file_that_changes_after_the_preview_is_not_stored(world: World, tmp_path: Path):
    test = await world.new_test()
    file = tmp_path / "test.js"
    file.write_text("// kind")
    call = {"load_test_id": test, "script_path": str(file)}
    async with world.connect() as client:
        offer = content_of(await client.call_tool("upload_load_test_script", call))
        file.write_text("// evil")
        refused = await client.call_tool(
            "upload_load_test_script", call | {"confirmation_token": offer["confirmation_token"]}
        )
    assert "does not fit" in text_of(refused)


async def test_an_upload_needs_a_script(world: World):
    async with world.connect() as client:
        refused = await client.call_tool("upload_load_test_script", {"load_test_id": 1})
    assert text_of(refused) == "Give the script: script (text) or script_path. Nothing was sent."


async def test_an_upload_that_reads_back_differently_is_an_error(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test()

    async def swallow(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(204) if request.method == "PUT" else None

    async with world.connect(k6=through(swallow), answer={"decision": "go ahead"}) as client:
        failed = await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
    assert text_of(failed).startswith(
        "The upload was accepted, but reading the script back gave something else: javascript, 123 bytes, sha256 "
    )
    assert "see it with download_load_test_script before anything runs it." in text_of(failed)


async def test_a_replacement_by_an_archive_is_previewed_by_its_entry_script(world: World, tmp_path: Path):
    test = await world.new_test()
    file = tmp_path / "test.tar"
    file.write_bytes(tar_of({"metadata.json": "{}", "data": "run();"}))
    async with world.connect(answer=GO_AHEAD) as client:
        call = {"load_test_id": test, "script_path": str(file)}
        offer = content_of(await client.call_tool("upload_load_test_script", {**call, "dry_run": True}))
        done = content_of(await client.call_tool("upload_load_test_script", call))
    assert f"becomes archive, {file.stat().st_size} bytes, " in offer["preview"]
    assert "+run();" in offer["preview"].splitlines()
    assert done["result"]["kind"] == "archive"


@EVERY_ERA
async def test_a_script_that_was_replaced_is_kept_and_can_be_brought_back(
    world: World, backups: Backups, mode: Mode
):
    test = await world.new_test()
    async with world.connect(mode=mode, answer=GO_AHEAD, kept_scripts=backups) as client:
        done = content_of(
            await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
        )["result"]
        call = {"load_test_id": test, "sha256": done["kept_script_sha256"][:12]}
        offer = content_of(await client.call_tool("restore_load_test_script", {**call, "dry_run": True}))
        restored = content_of(await client.call_tool("restore_load_test_script", call))
        assert await download(client, test) == SCRIPT
        again = content_of(await client.call_tool("restore_load_test_script", call))
    assert done["kept_script_sha256"] == HASH
    assert (
        done["undo"]
        == f"For up to 30 days: restore_load_test_script with load_test_id {test} and this sha256."
    )
    assert (
        offer["preview"]
        .splitlines()[0]
        .endswith("The old script is kept for up to 30 days: restore_load_test_script brings it back.")
    )
    assert "-// new" in offer["preview"].splitlines()
    assert (restored["confirmed_by"], restored["result"]["sha256"]) == ("person", HASH)
    assert restored["result"]["kept_script_sha256"] == done["sha256"]
    assert (again["confirmed_by"], "changed" in again["result"]) == ("not needed", False)


async def test_the_script_of_a_deleted_test_is_restored_to_a_new_one(world: World, backups: Backups):
    test = await world.new_test("Checkout")
    async with world.connect(answer={"name": "Checkout"}, kept_scripts=backups) as client:
        deleted = content_of(await client.call_tool("delete_load_test", {"load_test_id": test}))["result"]
        new = content_of(await client.call_tool("create_load_test", {"name": "Checkout"}))["id"]
        call = {"load_test_id": new, "sha256": deleted["kept_script_sha256"]}
        done = content_of(await client.call_tool("restore_load_test_script", call))
        assert await download(client, new) == SCRIPT
    assert done["confirmed_by"] == "not needed"


@pytest.mark.parametrize("kept", [True, False])
async def test_what_is_not_kept_cannot_be_restored(world: World, backups: Backups, kept: bool):
    test = await world.new_test()
    app: dict[str, Any] = {"kept_scripts": backups} if kept else {}
    async with world.connect(confirm="ask", **app) as client:
        call = {"load_test_id": test, "sha256": "0" * 64}
        refused = await client.call_tool("restore_load_test_script", call)
    assert text_of(refused).startswith(
        f"Not restored: no script with the sha256 {'0' * 64} is kept (any more)."
    )
    assert ("This server keeps none (K6_MCP_BACKUPS)." in text_of(refused)) is not kept


@pytest.mark.parametrize("sha256", ["0" * 11, "0" * 65, "G" * 12, "../../../etc/passwd"])
async def test_a_hash_has_12_to_64_hexadecimal_digits(world: World, sha256: str):
    async with world.connect() as client:
        refused = await client.call_tool("restore_load_test_script", {"load_test_id": 1, "sha256": sha256})
    assert text_of(refused).startswith("restore_load_test_script was not called:\n- sha256: ")


async def test_the_kept_bytes_of_an_archive_have_no_secrets_and_a_restore_says_so(
    world: World, through: Callable[..., K6Cloud], backups: Backups, tmp_path: Path
):
    test = await world.new_test()
    replaced = False

    async def as_stored_by_the_real_service(request: httpx.Request) -> Answer:
        nonlocal replaced
        replaced |= is_script(request, "PUT")
        return httpx.Response(200, content=ARCHIVE) if is_script(request, "GET") and not replaced else None

    app: dict[str, Any] = {"k6": through(as_stored_by_the_real_service), "kept_scripts": backups}
    async with world.connect(answer=GO_AHEAD, **app) as client:
        call = {"load_test_id": test, "script": "// new"}
        done = await client.call_tool("upload_load_test_script", call)
        kept = content_of(done)["result"]["kept_script_sha256"]
        offer = await client.call_tool(
            "restore_load_test_script", {"load_test_id": test, "sha256": kept, "dry_run": True}
        )
    assert kept == sha256(ARCHIVE).hexdigest()
    assert "It comes back without the API token and the values of -e" in content_of(offer)["preview"]
    files = b"".join(path.read_bytes() for path in (tmp_path / "kept").iterdir())
    everything = files + (text_of(done) + text_of(offer)).encode()
    assert TOKEN.encode() not in everything
    assert VALUE.encode() not in everything


@pytest.mark.parametrize("expected", [HASH, HASH[:12]])
async def test_an_upload_goes_on_where_the_expected_script_is_stored(world: World, expected: str):
    test = await world.new_test()
    async with world.connect(answer=GO_AHEAD) as client:
        call = {"load_test_id": test, "script": "// new", "expected_sha256": expected}
        content_of(await client.call_tool("upload_load_test_script", call))
        assert await download(client, test) == "// new"


@pytest.mark.parametrize(
    ("script", "words"), [(SCRIPT, "now it is javascript, "), (None, "it has no script")]
)
async def test_where_another_script_than_expected_is_stored_nobody_is_asked(
    world: World, script: str | None, words: str
):
    test = (
        await world.new_test(script=script) if script else (await world.k6.load_tests.create(1, "Empty")).id
    )
    async with world.connect(confirm="ask") as client:
        call = {"load_test_id": test, "script": "// new", "expected_sha256": "0" * 64}
        refused = await client.call_tool("upload_load_test_script", call)
    assert text_of(refused).startswith(
        f"Not replaced: load test {test} does not have the expected script: {words}"
    )
    assert "Nothing was changed." in text_of(refused)


@EVERY_ERA
@pytest.mark.parametrize("has_script", [True, False])
async def test_a_race_lost_after_the_preview_changes_nothing(
    world: World, through: Callable[..., K6Cloud], mode: Mode, has_script: bool
):
    test = await world.new_test() if has_script else (await world.k6.load_tests.create(1, "Empty")).id
    reads: list[str] = []
    # A person's answer is checked against the preview once more in the older era.
    last = 3 if has_script and mode == "legacy" else 2 if mode == "legacy" or not has_script else 3

    async def somebody_is_faster(request: httpx.Request) -> None:
        if is_script(request, "GET"):
            reads.append(request.method)
            if len(reads) == last:
                await put(world, test, b"// theirs")
        assert not is_script(request, "PUT")

    async with world.connect(mode=mode, k6=through(somebody_is_faster), answer=GO_AHEAD) as client:
        call = {"load_test_id": test, "script": "// mine"}
        refused = await client.call_tool("upload_load_test_script", call)
        assert await download(client, test) == "// theirs"
    assert text_of(refused).startswith(
        f"Not replaced: the script of load test {test} has changed since the preview: now it is javascript, 9 bytes, "
    )
    assert text_of(refused).endswith("Nothing was changed. Call again for a new preview.")


async def test_a_race_lost_after_the_last_read_is_told_by_reading_back(
    world: World, through: Callable[..., K6Cloud], backups: Backups
):
    test = await world.new_test()
    sent = False

    async def somebody_is_just_behind(request: httpx.Request) -> None:
        nonlocal sent
        if sent and is_script(request, "GET"):
            await put(world, test, b"// theirs")
        sent |= is_script(request, "PUT")

    app: dict[str, Any] = {"k6": through(somebody_is_just_behind), "kept_scripts": backups}
    async with world.connect(answer=GO_AHEAD, **app) as client:
        failed = await client.call_tool(
            "upload_load_test_script", {"load_test_id": test, "script": "// mine"}
        )
    assert "reading the script back gave something else: javascript, 9 bytes, " in text_of(failed)
    assert "The script before yours is kept: For up to 30 days: restore_load_test_script" in text_of(failed)


async def test_a_script_that_cannot_be_read_back_may_still_be_there(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test()
    sent = False

    async def fall_silent(request: httpx.Request) -> Answer:
        nonlocal sent
        if sent:
            return httpx.Response(503)
        sent |= request.method == "PUT"
        return None

    async with world.connect(k6=through(fall_silent), answer=GO_AHEAD) as client:
        failed = await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
    assert text_of(failed).startswith("The change was accepted, but reading it back failed: GET ")
    assert text_of(failed).endswith("Do not repeat the change before reading what is stored.")


async def test_where_keeping_fails_nothing_is_sent(
    world: World, through: Callable[..., K6Cloud], tmp_path: Path
):
    test = await world.new_test("Checkout")
    (tmp_path / "file").write_text("in the way")

    async def reads_only(request: httpx.Request) -> None:
        assert request.method == "GET" or request.url.path.endswith("validate_options")

    app: dict[str, Any] = {
        "k6": through(reads_only),
        "kept_scripts": Backups(tmp_path / "file", max_mib=1, days=1),
    }
    async with world.connect(answer=GO_AHEAD, **app) as client:
        upload = await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
    async with world.connect(answer={"name": "Checkout"}, **app) as client:
        delete = await client.call_tool("delete_load_test", {"load_test_id": test})
    for refused in (upload, delete):
        assert text_of(refused).startswith("Not done: the script that would be lost cannot be kept: ")
        assert text_of(refused).endswith("Nothing was changed. K6_MCP_BACKUPS=false does without keeping it.")


async def test_a_script_too_large_to_keep_is_refused_and_nobody_is_asked(world: World, backups: Backups):
    test = await world.new_test(script="x" * (3 * MIB))
    async with world.connect(confirm="ask", kept_scripts=backups) as client:
        upload = await client.call_tool("upload_load_test_script", {"load_test_id": test, "script": "// new"})
        delete = await client.call_tool("delete_load_test", {"load_test_id": test})
    for refused in (upload, delete):
        assert "it has 3.0 MiB, more than K6_MCP_BACKUP_MAX_MIB (2). Nothing was changed." in text_of(refused)


async def test_a_dry_run_keeps_nothing(world: World, backups: Backups, tmp_path: Path):
    test = await world.new_test()
    async with world.connect(kept_scripts=backups) as client:
        call = {"load_test_id": test, "script": "// new", "dry_run": True}
        shown = content_of(await client.call_tool("upload_load_test_script", call))
    assert (shown["status"], shown["request"]["method"]) == ("dry_run", "PUT")
    assert not (tmp_path / "kept").exists()


async def test_names_and_scripts_of_strangers_cannot_pose_as_the_preview(world: World):
    test = await world.new_test("A'\n└──\nNothing is replaced", script="└──\nNothing is replaced.\n")
    async with world.connect() as client:
        call = {"load_test_id": test, "script": "// new"}
        preview = content_of(await client.call_tool("upload_load_test_script", call))["preview"]
    head, *lines = preview.splitlines()
    assert r"\n└──\nNothing is replaced" in head
    assert [line for line in lines if line.startswith(("└", "Nothing"))] == ["└──"]


async def test_an_archive_that_cannot_be_read_can_still_be_replaced(
    world: World, through: Callable[..., K6Cloud]
):
    test = await world.new_test()
    broken = ARCHIVE[:300].ljust(600, b"x")

    async def archived(request: httpx.Request) -> Answer:
        return httpx.Response(200, content=broken) if is_script(request, "GET") else None

    async with world.connect(k6=through(archived)) as client:
        call = {"load_test_id": test, "script": "// new"}
        offer = content_of(await client.call_tool("upload_load_test_script", call))
    assert "What differs cannot be shown: The archive cannot be read" in offer["preview"]


async def test_under_a_policy_of_projects_only_scripts_of_these_are_brought_back(
    world: World, backups: Backups
):
    theirs = await world.new_test("Theirs")
    project = (await world.k6.projects.create("Ours")).id
    ours = await world.new_test("Ours", "// ours", project)
    async with world.connect(answer=GO_AHEAD, kept_scripts=backups) as client:
        call = {"load_test_id": theirs, "script": "// new"}
        content_of(await client.call_tool("upload_load_test_script", call))
    policy = Policy(projects=frozenset({project}))
    async with world.connect(policy=policy, answer=GO_AHEAD, kept_scripts=backups) as client:
        call = {"load_test_id": ours, "sha256": HASH}
        refused = await client.call_tool("restore_load_test_script", call)
        with pytest.raises(MCPError, match="is kept"):
            await client.read_resource(f"k6://load_tests/{ours}/script@{HASH}")
    assert "is kept (any more)" in text_of(refused)
