"""TypeScript that is given as text is stored as an archive, because k6 tells it by the file name."""

from collections.abc import AsyncGenerator

import pytest
from support.servers import World, content_of, open_world, text_of

from k6_cloud_mcp_tools.scripts.typescript import is_typescript

SCRIPT = """import http from 'k6/http';
import { check, sleep } from 'k6';
import { Options } from 'k6/options';

interface Product { id: number; name: string }

export const options: Options = { vus: 2, duration: '1m', thresholds: { checks: ['rate>0.99'] } };

export default function (): void {
  const products = http.get('https://shop.test/products').json() as Product[];
  check(products, { some: (found: Product[]): boolean => found.length > 0 });
  sleep(1);
}
"""
JAVASCRIPT = [
    "export const options = { vus: 1, scenarios: { a: { exec: 'b' } } }; export default function () {}",
    "const a = b ? c : d; label: for (const e of f) { continue label; }",
    "const enumerate = (type) => type; const as = 1; if (a<b) { c(d>e); }",
    "// interface A { b: string }\nexport default () => {};",
]


@pytest.fixture
async def world() -> AsyncGenerator[World, None]:
    async with open_world() as world:
        yield world


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        "const a: number = 1;",
        "function f(a: string): void {}",
        "const a = b as string;",
        "enum A { B }",
        "type A = string;",
        "import type { A } from './a';",
        "const a = f<number>(1)!;",
        "class A { private b = 1; }",
        "const a = <T,>(b: T) => b;",
        "let a = b!.c;",
    ],
)
async def test_typescript_is_recognised(world: World, text: str):
    assert await is_typescript(world.app, text)


@pytest.mark.parametrize("text", [*JAVASCRIPT, "const a: = ;", "x" * 2_000_000])
async def test_javascript_and_text_that_is_neither_are_not(world: World, text: str):
    assert not await is_typescript(world.app, text)


async def test_typescript_as_text_is_stored_as_an_archive_that_runs(world: World):
    async with world.connect() as client:
        arguments = {"name": "Typed", "script": SCRIPT}
        created = content_of(await client.call_tool("create_load_test", arguments))
        again = {"load_test_id": created["id"], "script": SCRIPT}
        same = content_of(await client.call_tool("upload_load_test_script", again))
        linted = content_of(await client.call_tool("lint_script", {"load_test_id": again["load_test_id"]}))
    assert created["script"]["kind"] == "archive"
    assert "changed" not in same.get("result", same)
    assert (linted["k6"], linted["findings"]) == ("accepted", [])
    assert linted["options"]["vus"] == 2


async def test_typescript_as_text_is_linted(world: World):
    async with world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"script": SCRIPT}))
        unpaced = SCRIPT.replace("  sleep(1);\n", "")
        worse = content_of(await client.call_tool("lint_script", {"script": unpaced}))
    assert (linted["k6"], linted["findings"]) == ("accepted", [])
    assert [(one["rule"], one["line"]) for one in worse["findings"]] == [("no-pacing", 9)]


async def test_without_k6_typescript_as_text_is_linted_and_not_stored(world: World):
    async with world.connect(bundle_script=None, inspect_script=None) as client:
        linted = content_of(await client.call_tool("lint_script", {"script": SCRIPT}))
        refused = await client.call_tool("create_load_test", {"name": "Typed", "script": SCRIPT})
        tests = content_of(await client.call_tool("list_load_tests", {"search": "Typed"}))
    assert (linted["k6"], linted["findings"]) == ("not available", [])
    assert text_of(refused).startswith("The script is TypeScript. k6 tells TypeScript by its file name")
    assert tests["rows"] == []


async def test_typescript_that_k6_rejects_is_told_in_its_words(world: World):
    broken = SCRIPT.replace("vus: 2", "vus: missing")
    async with world.connect() as client:
        linted = content_of(await client.call_tool("lint_script", {"script": broken}))
    assert linted["k6"] == "rejected"
    assert "missing is not defined" in linted["findings"][0]["problem"]
