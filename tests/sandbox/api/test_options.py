import json
from typing import Any

import httpx
import pytest

from k6_cloud_sandbox.store.store import Store

URL = "/cloud/v6/validate_options"
ASHBURN = "amazon:us:ashburn"
THIRDS = {name: {"loadZone": ASHBURN, "percent": 33.33} for name in "abc"}
THIRDS_AND_MORE = THIRDS | {"d": {"loadZone": ASHBURN, "percent": 0.2}}


async def test_options_are_priced(http: httpx.AsyncClient):
    answer = await http.post(URL, json={"options": {"vus": 20, "duration": "270s"}})

    assert answer.json() == {
        "vuh_usage": 1.666667,
        "breakdown": {
            "protocol_vuh": 1.666667,
            "browser_vuh": 0,
            "base_total_vuh": 1.666667,
            "reduction_rate": 0,
            "reduction_rate_breakdown": None,
        },
    }


@pytest.mark.parametrize("seconds", [1, 30, 60])
async def test_sixty_small_runs_cost_what_a_long_one_costs(http: httpx.AsyncClient, seconds: int):
    answer = await http.post(URL, json={"options": {"vus": 2, "duration": f"{seconds}s"}})

    assert answer.json()["vuh_usage"] * 60 == pytest.approx(2, abs=1e-4)


@pytest.mark.parametrize("place", ["cloud", "ext"])
async def test_three_thirds_with_two_decimals_are_a_whole(http: httpx.AsyncClient, place: str):
    cloud = {"distribution": THIRDS}
    options = {"cloud": cloud} if place == "cloud" else {"ext": {"loadimpact": cloud}}

    assert (await http.post(URL, json={"options": options})).status_code == 200


async def test_options_that_say_nothing_of_execution_are_fine(http: httpx.AsyncClient):
    answer = await http.post(URL, json={"options": {"cloud": {"projectID": 1}}, "project_id": 1})

    assert answer.status_code == 200


async def test_a_scenario_may_call_any_function(http: httpx.AsyncClient):
    scenario = {"executor": "constant-vus", "vus": 1, "duration": "1s", "exec": "class"}

    assert (await http.post(URL, json={"options": {"scenarios": {"a": scenario}}})).status_code == 200


async def test_a_threshold_on_a_metric_of_the_script_is_fine_and_a_wrong_one_on_k6_s_own_is_not(
    http: httpx.AsyncClient,
):
    own = {"options": {"thresholds": {"orders_placed": ["count>1"], "checks": ["rate>0.9"]}}}
    wrong = {"options": {"thresholds": {"checks": ["p(95)>0.9"]}}}

    assert (await http.post(URL, json=own)).status_code == 200
    assert (await http.post(URL, json=wrong)).status_code == 400


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({"vus": -1, "duration": "1s"}, "options.vus"),
        ({"duration": "soon"}, "options.duration"),
        ({"stages": [{"duration": "1s"}]}, "options.stages.0.target"),
        ({"scenarios": {"a": {"executor": "warp"}}}, "options.scenarios.a"),
        ({"scenarios": {"a": {"executor": "constant-vus", "duration": []}}}, "options.scenarios.a.duration"),
        ({"scenarios": {"a": 1}}, "options.scenarios.a"),
        ({"scenarios": []}, "options.scenarios"),
        ({"vus": 51, "duration": "1s"}, "options"),
        ({"duration": "301s"}, "options"),
        ({"cloud": {"projectID": 99}}, "options.cloud.projectID"),
        ({"cloud": {"projectID": 2**70}}, "options.cloud.projectID"),
        ({"cloud": []}, "options.cloud"),
        ({"cloud": {"distribution": {"a": {"loadZone": "z", "percent": 50}}}}, "options.cloud"),
        ({"cloud": {"distribution": {"a": {"percent": 100}}}}, "options.cloud.distribution.a.loadZone"),
        ({"ext": {"loadimpact": {"projectID": 99}}}, "options.ext.loadimpact.projectID"),
        ({"ext": {"loadimpact": []}}, "options.ext.loadimpact"),
        ({"ext": {"loadimpact": {"distribution": THIRDS_AND_MORE}}}, "options.ext.loadimpact"),
        (
            {"ext": {"loadimpact": {"distribution": {"a": {"loadZone": "nope", "percent": 100}}}}},
            "options.ext.loadimpact.distribution.a.loadZone",
        ),
        ({"thresholds": {"http_req_duration": ["p(95)<<1"]}}, "options"),
        ({"unheardOf": {"a": float("nan")}}, None),
    ],
)
async def test_a_wrong_option_is_400_and_named(http: httpx.AsyncClient, options: Any, target: str | None):
    answer = await http.post(
        URL, content=json.dumps({"options": options}), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    if target:
        assert [detail["target"] for detail in answer.json()["error"]["details"]] == [target]


async def test_an_unknown_project_is_400(http: httpx.AsyncClient):
    answer = await http.post(URL, json={"options": {}, "project_id": 99})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == "project_id"


@pytest.mark.parametrize("body", [{}, {"options": None}, {"options": [1]}, {"options": {}, "colour": 1}])
async def test_a_request_of_another_shape_is_400(http: httpx.AsyncClient, body: Any):
    assert (await http.post(URL, json=body)).status_code == 400


async def test_deeply_nested_options_are_400_or_read(http: httpx.AsyncClient):
    for depth in (200, 900, 20_000):
        body = b'{"options": {"tags": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}}"
        answer = await http.post(URL, content=body, headers={"Content-Type": "application/json"})

        assert answer.status_code in (200, 400)


ZONED = {"distribution": {"a": {"loadZone": "amazon:sa:cape town", "percent": 100}}}


@pytest.mark.parametrize(
    ("limits", "options", "named"),
    [
        ({"vu_max_per_test": 4}, {"vus": 5, "duration": "1s"}, "vu_max_per_test"),
        ({"duration_max_per_test": 9}, {"duration": "10s"}, "duration_max_per_test"),
        # One iteration may take its maxDuration of ten minutes.
        ({"duration_max_per_test": 9}, {}, "duration_max_per_test"),
        ({"vuh_max_per_month": 1}, {"vus": 50, "duration": "2m"}, "vuh_max_per_month"),
        (
            {"vu_browser_max_per_test": 1},
            {
                "scenarios": {
                    "a": {
                        "executor": "constant-vus",
                        "vus": 2,
                        "duration": "1s",
                        "options": {"browser": {"type": "chromium"}},
                    }
                }
            },
            "vu_browser_max_per_test",
        ),
    ],
)
async def test_options_past_a_limit_of_the_project_are_400(
    http: httpx.AsyncClient, limits: dict[str, int], options: dict[str, Any], named: str
):
    await http.patch("/cloud/v6/projects/1/limits", json=limits)
    answer = await http.post(URL, json={"options": options})

    assert answer.status_code == 400
    (detail,) = answer.json()["error"]["details"]
    assert detail["target"] == "options"
    assert f"({named})" in detail["message"]


async def test_the_limits_of_the_project_that_is_named_count(http: httpx.AsyncClient, store: Store):
    strict = store.projects.create("strict").id
    await http.patch(f"/cloud/v6/projects/{strict}/limits", json={"vu_max_per_test": 1})
    options = {"vus": 2, "duration": "1s"}

    answers = [
        await http.post(URL, json={"options": options}),
        await http.post(URL, json={"options": options, "project_id": strict}),
        await http.post(URL, json={"options": options | {"cloud": {"projectID": strict}}}),
    ]

    assert [answer.status_code for answer in answers] == [200, 400, 400]


async def test_what_runs_of_this_month_have_cost_counts_and_that_of_earlier_months_does_not(
    http: httpx.AsyncClient, store: Store
):
    await http.patch("/cloud/v6/projects/1/limits", json={"vuh_max_per_month": 10})
    for name in "ab":
        store.runs.start(store.load_tests.create(1, name).id)
    with store.database.write() as connection:
        connection.execute("""UPDATE test_runs SET cost = '{"total_vuh": 5.0}'""")
    options = {"options": {"vus": 1, "duration": "60s"}}
    answer = await http.post(URL, json=options)
    with store.database.write() as connection:
        connection.execute("UPDATE test_runs SET created = '2020-01-31T23:59:59.000000Z' WHERE id = 1")

    assert "has used 10 this month" in answer.json()["error"]["details"][0]["message"]
    assert (await http.post(URL, json=options)).status_code == 200


async def test_a_zone_with_a_space_in_its_name_is_fine(http: httpx.AsyncClient):
    assert (await http.post(URL, json={"options": {"cloud": ZONED}})).status_code == 200


@pytest.mark.parametrize(
    ("zone", "why"),
    [("moon", "is unknown"), ("amazon:cn:hong kong", "is not available"), ("sandbox-private", "is private")],
)
async def test_a_zone_that_cannot_be_used_is_400_and_named(http: httpx.AsyncClient, zone: str, why: str):
    shares = {
        "near": {"loadZone": "amazon:us:ashburn", "percent": 50},
        "far": {"loadZone": zone, "percent": 50},
    }
    answer = await http.post(URL, json={"options": {"cloud": {"distribution": shares}}})

    assert answer.status_code == 400
    (detail,) = answer.json()["error"]["details"]
    assert detail["target"] == "options.cloud.distribution.far.loadZone"
    assert why in detail["message"]


async def test_a_private_zone_is_fine_for_a_project_that_may_use_it(http: httpx.AsyncClient):
    await http.put("/cloud/v6/projects/1/allowed_load_zones", json={"value": [{"id": 22}]})
    shares = {"a": {"loadZone": "sandbox-private", "percent": 100}}

    assert (await http.post(URL, json={"options": {"cloud": {"distribution": shares}}})).status_code == 200
