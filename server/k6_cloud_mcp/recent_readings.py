"""The options that k6 read in scripts a short while ago.

A preview is shown, answered, and made again to see that nothing has changed. Options that depend on the time or on chance
would read otherwise each time, and no answer would ever fit: so the same script keeps its reading for as long as a
confirmation holds. A run of the sandbox reads the script anew, and is refused if it differs.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from k6_cloud.scripts.script_options import ScriptOptions

_SECONDS = 600
_MOST = 32


class RecentReadings:
    """Readings by whatever they depend on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, ScriptOptions]] = OrderedDict()

    def get(self, key: Hashable) -> ScriptOptions | None:
        """A reading that is not too old."""
        made, reading = self._kept.get(key, (0.0, None))
        return reading if reading and self._clock() - made < _SECONDS else None

    def keep(self, key: Hashable, reading: ScriptOptions) -> ScriptOptions:
        """Keep a reading, instead of the oldest one if there are many, and return it."""
        self._kept.pop(key, None)
        self._kept[key] = (self._clock(), reading)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return reading
