"""What k6 makes of a script before it runs: its options, and what they will need."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k6_cloud.models import Json
from k6_cloud.planning.durations import seconds
from k6_cloud.redaction import redact_options
from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.k6_inspect import Answer, ask, require_small
from k6_runner.limits import RunLimits
from k6_runner.script_archive import sealed

_REQUIREMENTS = "--execution-requirements"
_NO_VUS = "scenario default has configuration errors: the number of VUs must be more than 0"
_SHORTCUTS = frozenset({"stages", "iterations", "duration"})


@dataclass(frozen=True)
class Inspection:
    """The options k6 will use (without nulls and tokens), the most VUs at once, and the longest time in seconds."""

    options: Json
    max_vus: int
    total_duration: float


async def inspect(k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str]) -> Inspection:
    """Let k6 read the script, which runs its init code. Raises ScriptRejected."""
    async with sealed(k6, script, limits, env) as archive:
        answer = await ask(k6, archive, limits, env, _REQUIREMENTS)
        if answer.log.says(_NO_VUS):
            # `k6 run` takes one VU where a script names none; `k6 inspect` has to be told.
            answer = await ask(k6, archive, limits, env, _REQUIREMENTS, settings={"K6_VUS": "1"})
    return _read(answer)


def _read(answer: Answer) -> Inspection:
    require_small(answer.output)
    try:
        options: Json = json.loads(answer.output)
        max_vus, total = int(options.pop("maxVUs")), seconds(options.pop("totalDuration"))
    except (ValueError, KeyError):
        raise answer.refusal() from None
    return Inspection(redact_options(_as_written(options)), max_vus, total)


def _as_written(options: Json) -> Json:
    """k6's view of the options without what it adds: nulls, and the scenario it makes from a shortcut."""
    given: Json = _without_nulls(options)
    if _SHORTCUTS & given.keys():
        given.pop("scenarios", None)
    return given


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}  # pyright: ignore[reportUnknownVariableType]
    return value
