"""The options of Grafana Cloud k6 in a script's options, wherever they stand.

k6 reads `options.cloud`, and where that is absent the older `options.ext.loadimpact`. It never merges the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from k6_cloud.models import Json, object_of


class Share(NamedTuple):
    """One entry of a distribution, as it is written: nothing is known of the types."""

    key: str
    load_zone: Any
    percent: Any


@dataclass(frozen=True)
class CloudOptions:
    """The cloud options as they are written, and where: `options.cloud` or `options.ext.loadimpact`."""

    written: Any
    path: tuple[str, ...]

    @property
    def target(self) -> str:
        """The place of these options, as an error names it."""
        return ".".join(("options", *self.path))

    @property
    def project_id(self) -> Any:
        """The project that they name, of whatever type; None without one."""
        return object_of(self.written).get("projectID")

    @property
    def shares(self) -> Iterator[Share]:
        """The load zones that they name, with their percentages."""
        for key, share in object_of(object_of(self.written).get("distribution")).items():
            zone = object_of(share)
            yield Share(key, zone.get("loadZone"), zone.get("percent"))


def cloud_options(options: Json) -> CloudOptions:
    """Return the cloud options that k6 would use; `written` is None without any."""
    for path in (("cloud",), ("ext", "loadimpact")):
        if (written := _at(options, path)) is not None:
            return CloudOptions(written, path)
    return CloudOptions(None, ("cloud",))


def whole_percents(percents: list[float]) -> list[int]:
    """Return percentages as whole numbers that add up to the same (rounded) total: the largest remainders round up."""
    floors = [int(percent) for percent in percents]
    missing = round(sum(percents)) - sum(floors)
    by_remainder = sorted(range(len(percents)), key=lambda index: floors[index] - percents[index])
    raised = {*by_remainder[:missing]}
    return [floor + (index in raised) for index, floor in enumerate(floors)]


def _at(options: Json, path: tuple[str, ...]) -> Any:
    found: Any = options
    for key in path:
        found = cast(Json, found).get(key) if isinstance(found, dict) else None
    return found
