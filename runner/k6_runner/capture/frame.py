"""The message of the meter to the sandbox every half second: new metrics, new series, and complete periods.

A frame is one line of JSON between the two processes. Metrics and series have numbers within their run.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from k6_runner.capture.aggregates import Row

Cell = tuple[int, int, Row]


@dataclass(frozen=True)
class NewMetric:
    """A metric that had no values before. `type`: counter, gauge, rate or trend."""

    number: int
    name: str
    type: str


@dataclass(frozen=True)
class NewSeries:
    """A set of labels under which a metric has values."""

    number: int
    metric: int
    labels: dict[str, str]


@dataclass(frozen=True)
class Chunk:
    """Cells of one metric, packed; each stands for `seconds` of time, and the last of them ends at `until`."""

    metric: int
    seconds: int
    until: int
    body: bytes


@dataclass(frozen=True)
class Frame:
    """News since the frame before. `folded` and `dropped` count the whole run: see SeriesRegister and Meter."""

    metrics: list[NewMetric] = field(default_factory=list[NewMetric])
    series: list[NewSeries] = field(default_factory=list[NewSeries])
    chunks: list[Chunk] = field(default_factory=list[Chunk])
    folded: int = 0
    dropped: int = 0

    @property
    def has_news(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.metrics or self.series or self.chunks)

    def line(self) -> bytes:
        """The frame as it is sent."""
        return json.dumps(asdict(self), default=_text, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Frame":
        """The frame that was sent as `line`."""
        sent: dict[str, Any] = json.loads(line)
        return cls(
            [NewMetric(**metric) for metric in sent["metrics"]],
            [NewSeries(**series) for series in sent["series"]],
            [Chunk(c["metric"], c["seconds"], c["until"], b64decode(c["body"])) for c in sent["chunks"]],
            sent["folded"],
            sent["dropped"],
        )


def pack(cells: Sequence[Cell]) -> bytes:
    """Cells in a few bytes: (series, second, row) each."""
    return zlib.compress(json.dumps(cells, separators=(",", ":")).encode())


def unpack(body: bytes) -> list[Cell]:
    """The cells in the body of a chunk."""
    return json.loads(zlib.decompress(body))


def _text(value: bytes) -> str:
    return b64encode(value).decode()
