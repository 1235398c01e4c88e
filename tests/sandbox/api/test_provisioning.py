import httpx
import pytest

from k6_cloud_sandbox.store.store import Store


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "load_tests/1/start_local_execution"),
        ("POST", "test_runs/1/notify"),
        ("GET", "test_runs/1/decrypt_secret?name=a"),
    ],
)
async def test_local_execution_is_refused_with_what_to_do(
    http: httpx.AsyncClient, store: Store, method: str, path: str
):
    store.load_tests.create(1, "a")

    answer = await http.request(method, f"/provisioning/v1/{path}")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error.keys() == {"message", "code"}
    assert error["code"] == "not_emulated"
    assert "--local-execution" in error["message"]
    assert (await http.get("/cloud/v6/test_runs")).json()["value"] == []
