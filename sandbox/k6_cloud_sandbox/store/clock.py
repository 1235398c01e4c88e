"""Moments as the database keeps them: text that sorts by time."""

from datetime import UTC, datetime


def now() -> str:
    """The present, as `2026-01-31T12:00:00.123456Z`."""
    return moment(datetime.now(UTC))


def moment(time: datetime) -> str:
    """A time in UTC with microseconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
