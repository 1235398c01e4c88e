from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from k6_cloud.planning.days import counts, daily_spans, midnights
from k6_cloud.planning.ticks import Block, moment_of, ticks_of

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def shown_between(moment: datetime, start: time, end: time, zone: ZoneInfo) -> bool:
    at = moment.astimezone(zone).time()
    return start <= at < end if start < end else at >= start or at < end


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]
)
@pytest.mark.parametrize("seed", range(6))
def test_a_moment_is_in_a_span_when_the_clocks_of_the_zone_show_it(zone: str, seed: int):
    random = Random(f"{zone} {seed}")
    start, end = (time(random.randrange(24), random.choice([0, 15, 30])) for _ in range(2))
    # Half of them around the last weekends of March and October, when most clocks change.
    day = random.choice(
        [datetime(2027, 3, 27), datetime(2027, 10, 30), datetime(2027, 4, 3), datetime(2027, 9, 4)]
    )
    begin = day.replace(tzinfo=UTC) - timedelta(hours=random.randrange(24))
    until = begin + timedelta(days=3)

    spans = daily_spans(start, end, ZoneInfo(zone), ticks_of(begin), ticks_of(until))

    for minute in range(3 * 1440):
        moment = begin + minute * MINUTE
        inside = any(first <= ticks_of(moment) < last for first, last in spans)
        assert inside == shown_between(moment, start, end, ZoneInfo(zone)), moment


def test_a_night_is_an_hour_shorter_or_longer_when_the_clock_changes():
    def nights(day: datetime) -> list[int]:
        begin = ticks_of(day)
        spans = daily_spans(
            time(22), time(6), BERLIN, begin, begin + ticks_of(day + timedelta(days=2)) - begin
        )
        return [(last - first) // 3_600_000_000 for first, last in _joined(spans)]

    assert 7 in nights(datetime(2027, 3, 27, 12, tzinfo=UTC))
    assert 9 in nights(datetime(2027, 10, 30, 12, tzinfo=UTC))
    assert nights(datetime(2027, 6, 1, 12, tzinfo=UTC)) == [8, 8]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def test_days_begin_at_midnight_of_the_zone_also_where_the_clock_skips_it():
    found = [moment_of(tick) for tick in midnights(BERLIN, datetime(2027, 3, 27, 23, 30, tzinfo=UTC), 2)]
    assert [f"{moment:%d %H:%M}" for moment in found] == ["27 23:00", "28 22:00", "29 22:00"]
    beirut = ZoneInfo("Asia/Beirut")
    skipped = [moment_of(tick) for tick in midnights(beirut, datetime(2027, 3, 27, 12, tzinfo=UTC), 2)]
    assert [f"{moment.astimezone(beirut):%d %H:%M}" for moment in skipped] == [
        "27 00:00",
        "28 01:00",
        "29 00:00",
    ]


def test_moments_are_counted_between_bounds():
    blocks = [Block(0, range(0, 100, 10)), Block(50, (0, 1, 2)), Block(7, ())]
    assert counts(blocks, [0, 50, 51, 100, 200]) == [5, 2, 6, 0]
    assert counts(blocks, [20, 30]) == [1]
    assert counts([], [0, 1, 2]) == [0, 0]
