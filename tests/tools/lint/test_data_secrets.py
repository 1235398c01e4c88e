"""Secrets in data files are found by their looks or their names, and told by line without being quoted."""

import pytest

from k6_cloud_mcp_tools.lint.data_secrets import data_secrets

DRAWN = "Xk29fj3LmQ81vTz0"


def found(path: str, text: str) -> list[tuple[int | None, str]]:
    findings = list(data_secrets(path, text))
    assert not any(DRAWN in one.problem for one in findings)
    return [
        (one.line, one.problem.removeprefix("This line of data holds what looks like ")) for one in findings
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/users.json", f'[\n {{"user": "a",\n "token": "{DRAWN}"}}]', (3, "the value of 'token'.")),
        (
            "a/config.json",
            f'{{"url": "https://shop.test/?api_key={DRAWN}"}}',
            (1, "the value of 'api_key' in a URL."),
        ),
        ("a/users.csv", f"name,password\nann,demo\nbob,{DRAWN}\n", (3, "a value of the column 'password'.")),
        ("a/users.csv", f"name;api_key\nann;{DRAWN}\n", (2, "a value of the column 'api_key'.")),
        ("a/.env", f"# settings\nexport SHOP_TOKEN='{DRAWN}'\n", (2, "the value of 'SHOP_TOKEN'.")),
        ("a/settings.yaml", f"shop:\n  client_secret: {DRAWN}\n", (2, "the value of 'client_secret'.")),
        ("a/app.properties", f"shop.password={DRAWN}\n", (1, "the value of 'shop.password'.")),
        ("a/client.pem", "-----BEGIN EC PRIVATE KEY-----\nMIG\n", (1, "a private key.")),
        ("a/notes.txt", f"use glsa_{DRAWN}{DRAWN}", (1, "a Grafana token.")),
    ],
)
def test_a_secret_in_data_is_found_at_its_line(path: str, text: str, expected: tuple[int, str]):
    assert found(path, text) == [expected]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a/users.json", '[{"user": "a", "password": "wrong-password-1"}, {"password": "demo"}]'),
        ("a/products.json", '{"name": "Token ring", "key": "A1", "url": "https://shop.test/?page=2"}'),
        ("a/users.csv", "name,password\nann,<password>\nbob,wrong-pass-123\n"),
        ("a/cases.csv", f"name,invalid_password\nann,{DRAWN}\n"),
        ("a/.env", "SHOP_TOKEN=${SHOP_TOKEN}\nPASSWORD=\nTOKEN_URL=https://shop.test/token1\n"),
        ("a/cert.pem", "-----BEGIN CERTIFICATE-----\nMIID\n"),
    ],
)
def test_ordinary_data_and_made_up_wrong_values_are_left_alone(path: str, text: str):
    assert found(path, text) == []


def test_a_kind_of_secret_is_told_once_for_a_file():
    rows = "".join(f"user{number},{DRAWN}{number}\n" for number in range(2_000))
    assert len(found("a/users.csv", f"name,password\n{rows}")) == 1
