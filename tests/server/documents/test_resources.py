"""Scripts that were kept, as documents."""

import base64
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, BlobResourceContents, TextResourceContents
from support.archives import tar_of
from support.servers import open_world

from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.storage.script_files import Backups

TOKEN = "planted-token-0123456789"
ARCHIVE = tar_of({"metadata.json": f'{{"options": {{"cloud": {{"token": "{TOKEN}"}}}}}}', "data": "run();"})


async def kept(folder: Path, content: bytes) -> tuple[Backups, str]:
    backups = Backups(folder, max_mib=1, days=1)
    with Script.from_chunks([content]) as script:
        await backups.keep(script, 1)
        return backups, script.sha256


@pytest.mark.parametrize("digits", [12, 64])
async def test_a_kept_script_is_a_document_by_its_hash_also_when_its_test_is_gone(
    tmp_path: Path, digits: int
):
    backups, sha256 = await kept(tmp_path, b"// old")
    async with open_world() as world, world.connect(kept_scripts=backups) as client:
        uri = f"k6://load_tests/4711/script@{sha256[:digits]}"
        (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert (content.text, content.mime_type) == ("// old", "text/javascript")


async def test_a_kept_archive_is_a_blob_without_its_secrets(tmp_path: Path):
    backups, sha256 = await kept(tmp_path, ARCHIVE)
    async with open_world() as world, world.connect(kept_scripts=backups) as client:
        (content,) = (await client.read_resource(f"k6://load_tests/1/script@{sha256}")).contents
    assert isinstance(content, BlobResourceContents)
    assert content.mime_type == "application/x-tar"
    assert TOKEN.encode() not in base64.b64decode(content.blob)


@pytest.mark.parametrize(
    "address",
    ["1/script@" + "0" * 64, "1/script@0123", "1/script@..%2F..%2Fetc%2Fpasswd", "x/script@" + "0" * 64],
)
async def test_what_is_not_kept_is_invalid_params(tmp_path: Path, address: str):
    backups, _ = await kept(tmp_path, b"// old")
    async with open_world() as world, world.connect(kept_scripts=backups) as client:
        with pytest.raises(MCPError) as raised:
            await client.read_resource(f"k6://load_tests/{address}")
    assert raised.value.code == INVALID_PARAMS


@pytest.mark.parametrize(
    "number", ["true", "1_0", "%201", "0x1", "%EF%BC%91", "1.0", "01", "-1", "0", "9" * 5000]
)
@pytest.mark.parametrize("address", ["load_tests/{}", "load_tests/{}/script", "test_runs/{}"])
async def test_only_plain_digits_are_an_id(address: str, number: str):
    async with open_world() as world, world.connect() as client:
        with pytest.raises(MCPError, match="is not an id") as raised:
            await client.read_resource(f"k6://{address.format(number)}")
    assert raised.value.code == INVALID_PARAMS
