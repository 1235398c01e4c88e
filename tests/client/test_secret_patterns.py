import pytest

from k6_cloud.secret_patterns import LOOKS, hide_secrets

DRAWN = "Ab3dEf6hIj9kLm2nOp5q"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token: 'abc123'", "token: '<redacted>'"),
        ('"Authorization": "Basic dXNlcg=="', '"Authorization": "<redacted>"'),
        ("headers.authorization = `Key ${x}`;", "headers.authorization = `<redacted>`;"),
        ("const API_KEY = 'k';", "const API_KEY = '<redacted>';"),
        ('db-password_2 : "it\'s"', 'db-password_2 : "<redacted>"'),
        ("secretKey='k'", "secretKey='<redacted>'"),
        ("-H 'Authorization: Bearer eyJhbGciOi.J9'", "-H 'Authorization: Bearer <redacted>'"),
        ("glsa_0123456789abcdef_01234567", "glsa_<redacted>"),
        ("const accessToken = 'x' + glc_eyJvIjoiMSJ9xx", "const accessToken = '<redacted>' + glc_<redacted>"),
        (f"f('ghp_{DRAWN}')", "f('ghp_<redacted>')"),
        (f"f('xoxb-{DRAWN}')", "f('xoxb-<redacted>')"),
        ("https://user:hunter2@shop.test/", "https://user:<redacted>@shop.test/"),
        (f"eyJhbGciOiJIUzI1.eyJzdWIiOiIx.{DRAWN} ", "eyJ<redacted> "),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str):
    assert hide_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "export const options = { vus: 2 };",
        "const tokens = 5; // a token",
        "// the token expiration, with basic authentication",
        "tokenUrl: 'https://shop.test/oauth2'",
        '"K6_CLOUD_TOKEN": "${env:K6_CLOUD_TOKEN}"',
        '"token": "{env:TOKEN}"',
        "token = '$TOKEN'",
        "https://shop.test:8080/a@b",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert hide_secrets(text) == text
    assert not any(pattern.search(text) for pattern in LOOKS.values())


def test_a_reference_with_more_around_it_is_hidden():
    assert hide_secrets("token: `${prefix}planted`") == "token: `<redacted>`"


def test_what_is_shown_in_its_place_can_be_chosen():
    assert hide_secrets('{"token":"planted"}', "…") == '{"token":"…"}'
