from collections.abc import Awaitable, Callable
from datetime import timedelta, timezone
from typing import Any, Literal

import pytest
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.models import TestRun
from k6_cloud.test_runs import PatchTestRun

RunScript = Callable[..., Awaitable[TestRun]]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
Mode = Literal["auto", "legacy"]
ONCE = "export const options = { iterations: 1 }; export default () => {};"
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)


async def call(world: World, tool: str, /, **arguments: Any) -> dict[str, Any]:
    async with world.connect() as client:
        return content_of(await client.call_tool(tool, arguments))


async def started(world: World, count: int) -> list[TestRun]:
    """Runs of two tests, in turn; the oldest first."""
    tests = [await world.new_test(name, LONG) for name in ("A", "B")]
    return [await world.k6.load_tests.start(tests[number % 2]) for number in range(count)]


async def test_the_runs_of_all_tests_come_newest_first_and_each_once(world: World):
    runs = await started(world, 5)
    pages = [await call(world, "list_test_runs", limit=2)]
    while skip := pages[-1].get("next_skip"):
        pages.append(await call(world, "list_test_runs", limit=2, skip=skip))
    listed = [row for page in pages for row in page["rows"]]
    assert [(row["id"], row["load_test_id"]) for row in listed] == [
        (run.id, run.test_id) for run in runs[::-1]
    ]
    assert [len(page["rows"]) for page in pages] == [2, 2, 1]
    assert {page["total"] for page in pages} == {5}


async def test_past_the_last_run_there_is_none(world: World):
    assert await call(world, "list_test_runs") == {"rows": [], "total": 0}
    await started(world, 1)
    assert await call(world, "list_test_runs", skip=1) == {"rows": [], "total": 1}
    assert await call(world, "list_test_runs", skip=9) == {"rows": [], "total": 1}


async def test_runs_are_found_by_when_they_were_created(world: World):
    first, second, third = await started(world, 3)
    after = await call(world, "list_test_runs", created_after=second.created.isoformat())
    before = await call(world, "list_test_runs", created_before=second.created.isoformat())
    between = await call(
        world,
        "list_test_runs",
        created_after=first.created.isoformat(),
        created_before=(second.created + timedelta(microseconds=1)).isoformat(),
    )
    assert [row["id"] for row in after["rows"]] == [third.id, second.id]
    assert [row["id"] for row in before["rows"]] == [first.id]
    assert [row["id"] for row in between["rows"]] == [second.id, first.id]
    assert between["total"] == 2


async def test_the_zone_of_a_time_does_not_change_which_runs_are_found(world: World):
    _, second, third = await started(world, 3)
    for zone in (timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))):
        moment = second.created.astimezone(zone).isoformat()
        after = await call(world, "list_test_runs", created_after=moment)
        assert [row["id"] for row in after["rows"]] == [third.id, second.id]
        assert len((await call(world, "list_test_runs", created_before=moment))["rows"]) == 1


async def test_a_time_without_a_zone_is_refused(world: World):
    async with world.connect() as client:
        refused = await client.call_tool("list_test_runs", {"created_after": "2026-01-01T00:00:00"})
    assert text_of(refused).startswith(
        "list_test_runs was not called:\n- created_after: should have timezone"
    )


async def test_a_note_is_set_and_removed(world: World):
    (run,) = await started(world, 1)
    noted = await call(world, "update_test_run", test_run_id=run.id, note="Before the fix")
    emptied = await call(world, "update_test_run", test_run_id=run.id, note="")
    assert noted["note"] == "Before the fix"
    assert noted["changed"] == {"note": ["", "Before the fix"]}
    assert "note" not in emptied


async def test_a_starred_run_is_found_among_the_others(world: World):
    test = await world.new_test(script=LONG)
    runs = [(await world.k6.load_tests.start(test)).id for _ in range(3)]
    starred = await call(world, "star_test_run", test_run_id=runs[1])
    found = await call(world, "list_load_test_runs", load_test_id=test, starred=True)
    unstarred = await call(world, "unstar_test_run", test_run_id=runs[1])
    none = await call(world, "list_load_test_runs", load_test_id=test, starred=True)
    every = await call(world, "list_load_test_runs", load_test_id=test)
    assert (starred["starred"], "starred" in unstarred) == (True, False)
    assert starred["changed"] == {"starred": [False, True]}
    assert unstarred["changed"] == {"starred": [True, False]}
    assert ([row["id"] for row in found["rows"]], found["total"]) == ([runs[1]], 1)
    assert (none["total"], every["total"]) == (0, 3)


@EVERY_ERA
async def test_a_run_is_deleted_only_once_that_is_confirmed(world: World, run_script: RunScript, mode: Mode):
    run = await run_script(ONCE)
    await world.k6.test_runs.star(run.id)
    await world.k6.test_runs.update(run.id, PatchTestRun(note="Keep\nthis"))
    async with world.connect(mode=mode) as client:
        offer = content_of(await client.call_tool("delete_test_run", {"test_run_id": run.id}))
        assert (await world.k6.test_runs.get(run.id)).id == run.id
        token = {"confirmation_token": offer["confirmation_token"]}
        done = content_of(await client.call_tool("delete_test_run", {"test_run_id": run.id, **token}))
        gone = await client.call_tool("get_test_run", {"test_run_id": run.id})
    assert offer["preview"] == (
        f"Delete run {run.id} of load test 'Test 1' (id {run.test_id}) of {run.created:%Y-%m-%d %H:%M} UTC, passed, "
        "with its results and metrics. It is starred. Its note: 'Keep\\nthis'. This cannot be undone."
    )
    assert (done["confirmed_by"], done["result"]) == ("token", {"id": run.id})
    assert "answered 404: " in text_of(gone)


@EVERY_ERA
async def test_a_person_types_the_id_of_a_run_to_delete_it(world: World, run_script: RunScript, mode: Mode):
    run = await run_script(ONCE)
    async with world.connect(mode=mode, answer={"name": str(run.id + 1)}) as client:
        refused = await client.call_tool("delete_test_run", {"test_run_id": run.id})
    async with world.connect(mode=mode, answer={"name": str(run.id)}) as client:
        done = content_of(await client.call_tool("delete_test_run", {"test_run_id": run.id}))
    assert refused.is_error
    assert done["confirmed_by"] == "person"


async def test_a_run_under_way_is_not_deleted_and_nobody_is_asked(world: World):
    (run,) = await started(world, 1)
    async with world.connect(confirm="ask") as client:
        refused = await client.call_tool("delete_test_run", {"test_run_id": run.id})
    assert text_of(refused).startswith(f"Not deleted: run {run.id} is still ")
    assert text_of(refused).endswith("stop it with abort_test_run, then delete again.")


async def test_the_machines_of_a_run_are_told_by_load_zone(world: World, run_script: RunScript):
    run = await run_script(ONCE)
    machines = await call(world, "get_test_run_distribution", test_run_id=run.id)
    ((_, zone),) = machines["distribution"].items()
    assert zone["percentage"] == 100
    assert [node["public_ip"] for node in zone["nodes"]] == ["127.0.0.1"]


async def test_a_run_that_made_no_load_has_no_machines(world: World, run_script: RunScript):
    run = await run_script("export default function () {")
    async with world.connect() as client:
        missing = await client.call_tool("get_test_run_distribution", {"test_run_id": run.id})
    assert "answered 404: " in text_of(missing)


async def test_the_script_of_a_run_stays_when_that_of_its_test_changes(world: World):
    test = await world.new_test(script=SCRIPT)
    run = (await world.k6.load_tests.start(test)).id
    async with world.connect(answer={"decision": "go ahead"}) as client:
        arguments = {"load_test_id": test, "script": ONCE}
        content_of(await client.call_tool("upload_load_test_script", arguments))
    assert (await call(world, "download_test_run_script", test_run_id=run))["text"] == SCRIPT
    assert (await call(world, "download_load_test_script", load_test_id=test))["text"] == ONCE


async def test_a_long_script_of_a_run_is_read_in_parts(world: World):
    test = await world.new_test(script=SCRIPT)
    run = (await world.k6.load_tests.start(test)).id
    first = await call(world, "download_test_run_script", test_run_id=run, max_bytes=50)
    rest = await call(world, "download_test_run_script", test_run_id=run, offset=first["next_offset"])
    assert first["text"] + rest["text"] == SCRIPT


@pytest.mark.parametrize(
    "tool", ["star_test_run", "unstar_test_run", "delete_test_run", "download_test_run_script"]
)
async def test_a_run_that_is_not_there_is_named_as_missing(world: World, tool: str):
    async with world.connect(confirm="ask") as client:
        missing = await client.call_tool(tool, {"test_run_id": 4711})
    assert "answered 404: " in text_of(missing)
    assert "4711" in text_of(missing)
