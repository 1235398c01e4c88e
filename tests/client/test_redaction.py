from typing import Any

import pytest

from k6_cloud.redaction import redact_metadata, redact_options, without_tokens


def test_the_token_that_k6_writes_into_the_options_is_replaced():
    options = {"vus": 1, "cloud": {"token": "secret", "projectID": 5}}

    assert redact_options(options) == {"vus": 1, "cloud": {"token": "<redacted>", "projectID": 5}}


def test_the_token_where_older_versions_put_it_is_replaced():
    options = {"ext": {"loadimpact": {"token": "secret", "name": "a"}}}

    assert redact_options(options) == {"ext": {"loadimpact": {"token": "<redacted>", "name": "a"}}}


def test_a_token_of_any_type_is_replaced():
    assert redact_options({"cloud": {"token": ["secret"]}}) == {"cloud": {"token": "<redacted>"}}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cloud": None},
        {"cloud": "x"},
        {"cloud": {"token": None}},
        {"ext": {"loadimpact": []}},
        {"ext": {}},
    ],
)
def test_options_without_a_token_stay_as_they_are(options: dict[str, Any]):
    assert redact_options(options) == options


def test_the_original_is_not_changed():
    options = {"cloud": {"token": "secret"}}

    redact_options(options)

    assert options == {"cloud": {"token": "secret"}}


def test_metadata_keeps_the_names_of_variables_and_loses_their_values():
    metadata = {"type": "js", "options": {"cloud": {"token": "secret"}}, "env": {"PASSWORD": "hunter2"}}

    clean = redact_metadata(metadata)

    assert clean["type"] == "js"
    assert clean["options"] == {"cloud": {"token": "<redacted>"}}
    assert list(clean["env"]) == ["PASSWORD"]
    assert "hunter2" not in str(clean)
    assert metadata["env"] == {"PASSWORD": "hunter2"}


@pytest.mark.parametrize("metadata", [{}, {"options": None, "env": None}, {"type": "js"}])
def test_metadata_without_secrets_stays_as_it_is(metadata: dict[str, Any]):
    assert redact_metadata(metadata) == metadata


def test_options_for_sending_have_neither_tokens_nor_nulls():
    options = {"vus": 1, "hosts": None, "cloud": {"token": "secret", "projectID": 5, "name": None}}

    assert without_tokens(options) == {"vus": 1, "cloud": {"projectID": 5}}
