"""The terms of a confined command, as the program that starts it hands them to the one that confines it."""

import json
from collections.abc import Sequence
from typing import NamedTuple

PortRange = Sequence[int]


class Network(NamedTuple):
    """The sockets that a command may open; by default none at all.

    `internet` opens TCP, `datagrams` UDP as well (which resolving names needs). `local` opens Unix sockets and
    the kernel's own, by which the processes of a browser talk. `listen` lets it accept connections, on a port that the
    system chooses. `ports` are the TCP ports it may connect to, as ranges from first to last, None for any. Linux enforces
    both from 6.7 on.
    """

    internet: bool = False
    datagrams: bool = False
    local: bool = False
    listen: bool = False
    ports: Sequence[PortRange] | None = None


NO_NETWORK = Network()


class Abilities(NamedTuple):
    """The means by which a machine can confine a command: the version of Landlock, seccomp filters, Seatbelt."""

    landlock: int = 0
    seccomp: bool = False
    seatbelt: bool = False


class Terms(NamedTuple):
    """One command's bounds. `directory` is the only place it can write to, and is removed if the caller dies.

    `file_bytes` bounds each file, `directory_bytes` their sum. `allow_unconfined` starts the command although the
    machine cannot hold it to its terms. `pretended` lowers, for tests, what the machine can do.
    """

    directory: str
    readable: Sequence[str] = ()
    executable: Sequence[str] = ()
    network: Network = NO_NETWORK
    cpu_seconds: int = 300
    memory_bytes: int = 2**31
    file_bytes: int = 2**25
    directory_bytes: int = 2**27
    allow_unconfined: bool = False
    pretended: Abilities | None = None

    def to_json(self) -> str:
        """The terms as one line."""
        return json.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> "Terms":
        """Read what `to_json` wrote."""
        terms = cls(*json.loads(text))
        pretended = terms.pretended and Abilities(*terms.pretended)
        return terms._replace(network=Network(*terms.network), pretended=pretended)
