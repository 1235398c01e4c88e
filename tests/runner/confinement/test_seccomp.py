"""Sockets and other calls, as a confined program meets them."""

import os
import socket
from pathlib import Path

import pytest
from support.confined import confined_python

from k6_runner.confinement.seccomp import allowed_families, seccomp_works
from k6_runner.confinement.terms import NO_NETWORK, Abilities, Network

pytestmark = pytest.mark.skipif(not seccomp_works(), reason="This kernel does not filter calls.")

INTERNET = Network(internet=True)
NAMES = Network(internet=True, datagrams=True)
BROWSER = Network(internet=True, datagrams=True, local=True, listen=True)
# With a Landlock of this version nothing but the filter keeps a program off the network.
OLD = Abilities(1, True)


def _opens(directory: Path, family: str, kind: str, network: Network) -> bool:
    code = f"import socket; socket.socket(getattr(socket, {family!r}), getattr(socket, {kind!r}))"
    done = confined_python(directory, code, network=network, pretended=OLD)
    assert done.returncode == 0 or "PermissionError" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_without_a_network_there_is_no_socket_of_any_kind(tmp_path: Path, family: str, kind: str):
    assert not _opens(tmp_path, family, kind, NO_NETWORK)


@pytest.mark.parametrize(
    ("network", "family", "kind", "opens"),
    [
        (INTERNET, "AF_INET", "SOCK_STREAM", True),
        (INTERNET, "AF_INET6", "SOCK_STREAM", True),
        (INTERNET, "AF_INET", "SOCK_DGRAM", False),
        (INTERNET, "AF_INET", "SOCK_RAW", False),
        (INTERNET, "AF_UNIX", "SOCK_STREAM", False),
        (INTERNET, "AF_NETLINK", "SOCK_RAW", False),
        (NAMES, "AF_INET", "SOCK_DGRAM", True),
        (NAMES, "AF_INET6", "SOCK_DGRAM", True),
        (NAMES, "AF_INET", "SOCK_RAW", False),
        (NAMES, "AF_UNIX", "SOCK_DGRAM", False),
        (BROWSER, "AF_UNIX", "SOCK_STREAM", True),
        (BROWSER, "AF_NETLINK", "SOCK_RAW", True),
        (BROWSER, "AF_PACKET", "SOCK_RAW", False),
    ],
)
def test_a_network_opens_the_sockets_it_stands_for(
    tmp_path: Path, network: Network, family: str, kind: str, opens: bool
):
    assert _opens(tmp_path, family, kind, network) == opens


def test_nothing_arrives_at_a_listener_on_loopback(tmp_path: Path):
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        for listener in (tcp, udp):
            listener.setblocking(False)
        code = f"""
import socket
for act in (
    lambda: socket.create_connection({tcp.getsockname()!r}).send(b'x'),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', {udp.getsockname()!r}),
):
    try:
        act()
    except OSError as error:
        print(error.errno)
"""
        done = confined_python(tmp_path, code, pretended=OLD)
        assert done.stdout.split() == ["13", "13"], done.stderr
        with pytest.raises(BlockingIOError):
            tcp.accept()
        with pytest.raises(BlockingIOError):
            udp.recv(10)


def test_a_pair_of_connected_sockets_leads_nowhere_else_and_is_allowed(tmp_path: Path):
    assert confined_python(tmp_path, "import socket; socket.socketpair()").returncode == 0


@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("io_uring_setup", 425, "8, None"),
        ("ptrace", {"x86_64": 101, "aarch64": 117}, "16, {other}, 0, 0"),
        ("process_vm_readv", {"x86_64": 310, "aarch64": 270}, "{other}, None, 0, None, 0, 0"),
        ("pidfd_getfd", 438, "0, 0, 0"),
        ("unshare", {"x86_64": 272, "aarch64": 97}, "0x10000000"),
        ("mount", {"x86_64": 165, "aarch64": 40}, "None, None, None, 0, None"),
        ("truncate", {"x86_64": 76, "aarch64": 45}, "None, 0"),
        ("bpf", {"x86_64": 321, "aarch64": 280}, "0, None, 0"),
        ("keyctl", {"x86_64": 250, "aarch64": 219}, "0, 0"),
    ],
)
def test_calls_that_reach_beyond_the_process_are_refused(
    tmp_path: Path, name: str, number: int | dict[str, int], arguments: str
):
    value = number if isinstance(number, int) else number[os.uname().machine]
    code = f"""
import ctypes
print(ctypes.CDLL(None, use_errno=True).syscall({value}, {arguments.format(other=os.getpid())}), ctypes.get_errno())
"""
    done = confined_python(tmp_path, code, network=BROWSER)
    assert done.stdout.split() == ["-1", "1"], (name, done.stdout, done.stderr)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="Only x86-64 takes calls of another kind.")
def test_calls_of_the_32_bit_kind_do_not_pass_the_filter(tmp_path: Path):
    code = "import ctypes; print(ctypes.CDLL(None, use_errno=True).syscall(0x40000000 + 41, 2, 1, 0), ctypes.get_errno())"
    assert confined_python(tmp_path, code).stdout.split() == ["-1", "38"]


def test_no_network_is_no_family():
    assert allowed_families(NO_NETWORK) == ()
    assert socket.AF_UNIX in allowed_families(BROWSER)
