from typing import Any

import pytest

from k6_cloud.models import Json
from k6_cloud.planning.load import Load
from k6_cloud_sandbox.checks.estimate import load_of, price
from k6_cloud_sandbox.errors import InvalidRequest


def stages(*legs: tuple[str, int]) -> list[Json]:
    return [{"duration": duration, "target": target} for duration, target in legs]


def constant(vus: int, duration: str, start: str = "0s", **more: Any) -> Json:
    return {"executor": "constant-vus", "vus": vus, "duration": duration, "startTime": start, **more}


def ramping(*legs: tuple[str, int], **more: Any) -> Json:
    return {"executor": "ramping-vus", "stages": stages(*legs), **more}


def load(protocol: int, browser: int = 0) -> Load:
    return Load(protocol + browser, protocol, browser, 0, 0, 0)


@pytest.mark.parametrize(
    ("protocol", "browser", "duration", "vuh"),
    [
        (20, 0, 270, 1.666667),
        (60, 0, 60, 1),
        (60, 0, 60.1, 2),
        (10, 1, 600, 3.333333),
        (0, 6, 60, 1),
        (1, 0, 0, 0),
    ],
)
def test_the_price_is_peak_vus_by_started_minutes(protocol: int, browser: int, duration: float, vuh: float):
    assert price(load(protocol, browser), duration).total_vuh == vuh


def test_protocol_and_browser_vuh_add_up_to_the_total():
    cost = price(load(60, 6), 3600)

    assert (cost.breakdown.protocol_vuh, cost.breakdown.browser_vuh, cost.total_vuh) == (60, 60, 120)


def test_local_execution_shows_the_documented_example_of_a_reduction():
    cost = price(load(60), 600, is_local=True)

    assert (cost.breakdown.base_total_vuh, cost.total_vuh) == (10, 7.5)
    assert cost.breakdown.reduction_rate_breakdown == {"local_run": 25}


@pytest.mark.parametrize(
    ("options", "target", "message"),
    [
        ({"vus": "many"}, "options.vus", "integer"),
        ({"iterations": 0}, "options.iterations", "greater than or equal to 1"),
        ({"vus": 2, "iterations": 1}, "options", "can't be less than"),
        ({"duration": "1s", "stages": stages(("1s", 1))}, "options", "cannot be used together"),
        ({"duration": "1s", "scenarios": {"a": constant(1, "1s")}}, "options", "cannot be used together"),
        ({"stages": [{"duration": -1, "target": 1}]}, "options.stages.0.duration", "ten years"),
        ({"scenarios": {"a": {"vus": 1}}}, "options.scenarios.a", "executor"),
        ({"scenarios": {"a": {"executor": "constant-vus"}}}, "options.scenarios.a.duration", "required"),
        ({"scenarios": {"a": ramping(("1s", 0), startVUs=0)}}, "options.scenarios.a", "greater than 0"),
        (
            {"scenarios": {"a": ramping(*[("1s", n % 2 * 10**6) for n in range(9)])}},
            "options.scenarios.a",
            "up to",
        ),
        ({"scenarios": {"a": constant(10**400, "1s")}}, "options.scenarios.a.vus", "less than or equal"),
    ],
)
def test_a_wrong_option_is_named(options: Json, target: str, message: str):
    with pytest.raises(InvalidRequest) as caught:
        load_of(options)

    [detail] = caught.value.error.details or []
    assert detail.target == target
    assert message in detail.message


def test_all_wrong_options_are_named_at_once():
    with pytest.raises(InvalidRequest) as caught:
        load_of({"vus": -1, "duration": "soon"})

    assert len(caught.value.error.details or []) == 2
