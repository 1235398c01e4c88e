import json
import tarfile
from pathlib import Path
from typing import Any

import anyio
import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.k6_inspect import ScriptRejected
from k6_runner.limits import RunLimits
from k6_runner.script_archive import sealed

_RUN = "export default function () {}"


async def _metadata(k6: K6, source: str, **env: str) -> dict[str, Any]:
    with Script.from_chunks([source.encode()]) as script:
        async with sealed(k6, script, RunLimits(), env) as archive:
            assert archive.kind == "archive"
            with tarfile.open(fileobj=archive.file()) as tar:
                member = tar.extractfile("metadata.json")
                assert member
                return json.load(member)


async def _options(k6: K6, source: str, **env: str) -> Any:
    return (await _metadata(k6, source, **env))["options"]


async def _complaint(k6: K6, source: str) -> str:
    with pytest.raises(ScriptRejected) as caught:
        await _metadata(k6, source)
    return caught.value.message


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (
            "export const options = { vus: 3, tags: { a: 'é ✓ 😀' } }; " + _RUN,
            {"vus": 3, "tags": {"a": "é ✓ 😀"}},
        ),
        ("export let options = {}; options.vus = 2 + 2; " + _RUN, {"vus": 4}),
        ("module.exports.options = { vus: 5 }; module.exports.default = function () {}", {"vus": 5}),
        ("export const options = { vus: 3n }; " + _RUN, {"vus": 3}),
        ("export const options = null; " + _RUN, {}),
        (_RUN, {}),
    ],
)
async def test_the_options_that_a_script_exports_go_into_the_archive(k6: K6, source: str, options: Any):
    assert await _options(k6, source) == options


async def test_options_of_many_lines_of_a_log_arrive_whole(k6: K6):
    source = f"export const options = {{ tags: {{ a: '{'é' * 150_000}' }} }}; {_RUN}"
    assert await _options(k6, source) == {"tags": {"a": "é" * 150_000}}


async def test_what_a_script_prints_is_not_taken_for_its_options(k6: K6):
    source = f"console.log('{{\"vus\": 9}}'); console.error('x'); export const options = {{ vus: 1 }}; {_RUN}"
    assert await _options(k6, source) == {"vus": 1}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("{ vus: 1, tags: { a: () => 1 } }", "'a' is a function"),
        ("{ vus: NaN }", "'vus' is NaN"),
        ("{ iterations: 1 / 0 }", "'iterations' is Infinity"),
        ("(() => { const o = {}; o.o = o; return o })()", "circular"),
        ("'vus'", "not an object"),
        ("[1]", "not an object"),
        ("() => ({})", "not an object"),
    ],
)
async def test_options_that_k6_cannot_take_are_refused(k6: K6, options: str, reason: str):
    complaint = await _complaint(k6, f"export const options = {options}; {_RUN}")
    assert complaint.startswith("The options are not what k6 takes: ")
    assert reason in complaint


async def test_a_script_that_changes_the_language_changes_nothing_here(k6: K6):
    source = """
        JSON.stringify = () => '{}';
        for (const name of ['replace', 'slice', 'charCodeAt']) String.prototype[name] = () => '';
        Array.isArray = () => true; Function.prototype.call = null;
        Number = String = isFinite = null;
        export const options = { vus: 2, tags: { a: 'é' } };
    """
    assert await _options(k6, source + _RUN) == {"vus": 2, "tags": {"a": "é"}}


async def test_options_may_come_from_the_given_environment_alone(k6: K6, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET", "s3cr3t")
    source = f"export const options = {{ tags: {{ a: `${{__ENV.N}} ${{__ENV.SECRET}}` }} }}; {_RUN}"
    assert await _options(k6, source, N="7") == {"tags": {"a": "7 undefined"}}


@pytest.mark.parametrize(
    "code",
    [
        "open({path})",
        "open('file://' + {path})",
        "open('../../../..' + {path})",
        "require({path})",
        "await require('k6/experimental/fs').open({path})",
    ],
)
async def test_init_code_cannot_read_files_of_this_machine(k6: K6, tmp_path: Path, code: str):
    private = tmp_path / "private.js"
    private.write_text("exports.secret = 's3cr3t'")
    source = f"const read = {code.format(path=json.dumps(str(private)))}; {_RUN}"
    complaint = await _complaint(k6, source)
    assert "private.js" in complaint
    assert "s3cr3t" not in complaint


async def test_an_import_of_a_local_file_is_refused(k6: K6, tmp_path: Path):
    (tmp_path / "private.js").write_text("export const secret = 's3cr3t'")
    complaint = await _complaint(k6, f"import {{ secret }} from '{tmp_path}/private.js'; {_RUN}")
    assert "private.js" in complaint


async def test_an_archive_stays_as_it_is(k6: K6, tmp_path: Path):
    (tmp_path / "a.js").write_text(_RUN)
    await anyio.run_process([k6.path, "archive", "-O", "a.tar", "a.js"], cwd=tmp_path)
    with Script.from_path(tmp_path / "a.tar") as script:
        async with sealed(k6, script, RunLimits(), {}) as archive:
            assert archive is script
