"""A large archive passes through without the server growing by its size many times over."""

import io
import json
import os
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.servers import SCRIPT, content_of

MIB = 1024 * 1024
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")


def large_archive(path: Path, size: int) -> Path:
    members = {
        "metadata.json": json.dumps({"type": "js", "options": {}, "env": {}}).encode(),
        "data": SCRIPT.encode(),
        "file/home/data.bin": os.urandom(size),
    }
    with tarfile.open(path, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def peak(process: psutil.Process) -> int:
    """The most resident memory the process ever had, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


async def test_a_20_mb_archive_goes_up_and_down_and_is_replaced_in_under_60_mb_of_growth(tmp_path: Path):
    archive = large_archive(tmp_path / "large.tar", 20 * MIB)
    other = large_archive(tmp_path / "other.tar", 20 * MIB)
    env = {**os.environ, "K6_MCP_BACKEND": "sandbox", "K6_SANDBOX_DIR": str(tmp_path / "state")}
    command = StdioServerParameters(command=sys.executable, args=["-m", "k6_cloud_mcp"], env=env)
    async with Client(stdio_client(command)) as client:
        arguments = {"name": "Small", "script": SCRIPT}
        small = content_of(await client.call_tool("create_load_test", arguments))
        content_of(await client.call_tool("download_load_test_script", {"load_test_id": small["id"]}))
        server = next(child for child in psutil.Process().children() if "k6_cloud_mcp" in child.cmdline())
        before = peak(server)
        arguments = {"name": "Large", "script_path": str(archive)}
        large = content_of(await client.call_tool("create_load_test", arguments))
        down = content_of(await client.call_tool("download_load_test_script", {"load_test_id": large["id"]}))
        call = {"load_test_id": large["id"], "script_path": str(other)}
        offer = content_of(await client.call_tool("upload_load_test_script", call))
        call["confirmation_token"] = offer["confirmation_token"]
        replaced = content_of(await client.call_tool("upload_load_test_script", call))["result"]
        grown = peak(server) - before
    assert large["script"]["size"] == down["size"] == archive.stat().st_size
    assert down["text"] == SCRIPT
    assert replaced["sha256"] == sha256(other.read_bytes()).hexdigest()
    assert grown < 60 * MIB
