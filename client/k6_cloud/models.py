"""Requests and responses of the Grafana Cloud k6 REST API v6, as pydantic models.

Responses ignore fields they do not know (the API grows); requests refuse them (a typo must not be
silently dropped). Fields newer than the documented page are optional on input, because older
deployments leave them out. Dates without a zone are taken as UTC. VUh arrive as number or string.
"""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from k6_cloud.errors import InvalidArgument

Json = dict[str, Any]
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from error


def require_iso(value: Any) -> Any:
    """Refuse a number as a moment: pydantic would count it as seconds or milliseconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_DATE.match(value)):
        return value
    raise ValueError("must be a date and time such as 2026-12-01T02:00:00Z")


def _as_amount(value: float) -> float:
    # Not a number and a negative amount would slip through every comparison with a limit.
    if value >= 0 and math.isfinite(value):
        return value
    raise ValueError("an amount cannot be negative, infinite or not a number")


UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
# What a request may hold: text in ISO form.
IsoDatetime = Annotated[UtcDatetime, BeforeValidator(require_iso)]
TestName = Annotated[str, Field(min_length=1, max_length=300)]
ProjectName = Annotated[str, Field(min_length=1, max_length=255)]
Vuh = Annotated[float, AfterValidator(_as_amount)]
ScriptKind = Literal["javascript", "archive"]

FINAL_STATUSES = frozenset({"completed", "aborted"})


def object_of(value: Any) -> Json:
    """A JSON object as it is; for anything else, which somebody's options may hold instead, an empty one."""
    return cast(Json, value) if isinstance(value, dict) else {}


class Response(BaseModel):
    """A body the API sends; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, defer_build=True)


class Request(BaseModel):
    """A body the API receives; unknown fields are refused. Raises InvalidArgument if it is made of wrong values."""

    # "constants": a number that JSON cannot express is refused when it is sent, instead of becoming null.
    model_config = ConfigDict(extra="forbid", populate_by_name=True, ser_json_inf_nan="constants")

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InvalidArgument.of(type(self).__name__, error) from None

    # Pydantic calls it only for a model made directly: as a part of other data, errors stay located in that data.
    __init__.__pydantic_base_init__ = True  # pyright: ignore[reportFunctionMemberAccess]


Item = TypeVar("Item")


class Page(Response, Generic[Item]):
    """One page of a list: its items in `value`, the number of all items in `count` if it was asked for."""

    value: list[Item]
    count: int | None = Field(default=None, alias="@count")
    next_link: str | None = Field(default=None, alias="@nextLink")


class Authentication(Response):
    """The stack and default project of a token and a stack URL (`GET /cloud/v6/auth`)."""

    stack_id: int
    default_project_id: int


class LoadTest(Response):
    """A stored test. `k6_version` is an identifier (an integer), not a version string."""

    id: int
    project_id: int
    name: str
    baseline_test_run_id: int | None = None
    k6_version: int | None = None
    created: UtcDatetime
    updated: UtcDatetime


class Project(Response):
    """A project; `is_default` marks the one used when a script names none."""

    id: int
    name: str
    is_default: bool
    grafana_folder_uid: str | None = None
    created: UtcDatetime
    updated: UtcDatetime
    labels: dict[str, str] = {}


class CostBreakdown(Response):
    """VUh by kind. `protocol_vuh` and `browser_vuh` are billed; `base_total_vuh` is before reductions (per cent)."""

    protocol_vuh: Vuh
    browser_vuh: Vuh
    base_total_vuh: Vuh
    reduction_rate: float
    reduction_rate_breakdown: dict[str, float] | None = None


class Cost(Response):
    """The cost of a run: an estimate while it runs, the charge once it has ended."""

    total_vuh: Vuh
    breakdown: CostBreakdown


class StatusExtra(Response):
    """The person or service that set a status."""

    by_user: str | None = None
    message: str | None = None
    code: int | None = None


class Status(Response):
    """One entry of a run's status history.

    `type`: created, queued, initializing, running, processing_metrics, completed or aborted.
    """

    type: str
    entered: UtcDatetime
    extra: StatusExtra | None = None


class ResultDetails(Response):
    """The reason why a run passed, failed or erred."""

    type: str
    message: str | None = None
    code: int | None = None


class DistributionZone(Response):
    """The share of the load (per cent) that one load zone generates."""

    load_zone: str
    percent: int


class TestRun(Response):
    """One execution of a load test. Durations are seconds; `result` is null until the run ended."""

    __test__ = False

    id: int
    test_id: int
    project_id: int
    started_by: str | None = None
    created: UtcDatetime
    ended: UtcDatetime | None = None
    note: str = ""
    retention_expiry: UtcDatetime | None = None
    cost: Cost | None = None
    status: str
    status_details: Status
    status_history: list[Status] = []
    distribution: list[DistributionZone] | None = None
    result: str | None = None
    result_details: ResultDetails | None = None
    options: Json | None = None
    k6_dependencies: dict[str, str] = {}
    k6_versions: dict[str, str] = {}
    max_vus: int | None = None
    max_browser_vus: int | None = None
    estimated_duration: int | None = None
    execution_duration: int = 0
    is_starred: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the run has ended and its result stands."""
        return self.status in FINAL_STATUSES


class StartedTestRun(TestRun):
    """The answer to a start: the run, and the page that shows it."""

    test_run_details_page_url: str | None = None


class PatchLoadTest(Request):
    """The fields that `PATCH /load_tests/{id}` can set; a field left out stays as it is."""

    name: TestName = ""
    baseline_test_run_id: int | None = None
    k6_version: int | None = None


class MoveLoadTest(Request):
    """The destination of `PUT /load_tests/{id}/move`."""

    project_id: int


class CreateProject(Request):
    """The body of `POST /projects`."""

    name: ProjectName


class ValidateOptions(Request):
    """k6 script options to check and price; `options` may hold any key k6 knows."""

    options: Json
    project_id: int | None = None
    k6_dependencies: dict[str, str] | None = None
    k6_version: int | None = None
    is_local_execution: bool = False


class ValidatedOptions(Response):
    """The price of a set of options, in VUh."""

    vuh_usage: Vuh
    breakdown: CostBreakdown
