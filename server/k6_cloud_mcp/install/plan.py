"""A change of one host's file, worked out before anything is written."""

import difflib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k6_cloud.secret_patterns import hide_secrets
from k6_cloud_mcp.install import jsonc, jsonc_edit, toml_edit
from k6_cloud_mcp.install.entries import INPUTS
from k6_cloud_mcp.install.errors import InstallError, Unreadable
from k6_cloud_mcp.install.hosts import Host

SERVER = "k6-cloud"


@dataclass(frozen=True)
class Plan:
    """The text of a file before (None: there is no file) and after."""

    path: Path
    before: str | None
    after: str

    @property
    def changes(self) -> bool:
        return (self.before or "") != self.after

    def diff(self) -> str:
        """The unified diff, with the values of what looks like a secret left out."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(),
            self.after.splitlines(),
            str(self.path) if self.before is not None else "(no file yet)",
            str(self.path),
            lineterm="",
        )
        return "\n".join(without_secrets(line) for line in lines)


def without_secrets(text: str) -> str:
    """The text with `…` for what looks like a secret."""
    return hide_secrets(text, "…")


def plan_install(host: Host, path: Path, entry: dict[str, Any]) -> Plan:
    """Put the entry into the host's file; what the user added to an earlier one stays. Raises InstallError."""
    before = _text(path)
    try:
        found = _read(host, before or "")
        after, wanted = _put(host, before or "", found, entry)
        _verify(host, after, wanted)
    except Unreadable as error:
        raise InstallError(
            f"{path} cannot be read as {'TOML' if host.is_toml else 'JSON'}: {error}. Nothing was written. Correct it, "
            f"or paste this into it:\n\n{without_secrets(snippet(host, entry))}"
        ) from error
    return Plan(path, before, after)


def plan_uninstall(host: Host, path: Path) -> Plan | None:
    """Take our entry out of the host's file; None if it is not there. Raises InstallError."""
    if (before := _text(path)) is None:
        return None
    try:
        found = _read(host, before)
        if SERVER not in _section(host, found):
            return None
        after = _drop(host, before, found)
        del found[host.section][SERVER]
    except Unreadable as error:
        raise InstallError(
            f"{path} cannot be read: {error}. Nothing was written; correct it first."
        ) from error
    return Plan(path, before, after)


def is_installed(host: Host, path: Path) -> bool:
    """Whether the file holds our entry; a file that cannot be read counts as holding it, so that someone looks."""
    try:
        return SERVER in _section(host, _read(host, _text(path) or ""))
    except InstallError:
        return True


def snippet(host: Host, entry: dict[str, Any]) -> str:
    """Return the file's text if there were nothing else in it."""
    return _put(host, "", {}, entry)[0]


def _put(host: Host, text: str, found: dict[str, Any], entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The new text, and what it has to mean."""
    wanted = deepcopy(found)
    section = wanted.setdefault(host.section, {})
    entry = merged(_section(host, found).get(SERVER, {}), entry)
    if host.is_toml:
        section[SERVER] = entry
        return toml_edit.put(text, (host.section, SERVER), entry), wanted
    text = jsonc_edit.put(text, (host.section, SERVER), entry)
    section[SERVER] = entry
    for each in _missing_inputs(found, entry):
        inputs = wanted.setdefault("inputs", [])
        text = jsonc_edit.put(text, ("inputs", len(inputs)), each)
        inputs.append(each)
    return text, wanted


def _missing_inputs(found: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions of VS Code that the entry refers to, and that are not there yet."""
    there = [each.get("id") for each in found.get("inputs", [])]
    used = [each for each in INPUTS if f"${{input:{each['id']}}}" in entry.get("env", {}).values()]
    return [each for each in used if each["id"] not in there]


def merged(earlier: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with what the user had added to an earlier one; a variable set by hand is kept unless we have a value."""
    result = earlier | entry
    for key in ("env", "environment"):
        if key in earlier and key in entry:
            ours = {name: value for name, value in entry[key].items() if not value.startswith(("$", "{"))}
            result[key] = entry[key] | earlier[key] | ours
    return result


def _drop(host: Host, text: str, found: dict[str, Any]) -> str:
    if host.is_toml:
        return toml_edit.drop(text, (host.section, SERVER))
    text = jsonc_edit.drop(text, (host.section, SERVER))
    ours = [each["id"] for each in INPUTS]
    inputs = found.get("inputs", [])
    for index in reversed(range(len(inputs))):
        if host.name == "vscode" and inputs[index].get("id") in ours:
            text = jsonc_edit.drop(text, ("inputs", index))
    return text


def _verify(host: Host, text: str, wanted: dict[str, Any]) -> None:
    """Read the new text again: it has to mean what was there and the entry, and nothing else."""
    if _read(host, text) != wanted:
        raise Unreadable("the entry cannot be put into it safely")


def _read(host: Host, text: str) -> dict[str, Any]:
    document: Any = toml_edit.read(text) if host.is_toml else jsonc.read(text)
    for path in ((), (host.section,), (host.section, SERVER), (host.section, SERVER, "env")):
        if not isinstance(_at(document, path), dict):
            raise Unreadable(f"{'.'.join(path) or 'the whole'!r} is not what {host.title} expects there")
    return document


def _at(document: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path; an empty object if there is none."""
    for key in path:
        document = document.get(key, {})
    return document


def _section(host: Host, document: dict[str, Any]) -> dict[str, Any]:
    return document.get(host.section, {})


def _text(path: Path) -> str | None:
    """The file as it is, line ends included; None where there is none. Raises InstallError."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InstallError(f"{path} cannot be read: {reason}. Nothing was written.") from error
