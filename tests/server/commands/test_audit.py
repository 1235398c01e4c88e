import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k6_cloud_mcp.cli import main
from k6_cloud_mcp.commands.audit import show_audit, table
from k6_cloud_mcp.state.audit_rows import AuditRow
from k6_cloud_mcp.state.journal import Journal
from k6_cloud_mcp_tools.guard.audit import Attempt

pytestmark = pytest.mark.usefixtures("logging_as_before")

AT = datetime(2030, 5, 1, 12, tzinfo=UTC)
ROW = AuditRow(
    id="a",
    at=AT,
    caller="local",
    client="claude-code 2.1.0",
    tool="start_load_test",
    targets={"load_test_id": 3, "project_id": 12},
    decided_by="person",
    outcome="done",
    test_run_id=152779,
)


def plain(lines: list[list[str]]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", "".join(line)) for line in lines]


def write(path: Path, *attempts: dict[str, Any]) -> None:
    for fields in attempts:
        given = {"stage": "done", "tool": "start_load_test", "caller": "local", "arguments_sha256": "0"}
        Journal(path, 1_000_000).append(Attempt.model_validate(given | fields).model_dump_json())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["audit", *arguments])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


def test_a_row_says_it_all_in_120_columns():
    when = f"{AT.astimezone():%Y-%m-%d %H:%M:%S}"

    assert plain(table([ROW], 120)) == [
        "WHEN                 WHO    CLIENT             TOOL             TARGETS                  BY      OUTCOME  RUN",
        f"{when}  local  claude-code 2.1.0  start_load_test  load_test 3, project 12  person  done     152779",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_is_never_wider_than_the_terminal(width: int):
    row = ROW.model_copy(
        update={"client": "c" * 200, "caller": "client/" + "s" * 99, "outcome": "unknown (the server ended)"}
    )

    lines = plain(table([row, ROW], width))

    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert "…" in lines[1]


def test_names_cannot_move_the_cursor():
    lines = plain(table([ROW.model_copy(update={"client": "a\x1b[2Jb\r\u202ec"})], 120))

    assert r"a\x1b[2Jb\r\u202ec" in lines[1]


def test_the_command_prints_a_table_without_colours_where_nobody_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write(
        tmp_path / "a",
        {"id": "1", "stage": "begun", "at": AT - timedelta(days=9999)},
        {"id": "2", "test_run_id": 5},
    )

    code, out, _ = run(capsys, "--file", str(tmp_path / "a"))

    assert code == 0
    assert "\x1b" not in out
    heading, newest, oldest = out.splitlines()
    assert heading.startswith("WHEN")
    assert newest.endswith("done                        5")
    assert oldest.endswith("unknown (the server ended)")


def test_the_command_can_choose_a_tool_and_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write(tmp_path / "a", *({"id": str(number), "tool": f"tool_{number % 2}"} for number in range(6)))

    _, out, _ = run(capsys, "--file", str(tmp_path / "a"), "--tool", "tool_1", "--limit", "2", "--json")

    assert [row["id"] for row in json.loads(out)] == ["5", "3"]


def test_json_has_previews_and_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write(tmp_path / "a", {"preview": "Start it", "detail": "why"})

    (row,) = json.loads(run(capsys, "--file", str(tmp_path / "a"), "--json")[1])

    assert (row["preview"], row["detail"]) == ("Start it", "why")


def test_a_missing_and_an_empty_file_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "empty").touch()

    assert (
        "does not exist. It begins with the first guarded call."
        in run(capsys, "--file", str(tmp_path / "a"))[1]
    )
    assert run(capsys, "--file", str(tmp_path / "empty"))[1] == f"{tmp_path / 'empty'} has no records.\n"
    assert "no record of x" in run(capsys, "--file", str(tmp_path / "empty"), "--tool", "x")[1]


def test_what_cannot_be_read_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code, _, err = run(capsys, "--file", str(tmp_path))

    assert code == 1
    assert "cannot be read" in err


def test_an_audit_that_is_off_is_said_and_a_file_can_still_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("K6_MCP_AUDIT_FILE", "off")
    write(tmp_path / "a", {"id": "1"})

    assert show_audit(limit=5, tool=None, as_json=False, file=None) == 1
    assert "K6_MCP_AUDIT_FILE=off" in capsys.readouterr().err
    assert show_audit(limit=5, tool=None, as_json=False, file=tmp_path / "a") == 0
