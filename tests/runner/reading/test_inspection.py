import json
import time
from pathlib import Path
from typing import Any, cast

import anyio
import psutil
import pytest

from k6_cloud.models import Json
from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.limits import RunLimits
from k6_runner.reading.inspection import Inspection, archived, inspect
from k6_runner.reading.k6_inspect import ScriptRejected

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


async def _answer_of_k6(k6: K6, folder: Path, source: str) -> object:
    """The options that k6 itself prints, without nulls; None if it refuses."""
    (folder / "script.js").write_text(source)
    done = await anyio.run_process([k6.path, "inspect", "script.js"], cwd=folder, check=False)
    return _without_nulls(json.loads(done.stdout)) if done.stdout else None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in cast(Json, value).items() if item is not None}
    return value


HOSTILE = [
    "export const options = Object.defineProperty({ vus: 50, iterations: 50 }, 'toJSON', { value: () => ({ vus: 1 }) });",
    "class O { toJSON() { return { vus: 1 } } } export const options = Object.assign(new O(), { vus: 50, iterations: 50 });",
    "Object.prototype.toJSON = () => ({ vus: 1 }); export const options = { vus: 50, iterations: 50 };",
    "let n = 1; try { open('./told.js') } catch (e) { n = 50 } export const options = { vus: n, iterations: 50 };",
    "console.log = console.error = () => { throw 1 }; export const options = { vus: 50, iterations: 50 };",
    "globalThis.console = {}; export const options = { vus: 50, iterations: 50 };",
    "console.log('{\"vus\": 1}'); console.error('{\"vus\": 1}'); export const options = { vus: 50, iterations: 50 };",
    "export const options = { get vus() { throw new Error('no') }, iterations: 50 };",
    "export const options = { vus: 50, iterations: 50, thresholds: new Map([['checks', ['rate>0.9']]]) };",
    "export const options = { vus: 1, iterations: 50 }; Promise.resolve().then(() => { options.vus = 50 });",
    "export let options = {}; (async () => { await null; options = { vus: 50, iterations: 50 } })();",
    "JSON.stringify = () => '{}'; export const options = { vus: 50, iterations: 50 };",
    "export const options = new Proxy({ vus: 50, iterations: 50 }, { ownKeys: () => ['iterations'] });",
    "export const options = { vus: 50n, iterations: 50 };",
    "export const options = { vus: NaN, iterations: 50 };",
    "export const options = { vus: 1 / 0 };",
    "export const options = { vus: 3, iterations: 50, tags: { a: () => 1 } };",
    "const o = { vus: 50, iterations: 50 }; o.cloud = { o }; export const options = o;",
    "export const options = 'vus';",
    "export const options = [1];",
    "export const options = () => ({ vus: 50 });",
    "export const options = null;",
    "export default function () {} export { options }; const options = { vus: 50, iterations: 50 };",
    "exports.options = { vus: 50, iterations: 50 };",
    "export const options = { vus: 50, iterations: 50, tags: { é: '✓ 😀 \u2028 \u0000' } };",
    "export const options = { vus: 50, iterations: 50, unknown: { a: 1 } };",
]


@pytest.mark.parametrize("source", HOSTILE)
async def test_options_are_those_of_k6_or_refused(each_k6: K6, tmp_path: Path, source: str):
    source += "" if "default" in source else _RUN
    said = await _answer_of_k6(each_k6, tmp_path, source)
    found = await _inspected_or_refused(each_k6, source)
    if isinstance(found, Inspection):
        assert found.options == said
    else:
        # k6 prints options without checking whether they can run.
        assert found
        assert said is None or "VUs" in found


async def _inspected_or_refused(k6: K6, source: str) -> Inspection | str:
    try:
        return await _inspect(k6, source)
    except ScriptRejected as refused:
        return refused.message


@pytest.mark.parametrize("place", ["ext: { a: deep }", "cloud: { a: deep }", "ext: { loadimpact: deep }"])
@pytest.mark.parametrize("kind", ["o = { o }", "o = [o]"])
@pytest.mark.parametrize("depth", [90, 300, 3000])
async def test_options_of_any_depth_are_read_or_refused(k6: K6, place: str, kind: str, depth: int):
    source = f"let o = 1; for (let i = 0; i < {depth}; i++) {kind}; const deep = o; "
    source += f"export const options = {{ vus: 2, iterations: 2, {place} }}; {_RUN}"
    if depth < 100:
        assert (await _inspect(k6, source)).max_vus == 2
    else:
        # k6 indents what it prints, so very deep options are large as well.
        message = (await _rejection(k6, source)).message
        assert message in (
            "The script's options are nested more than 100 deep.",
            "The script's options are larger than 1 MiB.",
        )


@pytest.mark.parametrize("text", ["[[[", "}{", '\\"[', "\u2028"])
async def test_brackets_in_texts_are_no_depth(k6: K6, text: str):
    source = f"export const options = {{ vus: 2, iterations: 2, tags: {{ a: {json.dumps(text * 200)} }} }}; "
    assert (await _inspect(k6, source + _RUN)).options["tags"]["a"] == text * 200


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("{ vus: Date.now() % 2 + 1, iterations: 9 }", "Date"),
        ("{ vus: Math.ceil(Math.random() * 9), iterations: 9 }", "Math.random()"),
        ("{ vus: Number(__ENV.VUS || 3), iterations: 9 }", "__ENV"),
        ("{ vus: new Date().getFullYear() > 1970 ? 3 : 50, iterations: 9 }", "Date"),
        ("made()", "a call of made()"),
        ("{ stages: made() }", "a call of made()"),
    ],
)
async def test_options_that_may_change_are_uncertain_and_say_why(k6: K6, options: str, reason: str):
    made = "const made = () => [{ duration: '1s', target: 1 }];" if "stages" in options else ""
    made = made or "const made = () => ({ vus: 2, iterations: 2 });"
    found = await _inspect(k6, f"{made} export const options = {options}; {_RUN}")
    assert any(reason in one for one in found.uncertain), found.uncertain


async def test_options_that_read_differently_each_time_are_uncertain(k6: K6):
    source = (
        f"export const options = {{ vus: 2, iterations: 2, tags: {{ a: `${{Math.random()}}` }} }}; {_RUN}"
    )
    assert (await _inspect(k6, source)).uncertain[0] == "they read differently each time"


@pytest.mark.parametrize(
    "options",
    [
        "{}",
        "{ vus: 3 }",
        "{ duration: '30s' }",
        "{ vus: 2, iterations: 5, thresholds: { checks: ['rate>0.9'] } }",
        "{ stages: [{ duration: '1m', target: 5 }], systemTags: ['url'], summaryTrendStats: ['avg'] }",
        "{ scenarios: { a: { executor: 'constant-vus', vus: 2, duration: '3s' } }, hosts: { 'a.test': '127.0.0.1' } }",
    ],
)
async def test_literal_options_are_certain(each_k6: K6, options: str):
    assert (await _inspect(each_k6, f"export const options = {options}; {_RUN}")).uncertain == ()


async def test_a_script_too_hard_to_analyse_is_uncertain(k6: K6):
    source = f"export const options = {{ vus: 2, iterations: 2 }}; {_RUN} // {'x' * 1_100_000}"
    found = await _inspect(k6, source)
    assert (found.max_vus, found.uncertain) == (2, ("they could not be analysed",))


async def test_an_archive_of_the_script_keeps_the_options_that_were_read(each_k6: K6):
    """A later reading of the archive, and its run, have the options of the first one."""
    source = "export const options = { vus: Math.ceil(Math.random() * 1e6), iterations: 1e7 };" + _RUN
    with Script.from_chunks([source.encode()]) as script:
        async with archived(each_k6, script, RunLimits(), {}) as archive:
            kept = archive.options()
            assert kept
            for _ in range(3):
                found = await inspect(each_k6, archive, RunLimits(), {})
                assert (found.options["vus"], found.max_vus) == (kept["vus"], kept["vus"])


async def test_an_archive_stays_as_it_is(k6: K6, tmp_path: Path):
    (tmp_path / "a.js").write_text(_RUN)
    await anyio.run_process([k6.path, "archive", "-O", "a.tar", "a.js"], cwd=tmp_path)
    with Script.from_path(tmp_path / "a.tar") as script:
        async with archived(k6, script, RunLimits(), {}) as archive:
            assert archive is script


async def test_no_more_scripts_are_read_at_a_time_than_the_limit_says(k6: K6):
    """Each script spins until its own time is up, which is only counted once it is its turn."""
    ended: list[str] = []
    limits = RunLimits(readers=2, inspect_timeout=0.7)

    async def read() -> None:
        ended.append((await _rejection(k6, "while (true) {} " + _RUN, limits)).message)

    most = 0
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(read)
        while len(ended) < 3:
            most = max(most, len(_children_that_read()))
            await anyio.sleep(0.02)
    assert 1 <= most <= 2


def _children_that_read() -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):
        try:
            if child.cmdline()[1:2] == ["inspect"]:
                found.append(child)
        except psutil.Error:
            continue
    return found


async def test_options_without_measure_are_rejected(k6: K6):
    rejected = await _rejection(k6, f"export const options = {{ tags: {{ a: 'x'.repeat(3e6) }} }}; {_RUN}")
    assert "larger than 1 MiB" in rejected.message


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ("{ tresholds: {} }", 'unknown field "tresholds"'),
        ("{ stages: [] }", "explicitly set to an empty value"),
    ],
)
async def test_warnings_of_k6_are_told(k6: K6, options: str, warning: str):
    found = await _inspect(k6, f"console.warn('not k6'); export const options = {options}; {_RUN}")
    assert len(found.warnings) == 1
    assert warning in found.warnings[0]
    assert (await _inspect(k6, f"export const options = {{ iterations: 1 }}; {_RUN}")).warnings == ()
