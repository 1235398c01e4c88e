from datetime import UTC, datetime, timedelta
from typing import Any

from k6_cloud_mcp.state.audit_rows import joined, visible_to
from k6_cloud_mcp_tools.guard.audit import Attempt, Stage

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


def attempt(id: str, stage: Stage, ago: float = 0, **fields: Any) -> Attempt:  # noqa: A002
    given = {"id": id, "stage": stage, "at": NOW - timedelta(seconds=ago), "arguments_sha256": "0" * 64}
    return Attempt.model_validate({"tool": "start_load_test", "caller": "local"} | given | fields)


def test_the_stages_of_a_call_are_one_row():
    records = [
        attempt("a", "done", 1, test_run_id=7),
        attempt("a", "begun", 2, decided_by="person", targets={"load_test_id": 3}),
        attempt("a", "asked", 30, client="claude 1", preview="Start Checkout", targets={"load_test_id": 3}),
    ]

    (row,) = joined(records, 5, NOW)

    assert row.model_dump(exclude_none=True, exclude={"targets"}) == {
        "id": "a",
        "at": NOW - timedelta(seconds=30),
        "caller": "local",
        "client": "claude 1",
        "tool": "start_load_test",
        "decided_by": "person",
        "outcome": "done",
        "test_run_id": 7,
        "preview": "Start Checkout",
    }


def test_interleaved_calls_are_told_apart_and_only_as_many_as_asked_for():
    records = [
        attempt("c", "done"),
        attempt("b", "failed"),
        attempt("c", "begun"),
        attempt("b", "begun"),
        attempt("a", "done"),
    ]

    assert [(row.id, row.outcome) for row in joined(records, 2, NOW)] == [("c", "done"), ("b", "failed")]
    assert joined(records, 0, NOW) == []


def test_a_call_without_an_end_is_unknown_once_nothing_can_be_under_way():
    assert joined([attempt("a", "begun", ago=5)], 1, NOW)[0].outcome == "under way"
    assert joined([attempt("a", "begun", ago=3600)], 1, NOW)[0].outcome == "unknown (the server ended)"


def test_a_caller_sees_its_own_attempts_and_the_local_user_sees_all():
    records = [attempt("a", "done", caller="app/alice"), attempt("b", "done", caller="app/bob")]

    assert visible_to("app/alice", records) == records[:1]
    assert visible_to("local", records) == records


def test_under_a_project_scope_an_attempt_is_told_only_if_all_its_projects_are_within():
    kinds = {"one": (1,), "both": (1, 2), "other": (2,), "unknown": None}
    records = [attempt(name, "done").model_copy(update={"projects": ids}) for name, ids in kinds.items()]
    assert [one.id for one in visible_to("local", records, frozenset({1}))] == ["one"]
    assert [one.id for one in visible_to("local", records, frozenset({1, 2}))] == ["one", "both", "other"]
    assert visible_to("local", records, frozenset()) == []
    assert visible_to("local", records) == records
