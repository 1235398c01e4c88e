"""URLs that vary need a name; responses need a look."""

import pytest

from k6_cloud_mcp_tools.lint.request_rules import unchecked_responses, varying_urls
from k6_cloud_mcp_tools.lint.scopes import Scopes
from k6_cloud_mcp_tools.lint.source_file import SourceFile
from k6_cloud_mcp_tools.lint.subject import Subject

HTTP = "import http from 'k6/http';\n"


def lines(source: str) -> list[int | None]:
    file = SourceFile(source)
    return [one.line for one in varying_urls(file, Scopes(file, file.functions({"default"})))]


def in_vu(code: str, before: str = "", parameters: str = "") -> list[int | None]:
    return lines(f"{HTTP}{before}\nexport default function ({parameters}) {{\n{code}\n}}")


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("", "http.get(`http://${__ENV.MY_HOSTNAME}/`);"),
        ("", "http.get('http://' + __ENV.HOST + ':' + __ENV.PORT + '/' + __ENV.PATH);"),
        ("const id = 5;", "http.get(`http://x.test/posts/${id}`);"),
        ("const { id, host } = JSON.parse(open('config.json'));", "http.get(`http://${host}/posts/${id}`);"),
        ("const config = { id: 5 };", "http.get(`http://x.test/posts/${config.id}`);"),
        ("let version = 'v1';", "http.get(`http://x.test/${version}/posts`);"),
        ("import { base, prefix } from './config.js';", "http.get(`http://${base}/${prefix}/posts`);"),
        ("const path = __ENV.PATH || '/posts';", "http.get('http://x.test' + path);"),
        ("const host = new URL(__ENV.BASE).host;", "http.get(`http://${host}/a/${host}`);"),
        ("", "const id = 5; http.get(`http://x.test/posts/${id}`);"),
        ("", "const id = __ENV.ID ? __ENV.ID : 7; http.get(`http://x.test/posts/${id}`);"),
        ("", "http.get(`http://x.test/posts/${encodeURIComponent(__ENV.NAME)}`);"),
        ("", "const url = `http://x.test/${'posts'}`; http.get(url);"),
        ("", "for (const path of ['a', 'b']) { http.get(`http://x.test/${path}`); }"),
        ("const paths = ['a', 'b'];", "for (const path of paths) { http.get(`http://x.test/${path}`); }"),
        ("", "http.get(http.url`http://x.test/posts/${__ITER}`);"),
        ("", "const url = http.url`http://x.test/posts/${__ITER}`; http.get(url);"),
        ("", "http.get(`http://x.test/posts/${__ITER}`, { tags: { 'name': 'post' } });"),
        ("", "const params = { tags: { name: 'post' } }; http.get(`http://x.test/posts/${__ITER}`, params);"),
        ("const tags = { name: 'post' };", "http.get(`http://x.test/posts/${__ITER}`, { tags });"),
        (
            "const tags = { name: 'post' };",
            "http.post(`http://x.test/posts/${__ITER}`, null, { tags: { ...tags } });",
        ),
        ("const p = {};", "p.tags = { name: 'x' }; http.get(`http://x.test/posts/${__ITER}`, p);"),
        ("const p = {};", "Object.assign(p, q); http.get(`http://x.test/posts/${__ITER}`, p);"),
        ("import { params } from './p.js';", "http.get(`http://x.test/posts/${__ITER}`, params);"),
        (
            "import exec from 'k6/execution';",
            "exec.vu.metrics.tags.name = 'post'; http.get(`http://x.test/posts/${__ITER}`);",
        ),
        ("", "fetch(`http://x.test/posts/${__ITER}`);"),
    ],
)
def test_a_url_that_never_varies_or_has_a_name_is_not_reported(before: str, code: str):
    assert in_vu(code, before) == []


def test_data_of_setup_is_the_same_in_every_iteration():
    assert in_vu("http.get(`http://x.test/${data.id}`);", parameters="data") == []
    assert in_vu("http.get(`http://x.test/${id}`);", parameters="{ id }") == []
    assert in_vu("http.get(`http://x.test/${data.ids[__ITER]}`);", parameters="data") == [4]


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("", "http.get(`http://x.test/posts/${__ITER}`);"),
        ("", "http.get('http://x.test/posts/' + __VU);"),
        ("", "const id = Math.random(); http.get(`http://x.test/posts/${id}`);"),
        ("", "const id = res.json('id'); http.get(`http://x.test/posts/${id}`);"),
        ("", "for (let i = 0; i < 9; i++) { http.get(`http://x.test/posts/${i}`); }"),
        ("", "for (const one of users) { http.get(`http://x.test/posts/${one.id}`); }"),
        ("", "users.forEach((one) => http.get(`http://x.test/posts/${one.id}`));"),
        ("const users = load();", "const user = users[__VU % 9]; http.get(`http://x.test/${user.id}`);"),
        ("let n = 0;", "n += 1; http.get(`http://x.test/posts/${n}`);"),
        ("import exec from 'k6/execution';", "http.get(`http://x.test/${exec.vu.idInTest}`);"),
        ("import { randomIntBetween } from 'x';", "http.get(`http://x.test/${randomIntBetween(1, 9)}`);"),
        ("const run = uuidv4();", "http.get(`http://x.test/${run}`);"),
        ("const B = 'http://x.test';", "const url = B + '/posts/' + __ITER; http.get(url);"),
        ("const B = 'http://x.test';", "let url = `${B}/posts`; url += '/' + __ITER; http.get(url);"),
        ("const B = 'http://x.test';", "const path = '/posts/' + __ITER; http.get(`${B}${path}`);"),
        ("const B = 'http://x.test';", "const url = `${B}/posts/${id()}`; http.get(url, { headers: {} });"),
        ("const p = { headers: {} };", "http.get(`http://x.test/posts/${__ITER}`, p);"),
        ("const p = { tags: { type: 'post' } };", "http.get(`http://x.test/posts/${__ITER}`, p);"),
        ("import { get as load } from 'k6/http';", "load(`http://x.test/posts/${__ITER}`);"),
        ("import web from 'k6/http';", "web.post(`http://x.test/posts/${__ITER}`, '');"),
    ],
)
def test_a_url_that_varies_is_reported_however_it_is_built(before: str, code: str):
    assert in_vu(code, before) == [4]


def test_a_request_that_is_sent_once_needs_no_name():
    request = "http.post(`http://x.test/users/${uuidv4()}`);"
    assert lines(f"export function setup() {{ {request} }}") == []
    assert (
        lines(f"export function teardown(data) {{ http.del(`http://x.test/${{data.id}}`); {request} }}") == []
    )
    assert lines(f"export function setup() {{ while (more()) {{ {request} }} }}") == [1]
    assert lines(f"export function setup() {{ users.forEach(() => {{ {request} }}); }}") == [1]


def unchecked(source: str) -> list[int | None]:
    file = SourceFile(source)
    return [one.line for one in unchecked_responses(Subject(file, {"": file}, file.options.value))]


def test_a_script_that_never_looks_at_a_response_is_reported():
    assert unchecked(f"{HTTP}export default function () {{\n  http.get('http://x.test');\n}}") == [3]
    assert unchecked(f"{HTTP}// check(1)\nhttp.get('http://x.test');") == [3]


@pytest.mark.parametrize(
    "look",
    [
        "check(r, {});",
        "k6.check(r, {});",
        "expect(r.status).toBe(200);",
        "if (r.status !== 200) fail('no');",
        "const errors = new Rate('errors');",
        "import { lib } from './lib.js';",
    ],
)
def test_a_script_that_looks_at_responses_in_any_way_is_not(look: str):
    assert unchecked(f"{HTTP}{look}\nhttp.get('http://x.test');") == []
    assert unchecked("export default function () {}") == []
