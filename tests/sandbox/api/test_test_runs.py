import httpx

from k6_cloud_sandbox.store.endings import Ending
from k6_cloud_sandbox.store.store import Store


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
