"""The projects a client is held to: each call is checked, or its answer reduced, so that no other is reached.

What stands neither in `_LISTS` nor in `_CALLS` is refused, so a new operation stays shut until it does. Where
a test, run or schedule belongs is read anew for each call: it may have been moved.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import httpx

from k6_cloud.api import Api, parse
from k6_cloud.errors import NotFound, OutOfScope
from k6_cloud.models import Json, Page, Response, object_of
from k6_cloud.scripts.script import Script
from k6_cloud.wrappers.dry_run import VALIDATE_PATH
from k6_cloud.wrappers.scoped_lists import answered, cut, query_of, rows_of

_PROJECTS = "/cloud/v6/projects"
_TESTS = "/cloud/v6/load_tests"
_RUNS = "/cloud/v6/test_runs"
_SCHEDULES = "/cloud/v6/schedules"
_LIMITS = "/cloud/v6/project-limits"
_ZONES = "/cloud/v6/load_zones"

# The lists over all projects, and what in a row tells where it belongs.
_LISTS = {
    _PROJECTS: "id",
    _LIMITS: "project_id",
    _TESTS: "project_id",
    _RUNS: "project_id",
    _SCHEDULES: "load_test_id",
}
# `{project}`, `{test}`, `{run}` and `{schedule}` are checked; `{name}` says nothing of a project.
_CALLS = (
    "GET /cloud/v6/auth",
    "GET /cloud/v6/labels",
    f"GET {_ZONES}",
    f"POST {VALIDATE_PATH}",
    f"GET|PATCH|DELETE {_PROJECTS}/{{project}}",
    f"GET|POST {_PROJECTS}/{{project}}/load_tests",
    f"GET|PATCH {_PROJECTS}/{{project}}/limits",
    f"GET|PUT {_PROJECTS}/{{project}}/labels",
    f"DELETE {_PROJECTS}/{{project}}/labels/{{name}}",
    f"GET|PUT {_PROJECTS}/{{project}}/allowed_load_zones",
    f"PATCH|DELETE {_TESTS}/{{test}}",
    f"GET|PUT {_TESTS}/{{test}}/script",
    f"GET|POST {_TESTS}/{{test}}/schedule",
    f"GET {_TESTS}/{{test}}/test_runs",
    f"PUT {_TESTS}/{{test}}/move",
    f"POST {_TESTS}/{{test}}/start",
    f"PATCH|DELETE {_RUNS}/{{run}}",
    f"GET {_RUNS}/{{run}}/(distribution|script)",
    f"POST {_RUNS}/{{run}}/(abort|star|unstar)",
    f"GET|DELETE {_SCHEDULES}/{{schedule}}",
    f"POST {_SCHEDULES}/{{schedule}}/(activate|deactivate)",
    "GET /cloud/v5/test_runs/{run}/(metrics|series|labels)",
    "GET /cloud/v5/test_runs/{run}/label/{name}/values",
    r"GET /cloud/v5/test_runs/{run}/query_(range|aggregate)_k6\([^/]*\)",
    r"GET /cloud/v5/load_tests/{test}/(metrics|query_aggregate_k6)\([^/]*\)",
)
_ID = "[0-9]{1,19}"
_ONE = re.compile(f"(?:{_TESTS}|{_RUNS})/{_ID}")
_PROJECTS_OF_ZONE = re.compile(f"{_ZONES}/{_ID}/allowed_projects")
_RUNS_AS_ARGUMENT = re.compile(r"test_run_ids=\[([0-9,]*)\]")


def _pattern(call: str) -> re.Pattern[str]:
    methods, _, path = call.partition(" ")
    path = path.replace("{name}", "[^/]+")
    numbered = re.sub(r"{([a-z]+)}", rf"(?P<\1>{_ID})", path)
    return re.compile(f"(?:{methods}) {numbered}")


_PATTERNS = tuple(map(_pattern, _CALLS))


class _Owned(Response):
    """Of a test or a run: where it belongs."""

    project_id: int


class _Planned(Response):
    """Of a schedule: its test."""

    load_test_id: int


@dataclass(frozen=True)
class ScopedApi(Api):
    """Passes on to `inner` what stays within `projects`. Raises OutOfScope for anything else."""

    inner: Api
    projects: frozenset[int]

    def over(self, wrap: Callable[[Api], Api]) -> Api:
        """What is wrapped around the sending is held to the projects, too."""
        return replace(self, inner=self.inner.over(wrap))

    async def send(
        self, method: str, path: str, *, repeatable: bool = False, **request: Any
    ) -> httpx.Response:
        """Send what stays within the projects; a list loses the rows that do not."""
        if method == "GET" and (answer := await self._read(path, request.get("params"))):
            return answer
        await self._check(method, path, request.get("json"))
        return await self.inner.send(method, path, repeatable=repeatable, **request)

    async def delete(self, path: str) -> None:
        """Delete what is within the projects."""
        await self._check("DELETE", path)
        await self.inner.delete(path)

    async def download(self, path: str, accept: str, limit: int) -> Script:
        """The script of a test or a run within the projects."""
        await self._check("GET", path)
        return await self.inner.download(path, accept, limit)

    async def _read(self, path: str, params: Mapping[str, Any] | None) -> httpx.Response | None:
        """A read whose own answer is checked or reduced; None for one that is checked beforehand."""
        plain, query = query_of(path, params)
        if plain in _LISTS:
            return await self._list(plain, query)
        if _ONE.fullmatch(plain):
            response = await self.inner.send("GET", path)
            self._require(parse(_Owned, response).project_id, _named(plain))
            return response
        if _PROJECTS_OF_ZONE.fullmatch(plain):
            page = await self.inner.get(Page[Json], path)
            return answered(plain, {"value": [row for row in page.value if row.get("id") in self.projects]})
        return None

    async def _list(self, path: str, query: dict[str, str]) -> httpx.Response:
        for project in filter(None, query.get("project_id_in", "").split(",")):
            self._require(project, f"Project {project}")
        field = _LISTS[path]
        within = await self._tests() if path == _SCHEDULES else self.projects
        return await cut(self.inner, path, query, lambda row: row.get(field) in within)

    async def _tests(self) -> set[int]:
        """The tests of the projects. A project that is gone has none."""
        tests: set[int] = set()
        for project in self.projects:
            try:
                tests |= {row["id"] async for row in rows_of(self.inner, f"{_PROJECTS}/{project}/load_tests")}
            except NotFound:
                continue
        return tests

    async def _check(self, method: str, path: str, body: Json | None = None) -> None:
        """Raise OutOfScope unless all that the call names is within the projects."""
        call = f"{method} {path.partition('?')[0]}"
        match = next((match for pattern in _PATTERNS if (match := pattern.fullmatch(call))), None)
        if match is None:
            raise _refusal(f"{call} reaches")
        for kind, number in match.groupdict().items():
            await self._check_one(kind, number)
        for runs in _RUNS_AS_ARGUMENT.findall(unquote(path)):
            for run in filter(None, runs.split(",")):
                await self._check_one("run", run)
        if body is not None:
            await self._check_body(body, options=path == VALIDATE_PATH)

    async def _check_one(self, kind: str, number: str) -> None:
        """Raise OutOfScope, or NotFound, for the object of that kind and number."""
        if kind == "project":
            self._require(number, f"Project {number}")
        elif kind == "test":
            await self.send("GET", f"{_TESTS}/{number}")
        elif kind == "run":
            await self.send("GET", f"{_RUNS}/{number}")
        else:
            await self._check_schedule(number)

    async def _check_schedule(self, number: str) -> None:
        path = f"{_SCHEDULES}/{number}"
        planned = await self.inner.get(_Planned, path)
        test = await self.inner.get(_Owned, f"{_TESTS}/{planned.load_test_id}")
        self._require(test.project_id, _named(path))

    async def _check_body(self, body: Json, *, options: bool) -> None:
        projects = [body.get("project_id"), *(_projects_in(body) if options else ())]
        named = [project for project in projects if project is not None]
        if options and not named:
            raise OutOfScope(
                "Not priced: the options name no project, so the default one would count, and this server may touch "
                "some projects only (K6_MCP_PROJECTS). Give project_id."
            )
        for project in named:
            self._require(project, f"Project {project}")
        if (baseline := body.get("baseline_test_run_id")) is not None:
            await self._check_one("run", str(baseline))

    def _require(self, project: object, what: str) -> None:
        """Raise unless the project is one of ours. Compared as text: it may come from a path or from options."""
        if str(project) not in map(str, self.projects):
            raise _refusal(f"{what} is")


def _refusal(what: str) -> OutOfScope:
    return OutOfScope(
        f"{what} outside the projects this server may touch (K6_MCP_PROJECTS). Nothing was read or changed."
    )


def _named(path: str) -> str:
    """`Load test 7`, of the path of an object."""
    *_, kind, number = path.split("/")
    return f"{kind.removesuffix('s').replace('_', ' ').capitalize()} {number}"


def _projects_in(body: Json) -> list[object]:
    """The projects that k6 options name, where k6 looks for them."""
    options = body.get("options")
    return [_at(options, "cloud", "projectID"), _at(options, "ext", "loadimpact", "projectID")]


def _at(value: object, *names: str) -> object:
    for name in names:
        value = object_of(value).get(name)
    return value
