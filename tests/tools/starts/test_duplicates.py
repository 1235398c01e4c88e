"""One intent starts one run: what a repeated call says of the run that is there already."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import anyio
import httpx
import pytest
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import Json
from k6_cloud_mcp_tools.guard.confirmations import Confirmations
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger, StartsHere
from k6_cloud_mcp_tools.guard.start_records import Start
from k6_cloud_mcp_tools.starts.duplicates import already_started

Mode = Literal["auto", "legacy"]
EVERY_ERA = pytest.mark.parametrize("mode", ["auto", "legacy"])
Intercept = Callable[[httpx.Request], Awaitable[httpx.Response | None]]
GO_AHEAD = {"decision": "go ahead"}
LONG = (
    "import { sleep } from 'k6'; export const options = { duration: '60s' }; export default () => sleep(1);"
)
ONCE = "export const options = { iterations: 1 }; export default () => {};"
ALLOWED = Policy(confirm="policy", allow=frozenset({"start_load_test"}))


class Answers:
    """Passes requests on, but loses the answers to starts while `losing`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.losing = True
        self.deaf = False
        self.keys: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/start"):
            return httpx.Response(503) if self.deaf and request.url.path.endswith("/test_runs") else None
        self.keys.append(request.headers["K6-Idempotency-Key"])
        if not self.losing:
            return None
        await self.world.k6.load_tests.start(int(request.url.path.split("/")[-2]), self.keys[-1])
        self.deaf = self.deaf or self.losing
        raise httpx.ReadTimeout("timed out")


async def remember(world: World, test: int, ago: float = 1, **facts: Any) -> Start:
    """Put a start of a moment ago into the ledger, as if this server had been stopped since."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    given: Json = {"load_test_id": test, "caller": "local", "key": "key", "at": at, **facts}
    start = Start.model_validate(given)
    await world.app.ledger.store.write(lambda _: [start])
    return start


async def runs_of(world: World, test: int) -> list[int]:
    return [run.id for run in (await world.k6.load_tests.list_runs(test, order_by="created")).value]


async def start(world: World, test: int, token: str | None = None, **connection: Any) -> Json:
    """What a call of start_load_test by a fresh client says."""
    call: Json = {"load_test_id": test} | ({"confirmation_token": token} if token else {})
    async with world.connect(**connection) as client:
        return content_of(await client.call_tool("start_load_test", call))


async def until_ended(world: World, run: int) -> None:
    with anyio.fail_after(20):
        while not (await world.k6.test_runs.get(run)).is_final:
            await anyio.sleep(0.02)


@EVERY_ERA
async def test_a_token_that_is_used_again_tells_of_the_run_it_started(world: World, mode: Mode):
    test = await world.new_test(script=ONCE)
    token = (await start(world, test, mode=mode))["confirmation_token"]
    run = (await start(world, test, token, mode=mode))["result"]["test_run_id"]
    again = await start(world, test, token, mode=mode)
    assert (again["status"], again["confirmed_by"]) == ("done", "not needed")
    assert again["result"]["test_run_id"] == run
    assert (
        again["result"]["already_started"].endswith(" ago")
        or again["result"]["already_started"] == "just now"
    )
    assert again["result"]["next"] == (
        f"This call started nothing. Call wait_for_test_run with test_run_id {run}; to start another one, call "
        "start_load_test without confirmation_token."
    )
    assert await runs_of(world, test) == [run]


async def test_a_token_that_is_too_old_tells_of_the_run_started_since(world: World):
    moments = [datetime.now(UTC).timestamp()]
    world.app = replace(world.app, confirmations=Confirmations(now=lambda: moments[0]))
    test = await world.new_test(script=ONCE)
    token = (await start(world, test))["confirmation_token"]
    run = (await world.k6.load_tests.start(test)).id
    moments[0] += 601
    again = await start(world, test, token)
    assert again["result"]["test_run_id"] == run
    assert "already_started" in again["result"]


async def test_a_token_that_is_too_old_and_started_nothing_is_refused(world: World):
    moments = [datetime.now(UTC).timestamp()]
    world.app = replace(world.app, confirmations=Confirmations(now=lambda: moments[0]))
    test = await world.new_test(script=ONCE)
    token = (await start(world, test))["confirmation_token"]
    moments[0] += 601
    async with world.connect() as client:
        call = {"load_test_id": test, "confirmation_token": token}
        refused = await client.call_tool("start_load_test", call)
    assert "has expired" in text_of(refused)
    assert await runs_of(world, test) == []


@EVERY_ERA
async def test_a_second_start_after_the_first_is_another_run(world: World, mode: Mode):
    test = await world.new_test(script=ONCE)
    first = await start(world, test, mode=mode, answer=GO_AHEAD)
    await until_ended(world, first["result"]["test_run_id"])
    second = await start(world, test, mode=mode, answer=GO_AHEAD)
    runs = [one["result"]["test_run_id"] for one in (first, second)]
    assert await runs_of(world, test) == runs
    assert len(set(runs)) == 2
    assert "already_started" not in second["result"]


@EVERY_ERA
async def test_a_run_whose_answer_was_lost_is_found_and_the_result_says_so(
    world: World, through: Callable[[Intercept], K6Cloud], mode: Mode
):
    test = await world.new_test(script=LONG)

    async def lose(request: httpx.Request) -> None:
        if request.url.path.endswith("/start"):
            await world.k6.load_tests.start(test, request.headers["K6-Idempotency-Key"])
            raise httpx.ReadTimeout("timed out")

    done = await start(world, test, mode=mode, answer=GO_AHEAD, k6=through(lose))
    assert done["confirmed_by"] == "person"
    assert await runs_of(world, test) == [done["result"]["test_run_id"]]
    assert done["result"]["next"].startswith(
        "The answer to the start was lost, and the run was then found in the list. Call wait_for_test_run"
    )


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_run_behind_a_failure_of_the_service_is_found(
    world: World, through: Callable[[Intercept], K6Cloud], status: int
):
    test = await world.new_test(script=LONG)

    async def fail(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/start"):
            return None
        await world.k6.load_tests.start(test, request.headers["K6-Idempotency-Key"])
        return httpx.Response(status)

    done = await start(world, test, policy=ALLOWED, k6=through(fail))
    assert await runs_of(world, test) == [done["result"]["test_run_id"]]


@EVERY_ERA
@pytest.mark.parametrize("connection", [{"answer": GO_AHEAD}, {"policy": ALLOWED}], ids=["person", "policy"])
async def test_what_cannot_be_known_is_said_and_the_next_call_finds_the_run(
    world: World, through: Callable[[Intercept], K6Cloud], mode: Mode, connection: Json
):
    test = await world.new_test(script=ONCE)
    service = Answers(world)
    async with world.connect(mode=mode, k6=through(service), **connection) as client:
        lost = await client.call_tool("start_load_test", {"load_test_id": test})
        service.deaf = service.losing = False
        found = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
    assert text_of(lost) == (
        f"It is not known whether a run of load test {test} was started: the answer was lost, and its runs could not be "
        "read either. Call start_load_test again with the same arguments, without confirmation_token. That is safe: it "
        "first looks for the run of this attempt, and for 10 minutes it repeats this attempt's idempotency key."
    )
    assert (found["confirmed_by"], len(service.keys)) == ("not needed", 1)
    assert await runs_of(world, test) == [found["result"]["test_run_id"]]


async def test_a_start_that_never_arrived_is_repeated_under_its_key(
    world: World, through: Callable[[Intercept], K6Cloud]
):
    test = await world.new_test(script=ONCE)
    keys: list[str] = []

    async def lose_the_first(request: httpx.Request) -> None:
        if request.url.path.endswith("/start"):
            keys.append(request.headers["K6-Idempotency-Key"])
            if len(keys) == 1:
                raise httpx.ReadTimeout("timed out")

    async with world.connect(k6=through(lose_the_first), policy=ALLOWED) as client:
        lost = await client.call_tool("start_load_test", {"load_test_id": test})
        done = content_of(await client.call_tool("start_load_test", {"load_test_id": test}))
    assert "no new run is listed yet" in text_of(lost)
    assert keys[0] == keys[1]
    assert await runs_of(world, test) == [done["result"]["test_run_id"]]


@EVERY_ERA
async def test_a_run_that_shows_up_while_the_person_thinks_is_told_instead(
    world: World, through: Callable[[Intercept], K6Cloud], mode: Mode
):
    test = await world.new_test(script=ONCE)
    await world.app.ledger.begin(Start(caller="local", load_test_id=test, key="key"))
    looks: list[httpx.URL] = []

    async def arrive_late(request: httpx.Request) -> None:
        if request.url.path.endswith(f"/load_tests/{test}/test_runs"):
            looks.append(request.url)
            if len(looks) == 2:
                await world.k6.load_tests.start(test)

    done = await start(world, test, mode=mode, answer=GO_AHEAD, k6=through(arrive_late))
    assert done["confirmed_by"] == "not needed"
    assert await runs_of(world, test) == [done["result"]["test_run_id"]]


async def test_a_refused_start_is_not_looked_for(world: World, through: Callable[[Intercept], K6Cloud]):
    test = await world.new_test(script=ONCE)

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403) if request.url.path.endswith("/start") else None

    async with world.connect(k6=through(refuse), policy=ALLOWED) as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert "answered 403" in text_of(refused)
    assert await world.app.ledger.find("local", test) is None


async def test_a_dry_run_forgets_no_open_start(world: World):
    test = await world.new_test(script=ONCE)
    opened = await world.app.ledger.begin(Start(caller="local", load_test_id=test, key="key"))
    async with world.connect() as client:
        call = {"load_test_id": test, "dry_run": True}
        shown = content_of(await client.call_tool("start_load_test", call))
    assert shown["request"]["path"] == f"/cloud/v6/load_tests/{test}/start"
    assert await world.app.ledger.find("local", test) == opened


@pytest.mark.parametrize(
    "connection", [{"answer": GO_AHEAD}, {"policy": ALLOWED}, {}], ids=["person", "policy", "token"]
)
async def test_after_a_crash_between_start_and_answer_the_next_call_finds_the_run(
    world: World, connection: Json
):
    test = await world.new_test(script=ONCE)
    await remember(world, test)
    run = (await world.k6.load_tests.start(test)).id
    found = await start(world, test, **connection)
    assert (found["status"], found["confirmed_by"]) == ("done", "not needed")
    assert found["result"]["test_run_id"] == run
    assert "already_started" in found["result"]
    # It was told of, and read, so the next call is another intent.
    await until_ended(world, run)
    async with world.connect(**connection) as client:
        await client.call_tool("get_test_run", {"test_run_id": run})
    other = await start(world, test, **connection)
    assert other["status"] == ("done" if connection else "confirmation_required")
    assert len(await runs_of(world, test)) == (2 if connection else 1)


@pytest.mark.parametrize(
    "records",
    [
        [{"run_id": 1}],
        [{"refused": True}],
        [{"caller": "somebody else"}],
        [{"ago": 3600}],
        [{"ago": 100_000}],
    ],
    ids=["ended", "failed", "somebody else", "run came later", "days ago"],
)
async def test_another_start_is_not_taken_for_this_one(world: World, records: list[Json]):
    test = await world.new_test(script=ONCE)
    await world.k6.load_tests.start(test)
    for record in records:
        await remember(world, test, **record)
    assert (await start(world, test))["status"] == "confirmation_required"


async def test_a_start_of_another_test_is_not_taken_for_this_one(world: World):
    test = await world.new_test(script=ONCE)
    await world.k6.load_tests.start(test)
    await remember(world, test + 1)
    assert (await start(world, test))["status"] == "confirmation_required"


async def test_a_run_that_is_known_to_be_of_another_start_is_not_that_of_the_open_one(world: World):
    test = await world.new_test(script=ONCE)
    known = (await world.k6.load_tests.start(test)).id
    await remember(world, test, run_id=known)
    await remember(world, test)
    assert (await start(world, test))["status"] == "confirmation_required"


class Unreadable(StartsHere):
    """Records on a broken disk."""

    async def read(self) -> Sequence[Start]:
        raise OSError("disk error")


async def test_where_earlier_starts_cannot_be_read_nothing_is_started(world: World):
    test = await world.new_test(script=ONCE)
    async with world.connect(ledger=StartLedger(Unreadable()), policy=ALLOWED) as client:
        refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert text_of(refused).startswith(
        "Not started: the server cannot read which runs it has started (disk error)"
    )
    assert await runs_of(world, test) == []


@EVERY_ERA
@pytest.mark.parametrize(
    ("tool", "argument"),
    [("get_test_run", "run"), ("wait_for_test_run", "run"), ("list_load_test_runs", "test"), (None, "")],
)
async def test_where_nobody_is_asked_a_call_whose_answer_may_be_lost_is_not_done_twice(
    world: World, mode: Mode, tool: str | None, argument: str
):
    test = await world.new_test(script=ONCE)
    first = await start(world, test, policy=ALLOWED, mode=mode)
    run = first["result"]["test_run_id"]
    await until_ended(world, run)
    # Nothing shows that the caller ever read of the run.
    again = [await start(world, test, policy=ALLOWED, mode=mode) for _ in range(2)]
    assert [one["result"]["test_run_id"] for one in again] == [run, run]
    assert again[0]["result"]["next"].endswith(
        "start_load_test starts another one once you have read this one."
    )
    if tool:
        named = {"test_run_id": run} if argument == "run" else {"load_test_id": test}
        async with world.connect(policy=ALLOWED, mode=mode) as client:
            content_of(await client.call_tool(tool, named))
    assert len(await runs_of(world, test)) == 1
    other = await start(world, test, policy=ALLOWED, mode=mode)
    assert (other["result"]["test_run_id"] == run) is (tool is None)


async def test_a_start_of_more_than_ten_minutes_ago_is_no_longer_repeated(world: World):
    test = await world.new_test(script=ONCE)
    run = (await start(world, test, policy=ALLOWED))["result"]["test_run_id"]
    await until_ended(world, run)
    [made] = await world.app.ledger.of("local", test)
    old = made.model_copy(update={"at": made.at - timedelta(minutes=11)})
    await world.app.ledger.store.write(lambda _: [old])
    assert (await start(world, test, policy=ALLOWED))["result"]["test_run_id"] != run


@pytest.mark.parametrize("confirm", ["policy", "auto"])
async def test_where_nobody_is_asked_a_run_under_way_is_the_answer(
    world: World, confirm: Literal["policy", "auto"]
):
    test = await world.new_test(script=LONG)
    policy = ALLOWED.model_copy(update={"confirm": confirm})
    first = await start(world, test, policy=policy)
    again = await start(world, test, policy=policy)
    run = first["result"]["test_run_id"]
    assert (first["confirmed_by"], again["confirmed_by"]) == ("policy", "not needed")
    assert again["result"]["test_run_id"] == run
    assert again["result"]["next"].endswith("another one can be started once it has ended.")
    await world.k6.test_runs.abort(run)
    await until_ended(world, run)
    async with world.connect(policy=policy) as client:
        await client.call_tool("wait_for_test_run", {"test_run_id": run})
    other = await start(world, test, policy=policy)
    assert other["result"]["test_run_id"] != run


async def test_where_somebody_is_asked_a_run_under_way_is_no_obstacle(world: World):
    test = await world.new_test(script=LONG)
    runs = [(await start(world, test, answer=GO_AHEAD))["result"]["test_run_id"] for _ in range(2)]
    assert await runs_of(world, test) == runs


@EVERY_ERA
async def test_confirmed_calls_at_once_start_one_run(world: World, mode: Mode):
    test = await world.new_test(script=LONG)
    told: list[int] = []

    async with world.connect(mode=mode) as client:
        offers = [
            content_of(await client.call_tool("start_load_test", {"load_test_id": test})) for _ in range(5)
        ]

        async def confirm(token: str) -> None:
            call = {"load_test_id": test, "confirmation_token": token}
            result = await client.call_tool("start_load_test", call)
            if not result.is_error:
                told.append(content_of(result)["result"]["test_run_id"])

        async with anyio.create_task_group() as tasks:
            for offer in offers:
                tasks.start_soon(confirm, offer["confirmation_token"])
    assert await runs_of(world, test) == sorted(set(told))
    assert len(set(told)) == 1


async def test_how_long_ago_is_said_in_the_largest_unit(
    world: World, through: Callable[[Intercept], K6Cloud]
):
    ages = iter([14 * 60 + 5, 7300, 60, 1, -5])

    async def old(request: httpx.Request) -> httpx.Response:
        del request
        created = (datetime.now(UTC) - timedelta(seconds=next(ages))).isoformat()
        details = {"type": "running", "entered": created}
        run = {"id": 9, "test_id": 1, "project_id": 1, "created": created, "status": "running"}
        return httpx.Response(200, json={"value": [{**run, "status_details": details}]})

    app = replace(world.app, unscoped=through(old))
    since = datetime.now(UTC) - timedelta(days=1)
    said = [await already_started(app, "local", since, 1) for _ in range(5)]
    assert [run.already_started for run in said if run] == [
        "14 minutes ago",
        "2 hours ago",
        "1 minute ago",
        "1 second ago",
        "just now",
    ]
