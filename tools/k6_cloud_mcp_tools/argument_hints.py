"""Arguments that a tool does not take: what sets them instead, and what it does take at that place."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

_RUN = "star_test_run and unstar_test_run set it."
_SCRIPT = "upload_load_test_script sets the script."
_OPTIONS = f"Options stand in the script: {_SCRIPT}"
_ONLY_NAME = "The API cannot set it: update_project only renames."
_LABELS = "set_project_labels sets the labels."
_LIMITS = "update_project_limits sets limits."
_WHEN = "create_load_test_schedule sets it, in place of the schedule there is."

ELSEWHERE = {
    "update_load_test": {
        "script": _SCRIPT,
        "script_path": _SCRIPT,
        "project_id": "move_load_test moves it to another project.",
        "schedule": "create_load_test_schedule sets the schedule.",
        "cron": "create_load_test_schedule sets the schedule.",
        "baseline": "Baselines are deprecated: star_test_run marks a run to find it again.",
        "baseline_test_run_id": "Baselines are deprecated: star_test_run marks a run to find it again.",
        "options": _OPTIONS,
        "vus": _OPTIONS,
        "duration": _OPTIONS,
        "load_zones": _OPTIONS,
    },
    "create_load_test": {
        "schedule": "create_load_test_schedule sets the schedule, once the test is there.",
        "options": "Options stand in the script.",
        "vus": "Options stand in the script.",
        "duration": "Options stand in the script.",
    },
    "upload_load_test_script": {
        "name": "update_load_test renames it.",
        "k6_version": "update_load_test sets the k6 version.",
        "project_id": "move_load_test moves it to another project.",
    },
    "update_test_run": {
        "starred": _RUN,
        "is_starred": _RUN,
        "status": "abort_test_run stops a run; nothing else sets its status.",
        "result": "The API cannot set it: a result is what the thresholds say.",
        "name": "A run has no name. Its note says what it is.",
    },
    "update_project": {
        "labels": _LABELS,
        "limits": _LIMITS,
        "vuh_max_per_month": _LIMITS,
        "vu_max_per_test": _LIMITS,
        "vu_browser_max_per_test": _LIMITS,
        "duration_max_per_test": _LIMITS,
        "load_zones": "set_project_load_zones sets the private load zones.",
        "is_default": _ONLY_NAME,
        "grafana_folder_uid": _ONLY_NAME,
        "description": _ONLY_NAME,
    },
    "create_project": {
        "labels": f"{_LABELS[:-1]}, once the project is there.",
        "limits": f"{_LIMITS[:-1]}, once the project is there.",
        "is_default": "The API cannot set it.",
    },
    "update_project_limits": {"name": "update_project renames it.", "labels": _LABELS},
    "update_label": {"value": "set_project_labels sets the value a project gives it."},
    "activate_schedule": {"starts": _WHEN, "cron": _WHEN, "recurrence_rule": _WHEN},
    "deactivate_schedule": {"starts": _WHEN, "cron": _WHEN, "recurrence_rule": _WHEN},
    "create_load_test_schedule": {
        "deactivated": "deactivate_schedule keeps it from starting.",
    },
    "start_load_test": {
        "options": _OPTIONS,
        "vus": _OPTIONS,
        "duration": _OPTIONS,
        "note": "update_test_run sets the note, once the run is there.",
        "script": _SCRIPT,
    },
}


def where_to_set(tool: str, argument: str) -> str | None:
    """Where to set what `tool` does not take as an argument, as a sentence; None where that is not known."""
    return ELSEWHERE.get(tool, {}).get(argument)


def known_names(arguments: type[BaseModel], place: Sequence[str | int]) -> set[str]:
    """The names that may stand at `place`, which leads to a name that may not: those of the object around it.

    For `cron.timezone` they are those of `cron`, not the tool's own.
    """
    models = [arguments]
    for part in place[:-1]:
        if isinstance(part, str):
            fields = [model.model_fields[part] for model in models if part in model.model_fields]
            models = [inner for field in fields for inner in _models_in(field.annotation)] or models
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
