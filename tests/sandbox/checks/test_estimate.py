import json
from typing import Any

import pytest

from k6_cloud.models import Json
from k6_cloud.planning.load import Load
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.checks.estimate import load_of, price
from k6_cloud_sandbox.errors import InvalidRequest
from k6_runner.binary import find_k6
from k6_runner.inspection import inspect
from k6_runner.limits import RunLimits


def stages(*legs: tuple[str, int]) -> list[Json]:
    return [{"duration": duration, "target": target} for duration, target in legs]


def constant(vus: int, duration: str, start: str = "0s", **more: Any) -> Json:
    return {"executor": "constant-vus", "vus": vus, "duration": duration, "startTime": start, **more}


def ramping(*legs: tuple[str, int], **more: Any) -> Json:
    return {"executor": "ramping-vus", "stages": stages(*legs), **more}


OPTIONS: dict[str, Json] = {
    "nothing": {},
    "vus and duration": {"vus": 7, "duration": "2m"},
    "iterations": {"vus": 3, "iterations": 10},
    "iterations in a time": {"vus": 3, "iterations": 10, "duration": "9s"},
    "stages": {"stages": stages(("1m", 20), ("3m", 20), ("30s", 0))},
    "stages that begin high": {"vus": 9, "stages": stages(("10s", 2))},
    "stages with jumps": {
        "stages": stages(("0s", 10), ("10s", 10), ("0s", 3), ("40s", 3), ("0s", 8), ("5s", 0))
    },
    "shared": {
        "scenarios": {"a": {"executor": "shared-iterations", "vus": 4, "iterations": 8, "maxDuration": "5s"}}
    },
    "per VU": {"scenarios": {"a": {"executor": "per-vu-iterations", "vus": 4, "iterations": 8}}},
    "arrival rate": {
        "scenarios": {
            "a": {
                "executor": "constant-arrival-rate",
                "rate": 5,
                "duration": "8s",
                "preAllocatedVUs": 2,
                "maxVUs": 6,
            }
        }
    },
    "arrival rate without most": {
        "scenarios": {
            "a": {"executor": "constant-arrival-rate", "rate": 5, "duration": "8s", "preAllocatedVUs": 2}
        }
    },
    "ramping arrival rate": {
        "scenarios": {
            "a": {
                "executor": "ramping-arrival-rate",
                "stages": stages(("5s", 9), ("5s", 0)),
                "preAllocatedVUs": 3,
            }
        }
    },
    "externally controlled": {
        "scenarios": {"a": {"executor": "externally-controlled", "vus": 2, "maxVUs": 5, "duration": "10s"}}
    },
    "one after the other, apart": {"scenarios": {"a": constant(5, "10s"), "b": constant(4, "10s", "40s")}},
    "one after the other, overlapping": {
        "scenarios": {"a": constant(5, "10s"), "b": constant(4, "10s", "39s")}
    },
    "no graceful stop": {
        "scenarios": {"a": constant(5, "10s", gracefulStop="0s"), "b": constant(4, "10s", "10s")}
    },
    "fractions": {
        "scenarios": {"a": constant(5, "1.1s", gracefulStop="200ms"), "b": constant(4, "2s", "1300ms")}
    },
    "ramp down meets ramp up": {
        "scenarios": {
            "down": ramping(("10s", 10), ("10s", 0), gracefulRampDown="5s"),
            "up": ramping(("10s", 0), ("20s", 10), startVUs=0, startTime="7s"),
        }
    },
    "no graceful ramp down": {
        "scenarios": {
            "down": ramping(("10s", 10), ("10s", 0), gracefulRampDown="0s", gracefulStop="0s"),
            "late": constant(3, "5s", "17s"),
        }
    },
    "ramp down cut by the end": {
        "scenarios": {
            "a": ramping(("5s", 8), ("5s", 1), gracefulRampDown="60s", gracefulStop="2s"),
            "b": constant(4, "5s", "12s"),
        }
    },
    "up and down": {
        "scenarios": {
            "a": ramping(
                ("3s", 9), ("3s", 2), ("3s", 7), ("6s", 0), gracefulRampDown="1s", gracefulStop="1s"
            ),
            "b": ramping(
                ("4s", 1), ("5s", 6), ("1s", 0), startVUs=4, startTime="2s", gracefulRampDown="700ms"
            ),
            "c": constant(2, "3s", "8s", gracefulStop="1s"),
        }
    },
    "a peak at the very end": {
        "scenarios": {"a": ramping(("4s", 7), startVUs=0, gracefulStop="0s"), "b": constant(2, "1s", "9s")}
    },
    "changes at one moment": {
        "scenarios": {
            "late": constant(1, "3s", "1s", gracefulStop="3s"),
            "early": ramping(("3s", 1), ("8s", 12), startVUs=0, gracefulRampDown="2s"),
            "middle": ramping(("3s", 7), ("3s", 3), startVUs=5, startTime="4s", gracefulStop="1s"),
        }
    },
    "browser": {
        "scenarios": {
            "ui": constant(2, "10s", options={"browser": {"type": "chromium"}}),
            "api": constant(3, "10s", "5s"),
        }
    },
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
async def test_peak_vus_are_those_that_k6_computes(options: Json):
    k6 = await find_k6()
    assert k6
    source = f"export const options = {json.dumps(options)}; export default function () {{}}"
    with Script.from_chunks([source.encode()]) as script:
        inspection = await inspect(k6, script, RunLimits(), {})

    assert load_of(options).max_vus == inspection.max_vus


@pytest.mark.parametrize(
    ("name", "duration"),
    [
        ("stages", 270),
        ("one after the other, apart", 50),
        ("fractions", 3.3),
        ("nothing", 600),
        ("iterations in a time", 9),
        ("ramping arrival rate", 10),
    ],
)
def test_the_length_leaves_graceful_stops_out(name: str, duration: float):
    assert load_of(OPTIONS[name]).duration == pytest.approx(duration)


def test_only_timed_scenarios_are_sure_to_last():
    scenarios = {"timed": constant(1, "20s", "5s"), "counted": {"executor": "per-vu-iterations"}}

    load = load_of({"scenarios": scenarios})

    assert (load.duration, load.timed_duration) == (600, 25)


def test_browser_and_protocol_vus_peak_apart_and_together():
    load = load_of(OPTIONS["browser"])

    assert (load.max_vus, load.protocol_vus, load.browser_vus) == (5, 3, 2)


def test_nulls_count_as_absent():
    scenario = {"executor": "constant-vus", "vus": None, "duration": "1s", "startTime": None, "options": None}

    assert load_of({"vus": None, "stages": None, "scenarios": {"a": scenario}}).max_vus == 1


def load(protocol: int, browser: int = 0) -> Load:
    return Load(protocol + browser, protocol, browser, 0, 0)


@pytest.mark.parametrize(
    ("protocol", "browser", "duration", "vuh"),
    [
        (20, 0, 270, 1.67),
        (60, 0, 60, 1),
        (60, 0, 60.1, 2),
        (10, 1, 600, 3.33),
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
