"""The cost of a load, in VUh.

The price follows the model that Grafana documents as "Fractional v1": peak VUs x minutes / 60, minutes
rounded up, a browser VU counted ten times. Not known here, and so not in the price: volume tiers and
the contract, the other models (per-minute with volume discounts; rounded up to the hour), private and
local load zone multipliers, minimum charges. A length given by iterations is unknown until they have
run, so `maxDuration` stands for it and the price is an upper bound.
"""

from k6_cloud.models import Cost, CostBreakdown, Json
from k6_cloud.planning import load as options_load
from k6_cloud.planning.charge import charge_of
from k6_cloud.planning.load import Load, OptionsError
from k6_cloud_sandbox.errors import InvalidRequest

_DECIMALS = 6
# The schema's own example of a reduction for local execution, not a rate of any contract.
_LOCAL_REDUCTION = 25.0


def load_of(options: Json) -> Load:
    """Return the load that k6 options describe. Raises InvalidRequest that names each wrong option."""
    try:
        return options_load.load_of(options)
    except OptionsError as error:
        raise InvalidRequest.fields(error.details) from None


def price(load: Load, seconds: float, *, is_local: bool = False) -> Cost:
    """Return the VUh of `load` over `seconds`. They are not rounded to hundredths: many small ones are added up."""
    charge = charge_of(load, seconds)
    reduction = _LOCAL_REDUCTION if is_local else 0.0
    billed = 1 - reduction / 100
    breakdown = CostBreakdown(
        protocol_vuh=round(charge.protocol * billed, _DECIMALS),
        browser_vuh=round(charge.browser * billed, _DECIMALS),
        base_total_vuh=round(charge.total, _DECIMALS),
        reduction_rate=reduction,
        reduction_rate_breakdown={"local_run": reduction} if is_local else None,
    )
    return Cost(total_vuh=round(charge.total * billed, _DECIMALS), breakdown=breakdown)
