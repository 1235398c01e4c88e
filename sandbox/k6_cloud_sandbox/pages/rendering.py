"""Turning views into HTML. The templates escape every value, because scripts choose most of them."""

import json
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from k6_cloud.planning.charge import vuh_text
from k6_cloud.safe_text import escape
from k6_cloud_sandbox.pages.view import RunView
from k6_runner.outcome import Check

REFRESH_SECONDS = 2


def render_run(view: RunView) -> str:
    """The page of one run."""
    return _templates.get_template("run.html").render(view=view, run=view.run, refresh=REFRESH_SECONDS)


def render_index(views: list[RunView]) -> str:
    """The page that lists runs."""
    return _templates.get_template("index.html").render(views=views, refresh=REFRESH_SECONDS)


def render_missing(run_id: int) -> str:
    """The page for a run that there is not."""
    return _templates.get_template("missing.html").render(run_id=run_id)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "—"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _rate(check: Check) -> str:
    total = check.passes + check.fails
    return f"{100 * check.passes / total:.1f} %" if total else "—"


def _label(status: str) -> str:
    return status.replace("_", " ")


def _shown(value: Any) -> Any:
    """A value of a template: autoescape keeps it from being HTML, this from hiding or turning what stands around it."""
    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("k6_cloud_sandbox.pages"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        pretty=_pretty, time=_time, duration=_duration, rate=_rate, label=_label, vuh=vuh_text
    )
    return environment


_templates = _environment()
