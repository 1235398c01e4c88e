"""What `k6 cloud login` stored on this machine."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from platformdirs import user_config_path
from pydantic import SecretStr

_FOLDERS = (("k6",), ("loadimpact", "k6"))


@dataclass(frozen=True)
class Login:
    """The token and stack of the last login; `path` is the file they came from."""

    path: Path | None = None
    token: SecretStr | None = None
    stack_id: int | None = None
    stack_url: str | None = None
    project_id: int | None = None


def read_login(config: Path | None = None) -> Login:
    """Read k6's own configuration file below `config` (default: the user's). An unreadable one counts as none."""
    base = config or user_config_path(roaming=True)
    for folder in _FOLDERS:
        path = base.joinpath(*folder, "config.json")
        if fields := _cloud_section(path):
            return _login(path, fields)
    return Login()


def _cloud_section(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    section: Any = document
    for name in ("collectors", "cloud"):
        section = cast(dict[str, Any], section).get(name) if isinstance(section, dict) else None
    # Go reads JSON keys in any case, so do we.
    return {key.casefold(): value for key, value in cast(dict[str, Any], section or {}).items()}


def _login(path: Path, fields: dict[str, Any]) -> Login:
    token = fields.get("token")
    return Login(
        path=path,
        token=SecretStr(token) if isinstance(token, str) and token else None,
        stack_id=_positive(fields.get("stackid")),
        stack_url=fields.get("stackurl") or None,
        project_id=_positive(fields.get("defaultprojectid")) or _positive(fields.get("projectid")),
    )


def _positive(value: Any) -> int | None:
    """A positive number, also where it was written as text; None for anything else."""
    try:
        return number if (number := int(value)) > 0 else None
    except (TypeError, ValueError):
        return None
