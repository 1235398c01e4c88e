"""The one table of results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peers import DIRECT, FLOOR, GENERATED, OURS, SANDBOX

COLUMNS = (OURS, SANDBOX, FLOOR, GENERATED, DIRECT)


@dataclass(frozen=True)
class Row:
    """One measure. `cells` are by column: a number, or a word where there is none; `target` is what to reach."""

    measure: str
    cells: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    target: str = ""


def rendered(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table. A number has its ratio to the floor beside it."""
    head = ["measure", *COLUMNS, "target"]
    lines = [line(head), line(["---", *["---:"] * (len(head) - 2), "---"])]
    return "\n".join([*lines, *(line(_cells(row)) for row in rows)])


def _cells(row: Row) -> list[str]:
    return [row.measure, *(_cell(row, name) for name in COLUMNS), row.target]


def _cell(row: Row, name: str) -> str:
    value, floor = row.cells.get(name, ""), row.cells.get(FLOOR)
    if isinstance(value, str):
        return value
    text = shown(value)
    if name == FLOOR or isinstance(floor, str) or not floor:
        return text
    return f"{text} ({value / floor:.2f}x)"


def shown(value: float) -> str:
    """A number with as many digits as it deserves."""
    digits = 0 if isinstance(value, int) or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def line(cells: Iterable[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"
