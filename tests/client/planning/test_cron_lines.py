"""A window counted by days holds the starts that are found one by one."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from k6_cloud.planning.cron_lines import CronLine, problem_of
from k6_cloud.planning.ticks import moment_of, ticks_of

LINES = [
    "* * * * *",
    "*/7 * * * *",
    "30 2 * * *",
    "59 23 * * *",
    "0 0 * * *",
    "15,45 1-3 * * *",
    "0 */2 * * *",
    "* 12-13 31 * *",
    "0 9 * * MON-FRI",
    "5 4 1,15 * 3",
    "5 4 */2 * 3",
    "0 3 L * *",
    "0 3 * * 7L",
    "0 3 * * MON#2",
    "@hourly",
    "@daily",
    "@monthly",
]
# The clock changes at one, two or three o'clock, by half an hour, at midnight, and never.
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
]


def one_by_one(line: CronLine, begin: int, end: int) -> list[int]:
    found: list[int] = []
    tick = line.after(begin - 1)
    while tick is not None and tick < end:
        found.append(tick)
        tick = line.after(tick)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("line", LINES)
def test_a_window_holds_the_starts_that_are_found_one_by_one(line: str, zone: str):
    random = Random(f"{line} {zone}")
    cron = CronLine.of(line, zone)
    for _ in range(4):
        first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(3 * 365 * 86400))
        begin, end = ticks_of(first), ticks_of(first + timedelta(hours=random.randrange(1, 24 * 6)))
        found = [block.base + offset for block in cron.between(begin, end) for offset in block.offsets]
        assert found == one_by_one(cron, begin, end)


def changes(zone: str) -> list[datetime]:
    """The days of a year on which the clock changes."""
    days = [datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day for day, before, after in zip(days, offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("zone", ZONES[:-2])
@pytest.mark.parametrize("line", ["* * * * *", "30 2 * * *", "30 0 * * *", "15 23 * * *", "15,45 1-3 * * *"])
def test_it_does_so_around_each_change_of_the_clock(line: str, zone: str):
    cron = CronLine.of(line, zone)
    assert len(changes(zone)) >= 2
    for change in changes(zone):
        begin, end = ticks_of(change - timedelta(hours=30)), ticks_of(change + timedelta(hours=50))
        found = [block.base + offset for block in cron.between(begin, end) for offset in block.offsets]
        assert found == one_by_one(cron, begin, end)


def test_an_hour_that_the_clock_skips_is_caught_up_and_one_that_comes_twice_counts_once():
    cron = CronLine.of("30 2 * * *", "Europe/Berlin")

    def found(day: datetime) -> list[str]:
        blocks = cron.between(ticks_of(day), ticks_of(day + timedelta(days=1)))
        return [f"{moment_of(block.base + offset):%H:%M}" for block in blocks for offset in block.offsets]

    assert found(datetime(2030, 3, 31, tzinfo=UTC)) == ["01:00"]
    assert found(datetime(2030, 10, 27, tzinfo=UTC)) == ["00:30"]


def test_a_year_of_every_minute_is_counted_and_not_listed():
    cron = CronLine.of("* * * * *", "Europe/Berlin")
    begin, end = ticks_of(datetime(2027, 1, 1, tzinfo=UTC)), ticks_of(datetime(2028, 1, 1, tzinfo=UTC))
    blocks = [*cron.between(begin, end)]
    assert sum(block.count(begin, end) for block in blocks) == 365 * 1440
    # A day is one block, whose minutes all days share: nothing is made for each of half a million starts.
    assert len(blocks) <= 367
    assert len({id(block.offsets) for block in blocks}) <= 6


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("0 0 * * *", None),
        ("@daily", None),
        ("0 0 31 2 *", "The cron line is wrong: Bad day-of-month."),
        ("*/1," * 100 + "1 * * * *", "A cron line has at most 256 characters."),
        ("*" + "/1" * 110 + " * * * *", "The cron line is wrong: Bad minute."),
        ("9" * 240 + " * * * *", "The cron line is wrong: Bad minute."),
        ("* " * 120, "A cron line has exactly 5 fields, or is one of"),
    ],
)
def test_a_line_of_a_stranger_is_read_or_refused_at_once(line: str, problem: str | None):
    found = problem_of(line)
    assert found is None if problem is None else str(found).startswith(problem)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "x" * 9999])
def test_a_zone_that_does_not_exist_is_refused_by_name(zone: str):
    with pytest.raises(ValueError, match="is not a time zone") as caught:
        CronLine.of("@daily", zone)
    assert len(str(caught.value)) < 250
