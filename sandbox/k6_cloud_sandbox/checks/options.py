"""Checks of k6 options, beyond their form.

Unknown projects, shares of load zones, the sandbox's caps, limits and zones of the project, k6's own rules.
"""

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, ValidationError, model_validator

from k6_cloud.errors import ErrorDetail
from k6_cloud.models import DistributionZone, Json, ValidateOptions
from k6_cloud.planning.cloud_options import cloud_options, whole_percents
from k6_cloud.planning.load import Load
from k6_cloud_sandbox.checks.estimate import price
from k6_cloud_sandbox.checks.projects import forbidden
from k6_cloud_sandbox.errors import InvalidRequest, NotFound
from k6_cloud_sandbox.metrics.builtin import origin_of
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.projects import Projects
from k6_cloud_sandbox.store.store import Store
from k6_runner.binary import find_k6
from k6_runner.limits import RunLimits
from k6_runner.process import NotConfined
from k6_runner.reading.inspection import inspect
from k6_runner.reading.k6_inspect import ScriptRejected
from k6_runner.reading.script_archive import archive_of

_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


# Three thirds, written with two decimals, are 99.99 %.
_TOLERANCE = 0.05


class _Share(BaseModel):
    load_zone: str = Field(alias="loadZone", min_length=1)
    percent: Annotated[float, Field(ge=0, le=100)]


class _Cloud(BaseModel):
    """The part of the cloud options that counts here."""

    project_id: int | None = Field(default=None, alias="projectID")
    distribution: dict[str, _Share] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "_Cloud":
        total = sum(share.percent for share in (self.distribution or {}).values())
        if self.distribution and abs(total - 100) > _TOLERANCE:
            raise ValueError(f"the percents of the distribution must sum to 100, and sum to {total:g}")
        return self


def check_options(request: ValidateOptions, load: Load, store: Store, limits: RunLimits) -> None:
    """Raise InvalidRequest that names everything wrong with the options."""
    unknown = [*_unknown_projects(_project_ids(request), store.projects)]
    details = [*_cloud_problems(request.options), *excess(load, limits), *unknown]
    if not unknown:
        details += _forbidden(request, load, store)
    if details:
        raise InvalidRequest.fields(details)


def excess(load: Load, limits: RunLimits) -> Iterator[ErrorDetail]:
    """List the demands of a load beyond the sandbox's caps."""
    if load.max_vus > limits.max_vus:
        yield ErrorDetail(
            message=f"The test needs {load.max_vus} VUs; a run here may use {limits.max_vus}. "
            "Lower it, or raise K6_SANDBOX_MAX_VUS.",
            code="limit_exceeded",
            target="options",
        )
    if load.timed_duration > limits.max_duration:
        yield ErrorDetail(
            message=f"The test takes {load.timed_duration:g} s; a run here may take {limits.max_duration:g} s. "
            "Shorten it, or raise K6_SANDBOX_MAX_DURATION.",
            code="limit_exceeded",
            target="options",
        )


def zones_of(options: Json) -> dict[str, str]:
    """Return where the options name a load zone, as an error names it, with the zone."""
    where = f"{cloud_options(options).target}.distribution"
    with suppress(ValidationError):
        shares = _cloud(options).distribution or {}
        return {f"{where}.{key}.loadZone": share.load_zone for key, share in shares.items()}
    return {}


def distribution_of(options: Json) -> list[DistributionZone] | None:
    """Return the load zones with their shares, in whole per cents as a run shows them; None if options name none."""
    try:
        shares = [*(_cloud(options).distribution or {}).values()]
    except ValidationError:
        return None
    percents = whole_percents([share.percent for share in shares])
    zones = [
        DistributionZone(load_zone=share.load_zone, percent=percent)
        for share, percent in zip(shares, percents, strict=True)
    ]
    return zones or None


async def check_with_k6(options: Json, settings: SandboxSettings) -> None:
    """Let k6 itself read the options, where there is a k6. Raises InvalidRequest with its words."""
    k6 = await find_k6(settings.k6_path)
    if k6 is None:
        return
    measured = {**options, "thresholds": _builtin_thresholds(options)}
    with archive_of("script.js", io.BytesIO(_stubs(options).encode()), measured) as script:
        try:
            # No code of anybody else runs here: without confinement the options are only not checked by k6.
            with suppress(NotConfined):
                await inspect(k6, script, settings.limits, {})
        except ScriptRejected as rejected:
            raise InvalidRequest.field("options", rejected.message) from None


def _stubs(options: Json) -> str:
    """A script with an empty function for each `exec` that the options name.

    It measures nothing of its own, so thresholds on the script's own metrics are left out: k6 would not know them.
    """
    names = {"default", *filter(_NAME.fullmatch, _exec_names(options))}
    exports = ", ".join(f"stub as {name}" for name in sorted(names))
    return f"const stub = () => {{}};\nexport {{ {exports} }};\n"


def _builtin_thresholds(options: Json) -> Any:
    thresholds: Any = options.get("thresholds")
    if not isinstance(thresholds, dict):
        return thresholds
    named = cast(Json, thresholds)
    return {
        name: value for name, value in named.items() if origin_of(name.partition("{")[0].strip()) == "builtin"
    }


def _exec_names(options: Json) -> Iterator[str]:
    scenarios: dict[str, Any] = options.get("scenarios") or {}
    for scenario in scenarios.values():
        if isinstance(name := scenario.get("exec"), str):
            yield name


def _project_ids(request: ValidateOptions) -> Iterator[tuple[str, int]]:
    if request.project_id is not None:
        yield "project_id", request.project_id
    with suppress(ValidationError):
        if (named := _cloud(request.options).project_id) is not None:
            yield f"{cloud_options(request.options).target}.projectID", named


def _cloud(options: Json) -> _Cloud:
    written = cloud_options(options).written
    return _Cloud.model_validate({} if written is None else written)


def _cloud_problems(options: Json) -> Iterator[ErrorDetail]:
    try:
        _cloud(options)
    except ValidationError as error:
        for item in error.errors():
            target = ".".join([cloud_options(options).target, *map(str, item["loc"])])
            yield ErrorDetail(
                message=item["msg"].removeprefix("Value error, "), code="invalid", target=target
            )


def _forbidden(request: ValidateOptions, load: Load, store: Store) -> Iterator[ErrorDetail]:
    """List what the project forbids: the one that is named, or the default project."""
    default = store.projects.default()
    project_id = next((number for _, number in _project_ids(request)), default and default.id)
    if project_id is not None:
        allowance = store.allowances.of_project(project_id)
        vuh = price(load, load.duration, is_local=request.is_local_execution).total_vuh
        yield from forbidden(load, vuh, zones_of(request.options), allowance)


def _unknown_projects(ids: Iterable[tuple[str, int]], projects: Projects) -> Iterator[ErrorDetail]:
    for target, project_id in ids:
        try:
            projects.get(project_id)
        except (NotFound, OverflowError):
            yield ErrorDetail(message=f"Project {project_id} not found.", code="invalid", target=target)
