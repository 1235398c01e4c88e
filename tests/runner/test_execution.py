import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.reach import to_port

from k6_cloud.scripts.reach import NOTHING, Reach
from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.execution import execute
from k6_runner.limits import RunLimits
from k6_runner.outcome import Check, Outcome, Threshold

_ENDLESS = "export const options = { vus: 1, duration: '1m' }; "
_SLEEPER = "import { sleep } from 'k6'; " + _ENDLESS + "export default function () { sleep(30) }"


class _Run:
    """A run of JavaScript source by the real k6; `started` counts the calls."""

    def __init__(
        self,
        k6: K6,
        source: str,
        limits: RunLimits | None = None,
        env: Mapping[str, str] | None = None,
        reach: Reach = NOTHING,
    ):
        self.started = 0
        self.stop = anyio.Event()
        self.on_start: Callable[[], None] = lambda: None
        self._k6, self._source, self._limits, self._env = k6, source, limits or RunLimits(), env or {}
        self._reach = reach

    async def end(self) -> Outcome:
        with Script.from_chunks([self._source.encode()]) as script:
            return await execute(
                self._k6,
                script,
                self._limits,
                self._env,
                self._reach,
                stop=self.stop,
                started=self._note_start,
            )

    def _note_start(self) -> None:
        self.started += 1
        self.on_start()


async def _outcome(k6: K6, source: str, limits: RunLimits | None = None) -> Outcome:
    outcome = await _Run(k6, source, limits).end()
    assert "/k6-run-" not in (outcome.message or "")
    return outcome


def _state(outcome: Outcome) -> tuple[str, str, int | None]:
    return outcome.status, outcome.result, outcome.code


async def _printed(k6: K6, expression: str, **env: str) -> Any:
    """What an expression is worth inside a script."""
    source = (
        f"import exec from 'k6/execution'; export default () => exec.test.abort(JSON.stringify({expression}))"
    )
    message = (await _Run(k6, source, env=env).end()).message or ""
    return json.loads(message.removeprefix("test aborted: ").split(" at ")[0])


async def test_a_run_that_keeps_its_thresholds_passes(k6: K6):
    run = _Run(
        k6,
        """
        import { check, group } from 'k6';
        export const options = { iterations: 3, thresholds: { checks: ['rate>=0.5'] } };
        export default function () { group('shop', () => check(1, { 'is one': (x) => x === 1, 'is two': (x) => x === 2 })) }
        """,
    )
    outcome = await run.end()
    assert _state(outcome) == ("completed", "passed", None)
    assert (outcome.message, outcome.by_user, run.started) == (None, False, 1)
    assert outcome.thresholds == [Threshold("checks", "rate>=0.5", passed=True)]
    assert outcome.checks == [Check("shop / is one", 3, 0), Check("shop / is two", 0, 3)]
    assert outcome.summary
    assert outcome.summary["metrics"]["iterations"]["count"] == 3


async def test_crossed_thresholds_fail_the_run_and_are_named(k6: K6):
    thresholds = "{ iterations: ['count<1', 'count<9'], vus: ['value<9'] }"
    outcome = await _outcome(
        k6, f"export const options = {{ iterations: 2, thresholds: {thresholds} }}; export default () => {{}}"
    )
    assert _state(outcome) == ("completed", "failed", None)
    assert outcome.message == "Thresholds crossed: iterations count<1."
    assert Threshold("iterations", "count<9", passed=True) in outcome.thresholds


async def test_a_threshold_with_abort_on_fail_aborts_the_run(k6: K6):
    threshold = "{ threshold: 'count<1', abortOnFail: true }"
    source = f"export const options = {{ duration: '30s', thresholds: {{ iterations: [{threshold}] }} }};"
    outcome = await _outcome(
        k6, f"import {{ sleep }} from 'k6'; {source} export default () => {{ sleep(0.1) }}"
    )
    assert _state(outcome) == ("aborted", "failed", 8036)
    assert outcome.message == "Thresholds crossed: iterations count<1."
    assert outcome.seconds < 10


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("export default () => { let a = ; }", 8035, "Unexpected token ;"),
        ("import './nope.js'; export default () => {}", 8035, "./nope.js"),
        ("throw new Error('boom'); export default () => {}", 8035, "Error: boom at script.js:1:7"),
        (
            "export const setup = () => { throw new Error('boom') }; export default () => {}",
            8030,
            "Error: boom",
        ),
        ("import e from 'k6/execution'; export default () => e.test.abort('enough')", 8036, "enough"),
    ],
)
async def test_a_script_that_fails_as_a_whole_is_an_error(k6: K6, source: str, code: int, reason: str):
    outcome = await _outcome(k6, source)
    assert _state(outcome) == ("aborted", "error", code)
    assert reason in (outcome.message or "")
    assert not outcome.by_user


async def test_a_run_that_the_script_marks_as_failed_fails(k6: K6):
    outcome = await _outcome(k6, "import e from 'k6/execution'; export default () => e.test.fail('not good')")
    assert _state(outcome) == ("completed", "failed", None)
    assert "not good" in (outcome.message or "")


async def test_a_run_passes_though_iterations_threw_and_says_so(k6: K6):
    outcome = await _outcome(
        k6, "export const options = { iterations: 4 }; export default () => { throw new Error('bad') }"
    )
    assert _state(outcome) == ("completed", "passed", None)
    assert (outcome.message or "").startswith("Iterations that threw: 4, the first with: Error: bad at")


async def test_the_user_can_stop_a_run(k6: K6):
    run = _Run(k6, _SLEEPER)
    run.on_start = run.stop.set
    outcome = await run.end()
    assert _state(outcome) == ("aborted", "error", 8036)
    assert outcome.by_user


async def test_a_run_stopped_before_it_began_is_never_started(k6: K6):
    run = _Run(k6, _SLEEPER)
    run.stop.set()
    outcome = await run.end()
    assert (outcome.by_user, run.started, outcome.seconds) == (True, 0, 0)


async def test_a_run_that_takes_too_long_is_stopped_and_the_setting_named(k6: K6):
    outcome = await _outcome(k6, _SLEEPER, RunLimits(max_duration=0.5, grace=0.5))
    assert _state(outcome) == ("aborted", "error", 8034)
    assert "K6_SANDBOX_MAX_DURATION" in (outcome.message or "")
    assert outcome.summary, "k6 was asked to stop, so that it could write its summary"


async def test_a_k6_that_does_not_stop_when_asked_is_killed(k6: K6):
    source = _SLEEPER + "; export function teardown() { while (true) {} }"
    with anyio.fail_after(15):
        outcome = await _outcome(k6, source, RunLimits(max_duration=0.5, grace=0.5))
    assert _state(outcome) == ("aborted", "error", 8034)
    assert outcome.summary is None


async def test_a_run_that_uses_too_much_processor_time_is_ended(k6: K6):
    outcome = await _outcome(
        k6, _ENDLESS + "export default () => { while (true) {} }", RunLimits(cpu_seconds=1)
    )
    assert _state(outcome) == ("aborted", "error", 8034)
    assert "K6_SANDBOX_MAX_CPU_SECONDS" in (outcome.message or "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can bound the heap of a process")
async def test_a_run_that_takes_too_much_memory_is_ended(k6: K6):
    source = (
        _ENDLESS + "export default () => { for (const a = []; ; ) a.push('x'.repeat(1e4) + Math.random()) }"
    )
    outcome = await _outcome(k6, source, RunLimits(memory_bytes=300 * 1024 * 1024))
    assert _state(outcome) == ("aborted", "error", 0)
    assert "K6_SANDBOX_MAX_MEMORY_BYTES" in (outcome.message or "")


async def test_files_are_bounded_and_a_cut_one_is_reported(k6: K6):
    source = "export default () => {}; export const handleSummary = () => ({ 'big.txt': 'x'.repeat(3e6) })"
    outcome = await _outcome(k6, source, RunLimits(output_bytes=1_000_000))
    assert _state(outcome) == ("completed", "passed", None)
    assert "K6_SANDBOX_MAX_OUTPUT_BYTES" in (outcome.message or "")


async def test_a_flood_of_log_neither_blocks_the_run_nor_is_kept(k6: K6):
    source = (
        "export const options = { duration: '1s' }; export default () => console.error('x'.repeat(50000))"
    )
    outcome = await _outcome(k6, source)
    assert _state(outcome) == ("completed", "passed", None)
    assert outcome.message is None
    assert outcome.seconds < 5


async def test_requests_beyond_loopback_are_refused_unsent_and_counted(k6: K6):
    source = "import http from 'k6/http'; export default () => http.get('http://192.0.2.1/', { throw: true })"
    outcome = await _outcome(k6, source)
    assert "IP (192.0.2.1) is in a blacklisted range" in (outcome.message or "")
    assert "Requests refused: 1." in (outcome.message or "")
    assert "K6_SANDBOX_ALLOW_HOSTS" in (outcome.message or "")


async def test_an_opened_address_is_not_refused(k6: K6):
    source = (
        "import http from 'k6/http'; export default () => http.get('http://192.0.2.1/', { timeout: '100ms' })"
    )
    outcome = await _Run(k6, source, reach=to_port(1, "192.0.2.1")).end()
    assert outcome.message is None


async def test_the_script_sees_the_given_environment_and_nothing_of_the_host(
    k6: K6, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("K6_CLOUD_TOKEN", "host-secret")
    monkeypatch.setenv("K6_VUS", "50")
    assert await _printed(k6, "__ENV", BASE_URL="http://127.0.0.1:1/?a=b") == {
        "BASE_URL": "http://127.0.0.1:1/?a=b"
    }


async def test_the_private_directory_is_removed(k6: K6):
    before = set(Path(tempfile.gettempdir()).glob(f"k6-run-{os.getpid()}-*"))
    await _outcome(k6, "export default () => {}")
    assert set(Path(tempfile.gettempdir()).glob(f"k6-run-{os.getpid()}-*")) <= before


async def test_an_archive_runs(k6: K6, tmp_path: Path):
    (tmp_path / "lib.js").write_text("export const count = 2;")
    (tmp_path / "main.js").write_text(
        "import { count } from './lib.js'; export const options = { iterations: count }; export default () => {}"
    )
    await anyio.run_process([k6.path, "archive", "-O", "a.tar", "main.js"], cwd=tmp_path)
    with Script.from_path(tmp_path / "a.tar") as script:
        outcome = await execute(k6, script, RunLimits(), {}, stop=anyio.Event(), started=lambda: None)
    assert _state(outcome) == ("completed", "passed", None)
    assert outcome.summary
    assert outcome.summary["metrics"]["iterations"]["count"] == 2
