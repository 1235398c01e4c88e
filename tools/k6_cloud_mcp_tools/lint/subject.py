"""A script under lint: its files and its options."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from k6_cloud.scripts.syntax.modules import is_local
from k6_cloud.scripts.syntax.options import Options
from k6_cloud.scripts.syntax.values import MORE, UNKNOWN, known
from k6_cloud_mcp_tools.lint.source_file import Call, SourceFile

DEFAULT = "default"
VU_EXECUTORS = frozenset({"constant-vus", "ramping-vus"})
RATE_EXECUTORS = frozenset({"constant-arrival-rate", "ramping-arrival-rate"})
ITERATION_EXECUTORS = frozenset({"per-vu-iterations", "shared-iterations"})


@dataclass
class Subject:
    """A script: its entry file, all its own files by path (the entry first), and its options.

    `options` are k6's own reading if there is one, else those of the syntax tree, UNKNOWN if they are computed.
    """

    entry: SourceFile
    files: Mapping[str, SourceFile]
    options: Any

    @property
    def literal(self) -> Options:
        """The options as they are written."""
        return self.entry.options

    def line(self, *path: str) -> int | None:
        """The line of an option."""
        return self.literal.line(*path)

    def option(self, *path: str) -> Any:
        """The value of an option; None if it is not set, UNKNOWN if it cannot be told."""
        return known(self.options, *path)

    def section(self, *path: str) -> dict[str, Any]:
        """The known entries of an object among the options; empty if it is not an object."""
        return as_object(self.option(*path)) or {}

    def written(self, path: tuple[str, ...]) -> list[str]:
        """The names in an object among the options as they are written, else as k6 read them."""
        written, read = as_object(known(self.literal.value, *path)), as_object(self.option(*path))
        names = written if written is not None else read if read is not None else {}
        return [name for name in names if name != MORE]

    @property
    def scenarios(self) -> dict[str, Any]:
        """The scenarios with their settings; empty if there are none or they are not known."""
        return {name: one for name, one in self.section("scenarios").items() if name != MORE}

    @property
    def scenarios_are_known(self) -> bool:
        """Whether no scenario can be missing from `scenarios`, or be another than it seems."""
        found = self.option("scenarios")
        return found is None or (
            isinstance(found, dict) and MORE not in found and UNKNOWN not in found.values()
        )

    @property
    def executors(self) -> set[str]:
        """The executors that are named in full."""
        names = (known(scenario, "executor") for scenario in self.scenarios.values())
        return {name for name in names if isinstance(name, str)}

    @property
    def entries(self) -> set[str]:
        """The names of the functions that VUs run."""
        if not self.scenarios:
            return {DEFAULT}
        names = (known(scenario, "exec") or DEFAULT for scenario in self.scenarios.values())
        return {name for name in names if isinstance(name, str)}

    @property
    def calls(self) -> Iterator[Call]:
        """The calls of all files."""
        return (call for file in self.files.values() for call in file.calls)

    @property
    def modules(self) -> set[str]:
        """The names of everything that any file imports."""
        uses = (use for file in self.files.values() for use in file.imports if use.kind == "import")
        return {use.name for use in uses if use.name is not None}

    @property
    def is_whole(self) -> bool:
        """Whether all files of the script are at hand."""
        return len(self.files) > 1 or not any(is_local(name) for name in self.modules)

    @property
    def runs_once(self) -> bool:
        """Whether one VU runs one iteration."""
        if self.options is UNKNOWN or not self.scenarios_are_known:
            return False
        if self.scenarios:
            return len(self.scenarios) == 1 and _runs_once(*self.scenarios.values())
        names = ("duration", "stages", "vus", "iterations")
        duration, stages, vus, iterations = (self.option(name) for name in names)
        return duration is None and stages in (None, []) and vus in (None, 1) and iterations in (None, 1)


def as_object(value: Any) -> dict[str, Any] | None:
    """An object among options; None for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _runs_once(scenario: Any) -> bool:
    vus, iterations = known(scenario, "vus"), known(scenario, "iterations")
    return known(scenario, "executor") in ITERATION_EXECUTORS and vus in (None, 1) and iterations in (None, 1)
