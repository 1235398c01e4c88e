"""What real runs reach, and what they do not."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from support.archives import tar_of
from support.sandbox_runs import reach, start

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings
from k6_runner.network_policy import limits_ports
from k6_runner.own_ports import announced

pytestmark = pytest.mark.skipif(not limits_ports(), reason="This kernel limits no ports.")

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Listener:
    """A service of this machine, with the number of connections that reached it."""

    def __init__(self, server: socket.socket) -> None:
        self.met = 0
        self.port: int = server.getsockname()[1]
        self._server = server

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.met += 1
            with connection:
                connection.recv(65536)
                connection.sendall(_ANSWER)


@contextmanager
def listener(host: str = "127.0.0.1") -> Generator[Listener, None, None]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        found = Listener(server)
        thread = threading.Thread(target=found.serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def settings(**given: Any) -> SandboxSettings:
    return SandboxSettings.model_validate({"dir": ":memory:", **given})


def calling(*expressions: str) -> bytes:
    """A script that calls each address once."""
    calls = "".join(f"http.get({expression}, {{ timeout: '3s' }});" for expression in expressions)
    return f"import http from 'k6/http'; export default () => {{ {calls} }}".encode()


async def run_of(script: bytes, **given: Any) -> TestRun:
    async with open_sandbox(settings(**given)) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        return await reach(k6, await start(k6, script), "completed", "aborted")


def message_of(run: TestRun) -> str:
    return (run.result_details.message or "") if run.result_details else ""


async def test_a_port_in_the_text_is_reached_and_a_computed_one_is_not():
    with listener() as named, listener() as hidden:
        run = await run_of(
            calling(f"'http://localhost:{named.port}/'", f"'http://127.0.0.1:' + ({hidden.port} + 0)")
        )
    assert (named.met, hidden.met) == (1, 0)
    assert "Requests refused: 1" in message_of(run)
    assert "K6_SANDBOX_ALLOW_HOSTS" in message_of(run)


async def test_a_computed_port_is_reached_if_the_setting_names_it():
    with listener() as hidden, listener() as other:
        script = calling(*(f"'http://127.0.0.1:' + ({one.port} + 0)" for one in (hidden, other)))
        await run_of(script, allow_hosts=f"127.0.0.1:{hidden.port}")
    assert (hidden.met, other.met) == (1, 0)


@pytest.mark.parametrize("opened", ["127.0.0.1", "127.0.0.0/8", "localhost", "*"])
async def test_a_host_without_a_port_opens_all_its_ports(opened: str):
    with listener() as hidden:
        await run_of(calling(f"'http://127.0.0.1:' + ({hidden.port} + 0)"), allow_hosts=opened)
    assert hidden.met == 1


async def test_another_address_of_this_machine_is_closed_on_the_same_port():
    with socket.create_server(("127.0.0.1", 0)) as held, listener("127.0.0.2") as other:
        del held
        run = await run_of(
            calling(f"'http://127.0.0.1:{other.port}'", f"'http://127.0.0.' + '2:{other.port}'")
        )
    assert other.met == 0
    assert "is in a blacklisted range" in message_of(run) or "Requests refused" in message_of(run)


async def test_ports_in_other_files_of_an_archive_are_reached():
    with listener() as named:
        config = json.dumps({"base": f"127.0.0.1:{named.port}"})
        source = (
            "import http from 'k6/http'; const { base } = JSON.parse(open('./config.json'));"
            "export default () => http.get('http://' + base);"
        )
        metadata: dict[str, Any] = {
            "type": "js",
            "filename": "file:///a/s.js",
            "pwd": "file:///a/",
            "options": {},
            "k6version": "1.1.0",
        }
        files = {
            "metadata.json": json.dumps(metadata),
            "data": source,
            "file/a/s.js": source,
            "file/a/config.json": config,
        }
        run = await run_of(tar_of(files))
    assert (named.met, run.status) == (1, "completed")


async def test_the_option_hosts_leads_to_this_machine():
    with listener() as named:
        script = f"""
        import http from 'k6/http';
        export const options = {{ hosts: {{ 'shop.test': '127.0.0.1' }} }};
        export default () => http.get('http://shop.test:{named.port}/');
        """
        await run_of(script.encode())
    assert named.met == 1


async def test_a_run_reaches_the_demo_target_but_no_server_of_ours():
    with listener() as ours, announced(ours.port):
        async with open_sandbox(settings(allow_hosts="*")) as sandbox, sandbox.http() as http:
            k6 = K6Cloud(http)
            pages = httpx.URL(sandbox.base_url)
            script = calling(
                "`${__ENV.SANDBOX_URL}/demo/products`",
                f"'{pages}'",
                f"'http://127.0.0.1:{ours.port}/cloud/v6/projects'",
            )
            run = await reach(k6, await start(k6, script), "completed", "aborted")
    assert ours.met == 0
    assert "Requests refused: 2" in message_of(run)
    assert f"127.0.0.1:{pages.port} (it is the sandbox's run pages, which runs never reach)" in message_of(
        run
    )
    assert f"127.0.0.1:{ours.port} (it is a k6-cloud-mcp server, which runs never reach)" in message_of(run)


async def test_a_run_on_this_machine_asks_no_name_server():
    script = b"""
    import http from 'k6/http';
    export default () => http.get('http://secret-in-a-name.example/');
    """
    run = await run_of(script)
    assert "Requests refused: 1" in message_of(run)
    assert "secret-in-a-name.example (K6_SANDBOX_ALLOW_HOSTS does not name it)" in message_of(run)


async def test_a_start_without_any_preview_is_held_to_the_same():
    with listener() as hidden:
        async with open_sandbox(settings()) as sandbox, sandbox.http() as http:
            script = calling(f"'http://127.0.0.1:' + ({hidden.port} + 0)")
            form = {"name": (None, "plain"), "script": ("script", script)}
            test = (await http.post("/cloud/v6/projects/1/load_tests", files=form)).json()
            run = (await http.post(f"/cloud/v6/load_tests/{test['id']}/start")).json()
            k6 = K6Cloud(http)
            await reach(k6, await k6.test_runs.get(run["id"]), "completed", "aborted")
    assert hidden.met == 0
