"""What a load costs, in VUh.

The price follows the model that Grafana documents as "Fractional v1": peak VUs x minutes / 60, minutes
rounded up, a browser VU counted ten times. Not known here, and so not in the price: volume tiers and
the contract, the other models (per-minute with volume discounts; rounded up to the hour), private and
local load zone multipliers, minimum charges. A length given by iterations is unknown until they have
run, so `maxDuration` stands for it and the price is an upper bound.
"""

import math

from k6_cloud.models import Cost, CostBreakdown, Json
from k6_cloud.planning import load as options_load
from k6_cloud.planning.load import Load, OptionsError
from k6_cloud_sandbox.errors import InvalidRequest

_BROWSER_FACTOR = 10
# The schema's own example of a reduction for local execution, not a rate of any contract.
_LOCAL_REDUCTION = 25.0


def load_of(options: Json) -> Load:
    """The load that k6 options describe. Raises InvalidRequest that names each wrong option."""
    try:
        return options_load.load_of(options)
    except OptionsError as error:
        raise InvalidRequest.fields(error.details) from None


def price(load: Load, seconds: float, *, is_local: bool = False) -> Cost:
    """The VUh of `load` over `seconds`."""
    hours = math.ceil(seconds / 60) / 60
    protocol, browser = load.protocol_vus * hours, load.browser_vus * hours * _BROWSER_FACTOR
    reduction = _LOCAL_REDUCTION if is_local else 0.0
    billed = 1 - reduction / 100
    breakdown = CostBreakdown(
        protocol_vuh=round(protocol * billed, 2),
        browser_vuh=round(browser * billed, 2),
        base_total_vuh=round(protocol + browser, 2),
        reduction_rate=reduction,
        reduction_rate_breakdown={"local_run": reduction} if is_local else None,
    )
    return Cost(total_vuh=round((protocol + browser) * billed, 2), breakdown=breakdown)
