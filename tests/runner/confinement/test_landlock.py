"""Files, ports and other processes, as a confined program meets them."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from support.confined import as_ordinary_user, confined_python

from k6_runner.confinement.landlock import SCOPES_SINCE, TCP_SINCE, landlock_version
from k6_runner.confinement.terms import Abilities, Network

pytestmark = pytest.mark.skipif(not landlock_version(), reason="This kernel has no Landlock.")

INTERNET = Network(internet=True, datagrams=True)


def _refused(directory: Path, code: str, **terms: object) -> bool:
    """Whether code fails for lack of a permission."""
    done = confined_python(directory, code, **terms)
    assert done.returncode == 0 or "PermissionError" in done.stderr, done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname",
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/1/cmdline",
        "/sys/kernel/mm",
        str(Path.home()),
    ],
)
@pytest.mark.parametrize("version", [1, 7])
def test_nothing_outside_of_the_directory_can_be_read(tmp_path: Path, path: str, version: int):
    assert Path(path).exists()
    code = f"import os; os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read()"
    assert _refused(tmp_path, code, pretended=Abilities(version, True))


def test_a_file_that_is_named_can_be_read_and_not_written(tmp_path: Path):
    (tmp_path / "project").mkdir()
    (tmp_path / "room").mkdir()
    file = tmp_path / "project/data.csv"
    file.write_text("a,b")
    named = {"readable": [str(tmp_path / "project")]}
    assert not _refused(tmp_path / "room", f"assert open({str(file)!r}).read() == 'a,b'", **named)
    assert _refused(tmp_path / "room", f"open({str(file)!r}, 'w')", **named)
    assert file.read_text() == "a,b"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/var/tmp", "/proc/self"])
@pytest.mark.parametrize("version", [1, 3, 7])
def test_nothing_outside_of_the_directory_can_be_written(tmp_path: Path, folder: str, version: int):
    path = Path(folder.replace("self", str(os.getpid()))) / "oom_score_adj"
    before = path.read_text() if path.exists() else None
    assert _refused(tmp_path, f"open({str(path)!r}, 'w').write('7')", pretended=Abilities(version, True))
    assert (path.read_text() if path.exists() else None) == before


@pytest.mark.parametrize("version", [1, 2, 7])
@pytest.mark.parametrize(
    "code",
    ["os.truncate({0!r}, 0)", "os.unlink({0!r})", "os.rename({0!r}, 'mine')", "os.link({0!r}, 'mine')"],
)
def test_a_file_outside_can_neither_be_emptied_nor_moved(tmp_path: Path, code: str, version: int):
    (tmp_path / "room").mkdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    done = confined_python(
        tmp_path / "room",
        f"import os; os.chdir({str(tmp_path / 'room')!r}); {code.format(str(victim))}",
        pretended=Abilities(version, True),
    )
    assert done.returncode != 0
    assert victim.read_text() == "precious"


def test_the_directory_itself_can_be_written(tmp_path: Path):
    done = confined_python(
        tmp_path, f"import os; os.mkdir('{tmp_path}/a'); open('{tmp_path}/a/b', 'w').write('x')"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a/b").read_text() == "x"


@pytest.mark.parametrize("program", ["/bin/sh", "/usr/bin/env", "{room}/mine"])
def test_no_other_program_can_be_started(tmp_path: Path, program: str):
    code = (
        "import os, shutil, subprocess; path = {0!r}.format(room={1!r}); "
        "os.path.exists(path) or shutil.copy('/bin/true', path); subprocess.run([path, '-c', 'true'])"
    )
    assert _refused(tmp_path, code.format(program, str(tmp_path)), readable=["/bin", "/usr/bin"])


def test_a_link_in_the_directory_does_not_lead_out_of_it(tmp_path: Path):
    code = f"import os; os.symlink('/etc/hostname', '{tmp_path}/link'); open('{tmp_path}/link').read()"
    assert _refused(tmp_path, code)


@pytest.mark.skipif(landlock_version() < TCP_SINCE, reason="This kernel limits no ports.")
def test_only_the_ports_that_are_named_can_be_connected_to(tmp_path: Path):
    with (
        socket.create_server(("127.0.0.1", 0)) as open_server,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        ports = [open_server.getsockname()[1], other.getsockname()[1]]
        connect = "import socket; socket.create_connection(('127.0.0.1', {0}), 5)"
        network = INTERNET._replace(ports=[(ports[0], ports[0])])
        assert not _refused(tmp_path, connect.format(ports[0]), network=network)
        assert _refused(tmp_path, connect.format(ports[1]), network=network)
        assert not _refused(tmp_path, connect.format(ports[1]), network=INTERNET)


@pytest.mark.skipif(landlock_version() < TCP_SINCE, reason="This kernel limits no ports.")
def test_connections_are_accepted_only_if_that_is_allowed(tmp_path: Path):
    code = "import socket; socket.create_server(('127.0.0.1', 0))"
    assert _refused(tmp_path, code, network=INTERNET)
    assert not _refused(tmp_path, code, network=INTERNET._replace(listen=True))


@pytest.mark.skipif(landlock_version() < SCOPES_SINCE, reason="This kernel does not scope signals.")
def test_other_processes_get_no_signals(tmp_path: Path):
    assert _refused(tmp_path, f"import os; os.kill({os.getpid()}, 0)")


def test_memory_of_other_processes_cannot_be_read(tmp_path: Path):
    assert _refused(tmp_path, f"open('/proc/{os.getpid()}/mem', 'rb')", readable=["/proc"])


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="Only root can become another user."
)
@pytest.mark.parametrize("entry", ["oom_score_adj", "comm", "coredump_filter", "timerslack_ns"])
def test_entries_of_an_ordinary_users_other_processes_cannot_be_written(tmp_path: Path, entry: str):
    code = f"""
import subprocess
from pathlib import Path
from support.confined import as_ordinary_user, confined_python

with subprocess.Popen(["/bin/sleep", "60"]) as victim:
    try:
        path = f"/proc/{{victim.pid}}/{entry}"
        open(path, "r+").close()
        done = confined_python(Path({str(tmp_path)!r}), f"open({{path!r}}, 'r+')")
        assert "PermissionError" in done.stderr, (done.returncode, done.stderr)
    finally:
        victim.kill()
"""
    tmp_path.chmod(0o777)
    done = as_ordinary_user(code)
    assert done.returncode == 0, done.stderr
