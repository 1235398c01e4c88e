"""`k6-cloud-mcp demo`: the main job, driven by a real MCP client over stdio, on a sandbox of its own."""

import os
import shutil
import sys
import textwrap
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import click
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from k6_cloud.planning.charge import vuh_text
from k6_cloud.safe_text import one_line
from k6_cloud_mcp.telemetry.exception_groups import first_of
from k6_cloud_mcp.terminal import echo, styled

_OPTIONS = {
    "stages": [
        {"duration": "3s", "target": 5},
        {"duration": "5s", "target": 5},
        {"duration": "2s", "target": 0},
    ]
}
_SECONDS = 11


class DemoFailed(Exception):
    """A step did not do what it should; the message is for the person watching."""


async def run_demo() -> int:
    """Create, price, start, watch and read a load test. Returns the exit code: 0 when the run passed."""
    try:
        return await _run()
    except* (DemoFailed, MCPError) as failures:
        reason = str(first_of(failures))
    echo(styled("\nThe demo stopped:", fg="red", bold=True), f" {reason} Try `k6-cloud-mcp doctor`.")
    return 1


async def _run() -> int:
    with _sandbox_of_its_own() as (server, log):
        async with Client(stdio_client(server, errlog=log), elicitation_callback=_answer) as client:
            return await _Demo(client).run()


@contextmanager
def _sandbox_of_its_own() -> Generator[tuple[StdioServerParameters, TextIO], None, None]:
    """The parameters of a server on a sandbox that is removed with the demo, and the file of its log."""
    with (
        TemporaryDirectory(prefix="k6-cloud-mcp-demo-") as folder,
        Path(folder, "server.log").open("w") as log,
    ):
        env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": folder}
        yield StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env), log


class _Demo:
    """The steps of the main job, each told to the person watching."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def run(self) -> int:
        tools = (await self._client.list_tools()).tools
        _say(f"Connected over stdio: {len(tools)} tools, no account, the sandbox answers.")
        test = await self._call("create_load_test", name="Demo: browse the shop", script=_script())
        _say(f"Created load test {test['id']} {test['name']!r}.")
        price = await self._call("validate_options", options=_OPTIONS)
        _say(
            f"Priced it: {vuh_text(price['vuh_usage'])} VUh in Grafana Cloud; on the sandbox nothing is charged."
        )
        started = await self._call("start_load_test", load_test_id=test["id"])
        run_id = started["result"]["test_run_id"]
        _say(f"Started run {run_id}, confirmed by {started['confirmed_by']}. k6 is running:")
        run = await self._watch(run_id)
        return _conclude(run)

    async def _watch(self, run_id: int) -> dict[str, Any]:
        """Wait with a live bar. A run that outlasts one wait is waited for again, as a model would do."""
        bar: Any
        with click.progressbar(length=_SECONDS, show_eta=False, width=10, item_show_func=_fitting) as bar:

            async def show(progress: float, total: float | None, message: str | None) -> None:
                del total
                bar.update(max(0, min(round(progress), _SECONDS) - bar.pos), message)

            while True:
                result = await self._client.call_tool(
                    "wait_for_test_run", {"test_run_id": run_id}, progress_callback=show
                )
                run = _content("wait_for_test_run", result)
                if "ended" in run:
                    bar.update(_SECONDS - bar.pos, f"Run {run_id} is {run['status']}.")
                    return run

    async def _call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return _content(tool, await self._client.call_tool(tool, arguments))


def _conclude(run: dict[str, Any]) -> int:
    passed = run.get("result") == "passed"
    result = styled(run.get("result", run["status"]), fg="green" if passed else "red", bold=True)
    _say(
        "Result: ",
        result,
        f" after {run['seconds']} s with up to {run.get('max_vus', 0)} VUs. {run.get('verdict', '')}",
    )
    if passed:
        echo(
            "\nNext: add the server to your AI host (README, “Add it to your host”), or look at runs with ",
            styled("k6-cloud-mcp sandbox", bold=True),
            ".",
        )
    return 0 if passed else 1


def _fitting(message: str | None) -> str:
    """A message cut to what is left of the line: a bar that wraps would leave its pieces behind."""
    return one_line(message or "")[: max(0, shutil.get_terminal_size().columns - 24)]


def _say(*parts: str) -> None:
    echo(styled("•", fg="cyan", bold=True), " ", *parts)


async def _answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    del context
    _say("The server asks before it starts anything:")
    echo(styled(textwrap.indent(params.message, "    "), dim=True))
    echo("    The demo answers for you: ", styled("go ahead", bold=True), ".")
    return ElicitResult(action="accept", content={"decision": "go ahead"})


def _content(tool: str, result: CallToolResult) -> dict[str, Any]:
    if result.is_error or result.structured_content is None:
        text = " ".join(block.text for block in result.content if isinstance(block, TextContent))
        raise DemoFailed(f"{tool}: {text}")
    return result.structured_content


def _script() -> str:
    return files("k6_cloud_mcp.commands").joinpath("demo_script.js").read_text("utf-8")
