from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from support.sandbox_runs import finish, reach, start

from k6_cloud.client import K6Cloud
from k6_cloud.limits import PatchProjectLimits
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.confinement.landlock import landlock_version

SLEEPY = """
import { sleep } from 'k6';
export const options = { vus: 2, duration: '60s' };
export default function () { sleep(30); }
"""


@pytest.fixture
async def k6() -> AsyncGenerator[K6Cloud, None]:
    settings = SandboxSettings(dir=":memory:", max_vus=20, max_duration=100)
    async with open_sandbox(settings) as sandbox, sandbox.http() as http:
        yield K6Cloud(http)


async def test_a_run_goes_through_all_statuses_to_its_result(k6: K6Cloud):
    source = """
        export const options = {
          scenarios: { a: { executor: 'constant-vus', vus: 3, duration: '1s', gracefulStop: '0s' } },
          thresholds: { checks: ['rate==1'] },
          cloud: { token: 's3cr3t', distribution: { x: { loadZone: 'amazon:us:ashburn', percent: 100 } } },
        };
        export default function () { (() => { for (const end = Date.now() + 50; Date.now() < end;); })(); }
    """
    run = await finish(k6, await start(k6, source))

    assert [status.type for status in run.status_history] == [
        "created",
        "queued",
        "initializing",
        "running",
        "processing_metrics",
        "completed",
    ]
    assert (run.status, run.result, run.max_vus, run.max_browser_vus) == ("completed", "passed", 3, 0)
    assert (run.estimated_duration, run.started_by) == (1, "sandbox@localhost")
    assert run.execution_duration in (1, 2, 3)
    assert run.k6_versions["k6"].startswith("v")
    assert run.cost
    assert run.cost.total_vuh == 0.05
    assert run.options
    assert run.options["cloud"]["token"] == "<redacted>"
    assert run.distribution
    assert run.distribution[0].load_zone == "amazon:us:ashburn"
    assert run.ended


async def test_options_are_shown_as_they_were_written(k6: K6Cloud):
    source = "export const options = { vus: 2, duration: '1s' }; export default function () {}"
    run = await finish(k6, await start(k6, source.replace("{}", "{ new Date(); }")))

    assert run.options
    assert {"vus": 2, "duration": "1s"}.items() <= run.options.items()
    assert "scenarios" not in run.options


async def test_crossed_thresholds_fail_a_run(k6: K6Cloud):
    source = """
        import { check } from 'k6';
        export const options = { thresholds: { checks: ['rate==1'] } };
        export default function () { check(1, { never: () => false }); }
    """
    run = await finish(k6, await start(k6, source))

    assert (run.status, run.result) == ("completed", "failed")
    assert run.result_details
    assert "checks rate==1" in (run.result_details.message or "")


async def test_a_broken_script_is_found_after_the_start(k6: K6Cloud):
    run = await finish(k6, await start(k6, "this is no script"))

    assert (run.status, run.result) == ("aborted", "error")
    assert [status.type for status in run.status_history] == ["created", "queued", "initializing", "aborted"]
    assert run.result_details
    assert run.result_details.code == 8035
    assert "Unexpected identifier" in (run.result_details.message or "")
    assert run.status_details.extra
    assert run.status_details.extra.by_user is None
    assert (run.cost, run.options, run.max_vus) == (None, None, None)


async def test_a_script_cannot_read_files_of_the_machine_that_runs_it(k6: K6Cloud, tmp_path: Path):
    private = tmp_path / "private.txt"
    private.write_text("s3cr3t")
    source = f"const text = open('{private}'); export default function () {{ throw new Error(text) }}"
    run = await finish(k6, await start(k6, source))
    assert (run.status, run.result) == ("aborted", "error")
    assert run.result_details
    assert "private.txt" in (run.result_details.message or "")
    assert "s3cr3t" not in run.model_dump_json()


@pytest.mark.skipif(landlock_version() < 1, reason="Only Linux can hold a process to a directory.")
async def test_a_script_cannot_write_files_of_the_machine_that_runs_it(k6: K6Cloud, tmp_path: Path):
    summary = f"export function handleSummary() {{ return {{ '{tmp_path}/out.txt': 'x' }} }}"
    run = await finish(k6, await start(k6, f"export default function () {{}} {summary}"))
    assert (run.status, run.result) == ("completed", "passed")
    assert run.result_details
    assert "permission denied" in (run.result_details.message or "")
    assert not (tmp_path / "out.txt").exists()


async def test_a_test_without_script_cannot_run(k6: K6Cloud):
    run = await finish(k6, await start(k6, None))

    assert run.result_details
    assert "has no script" in (run.result_details.message or "")


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        ("{ vus: 21, duration: '1s' }", "K6_SANDBOX_MAX_VUS"),
        ("{ vus: 1, duration: '101s' }", "K6_SANDBOX_MAX_DURATION"),
    ],
)
async def test_a_run_past_the_caps_does_not_begin(k6: K6Cloud, options: str, setting: str):
    source = f"export const options = {options}; export default function () {{}}"
    run = await finish(k6, await start(k6, source))

    assert (run.status, run.result, run.execution_duration) == ("aborted", "error", 0)
    assert run.result_details
    assert setting in (run.result_details.message or "")


async def test_a_script_that_ends_with_its_iterations_is_within_the_cap_of_time(k6: K6Cloud):
    run = await finish(k6, await start(k6, "export default function () {}"))

    assert (run.status, run.result, run.estimated_duration) == ("completed", "passed", 600)


async def test_a_running_test_is_aborted_by_the_user(k6: K6Cloud):
    run = await reach(k6, await start(k6, SLEEPY), "running")
    estimate = run.cost

    await k6.test_runs.abort(run.id)
    run = await finish(k6, run)

    assert (run.status, run.result) == ("aborted", "error")
    assert run.status_details.extra
    assert run.status_details.extra.by_user == "sandbox@localhost"
    assert estimate
    assert run.cost
    assert (estimate.total_vuh, run.cost.total_vuh) == (0.033333, 0.033333)
    assert run.execution_duration < 60


async def test_runs_wait_for_each_other(k6: K6Cloud):
    first = await reach(k6, await start(k6, SLEEPY, "first"), "running")
    second = await reach(k6, await start(k6, "export default function () {}", "second"), "queued")

    await k6.test_runs.abort(first.id)

    assert (await finish(k6, second)).result == "passed"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("{ vus: 3, duration: '1s' }", "vu_max_per_test"),
        ("{ vus: 1, duration: '3s' }", "duration_max_per_test"),
        (
            "{ duration: '1s', cloud: { distribution: { a: { loadZone: 'moon', percent: 100 } } } }",
            "'moon' is unknown",
        ),
    ],
)
async def test_a_run_that_its_project_forbids_does_not_begin(k6: K6Cloud, options: str, reason: str):
    await k6.limits.update(1, PatchProjectLimits(vu_max_per_test=2, duration_max_per_test=2))
    run = await finish(k6, await start(k6, f"export const options = {options}; export default () => {{}};"))

    assert (run.status, run.result, run.cost, run.options) == ("aborted", "error", None, None)
    assert run.result_details
    assert reason in (run.result_details.message or "")


async def test_the_estimate_of_a_run_under_way_counts_against_the_month():
    settings = SandboxSettings(dir=":memory:", max_concurrent_runs=2)
    source = SLEEPY.replace("vus: 2", "vus: 50").replace("60s", "61s")
    async with open_sandbox(settings) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        await k6.limits.update(1, PatchProjectLimits(vuh_max_per_month=3))
        first = await reach(k6, await start(k6, source, "first"), "running")
        second = await finish(k6, await start(k6, source, "second"))
        await k6.test_runs.abort(first.id)

    assert first.cost
    assert first.cost.total_vuh == 1.666667
    assert second.result_details
    assert "has used 1.67 this month" in (second.result_details.message or "")


async def test_without_k6_a_run_says_how_to_install_it(tmp_path: Path):
    settings = SandboxSettings(dir=":memory:", k6_path=str(tmp_path / "k6"))
    async with open_sandbox(settings) as sandbox, sandbox.http() as http:
        assert sandbox.k6 is None
        run = await finish(K6Cloud(http), await start(K6Cloud(http), "export default function () {}"))

    assert (run.status, run.result) == ("aborted", "error")
    assert run.result_details
    assert "grafana.com/docs/k6" in (run.result_details.message or "")
    assert "K6_PATH" in (run.result_details.message or "")
