"""The estimate of a run and its upper bound, beside the price that the service gives."""

from typing import Any

import pytest
from support.servers import World

from k6_cloud.models import CostBreakdown, Json, ValidatedOptions
from k6_cloud.scripts.lifecycle import Lifecycle
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.starts.estimate import Estimate, lifecycle_of

PLAIN = Lifecycle(setup=False, teardown=False)
HANGING = {"vus": 20, "duration": "31s"}


def service_price(vuh: float, reduction: float = 0) -> ValidatedOptions:
    breakdown = CostBreakdown(
        protocol_vuh=vuh,
        browser_vuh=0,
        base_total_vuh=vuh,
        reduction_rate=reduction,
        reduction_rate_breakdown=None,
    )
    return ValidatedOptions(vuh_usage=vuh, breakdown=breakdown)


@pytest.mark.parametrize(
    ("options", "lifecycle", "vuh", "most"),
    [
        # 31 s are a minute; with the 30 s of the graceful stop they are 61 s, and two.
        (HANGING, PLAIN, 20 / 60, 40 / 60),
        ({**HANGING, "duration": "30s"}, PLAIN, 20 / 60, 20 / 60),
        (
            {"scenarios": {"a": {"executor": "constant-vus", **HANGING, "gracefulStop": "0s"}}},
            PLAIN,
            1 / 3,
            1 / 3,
        ),
        (
            {"scenarios": {"a": {"executor": "constant-vus", **HANGING, "gracefulStop": "5m"}}},
            PLAIN,
            1 / 3,
            2,
        ),
        (
            {
                "scenarios": {
                    "a": {"executor": "constant-vus", **HANGING, "options": {"browser": {"type": "chromium"}}}
                }
            },
            PLAIN,
            20 / 6,
            40 / 6,
        ),
        # A ramp down is held for its own time, and cut by the end of the graceful stop.
        ({"stages": [{"duration": "50s", "target": 60}, {"duration": "0s", "target": 0}]}, PLAIN, 1, 2),
        (HANGING, Lifecycle(setup=True, teardown=False), 20 / 60, 60 / 60),
        (HANGING, Lifecycle(setup=True, teardown=True), 20 / 60, 80 / 60),
        ({**HANGING, "setupTimeout": "5s"}, Lifecycle(setup=True, teardown=False), 20 / 60, 40 / 60),
    ],
)
def test_the_most_that_a_run_can_cost_includes_graceful_stops_and_timeouts(
    options: Json, lifecycle: Lifecycle, vuh: float, most: float
):
    estimate, price = Estimate.of(options, lifecycle), service_price(round(vuh, 2))
    assert (estimate.vuh(price), estimate.most(price)) == (pytest.approx(vuh), pytest.approx(most))
    assert (estimate.vuh(None), estimate.most(None)) == (pytest.approx(vuh), pytest.approx(most))


def test_a_price_that_the_service_rounds_is_exact_again():
    estimate = Estimate.of({"vus": 2, "duration": "10s"}, PLAIN)
    assert estimate.vuh(service_price(0.03)) == 2 / 60
    assert estimate.vuh(service_price(0.1)) == 0.1


def test_a_reduction_holds_for_the_upper_bound_too():
    estimate, price = Estimate.of(HANGING, PLAIN), service_price(0.25, reduction=25)
    assert (estimate.vuh(price), estimate.most(price)) == (pytest.approx(0.25), pytest.approx(0.5))


def test_a_contract_that_charges_otherwise_has_an_upper_bound_in_proportion():
    # Whole hours: 20 VUh for anything up to an hour.
    assert Estimate.of(HANGING, PLAIN).most(service_price(20)) == 40


def test_options_that_cannot_be_counted_have_no_upper_bound():
    estimate = Estimate.of({"scenarios": {"a": {"executor": "of-tomorrow"}}}, PLAIN)
    assert (estimate.vuh(service_price(3)), estimate.most(service_price(3)), estimate.max_vus) == (
        3,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("options", "lifecycle", "words"),
    [
        (
            HANGING,
            PLAIN,
            "0.33 VUh for up to 20 VUs over 31 s, at most 0.67 VUh if iterations hang (1 min 1 s with graceful stops)",
        ),
        (
            {"vus": 1, "duration": "20s"},
            Lifecycle(setup=True, teardown=True),
            (
                "0.017 VUh for up to 1 VUs over 20 s, at most 0.05 VUh if iterations hang "
                "(2 min 50 s with graceful stops, setup, teardown)"
            ),
        ),
        ({"vus": 20, "duration": "30s"}, PLAIN, "0.33 VUh for up to 20 VUs over 30 s"),
        (
            {"vus": 20, "duration": "30s"},
            Lifecycle(setup=False, teardown=False, browser=True),
            (
                "0.33 VUh for up to 20 VUs over 30 s; it imports k6/browser, but no scenario has options.browser.type: "
                "priced as protocol VUs"
            ),
        ),
    ],
)
def test_the_words_say_the_estimate_and_the_most_where_they_differ(
    options: Json, lifecycle: Lifecycle, words: str
):
    estimate = Estimate.of(options, lifecycle)
    assert estimate.in_words(estimate.vuh(None), estimate.most(None)) == words


@pytest.mark.parametrize(
    ("source", "lifecycle"),
    [
        ("export default () => {};", PLAIN),
        ("export function setup() {}\nexport default () => {};", Lifecycle(setup=True, teardown=False)),
        (
            "import { browser } from 'k6/browser';\nexport default () => {};",
            Lifecycle(False, False, browser=True),
        ),
        # Larger than what is analysed: all of it is assumed.
        ("export default () => {};" + " " * 1024 * 1024 + "\n;", Lifecycle(setup=True, teardown=True)),
    ],
)
async def test_the_lifecycle_is_read_from_the_script(world: World, source: str, lifecycle: Any):
    with Script.from_chunks([source.encode()]) as script:
        assert await lifecycle_of(world.app, script) == lifecycle
