"""Imports and opened files are found whatever they are written like."""

import pytest

from k6_cloud.scripts.syntax.modules import Use, is_local, uses, uses_browser
from k6_cloud.scripts.syntax.tree import parse


def test_imports_exports_and_requires_are_found_with_their_lines() -> None:
    source = """import http from 'k6/http';
import './effects.js';
import * as a from "./a";
export { b } from './b';
export * from './c';
const d = require('./d'), e = await import(`./e.js`);
// import './commented.js'
const text = "import './quoted.js'";
import(`./${name}.js`);
"""
    assert uses(parse(source)) == [
        Use("import", "k6/http", 1),
        Use("import", "./effects.js", 2),
        Use("import", "./a", 3),
        Use("import", "./b", 4),
        Use("import", "./c", 5),
        Use("import", "./d", 6),
        Use("import", "./e.js", 6),
        Use("import", None, 9),
    ]


def test_imports_of_types_alone_are_left_out() -> None:
    source = (
        "import type { Options } from './types';\nimport { type A, b } from './b';\n"
        "import { type C, type D } from './c';\nexport type { E } from './e';\n"
    )
    assert [use.name for use in uses(parse(source, "a.ts"))] == ["./b"]


def test_opened_files_and_grpc_definitions_are_found() -> None:
    source = """const data = JSON.parse(open('./data.json'));
const file = await fs.open("big.csv");
const raw = open(path, 'b');
client.load(['protos', 'more'], 'a.proto', 'b.proto');
client.load([], `c.proto`);
new grpc.Client().loadProtoset('d.protoset');
jquery.load('not a proto');
"""
    assert uses(parse(source)) == [
        Use("open", "./data.json", 1),
        Use("open", "big.csv", 2),
        Use("open", None, 3),
        Use("proto", "a.proto", 4),
        Use("proto", "b.proto", 4),
        Use("proto", "c.proto", 5),
        Use("protoset", "d.protoset", 6),
    ]


def test_the_browser_module_is_recognised() -> None:
    assert uses_browser(parse("import { browser } from 'k6/browser';"))
    assert uses_browser(parse("const { browser } = require('k6/experimental/browser');"))
    assert not uses_browser(parse("// import { browser } from 'k6/browser';\nimport http from 'k6/http';"))


@pytest.mark.parametrize(
    "name", ["./a.js", "../a", "/srv/a.js", "file:///srv/a.js", "C:/k6/a.js", "c:\\k6\\a.js", ".\\a.js"]
)
def test_paths_of_every_system_are_local(name: str) -> None:
    assert is_local(name)


@pytest.mark.parametrize(
    "name", ["k6/http", "https://jslib.k6.io/a.js", "k6/x/sql", "github.com/a/b", "c:k6"]
)
def test_modules_and_urls_are_not_local(name: str) -> None:
    assert not is_local(name)
