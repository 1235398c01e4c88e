import json
from typing import Any

import httpx
import pytest

URL = "/cloud/v6/validate_options"


async def test_options_are_priced(http: httpx.AsyncClient):
    answer = await http.post(URL, json={"options": {"vus": 20, "duration": "270s"}})

    assert answer.json() == {
        "vuh_usage": 1.67,
        "breakdown": {
            "protocol_vuh": 1.67,
            "browser_vuh": 0,
            "base_total_vuh": 1.67,
            "reduction_rate": 0,
            "reduction_rate_breakdown": None,
        },
    }


async def test_options_that_say_nothing_of_execution_are_fine(http: httpx.AsyncClient):
    answer = await http.post(URL, json={"options": {"cloud": {"projectID": 1}}, "project_id": 1})

    assert answer.status_code == 200


async def test_a_scenario_may_call_any_function(http: httpx.AsyncClient):
    scenario = {"executor": "constant-vus", "vus": 1, "duration": "1s", "exec": "class"}

    assert (await http.post(URL, json={"options": {"scenarios": {"a": scenario}}})).status_code == 200


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
