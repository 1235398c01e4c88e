"""Every method of the client, with bad arguments and with every kind of answer: only its own errors come out."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from inspect import Parameter, isawaitable, signature
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
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
    methods_of,
)

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadAnswer, InvalidArgument, K6CloudError, ServerFailure, TimedOut
from k6_cloud.labels import PatchLabelKey
from k6_cloud.limits import PatchProjectLimits
from k6_cloud.models import PatchLoadTest, ValidateOptions
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import NO_RETRIES
from k6_cloud.schedules import CreateSchedule, Cron, RecurrenceRule
from k6_cloud.scripts.script import Script
from k6_cloud.test_runs import PatchTestRun

Handler = Callable[[httpx.Request], httpx.Response]
IDS = Ids(project=1, test=2, run=3, schedule=4)
ORDINARY = {**READS, **WRITES, **WHOLE_READS, **WHOLE_WRITES, **ZONE_READS}
CALLS: dict[str, Callable[[K6Cloud], Any]] = {
    **{name: lambda k6, call=call: call(k6, IDS) for name, call in ORDINARY.items()},
    **{name: lambda k6, call=call: call(k6, {}) for name, call in LISTS.items()},
    **{name: lambda k6, call=call: _drained(call(k6)) for name, call in ITERATIONS.items()},
    **LOOK_UPS,
}
# Methods whose answer has no content: an empty one is right.
EMPTY = {
    *(
        name
        for name in CALLS
        if name.rpartition(".")[2] in {"update", "delete", "abort", "star", "unstar", "move"}
    ),
    *("load_tests.upload_script", "schedules.activate", "schedules.deactivate", "labels.delete_of_project"),
} - {"labels.update"}
DOWNLOADS = {"load_tests.download_script", "test_runs.download_script"}
DOCUMENTS = CALLS.keys() - EMPTY - DOWNLOADS


async def _drained(rows: AsyncGenerator[Any, None]) -> list[Any]:
    return [row async for row in rows]


def cloud(handler: Handler) -> K6Cloud:
    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    return K6Cloud(http, retries=NO_RETRIES)


def answering(**answer: Any) -> K6Cloud:
    given: dict[str, Any] = {"status_code": 200, **answer}
    return cloud(lambda _: httpx.Response(**given))


def test_every_method_is_called_here():
    assert methods_of(answering()) == CALLS.keys()


FOREIGN: dict[str, dict[str, Any]] = {
    "a page of a proxy": {"html": "<h1>Sign in to the guest network</h1>"},
    "a page of a proxy that says it is JSON": {
        "content": b"<html>",
        "headers": {"Content-Type": "application/json"},
    },
    "truncated JSON": {"content": b'{"id": 1, "name": "a", "value": [{"id"'},
    "an empty body": {"content": b""},
    "no content": {"status_code": 204},
    "missing fields": {"json": {}},
    "fields of other types": {
        "json": {"id": {}, "value": 7, "vuh_usage": "much", "stack_id": [], "status": 1}
    },
    "rows of other types": {"json": {"value": [None], "data": 5, "status": "success", "distribution": 3}},
    "another document": {"json": ["a", "list"]},
    "null": {"json": None},
    "text that is not Unicode": {"content": b"\xff\xfe{}"},
    "deep nesting": {"content": b"[" * 100_000},
    "a body that cannot be unpacked": {
        "stream": httpx.ByteStream(b"no gzip"),
        "headers": {"Content-Encoding": "gzip"},
    },
}


@pytest.mark.parametrize("answer", FOREIGN.values(), ids=FOREIGN)
async def test_a_success_that_is_not_the_documented_document_is_a_bad_answer(answer: dict[str, Any]):
    for name in DOCUMENTS:
        with pytest.raises(BadAnswer):
            await CALLS[name](answering(**answer))


@pytest.mark.parametrize("kind", ["a page of a proxy", "a body that cannot be unpacked"])
async def test_a_page_in_place_of_an_empty_answer_or_a_script_is_a_bad_answer(kind: str):
    for name in EMPTY | DOWNLOADS:
        with pytest.raises(BadAnswer):
            await CALLS[name](answering(**FOREIGN[kind]))


async def test_a_json_document_in_place_of_a_script_is_a_bad_answer():
    for name in DOWNLOADS:
        with pytest.raises(BadAnswer, match="not a script: it is application/json"):
            await CALLS[name](answering(json={"message": "Hello"}))


async def test_methods_without_an_answer_take_an_empty_one_and_a_document():
    for name in EMPTY:
        await CALLS[name](answering(status_code=204))
        await CALLS[name](answering(json={}))


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
@pytest.mark.parametrize("headers", [{}, {"Location": "https://evil.test/"}])
async def test_a_redirect_is_a_bad_answer_and_is_not_followed(status: int, headers: dict[str, str]):
    hosts: set[str] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        return httpx.Response(status, headers=headers)

    for call in CALLS.values():
        with pytest.raises(BadAnswer):
            await call(cloud(handler))
    assert hosts == {"k6.test"}


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 406, 408, 409, 413, 415, 418, 429, 451, 500, 502, 503, 599]
)
@pytest.mark.parametrize("body", [b"", b"<h1>Error</h1>", b'{"error": 5}', b'{"error": {"message": ""}}'])
async def test_a_failure_is_an_error_of_the_client_whatever_its_body(status: int, body: bytes):
    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body)

    for name, call in CALLS.items():
        if name == "projects.names" and status in (403, 404):
            assert await call(cloud(handler)) == {}
            continue
        with pytest.raises(K6CloudError, match=str(status)):
            await call(cloud(handler))


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.ConnectTimeout("slow")])
async def test_a_timeout_is_an_error_of_the_client(error: httpx.RequestError):
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    for call in CALLS.values():
        with pytest.raises(TimedOut):
            await call(cloud(handler))


async def test_a_closed_client_says_so():
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    async with connect(Credentials("secret", stack_id=7), "https://k6.test", transport) as http:
        k6 = K6Cloud(http)

    for call in CALLS.values():
        with pytest.raises(K6CloudError, match="The client is closed"):
            await call(k6)


BAD: tuple[Any, ...] = (
    None, "", "x", "7", "\ud800", "a\nb", "x" * 70_000, b"x", -1, 0, 2**63, 1.5, float("nan"), True, [], [0], ["x"],
    {}, {"a": 1}, object(), datetime(2026, 1, 1), datetime.min, Path("/no/such/file"), Script, int,
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(CALLS))
async def test_bad_arguments_end_in_errors_of_the_client_only(name: str):
    k6 = answering(json={})
    method = _method(k6, name)
    for parameter in signature(method).parameters.values():
        for value in BAD:
            try:
                await _called(method, parameter, value)
            except K6CloudError:
                continue


def _method(k6: K6Cloud, name: str) -> Callable[..., Any]:
    group, _, method = name.rpartition(".")
    return getattr(getattr(k6, group) if group else k6, method)


VALID: dict[str, Any] = {
    "script": b"// a script",
    "patch": PatchTestRun(note=""),
    "schedule": CreateSchedule(starts=datetime.fromisoformat("2026-12-01T00:00:00Z")),
    "request": ValidateOptions(options={}),
    "match": ["vus"],
    "timeout": 0.001,
}
PATCHES = {
    "LoadTests": PatchLoadTest(name="a"),
    "Limits": PatchProjectLimits(vu_max_per_test=1),
    "Labels": PatchLabelKey(key="a"),
}


async def _called(method: Callable[..., Any], bad: Parameter, value: Any) -> None:
    """Call a method with one bad argument among good ones."""
    arguments = {
        name: _good(method, name)
        for name, one in signature(method).parameters.items()
        if one.default is Parameter.empty
    }
    result = (
        method(**arguments, **{bad.name: value})
        if bad.name not in arguments
        else method(**{**arguments, bad.name: value})
    )
    if isawaitable(result):
        await result
    else:
        await _drained(cast(AsyncGenerator[Any, None], result))


def _good(method: Callable[..., Any], name: str) -> Any:
    if name == "patch":
        return PATCHES.get(type(cast(Any, method).__self__).__name__, VALID[name])
    if name in VALID:
        return VALID[name]
    return [1] if name.endswith("_ids") else 1 if name.endswith("_id") else "a"


WRONG: list[tuple[str, Callable[[Any], Any], str]] = [
    (
        "an empty project name",
        lambda k6: k6.projects.create(""),
        "name: String should have at least 1 character",
    ),
    ("a long project name", lambda k6: k6.projects.create("x" * 256), "name: String should have at most 255"),
    ("a text for an id", lambda k6: k6.projects.get("7"), "project_id: Input should be a valid integer"),
    (
        "a truth for an id",
        lambda k6: k6.load_tests.get(True),
        "load_test_id: Input should be a valid integer",
    ),
    (
        "an id of nothing",
        lambda k6: k6.test_runs.get(0),
        "test_run_id: Input should be greater than or equal to 1",
    ),
    ("a missing id", lambda k6: k6.load_tests.delete(), "load_test_id: Missing required argument"),
    ("an unknown filter", lambda k6: k6.load_tests.list(project=1), "project: Unexpected keyword argument"),
    (
        "a page too large",
        lambda k6: k6.load_tests.list(top=1001),
        "top: Input should be less than or equal to 1000",
    ),
    (
        "a negative place",
        lambda k6: k6.schedules.list(skip=-1),
        "skip: Input should be greater than or equal to 0",
    ),
    (
        "an empty filter",
        lambda k6: k6.load_tests.list(name=""),
        "name: String should have at least 1 character",
    ),
    (
        "an id among ids",
        lambda k6: k6.limits.list(project_ids=[1, "2"]),
        "project_ids.1: Input should be a valid int",
    ),
    (
        "a text for ids",
        lambda k6: k6.limits.list(project_ids="12"),
        "project_ids: 'str' instances are not allowed",
    ),
    (
        "a time without a zone",
        lambda k6: k6.test_runs.list(created_after=datetime(2026, 1, 1)),
        "timezone info",
    ),
    (
        "a text for a time",
        lambda k6: k6.test_runs.list(created_after="2026-01-01"),
        "created_after: Input should be",
    ),
    (
        "a document for a patch",
        lambda k6: k6.load_tests.update(1, {"name": ""}),
        "patch.name: String should have",
    ),
    ("another patch", lambda k6: k6.load_tests.update(1, PatchTestRun(note="a")), "patch: Input should be"),
    ("no keys", lambda k6: k6.labels.create([]), "value: List should have at least 1 item"),
    ("too many zones", lambda k6: k6.load_zones.set_of_project(1, [*range(1, 502)]), "at most 500 items"),
    (
        "a step of nothing",
        lambda k6: k6.metrics.query_range(1, "rate", "vus", step=0),
        "step: Input should be",
    ),
    ("no runs", lambda k6: k6.metrics.of_load_test(1, test_run_ids=[]), "test_run_ids: .* at least 1 item"),
    ("no selector", lambda k6: k6.metrics.series(1, []), "match: .* at least 1 item"),
    ("a key of two lines", lambda k6: k6.load_tests.start(1, "a\nb"), "idempotency_key: String should match"),
    ("no wait", lambda k6: k6.test_runs.wait(1, timeout=0), "timeout: Input should be greater than 0"),
    (
        "a kind of two lines",
        lambda k6: k6.load_tests.download_script(1, "a\r\nb: c"),
        "accept: String should match",
    ),
    ("a name of dots", lambda k6: k6.labels.delete_of_project(1, ".."), "only dots"),
    (
        "half a character in an address",
        lambda k6: k6.labels.delete_of_project(1, "\ud800"),
        "parse raw data as a unicode",
    ),
    (
        "half a character in a filter",
        lambda k6: k6.load_tests.list(name="\ud800"),
        "parse raw data as a unicode",
    ),
    ("half a character in a body", lambda k6: k6.projects.create("\ud800"), "JSON cannot express|unicode"),
    ("an endless filter", lambda k6: k6.load_tests.list(name="x" * 70_000), "component .query. too long"),
    (
        "options of no JSON",
        lambda k6: k6.validate_options(ValidateOptions(options={"a": {1, 2}.__iter__})),
        "JSON",
    ),
    ("no number", lambda k6: k6.validate_options(ValidateOptions(options={"a": float("nan")})), "JSON"),
]


@pytest.mark.parametrize(("call", "message"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
async def test_a_bad_argument_is_named_and_nothing_is_sent(call: Callable[[K6Cloud], Any], message: str):
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked for")

    with pytest.raises(InvalidArgument, match=message) as caught:
        await call(cloud(never))

    assert "Nothing was sent." in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PatchLoadTest(name=""), "PatchLoadTest got name: String should have at least 1 character"),
        (lambda: PatchProjectLimits(vu_max_per_test=0), "vu_max_per_test: Input should be greater"),
        (lambda: cast(Any, PatchTestRun)(nota="x"), "note: Field required; nota: Extra inputs"),
        (
            lambda: RecurrenceRule(frequency="DAILY", byday=["MO"]),
            "byday can be given with frequency WEEKLY only",
        ),
        (lambda: Cron(schedule="x" * 257, time_zone="UTC"), "schedule: String should have at most 256"),
    ],
)
def test_a_request_made_of_wrong_values_is_a_bad_argument(make: Callable[[], object], message: str):
    with pytest.raises(InvalidArgument, match=message):
        make()


def test_a_bad_argument_is_a_value_error_too():
    assert issubclass(InvalidArgument, ValueError)


async def test_a_failed_write_says_that_it_may_have_been_done():
    with pytest.raises(ServerFailure, match="It is not known whether the request took effect"):
        await answering(status_code=503).projects.create("New")
    with pytest.raises(BadAnswer, match="It is not known whether the request took effect"):
        await answering(html="<h1>Welcome</h1>").projects.create("New")
    with pytest.raises(BadAnswer, match="Nothing was changed"):
        await answering(html="<h1>Welcome</h1>").projects.list()
