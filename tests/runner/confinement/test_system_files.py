from pathlib import Path

from k6_runner.binary import K6
from k6_runner.confinement.system_files import is_script, program_files


async def test_a_static_program_needs_nothing_but_itself(k6: K6):
    assert program_files(k6.path) == ([], [k6.path])


def test_a_dynamic_program_needs_its_loader_and_the_systems_libraries():
    readable, executable = program_files("/bin/ls")
    assert executable[0] == "/bin/ls"
    assert "ld" in Path(executable[1]).name
    assert "/usr/lib" in readable


def test_a_file_that_is_cut_or_missing_needs_nothing_else(tmp_path: Path):
    cut = tmp_path / "cut"
    for size in (0, 3, 10, 63, 64, 100):
        cut.write_bytes(Path("/bin/ls").read_bytes()[:size])
        assert program_files(str(cut)) == ([], [str(cut)])
    assert program_files("/nowhere/k6") == ([], ["/nowhere/k6"])


async def test_a_wrapper_is_told_from_a_program(tmp_path: Path, k6: K6):
    wrapper = tmp_path / "k6"
    wrapper.write_text("#!/bin/sh\nexec k6\n")
    assert is_script(str(wrapper))
    assert not is_script(k6.path)
    assert not is_script("/nowhere/k6")
