"""Reading a JavaScript script's options by letting k6 evaluate it, confined as in the sandbox."""

import os
from collections.abc import Awaitable, Callable, Mapping

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import InspectScript

Environment = Callable[[], Awaitable[Mapping[str, str]]]


async def _no_variables() -> Mapping[str, str]:
    return {}


def script_inspector(environment: Environment = _no_variables) -> InspectScript:
    """A function that tells a script's options, or None where there is no k6. Raises ScriptError for a script
    that k6 cannot read. `environment` gives the variables that the script finds in `__ENV`."""

    async def inspect_script(script: Script) -> Json | None:
        from k6_runner.binary import find_k6
        from k6_runner.inspection import inspect
        from k6_runner.k6_inspect import ScriptRejected
        from k6_runner.limits import RunLimits

        k6 = await find_k6(os.environ.get("K6_PATH"))
        if k6 is None:
            return None
        try:
            return (await inspect(k6, script, RunLimits(), await environment())).options
        except ScriptRejected as error:
            raise ScriptError(f"k6 cannot read the script: {error}") from error

    return inspect_script
