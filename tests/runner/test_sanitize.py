import json
from pathlib import Path

from support.archives import tar_of

from k6_cloud.scripts.script import Script
from k6_runner.sanitize import Wording

_ROOM = Path("/private/tmp/k6-run-1")


def _archive(metadata: object) -> Script:
    return Script.from_chunks([tar_of({"metadata.json": json.dumps(metadata)})])


def test_private_paths_are_cut_and_lines_joined():
    with Script.from_chunks([b""]) as script:
        text = "Error: boom\n\tat file:///private/tmp/k6-run-1/script.js:1:7\n in /private/tmp/k6-run-1"
        assert Wording(script, _ROOM).clean(text) == "Error: boom at script.js:1:7 in"


def test_the_archive_that_nobody_gave_is_not_named():
    said = "could not initialize 'archive.tar': could not load {}test archive bundle '{}archive.tar': no functions"
    with Script.from_chunks([b""]) as script:
        wording = Wording(script, _ROOM)
        assert wording.clean(said.format("", "")) == "no functions"
        assert wording.clean(said.format("JS from ", "file:///private/tmp/k6-run-1/")) == "no functions"


def test_tokens_and_environment_values_of_an_archive_are_replaced():
    metadata = {
        "options": {"cloud": {"token": "tok-123456"}, "ext": {"loadimpact": {"token": "old-654321"}}},
        "env": {"PASSWORD": "hunter2!", "SHORT": "a"},
    }
    with _archive(metadata) as script:
        said = Wording(script, _ROOM).clean("tok-123456, old-654321 and hunter2! are a secret")
    assert said == "<redacted>, <redacted> and <redacted> are a secret"


def test_long_messages_are_cut():
    with Script.from_chunks([b""]) as script:
        assert len(Wording(script, _ROOM).clean("x" * 10_000)) == 500
