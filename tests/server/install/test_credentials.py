from pathlib import Path

import pytest
from pydantic import SecretStr

from k6_cloud.config.k6_login import Login
from k6_cloud_mcp.install.credentials import Credentials, find_credentials
from k6_cloud_mcp.install.errors import InstallError

LOGIN = Login(Path("/config.json"), SecretStr("planted"), stack_id=1)


def test_who_has_logged_in_needs_no_variables():
    assert find_credentials({}, LOGIN, with_token=False) == Credentials(login=LOGIN.path)


def test_a_token_in_the_environment_goes_before_the_login():
    found = find_credentials({"K6_CLOUD_TOKEN": "planted"}, LOGIN, with_token=False)
    assert found == Credentials(("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_URL"))


def test_a_stack_that_is_named_by_its_number_is_referenced_so():
    found = find_credentials({"K6_CLOUD_STACK_ID": "1"}, Login(), with_token=False)
    assert found.names == ("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_ID")


def test_values_are_taken_only_when_asked_for_and_are_hidden_when_shown():
    env = {"K6_CLOUD_TOKEN": "planted", "K6_CLOUD_STACK_URL": "https://a"}
    found = find_credentials(env, LOGIN, with_token=True)
    assert found.clear == env
    assert found.hide("the planted token") == "the … token"


@pytest.mark.parametrize("env", [{}, {"K6_CLOUD_TOKEN": "planted"}, {"K6_CLOUD_STACK_ID": "1"}])
def test_half_a_set_of_values_is_not_written(env: dict[str, str]):
    with pytest.raises(InstallError, match="Nothing was written"):
        find_credentials(env, Login(), with_token=True)
