"""k6's view of a script before it runs: its options, and the VUs and time that they take."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from k6_cloud.errors import NotAnalysed, ScriptError
from k6_cloud.models import Json
from k6_cloud.planning.durations import seconds
from k6_cloud.redaction import redact_options
from k6_cloud.scripts.literal_options import doubts_about
from k6_cloud.scripts.script import Script
from k6_runner.analysis.bounded import run_bounded
from k6_runner.background import side_by_side
from k6_runner.binary import K6
from k6_runner.limits import MIB, RunLimits
from k6_runner.process import NO_ACCESS, Access
from k6_runner.reading.k6_inspect import ANSWER_LIMIT, Answer, ScriptRejected, ask
from k6_runner.reading.script_archive import archive_of

_REQUIREMENTS = "--execution-requirements"
_NO_VUS = "scenario default has configuration errors: the number of VUs must be more than 0"
_SHORTCUTS = frozenset({"stages", "iterations", "duration"})
# Filled in by k6 for a script that leaves them out.
_DERIVED = frozenset({"scenarios", "summaryTrendStats", "systemTags", "vus", "iterations"})
_DEEPEST = 100
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Inspection:
    """The options k6 will use (without nulls and tokens), the most VUs at once, and the longest time in seconds.

    `uncertain` gives reasons why another reading of the same script may find other options, `warnings` are k6's own.
    """

    options: Json
    max_vus: int
    total_duration: float
    uncertain: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


async def inspect(
    k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str], access: Access = NO_ACCESS
) -> Inspection:
    """Let k6 read the script, which runs its init code. Raises ScriptRejected, NotConfined.

    A script that is not an archive is read twice, because its options may be computed.
    """
    needs = partial(_needs, k6, script, limits, env, access)
    if script.kind == "archive":
        options, max_vus, total, warnings = await needs()
        return Inspection(redact_options(_as_written(options)), max_vus, total, (), warnings)
    written, needed, doubts = await side_by_side(
        partial(_exported_options, k6, script, limits, env, access), needs, partial(_doubts, script)
    )
    options, max_vus, total, warnings = needed
    given: Json = _without_nulls(written)
    if _differ(given, _without_nulls(options)):
        doubts = ("they read differently each time", *doubts)
    return Inspection(redact_options(given), max_vus, total, doubts, warnings)


@asynccontextmanager
async def archived(
    k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str], access: Access = NO_ACCESS
) -> AsyncGenerator[Script, None]:
    """The script as an archive with the options that it has now; an archive as it is.

    k6 takes the options of an archive from there, so every later use of this one has the same. Raises ScriptRejected,
    NotConfined.
    """
    if script.kind == "archive":
        yield script
        return
    options = await _exported_options(k6, script, limits, env, access)
    with archive_of("script.js", script.file(), options) as archive:
        yield archive


def options_written_in(archive: Script) -> Json:
    """The options of an archive that `archived` made, as an inspection of its script tells them."""
    return redact_options(_without_nulls(archive.options() or {}))


async def _exported_options(
    k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str], access: Access
) -> Json:
    return _options_in(await ask(k6, script, limits, env, access=access))


async def _needs(
    k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str], access: Access
) -> tuple[Json, int, float, tuple[str, ...]]:
    """The options with all that k6 derives from them, the most VUs, the time, and k6's warnings."""
    answer = await ask(k6, script, limits, env, _REQUIREMENTS, access=access)
    warnings = answer.warnings
    if answer.log.says(_NO_VUS):
        # `k6 run` takes one VU if a script names none; `k6 inspect` has to be told.
        answer = await ask(k6, script, limits, env, _REQUIREMENTS, access=access, settings={"K6_VUS": "1"})
    options = _options_in(answer)
    try:
        return options, int(options.pop("maxVUs")), seconds(options.pop("totalDuration")), warnings
    except (ValueError, KeyError):
        raise answer.refusal() from None


async def _doubts(script: Script) -> tuple[str, ...]:
    try:
        return await run_bounded(doubts_about, script.text())
    except (NotAnalysed, ScriptError):
        return ("they could not be analysed",)


def _options_in(answer: Answer) -> Json:
    """The options that k6 printed. Raises ScriptRejected for those that nobody means to write."""
    output = answer.output
    if len(output) > ANSWER_LIMIT:
        raise ScriptRejected(f"The script's options are larger than {ANSWER_LIMIT // MIB} MiB.")
    if _depth(output) > _DEEPEST:
        raise ScriptRejected(f"The script's options are nested more than {_DEEPEST} deep.")
    try:
        options: Any = json.loads(output)
    except ValueError:
        raise answer.refusal() from None
    if not isinstance(options, dict):
        raise answer.refusal()
    return options  # pyright: ignore[reportUnknownVariableType]


def _depth(text: bytes) -> int:
    """The depth to which JSON is nested."""
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", _STRING.sub(b"", text)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _differ(written: Json, derived: Json) -> bool:
    """Whether two readings of the options differ beyond what k6 derives from them."""
    own = written.keys() | (derived.keys() - _DERIVED)
    return any(written.get(name) != derived.get(name) for name in own)


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
