"""A real host for the views: headless Chromium with a page that bridges them to our server over HTTP."""

import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client
from playwright.async_api import ConsoleMessage, FrameLocator, Page, Request, ViewportSize, async_playwright
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from support.loopback import listening
from support.servers import content_of

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.transports import http_app

UI = Path(__file__).parent.parent.parent / "ui"
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_PAGE = """
<!doctype html><meta charset="utf-8"><title>host</title><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { width: 100%; border: 0; display: block }</style>
<script type="module" src="/host.js"></script>
"""
Theme = Literal["light", "dark"]
WIDE = ViewportSize(width=900, height=900)
NARROW = ViewportSize(width=360, height=900)


def require_node_modules() -> None:
    """Skip the test where the views cannot be built."""
    if not (UI / "node_modules").is_dir() or not shutil.which("node"):
        pytest.skip("The views' tools are not here: install Node.js and run `npm ci` in ui/.")


@dataclass
class HostPage:
    """A chat host in a browser. `complaints` are what the browser found wrong, `elsewhere` what left this machine."""

    page: Page
    client: Client
    complaints: list[str] = field(default_factory=list[str])
    elsewhere: list[str] = field(default_factory=list[str])

    def listen(self, address: str) -> None:
        """Note what the browser complains of, and whatever is not of `address`."""

        def requested(request: Request) -> None:
            if request.url.startswith("http") and not request.url.startswith(address):
                self.elsewhere.append(request.url)

        def said(line: ConsoleMessage) -> None:
            if line.type == "error":
                self.complaints.append(line.text)

        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", said)
        self.page.on("request", requested)

    @property
    def view(self) -> FrameLocator:
        """The view that is shown."""
        return self.page.frame_locator("iframe")

    async def call(self, tool: str, arguments: dict[str, Any], theme: Theme = "light") -> None:
        """Have the host call a tool, as a model would, and show its view; returns before the call has ended."""
        script = "([tool, args, theme]) => { void window.host.then((host) => host.call(tool, args, theme)) }"
        await self.page.emulate_media(color_scheme=theme)
        await self.page.evaluate(script, [tool, arguments, theme])
        await self.view.locator("main").wait_for()

    async def theme(self, theme: Theme) -> None:
        """Change the host's theme."""
        await self.page.evaluate("(theme) => window.host.then((host) => host.theme(theme))", theme)

    async def heard(self, what: Literal["links", "told", "calls"]) -> list[str]:
        """What the view asked of the host: links to open, words for the model, tools to call."""
        return await self.page.evaluate("(what) => window.host.then((host) => host.heard[what])", what)

    async def tool(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The content of a call that has no view."""
        return content_of(await self.client.call_tool(name, arguments))


@asynccontextmanager
async def open_host(viewport: ViewportSize = WIDE, **settings: Any) -> AsyncGenerator[HostPage, None]:
    """A host over a server of its own with an empty sandbox; keywords are settings of the server."""
    require_node_modules()
    if not _CHROMIUM:
        pytest.skip("There is no Chromium here: install `chromium` to test the views in a browser.")
    async with _served(**settings) as address, Client(f"{address}/mcp") as client, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        page = await browser.new_page(viewport=viewport)
        host = HostPage(page, client)
        host.listen(address)
        await page.goto(f"{address}/host")
        yield host
        await browser.close()


@asynccontextmanager
async def _served(**settings: Any) -> AsyncGenerator[str, None]:
    """The server and the host's page at one address; the value is that address."""
    app = http_app(Settings(backend="sandbox", **settings), "127.0.0.1")
    app.add_route("/host", _page)
    app.add_route("/host.js", _script)
    async with listening(app) as address:
        yield address


async def _page(_: HttpRequest) -> Response:
    return HTMLResponse(_PAGE)


async def _script(_: HttpRequest) -> Response:
    return Response(await anyio.to_thread.run_sync(_bundled), media_type="text/javascript")


@cache
def _bundled() -> bytes:
    command = ["node_modules/.bin/esbuild", "host/host.ts", "--bundle", "--format=esm", "--target=es2022"]
    return subprocess.run(command, cwd=UI, check=True, capture_output=True).stdout
