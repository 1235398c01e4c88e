from typing import Any

import pytest

from k6_cloud.models import Json
from k6_cloud_sandbox.checks.options import distribution_of, zones_of


def shares(*percents: float) -> Json:
    return {
        "distribution": {f"z{n}": {"loadZone": f"zone-{n}", "percent": one} for n, one in enumerate(percents)}
    }


@pytest.mark.parametrize(
    ("percents", "shown"),
    [([33.33, 33.33, 33.34], [33, 33, 34]), ([33.33, 33.33, 33.33], [34, 33, 33]), ([0.4, 99.6], [0, 100])],
)
@pytest.mark.parametrize("old", [False, True])
def test_the_shares_of_a_run_add_up_to_a_hundred(percents: list[float], shown: list[int], old: bool):
    cloud = shares(*percents)
    found = distribution_of({"ext": {"loadimpact": cloud}} if old else {"cloud": cloud})
    assert [zone.percent for zone in found or []] == shown
    assert sum(shown) == 100


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"cloud": shares(100)}, {"options.cloud.distribution.z0.loadZone": "zone-0"}),
        ({"ext": {"loadimpact": shares(100)}}, {"options.ext.loadimpact.distribution.z0.loadZone": "zone-0"}),
        ({"cloud": {}, "ext": {"loadimpact": shares(100)}}, {}),
        ({"cloud": shares(50)}, {}),
    ],
)
def test_a_load_zone_is_named_where_it_stands(options: Json, named: dict[str, Any]):
    assert zones_of(options) == named
