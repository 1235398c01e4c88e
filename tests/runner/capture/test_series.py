from k6_runner.capture.series import MOST_SERIES, SeriesCache, SeriesRegister


def _register() -> SeriesRegister:
    register = SeriesRegister()
    register.declare("http_reqs", "counter")
    register.declare("checks", "rate")
    return register


def test_a_series_is_a_metric_with_a_set_of_labels():
    register = _register()
    first = register.number("http_reqs", {"status": "200", "method": "GET"})

    assert register.number("http_reqs", {"method": "GET", "status": "200"}) == first
    assert register.number("http_reqs", {"status": "500", "method": "GET"}) != first
    assert register.number("checks", {"status": "200", "method": "GET"}) != first
    assert [series.metric for series in register.new_series] == [0, 0, 1]


def test_labels_without_a_value_are_left_out():
    register = _register()

    assert register.number("checks", {"group": "", "check": "ok"}) == register.number(
        "checks", {"check": "ok"}
    )
    assert register.new_series[0].labels == {"check": "ok"}


def test_a_metric_that_was_not_declared_has_no_series():
    assert _register().number("nobody", {}) is None


def test_past_the_limit_labels_that_vary_most_are_left_out_and_values_still_counted():
    register = _register()
    for number in range(MOST_SERIES):
        register.number("http_reqs", {"url": f"http://x/{number}", "status": "200"})
    first, second = (
        register.number("http_reqs", {"url": f"y{n}", "name": "y", "status": "200"}) for n in "ab"
    )

    assert first == second
    assert register.new_series[-1].labels == {"status": "200"}
    assert register.folded == 2
    assert register.number("http_reqs", {"url": "http://x/7", "status": "200"}) == 7


def test_past_the_reserve_no_labels_are_kept():
    register = _register()
    numbers = {register.number("http_reqs", {"own": str(number)}) for number in range(MOST_SERIES + 2000)}

    assert None not in numbers
    assert len(numbers) == MOST_SERIES + 501
    assert register.new_series[-1].labels == {}


def test_metrics_beyond_all_limits_have_no_series():
    register = _register()
    for number in range(MOST_SERIES + 1001):
        register.declare(f"metric_{number}", "counter")
    numbers = [register.number(f"metric_{number}", {}) for number in range(MOST_SERIES + 1001)]

    assert numbers[-2:] == [MOST_SERIES + 999, None]


def test_written_tags_are_read_once_with_their_escapes():
    cache = SeriesCache(_register())

    number = cache[b"checks", rb'{"check":"say \"hi\" \u00fc"}']
    assert cache == {(b"checks", rb'{"check":"say \"hi\" \u00fc"}'): number}
    assert cache[b"checks", rb'{"check":"say \"hi\" \u00fc"},"metadata":{"vu":"1"}'] == number
    assert cache[b"checks", b"null"] != number
