import json
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from support.canned_responses import LOAD_TEST, Answers

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import (
    Conflict,
    NotAcceptable,
    NotFound,
    RateLimited,
    ScriptError,
    ScriptTooLarge,
    ServerFailure,
    TimedOut,
)
from k6_cloud.models import PatchLoadTest
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import Retries
from k6_cloud.scripts.script import Script

STARTED = {
    "id": 1234,
    "test_id": 1,
    "project_id": 2,
    "created": "2024-06-01T19:00:00Z",
    "status": "created",
    "status_details": {"type": "created", "entered": "2024-06-01T19:00:00Z"},
    "test_run_details_page_url": "https://example.grafana.net/a/k6-app/runs/1234",
}


def cloud(api: Answers, max_script_bytes: int = 1000) -> K6Cloud:
    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(api))
    retries = Retries(attempts=3, wait=0.0, wait_max=0.0)
    return K6Cloud(http, max_script_bytes=max_script_bytes, retries=retries)


async def test_all_tests_are_listed_without_parameters():
    api = Answers(httpx.Response(200, json={"value": [LOAD_TEST]}))

    page = await cloud(api).load_tests.list()

    assert api.asked == "GET /cloud/v6/load_tests"
    assert api.request.url.query == b""
    assert [test.name for test in page.value] == ["smoke"]


async def test_the_tests_of_a_project_are_listed_below_it():
    api = Answers(httpx.Response(200, json={"value": [], "@count": 0}))

    await cloud(api).load_tests.list(
        project_id=2, name="a+b", top=20, skip=0, order_by="created desc,id", count=False
    )

    assert api.asked == "GET /cloud/v6/projects/2/load_tests"
    assert dict(api.request.url.params) == {
        "name": "a+b",
        "$top": "20",
        "$skip": "0",
        "$orderby": "created desc,id",
        "$count": "false",
    }


async def test_one_test_is_read():
    api = Answers(httpx.Response(200, json=LOAD_TEST))

    assert (await cloud(api).load_tests.get(1)).id == 1
    assert api.asked == "GET /cloud/v6/load_tests/1"


async def test_a_test_is_created_as_multipart_with_its_script():
    api = Answers(httpx.Response(201, json=LOAD_TEST))

    with Script.from_chunks([b"export default ", b"function () {}"]) as script:
        created = await cloud(api).load_tests.create(2, "smoke é", script, k6_version=3)

    assert created.id == 1
    assert api.asked == "POST /cloud/v6/projects/2/load_tests"
    assert parts(api.request) == {
        "name": (None, "smoke é".encode()),
        "k6_version": (None, b"3"),
        "script": ("script", b"export default function () {}"),
    }


@pytest.mark.parametrize("form", ["path", "bytes", "text"])
async def test_a_script_can_be_given_as_a_path_bytes_or_text(form: str, tmp_path: Path):
    text = "export default function () {} // é"
    (tmp_path / "script.js").write_text(text, "utf-8")
    source = {"path": tmp_path / "script.js", "bytes": text.encode(), "text": text}[form]
    api = Answers(httpx.Response(201, json=LOAD_TEST), httpx.Response(204))
    k6 = cloud(api)

    await k6.load_tests.create(2, "smoke", source)
    await k6.load_tests.upload_script(1, source)

    assert parts(api.requests[0])["script"] == ("script", text.encode())
    assert api.requests[1].content == text.encode()


async def test_a_script_that_cannot_be_read_is_not_sent(tmp_path: Path):
    api = Answers()
    k6 = cloud(api, max_script_bytes=10)
    with Script.from_chunks([b"// hi"]) as closed:
        pass

    for source, message in [
        (tmp_path / "none.js", "No such file"),
        (tmp_path, "directory"),
        (b"x" * 11, "larger than the limit"),
        ("\ud800", "not valid Unicode"),
        (closed, "The script is closed"),
    ]:
        with pytest.raises(ScriptError, match=message):
            await k6.load_tests.create(2, "smoke", source)
        with pytest.raises(ScriptError, match=message):
            await k6.load_tests.upload_script(1, source)
    assert api.requests == []


async def test_a_script_that_was_given_open_stays_open():
    api = Answers(httpx.Response(204), httpx.Response(204))

    with Script.from_chunks([b"// hi"]) as script:
        await cloud(api).load_tests.upload_script(1, script)
        await cloud(api).load_tests.upload_script(1, script)

    assert [request.content for request in api.requests] == [b"// hi", b"// hi"]


async def test_tests_are_found_by_name_through_the_filter_of_the_api():
    api = Answers(httpx.Response(200, json={"value": [LOAD_TEST, LOAD_TEST | {"id": 2, "project_id": 9}]}))

    found = await cloud(api).load_tests.find("smoke")

    assert [(test.id, test.project_id) for test in found] == [(1, 2), (2, 9)]
    assert api.asked == "GET /cloud/v6/load_tests"
    assert dict(api.request.url.params) == {"name": "smoke"}


async def test_a_test_of_a_project_is_found_in_it_alone():
    api = Answers(httpx.Response(200, json={"value": []}))

    assert await cloud(api).load_tests.find("smoke", project_id=2) == []
    assert api.asked == "GET /cloud/v6/projects/2/load_tests"


async def test_a_test_without_a_script_is_still_created_as_multipart():
    api = Answers(httpx.Response(201, json=LOAD_TEST))

    await cloud(api).load_tests.create(2, "smoke")

    assert parts(api.request) == {"name": (None, b"smoke")}


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow")])
async def test_a_create_is_never_retried(failure: httpx.Response | Exception):
    api = Answers(failure)

    with pytest.raises((ServerFailure, RateLimited, TimedOut)):
        await cloud(api).load_tests.create(2, "smoke")

    assert len(api.requests) == 1


async def test_an_update_sends_only_what_was_set():
    api = Answers(httpx.Response(204))

    await cloud(api).load_tests.update(1, PatchLoadTest(name="load", k6_version=None))

    assert api.asked == "PATCH /cloud/v6/load_tests/1"
    assert json.loads(api.request.content) == {"name": "load", "k6_version": None}


async def test_an_update_is_not_retried():
    api = Answers(httpx.Response(503))

    with pytest.raises(ServerFailure):
        await cloud(api).load_tests.update(1, PatchLoadTest(name="load"))
    assert len(api.requests) == 1


async def test_a_test_is_deleted():
    api = Answers(httpx.Response(204))

    await cloud(api).load_tests.delete(1)

    assert api.asked == "DELETE /cloud/v6/load_tests/1"


async def test_a_delete_whose_answer_was_lost_counts_as_done():
    api = Answers(httpx.ReadError("reset"), httpx.Response(404))

    await cloud(api).load_tests.delete(1)

    assert len(api.requests) == 2


async def test_deleting_a_running_test_is_a_conflict_in_the_words_of_the_api():
    error = {"message": "Cannot delete test while it's running.", "code": "conflict"}
    api = Answers(httpx.Response(409, json={"error": error}))

    with pytest.raises(Conflict, match="Cannot delete test while it's running"):
        await cloud(api).load_tests.delete(1)


async def test_a_test_is_moved():
    api = Answers(httpx.Response(204))

    await cloud(api).load_tests.move(1, 9)

    assert api.asked == "PUT /cloud/v6/load_tests/1/move"
    assert json.loads(api.request.content) == {"project_id": 9}


async def test_a_script_is_downloaded_whatever_its_kind():
    api = Answers(httpx.Response(200, content=b"// hi", headers={"Content-Type": "text/javascript"}))

    with await cloud(api).load_tests.download_script(1) as script:
        assert (script.text(), script.kind, script.size) == ("// hi", "javascript", 5)

    assert api.asked == "GET /cloud/v6/load_tests/1/script"
    assert api.request.headers["Accept"] == "text/javascript, application/x-tar;q=0.9, */*;q=0.5"


async def test_a_script_of_the_other_kind_is_not_acceptable():
    api = Answers(httpx.Response(406))

    with pytest.raises(NotAcceptable, match="without naming a format"):
        await cloud(api).load_tests.download_script(1, accept="application/x-tar")

    assert api.request.headers["Accept"] == "application/x-tar"


async def test_a_test_without_a_script_has_none_to_download():
    error = {"message": "Resource not found.", "code": "not_found"}
    api = Answers(httpx.Response(404, json={"error": error}))

    with pytest.raises(
        NotFound, match=r"GET /cloud/v6/load_tests/1/script answered 404: Resource not found\."
    ):
        await cloud(api).load_tests.download_script(1)


async def test_a_download_that_breaks_off_starts_over():
    async def half() -> AsyncIterator[bytes]:
        yield b"// ha"
        raise httpx.ReadError("reset")

    api = Answers(httpx.Response(200, content=half()), httpx.Response(200, content=b"// half or whole"))

    with await cloud(api).load_tests.download_script(1) as script:
        assert script.read() == b"// half or whole"


async def test_a_download_past_the_limit_stops_there():
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(400)
            yield b"x" * 400

    api = Answers(httpx.Response(200, content=endless()))

    with pytest.raises(ScriptTooLarge, match="larger than the limit"):
        await cloud(api, max_script_bytes=1000).load_tests.download_script(1)

    assert sum(sent) == 1200
    assert len(api.requests) == 1


async def test_a_script_is_uploaded_as_it_is():
    api = Answers(httpx.Response(204))

    with Script.from_chunks([b"// hi"]) as script:
        await cloud(api).load_tests.upload_script(1, script)

    assert api.asked == "PUT /cloud/v6/load_tests/1/script"
    assert api.request.headers["Content-Type"] == "application/octet-stream"
    assert api.request.headers["Content-Length"] == "5"
    assert "Transfer-Encoding" not in api.request.headers
    assert api.request.content == b"// hi"


async def test_a_retried_upload_sends_every_byte_again():
    api = Answers(httpx.Response(503), httpx.WriteError("reset"), httpx.Response(204))
    source = bytes(range(256)) * 1000

    with Script.from_chunks([source]) as script:
        await cloud(api).load_tests.upload_script(1, script)

    assert [request.content == source for request in api.requests] == [True, True, True]


async def test_a_start_has_no_body_and_a_key_of_its_own():
    api = Answers(httpx.Response(200, json=STARTED), httpx.Response(200, json=STARTED))
    k6 = cloud(api)

    started = await k6.load_tests.start(1)
    await k6.load_tests.start(1)

    assert (started.id, started.status) == (1234, "created")
    assert started.test_run_details_page_url == "https://example.grafana.net/a/k6-app/runs/1234"
    assert [(r.method, r.url.path, r.content) for r in api.requests] == [
        ("POST", "/cloud/v6/load_tests/1/start", b"")
    ] * 2
    first, second = (uuid.UUID(request.headers["K6-Idempotency-Key"]) for request in api.requests)
    assert first.version == 4
    assert first != second


async def test_the_retries_of_a_start_share_its_key():
    api = Answers(httpx.ReadTimeout("slow"), httpx.Response(503), httpx.Response(200, json=STARTED))

    await cloud(api).load_tests.start(1)

    assert len({request.headers["K6-Idempotency-Key"] for request in api.requests}) == 1
    assert len(api.requests) == 3


async def test_a_start_uses_the_key_it_is_given():
    api = Answers(httpx.Response(200, json=STARTED))

    await cloud(api).load_tests.start(1, idempotency_key="confirmed-17")

    assert api.request.headers["K6-Idempotency-Key"] == "confirmed-17"


async def test_the_runs_of_a_test_are_listed():
    api = Answers(httpx.Response(200, json={"value": [STARTED], "@count": 1}))

    page = await cloud(api).load_tests.list_runs(1, top=5, skip=10, order_by="created desc", count=True)

    assert api.asked == "GET /cloud/v6/load_tests/1/test_runs"
    assert dict(api.request.url.params) == {
        "$top": "5",
        "$skip": "10",
        "$orderby": "created desc",
        "$count": "true",
    }
    assert [run.id for run in page.value] == [1234]


def parts(request: httpx.Request) -> dict[str, tuple[str | None, bytes]]:
    """The parts of a multipart body: their file names and contents by name."""
    content_type = request.headers["Content-Type"]
    assert content_type.startswith("multipart/form-data; boundary=")
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    found: dict[str, tuple[str | None, bytes]] = {}
    for part in request.content.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\bname|filename)="([^"]*)"', head.decode()))
        found[names["name"]] = (names.get("filename"), content.removesuffix(b"\r\n"))
    return found
