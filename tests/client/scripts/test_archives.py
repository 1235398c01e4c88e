import json

import pytest
from support.archives import tar_of

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json
from k6_cloud.scripts.archives import clean_chunks, text_bytes
from k6_cloud.scripts.script import Script

TOKEN = "glc_0123456789abcdef"
METADATA = {
    "type": "js",
    "options": {"vus": 3, "cloud": {"token": TOKEN, "projectID": 7}},
    "env": {"PASSWORD": "hunter2-and-more"},
}


def archive(*metadata: Json | bytes, names: tuple[str, ...] = ("metadata.json",)) -> bytes:
    contents = [one if isinstance(one, bytes) else json.dumps(one, indent=2).encode() for one in metadata]
    named = zip(names * len(metadata), contents, strict=False)
    return tar_of({}, *named, ("data", b"export default function () {}"))


def clean(data: bytes) -> bytes:
    with Script.from_chunks([data]) as script:
        return b"".join(clean_chunks(script))


def test_tokens_and_env_values_are_taken_out_and_everything_else_stays():
    dirty = archive(METADATA)
    cleaned = clean(dirty)
    assert len(cleaned) == len(dirty)
    assert TOKEN.encode() not in cleaned
    assert b"hunter2" not in cleaned
    with Script.from_chunks([cleaned]) as script:
        assert script.member("data") == b"export default function () {}"
        assert script.metadata()["options"] == {"vus": 3, "cloud": {"token": "<redacted>", "projectID": 7}}
        assert script.metadata()["env"] == {"PASSWORD": ""}


def test_every_metadata_member_is_cleaned_however_it_is_spelled():
    dirty = archive(METADATA, METADATA, METADATA, names=("metadata.json", "./metadata.json", "metadata.json"))
    assert dirty.count(TOKEN.encode()) == 3
    assert TOKEN.encode() not in clean(dirty)


def test_a_script_without_secrets_is_left_as_it_is():
    plain = archive({"type": "js", "options": {}, "env": {}})
    assert clean(plain) == plain
    assert clean(b"export default function () {}") == b"export default function () {}"


def test_metadata_that_cannot_be_read_is_refused():
    with pytest.raises(ScriptError, match="not a JSON object"):
        clean(archive(b"token: " + TOKEN.encode()))


@pytest.mark.parametrize(
    "path", ["./metadata.json", "/metadata.json", "a/../metadata.json", "//metadata.json"]
)
def test_no_spelling_of_metadata_gets_around_the_redaction(path: str):
    stored = tar_of({path: b'{"env": {"A": "secret"}}'})
    refused = pytest.raises(ScriptError, match=r"no member 'metadata.json'")
    with Script.from_chunks([stored]) as script, refused:
        text_bytes(script, path)


def test_a_member_that_is_not_text_is_not_shown():
    stored = tar_of({"data": b"//", "logo.png": b"\x89PNG"})
    refused = pytest.raises(ScriptError, match=r"logo.png is not UTF-8 text, so it cannot be shown.")
    with Script.from_chunks([stored]) as script, refused:
        text_bytes(script, "logo.png")
