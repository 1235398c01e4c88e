import httpx
import pytest
from support.canned_responses import LOAD_TEST, Answers

from k6_cloud.api import Api, HttpApi
from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.connection import connect
from k6_cloud.errors import BadAnswer, K6CloudError, NoAnswer, NotFound, ServerFailure, TimedOut
from k6_cloud.models import LoadTest, Page
from k6_cloud.retries import Retries


def api(handler: Answers, base_url: str = "https://k6.test") -> Api:
    http = connect(Credentials("secret", stack_id=7), base_url, httpx.MockTransport(handler))
    return HttpApi(http, Retries(attempts=3, wait=0.0, wait_max=0.0))


def page_before(link: str) -> Page[LoadTest]:
    return Page[LoadTest].model_validate({"value": [], "@nextLink": link})


async def test_a_parameter_without_a_value_is_not_sent():
    handler = Answers(httpx.Response(200, json={"value": []}))

    await api(handler).get(Page[LoadTest], "/lists", {"$top": 5, "name": None, "$count": True})

    assert dict(handler.requests[0].url.params) == {"$top": "5", "$count": "true"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_idempotent_requests_are_tried_again(method: str):
    handler = Answers(httpx.ReadError("reset"), httpx.Response(503), httpx.Response(204))

    response = await api(handler).send(method, "/x")

    assert response.status_code == 204
    assert [request.method for request in handler.requests] == [method] * 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_other_requests_are_sent_once(method: str):
    handler = Answers(httpx.Response(503))

    with pytest.raises(ServerFailure):
        await api(handler).send(method, "/x")

    assert len(handler.requests) == 1


async def test_a_request_marked_repeatable_is_tried_again():
    handler = Answers(httpx.ReadTimeout("slow"), httpx.Response(200))

    await api(handler).send("POST", "/x", repeatable=True)

    assert len(handler.requests) == 2


async def test_a_repeated_delete_that_finds_nothing_was_done_by_an_earlier_try():
    handler = Answers(httpx.ReadTimeout("answer lost"), httpx.Response(404))

    await api(handler).delete("/x")

    assert len(handler.requests) == 2


async def test_a_first_delete_that_finds_nothing_is_an_error():
    handler = Answers(httpx.Response(404))

    with pytest.raises(NotFound):
        await api(handler).delete("/x")


async def test_content_is_made_anew_for_every_try():
    async def content():
        yield b"first "
        yield b"second"

    handler = Answers(httpx.Response(503), httpx.WriteError("reset"), httpx.Response(204))

    await api(handler).send("PUT", "/x", content=content)

    assert [request.content for request in handler.requests] == [b"first second"] * 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_so_the_token_goes_nowhere_else(status: int):
    handler = Answers(httpx.Response(status, headers={"Location": "https://evil.test/x"}))

    with pytest.raises(BadAnswer, match="redirected to another address, which was not followed"):
        await api(handler).send("GET", "/x")

    assert [str(request.url) for request in handler.requests] == ["https://k6.test/x"]


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        (
            "http://api.k6.io/cloud/v6/load_tests?%24skip=20&%24top=20&name=a%20b%26c",
            "https://k6.test/cloud/v6/load_tests?%24skip=20&%24top=20&name=a%20b%26c",
        ),
        ("https://evil.test/list?$skip=20", "https://k6.test/list?$skip=20"),
        ("https://user:pass@evil.test:8443/list?$skip=20#top", "https://k6.test/list?$skip=20"),
        ("/list?$skip=20", "https://k6.test/list?$skip=20"),
        ("//evil.test/list?$skip=20", "https://k6.test/list?$skip=20"),
        ("https://k6.test//evil.test/list", "https://k6.test/evil.test/list"),
        ("https://k6.test/@evil.test/list", "https://k6.test/@evil.test/list"),
    ],
)
async def test_the_next_page_is_asked_for_at_the_configured_address_only(link: str, followed: str):
    handler = Answers(httpx.Response(200, json={"value": [LOAD_TEST]}))

    page = await api(handler).follow(page_before(link))

    assert [str(request.url) for request in handler.requests] == [followed]
    assert page is not None
    assert [test.name for test in page.value] == ["smoke"]


async def test_the_configured_address_may_have_a_path_and_another_scheme():
    handler = Answers(httpx.Response(200, json={"value": []}))

    page = page_before("https://api.k6.io/cloud/v6/load_tests?$skip=20")
    await api(handler, "http://127.0.0.1:8080/k6").follow(page)

    assert str(handler.requests[0].url) == "http://127.0.0.1:8080/k6/cloud/v6/load_tests?$skip=20"


async def test_the_last_page_has_none_after_it():
    assert await api(Answers()).follow(Page[LoadTest](value=[])) is None


async def test_a_link_that_is_no_url_is_a_bad_answer():
    with pytest.raises(BadAnswer, match="link to the next page is not a URL"):
        await api(Answers()).follow(page_before("https://api.k6.io/a\nb"))


async def test_a_success_that_is_not_the_documented_body_is_a_bad_answer():
    handler = Answers(httpx.Response(200, html="<h1>Sign in to the guest network</h1>"))

    with pytest.raises(BadAnswer, match=r"GET /x succeeded, but its answer is not the documented LoadTest"):
        await api(handler).get(LoadTest, "/x")

    assert len(handler.requests) == 1


async def test_a_body_that_cannot_be_decoded_is_a_bad_answer():
    broken = httpx.Response(200, stream=httpx.ByteStream(b"no gzip"), headers={"Content-Encoding": "gzip"})

    with pytest.raises(BadAnswer, match="cannot be decoded"):
        await api(Answers(broken)).get(LoadTest, "/x")


async def test_failures_below_http_are_named_after_their_last_try():
    handler = Answers(*[httpx.ReadError("connection reset")] * 3)

    with pytest.raises(NoAnswer, match=r"GET /x got no answer \(connection reset\)\. Nothing was changed"):
        await api(handler).get(LoadTest, "/x?secret=1")


async def test_a_timeout_is_told_from_a_reset_and_a_write_says_that_it_may_have_been_done():
    with pytest.raises(TimedOut, match=r"POST /x got no answer \(slow\)\. It is not known"):
        await api(Answers(httpx.ReadTimeout("slow"))).send("POST", "/x")


async def test_pages_are_fetched_when_they_are_reached():
    handler = Answers(
        httpx.Response(200, json={"value": [LOAD_TEST], "@nextLink": "http://api.k6.io/list?page=2"}),
        httpx.Response(
            200, json={"value": [LOAD_TEST | {"id": 2}], "@nextLink": "http://api.k6.io/list?page=3"}
        ),
    )
    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    k6 = K6Cloud(http)

    seen: list[int] = []
    async for page in k6.pages(await k6.load_tests.list()):
        seen += [test.id for test in page.value]
        if 2 in seen:
            break

    assert seen == [1, 2]
    assert len(handler.requests) == 2


async def test_a_name_of_dots_never_becomes_the_address_of_something_else():
    handler = Answers()
    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    with pytest.raises(K6CloudError, match="only dots"):
        await K6Cloud(http).labels.delete_of_project(12, "..")

    assert handler.requests == []
