import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6
from k6_runner.limits import RunLimits
from k6_runner.log import Log
from k6_runner.reading.k6_inspect import Answer, NeedsNetwork, ask


async def _ask(k6: K6, source: str, *flags: str, **settings: str) -> Answer:
    with Script.from_chunks([source.encode()]) as script:
        return await ask(k6, script, RunLimits(), {}, *flags, settings=settings)


async def test_k6_is_given_flags_and_settings(k6: K6):
    answer = await _ask(
        k6,
        "export const options = { duration: '1s' }; export default function () {}",
        "--execution-requirements",
        K6_VUS="7",
    )
    assert b'"maxVUs": 7' in answer.output
    assert answer.complaint == ""


async def test_a_complaint_of_k6_is_told_without_the_directory_it_worked_in(k6: K6):
    answer = await _ask(k6, "throw new Error('boom')")
    assert answer.output == b""
    assert "Error: boom at script.js:1:" in answer.refusal().message
    assert "/k6-run-" not in answer.refusal().message


@pytest.mark.parametrize("code", ["import './lib.js'", "open('./data.csv')"])
async def test_a_script_that_misses_a_file_is_told_where_files_have_to_be(k6: K6, code: str):
    said = (await _ask(k6, code)).refusal().message
    assert said.endswith(
        ". A script finds only the files that are with it in an archive, as `k6 archive` makes."
    )
    assert "Docker" not in said


def test_a_refusal_says_that_k6_gave_no_reason():
    assert "no reason" in Answer(b"", Log(), "").refusal().message


@pytest.mark.parametrize(
    "code", ["import 'https://jslib.invalid/x.js';", "require('https://10.1.2.3/x.js');"]
)
async def test_a_script_that_loads_from_the_network_is_told_that_it_has_none(k6: K6, code: str):
    refusal = (await _ask(k6, code)).refusal()
    assert isinstance(refusal, NeedsNetwork)
    assert refusal.message.startswith("It loads https://")
    assert "has no network while it is only read" in refusal.message
