"""The policy as it is written: in a TOML file, or as rules by which a token or a request tightens it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter, ValidationError

from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.toolsets import TOOLS

GUARDED = frozenset(tool.name for tool in TOOLS if tool.is_guarded)


class RulesError(Exception):
    """Rules that cannot hold; the message says which and why."""


def require_guarded(names: frozenset[str]) -> frozenset[str]:
    """The names. Raises ValueError for one that is not a guarded tool."""
    if unknown := sorted(names - GUARDED):
        raise ValueError(f"{unknown[0]!r} is not a guarded tool; those are {', '.join(sorted(GUARDED))}")
    return names


def _known(policy: Policy) -> Policy:
    try:
        require_guarded(policy.allow)
    except ValueError as error:
        raise ValueError(f"allow: {error}") from error
    return policy


def _tightens(policy: Policy) -> Policy:
    if policy.confirm != "ask" and "confirm" in policy.model_fields_set:
        raise ValueError("confirm may only be ask: rules can tighten the policy, not loosen it")
    return policy


# The rules of a token or of a request.
Tightening = Annotated[Policy, AfterValidator(_known), AfterValidator(_tightens)]
_WRITTEN = TypeAdapter[Policy](Annotated[Policy, AfterValidator(_known)])
_TIGHTENING = TypeAdapter[Policy](Tightening)


def tightening(rules: Mapping[str, str]) -> Policy:
    """The rules of a request, as text by name. Raises RulesError."""
    try:
        return _TIGHTENING.validate_python({**rules})
    except ValidationError as error:
        raise RulesError(f"{problems(error)}.") from error


def operator_policy(given: Mapping[str, Any], file: Path | None) -> Policy:
    """The policy of the rules `given` by the environment and those in `file`.

    Raises RulesError for a file that cannot be used, a rule in both places, and rules that contradict each other.
    """
    written = _read(file) if file else {}
    if twice := sorted(given.keys() & written.keys()):
        raise RulesError(
            f"K6_MCP_{twice[0].upper()} is set, and {twice[0]} stands in the policy file {file} too. "
            "Set it in one place, so that it is clear which one holds."
        )
    policy = Policy.model_validate({**given, **written})
    if policy.allow and policy.confirm in ("ask", "two_step"):
        raise RulesError(
            f"K6_MCP_ALLOW lets tools run without asking, K6_MCP_CONFIRM={policy.confirm} forbids that. "
            "Set one of them."
        )
    return policy


def _read(file: Path) -> dict[str, Any]:
    try:
        policy = _WRITTEN.validate_python(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"The policy file {file} cannot be read: {error}") from error
    except ValidationError as error:
        raise RulesError(f"The policy file {file}: {problems(error)}") from error
    return {name: getattr(policy, name) for name in policy.model_fields_set}


def problems(error: ValidationError, prefix: str = "") -> str:
    """The problems by name, with `prefix` before a name that is not a variable yet."""
    lines = [
        _problem(".".join(map(str, one["loc"])), one["msg"], prefix)
        for one in error.errors(include_url=False)
    ]
    return "; ".join(lines)


def _problem(name: str, message: str, prefix: str) -> str:
    if prefix and not name.startswith("K6_"):
        name = f"{prefix}{name.upper()}"
    text = message.removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
