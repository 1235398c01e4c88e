import httpx
import pytest
from support.canned_responses import Answers

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadAnswer, K6CloudError, NoAnswer, NotFound, ServerFailure, TimedOut
from k6_cloud.models import LoadTest, Page
from k6_cloud.requests.api import Api, HttpApi
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import Retries


def api(handler: Answers, base_url: str = "https://k6.test") -> Api:
    http = connect(Credentials("secret", stack_id=7), base_url, httpx.MockTransport(handler))
    return HttpApi(http, Retries(attempts=3, wait=0.0, wait_max=0.0))


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


async def test_a_success_that_is_not_the_documented_body_is_a_bad_answer():
    handler = Answers(httpx.Response(200, html="<h1>Sign in to the guest network</h1>"))

    with pytest.raises(
        BadAnswer, match=r"GET /x answered 200, but its answer is not the documented LoadTest"
    ):
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


async def test_a_name_of_dots_never_becomes_the_address_of_something_else():
    handler = Answers()
    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    with pytest.raises(K6CloudError, match="only dots"):
        await K6Cloud(http).labels.delete_of_project(12, "..")

    assert handler.requests == []
