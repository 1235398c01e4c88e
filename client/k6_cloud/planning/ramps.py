"""Ramps: the number of VUs over time, one step for each change."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Step(NamedTuple):
    """From `at` (seconds) on, `vus` are reserved, until the next step."""

    at: float
    vus: int


def ramp(start: int, stages: Iterable[tuple[float, int]]) -> list[Step]:
    """Return the steps of a ramp from `start` VUs through stages of a duration (seconds) and a target each."""
    steps = [Step(0, start)]
    began = 0.0
    for duration, target in stages:
        steps += _leg(steps[-1].vus, duration, target, began)
        began += duration
    return steps


def held(steps: list[Step], hold: float) -> Iterator[Step]:
    """Yield the ramp with every release put off by `hold`: at each moment the most of the last `hold` seconds."""
    released = [*(step.at + hold for step in steps[1:]), math.inf]
    coming = deque(zip(steps, released, strict=True))
    held: deque[tuple[int, float]] = deque()
    for moment in sorted({*(step.at for step in steps), *released[:-1]}):
        while coming and coming[0][0].at <= moment:
            step, until = coming.popleft()
            while held and held[-1][0] <= step.vus:
                held.pop()
            held.append((step.vus, until))
        while held[0][1] <= moment:
            held.popleft()
        yield Step(moment, held[0][0])


def _leg(start: int, duration: float, target: int, began: float) -> list[Step]:
    """Return one step for each VU that a stage adds (when the ramp reaches it) or takes (when the ramp leaves it)."""
    change = target - start
    sign = 1 if change > 0 else -1
    pace = duration / abs(change) if change else 0.0
    return [Step(began + count * pace, start + sign * count) for count in range(1, abs(change) + 1)]
