"""The browser module in a run: Chromium works, confined with k6, without /proc and shared memory of the machine."""

import json
import os
import shutil
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from support.loopback import listening

from k6_cloud.scripts.reach import Reach
from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.execution import execute
from k6_runner.limits import RunLimits

pytestmark = pytest.mark.skipif(
    not shutil.which("chromium", path=os.defpath),
    reason="There is no Chromium here: install `chromium` to test the browser module.",
)
_SCRIPT = """
import { browser } from 'k6/browser';
import { fail } from 'k6';
export const options = { scenarios: { ui: {
  executor: 'shared-iterations', iterations: 1, options: { browser: { type: 'chromium' } },
} } };
export default async function () {
  const page = await browser.newPage();
  const seen = {};
  for (const url of PAGES) {
    try { await page.goto(url, { timeout: 10000 }); seen[url] = await page.content(); } catch (e) { seen[url] = 'refused'; }
  }
  await page.close();
  await fetch(seen);
}
"""


async def _seen(k6: K6, pages: list[str]) -> dict[str, str]:
    """The content of pages as a browser in a run shows them; it is posted to a server of this test."""
    posted: list[bytes] = []

    async def receive(request: Request) -> Response:
        posted.append(await request.body())
        return Response()

    async def page(_: Request) -> Response:
        return HTMLResponse("<title>Shop</title><p>Open</p>")

    app = Starlette(routes=[Route("/seen", receive, methods=["POST"]), Route("/", page)])
    async with listening(app) as url:
        post = f"const fetch = (seen) => http.post('{url}/seen', JSON.stringify(seen));"
        source = (
            f"import http from 'k6/http'; const PAGES = {json.dumps([f'{url}/', *pages])}; {post} {_SCRIPT}"
        )
        with anyio.fail_after(100), Script.from_chunks([source.encode()]) as script:
            reach = Reach(("127.0.0.1",), None, frozenset(), (), (), browser=True)
            outcome = await execute(
                k6, script, RunLimits(), {}, reach, stop=anyio.Event(), started=lambda: None
            )
        assert (outcome.result, outcome.message) == ("passed", None), outcome.message
        return {page.replace(f"{url}/", "shop"): text for page, text in json.loads(posted[0]).items()}


@pytest.mark.timeout(240)
async def test_a_browser_shows_pages_and_no_file_of_the_machine(each_k6: K6, tmp_path: Path):
    key = tmp_path / "id_rsa"
    key.write_text("PRIVATE")
    before = {path.name for path in Path("/dev/shm").iterdir()}
    files = [
        f"file://{key}",
        "file:///etc/passwd",
        f"file:///proc/{os.getpid()}/cmdline",
        "file:///proc/self/environ",
    ]
    seen = await _seen(each_k6, files)
    assert "<p>Open</p>" in seen["shop"]
    for file in files:
        content = seen[file]
        assert "PRIVATE" not in content
        assert "root:" not in content
        assert content == "refused" or "ERR_ACCESS_DENIED" in content or "ERR_FILE_NOT_FOUND" in content
    assert {path.name for path in Path("/dev/shm").iterdir()} <= before
