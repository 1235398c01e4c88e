import sys
from pathlib import Path

import pytest

from k6_cloud.scripts.script import Script
from k6_runner.binary import K6, find_k6
from k6_runner.limits import RunLimits
from k6_runner.process import NotConfined
from k6_runner.reading.inspection import inspect


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


async def test_k6_is_asked_for_its_version_once_until_the_file_changes(tmp_path: Path):
    mine, count = tmp_path / "k6", tmp_path / "count"
    mine.write_text(f"#!/bin/sh\necho >> {count}\necho 'k6 v2.2.0 (go1.26.0, linux/amd64)'\n")
    mine.chmod(0o755)
    for _ in range(3):
        assert await find_k6(str(mine)) == K6(str(mine), "v2.2.0", 2)
    assert count.read_text() == "\n"
    mine.write_text("#!/bin/sh\necho 'k6 v3.0.0-rc1 (go1.26.0, linux/amd64)'\n")
    assert await find_k6(str(mine)) == K6(str(mine), "v3.0.0-rc1", 3)


async def test_a_script_that_starts_k6_is_not_run_and_the_program_asked_for(tmp_path: Path):
    wrapper = K6(str(tmp_path / "k6"), "v2.2.0", 2)
    Path(wrapper.path).write_text("#!/bin/sh\nexec k6\n")
    with (
        Script.from_chunks([b"export default () => {}"]) as script,
        pytest.raises(NotConfined, match="Set K6_PATH to the k6 program"),
    ):
        await inspect(wrapper, script, RunLimits(), {})
