"""Listeners on loopback that count what arrives at them."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Listeners:
    """A TCP and a UDP socket on ports of their own."""

    tcp: socket.socket
    udp: socket.socket

    @property
    def url(self) -> str:
        """The address of the TCP socket for a request."""
        return f"http://127.0.0.1:{self.tcp.getsockname()[1]}/"

    def arrived(self) -> list[str]:
        """The protocols by which something arrived."""
        found: list[str] = []
        for name, receive in {
            "tcp": lambda: self.tcp.accept()[0].close(),
            "udp": lambda: self.udp.recv(10),
        }.items():
            try:
                receive()
            except BlockingIOError:
                continue
            found.append(name)
        return found


@contextmanager
def listeners() -> Generator[Listeners, None, None]:
    """Listen on loopback, without waiting for anything."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        tcp.setblocking(False)
        udp.setblocking(False)
        yield Listeners(tcp, udp)
