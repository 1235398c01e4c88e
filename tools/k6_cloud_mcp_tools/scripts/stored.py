"""The script that a load test has, and keeping it before it is lost."""

from collections.abc import Generator
from contextlib import contextmanager

from k6_cloud.client import K6Cloud
from k6_cloud.errors import NotFound, ScriptError
from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.advice import advised
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.results import ScriptFacts
from k6_cloud_mcp_tools.scripts.given import facts
from k6_cloud_mcp_tools.storage.kept_scripts import CannotKeep


async def stored_script(k6: K6Cloud, load_test_id: int) -> Script | None:
    """The script of a load test; None when it has none. Raises NotFound when there is no such test."""
    try:
        return await k6.load_tests.download_script(load_test_id)
    except NotFound:
        await k6.load_tests.get(load_test_id)
        return None


async def script_to_lose(app: App, load_test_id: int) -> ScriptFacts | None:
    """The script that a delete takes along; None if there is none, or none is kept. Raises CannotKeep if it cannot be."""
    if not app.kept_scripts.days:
        return None
    with refusing_to_lose():
        stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        return None
    with stored:
        await app.kept_scripts.check(stored)
        return facts(stored)


async def keep_script_of(app: App, load_test_id: int, project_id: int) -> ScriptFacts | None:
    """Keep the script of a test that is to be deleted; None if it has none, or none is kept. Raises CannotKeep."""
    if not app.kept_scripts.days:
        return None
    with refusing_to_lose():
        stored = await stored_script(app.k6, load_test_id)
    if stored is None:
        return None
    with stored:
        return facts(stored) if await app.kept_scripts.keep(stored, project_id) else None


@contextmanager
def refusing_to_lose() -> Generator[None, None, None]:
    """Turn the failure to read a script that is to be kept into CannotKeep."""
    try:
        yield
    except ScriptError as error:
        raise CannotKeep(advised(error)) from error


def describe(script: Script | ScriptFacts) -> str:
    """A script in a preview: enough to know it again."""
    return f"{script.kind}, {script.size} bytes, sha256 {script.sha256[:16]}"
