"""Other people's text comes out of every tool, document, prompt, page, log and command with nothing in it that hides."""

import json
import logging
import os
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.client.context import ClientRequestContext
from mcp_types import (
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import BaseModel
from support.archives import tar_of
from support.sandbox_runs import finish
from support.secrets_search import Objects, calls
from support.servers import World, open_world

from k6_cloud.labels import NewLabelKey, NewProjectLabel
from k6_cloud.models import PatchLoadTest
from k6_cloud.test_runs import PatchTestRun
from k6_cloud_mcp.cli import main
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp.state.audit_log import audit_of
from k6_cloud_mcp.telemetry.json_logs import JsonFormatter
from k6_cloud_mcp.telemetry.logs import LineFormatter
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.storage.script_files import Backups
from k6_cloud_mcp_tools.toolsets import TOOLS

HIDDEN = "\x00\x07\x08\x1b\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041"
RAW = re.compile(f"[{HIDDEN}]")
PLANTED = f"Zz{HIDDEN}yy"
# A label may hold no blanks, and a name no NUL.
LABEL = "Zz\x1b\x07\x9b\u202e\u2066\u200f\U000e0041yy"
SCRIPT = f"""
import exec from 'k6/execution';
export const options = {{ vus: 1, iterations: 1, tags: {{ {json.dumps(LABEL)}: {json.dumps(LABEL)} }} }};
export default function () {{
  console.error({json.dumps(PLANTED)});
  exec.test.abort({json.dumps(PLANTED)});
}}
"""
BROKEN = f"throw new Error({json.dumps(PLANTED)});"
EXACT = {"download_load_test_script", "download_test_run_script"}


class Collected:
    """All texts that came out, by where."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def add(self, place: str, value: Any, without: tuple[str, ...] = ()) -> None:
        data = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
        self.texts.setdefault(place, []).extend(strings(data, without))

    def raw(self) -> dict[str, str]:
        """The places where something hides, with an example."""
        return {
            place: ascii(text) for place, texts in self.texts.items() for text in texts if RAW.search(text)
        }

    @property
    def spelled_out(self) -> int:
        return sum(r"\u202e" in text for texts in self.texts.values() for text in texts)


def strings(value: Any, without: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from strings(item, without)
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(key)  # pyright: ignore[reportUnknownArgumentType]
            if key not in without:
                yield from strings(item, without)


@pytest.fixture
async def world() -> AsyncGenerator[World, None]:
    async with open_world() as opened:
        yield opened


@asynccontextmanager
async def connected(world: World, out: Collected, *, asks: bool, **app: Any) -> AsyncGenerator[Client, None]:
    """A client that keeps the questions it is asked and the progress it is told."""

    @asynccontextmanager
    async def open_app() -> AsyncGenerator[App, None]:
        yield replace(world.app, **app)

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        out.add("question", params)
        return ElicitResult(action="decline")

    server = build_server(open_app, TOOLS, sandbox=True)
    async with Client(server, elicitation_callback=answer if asks else None, cache=None) as client:
        yield client


async def populate(world: World) -> Objects:
    """Objects whose every name and text is hostile, and a run that says more of the kind."""
    k6 = world.k6
    project = await k6.projects.create(PLANTED)
    await k6.labels.create([NewLabelKey(key=LABEL)])
    await k6.labels.set_of_project(project.id, [NewProjectLabel(key=LABEL, value=LABEL)])
    test = await world.new_test(PLANTED, SCRIPT, project.id)
    run = await finish(k6, await k6.load_tests.start(test))
    await k6.test_runs.update(run.id, PatchTestRun(note=PLANTED))
    other = await world.new_test("Other", BROKEN, project.id)
    await k6.load_tests.update(other, PatchLoadTest(name=f"{PLANTED} other"))
    label = next(key.id for key in (await k6.labels.list()).value if key.key == LABEL)
    return Objects(test=test, run=run.id, project=project.id, label=label)


def hostile(arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A call as it is, with hostile texts in place of each, and with an argument of a hostile name."""
    yield arguments
    yield {key: PLANTED if isinstance(value, str) else value for key, value in arguments.items()}
    yield arguments | {"script": BROKEN} if "script_path" not in arguments else arguments
    yield arguments | {PLANTED: PLANTED}


async def call_all(client: Client, out: Collected, at: Objects, archive: Path) -> None:
    async def note_progress(progress: float, total: float | None, message: str | None) -> None:
        out.add("progress", [progress, total, message])

    for name, arguments in calls(at, archive, archive):
        for given in hostile(arguments):
            result = await client.call_tool(name, given, progress_callback=note_progress)
            note(out, name, result)


def note(out: Collected, name: str, result: CallToolResult) -> None:
    out.add(f"text of {name}", [block.model_dump() for block in result.content])
    out.add(name, result.structured_content, ("text",) if name in EXACT else ())


async def read_all(client: Client, out: Collected, at: Objects) -> None:
    out.add("resources", await client.list_resources())
    templates = (await client.list_resource_templates()).resource_templates
    for template in [one.uri_template for one in templates]:
        for number in (str(at.test), str(at.run), "1%1B%E2%80%AE", "%C2%9B"):
            uri = (
                template.replace("{id}", number)
                .replace("{+path}", "a%1B%E2%80%AEb")
                .replace("{sha256}", "%E2%80%AE")
            )
            is_script = "/script" in template
            await noted(
                out, f"document {template}", ("text",) if is_script else (), client.read_resource, uri
            )
        reference = ResourceTemplateReference(uri=template)
        await noted(out, "completion", (), client.complete, reference, {"name": "id", "value": PLANTED})
    await noted(out, "audit", (), client.read_resource, "k6://audit")
    for prompt in (await client.list_prompts()).prompts:
        given = {argument.name: PLANTED for argument in prompt.arguments or []}
        for arguments in (given, {}, {PLANTED: PLANTED}):
            await noted(out, f"prompt {prompt.name}", (), client.get_prompt, prompt.name, arguments)
        reference = PromptReference(name=prompt.name)
        await noted(out, "completion", (), client.complete, reference, {"name": PLANTED, "value": PLANTED})
    for call in (client.get_prompt, client.call_tool):
        await noted(out, "unknown name", (), call, PLANTED)


async def noted(out: Collected, place: str, without: tuple[str, ...], call: Any, *arguments: Any) -> None:
    try:
        out.add(place, await call(*arguments), without)
    except MCPError as error:
        out.add(place, error.error)


@pytest.mark.parametrize("asks", [True, False])
async def test_no_answer_to_a_client_has_anything_that_hides(
    world: World, tmp_path: Path, asks: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("K6_MCP_AUDIT_FILE", str(tmp_path / "audit.jsonl"))
    at, out = await populate(world), Collected()
    archive = tmp_path / "a.tar"
    archive.write_bytes(
        tar_of({"metadata.json": json.dumps({"options": {"tags": {PLANTED: PLANTED}}}), "data": BROKEN, f"file/{LABEL}": ""})
    )  # fmt: skip
    more = {"audit": audit_of(Settings.load()), "kept_scripts": Backups(tmp_path / "kept", max_mib=1, days=1)}
    async with connected(world, out, asks=asks, **more) as client:
        await call_all(client, out, at, archive)
        await read_all(client, out, at)
    assert out.raw() == {}
    assert out.spelled_out > 100
    assert ("question" in out.texts) is asks


async def test_the_text_of_a_script_stays_exact(world: World):
    source = f"// {PLANTED}\n{SCRIPT}"
    test = await world.new_test("Exact", source)
    async with world.connect() as client:
        result = await client.call_tool("download_load_test_script", {"load_test_id": test})
        (document,) = (await client.read_resource(f"k6://load_tests/{test}/script")).contents
    assert result.structured_content
    assert result.structured_content["text"] == source
    text = result.content[0].model_dump()["text"]
    assert json.loads(text) == result.structured_content
    assert not RAW.search(text)
    assert document.model_dump()["text"] == source


async def test_no_page_of_the_sandbox_has_anything_that_hides(world: World):
    at, out = await populate(world), Collected()
    async with world.sandbox.http() as http:
        for path in ("/", f"/runs/{at.run}", "/runs/4711"):
            page = await http.get(path)
            out.add(path, page.text)
    assert out.raw() == {}
    assert r"\u202e" in out.texts["/"][0]
    assert r"\u202e" in out.texts[f"/runs/{at.run}"][0]


@pytest.mark.parametrize("formatter", [LineFormatter("%(levelname)s %(name)s: %(message)s"), JsonFormatter()])
def test_no_line_of_a_log_has_anything_that_hides_or_is_another(formatter: logging.Formatter):
    try:
        raise RuntimeError(PLANTED)
    except RuntimeError as error:
        failure = (RuntimeError, error, error.__traceback__)
    plain = logging.LogRecord("it", logging.INFO, "", 0, "called by %s\nINFO it: forged", (PLANTED,), None)
    failed = logging.LogRecord("it", logging.INFO, "", 0, "%s", (PLANTED,), failure)
    assert "\n" not in formatter.format(plain)
    for record in (plain, failed):
        assert r"\u202e" in formatter.format(record)
        assert not RAW.search(formatter.format(record))


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize(
    "command",
    [["audit"], ["audit", "--json"], ["audit", "--tool", PLANTED[3:]], ["doctor", "--client", PLANTED[3:]]],
)
def test_no_command_prints_anything_that_hides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    fields = ("caller", "client", "tool", "preview", "error")
    record = dict.fromkeys(fields, PLANTED) | {"id": "1", "at": "2030-01-01T00:00:00Z", "stage": "done"}
    (tmp_path / "audit.jsonl").write_text(json.dumps(record | {"arguments_sha256": "0"}) + "\n")
    monkeypatch.setenv("K6_MCP_AUDIT_FILE", str(tmp_path / "audit.jsonl"))
    monkeypatch.setenv("K6_SANDBOX_DIR", str(tmp_path / os.fsdecode("d\x1b\u202e".encode())))
    monkeypatch.setenv("K6_MCP_BACKEND", "sandbox")
    with pytest.raises(SystemExit):
        main(command)
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)
    assert re.search(r"\\(x00|u0000|u202e)", printed.out)
