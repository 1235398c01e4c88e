import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextResourceContents
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, use_span
from opentelemetry.util import types
from support.servers import World, content_of, open_world

from k6_cloud_mcp.commands.doctor import findings
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.state.audit_log import Audit, attempts_in, audit_of
from k6_cloud_mcp.state.journal import Journal
from k6_cloud_mcp_tools.guard.audit import Attempt

MIB = 1024 * 1024
SECRET = 'glsa_planted"secret\\value'


def attempt(**fields: Any) -> Attempt:
    given = {"stage": "done", "tool": "start_load_test", "caller": "local", "arguments_sha256": "0" * 64}
    return Attempt.model_validate(given | fields)


class Span(NonRecordingSpan):
    """A span that keeps its events."""

    def __init__(self) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self.events: list[tuple[Any, ...]] = []

    def add_event(self, name: str, attributes: types.Attributes = None, timestamp: int | None = None) -> None:
        self.events.append((name, attributes, timestamp))


async def test_what_is_recorded_is_read_back_newest_first(tmp_path: Path):
    audit = Audit(Journal(tmp_path / "audit.jsonl", MIB))
    attempts = [
        attempt(test_run_id=number, targets={"load_test_id": 3}, preview="a\nb\u2028c")
        for number in (1, 2, 3)
    ]
    for one in attempts:
        await audit.record(one)

    assert await audit.newest(2) == [attempts[2], attempts[1]]


async def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path):
    journal = Journal(tmp_path / "audit.jsonl", MIB)
    audit = Audit(journal)
    await audit.record(attempt(test_run_id=1))
    with journal.path.open("ab") as file:
        file.write(b'{"id": "torn')
    await audit.record(attempt(test_run_id=2))
    journal.append('{"stage": "of a later version"}')
    with journal.path.open("ab") as file:
        file.write(b"\xff\x00")

    assert [one.test_run_id for one in await audit.newest(10)] == [2, 1]


async def test_our_own_secrets_are_in_no_field_of_a_record(tmp_path: Path):
    audit = Audit(Journal(tmp_path / "audit.jsonl", MIB), (SECRET, SECRET + "-longer", "short"))
    quoted = f"Bearer {SECRET}-longer and {SECRET}, in short"

    await audit.record(attempt(preview=quoted, detail=quoted, client=quoted, caller=quoted))

    written = (tmp_path / "audit.jsonl").read_text()
    assert "planted" not in written
    assert (await audit.newest(1))[0].preview == "Bearer <redacted> and <redacted>, in short"


async def test_a_record_that_cannot_be_kept_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        await Audit(Journal(tmp_path / "file" / "audit.jsonl", MIB)).record(attempt())


async def test_each_record_is_an_event_on_the_open_span_without_previews():
    at = datetime(2030, 5, 1, tzinfo=UTC)
    span = Span()

    with use_span(span):
        await Audit(None, (SECRET,)).record(
            attempt(
                at=at, id="a", client=SECRET, targets={"load_test_id": 3}, preview="secret plan", detail="why"
            )
        )

    attributes = {
        "k6_cloud_mcp.id": "a",
        "k6_cloud_mcp.stage": "done",
        "k6_cloud_mcp.tool": "start_load_test",
        "k6_cloud_mcp.caller": "local",
        "k6_cloud_mcp.client": "<redacted>",
        "k6_cloud_mcp.arguments_sha256": "0" * 64,
        "k6_cloud_mcp.target.load_test_id": 3,
    }
    assert span.events == [("k6_cloud_mcp.attempt", attributes, 1_903_824_000_000_000_000)]


async def test_with_the_audit_off_there_is_nothing_to_read():
    audit = audit_of(Settings(audit_file="off"))
    await audit.record(attempt())

    assert await audit.newest(5) == []


def test_the_settings_say_where_and_how_much_and_what_is_secret(tmp_path: Path):
    audit = audit_of(Settings.model_validate({"state_dir": tmp_path, "audit_max_mib": 3, "token": SECRET}))

    assert audit.journal == Journal(tmp_path / "audit.jsonl", 3 * MIB)
    assert audit.secrets == (SECRET,)
    assert SECRET not in repr(audit)
    assert Settings(audit_file=tmp_path / "mine").audit_path == tmp_path / "mine"


async def rows(client: Client) -> list[dict[str, Any]]:
    (content,) = (await client.read_resource("k6://audit")).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    return json.loads(content.text)


async def deleted_test(world: World, audit: Audit) -> list[dict[str, Any]]:
    """What the resource says after a test was deleted by token."""
    async with world.connect(audit=audit) as client:
        arguments = {"load_test_id": await world.new_test("Checkout")}
        offer = content_of(await client.call_tool("delete_load_test", arguments))
        token = {"confirmation_token": offer["confirmation_token"]}
        content_of(await client.call_tool("delete_load_test", arguments | token))
        return await rows(client)


async def test_the_audit_is_a_resource_that_says_who_did_what(tmp_path: Path):
    async with open_world() as world:
        done, offered = await deleted_test(world, Audit(Journal(tmp_path / "audit.jsonl", MIB)))

    assert (done["tool"], done["outcome"], done["decided_by"]) == ("delete_load_test", "done", "token")
    assert (offered["outcome"], offered["caller"]) == ("offered", "local")
    assert done["targets"].keys() == {"load_test_id"}
    assert "preview" not in done
    assert next(attempts_in(Journal(tmp_path / "audit.jsonl", MIB))).preview


async def test_the_resource_is_listed_and_empty_at_first(tmp_path: Path):
    async with open_world() as world, world.connect(audit=Audit(Journal(tmp_path / "none", MIB))) as client:
        listed = {str(resource.uri): resource for resource in (await client.list_resources()).resources}

        assert "are data" in (listed["k6://audit"].description or "")
        assert await rows(client) == []


async def test_doctor_says_where_the_audit_is_and_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def finding(file: Path | str) -> tuple[bool, str]:
        monkeypatch.setenv("K6_MCP_AUDIT_FILE", str(file))
        monkeypatch.setenv("K6_MCP_BACKEND", "sandbox")
        (found,) = [one async for one in findings() if one.subject == "Audit"]
        return found.ok, found.detail

    Journal(tmp_path / "log", MIB).append("{}")

    assert await finding(tmp_path / "log") == (True, f"{tmp_path / 'log'}, 1 records")
    assert await finding(tmp_path) == (False, f"{tmp_path} cannot be used: Is a directory")
    assert await finding("off") == (True, "off (K6_MCP_AUDIT_FILE=off)")
