"""The load and the VUh of options, beside the price that the service gives them."""

from dataclasses import dataclass
from typing import Self

from k6_cloud.errors import ScriptError
from k6_cloud.models import Json, ValidatedOptions
from k6_cloud.planning.charge import charge_of, started_minutes, vuh_text
from k6_cloud.planning.load import Load, OptionsError, load_of
from k6_cloud.scripts import lifecycle as scripts
from k6_cloud.scripts.lifecycle import UNKNOWN_LIFECYCLE, Lifecycle
from k6_cloud.scripts.literal_options import doubts_about
from k6_cloud.scripts.script import ENTRY_MEMBER, MIB, Script
from k6_cloud_mcp_tools.context import App

# The service rounds to two decimals.
_ROUNDING = 0.0051


@dataclass(frozen=True)
class Estimate:
    """The load of a script's options, and how long it can last; None if the options cannot be counted."""

    load: Load | None
    lifecycle: Lifecycle

    @classmethod
    def of(cls, options: Json, lifecycle: Lifecycle) -> Self:
        """Return the estimate for a script with these options."""
        try:
            return cls(load_of(options), lifecycle)
        except OptionsError:
            return cls(None, lifecycle)

    @property
    def max_vus(self) -> int | None:
        """The most VUs at once."""
        return self.load and self.load.max_vus

    def vuh(self, price: ValidatedOptions | None) -> float | None:
        """Return the estimate in VUh: the service's price, without its rounding if that is all that differs."""
        if self.load is None:
            return price and price.vuh_usage
        exact = _billed(self.load, self.load.duration, price)
        return exact if price is None or abs(exact - price.vuh_usage) <= _ROUNDING else price.vuh_usage

    def most(self, price: ValidatedOptions | None) -> float | None:
        """Return what a run can cost, in VUh, if its iterations hang; None if that cannot be told."""
        if self.load is None or (vuh := self.vuh(price)) is None:
            return None
        longest = self._longest(self.load)
        minutes = started_minutes(longest) / max(1, started_minutes(self.load.duration))
        # A contract may charge otherwise than by peak VUs and started minutes: then in proportion.
        return max(vuh * minutes, _billed(self.load, longest, price))

    def in_words(self, vuh: float | None, most: float | None) -> str:
        """Return the price in words, with its upper bound if that reads otherwise."""
        text = "unknown" if vuh is None else f"{vuh_text(vuh)} VUh"
        if self.load is not None:
            text += f" for up to {self.load.max_vus} VUs over {_minutes(self.load.duration)}"
            if most is not None and vuh is not None and vuh_text(most) != vuh_text(vuh):
                longest = _minutes(self._longest(self.load))
                text += (
                    f", at most {vuh_text(most)} VUh if iterations hang ({longest} with {self._extensions})"
                )
        return text + self._browser_note

    @property
    def _extensions(self) -> str:
        given = {"setup": self.lifecycle.setup, "teardown": self.lifecycle.teardown}
        return ", ".join(["graceful stops", *(name for name, there in given.items() if there)])

    @property
    def _browser_note(self) -> str:
        if not self.lifecycle.browser or self.load is None or self.load.browser_vus:
            return ""
        return "; it imports k6/browser, but no scenario has options.browser.type: priced as protocol VUs"

    def _longest(self, load: Load) -> float:
        return load.longest(setup=self.lifecycle.setup, teardown=self.lifecycle.teardown)


async def lifecycle_of(app: App, script: Script) -> Lifecycle:
    """Read what the entry file of a script has besides iterations; all of it if that cannot be told."""
    try:
        return await app.in_worker(_lifecycle_in, _entry_of(script))
    except ScriptError:
        return UNKNOWN_LIFECYCLE


async def doubts_of(app: App, script: Script) -> tuple[str, ...]:
    """Read why the script's options may differ from one run to the next; none for an archive, which holds them."""
    if script.kind == "archive":
        return ()
    try:
        return await app.in_worker(_doubts_in, _entry_of(script))
    except ScriptError:
        return ("a script that could not be analysed",)


def _doubts_in(source: bytes) -> tuple[str, ...]:
    return doubts_about(source.decode(errors="replace"))


def _lifecycle_in(source: bytes) -> Lifecycle:
    return scripts.lifecycle_of(source.decode(errors="replace"))


def _entry_of(script: Script) -> bytes:
    return script.member(ENTRY_MEMBER, MIB) if script.kind == "archive" else script.read(0, MIB + 1)


def _billed(load: Load, seconds: float, price: ValidatedOptions | None) -> float:
    reduction = price.breakdown.reduction_rate if price else 0.0
    return charge_of(load, seconds).total * (1 - reduction / 100)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return " ".join([f"{minutes} min"] * (minutes > 0) + [f"{rest} s"] * (rest > 0 or not minutes))
