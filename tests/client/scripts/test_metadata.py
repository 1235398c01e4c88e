import json

import pytest

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.metadata import read_metadata


def test_what_k6_writes_is_read():
    written = {"type": "js", "options": {"vus": 1, "Custom": 1, "custom": 2}, "env": {"A": "1", "a": "2"}}
    assert read_metadata(json.dumps(written).encode()) == written


@pytest.mark.parametrize("key", ["Options", "OPTIONS", "option\u017f", "Env", "\u212a6version"])
def test_a_field_in_another_case_is_refused(key: str):
    with pytest.raises(ScriptError, match="which k6 takes for"):
        read_metadata(json.dumps({key: {}}).encode())


@pytest.mark.parametrize("key", ["VUs", "Cloud", "EXT", "Scenarios", "\u017ftages"])
def test_an_option_in_another_case_is_refused(key: str):
    with pytest.raises(ScriptError, match="which k6 takes for"):
        read_metadata(json.dumps({"options": {"vus": 1, key: 50}}).encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"options": {"vus": 50}, "options": {}}',
        '{"options": {"vus": 1, "vus": 50}}',
        '{"options": {"scenarios": {"a": {}, "a": {}}}}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str):
    with pytest.raises(ScriptError, match="twice"):
        read_metadata(text.encode())


@pytest.mark.parametrize("text", ["[" * 500_000, '{"a":' * 100_000, "{", "[]", "\ud800"])
def test_what_is_no_object_is_refused(text: str):
    with pytest.raises(ScriptError, match="not a JSON object"):
        read_metadata(text.encode(errors="surrogatepass"))
