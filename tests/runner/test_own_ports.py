import os
import subprocess
import sys
from pathlib import Path

import pytest

from k6_runner.own_ports import announced, announced_ports

_SERVER = """
import sys
from pathlib import Path
from k6_runner.own_ports import announced
with announced(*map(int, sys.argv[2:]), folder=Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


def _server(folder: Path, *ports: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _SERVER, str(folder), *map(str, ports)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout
    assert server.stdout.readline() == b"up\n"
    return server


def test_ports_of_this_and_other_processes_are_known_while_they_are_held(tmp_path: Path):
    folder = tmp_path / "ports"
    assert announced_ports(folder) == frozenset()
    with announced(8000, folder=folder), _server(folder, 6580, 6590) as server:
        assert announced_ports(folder) == {6580, 6590, 8000}
        server.communicate()
        assert announced_ports(folder) == {8000}
    assert announced_ports(folder) == frozenset()
    assert [*folder.iterdir()] == []


def test_the_port_of_a_process_that_was_killed_is_free_again(tmp_path: Path):
    with _server(tmp_path, 6580) as server:
        server.kill()
        server.wait()
        assert announced_ports(tmp_path) == frozenset()


def test_the_folder_belongs_to_its_user_alone_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        with announced(8000, folder=tmp_path / "ports"):
            assert (tmp_path / "ports").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_user_is_not_believed_in(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    os.chown(tmp_path, 12345, 12345)
    with announced(8000, folder=tmp_path):
        assert [*tmp_path.iterdir()] == []
    assert "belongs to another user" in caplog.text


def test_a_server_works_without_such_a_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").touch()
    with announced(8000, folder=tmp_path / "file" / "ports"):
        assert announced_ports(tmp_path / "file" / "ports") == frozenset()
    assert "may call port" in caplog.text


def test_other_files_in_the_folder_are_no_ports(tmp_path: Path):
    (tmp_path / "notes.lock").touch()
    (tmp_path / "80").touch()
    assert announced_ports(tmp_path) == frozenset()
