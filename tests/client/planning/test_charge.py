import pytest

from k6_cloud.planning.charge import charge_of, vuh_text
from k6_cloud.planning.load import Load, load_of


def load(protocol: int, browser: int = 0) -> Load:
    return Load(protocol + browser, protocol, browser, 0, 0, 0)


@pytest.mark.parametrize(
    ("protocol", "browser", "seconds", "vuh"),
    [
        (20, 0, 31, 20 / 60),
        (20, 0, 61, 40 / 60),
        (20, 0, 60, 20 / 60),
        (20, 0, 60.001, 40 / 60),
        (2, 0, 1, 2 / 60),
        (0, 6, 60, 1),
        (10, 1, 600, 20 / 6),
        (1, 0, 0, 0),
    ],
)
def test_a_charge_is_peak_vus_by_started_minutes_and_is_not_rounded(
    protocol: int, browser: int, seconds: float, vuh: float
):
    assert charge_of(load(protocol, browser), seconds).total == pytest.approx(vuh, rel=1e-12)


def test_sixty_small_runs_cost_what_they_cost_together():
    assert sum(charge_of(load(2), 1).total for _ in range(60)) == pytest.approx(2)


def test_a_sum_of_fractions_that_is_a_whole_minute_is_no_minute_more():
    stages = [{"duration": "100ms", "target": 3}] * 600
    assert load_of({"stages": stages}).duration != 60
    assert charge_of(load_of({"stages": stages}), load_of({"stages": stages}).duration).total == 3 / 60


def test_protocol_and_browser_vuh_are_told_apart():
    charge = charge_of(load(60, 6), 3600)
    assert (charge.protocol, charge.browser, charge.total) == (60, 60, 120)


@pytest.mark.parametrize(
    ("vuh", "text"),
    [
        (20 / 60, "0.33"),
        (40 / 60, "0.67"),
        (2 / 60, "0.033"),
        (1 / 60, "0.017"),
        (0.00123, "0.0012"),
        (0.1, "0.1"),
        (0.0999, "0.1"),
        (20, "20"),
        (1234.5, "1234.5"),
        (2_000_000, "2000000"),
        (0, "0"),
    ],
)
def test_a_price_is_shown_with_the_digits_that_matter(vuh: float, text: str):
    assert vuh_text(vuh) == text
