import httpx
import pytest

from k6_cloud_sandbox.api.backend import Backend
from k6_cloud_sandbox.app import create_app
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.store import Store

STACK = {"X-Stack-Id": "1"}


@pytest.fixture
def guarded(store: Store) -> httpx.AsyncClient:
    """An unsigned client of a sandbox that accepts one token only."""
    settings = SandboxSettings(dir=":memory:")
    app = create_app(Backend(store, settings, "http://127.0.0.1", wake=lambda: None, token="right"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Token right", "Bearer wrong", "Bearer écrit"]
)
async def test_a_request_without_the_right_bearer_token_is_401(
    guarded: httpx.AsyncClient, authorization: str
):
    headers = STACK | ({"Authorization": authorization.encode()} if authorization else {})  # pyright: ignore[reportUnknownVariableType]
    answer = await guarded.get("/cloud/v6/projects", headers=headers)  # pyright: ignore[reportArgumentType]

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"


async def test_the_right_token_is_let_in(guarded: httpx.AsyncClient):
    answer = await guarded.get("/cloud/v6/projects", headers=STACK | {"Authorization": "Bearer right"})

    assert answer.status_code == 200


async def test_another_stack_is_403(http: httpx.AsyncClient):
    answer = await http.get(
        "/cloud/v6/projects", auth=None, headers={"Authorization": "Bearer a", "X-Stack-Id": "2"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("stack", [{}, {"X-Stack-Id": "one"}])
async def test_a_stack_id_that_is_missing_or_no_number_is_403(http: httpx.AsyncClient, stack: dict[str, str]):
    answer = await http.get("/cloud/v6/projects", auth=None, headers={"Authorization": "Bearer a"} | stack)

    assert answer.status_code == 403
    assert answer.json()["error"]["details"][0]["target"] == "X-Stack-Id"


async def test_a_stack_url_resolves_to_the_stack_and_its_default_project(http: httpx.AsyncClient):
    answer = await http.get("/cloud/v6/auth", headers={"X-Stack-Url": "https://any.grafana.net"})

    assert answer.json() == {"stack_id": 1, "default_project_id": 1}


async def test_a_foreign_host_name_is_refused(http: httpx.AsyncClient):
    answer = await http.get("/cloud/v6/projects", headers={"Host": "evil.example"})

    assert answer.status_code == 400
