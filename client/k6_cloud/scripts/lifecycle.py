"""The parts of a script besides its iterations: functions that run once, and browsers."""

from dataclasses import dataclass

from k6_cloud.scripts.syntax.bindings import Bindings
from k6_cloud.scripts.syntax.exports import Exports
from k6_cloud.scripts.syntax.modules import uses_browser
from k6_cloud.scripts.syntax.tree import parse


@dataclass(frozen=True)
class Lifecycle:
    """Whether a script exports `setup` and `teardown`, and imports the browser module."""

    setup: bool = True
    teardown: bool = True
    browser: bool = False


# What has to be assumed of a script that cannot be read, for an upper bound.
UNKNOWN_LIFECYCLE = Lifecycle()


def lifecycle_of(source: str, name: str | None = None) -> Lifecycle:
    """Read a script's lifecycle; exports that cannot be told count as there. Raises ScriptError, as `parse` does."""
    tree = parse(source, name)
    exports = Exports(Bindings(tree))
    names = exports.values if exports.are_known else {"setup", "teardown"}
    return Lifecycle("setup" in names, "teardown" in names, uses_browser(tree))
