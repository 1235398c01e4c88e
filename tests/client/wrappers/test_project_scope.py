import re
from collections.abc import Awaitable
from typing import Any, cast

import httpx
import pytest
from pydantic import BaseModel
from support.organisation import (
    ITERATIONS,
    LISTS,
    LOOK_UPS,
    READS,
    WHOLE_READS,
    WHOLE_WRITES,
    WRITES,
    ZONE_READS,
    Ids,
    Operation,
    Organisation,
    methods_of,
    open_organisation,
)

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import K6CloudError, NotFound, OutOfScope, ServerFailure, StatusError
from k6_cloud.models import PatchLoadTest, Project, ValidateOptions
from k6_cloud.requests.api import Api, HttpApi
from k6_cloud.requests.connection import connect
from k6_cloud.requests.owners import OfProject
from k6_cloud.requests.retries import Retries
from k6_cloud.wrappers.project_scope import ScopedApi

OF_A_PROJECT = {**READS, **WRITES}
OWNER_READS = ("GET /cloud/v6/load_tests/", "GET /cloud/v6/test_runs/", "GET /cloud/v6/schedules/")
OURS = frozenset({1})


async def outcome(operation: Operation, k6: K6Cloud, ids: Ids) -> Any:
    """What a call answers, or the error of the API it ends in."""
    try:
        return await operation(k6, ids)
    except StatusError as error:
        return type(error), str(error)


def without_times(answer: Any) -> str:
    """An answer as text, without its moments."""
    rows = cast(list[Any], answer) if isinstance(answer, list) else [answer]
    text = "\n".join(row.model_dump_json() if isinstance(row, BaseModel) else repr(row) for row in rows)
    return re.sub(r"\d{4}-\d\d-\d\dT[^\"]+", "<moment>", text)


def last_of(organisation: Organisation) -> tuple[str, bytes, bool]:
    """The request that did the work."""
    request = organisation.requests[-1]
    multipart = request.headers.get("Content-Type", "").startswith("multipart/")
    return request.method, request.url.raw_path, multipart


async def test_every_method_of_the_client_is_tried_here():
    async with open_organisation() as organisation:
        tried = {*READS, *WRITES, *LISTS, *ITERATIONS, *LOOK_UPS, *WHOLE_READS, *WHOLE_WRITES, *ZONE_READS}

        assert methods_of(organisation.k6) == tried


@pytest.mark.parametrize("name", OF_A_PROJECT)
async def test_nothing_of_another_project_is_reached(name: str):
    async with open_organisation() as organisation:
        with pytest.raises(
            OutOfScope, match=r"outside the projects that this client is limited to\. Nothing was"
        ) as caught:
            await OF_A_PROJECT[name](organisation.k6.limited_to(OURS), organisation.theirs)

        # To know where something belongs it is read, but nothing of it is told, and nothing else is asked.
        assert all(call.startswith(OWNER_READS) and call.count("/") == 4 for call in organisation.calls)
        assert "Checkout" not in str(caught.value)
        assert "Project 2" not in str(caught.value) or not organisation.calls


@pytest.mark.parametrize("name", OF_A_PROJECT)
async def test_everything_of_our_project_works_as_without_the_limit(name: str):
    async with open_organisation() as free, open_organisation() as limited:
        expected = await outcome(OF_A_PROJECT[name], free.k6, free.ours)
        answer = await outcome(OF_A_PROJECT[name], limited.k6.limited_to(OURS), limited.ours)

        assert without_times(answer) == without_times(expected)
        assert last_of(limited) == last_of(free)
        assert limited.calls.count(limited.calls[-1]) == 1 + (name in LOOKED_UP_TWICE)


# Where a schedule belongs has to be asked of its test, so its own read is not shared.
LOOKED_UP_TWICE = {"schedules.get"}


@pytest.mark.parametrize("name", WHOLE_WRITES)
async def test_what_would_change_every_project_is_refused_unsent(name: str):
    async with open_organisation() as organisation:
        with pytest.raises(OutOfScope):
            await WHOLE_WRITES[name](organisation.k6.limited_to(OURS), organisation.ours)

        assert organisation.requests == []


@pytest.mark.parametrize("name", WHOLE_READS)
async def test_what_says_nothing_of_projects_can_be_read(name: str):
    async with open_organisation() as organisation:
        limited = await WHOLE_READS[name](organisation.k6.limited_to(OURS), organisation.ours)

        assert limited == await WHOLE_READS[name](organisation.k6, organisation.ours)


async def test_a_test_is_not_moved_to_another_project():
    async with open_organisation() as organisation:
        with pytest.raises(OutOfScope, match=r"Project 2 is outside"):
            await organisation.k6.limited_to(OURS).load_tests.move(organisation.ours.test, 2)

        assert (await organisation.k6.load_tests.get(organisation.ours.test)).project_id == 1


async def test_a_test_that_was_moved_away_is_out_of_reach_at_once():
    async with open_organisation() as organisation:
        ours, limited = organisation.ours, organisation.k6.limited_to(OURS)
        await limited.load_tests.get(ours.test)
        await organisation.k6.test_runs.abort(ours.run)
        await organisation.k6.load_tests.update(ours.test, PatchLoadTest(name="Moved"))
        await organisation.k6.load_tests.move(ours.test, 2)

        for operation in (
            "load_tests.get",
            "load_tests.start",
            "test_runs.get",
            "schedules.get",
            "metrics.list",
        ):
            with pytest.raises(OutOfScope):
                await OF_A_PROJECT[operation](limited, ours)


async def test_runs_of_another_project_are_not_queried_through_our_test():
    async with open_organisation() as organisation:
        k6, ours, theirs = organisation.k6.limited_to(OURS), organisation.ours, organisation.theirs

        with pytest.raises(OutOfScope, match=f"Test run {theirs.run} is outside"):
            await k6.metrics.of_load_test(ours.test, test_run_ids=[ours.run, theirs.run])
        with pytest.raises(OutOfScope, match=f"Test run {theirs.run} is outside"):
            await k6.load_tests.update(ours.test, PatchLoadTest(baseline_test_run_id=theirs.run))


@pytest.mark.parametrize(
    "options",
    [
        {"cloud": {"projectID": 2}},
        {"cloud": {"projectID": "2"}},
        {"ext": {"loadimpact": {"projectID": 2}}},
        {"cloud": {"projectID": [1]}},
    ],
)
async def test_options_are_not_priced_for_another_project_that_they_name(options: dict[str, Any]):
    async with open_organisation() as organisation:
        with pytest.raises(OutOfScope):
            await organisation.k6.limited_to(OURS).validate_options(
                ValidateOptions(options=options, project_id=1)
            )

        assert organisation.requests == []


async def test_options_that_name_no_project_are_not_priced_for_the_default_one():
    async with open_organisation() as organisation:
        limited = organisation.k6.limited_to(OURS)

        with pytest.raises(OutOfScope, match=r"Give project_id\."):
            await limited.validate_options(ValidateOptions(options={"cloud": None}))
        assert await limited.validate_options(ValidateOptions(options={"cloud": {"projectID": 1}}))


async def test_what_does_not_exist_stays_not_found():
    async with open_organisation() as organisation:
        limited, nowhere = organisation.k6.limited_to(OURS), Ids(1, 99, 99, 99)

        for operation in (
            "load_tests.delete",
            "test_runs.abort",
            "schedules.activate",
            "load_tests.download_script",
        ):
            with pytest.raises(NotFound):
                await OF_A_PROJECT[operation](limited, nowhere)


async def test_limited_twice_only_what_both_allow_is_reached():
    async with open_organisation() as organisation:
        limited = organisation.k6.limited_to(frozenset({1, 2})).limited_to(frozenset({2, 3}))

        assert [project.id for project in (await limited.projects.list()).value] == [2]
        assert (await limited.load_tests.get(organisation.theirs.test)).project_id == 2
        with pytest.raises(OutOfScope):
            await limited.load_tests.get(organisation.ours.test)


class _Undeclared:
    """An operation that does not say to which project it belongs."""

    def __init__(self, api: Api) -> None:
        self.calls: list[Awaitable[object]] = [
            api.send("GET", "/cloud/v6/projects/1"),
            api.get(Project, "/cloud/v6/projects/1"),
            api.act("POST", "/cloud/v6/projects/1/new_thing"),
            api.delete("/cloud/v6/projects/1"),
            api.download("/cloud/v6/load_tests/1/script", "*/*", 10),
        ]


async def test_an_operation_that_declares_no_project_is_refused_unsent():
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked for")

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(never))

    for call in _Undeclared(ScopedApi(HttpApi(http, Retries()), OURS)).calls:
        with pytest.raises(OutOfScope, match="declares no project"):
            await call


async def test_names_are_looked_up_among_our_projects_alone():
    async with open_organisation() as organisation:
        limited = organisation.k6.limited_to(OURS)

        assert [test.project_id for test in await limited.load_tests.find("Checkout")] == [1]
        assert await limited.projects.find("Theirs") is None
        await organisation.k6.projects.names([1, 2])
        assert await limited.projects.names([1, 2]) == {1: "Ours"}


@pytest.mark.parametrize("path", ["/cloud/v6/projects/1/../2", "/cloud/v6/projects/1/%2e%2e/2"])
async def test_no_path_leads_out_of_the_declared_project(path: str):
    async with open_organisation() as organisation:
        api = ScopedApi(HttpApi(organisation.http, Retries()), OURS)

        with pytest.raises(K6CloudError):
            await api.get(Project, path, owners=(OfProject(1),))
        assert organisation.requests == []


async def test_a_failed_look_up_is_tried_again_though_the_write_is_not():
    asked: list[str] = []

    def flaky(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.method == "POST":
            return httpx.Response(503)
        return httpx.Response(200 if len(asked) > 2 else 503, json={"project_id": 1})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(flaky))
    k6 = K6Cloud(http, retries=Retries(attempts=4, wait=0.0, wait_max=0.0)).limited_to(OURS)

    with pytest.raises(ServerFailure):
        await k6.test_runs.abort(5)

    assert asked == ["GET", "GET", "GET", "POST"]
