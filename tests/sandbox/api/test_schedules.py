from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

STARTS = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
URL = "/cloud/v6/load_tests/1/schedule"
WEEKLY = {"frequency": "WEEKLY", "interval": 2, "byday": ["MO"], "until": None, "count": None}


@pytest.fixture(autouse=True)
def test(store: Store) -> None:
    """Load test 1."""
    store.load_tests.create(1, "a")


def wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def test_a_schedule_is_set_read_and_set_again(http: httpx.AsyncClient):
    created = await http.post(URL, json={"starts": wire(STARTS)})

    assert created.status_code == 200
    assert created.json() == {
        "id": 1,
        "load_test_id": 1,
        "starts": wire(STARTS),
        "recurrence_rule": None,
        "cron": None,
        "deactivated": False,
        "next_run": wire(STARTS),
        "created_by": "sandbox@localhost",
    }
    assert (await http.get("/cloud/v6/schedules/1")).json() == created.json()

    changed = await http.post(URL, json={"starts": wire(STARTS), "recurrence_rule": WEEKLY})
    assert changed.json()["recurrence_rule"] == WEEKLY
    assert (await http.get(URL)).json() == changed.json()
    assert (await http.get("/cloud/v6/schedules", params={"$count": "true"})).json() == {
        "value": [changed.json()],
        "@count": 1,
    }


async def test_a_cron_line_is_told_as_it_was_given(http: httpx.AsyncClient):
    cron = {"schedule": "30 4 * * MON", "time_zone": "Europe/Berlin"}
    schedule = (await http.post(URL, json={"starts": wire(STARTS), "cron": cron})).json()

    assert schedule["cron"] == cron
    assert datetime.fromisoformat(schedule["next_run"]) > STARTS


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({}, "starts"),
        ({"starts": "2030-05-01T10:00:00"}, "starts"),
        ({"starts": wire(STARTS), "recurrence_rule": {"frequency": "MINUTELY"}}, "recurrence_rule.frequency"),
        (
            {"starts": wire(STARTS), "recurrence_rule": {"frequency": "DAILY", "interval": 0}},
            "recurrence_rule.interval",
        ),
        (
            {"starts": wire(STARTS), "recurrence_rule": {"frequency": "DAILY", "byday": ["MO"]}},
            "recurrence_rule",
        ),
        (
            {"starts": wire(STARTS), "cron": {"schedule": "@reboot", "time_zone": "UTC"}},
            "cron.schedule",
        ),
        (
            {"starts": wire(STARTS), "cron": {"schedule": "@daily", "time_zone": "Mars"}},
            "cron.time_zone",
        ),
        (
            {
                "starts": wire(STARTS),
                "recurrence_rule": WEEKLY,
                "cron": {"schedule": "@daily", "time_zone": "UTC"},
            },
            None,
        ),
        ({"starts": 5}, "starts"),
        ({"starts": "1700000000"}, "starts"),
        ({"starts": wire(STARTS), "recurrence_rule": WEEKLY | {"until": 1.5}}, "recurrence_rule.until"),
        (
            {"starts": wire(STARTS), "recurrence_rule": WEEKLY | {"until": "2020-01-01T00:00:00Z"}},
            "recurrence_rule.until",
        ),
    ],
)
async def test_a_wrong_schedule_is_400_and_changes_nothing(http: httpx.AsyncClient, body: Any, target: str):
    answer = await http.post(URL, json=body)

    assert answer.status_code == 400
    assert [detail.get("target") for detail in answer.json()["error"]["details"]] == [target]
    assert (await http.get(URL)).status_code == 404


async def test_a_schedule_is_deactivated_activated_and_deleted(http: httpx.AsyncClient):
    await http.post(URL, json={"starts": wire(STARTS), "recurrence_rule": WEEKLY})

    assert (await http.post("/cloud/v6/schedules/1/deactivate")).status_code == 204
    off = (await http.get(URL)).json()
    assert (off["deactivated"], off["recurrence_rule"]) == (True, WEEKLY)
    assert (await http.post("/cloud/v6/schedules/1/activate")).status_code == 204
    assert (await http.get(URL)).json()["deactivated"] is False
    assert (await http.delete("/cloud/v6/schedules/1")).status_code == 204
    assert (await http.get(URL)).json()["error"]["message"] == "The load test has no schedule."


async def test_an_expired_schedule_has_no_next_run_and_cannot_be_activated(http: httpx.AsyncClient):
    expired = await http.post(URL, json={"starts": "2020-01-01T00:00:00Z"})
    answer = await http.post("/cloud/v6/schedules/1/activate")

    assert (expired.status_code, expired.json()["next_run"]) == (200, None)
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "Cannot re-activate an expired schedule."


async def test_what_belongs_to_nothing_is_404(http: httpx.AsyncClient):
    assert (
        await http.post("/cloud/v6/load_tests/9/schedule", json={"starts": wire(STARTS)})
    ).status_code == 404
    assert (await http.get("/cloud/v6/load_tests/9/schedule")).status_code == 404
    for call in ("get", "delete"):
        assert (await http.request(call, "/cloud/v6/schedules/9")).status_code == 404
    for verb in ("activate", "deactivate"):
        assert (await http.post(f"/cloud/v6/schedules/9/{verb}")).status_code == 404
