from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from k6_cloud.auth import Credentials
from k6_cloud.config.environment import address_of, credentials_of
from k6_cloud.config.k6_login import Login
from k6_cloud.errors import ConfigurationError

STORED = Login(Path("/config.json"), SecretStr("stored"), 7, "https://stored.grafana.net")


@pytest.mark.parametrize(
    ("env", "credentials"),
    [
        ({"K6_CLOUD_TOKEN": "t", "K6_CLOUD_STACK_ID": "42"}, Credentials("t", 42)),
        (
            {"K6_CLOUD_TOKEN": " t\n", "K6_CLOUD_STACK_URL": "https://a.grafana.net/"},
            Credentials("t", stack_url="https://a.grafana.net"),
        ),
        ({"K6_CLOUD_TOKEN": "t"}, Credentials("t", 7, "https://stored.grafana.net")),
        ({"K6_CLOUD_STACK_ID": "42"}, Credentials("stored", 42)),
        ({"K6_CLOUD_STACK_URL": "a.grafana.net"}, Credentials("stored", stack_url="https://a.grafana.net")),
        (
            {"K6_CLOUD_TOKEN": " ", "K6_CLOUD_STACK_ID": ""},
            Credentials("stored", 7, "https://stored.grafana.net"),
        ),
        ({}, Credentials("stored", 7, "https://stored.grafana.net")),
    ],
)
def test_the_environment_is_completed_by_the_login(env: dict[str, str], credentials: Credentials):
    assert credentials_of(env, STORED) == credentials


@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, "K6_CLOUD_TOKEN and K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL is not set"),
        ({"K6_CLOUD_TOKEN": "t"}, "K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL is not set"),
        ({"K6_CLOUD_STACK_ID": "42"}, "K6_CLOUD_TOKEN is not set"),
        ({"K6_CLOUD_TOKEN": "t", "K6_CLOUD_STACK_ID": "acme"}, "K6_CLOUD_STACK_ID is not a number"),
        ({"K6_CLOUD_TOKEN": "t", "K6_CLOUD_STACK_ID": "9" * 5000}, "K6_CLOUD_STACK_ID is not a number"),
        ({"K6_CLOUD_TOKEN": "'t'", "K6_CLOUD_STACK_ID": "1"}, "Copy it again, without quotes"),
        (
            {"K6_CLOUD_TOKEN": "t", "K6_CLOUD_STACK_URL": "not an address"},
            "The stack's URL is not an address",
        ),
    ],
)
def test_what_is_missing_is_named(env: dict[str, str], missing: str):
    with pytest.raises(ConfigurationError, match=missing):
        credentials_of(env, Login())


def test_a_broken_login_does_not_matter_to_a_complete_environment(tmp_path: Path):
    broken = tmp_path / "config.json"
    broken.write_text("not json")
    complete: dict[str, Any] = {"K6_CLOUD_TOKEN": "t", "K6_CLOUD_STACK_ID": "1", "K6_CONFIG": str(broken)}

    assert credentials_of(complete) == Credentials("t", 1)
    with pytest.raises(ConfigurationError, match=str(broken)):
        credentials_of({**complete, "K6_CLOUD_TOKEN": ""})


def test_the_address_is_that_of_the_environment_or_the_default():
    assert (
        address_of({"K6_CLOUD_HOST_V6": "http://127.0.0.1:6580/"}, "https://api.k6.io")
        == "http://127.0.0.1:6580"
    )
    assert address_of({"K6_CLOUD_HOST_V6": " "}, "https://api.k6.io") == "https://api.k6.io"


@pytest.mark.parametrize("address", ["http://api.k6.io", "api.k6.io", "https://[::1", "nonsense"])
def test_an_address_to_which_the_token_would_travel_readable_is_refused(address: str):
    with pytest.raises(ConfigurationError, match="K6_CLOUD_HOST_V6"):
        address_of({"K6_CLOUD_HOST_V6": address}, "https://api.k6.io")
