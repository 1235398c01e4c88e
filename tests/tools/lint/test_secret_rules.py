import pytest

from k6_cloud_mcp_tools.lint.outline import Outline
from k6_cloud_mcp_tools.lint.secret_rules import secrets

DRAWN = "Xk29fj3LmQ81vTz0"


def found(source: str) -> list[str]:
    return [one.problem.removeprefix("This line holds what looks like ") for one in secrets(Outline(source))]


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
