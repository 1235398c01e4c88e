import io
import json
import tarfile

import pytest

from k6_cloud.archives import clean_chunks
from k6_cloud.errors import ScriptError
from k6_cloud.models import Json
from k6_cloud.scripts import Script

TOKEN = "glc_0123456789abcdef"
METADATA = {
    "type": "js",
    "options": {"vus": 3, "cloud": {"token": TOKEN, "projectID": 7}},
    "env": {"PASSWORD": "hunter2-and-more"},
}


def archive(*metadata: Json | bytes, names: tuple[str, ...] = ("metadata.json",)) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        members = [("data", b"export default function () {}")]
        for name, content in zip(names * len(metadata), metadata, strict=False):
            data = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
            members.insert(0, (name, data))
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


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
