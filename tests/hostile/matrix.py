"""The matrix: what each client meets on each rung, as the tests assert it and docs/guard.md prints it."""

from dataclasses import dataclass
from typing import Literal, get_args

from hostile import clients
from hostile.clients import ERAS, MODERN, Era, Host
from hostile.ground import ACTS

from k6_cloud_mcp_tools.guard.policy import Policy

Cell = Literal[
    "asked: done",
    "asked: nothing",
    "asked: nothing, then token",
    "token",
    "policy: done",
    "refused",
]
LEGACY: tuple[Era, ...] = ERAS[:2]
Transport = Literal["stdio", "HTTP", "HTTP, stateless", "HTTP, JSON answers"]
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
# Over these, a question of the eras before 2026-07-28 cannot reach the client while it waits for the answer.
_ONE_WAY: tuple[Transport, ...] = ("HTTP, stateless", "HTTP, JSON answers")

RUNGS: dict[str, Policy] = {
    "auto": Policy(),
    "ask": Policy(confirm="ask"),
    "two_step": Policy(confirm="two_step"),
    "policy, allowed": Policy(confirm="policy", allow=frozenset(ACTS)),
    "policy, not allowed": Policy(confirm="policy", allow=frozenset({"delete_schedule"})),
}
# Whom these rungs meet makes no difference.
_SAME_FOR_ALL: dict[str, Cell] = {
    "two_step": "token",
    "policy, allowed": "policy: done",
    "policy, not allowed": "refused",
}


@dataclass(frozen=True)
class Row:
    """A client in some eras, and what it meets where the person may be asked: under `auto`, and under `ask`."""

    host: Host
    auto: Cell
    ask: Cell
    eras: tuple[Era, ...] = ERAS

    def cell(self, rung: str) -> Cell:
        """What it meets on a rung."""
        cells: dict[str, Cell] = {"auto": self.auto, "ask": self.ask, **_SAME_FOR_ALL}
        return cells[rung]


ROWS = [
    Row(clients.POLITE, "asked: done", "asked: done"),
    Row(clients.BARE_POLITE, "asked: done", "asked: done"),
    Row(clients.UNABLE, "token", "refused"),
    Row(clients.URL_ONLY, "token", "refused"),
    Row(clients.SILENT, "asked: nothing, then token", "asked: nothing", LEGACY),
    Row(clients.SILENT, "asked: nothing", "asked: nothing", (MODERN,)),
    Row(clients.FAILING, "asked: nothing, then token", "asked: nothing", LEGACY),
    Row(clients.DECLINING, "asked: nothing", "asked: nothing"),
    Row(clients.CANCELLING, "asked: nothing", "asked: nothing"),
    Row(clients.EMPTY, "asked: nothing", "asked: nothing"),
    Row(clients.WRONG_TYPES, "asked: nothing", "asked: nothing"),
    Row(clients.WRONG_VALUE, "asked: nothing", "asked: nothing"),
    Row(clients.OTHER_FIELDS, "asked: nothing", "asked: nothing"),
    Row(clients.MORE_FIELDS, "asked: done", "asked: done"),
    Row(clients.CLAUDE_DESKTOP, "token", "asked: nothing"),
    Row(clients.CODEX, "token", "asked: nothing"),
]
# One client of each kind is enough over the slower transports: the guard is the same. Of these, stdio, where each
# one needs a process, has only some, each with its rung.
CARRIED = [
    row
    for row in ROWS
    if row.host in (clients.POLITE, clients.UNABLE, clients.SILENT, clients.EMPTY, clients.CODEX)
]
CARRIED_RUNGS = ("auto", "ask")
ON_STDIO: list[tuple[Host, Era, str]] = [
    *((clients.POLITE, era, "auto") for era in ERAS),
    (clients.UNABLE, "2025-11-25", "auto"),
    (clients.UNABLE, "2026-07-28", "ask"),
    (clients.SILENT, "2025-06-18", "auto"),
    (clients.EMPTY, "2025-11-25", "ask"),
    (clients.POLITE, "2026-07-28", "policy, allowed"),
    (clients.POLITE, "2025-11-25", "policy, not allowed"),
]


def over(transport: Transport, row: Row, era: Era, rung: str) -> Cell:
    """What a client meets over a transport: where it cannot be reached, it is as if it could not ask."""
    if transport not in _ONE_WAY or era == MODERN or rung in _SAME_FOR_ALL:
        return row.cell(rung)
    return "token" if rung == "auto" else "refused"


def row_of(host: Host, era: Era) -> Row:
    """The row of a client in an era."""
    return next(row for row in ROWS if row.host is host and era in row.eras)


def client_table() -> str:
    """One row for each client and the eras in which it fares alike."""
    rows = [[row.host.title, _eras(row.eras), *(row.cell(rung) for rung in RUNGS)] for row in ROWS]
    return table(["client", "protocol", *RUNGS], rows)


def transport_table() -> str:
    """One row for each client, era and rung, with what it meets over each transport; a dash where that is not tried."""
    rows = [
        [row.host.title, era, rung, *(_tried(transport, row, era, rung) for transport in TRANSPORTS)]
        for row in CARRIED
        for era in row.eras
        for rung in CARRIED_RUNGS
    ]
    return table(["client", "protocol", "rung", *TRANSPORTS], rows)


def _tried(transport: Transport, row: Row, era: Era, rung: str) -> str:
    is_tried = transport != "stdio" or (row.host, era, rung) in ON_STDIO
    return over(transport, row, era, rung) if is_tried else "-"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _eras(eras: tuple[Era, ...]) -> str:
    return "all" if eras == ERAS else ", ".join(eras)
