"""A script of several files that k6 rejects is checked all the same, and missing files get a likely name."""

from pathlib import Path
from typing import Any

import pytest
from support.servers import World, content_of

MAIN = """import http from 'k6/http';
import { check, sleep } from 'k6';
import { login } from './lib/session';
export const options = { vus: 2, duration: '1m', thresholds: { checks: ['rate>0.99'] } };
export default function () {
  check(http.get('https://shop.test', login()), { ok: (one) => one.status === 200 });
  sleep(1);
}
"""


def write(folder: Path, **files: str) -> str:
    for name, source in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return str(folder)


async def lint(world: World, path: str, **app: Any) -> dict[str, Any]:
    async with world.connect(**app) as client:
        return content_of(await client.call_tool("lint_script", {"script_path": path}))


def told(linted: dict[str, Any]) -> list[tuple[str, str | None, int | None, str]]:
    rows = [one for one in linted["findings"] if one["rule"] != "k6-rejects"]
    return [(one["rule"], one.get("path"), one.get("line"), one["fix"]) for one in rows]


@pytest.mark.parametrize(
    ("files", "imported", "likely"),
    [
        ({"lib__session_ts": ""}, "./lib/session", "./lib/session.ts"),
        ({"lib__session_js": ""}, "./lib/session", "./lib/session.js"),
        ({"lib__session_ts": ""}, "./lib/session.js", "./lib/session.ts"),
        ({"lib__session__index_js": ""}, "./lib/session", "./lib/session/index.js"),
        ({"lib__sessions_js": ""}, "./lib/session.js", "./lib/sessions.js"),
        ({"lib__Session_js": ""}, "./lib/session.js", "./lib/Session.js"),
        ({"session_ts": ""}, "./session", "./session.ts"),
    ],
)
async def test_a_missing_import_gets_a_likely_name(
    world: World, tmp_path: Path, files: dict[str, str], imported: str, likely: str
):
    path = write(tmp_path, main_js=MAIN.replace("./lib/session", imported), **files)
    linted = await lint(world, path)
    assert linted["k6"] == "rejected"
    assert linted["findings"][0]["rule"] == "k6-rejects"
    assert told(linted) == [("unresolved-file", None, 3, f"Did you mean {likely!r}?")]


async def test_missing_files_are_found_in_every_file_of_the_script(world: World, tmp_path: Path):
    library = "import '../config';\nconst users = JSON.parse(open('./users.json'));\nexport const login = () => ({});"
    path = write(
        tmp_path,
        main_js=MAIN.replace("session", "session.js"),
        lib__session_js=library,
        config_js="",
        data__users_json="[]",
    )
    assert told(await lint(world, path)) == [
        ("unresolved-file", "lib/session.js", 1, "Did you mean '../config.js'?"),
        ("unresolved-file", "lib/session.js", 2, "Correct the path, or add the file."),
    ]


async def test_the_code_of_a_script_that_k6_rejects_is_checked_in_all_its_files(world: World, tmp_path: Path):
    library = "export const key = 'glc_Xk29fj3LmQ81vTz0';\nexport const login = () => { throw new Error(key) }; login();"
    path = write(
        tmp_path,
        main_js=MAIN.replace("  sleep(1);\n", "").replace("session", "session.js"),
        lib__session_js=library,
    )
    linted = await lint(world, path)
    assert linted["k6"] == "rejected"
    assert [(one[0], one[1], one[2]) for one in told(linted)] == [
        ("hard-coded-secret", "lib/session.js", 1),
        ("no-pacing", None, 5),
    ]


async def test_without_k6_a_script_of_several_files_is_checked(world: World, tmp_path: Path):
    library = "export const login = (): object => ({});"
    path = write(tmp_path, main_ts=MAIN.replace("session", "session.ts"), lib__session_ts=library)
    linted = await lint(world, path, bundle_script=None, inspect_script=None)
    assert (linted["k6"], linted["findings"]) == ("not available", [])


@pytest.mark.parametrize("name", ["../outside.js", "./.env.js", "./link.js"])
async def test_nothing_is_read_or_told_of_files_that_are_hidden_or_outside(
    world: World, tmp_path: Path, name: str
):
    secret = "const password = 'correct-horse';"
    write(tmp_path, outside_js=secret, shop__main_js=MAIN.replace("./lib/session", name))
    (tmp_path / "shop/.env.js").write_text(secret)
    (tmp_path / "shop/link.js").symlink_to(tmp_path / "outside.js")
    linted = await lint(world, str(tmp_path / "shop"))
    assert linted["k6"] == "rejected"
    assert told(linted) == []
