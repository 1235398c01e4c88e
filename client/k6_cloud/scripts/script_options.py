"""The options of a script as they were read, and the reasons to doubt that they are the ones of a run."""

import hashlib
import json
from dataclasses import dataclass

from k6_cloud.models import Json


@dataclass(frozen=True)
class ScriptOptions:
    """Options without tokens, read by k6 or from the text; `uncertain` gives reasons, a few words each.

    `warnings` are those of k6, in its words.
    """

    options: Json
    by_k6: bool
    uncertain: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str | None:
        """A short hash of the options as k6 read them; None if k6 did not."""
        return digest_of(self.options) if self.by_k6 else None

    @property
    def source(self) -> str:
        """Their origin, in words."""
        return "from the script, read by k6" if self.by_k6 else "from the script's text"


def digest_of(options: Json) -> str:
    """A short hash that two readings of the same options share."""
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:32]
