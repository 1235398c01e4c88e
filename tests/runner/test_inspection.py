import time
from pathlib import Path

import anyio
import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.inspection import Inspection, inspect
from k6_runner.k6_inspect import ScriptRejected
from k6_runner.limits import RunLimits

_RUN = "export default function () {}"


async def _inspect(k6: K6, source: str, limits: RunLimits | None = None, **env: str) -> Inspection:
    with Script.from_chunks([source.encode()]) as script:
        return await inspect(k6, script, limits or RunLimits(), env)


async def _rejection(k6: K6, source: str, limits: RunLimits | None = None) -> ScriptRejected:
    with pytest.raises(ScriptRejected) as caught:
        await _inspect(k6, source, limits)
    assert "/k6-run-" not in caught.value.message
    return caught.value


async def test_options_and_needs_are_what_k6_makes_of_the_script(k6: K6):
    stages = "[{ duration: '1m', target: 20 }, { duration: '30s', target: 0 }]"
    found = await _inspect(k6, f"export const options = {{ stages: {stages} }}; {_RUN}")
    assert (found.max_vus, found.total_duration) == (20, 120)
    assert found.options["stages"] == [{"duration": "1m0s", "target": 20}, {"duration": "30s", "target": 0}]
    assert None not in found.options.values()
    assert found.options.keys().isdisjoint({"maxVUs", "totalDuration"})


@pytest.mark.parametrize("options", ["duration: '30s'", "iterations: 2"])
async def test_a_script_that_names_no_vus_gets_one_as_it_does_in_a_run(k6: K6, options: str):
    assert (await _inspect(k6, f"export const options = {{ {options} }}; {_RUN}")).max_vus == 1


async def test_the_given_environment_is_visible_to_the_script(k6: K6):
    assert (
        await _inspect(k6, f"export const options = {{ vus: __ENV.N, iterations: 9 }}; {_RUN}", N="7")
    ).max_vus == 7


async def test_an_api_token_in_the_options_is_replaced(k6: K6):
    found = await _inspect(k6, f"export const options = {{ cloud: {{ token: 'tok-123456' }} }}; {_RUN}")
    assert found.options["cloud"] == {"token": "<redacted>"}


async def test_an_archive_is_inspected_too(k6: K6, tmp_path: Path):
    (tmp_path / "a.js").write_text(f"export const options = {{ vus: 3, duration: '5s' }}; {_RUN}")
    await anyio.run_process([k6.path, "archive", "-O", "a.tar", "a.js"], cwd=tmp_path)
    with Script.from_path(tmp_path / "a.tar") as script:
        found = await inspect(k6, script, RunLimits(), {})
    assert (script.kind, found.max_vus, found.total_duration) == ("archive", 3, 35)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("export default function () { let a = ; }", "Unexpected token ;"),
        ("import x from './nope.js'; " + _RUN, "./nope.js"),
        ("throw new Error('boom'); " + _RUN, "Error: boom at script.js:1:7"),
        ("export const options = { vus: 'many' }; " + _RUN, 'parsing "many"'),
        ("export const x = 1", "no exported functions"),
        ("export const options = { scenarios: { a: { executor: 'nope' } } }; " + _RUN, "nope"),
    ],
)
async def test_a_broken_script_is_rejected_in_the_words_of_k6(k6: K6, source: str, reason: str):
    rejected = await _rejection(k6, source)
    assert reason in rejected.message
    assert rejected.code == 8035


async def test_init_code_without_end_is_stopped_and_the_setting_named(k6: K6):
    begin = time.monotonic()
    rejected = await _rejection(k6, "while (true) {} " + _RUN, RunLimits(inspect_timeout=0.5))
    assert time.monotonic() - begin < 5
    assert "K6_SANDBOX_INSPECT_TIMEOUT" in rejected.message
    assert rejected.code == 8034


async def test_options_without_measure_are_rejected(k6: K6):
    rejected = await _rejection(k6, f"export const options = {{ tags: {{ a: 'x'.repeat(3e6) }} }}; {_RUN}")
    assert "larger than 1 MiB" in rejected.message
