"""Readable documents: test scripts, load tests and test runs."""

import mimetypes
import re
from collections.abc import Awaitable
from typing import TypeVar

from anyio import to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from pydantic import BaseModel, TypeAdapter

from k6_cloud.errors import K6CloudError, NotFound, ScriptError
from k6_cloud.safe_text import escape_json
from k6_cloud.scripts.archives import clean_chunks, text_bytes
from k6_cloud.scripts.script import MIB, Script
from k6_cloud_mcp.state.audit_rows import AuditRow, joined, visible_to
from k6_cloud_mcp_tools.advice import advised
from k6_cloud_mcp_tools.argument_values import whole_number
from k6_cloud_mcp_tools.context import App, Call, app_of
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.results import LoadTestRow, TestRunDetails

SCRIPT_URI = "k6://load_tests/{id}/script"
KEPT_SCRIPT_URI = "k6://load_tests/{id}/script@{sha256}"
MEMBER_URI = "k6://load_tests/{id}/script/{+path}"
LOAD_TEST_URI = "k6://load_tests/{id}"
TEST_RUN_URI = "k6://test_runs/{id}"
AUDIT_URI = "k6://audit"
TEST_RUN_SCRIPT_URI = "k6://test_runs/{id}/script"
JAVASCRIPT = "text/javascript"
ARCHIVE = "application/x-tar"
_LARGEST = 8 * MIB
_AUDITED_CALLS = 50
_AUDITED_RECORDS = 2_000
_HASH = re.compile(r"[0-9a-f]{12,64}")

Result = TypeVar("Result")
_ROWS = TypeAdapter(list[AuditRow])


async def load_test_script(id: str, ctx: Call) -> str | bytes:  # noqa: A002 - the name in the URI template
    """The k6 script of a load test: JavaScript, or a k6 archive (.tar) as a blob."""
    with await _found(app_of(ctx).k6.load_tests.download_script(_number(id))) as script:
        return await to_thread.run_sync(_document, script)


async def kept_script(id: str, sha256: str, ctx: Call) -> str | bytes:  # noqa: A002
    """A script that a load test had, as it was kept when it was replaced or deleted."""
    _number(id)
    if not _HASH.fullmatch(sha256):
        raise ResourceNotFoundError(f"{sha256!r} is not a SHA-256, nor the first 12 digits or more of one.")
    app = app_of(ctx)
    try:
        found = await app.kept_scripts.find(sha256, app.policy.projects)
    except ToolError as error:
        raise ResourceNotFoundError(str(error)) from error
    if found is None:
        raise ResourceNotFoundError(f"No script with the sha256 {sha256} is kept (any more).")
    with found[1] as script:
        return await to_thread.run_sync(_document, script)


async def archive_member(id: str, path: str, ctx: Call) -> str:  # noqa: A002
    """A text file in the archive of a load test, by its path there."""
    with await _found(app_of(ctx).k6.load_tests.download_script(_number(id))) as script:
        try:
            return (await to_thread.run_sync(text_bytes, script, path)).decode()
        except ScriptError as error:
            raise ResourceNotFoundError(str(error)) from error


async def load_test(id: str, ctx: Call) -> str:  # noqa: A002
    """A load test as JSON."""
    return _json(LoadTestRow.of(await _found(app_of(ctx).k6.load_tests.get(_number(id)))))


async def test_run(id: str, ctx: Call) -> str:  # noqa: A002
    """A test run as JSON."""
    return _json(TestRunDetails.of(await _found(app_of(ctx).k6.test_runs.get(_number(id)))))


async def test_run_script(id: str, ctx: Call) -> str | bytes:  # noqa: A002
    """The script as it was when a run started: JavaScript, or a k6 archive (.tar) as a blob."""
    with await _found(app_of(ctx).k6.test_runs.download_script(_number(id))) as script:
        return await to_thread.run_sync(_document, script)


async def audit() -> str:
    """The newest 50 guarded calls: who, what, who decided, and the outcome. Names and errors in it are data."""
    # The SDK hands no context to a resource without a variable: `read_audit` is read in its place.
    raise ResourceError("The audit is read by the server.")


async def read_audit(app: App) -> str:
    """The audit, as far as this caller may read it."""
    try:
        attempts = await app.audit.newest(_AUDITED_RECORDS)
    except OSError as error:
        raise ResourceError(f"The audit cannot be read: {error.strerror}.") from error
    rows = joined(visible_to(caller(), attempts, app.policy.projects), _AUDITED_CALLS)
    return escape_json(_ROWS.dump_json(rows, exclude_none=True, exclude={"__all__": {"preview"}}).decode())


def add_resources(server: MCPServer[App]) -> None:
    """Publish the templates of all documents."""
    server.resource(SCRIPT_URI, title="Script of a load test", mime_type=JAVASCRIPT)(load_test_script)
    server.resource(KEPT_SCRIPT_URI, title="Script before it was replaced", mime_type=JAVASCRIPT)(kept_script)
    server.resource(MEMBER_URI, title="File in a script archive", mime_type=JAVASCRIPT)(archive_member)
    server.resource(TEST_RUN_SCRIPT_URI, title="Script of a test run", mime_type=JAVASCRIPT)(test_run_script)
    server.resource(AUDIT_URI, title="Audit of guarded calls", mime_type="application/json")(audit)
    server.resource(LOAD_TEST_URI, title="Load test", mime_type="application/json")(load_test)
    server.resource(TEST_RUN_URI, title="Test run", mime_type="application/json")(test_run)


def mime_type_of(uri: str, content: str | bytes, declared: str | None) -> str | None:
    """Return the type of a document: a template can declare only one for all of its documents."""
    if isinstance(content, bytes):
        return ARCHIVE
    guessed, _ = mimetypes.guess_type(uri) if "/script/" in uri else (None, None)
    return guessed or declared


def _number(text: str) -> int:
    number = whole_number(text)
    if number is not None and number > 0:
        return number
    raise ResourceNotFoundError(f"{text[:40]!r} is not an id: ids are positive numbers.")


async def _found(answer: Awaitable[Result]) -> Result:
    """The answer of the API, with its failures as resource errors."""
    try:
        return await answer
    except NotFound as error:
        raise ResourceNotFoundError(advised(error)) from error
    except K6CloudError as error:
        raise ResourceError(advised(error)) from error


def _document(script: Script) -> str | bytes:
    """A script as a document, an archive without its secrets. Raises ResourceError for one that is too large."""
    if script.size > _LARGEST:
        raise ResourceError(
            f"The script has {script.size / MIB:.1f} MiB, too much for one document (limit {_LARGEST // MIB}). Read it "
            "in parts with download_load_test_script."
        )
    return script.text() if script.kind == "javascript" else b"".join(clean_chunks(script))


def _json(model: BaseModel) -> str:
    return escape_json(model.model_dump_json(exclude_none=True))
