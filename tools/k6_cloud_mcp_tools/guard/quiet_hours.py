"""Quiet hours: a span of every day in which no load test starts."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WRITTEN = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})(?: (\S+))?")


@dataclass(frozen=True)
class QuietHours:
    """A span of every day in which no load test starts; it may pass midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def __contains__(self, moment: datetime) -> bool:
        at = moment.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"


def read_hours(value: object) -> QuietHours:
    """Read quiet hours such as `22:00-06:00 Europe/Berlin`; without a zone they are UTC. Raises ValueError."""
    if isinstance(value, QuietHours):
        return value
    hours = _parsed(str(value))
    if hours is None:
        raise ValueError(
            f"{value!r} is not like 22:00-06:00 Europe/Berlin (a time zone of the IANA database)"
        )
    if hours.start == hours.end:
        raise ValueError(f"{value!r} has no length: name two different times")
    return hours


def _parsed(text: str) -> QuietHours | None:
    if (parts := _WRITTEN.fullmatch(text)) is None:
        return None
    start, end, zone = parts.groups()
    try:
        return QuietHours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(zone or "UTC"))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return None
