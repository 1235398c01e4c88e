from collections.abc import Callable
from typing import Any

import httpx
import pytest

SCRIPT = "/cloud/v6/load_tests/1/script"
BINARY = {"Content-Type": "application/octet-stream"}
Make = Callable[..., bytes]


@pytest.fixture(autouse=True)
async def load_test(http: httpx.AsyncClient) -> Any:
    return (await http.post("/cloud/v6/projects/1/load_tests", files={"name": (None, "a")})).json()


async def test_a_script_comes_back_byte_for_byte(http: httpx.AsyncClient):
    source = "// \ufeff ünïcödé \0\r\nexport default function () {}".encode()

    put = await http.put(SCRIPT, content=source, headers=BINARY)
    got = await http.get(SCRIPT, headers={"Accept": "*/*"})

    assert (put.status_code, put.content) == (204, b"")
    assert got.content == source
    assert got.headers["Content-Type"] == "text/javascript"
    assert got.headers["Content-Length"] == str(len(source))


async def test_an_archive_is_told_from_its_bytes_and_comes_back_whole(
    http: httpx.AsyncClient, make_archive: Make
):
    archive = make_archive({"options": {"vus": 2}, "env": {}}, padding=20_000)

    await http.put(SCRIPT, content=archive, headers=BINARY)
    got = await http.get(SCRIPT, headers={"Accept": "*/*"})

    assert got.content == archive
    assert got.headers["Content-Type"] == "application/x-tar"


async def test_a_script_put_leaves_updated_as_it_was(http: httpx.AsyncClient, load_test: Any):
    await http.put(SCRIPT, content=b"1", headers=BINARY)

    assert (await http.get("/cloud/v6/load_tests/1")).json()["updated"] == load_test["updated"]


async def test_a_script_can_be_created_from_a_plain_form_field(http: httpx.AsyncClient):
    parts = {"name": (None, "b"), "script": (None, "export default 1")}
    test = await http.post("/cloud/v6/projects/1/load_tests", files=parts)

    got = await http.get(f"/cloud/v6/load_tests/{test.json()['id']}/script")

    assert got.text == "export default 1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08" + b"x" * 600, "gzip"),
        (b"\xff\xfe", "UTF-8"),
        (b"export default '\xc3", "UTF-8"),
        (b"x" * 257 + b"ustar" + b"x" * 1000, "cannot be read"),
    ],
)
async def test_a_script_that_k6_could_not_run_is_400(http: httpx.AsyncClient, content: bytes, reason: str):
    answer = await http.put(SCRIPT, content=content, headers=BINARY)

    assert answer.status_code == 400
    assert reason in answer.json()["error"]["details"][0]["message"]
    assert (await http.get(SCRIPT)).status_code == 404


async def test_a_script_past_the_limit_is_413_and_the_old_one_stays(http: httpx.AsyncClient):
    await http.put(SCRIPT, content=b"old", headers=BINARY)
    for size in (100_001, 2_000_000):
        answer = await http.put(SCRIPT, content=b"x" * size, headers=BINARY)

        assert answer.status_code == 413
        assert "Nothing was changed" in answer.json()["error"]["message"]
    assert (await http.get(SCRIPT)).content == b"old"


@pytest.mark.parametrize("media_type", ["application/json", "text/javascript", "application/x-tar"])
async def test_a_script_put_of_another_type_is_415(http: httpx.AsyncClient, media_type: str):
    answer = await http.put(SCRIPT, content=b"1", headers={"Content-Type": media_type})

    assert answer.status_code == 415
    assert answer.json()["error"]["message"] == f'Unsupported media type "{media_type}"'


@pytest.mark.parametrize(
    ("accept", "javascript", "archive"),
    [
        ("text/javascript", 200, 406),
        ("application/x-tar", 406, 200),
        ("text/javascript;q=0.9, application/x-tar", 200, 200),
        ("application/json", 200, 200),
        ("*/*", 200, 200),
        ("", 200, 200),
        ("text/*", 200, 406),
        ("image/png", 406, 406),
    ],
)
async def test_only_an_accept_header_for_the_other_kind_is_406(
    http: httpx.AsyncClient, make_archive: Make, accept: str, javascript: int, archive: int
):
    for content, status in ((b"1", javascript), (make_archive({}), archive)):
        await http.put(SCRIPT, content=content, headers=BINARY)

        assert (await http.get(SCRIPT, headers={"Accept": accept})).status_code == status


async def test_a_run_keeps_the_script_it_started_with(http: httpx.AsyncClient):
    await http.put(SCRIPT, content=b"old", headers=BINARY)
    run = (await http.post("/cloud/v6/load_tests/1/start")).json()
    await http.put(SCRIPT, content=b"new", headers=BINARY)

    got = await http.get(f"/cloud/v6/test_runs/{run['id']}/script")

    assert got.content == b"old"
    assert got.headers["Content-Type"] == "text/javascript"


async def test_the_secrets_in_an_archive_are_not_stored(http: httpx.AsyncClient, make_archive: Make):
    options = {"cloud": {"token": "s3cr3t-token"}}
    archive = make_archive({"options": options, "env": {"PASSWORD": "s3cr3t-password"}})

    await http.put(SCRIPT, content=archive, headers=BINARY)

    got = (await http.get(SCRIPT)).content
    assert len(got) == len(archive)
    assert b"s3cr3t" not in got


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}, BINARY])
async def test_a_script_put_as_curl_sends_a_file_is_stored(http: httpx.AsyncClient, headers: dict[str, str]):
    answer = await http.put(SCRIPT, content=b"export default 7", headers=headers)

    assert answer.status_code == 204
    assert (await http.get(SCRIPT)).text == "export default 7"
