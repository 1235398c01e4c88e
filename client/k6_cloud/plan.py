"""Placeholder until the estimator moves here."""

from dataclasses import dataclass

from k6_cloud.models import Json


class OptionsError(Exception):
    pass


@dataclass(frozen=True)
class Plan:
    max_vus: int
    max_browser_vus: int
    seconds: float


def plan_of(options: Json) -> Plan:
    raise OptionsError(str(options))
