import httpx
import pytest
from fastapi import FastAPI

from k6_cloud_sandbox.demo_target import router


@pytest.fixture
def shop() -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://demo")


async def test_the_start_page_is_html_for_a_browser_and_json_for_k6(shop: httpx.AsyncClient):
    page = await shop.get("/demo/", headers={"Accept": "text/html,*/*"})
    assert "<h1>Demo shop</h1>" in page.text
    assert (await shop.get("/demo/")).json()["name"] == "Demo shop"


async def test_every_path_that_the_start_page_names_is_served(shop: httpx.AsyncClient):
    paths = (await shop.get("/demo/")).json()["paths"]
    statuses = {path: (await shop.get(f"/demo/{path}")).status_code for path in paths}
    assert {path: status for path, status in statuses.items() if status == 404} == {}


async def test_products_can_be_listed_and_read(shop: httpx.AsyncClient):
    products = (await shop.get("/demo/products")).json()
    assert (await shop.get(f"/demo/products/{products[0]['id']}")).json() == products[0]


async def test_an_unknown_product_is_not_found(shop: httpx.AsyncClient):
    assert (await shop.get("/demo/products/999")).status_code == 404


@pytest.mark.parametrize(("password", "status"), [("demo", 200), ("wrong", 401)])
async def test_only_the_demo_password_logs_in(shop: httpx.AsyncClient, password: str, status: int):
    answer = await shop.post("/demo/login", json={"user": "ada", "password": password})
    assert answer.status_code == status


async def test_a_slow_answer_is_held_back_but_not_without_bound(shop: httpx.AsyncClient):
    answer = await shop.get("/demo/slow", params={"ms": 20})
    assert answer.json() == {"waited_ms": 20}
    assert answer.elapsed.total_seconds() >= 0.02
    assert (await shop.get("/demo/slow", params={"ms": 60_000})).status_code == 422


@pytest.mark.parametrize(("rate", "status"), [(0, 200), (1, 500)])
async def test_calls_fail_at_the_rate_asked_for(shop: httpx.AsyncClient, rate: int, status: int):
    statuses = {(await shop.get("/demo/flaky", params={"rate": rate})).status_code for _ in range(20)}
    assert statuses == {status}
