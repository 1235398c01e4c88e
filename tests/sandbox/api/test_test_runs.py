import httpx
import pytest

from k6_cloud.models import DistributionZone
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.store.run_state import Ending
from k6_cloud_sandbox.store.store import Store
from k6_runner.outcome import Outcome


async def test_runs_of_all_tests_are_listed_the_oldest_first(http: httpx.AsyncClient, store: Store):
    runs = [store.runs.start(store.load_tests.create(1, name).id) for name in ("a", "b")]

    page = (await http.get("/cloud/v6/test_runs", params={"$count": "true"})).json()
    later = (
        await http.get("/cloud/v6/test_runs", params={"created_after": runs[1].created.isoformat()})
    ).json()

    assert [run["id"] for run in page["value"]] == [run.id for run in runs]
    assert page["@count"] == 2
    assert [run["id"] for run in later["value"]] == [runs[1].id]


async def test_aborting_a_waiting_run_ends_it_at_once(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)

    answer = await http.post(f"/cloud/v6/test_runs/{run.id}/abort")

    ended = (await http.get(f"/cloud/v6/test_runs/{run.id}")).json()
    assert (answer.status_code, answer.content) == (204, b"")
    assert (ended["status"], ended["result"]) == ("aborted", "error")
    assert ended["status_details"]["extra"]["by_user"] == "sandbox@localhost"
    assert ended["ended"]


async def test_aborting_a_run_under_way_is_left_to_its_engine(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    store.queue.claim("engine", 1)

    answer = await http.post(f"/cloud/v6/test_runs/{run.id}/abort")

    assert answer.status_code == 204
    assert store.runs.get(run.id).status == "initializing"
    assert store.queue.under_way("engine") == {run.id: True}


async def test_aborting_a_run_that_ended_is_409(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    store.queue.claim("engine", 1)
    store.queue.end(run.id, "engine", Ending("completed", "passed"))

    answer = await http.post(f"/cloud/v6/test_runs/{run.id}/abort")

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Cannot abort a non-running test."


async def test_what_belongs_to_an_unknown_run_is_404(http: httpx.AsyncClient):
    assert (await http.post("/cloud/v6/test_runs/9/abort")).status_code == 404
    assert (await http.get("/cloud/v6/test_runs/9/script")).status_code == 404


async def test_a_run_of_a_test_without_script_has_none(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)

    assert (await http.get(f"/cloud/v6/test_runs/{run.id}/script")).status_code == 404


async def test_the_note_of_a_run_is_set(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    url = f"/cloud/v6/test_runs/{run.id}"

    answer = await http.patch(url, json={"note": "after the fix"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await http.get(url)).json()["note"] == "after the fix"
    for body in ({}, {"note": None}, {"note": "a", "result": "passed"}):
        assert (await http.patch(url, json=body)).status_code == 400
    assert (await http.get(url)).json()["note"] == "after the fix"


async def test_a_run_is_deleted_with_its_results_once_it_has_ended(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    url = f"/cloud/v6/test_runs/{run.id}"
    store.queue.claim("engine", 1)

    running = await http.delete(url)
    store.queue.end(run.id, "engine", Ending("completed", "passed"), Outcome("completed", "passed"))
    deleted = await http.delete(url)

    assert running.status_code == 409
    assert running.json()["error"]["message"] == "Cannot delete test while it's running."
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await http.get(url)).status_code == 404
    assert store.queue.measured(run.id) is None


async def test_a_deleted_run_is_no_baseline_any_more(http: httpx.AsyncClient, store: Store):
    test = store.load_tests.create(1, "a").id
    run = store.runs.start(test)
    store.runs.abort(run.id)
    await http.patch(f"/cloud/v6/load_tests/{test}", json={"baseline_test_run_id": run.id})
    assert store.load_tests.get(test).baseline_test_run_id == run.id

    await http.delete(f"/cloud/v6/test_runs/{run.id}")

    assert store.load_tests.get(test).baseline_test_run_id is None


async def test_a_run_is_starred_and_unstarred(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    url = f"/cloud/v6/test_runs/{run.id}"

    for verb, starred in (("star", True), ("star", True), ("unstar", False), ("unstar", False)):
        assert (await http.post(f"{url}/{verb}")).status_code == 204
        assert (await http.get(url)).json()["is_starred"] is starred


async def test_a_run_is_unsaved_and_saved(http: httpx.AsyncClient, store: Store):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    url = f"/cloud/v6/test_runs/{run.id}"

    assert (await http.post(f"{url}/unsave")).status_code == 204
    assert (await http.get(url)).json()["retention_expiry"] > "2026"
    assert (await http.post(f"{url}/save")).status_code == 204
    assert (await http.get(url)).json()["retention_expiry"] is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"local": 100}),
        (
            [("amazon:us:ashburn", 60), ("amazon:ie:dublin", 40)],
            {"amazon:us:ashburn": 60, "amazon:ie:dublin": 40},
        ),
        ([("amazon:us:ashburn", 60), ("amazon:us:ashburn", 40)], {"amazon:us:ashburn": 100}),
    ],
)
async def test_a_run_that_began_shows_this_machine_under_each_of_its_zones(
    http: httpx.AsyncClient, store: Store, options: list[tuple[str, int]] | None, expected: dict[str, int]
):
    run = store.runs.start(store.load_tests.create(1, "a").id)
    url = f"/cloud/v6/test_runs/{run.id}/distribution"
    store.queue.claim("engine", 1)
    assert (await http.get(url)).status_code == 404

    zones = [DistributionZone(load_zone=name, percent=percent) for name, percent in options or []]
    store.queue.enter(run.id, "engine", "running", {"distribution": zones or None})

    machine = {"size": "this machine", "public_ip": "127.0.0.1"}
    assert (await http.get(url)).json()["distribution"] == {
        zone: {"percentage": percent, "nodes": [machine]} for zone, percent in expected.items()
    }


async def test_dates_that_filter_runs_include_the_first_and_exclude_the_second(
    http: httpx.AsyncClient, store: Store
):
    runs = [store.runs.start(store.load_tests.create(1, name).id) for name in "abc"]
    dates = [run.created.isoformat() for run in runs]

    async def listed(**query: str) -> list[int]:
        return [run["id"] for run in (await http.get("/cloud/v6/test_runs", params=query)).json()["value"]]

    assert await listed(created_after=dates[1]) == [2, 3]
    assert await listed(created_before=dates[1]) == [1]
    assert await listed(created_after=dates[0], created_before=dates[2]) == [1, 2]
    # A date without a zone is taken as UTC, whatever zone the machine is in.
    assert await listed(created_after=dates[1].replace("+00:00", "")) == [2, 3]


async def test_the_script_of_a_run_stays_when_its_test_gets_another(http: httpx.AsyncClient, store: Store):
    with Script.from_chunks([b"one"]) as one, Script.from_chunks([b"two"]) as two:
        test = store.load_tests.create(1, "a", one).id
        run = store.runs.start(test)
        store.load_tests.set_script(test, two)

    answer = await http.get(f"/cloud/v6/test_runs/{run.id}/script")

    assert (answer.content, answer.headers["content-type"]) == (b"one", "text/javascript")


async def test_every_operation_on_an_unknown_run_is_404(http: httpx.AsyncClient):
    for verb in ("star", "unstar", "save", "unsave"):
        assert (await http.post(f"/cloud/v6/test_runs/9/{verb}")).status_code == 404
    assert (await http.patch("/cloud/v6/test_runs/9", json={"note": ""})).status_code == 404
    assert (await http.delete("/cloud/v6/test_runs/9")).status_code == 404
    assert (await http.get("/cloud/v6/test_runs/9/distribution")).status_code == 404


@pytest.mark.parametrize("moment", ["0.5", "1700000000", "-1", "1e9", "12:00", ""])
@pytest.mark.parametrize("path", ["test_runs", "load_tests/1/test_runs"])
@pytest.mark.parametrize("parameter", ["created_before", "created_after"])
async def test_a_number_is_no_moment(
    http: httpx.AsyncClient, store: Store, moment: str, path: str, parameter: str
):
    store.load_tests.create(1, "a")

    answer = await http.get(f"/cloud/v6/{path}", params={parameter: moment})

    assert answer.status_code == 400
    assert [detail["target"] for detail in answer.json()["error"]["details"]] == [parameter]
