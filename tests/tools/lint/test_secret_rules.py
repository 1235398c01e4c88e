import pytest

from k6_cloud_mcp_tools.lint.secret_rules import secrets
from k6_cloud_mcp_tools.lint.source_file import SourceFile

DRAWN = "Xk29fj3LmQ81vTz0"


def found(source: str) -> list[str]:
    return [
        one.problem.removeprefix("This line holds what looks like ") for one in secrets(SourceFile(source))
    ]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (f"f('glc_{DRAWN}')", "a Grafana token."),
        (f"f(`ghp_{DRAWN}{DRAWN}`)", "a GitHub token."),
        ("f('AKIAIOSFODNN7ABCDEFG')", "an AWS access key."),
        (f"f('eyJ{DRAWN}.eyJ{DRAWN}.x')", "a JSON Web Token."),
        ("f('-----BEGIN RSA PRIVATE KEY-----')", "a private key."),
        (f"h['Authorization'] = 'Basic {DRAWN}'", "credentials in an Authorization header."),
        (f"f('https://me:{DRAWN}@shop.test')", "a password in a URL."),
        ("const password = 'correct-horse'", "the value of 'password'."),
        (f"const o = {{ clientSecret: '{DRAWN}' }}", "the value of 'clientSecret'."),
        (f"const o = {{ 'api-key': '{DRAWN}' }}", "the value of 'api-key'."),
        (f"const ADMIN_TOKEN = '{DRAWN}'", "the value of 'ADMIN_TOKEN'."),
    ],
)
def test_a_secret_is_known_by_its_looks_or_its_name(source: str, what: str):
    assert found(source) == [what]


@pytest.mark.parametrize(
    "source",
    [
        "const password = __ENV.PASSWORD",
        "const password = 'demo'",
        "const o = { password: 'password123' }",
        "const token = '<your-token>'",
        "const token = 'csrf_token'",
        "const tokenUrl = 'https://shop.test/oauth2/token1'",
        "h.Authorization = `Bearer ${token}`",
        "h.Authorization = 'Bearer ' + token",
        f"// const apiKey = '{DRAWN}'",
        "check(r, { 'token is 32 characters long': ok })",
        "f('https://shop.test/a:b@c')",
    ],
)
def test_what_only_resembles_a_secret_is_left_alone(source: str):
    assert found(source) == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (f"const a = `\n\n  Bearer {DRAWN}\n`;", 3),
        (f"const a = `x\n${{b}}\n\nglc_{DRAWN}`;", 4),
        (f"f(\n  'a',\n  'glc_{DRAWN}',\n);", 3),
        (f"const a = 'a\\nb\\nglc_{DRAWN}';", 1),
        (f"const a = 'x \\\nglc_{DRAWN}';", 2),
        (f'const body = `{{\n  "password": "{DRAWN}"\n}}`;', 2),
    ],
)
def test_a_secret_is_reported_at_its_own_line_within_a_text(source: str, line: int):
    assert [one.line for one in secrets(SourceFile(source))] == [line]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (f"http.get('https://shop.test/a?api_key={DRAWN}')", "api_key"),
        (f"http.get(`https://shop.test/a?page=${{p}}&token={DRAWN}`)", "token"),
        (f"http.get(`${{BASE}}/a?key={DRAWN}`)", "key"),
        (f"const url = BASE + '/a?access_token={DRAWN}&x=1'", "access_token"),
        (f"http.get('https://blob.test/f?sv=2024&sig={DRAWN}%3D')", "sig"),
    ],
)
def test_a_key_in_the_query_of_a_url_is_a_secret(source: str, name: str):
    assert found(source) == [f"the value of {name!r} in a URL."]


@pytest.mark.parametrize(
    "source",
    [
        "http.get(`https://shop.test/a?api_key=${__ENV.KEY}`)",
        "http.get('https://shop.test/a?key=name&sort=price1')",
        "http.get('https://shop.test/a?api_key=your-api-key-1')",
        "http.get('https://shop.test/a?token=invalid-token-123')",
        "http.get('https://shop.test/a?monkey=Xk29fj3LmQ81vTz0')",
    ],
)
def test_ordinary_queries_are_no_secrets(source: str):
    assert found(source) == []


@pytest.mark.parametrize(
    "source",
    [
        f"const password = __ENV.PASSWORD || '{DRAWN}';",
        f"const password = __ENV.PASSWORD ?? ('{DRAWN}');",
        f"function login(password = '{DRAWN}') {{}}",
        f"class A {{ password = '{DRAWN}' }}",
        f"user['password'] = '{DRAWN}';",
        f"export const user = {{ password: '{DRAWN}' as string }};",
    ],
)
def test_a_secret_is_found_wherever_it_is_given_to_a_name(source: str):
    assert found(source) == ["the value of 'password'."]


NEGATIVE = [
    "const body = JSON.stringify({ user: 'ann', password: 'wrong-password-1' });",
    "const body = { password: 'not-my-password' };",
    "const badLogin = { user: 'ann', password: 'hunter2hunter2' };",
    "const wrong = { password: 'hunter2hunter2' };",
    "export function rejectsUnknownUsers() { http.post(u, { password: 'hunter2hunter2' }); }",
    "group('login with a wrong password', () => { http.post(u, { password: 'hunter2hunter2' }); });",
    """export default function () {
      const answer = http.post(u, JSON.stringify({ user: 'ann', password: 'hunter2hunter2' }));
      check(answer, { 'is refused': (r) => r.status === 401 });
    }""",
    "check(http.post(u, { password: 'hunter2hunter2' }), { refused: (r) => r.status == 403 });",
    "http.post(u, { password: 'hunter2x' }, { responseCallback: http.expectedStatuses(401) });",
    "const token = 'Bearer invalid-token-12345';",
]


@pytest.mark.parametrize("source", NEGATIVE)
def test_a_made_up_wrong_password_of_a_negative_test_is_no_secret(source: str):
    assert found(source) == []


@pytest.mark.parametrize(
    "source",
    [
        """export default function () {
          const answer = http.post(u, { user: 'ann', password: 'hunter2hunter2' });
          check(answer, { ok: (r) => r.status === 200, 'not 401': (r) => r.status !== 401 });
        }""",
        "const limits = { password: 'hunter2hunter2', most: 401 };",
        "const badgeToken = { password: 'hunter2hunter2' };",
    ],
)
def test_a_password_that_is_meant_to_work_is_one(source: str):
    assert found(source) == ["the value of 'password'."]
