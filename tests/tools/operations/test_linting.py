import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from support.servers import SCRIPT, World, content_of, text_of

from k6_cloud.client import K6Cloud

GOOD = """import http from 'k6/http';
import { check, sleep } from 'k6';
const BASE = __ENV.BASE || 'https://shop.test';
export const options = {
  vus: 2,
  duration: '1m',
  thresholds: { checks: ['rate>0.99'], http_req_duration: ['p(95)<500'] },
};
export default function () {
  const answer = http.get(`${BASE}/products`);
  check(answer, { ok: (one) => one.status === 200 });
  sleep(1);
}
"""
SECRET = "Xk29fj3LmQ81vTz0"


async def lint(client: Client, script: str, **arguments: Any) -> dict[str, Any]:
    return content_of(await client.call_tool("lint_script", {"script": script, **arguments}))


async def rules(world: World, script: str, **app: Any) -> list[tuple[str, int | None]]:
    async with world.connect(**app) as client:
        linted = await lint(client, script)
    return [
        (found["rule"], found.get("line")) for found in linted["findings"] if found["rule"] != "k6-rejects"
    ]


def good_with(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


async def test_a_good_script_has_no_findings_and_tells_its_options(world: World):
    async with world.connect() as client:
        linted = await lint(client, GOOD)
    assert (linted["k6"], linted["findings"], linted["total"]) == ("accepted", [], 0)
    assert linted["options"]["duration"] == "1m0s"


@pytest.mark.parametrize("with_k6", [True, False])
async def test_the_seeds_and_the_demo_are_good_scripts(world: World, with_k6: bool):
    seeds = [one for one in files("k6_cloud_sandbox").joinpath("seeds").iterdir() if one.name.endswith(".js")]
    scripts = [*seeds, files("k6_cloud_mcp.commands").joinpath("demo_script.js")]
    assert len(scripts) == 4
    for script in scripts:
        inspector = {} if with_k6 else {"inspect_script": None}
        assert await rules(world, script.read_text("utf-8"), **inspector) == []


FINDINGS = [
    ("no-thresholds", 4, "  thresholds: { checks: ['rate>0.99'], http_req_duration: ['p(95)<500'] },\n", ""),
    ("checks-without-threshold", 7, "checks: ['rate>0.99'], ", ""),
    ("threshold-on-undefined-metric", 7, "http_req_duration", "http_req_durations"),
    ("no-pacing", 9, "  sleep(1);\n", "  // sleep(1);\n"),
    ("exec-not-exported", 4, "default function", "function browse"),
    ("url-without-name", 10, "${BASE}/products", "${BASE}/products/${id}"),
    ("url-without-name", 10, "`${BASE}/products`", "BASE + '/products/' + id"),
    ("console-in-loop", 12, "sleep(1);", "sleep(1); console.log(answer.body);"),
    ("requests-in-batch", 12, "sleep(1);", "sleep(1); http.batch([http.get(BASE), http.get(BASE)]);"),
    ("init-only-call", 12, "sleep(1);", "sleep(1); open('./users.json');"),
    ("init-only-call", 12, "sleep(1);", "sleep(1); new Trend('mine');"),
    ("removed-module", 2, "'k6';", "'k6'; import c from 'k6/experimental/webcrypto';"),
    ("handle-summary", 9, "export default", "export function handleSummary() {} export default"),
    ("hard-coded-secret", 3, "const BASE", f"const apiKey = '{SECRET}'; const BASE"),
    ("hard-coded-secret", 3, "const BASE", f"const H = {{ Authorization: 'Bearer {SECRET}' }}; const BASE"),
    ("hard-coded-secret", 3, "const BASE", f"const H = {{ 'x-api-key': `{SECRET}` }}; const BASE"),
    ("hard-coded-secret", 3, "https://shop.test", f"https://me:{SECRET}@shop.test"),
    (
        "always-throws",
        4,
        "export const",
        "export function setup() { throw new Error('not yet'); } export const",
    ),
    ("no-checks", 10, "  check(answer, { ok: (one) => one.status === 200 });\n", ""),
    ("hard-coded-secret", 10, "`${BASE}/products`", f"`${{BASE}}/products?api_key={SECRET}`"),
    (
        "option-ignored",
        5,
        "vus: 2,\n  duration: '1m',",
        "vus: 2, scenarios: { a: { executor: 'shared-iterations' } },",
    ),
    ("unknown-option", 5, "vus: 2,", "vus: 2, cloud: { projectId: 1 },"),
    ("token-in-options", 5, "vus: 2,", f"vus: 2, cloud: {{ token: '{SECRET}' }},"),
    ("ext-loadimpact", 5, "vus: 2,", "vus: 2, ext: { loadimpact: { projectID: 1 } },"),
]


@pytest.mark.parametrize("with_k6", [True, False])
@pytest.mark.parametrize(("rule", "line", "old", "new"), FINDINGS)
async def test_a_problem_is_found_at_its_line(
    world: World, rule: str, line: int, old: str, new: str, with_k6: bool
):
    found = await rules(world, good_with(old, new), **({} if with_k6 else {"inspect_script": None}))
    assert (rule, line) in found


SOUND = [
    ("sleep(1);", "sleep(1); if (answer.error) { console.log(answer.error); }"),
    ("sleep(1);", "sleep(1); answer.error && console.log(answer.error);"),
    ("sleep(1);", "sleep(1); http.batch([BASE, ['GET', BASE]]);"),
    ("`${BASE}/products`", "`${BASE}/products/${__VU}`, { tags: { name: 'product' } }"),
    ("`${BASE}/products`", "`${BASE}/products/${__VU}`, params()"),
    ("`${BASE}/products`", "http.url`${BASE}/products/${__VU}`"),
    (
        "  sleep(1);\n}",
        "  sleep(1);\n}\nfunction params() { return {}; } // const password = 'hunter2-hunter2'",
    ),
    ("const BASE", "const password = __ENV.PASSWORD; const token = '<your-token-here-123>'; const BASE"),
    ("const BASE", "const tokenField = 'csrf_token'; const passwordInput = '#password'; const BASE"),
    ("const BASE", "const help = `set password: 'hunter2hunter2' first`; const BASE"),
    ("  duration: '1m',\n", "  iterations: 20,\n"),
]


@pytest.mark.parametrize(("old", "new"), SOUND)
async def test_what_is_meant_so_is_not_reported(world: World, old: str, new: str):
    assert await rules(world, good_with(old, new)) == []


async def test_scenarios_are_looked_at_one_by_one(world: World):
    scenarios = """scenarios: {
    browse: { executor: 'constant-arrival-rate', rate: 1, duration: '1m', preAllocatedVUs: 1, exec: 'browse' },
    buy: { executor: 'constant-arrival-rate', rate: 1, duration: '1m', preAllocatedVUs: 1, exec: 'order' },
  },"""
    script = good_with("vus: 2,\n  duration: '1m',", scenarios).replace("default function", "function browse")
    script = script.replace("http_req_duration:", "'http_req_duration{scenario:sell}':")
    assert await rules(world, script) == [
        ("exec-not-exported", 7),
        ("threshold-on-unknown-scenario", 9),
        ("sleep-in-arrival-rate", 14),
    ]


async def test_load_zones_have_to_exist_and_to_add_up(world: World):
    zones = (
        "vus: 2, cloud: { distribution: { a: { loadZone: 'amazon:us:ashburn', percent: 50 },\n"
        " b: { loadZone: 'amazon:mars:base', percent: 40 } } },"
    )
    assert await rules(world, good_with("vus: 2,", zones)) == [
        ("load-zones-not-100", 5),
        ("unknown-load-zone", 6),
    ]


async def test_zones_that_cannot_be_read_are_not_judged(world: World, through: Callable[..., K6Cloud]):
    async def fail(_: httpx.Request) -> httpx.Response:
        return httpx.Response(403)

    zones = "vus: 2, cloud: { distribution: { a: { loadZone: 'amazon:mars:base', percent: 100 } } },"
    assert await rules(world, good_with("vus: 2,", zones), k6=through(fail)) == []


@pytest.mark.parametrize("problem", [one for one in FINDINGS if SECRET in one[3]])
async def test_a_secret_is_never_repeated(world: World, problem: tuple[str, int, str, str]):
    async with world.connect() as client:
        answer = await client.call_tool("lint_script", {"script": good_with(problem[2], problem[3])})
    assert SECRET not in text_of(answer)
    assert SECRET not in json.dumps(answer.structured_content)


async def test_what_k6_complains_about_comes_first(world: World):
    async with world.connect() as client:
        linted = await lint(client, "export default function () {")
    assert linted["k6"] == "rejected"
    assert linted["findings"][0]["rule"] == "k6-rejects"
    assert "options" not in linted


async def test_a_stored_script_is_checked_by_its_id(world: World):
    test = await world.new_test(script=SCRIPT)
    async with world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"load_test_id": test}))
    assert [found["rule"] for found in linted["findings"]] == ["no-thresholds"]


async def test_the_files_of_an_archive_are_checked_each(world: World, tmp_path: Path):
    (tmp_path / "lib.js").write_text(f"// lib\nexport const login = {{ password: '{SECRET}' }};")
    (tmp_path / "main.js").write_text(
        "import { login } from './lib.js';\n" + GOOD.replace("sleep(1)", "sleep(login ? 1 : 2)")
    )
    async with world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"script_path": str(tmp_path)}))
    (found,) = linted["findings"]
    assert (found["rule"], found["line"]) == ("hard-coded-secret", 2)
    assert found["path"].endswith("/lib.js")


@pytest.mark.parametrize("arguments", [{}, {"script": GOOD, "load_test_id": 1}])
async def test_one_script_is_checked_at_a_time(world: World, arguments: dict[str, Any]):
    async with world.connect() as client:
        refused = await client.call_tool("lint_script", arguments)
    assert text_of(refused) == "Give one of script, script_path and load_test_id. Nothing was checked."


async def test_a_server_that_is_shared_runs_no_init_code_for_a_reader(world: World):
    script = "export const options = { tags: { host: open('/etc/hostname') } }; export default function () {}"
    async with world.connect(local_files=False) as client:
        linted = await lint(client, script)
    assert linted["k6"] == "not available"
    assert "options" not in linted


async def test_a_script_that_nobody_wrote_by_hand_is_not_checked(world: World):
    async with world.connect() as client:
        refused = await client.call_tool("lint_script", {"script": "//" + "x" * 1024 * 1024})
    assert text_of(refused).startswith("The script is larger than 1 MiB")


IGNORED = [
    ("vus: 2,\n  duration: '1m'", "vus: 5", "option-ignored", 5),
    ("vus: 2,\n  duration: '1m'", "stages: []", "option-ignored", 5),
    ("vus: 2,\n  duration: '1m'", "scenarios: {}", "option-ignored", 5),
    ("thresholds:", "duratoin: '1m', thresholds:", "unknown-option", 7),
    ("thresholds:", "cloud: { projectId: 1 }, thresholds:", "unknown-option", 7),
]


@pytest.mark.parametrize("with_k6", [True, False])
@pytest.mark.parametrize(("old", "new", "rule", "line"), IGNORED)
async def test_what_k6_warns_of_is_told_once_at_its_line(
    world: World, old: str, new: str, rule: str, line: int, with_k6: bool
):
    found = await rules(world, good_with(old, new), **({} if with_k6 else {"inspect_script": None}))
    assert found == [(rule, line)]


async def test_what_only_k6_can_warn_of_is_told_in_its_words(world: World):
    options = "Object.assign({ vus: 2, duration: '1m', tresholds: {} }, {"
    script = good_with("options = {\n  vus: 2,\n  duration: '1m',", f"options = {options}")
    async with world.connect() as client:
        linted = await lint(
            client,
            script.replace("  },\n};", "  },\n});").replace("['p(95)<500'] },\n};", "['p(95)<500'] },\n});"),
        )
    assert [one["rule"] for one in linted["findings"]] == ["k6-warns"]
    assert 'unknown field "tresholds"' in linted["findings"][0]["problem"]


async def test_options_that_are_not_exported_are_told(world: World):
    found = await rules(world, good_with("export const options", "const options"))
    assert ("options-not-exported", 4) in found
    assert ("no-thresholds", 1) in found


async def test_one_iteration_may_log(world: World):
    once = good_with("vus: 2,\n  duration: '1m',", "").replace("sleep(1);", "console.log(answer.status);")
    assert await rules(world, once) == []
    twice = once.replace("options = {", "options = { iterations: 2,")
    assert await rules(world, twice) == [("console-in-loop", 11)]
    scenario = "options = { scenarios: { a: { executor: 'per-vu-iterations', vus: 1, iterations: 1 } },"
    assert await rules(world, once.replace("options = {", scenario)) == []


async def test_a_browser_without_its_type_is_told(world: World):
    script = GOOD.replace("import http", "import { browser } from 'k6/browser';\nimport http")
    assert await rules(world, script) == [("browser-without-type", 1)]


async def test_secrets_in_data_files_of_an_archive_are_told(world: World, tmp_path: Path):
    (tmp_path / "users.csv").write_text(f"name,password\nann,wrong-password\nbob,{SECRET}\n")
    (tmp_path / "config.json").write_text(f'{{\n "token": "{SECRET}"\n}}')
    opened = "const users = open('./users.csv'), config = open('./config.json');\n"
    (tmp_path / "main.js").write_text(opened + GOOD)
    async with world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"script_path": str(tmp_path)}))
    assert [(one["rule"], one["path"], one["line"]) for one in linted["findings"]] == [
        ("hard-coded-secret", "file/config.json", 2),
        ("hard-coded-secret", "file/users.csv", 3),
    ]
