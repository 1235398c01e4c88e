"""VUh arithmetic: peak VUs times started minutes, a browser VU counted ten times.

This is the model that Grafana documents as "Fractional v1". Contracts differ: volume discounts, whole hours, private and
local load zones, and minimum charges are not known here.
"""

import math
from dataclasses import dataclass

from k6_cloud.planning.load import Load

BROWSER_FACTOR = 10


@dataclass(frozen=True)
class Charge:
    """The VUh of a run, unrounded."""

    protocol: float
    browser: float

    @property
    def total(self) -> float:
        """The VUh of protocol and browser VUs together."""
        return self.protocol + self.browser


def charge_of(load: Load, seconds: float) -> Charge:
    """Return the VUh of `load` over `seconds`."""
    hours = started_minutes(seconds) / 60
    return Charge(load.protocol_vus * hours, load.browser_vus * hours * BROWSER_FACTOR)


def started_minutes(seconds: float) -> int:
    """Return the minutes that are charged for `seconds`: a minute counts as soon as it has begun."""
    # Sums of binary fractions may pass a whole minute by less than a microsecond.
    return math.ceil(round(seconds / 60, 8))


def vuh_text(vuh: float) -> str:
    """Return VUh as text: two decimals, or two significant digits of less than that can show."""
    decimals = 2 if vuh >= 0.1 or vuh <= 0 else 1 - math.floor(math.log10(vuh))
    text = f"{vuh:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
