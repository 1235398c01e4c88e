import json
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from support.loopback import listening

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud.errors import BadRequest, ConfigurationError, K6CloudError
from k6_cloud.models import Authentication, ValidateOptions
from k6_cloud.requests.connection import connect
from k6_cloud.requests.retries import Retries

PRICE = {
    "vuh_usage": 6.75,
    "breakdown": {
        "protocol_vuh": 6.75,
        "browser_vuh": 0,
        "base_total_vuh": 10,
        "reduction_rate": 32.5,
        "reduction_rate_breakdown": {"volume": 10, "local_run": 25},
    },
}


async def test_authenticating_sends_the_stack_url_and_no_stack_id():
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("GET", "/cloud/v6/auth")
        assert request.headers["Authorization"] == "Bearer secret"
        assert request.headers["X-Stack-Url"] == "https://acme.grafana.net"
        assert "X-Stack-Id" not in request.headers
        return httpx.Response(200, json={"stack_id": 42, "default_project_id": 5})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    answer = await K6Cloud(http).authenticate("https://acme.grafana.net")

    assert answer == Authentication(stack_id=42, default_project_id=5)


async def test_options_are_priced_and_only_the_given_fields_are_sent():
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/cloud/v6/validate_options")
        assert json.loads(request.content) == {"options": {"vus": 10, "anything": None}, "project_id": 5}
        return httpx.Response(200, json=PRICE)

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    request = ValidateOptions(options={"vus": 10, "anything": None}, project_id=5)

    priced = await K6Cloud(http).validate_options(request)

    assert priced.vuh_usage == 6.75
    assert priced.breakdown.reduction_rate_breakdown == {"volume": 10, "local_run": 25}


async def test_pricing_changes_nothing_so_it_is_retried():
    answers = [httpx.Response(503), httpx.Response(200, json=PRICE)]

    def handler(_request: httpx.Request) -> httpx.Response:
        return answers.pop(0)

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))
    k6 = K6Cloud(http, retries=Retries(attempts=2, wait=0.0, wait_max=0.0))

    assert (await k6.validate_options(ValidateOptions(options={}))).vuh_usage == 6.75


async def test_refused_options_name_the_fields():
    detail = {"message": "Unknown load zone.", "code": "invalid", "target": "options.cloud.distribution.x"}

    def handler(_request: httpx.Request) -> httpx.Response:
        error = {"message": "Invalid options.", "code": "validation_error", "details": [detail]}
        return httpx.Response(400, json={"error": error})

    http = connect(Credentials("secret", stack_id=7), "https://k6.test", httpx.MockTransport(handler))

    with pytest.raises(BadRequest, match=r"options\.cloud\.distribution\.x: Unknown load zone\."):
        await K6Cloud(http).validate_options(ValidateOptions(options={}))


async def test_a_client_is_opened_by_the_environment_and_closed_at_the_end():
    seen: list[Headers] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(Headers(scope=scope))
        await JSONResponse({"value": []})(scope, receive, send)

    async with listening(app, lifespan="off") as address:
        env = {"K6_CLOUD_TOKEN": "from-env", "K6_CLOUD_STACK_ID": "42", "K6_CLOUD_HOST_V6": address}
        async with K6Cloud.from_env(env, product="my-tool/1.0") as k6:
            assert (await k6.projects.list()).value == []

    [headers] = seen
    assert headers["authorization"] == "Bearer from-env"
    assert headers["x-stack-id"] == "42"
    assert headers["user-agent"].startswith("my-tool/1.0 k6-cloud-python/")
    with pytest.raises(K6CloudError, match="The client is closed"):
        await k6.projects.list()


async def test_an_environment_without_credentials_is_an_error_that_names_them(tmp_path: Path):
    with pytest.raises(
        ConfigurationError, match="K6_CLOUD_TOKEN and K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL"
    ):
        async with K6Cloud.from_env({"K6_CONFIG": str(tmp_path / "none.json")}):
            pass
