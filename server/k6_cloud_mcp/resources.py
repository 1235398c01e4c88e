"""Readable documents: test scripts, load tests and test runs."""

import mimetypes
from collections.abc import Awaitable
from typing import TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from pydantic import BaseModel

from k6_cloud.archives import clean_chunks
from k6_cloud.errors import K6CloudError, NotFound, ScriptError
from k6_cloud.scripts import MIB, Script
from k6_cloud_mcp_tools.app import App, Call, app_of
from k6_cloud_mcp_tools.results import LoadTestRow, TestRunDetails
from k6_cloud_mcp_tools.scripts import text_bytes

SCRIPT_URI = "k6://load_tests/{id}/script"
MEMBER_URI = "k6://load_tests/{id}/script/{+path}"
LOAD_TEST_URI = "k6://load_tests/{id}"
TEST_RUN_URI = "k6://test_runs/{id}"
TEST_RUN_SCRIPT_URI = "k6://test_runs/{id}/script"
JAVASCRIPT = "text/javascript"
ARCHIVE = "application/x-tar"
_LARGEST = 8 * MIB

Result = TypeVar("Result")


async def load_test_script(id: str, ctx: Call) -> str | bytes:  # noqa: A002 - the name in the URI template
    """The k6 script of a load test: JavaScript, or a k6 archive (.tar) as a blob."""
    with await _found(app_of(ctx).k6.load_tests.download_script(_number(id))) as script:
        return _document(script)


async def archive_member(id: str, path: str, ctx: Call) -> str:  # noqa: A002
    """A text file in the archive of a load test, by its path there."""
    with await _found(app_of(ctx).k6.load_tests.download_script(_number(id))) as script:
        try:
            return text_bytes(script, path).decode()
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
        return _document(script)


def add_resources(server: MCPServer[App]) -> None:
    """Publish the templates of all documents."""
    server.resource(SCRIPT_URI, title="Script of a load test", mime_type=JAVASCRIPT)(load_test_script)
    server.resource(MEMBER_URI, title="File in a script archive", mime_type=JAVASCRIPT)(archive_member)
    server.resource(TEST_RUN_SCRIPT_URI, title="Script of a test run", mime_type=JAVASCRIPT)(test_run_script)
    server.resource(LOAD_TEST_URI, title="Load test", mime_type="application/json")(load_test)
    server.resource(TEST_RUN_URI, title="Test run", mime_type="application/json")(test_run)


def mime_type_of(uri: str, content: str | bytes, declared: str | None) -> str | None:
    """What a document really is: a template can declare only one type for all of its documents."""
    if isinstance(content, bytes):
        return ARCHIVE
    guessed, _ = mimetypes.guess_type(uri) if "/script/" in uri else (None, None)
    return guessed or declared


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < (number := int(text)) < 2**63:
        return number
    raise ResourceNotFoundError(f"{text!r} is not an id: ids are positive numbers.")


async def _found(answer: Awaitable[Result]) -> Result:
    """The answer of the API, with its failures as resource errors."""
    try:
        return await answer
    except NotFound as error:
        raise ResourceNotFoundError(str(error)) from error
    except K6CloudError as error:
        raise ResourceError(str(error)) from error


def _document(script: Script) -> str | bytes:
    """A script as a document, an archive without its secrets. Raises ResourceError for one that is too large."""
    if script.size > _LARGEST:
        raise ResourceError(
            f"The script has {script.size / MIB:.1f} MiB, too much for one document (limit {_LARGEST // MIB}). Read it "
            "in parts with download_load_test_script."
        )
    return script.text() if script.kind == "javascript" else b"".join(clean_chunks(script))


def _json(model: BaseModel) -> str:
    return model.model_dump_json(exclude_none=True)
