"""Tools that set the script of a load test, and bring back one that was replaced or deleted.

The service has no If-Match. So the stored script is read for the preview, and read again right before it
is replaced: between that read and the upload, another writer can still come in. What was read is kept.
"""

from contextlib import nullcontext
from contextvars import ContextVar

from anyio import to_thread
from mcp.server.mcpserver.exceptions import ToolError

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.archives import secret_patches
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import App, TheApp
from k6_cloud_mcp_tools.guard.previews import Preview
from k6_cloud_mcp_tools.operation import confirmed
from k6_cloud_mcp_tools.operations.scripts import describe, refusing_to_lose, stored_script
from k6_cloud_mcp_tools.parameters import LoadTestId, ScriptPath, ScriptText
from k6_cloud_mcp_tools.results import KeptScript, ScriptFacts
from k6_cloud_mcp_tools.scripts.diffs import differences
from k6_cloud_mcp_tools.scripts.given import facts, given_script
from k6_cloud_mcp_tools.storage.kept_scripts import ExpectedSha256, KeptSha256, fate
from k6_cloud_mcp_tools.verified_writes import Changed, Unverified, changes, reading_back

_SHORT = 16
_CLEANED = " It comes back without the API token and the values of -e that it stored."
# The preview and the tool run in one task: what the first read, the second must still find.
_seen: ContextVar[tuple[int, str | None] | None] = ContextVar("seen", default=None)


class UploadedScript(ScriptFacts, KeptScript, Changed):
    """The script that is stored now, as it was read back; `changed` is absent when it was stored already."""

    load_test_id: int


async def upload_load_test_script(
    app: TheApp,
    load_test_id: LoadTestId,
    script: ScriptText = None,
    script_path: ScriptPath = None,
    expected_sha256: ExpectedSha256 = None,
) -> UploadedScript:
    """Set a load test's script. Replacing a different one shows the diff and asks first."""
    async with given_script(app, script, script_path) as source:
        return await _replace(app, load_test_id, _required(source), expected_sha256)


async def preview_upload(
    app: App,
    load_test_id: int,
    script: str | None,
    script_path: str | None,
    expected_sha256: str | None = None,
) -> Preview | None:
    """What an upload changes; None when it is the first script or the same one."""
    async with given_script(app, script, script_path) as source:
        return await _preview(app, load_test_id, _required(source), expected_sha256)


async def restore_load_test_script(
    app: TheApp, load_test_id: LoadTestId, sha256: KeptSha256
) -> UploadedScript:
    """Bring a replaced or deleted script back, to its load test or another. Shows the diff and asks first."""
    _, kept = await _kept(app, sha256)
    with kept:
        return await _replace(app, load_test_id, kept)


async def preview_restore(app: App, load_test_id: int, sha256: str) -> Preview | None:
    """What a restore changes; None when the test has no script or this one. Raises ToolError where none is kept."""
    found, kept = await _kept(app, sha256)
    with kept:
        was_cleaned = found != kept.sha256
        return await _preview(app, load_test_id, kept, note=_CLEANED if was_cleaned else "")


async def _preview(
    app: App, load_test_id: int, wanted: Script, expected: str | None = None, note: str = ""
) -> Preview | None:
    test = await app.k6.load_tests.get(load_test_id)
    with refusing_to_lose():
        stored = await stored_script(app.k6, load_test_id)
    _seen.set((load_test_id, stored.sha256 if stored else None))
    with stored or nullcontext():
        _require_expected(load_test_id, stored, expected)
        if stored is None or stored.sha256 == wanted.sha256:
            return None
        await app.kept_scripts.check(stored)
        head = (
            f"Replace the script of load test {test.name!r} (id {test.id}): {describe(stored)} becomes "
            f"{describe(wanted)}.{note} {fate(app.kept_scripts)}"
        )
        return Preview(head, details=await to_thread.run_sync(_differences, stored, wanted))


def _differences(stored: Script, wanted: Script) -> str:
    try:
        return differences(stored, wanted) or "Only the secrets that an archive stores differ."
    except ScriptError as error:
        return f"What differs cannot be shown: {error}"


async def _replace(
    app: App, load_test_id: int, wanted: Script, expected: str | None = None
) -> UploadedScript:
    """Put `wanted` in place of the script that was previewed, which is kept; and read it back."""
    kept = None
    test = await app.k6.load_tests.get(load_test_id)
    with refusing_to_lose():
        stored = await stored_script(app.k6, load_test_id)
    before = facts(stored) if stored else None
    with stored or nullcontext():
        _require_seen(load_test_id, stored, expected)
        if before and before.sha256 == wanted.sha256:
            return UploadedScript(**before.model_dump(), load_test_id=load_test_id)
        if stored and await app.kept_scripts.keep(stored, test.project_id):
            kept = KeptScript.to_restore(stored.sha256, app.kept_scripts.days, load_test_id)
    await app.k6.load_tests.upload_script(load_test_id, wanted)
    after = await _read_back(app, load_test_id, wanted, kept)
    return UploadedScript(
        **after.model_dump(),
        **(kept.model_dump() if kept else {}),
        load_test_id=load_test_id,
        changed=changes(_shown(before), _shown(after)),
    )


async def _read_back(app: App, load_test_id: int, wanted: Script, kept: KeptScript | None) -> ScriptFacts:
    """What is stored now. Raises Unverified where that is not `wanted`."""
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


def _require_seen(load_test_id: int, stored: Script | None, expected: str | None) -> None:
    """Raise ToolError unless what is stored now is what the preview found, and what is expected."""
    seen = _seen.get()
    sha256 = stored.sha256 if stored else None
    if seen and seen[0] == load_test_id and seen[1] != sha256:
        raise ToolError(
            f"Not replaced: the script of load test {load_test_id} has changed since the preview: {_now(stored)}. Nothing was "
            "sent. Call again for a new preview."
        )
    _require_expected(load_test_id, stored, expected)


def _require_expected(load_test_id: int, stored: Script | None, expected: str | None) -> None:
    if expected and not (stored and stored.sha256.startswith(expected)):
        raise ToolError(
            f"Not replaced: load test {load_test_id} does not have the expected script: {_now(stored)}. Nothing was sent. Read it "
            "with download_load_test_script, and upload again with the sha256 that you read."
        )


def _now(stored: Script | None) -> str:
    return f"now it is {describe(stored)}" if stored else "it has no script"


async def _kept(app: App, sha256: str) -> tuple[str, Script]:
    if found := await app.kept_scripts.find(sha256, app.policy.projects):
        return found
    reason = "" if app.kept_scripts.days else " This server keeps none (K6_MCP_BACKUPS)."
    raise ToolError(
        f"Not restored: no script with the sha256 {sha256} is kept (any more).{reason} Nothing was sent. The scripts of "
        "runs are readable with download_test_run_script."
    )


def _required(source: Script | None) -> Script:
    if source is None:
        raise ToolError("Give the script: script (text) or script_path. Nothing was sent.")
    return source


def _shown(script: ScriptFacts | None) -> dict[str, object]:
    """What tells a script from another, short."""
    if script is None:
        return {}
    return {"kind": script.kind, "size": script.size, "sha256": script.sha256[:_SHORT]}


OPERATIONS = [
    confirmed(
        upload_load_test_script, "Set a load test's script", preview_upload, destructive=True, idempotent=True
    ),
    confirmed(
        restore_load_test_script,
        "Bring a load test's script back",
        preview_restore,
        destructive=True,
        idempotent=True,
    ),
]
