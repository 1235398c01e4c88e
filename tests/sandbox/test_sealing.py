import json
from collections.abc import Callable
from typing import Any

import pytest

from k6_cloud.errors import ScriptError
from k6_cloud.scripts import Script
from k6_cloud_sandbox.sealing import seal

Make = Callable[..., bytes]
LIMIT = 10_000_000


def sealed(archive: bytes) -> Script:
    return seal(Script.from_chunks([archive]), LIMIT)


@pytest.mark.parametrize(
    "options",
    [
        {"cloud": {"token": "tok-123", "projectID": 5}},
        {"ext": {"loadimpact": {"token": "tok-123"}}},
        {"cloud": {"token": "tok-123"}, "ext": {"loadimpact": {"token": "tok-123"}}},
    ],
)
def test_a_token_is_overwritten_and_nothing_else_changes(make_archive: Make, options: Any):
    archive = make_archive({"options": options, "env": {"A": "b"}}, padding=200_000)

    with sealed(archive) as script:
        assert script.read() == archive.replace(b"tok-123", b"xxxxxxx")
        assert script.size == len(archive)
        assert script.metadata()["env"] == {"A": "b"}


def test_an_archive_without_token_stays_the_same_object(make_archive: Make):
    with Script.from_chunks([make_archive({"options": {"cloud": {"token": ""}}})]) as script:
        assert seal(script, LIMIT) is script


def test_a_sealed_archive_stays_as_it_is(make_archive: Make):
    with sealed(make_archive({"options": {"cloud": {"token": "tok-123"}}})) as once:
        assert seal(once, LIMIT) is once


def test_a_token_written_with_escapes_is_found(make_archive: Make):
    metadata = b'{"options": {"cloud": {"token" : "t\\u006fk\\"<1"}}}'

    with sealed(make_archive(metadata)) as script:
        assert set(script.metadata()["options"]["cloud"]["token"]) == {"x"}


def test_another_value_called_token_is_not_touched(make_archive: Make):
    options = {"cloud": {"token": "tok-123"}, "scenarios": {"a": {"env": {"token": "mine"}}}}

    with sealed(make_archive({"options": options})) as script:
        assert script.metadata()["options"]["scenarios"]["a"]["env"]["token"] == "mine"


@pytest.mark.parametrize(
    "metadata",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"options": {"cloud": {"\\u0074oken": "hidden"}}}',
        json.dumps({"options": {"cloud": {"token": ["in a list"]}}}).encode(),
        b'{"a": "' + b"x" * 1024 * 1024 + b'"}',
    ],
)
def test_metadata_that_may_keep_a_token_is_refused(make_archive: Make, metadata: bytes):
    archive = Script.from_chunks([make_archive(metadata)])
    with archive, pytest.raises(ScriptError, match=r"metadata\.json"):
        seal(archive, LIMIT)


@pytest.mark.parametrize("metadata", [b"[]", b"1", b'{"options": []}', b'{"options": {"cloud": 1}}'])
def test_metadata_of_another_shape_holds_no_token(make_archive: Make, metadata: bytes):
    with sealed(make_archive(metadata)) as script:
        assert script.kind == "archive"
