import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from k6_cloud.client import K6Cloud
from k6_cloud.schedules import CreateSchedule, Cron
from k6_cloud.scripts.script import Script
from k6_cloud_sandbox.engine.scheduler import Scheduler
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
from k6_cloud_sandbox.store.paging import Slice
from k6_cloud_sandbox.store.store import Store

NOON = datetime(2030, 5, 6, 12, tzinfo=UTC)


async def test_a_scheduled_test_really_runs_and_its_schedule_expires():
    async with open_sandbox(SandboxSettings(dir=":memory:")) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        with Script.from_chunks([b"export default function () {}"]) as script:
            test = await k6.load_tests.create(1, "nightly", script)
        schedule = await k6.schedules.create(
            test.id, CreateSchedule(starts=datetime.now(UTC) + timedelta(seconds=1))
        )
        with anyio.fail_after(20):
            while not (runs := (await k6.load_tests.list_runs(test.id)).value) or not runs[0].is_final:
                await anyio.sleep(0.05)

        assert [(run.result, run.started_by) for run in runs] == [("passed", "sandbox@localhost")]
        assert runs[0].created >= schedule.starts
        assert (await k6.schedules.get(schedule.id)).next_run is None


async def test_starts_missed_while_the_sandbox_was_closed_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    woken = anyio.Event()
    before = Store(tmp_path / "a.db", clock=lambda: NOON)
    test = before.load_tests.create(before.projects.create("p").id, "a")
    hourly = CreateSchedule(starts=NOON, cron=Cron(schedule="@hourly", time_zone="UTC"))
    before.schedules.set(test.id, hourly)
    before.close()

    after = Store(tmp_path / "a.db", clock=lambda: NOON + timedelta(days=1, seconds=1))
    async with Scheduler(after, woken.set).running():
        with anyio.fail_after(10):
            await woken.wait()
    runs = after.runs.list(Slice()).items
    after.close()

    assert f"Scheduled starts of load test {test.id} from 2030-05-06T13:00:00" in caplog.text
    assert [run.note.startswith("Scheduled starts from 2030-05-06T13:00") for run in runs] == [True]
