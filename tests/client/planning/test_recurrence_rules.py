"""Rules by arithmetic give the starts that dateutil finds by counting up."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import takewhile
from random import Random
from typing import Any, Literal

import pytest
from dateutil.rrule import DAILY, HOURLY, MONTHLY, WEEKLY, YEARLY, rrule

from k6_cloud.planning.recurrence_rules import starts_of
from k6_cloud.planning.ticks import moment_of, ticks_of
from k6_cloud.schedules import RecurrenceRule

FREQUENCIES: dict[str, Literal[0, 1, 2, 3, 4]] = {
    "HOURLY": HOURLY,
    "DAILY": DAILY,
    "WEEKLY": WEEKLY,
    "MONTHLY": MONTHLY,
    "YEARLY": YEARLY,
}
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def counted_up(starts: datetime, rule: RecurrenceRule) -> Iterator[datetime]:
    late: dict[str, Any] = {}
    if starts.day > 28 and rule.frequency in ("MONTHLY", "YEARLY"):
        late = {"bymonthday": range(28, starts.day + 1), "bysetpos": -1}
        late |= {"bymonth": starts.month} if rule.frequency == "YEARLY" else {}
    found = rrule(
        FREQUENCIES[rule.frequency],
        dtstart=starts,
        interval=rule.interval,
        byweekday=[WEEKDAYS.index(day) for day in rule.byday] if rule.byday else None,
        count=rule.count,
        **late,
    )
    # dateutil does not take both bounds at once.
    until = rule.until
    return takewhile(lambda start: until is None or start <= until, found)


def any_rule(random: Random) -> tuple[datetime, RecurrenceRule]:
    zone = timezone(timedelta(minutes=random.choice([0, 0, 120, -300, 345])))
    starts = datetime(2027, 1, 1, tzinfo=zone) + timedelta(minutes=random.randrange(800 * 1440))
    frequency = random.choice([*FREQUENCIES])
    rule: dict[str, Any] = {"frequency": frequency, "interval": random.choice([1, 1, 2, 3, 7])}
    if frequency == "WEEKLY" and random.random() < 0.7:
        rule["byday"] = random.sample(WEEKDAYS, random.randrange(1, 8))
    if random.random() < 0.3:
        rule["count"] = random.randrange(1, 30)
    if random.random() < 0.3:
        rule["until"] = (starts + timedelta(hours=random.randrange(9000))).isoformat()
    return starts, RecurrenceRule.model_validate(rule)


@pytest.mark.parametrize("seed", range(300))
def test_a_window_holds_the_starts_that_are_counted_up(seed: int):
    random = Random(seed)
    starts, rule = any_rule(random)
    begin = starts + timedelta(minutes=random.randrange(-3000, 400 * 1440))
    end = begin + timedelta(minutes=random.randrange(60 * 1440))

    blocks = [*starts_of(starts, rule).between(ticks_of(begin), ticks_of(end))]

    found = sorted(moment_of(block.base + offset) for block in blocks for offset in block.offsets)
    expected = [
        start for start in takewhile(lambda start: start < end, counted_up(starts, rule)) if start >= begin
    ]
    assert found == expected
    assert sum(block.count(ticks_of(begin), ticks_of(end)) for block in blocks) == len(expected)


@pytest.mark.parametrize("seed", range(100))
def test_the_start_after_a_moment_is_the_one_that_is_counted_up(seed: int):
    random = Random(seed)
    starts, rule = any_rule(random)
    moment = starts + timedelta(minutes=random.randrange(-3000, 200 * 1440))

    found = starts_of(starts, rule).after(ticks_of(moment))

    assert (None if found is None else moment_of(found)) == next(
        filter(moment.__lt__, counted_up(starts, rule)), None
    )
