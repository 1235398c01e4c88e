from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from k6_cloud.models import (
    CreateProject,
    LoadTest,
    MoveLoadTest,
    Page,
    PatchLoadTest,
    Project,
    Request,
    StartedTestRun,
    TestRun,
    ValidatedOptions,
    ValidateOptions,
)

LOAD_TEST = {
    "id": 1,
    "project_id": 2,
    "name": "smoke",
    "baseline_test_run_id": None,
    "created": "2024-12-03T09:53:00.553",
    "updated": "2024-12-03T09:53:00.553",
}
RUNNING = {
    "id": 1234,
    "test_id": 123,
    "project_id": 12,
    "started_by": "user@example.com",
    "created": "2024-06-01T19:00:00Z",
    "ended": None,
    "cost": {
        "total_vuh": 6.75,
        "breakdown": {
            "protocol_vuh": 6.75,
            "browser_vuh": 0,
            "base_total_vuh": 10,
            "reduction_rate": 32.5,
            "reduction_rate_breakdown": {"volume": 10, "local_run": 25},
        },
    },
    "k6_dependencies": {"k6": ">=v0.52"},
    "k6_versions": {"k6": "v0.56.0"},
    "note": "",
    "retention_expiry": "2024-07-01T19:30:30Z",
    "distribution": [{"load_zone": "amazon:us:ashburn", "percent": 100}],
    "options": {"stages": [{"duration": "10m", "target": 10}]},
    "result": None,
    "result_details": None,
    "status": "running",
    "status_details": {"type": "running", "entered": "2024-06-01T19:00:20Z"},
    "status_history": [{"type": "created", "entered": "2024-06-01T19:00:00Z"}],
    "max_vus": 10,
    "max_browser_vus": 0,
    "estimated_duration": 1800,
    "execution_duration": 600,
    "is_starred": False,
}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-12-03T09:53:00.553", datetime(2024, 12, 3, 9, 53, 0, 553_000, tzinfo=UTC)),
        ("2024-12-03T09:53:58.984041Z", datetime(2024, 12, 3, 9, 53, 58, 984_041, tzinfo=UTC)),
        ("2024-12-03T09:53:00+02:00", datetime(2024, 12, 3, 7, 53, tzinfo=UTC)),
    ],
)
def test_dates_are_utc_with_and_without_a_zone(text: str, moment: datetime):
    created = LoadTest.model_validate(LOAD_TEST | {"created": text}).created

    assert created == moment
    assert created.tzinfo == UTC


def test_a_load_test_may_come_with_or_without_a_k6_version():
    assert LoadTest.model_validate(LOAD_TEST).k6_version is None
    assert LoadTest.model_validate(LOAD_TEST | {"k6_version": 3}).k6_version == 3


def test_fields_that_a_response_does_not_know_are_ignored():
    assert not hasattr(LoadTest.model_validate(LOAD_TEST | {"news": 1}), "news")


def test_a_running_test_run_has_a_cost_and_no_result():
    run = TestRun.model_validate(RUNNING)

    assert run.result is None
    assert not run.is_final
    assert run.cost is not None
    assert run.cost.total_vuh == 6.75
    assert run.distribution is not None
    assert run.distribution[0].percent == 100


def test_a_run_as_older_deployments_send_it_is_read():
    newer = {"max_vus", "max_browser_vus", "estimated_duration", "execution_duration", "is_starred"}

    run = TestRun.model_validate({name: value for name, value in RUNNING.items() if name not in newer})

    assert (run.max_vus, run.estimated_duration, run.execution_duration, run.is_starred) == (
        None,
        None,
        0,
        False,
    )


def test_a_run_aborted_before_validation_has_neither_options_nor_cost():
    extra = {"by_user": None, "message": "Script exception.", "code": 8030}
    run = TestRun.model_validate(
        RUNNING
        | {
            "cost": None,
            "options": None,
            "max_vus": None,
            "status": "aborted",
            "status_details": {"type": "aborted", "entered": "2024-06-01T19:00:20Z", "extra": extra},
            "result": "error",
            "result_details": {"type": "error", "message": "Script exception.", "code": 8030},
        }
    )

    assert run.is_final
    assert run.options is None
    assert run.status_details.extra is not None
    assert run.status_details.extra.code == 8030
    assert run.result_details is not None
    assert run.result_details.message == "Script exception."


@pytest.mark.parametrize(
    ("status", "final"),
    [("created", False), ("processing_metrics", False), ("completed", True), ("aborted", True)],
)
def test_a_run_is_final_once_it_is_completed_or_aborted(status: str, final: bool):
    assert TestRun.model_validate(RUNNING | {"status": status}).is_final is final


def test_a_started_run_names_the_page_that_shows_it():
    url = "https://example.grafana.net/a/k6-app/runs/1234"

    assert (
        StartedTestRun.model_validate(RUNNING | {"test_run_details_page_url": url}).test_run_details_page_url
        == url
    )
    assert StartedTestRun.model_validate(RUNNING).test_run_details_page_url is None


def test_vuh_arrive_as_numbers_or_strings():
    breakdown = {"protocol_vuh": "6.75", "browser_vuh": 0, "base_total_vuh": "10", "reduction_rate": "32.5"}

    priced = ValidatedOptions.model_validate(
        {"vuh_usage": 6.75, "breakdown": breakdown | {"reduction_rate_breakdown": {"volume": "10"}}}
    )

    assert priced.breakdown.protocol_vuh == 6.75
    assert priced.breakdown.base_total_vuh == 10.0
    assert priced.breakdown.reduction_rate_breakdown == {"volume": 10.0}


def test_a_price_without_reductions_has_no_breakdown_of_them():
    breakdown = {"protocol_vuh": 1, "browser_vuh": 0, "base_total_vuh": 1, "reduction_rate": 0}

    priced = ValidatedOptions.model_validate(
        {"vuh_usage": 1, "breakdown": breakdown | {"reduction_rate_breakdown": None}}
    )

    assert priced.breakdown.reduction_rate_breakdown is None


def test_a_page_has_items_and_perhaps_a_total_and_a_link():
    page = Page[LoadTest].model_validate({"value": [LOAD_TEST], "@count": 123, "@nextLink": "http://x/y"})
    last = Page[LoadTest].model_validate({"value": []})

    assert (page.value[0].name, page.count, page.next_link) == ("smoke", 123, "http://x/y")
    assert (last.count, last.next_link) == (None, None)


def test_a_project_may_come_without_labels():
    project: dict[str, Any] = {
        "id": 1,
        "name": "Default project",
        "is_default": True,
        "grafana_folder_uid": None,
        "created": "2024-12-03T09:53:00Z",
        "updated": "2024-12-03T09:53:00Z",
    }

    assert Project.model_validate(project).labels == {}
    assert Project.model_validate(project | {"labels": {"team": "web"}}).labels == {"team": "web"}


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (PatchLoadTest, {"name": "a"}),
        (MoveLoadTest, {"project_id": 1}),
        (CreateProject, {"name": "a"}),
        (ValidateOptions, {"options": {"any": {"k6": "key"}}}),
    ],
)
def test_a_request_refuses_a_field_it_does_not_have(model: type[Request], fields: dict[str, Any]):
    model.model_validate(fields)

    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(fields | {"nmae": "a"})


@pytest.mark.parametrize("name", ["", "x" * 301, None])
def test_a_test_name_has_1_to_300_characters(name: str | None):
    PatchLoadTest.model_validate({"name": "x" * 300})

    with pytest.raises(ValidationError):
        PatchLoadTest.model_validate({"name": name})


def test_a_patch_can_set_the_k6_version_to_nothing():
    assert PatchLoadTest(k6_version=None).model_dump(exclude_unset=True) == {"k6_version": None}
    assert PatchLoadTest(name="a").model_dump(exclude_unset=True) == {"name": "a"}
