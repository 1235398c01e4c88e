"""The options of a script as they were read, and the reasons to doubt that they are the ones of a run."""

from dataclasses import dataclass

from k6_cloud.models import Json


@dataclass(frozen=True)
class ScriptOptions:
    """Options without tokens, read by k6 or from the text; `uncertain` gives reasons, a few words each."""

    options: Json
    by_k6: bool
    uncertain: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Their origin, in words."""
        return "from the script, read by k6" if self.by_k6 else "from the script's text"
