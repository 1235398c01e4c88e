"""The token and stack that `k6 cloud login` stored on this machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from platformdirs import user_config_path
from pydantic import SecretStr

from k6_cloud.errors import ConfigurationError

CONFIG_VARIABLE = "K6_CONFIG"
_FOLDERS = (("k6",), ("loadimpact", "k6"))


@dataclass(frozen=True)
class Login:
    """The token, stack and project of the last login; `path` is the file they are from."""

    path: Path | None = None
    token: SecretStr | None = None
    stack_id: int | None = None
    stack_url: str | None = None
    project_id: int | None = None


def read_login(config: Path | None = None, env: Mapping[str, str] = os.environ) -> Login:
    """Read the login from k6's configuration file: the one that K6_CONFIG names, or that below `config`.

    By default `config` is the user's configuration folder. A file that does not exist, may not be read, or has
    no login is no login. Raises ConfigurationError for one that k6 could not read either.
    """
    for path in _places(config, env):
        if fields := _cloud_section(path):
            return _login(path, fields)
    return Login()


def _places(config: Path | None, env: Mapping[str, str]) -> list[Path]:
    if config is None and (named := env.get(CONFIG_VARIABLE, "").strip()):
        return [Path(named).expanduser()]
    base = config or user_config_path(roaming=True)
    return [base.joinpath(*folder, "config.json") for folder in _FOLDERS]


def _cloud_section(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError:
        return {}
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not text") from error
    section = _object(path, _parsed(path, text), "the document") if text.strip() else {}
    for name in ("collectors", "cloud"):
        section = _object(path, _by_any_case(section).get(name), name)
    return _by_any_case(section)


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, "it is not JSON") from error


def _object(path: Path, value: Any, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unreadable(path, f"{name} is not an object")
    return cast(dict[str, Any], value)


def _by_any_case(fields: dict[str, Any]) -> dict[str, Any]:
    # Go reads JSON keys in any case, so do we.
    return {key.casefold(): value for key, value in fields.items()}


def _unreadable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"k6's configuration file {path} cannot be read: {reason}. Correct or remove it, or run `k6 cloud login` again."
    )


def _login(path: Path, fields: dict[str, Any]) -> Login:
    token = _text(path, fields, "token")
    return Login(
        path=path,
        token=SecretStr(token) if token else None,
        stack_id=_positive(fields.get("stackid")),
        stack_url=_text(path, fields, "stackurl"),
        project_id=_positive(fields.get("defaultprojectid")) or _positive(fields.get("projectid")),
    )


def _text(path: Path, fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise _unreadable(path, f"{name} is not text")
    return value or None


def _positive(value: Any) -> int | None:
    """Return a positive number, also if it is written as text; None for anything else."""
    try:
        return number if (number := int(value)) > 0 else None
    except (TypeError, ValueError, OverflowError):
        return None
