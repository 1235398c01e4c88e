"""Tools that set the script of a load test, and bring back one that was replaced or deleted.

The service has no If-Match. So the stored script is read for the preview, and read again right before it
is replaced: between that read and the upload, another writer can still come in. What was read is kept.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.client import K6Cloud
from k6_cloud.errors import ScriptError
from k6_cloud.models import LoadTest
from k6_cloud.safe_text import quote
from k6_cloud.scripts.archives import secret_patches
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.gather import gather
from k6_cloud_mcp_tools.guard.plan import Plan, Preview
from k6_cloud_mcp_tools.operation import confirmed
from k6_cloud_mcp_tools.parameters import LoadTestId, ScriptPath, ScriptText
from k6_cloud_mcp_tools.results import KeptScript, ScriptFacts
from k6_cloud_mcp_tools.scripts.diffs import differences
from k6_cloud_mcp_tools.scripts.given import facts, given_script
from k6_cloud_mcp_tools.scripts.stored import describe, refusing_to_lose, stored_script
from k6_cloud_mcp_tools.starts.forecast import Forecast, forecast_with_script
from k6_cloud_mcp_tools.storage.kept_scripts import ExpectedSha256, KeptSha256, fate
from k6_cloud_mcp_tools.verified_writes import (
    Changed,
    Unverified,
    changes,
    reading_back,
    require_unchanged,
)

_SHORT = 16
_NOT_UPLOADED = {
    "name": "update_load_test renames it.",
    "k6_version": "update_load_test sets the k6 version.",
    "project_id": "move_load_test moves it to another project.",
}
_CLEANED = " It comes back without the API token and the values of -e that it stored."


@dataclass(frozen=True)
class Wanted:
    """The script that is to be stored, and what to say of it."""

    script: Script
    note: str = ""


# The script is opened for the plan, and again for the act.
OpenWanted = Callable[[], AbstractAsyncContextManager[Wanted]]


class UploadedScript(ScriptFacts, KeptScript, Changed):
    """The script that is stored now, as it was read back; `changed` is absent when it was stored already."""

    load_test_id: int


async def upload_load_test_script(
    app: TheApp,
    load_test_id: LoadTestId,
    script: ScriptText = None,
    script_path: ScriptPath = None,
    expected_sha256: ExpectedSha256 = None,
) -> Plan[UploadedScript]:
    """Set a load test's script. Replacing a different one shows the diff and asks first."""

    @asynccontextmanager
    async def given() -> AsyncGenerator[Wanted, None]:
        async with given_script(app, script, script_path) as source:
            yield Wanted(_required(source))

    return await _replacement(app, load_test_id, given, expected_sha256)


async def restore_load_test_script(
    app: TheApp, load_test_id: LoadTestId, sha256: KeptSha256
) -> Plan[UploadedScript]:
    """Bring a replaced or deleted script back, to its load test or another. Shows the diff and asks first."""

    @asynccontextmanager
    async def kept() -> AsyncGenerator[Wanted, None]:
        found, script = await _kept(app, sha256)
        with script:
            yield Wanted(script, _CLEANED if found != script.sha256 else "")

    return await _replacement(app, load_test_id, kept)


async def _replacement(
    app: App, load_test_id: int, open_wanted: OpenWanted, expected: str | None = None
) -> Plan[UploadedScript]:
    """The plan to store a script.

    The same script as before needs no confirmation, nor does the first one of a test without an active schedule.
    """
    async with open_wanted() as wanted:
        test, stored = await gather(
            app.k6.load_tests.get(load_test_id), _script_to_replace(app.k6, load_test_id)
        )
        with stored or nullcontext():
            _require_expected(load_test_id, stored, expected)
            seen, given = facts(stored) if stored else None, facts(wanted.script)
            is_new = seen is None or seen.sha256 != given.sha256
            forecast = await forecast_with_script(app, test, wanted.script) if is_new else None
            preview = await _preview(app, test, stored, wanted, forecast)

    async def act() -> UploadedScript:
        async with open_wanted() as again:
            require_unchanged(given, facts(again.script), "the script that is to be stored")
            return await _replace(app, test, again.script, seen)

    return Plan(preview, act, forecast.load if forecast else None)


async def _script_to_replace(k6: K6Cloud, load_test_id: int) -> Script | None:
    with refusing_to_lose():
        return await stored_script(k6, load_test_id)


async def _preview(
    app: App, test: LoadTest, stored: Script | None, wanted: Wanted, forecast: Forecast | None
) -> Preview | None:
    whose = f"load test {quote(test.name)} (id {test.id})"
    permitted = forecast.permitted if forecast else []
    if stored is None:
        head = f"Set the script of {whose}: {describe(wanted.script)}.{wanted.note}"
        return Preview("\n".join([head, *permitted])) if permitted else None
    if stored.sha256 == wanted.script.sha256:
        return None
    await app.kept_scripts.check(stored)
    head = (
        f"Replace the script of {whose}: {describe(stored)} becomes {describe(wanted.script)}.{wanted.note} "
        f"{fate(app.kept_scripts)}"
    )
    return Preview("\n".join([head, *permitted]), details=await _differences(app, stored, wanted.script))


async def _differences(app: App, stored: Script, wanted: Script) -> str:
    try:
        return (
            await differences(app.in_worker, stored, wanted)
            or "Only the secrets that an archive stores differ."
        )
    except ScriptError as error:
        return f"What differs cannot be shown: {error}"


async def _replace(app: App, test: LoadTest, wanted: Script, seen: ScriptFacts | None) -> UploadedScript:
    """Put `wanted` in place of the script that was seen for the preview, which is kept; and read it back."""
    kept = None
    stored = await _script_to_replace(app.k6, test.id)
    with stored or nullcontext():
        _require_seen(test.id, seen, stored)
        if seen and seen.sha256 == wanted.sha256:
            return UploadedScript(**seen.model_dump(), load_test_id=test.id)
        if stored and await app.kept_scripts.keep(stored, test.project_id):
            kept = KeptScript.to_restore(stored.sha256, app.kept_scripts.days, test.id)
    await app.k6.load_tests.upload_script(test.id, wanted)
    after = await _read_back(app, test.id, wanted, kept)
    return UploadedScript(
        **after.model_dump(),
        **(kept.model_dump() if kept else {}),
        load_test_id=test.id,
        changed=changes(_shown(seen), _shown(after)),
    )


async def _read_back(app: App, load_test_id: int, wanted: Script, kept: KeptScript | None) -> ScriptFacts:
    """Read the stored script. Raises Unverified if it is not `wanted`."""
    with reading_back():
        stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        raise Unverified("The upload was accepted, but the test has no script now. Upload it again.")
    with stored:
        after = facts(stored)
        if _is_stored(after, wanted):
            return after
        undo = f" The script before yours is kept: {kept.undo}" if kept else ""
        raise Unverified(
            f"The upload was accepted, but reading the script back gave something else: {describe(stored)}. Somebody may "
            f"have uploaded at the same time: see it with download_load_test_script before anything runs it.{undo}"
        )


def _is_stored(stored: ScriptFacts, wanted: Script) -> bool:
    """Whether the script that was read back is the one that was sent; a service may take stored secrets out."""
    if stored.sha256 == wanted.sha256:
        return True
    return bool(secret_patches(wanted)) and (stored.size, stored.kind) == (wanted.size, wanted.kind)


def _require_seen(load_test_id: int, seen: ScriptFacts | None, stored: Script | None) -> None:
    """Raise ToolError unless what is stored now is what the preview found."""
    if (seen and seen.sha256) != (stored and stored.sha256):
        raise ToolError(
            f"Not replaced: the script of load test {load_test_id} has changed since the preview: {_now(stored)}. Nothing was "
            "changed. Call again for a new preview."
        )


def _require_expected(load_test_id: int, stored: Script | None, expected: str | None) -> None:
    if expected and not (stored and stored.sha256.startswith(expected)):
        raise ToolError(
            f"Not replaced: load test {load_test_id} does not have the expected script: {_now(stored)}. Nothing was changed. Read it "
            "with download_load_test_script, and upload again with the sha256 that you read."
        )


def _now(stored: Script | None) -> str:
    return f"now it is {describe(stored)}" if stored else "it has no script"


async def _kept(app: App, sha256: str) -> tuple[str, Script]:
    if found := await app.kept_scripts.find(sha256, app.policy.projects):
        return found
    reason = "" if app.kept_scripts.days else " This server keeps none (K6_MCP_BACKUPS)."
    raise ToolError(
        f"Not restored: no script with the sha256 {sha256} is kept (any more).{reason} Nothing was changed. The scripts of "
        "runs are readable with download_test_run_script."
    )


def _required(source: Script | None) -> Script:
    if source is None:
        raise ToolError("Give the script: script (text) or script_path. Nothing was sent.")
    return source


def _shown(script: ScriptFacts | None) -> dict[str, object]:
    """Return a short mark of a script."""
    if script is None:
        return {}
    return {"kind": script.kind, "size": script.size, "sha256": script.sha256[:_SHORT]}


OPERATIONS = [
    confirmed(
        upload_load_test_script,
        "Set a load test's script",
        destructive=True,
        idempotent=True,
        instead=_NOT_UPLOADED,
    ),
    confirmed(
        restore_load_test_script,
        "Bring a load test's script back",
        destructive=True,
        idempotent=True,
    ),
]
