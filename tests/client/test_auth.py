from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadAnswer, ConfigurationError, Forbidden, K6CloudError, Unauthorized
from k6_cloud.models import Page, Project
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import Retries

STACK = {"stack_id": 42, "default_project_id": 5}


async def test_every_request_carries_the_token_and_the_stack():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        assert request.headers["X-Stack-Id"] == "7"
        return httpx.Response(200, json={"value": []})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    assert await K6Cloud(http).projects.list() == Page[Project](value=[])


async def test_a_stack_url_is_resolved_once_even_for_concurrent_calls():
    asked: list[str] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        await anyio.lowlevel.checkpoint()
        if request.url.path == "/cloud/v6/auth":
            assert request.headers["X-Stack-Url"] == "https://acme.grafana.net"
            assert request.headers["Authorization"] == "Bearer secret"
            assert "X-Stack-Id" not in request.headers
            return httpx.Response(200, json=STACK)
        assert request.headers["X-Stack-Id"] == "42"
        return httpx.Response(200, json={"value": []})

    credentials = Credentials("secret", stack_url="https://acme.grafana.net")
    k6 = K6Cloud(connect(credentials, "https://k6.test", httpx.MockTransport(handler)))
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(k6.projects.list)
    await k6.projects.list()

    assert asked.count("/cloud/v6/auth") == 1
    assert asked.count("/cloud/v6/projects") == 11


async def test_a_stack_that_was_not_resolved_is_asked_for_again():
    answers = [httpx.Response(403), httpx.Response(200, json=STACK), httpx.Response(200, json={"value": []})]

    def handler(_request: httpx.Request) -> httpx.Response:
        return answers.pop(0)

    credentials = Credentials("secret", stack_url="https://acme.grafana.net")
    k6 = K6Cloud(connect(credentials, "https://k6.test", httpx.MockTransport(handler)))

    with pytest.raises(Forbidden, match="GET /cloud/v6/auth answered 403"):
        await k6.projects.list()
    await k6.projects.list()

    assert answers == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401), Unauthorized),
        (httpx.Response(302, headers={"Location": "https://evil.test"}), BadAnswer),
        (httpx.Response(200, html="<h1>Welcome</h1>"), BadAnswer),
        (httpx.Response(200, json={"stack_id": None}), BadAnswer),
    ],
)
async def test_a_failed_resolution_stops_the_call(answer: httpx.Response, error: type[K6CloudError]):
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://k6.test/cloud/v6/auth"
        return answer

    credentials = Credentials("secret", stack_url="https://acme.grafana.net")
    k6 = K6Cloud(connect(credentials, "https://k6.test", httpx.MockTransport(handler)))

    with pytest.raises(error):
        await k6.load_tests.delete(1)


async def test_a_resolution_that_fails_in_passing_is_retried_with_its_call():
    answers = [httpx.Response(503), httpx.Response(200, json=STACK), httpx.Response(200, json={"value": []})]

    def handler(_request: httpx.Request) -> httpx.Response:
        return answers.pop(0)

    credentials = Credentials("secret", stack_url="https://acme.grafana.net")
    http = connect(credentials, "https://k6.test", httpx.MockTransport(handler))

    await K6Cloud(http, retries=Retries(attempts=2, wait=0.0, wait_max=0.0)).projects.list()

    assert answers == []


async def test_the_question_keeps_the_path_of_the_configured_address():
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=STACK | {"value": []})

    credentials = Credentials("secret", stack_url="https://acme.grafana.net")
    http = connect(credentials, "https://proxy.test/k6", httpx.MockTransport(handler))
    await K6Cloud(http).projects.list(top=1)

    assert asked == [
        "https://proxy.test/k6/cloud/v6/auth",
        "https://proxy.test/k6/cloud/v6/projects?%24top=1",
    ]


def test_credentials_do_not_show_their_token():
    assert "secret" not in repr(Credentials("secret", stack_id=7))


@pytest.mark.parametrize(
    "token", ["sec\r\nX-Evil: 1", "sécret", "sec\x00ret", "'secret'", '"secret"', "sec ret"]
)
def test_a_token_that_no_token_looks_like_is_refused_without_being_quoted(token: str):
    with pytest.raises(ConfigurationError, match="The API token holds characters") as caught:
        Credentials(token, stack_id=7)

    assert token not in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("token", ["", " \n", None, 7])
def test_no_token_is_refused(token: Any):
    with pytest.raises(ConfigurationError, match="The API token is empty"):
        Credentials(token, stack_id=7)


def test_a_token_without_a_stack_is_refused():
    with pytest.raises(
        ConfigurationError, match=r"needs a stack .* its id \(stack_id\) or its URL \(stack_url\)"
    ):
        Credentials("secret")


@pytest.mark.parametrize("stack_id", [0, -1, 2**63, True, "7", 7.0])
def test_a_stack_id_that_is_no_positive_number_is_refused(stack_id: Any):
    with pytest.raises(ConfigurationError, match="stack_id is not a positive number"):
        Credentials("secret", stack_id)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://acme.grafana.net", "https://acme.grafana.net"),
        ("https://Acme.Grafana.net/a/k6-app/projects?x=1#top", "https://acme.grafana.net"),
        (" acme.grafana.net/ \n", "https://acme.grafana.net"),
        ("http://127.0.0.1:6580/", "http://127.0.0.1:6580"),
    ],
)
def test_of_the_url_of_a_stack_the_address_is_kept(given: str, kept: str):
    assert Credentials("secret", stack_url=given).stack_url == kept


@pytest.mark.parametrize(
    "url", ["", "ftp://acme", "https://", "https://a b", "https://é", "https://a\r\nX: 1", 5]
)
def test_a_stack_url_that_is_no_address_is_refused(url: Any):
    with pytest.raises(ConfigurationError, match="The stack's URL is not an address"):
        Credentials("secret", stack_url=url)


async def test_the_line_end_of_a_file_that_held_the_token_does_not_matter():
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        return httpx.Response(200, json={"value": []})

    http = connect(Credentials("secret\n", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    await K6Cloud(http).projects.list()
