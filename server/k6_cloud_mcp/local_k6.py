"""The k6 of this machine as the tools use it: to read the options of scripts, and to bundle their files."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from k6_cloud.errors import ScriptError, ScriptNotRead
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp.recent_readings import RecentReadings
from k6_cloud_mcp.state.trusted_folders import TrustedFolders, TrustError
from k6_cloud_mcp_tools.context import BundleScript, InspectScript

if TYPE_CHECKING:
    from k6_runner.limits import RunLimits

_TRUST = "To have only the scripts in {0} bundled, because you know them: `k6-cloud-mcp trust {0}`."
Environment = Callable[[], Awaitable[Mapping[str, str]]]


async def _no_variables() -> Mapping[str, str]:
    return {}


def script_inspector(
    environment: Environment = _no_variables, limits: "RunLimits | None" = None
) -> InspectScript:
    """A function that reads a script's options by running its init code in k6, confined.

    It falls back on the script's text where there is no k6, no confinement, or a module that only the network has; None
    if that does not tell them. Raises ScriptError for a script that k6 cannot read. `environment` gives the variables
    that the script finds in `__ENV`, `limits` are the operator's unless given.
    """

    recent = RecentReadings()

    async def inspect_script(script: Script) -> ScriptOptions | None:
        from k6_runner.binary import find_k6
        from k6_runner.process import NotConfined
        from k6_runner.reading.inspection import inspect
        from k6_runner.reading.k6_inspect import NeedsNetwork, ScriptRejected

        k6 = await find_k6(os.environ.get("K6_PATH"))
        if k6 is None:
            return await literal_options_of(script)
        variables = await environment()
        key = (k6, script.sha256, tuple(variables.items()))
        if reading := recent.get(key):
            return reading
        try:
            found = await inspect(k6, script, limits or _operators_limits(), variables)
        except (NeedsNetwork, NotConfined) as error:
            if (literal := await literal_options_of(script)) is not None:
                return literal
            raise ScriptNotRead(str(error)) from error
        except ScriptRejected as error:
            raise ScriptError(f"k6 cannot read the script: {error}") from error
        options = ScriptOptions(found.options, by_k6=True, uncertain=found.uncertain, warnings=found.warnings)
        return recent.keep(key, options)

    return inspect_script


async def literal_options_of(script: Script) -> ScriptOptions | None:
    """The options in a script's text, without running it; None if only running it would tell them."""
    from k6_cloud.scripts.literal_options import literal_options
    from k6_runner.analysis.bounded import run_bounded

    try:
        return await run_bounded(literal_options, script.text())
    except ScriptError:
        return None


def script_bundler(
    max_bytes: int, limits: "RunLimits | None" = None, trusted: TrustedFolders | None = None
) -> BundleScript:
    """A function that makes an archive, of `max_bytes` at most, of an entry file and what it uses from a folder.

    It gives None where there is no k6. Raises ScriptError if k6 cannot read the script, or may not on this machine:
    where scripts cannot be confined, the folder has to be `trusted`.
    """

    async def bundle_script(entry: Path, folder: Path) -> Script | None:
        from k6_runner.archives.bundling import bundle
        from k6_runner.binary import find_k6
        from k6_runner.process import NotConfined

        k6 = await find_k6(os.environ.get("K6_PATH"))
        if k6 is None:
            return None
        held = limits or _operators_limits()
        try:
            return await bundle(k6, entry, folder, held, max_bytes)
        except NotConfined as error:
            if not _is_trusted(folder, trusted):
                raise ScriptNotRead(f"{error} {_TRUST.format(folder)} Nothing was uploaded.") from error
        return await bundle(k6, entry, folder, replace(held, allow_unconfined=True), max_bytes)

    return bundle_script


def _is_trusted(folder: Path, trusted: TrustedFolders | None) -> bool:
    try:
        return trusted is not None and trusted.covers(folder)
    except TrustError as error:
        raise ScriptError(str(error)) from error


def _operators_limits() -> "RunLimits":
    """The limits of k6 that the operator set for the sandbox. Raises ScriptError for an invalid setting."""
    from k6_cloud_sandbox.settings import SandboxSettings

    try:
        return SandboxSettings().limits
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        variable = f"K6_SANDBOX_{name.upper()}" if name.islower() else name
        raise ScriptError(f"{variable} is not valid ({first['msg']}), so k6 was not run.") from error
