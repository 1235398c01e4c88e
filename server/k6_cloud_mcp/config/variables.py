"""Variables of the environment, as hosts and containers hand them on: unresolved, blank or in quotes."""

import re
from collections.abc import MutableMapping
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

# `${K6_CLOUD_TOKEN}`, `${env:…}`, `${input:…}`, `${user_config.…}`, `{env:…}`, `$(…)`, `$env:…`, `$NAME` and `%NAME%`.
_REFERENCE = re.compile(
    r"\$\{(env:|input:)?[\w.-]+(:-[^}]*)?\}|\{env:\w+\}|\$\([\w.]+\)|\$env:\w+|\$[A-Z_]\w*|%[A-Za-z_]\w*%"
)
_OURS = re.compile(r"(K6|OTEL)_\w+|\w+_proxy", re.IGNORECASE)
_QUOTES = "'\"`"


def tidy(value: str) -> str:
    """The value without blanks around it, and without the quotes that an env file or a paste left there."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    return text


def is_unset(value: str) -> bool:
    """Whether a value says nothing: it is blank, or a bare reference that the host could not resolve."""
    text = tidy(value)
    return not text or _REFERENCE.fullmatch(text) is not None


def forget_unresolved(environment: MutableMapping[str, str]) -> None:
    """Take variables of ours, of OpenTelemetry and of proxies out of the environment if they are unresolved references."""
    for name, value in [*environment.items()]:
        if _OURS.fullmatch(name) and value.strip() and is_unset(value):
            del environment[name]


class Variables(EnvSettingsSource):
    """The variables of some settings, tidied. One that says nothing counts as not set."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings)
        # By their own names alone: else a variable `TOKEN`, whoever set it, would be read as the API token.
        self.config = SettingsConfigDict(**self.config | {"populate_by_name": False})

    def __call__(self) -> dict[str, Any]:
        """The values by name."""
        return {name: tidy(value) for name, value in super().__call__().items() if not is_unset(value)}
