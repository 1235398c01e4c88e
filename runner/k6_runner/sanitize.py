"""k6's words made fit to show: one line, of bounded length, without private paths and secrets."""

import re
from pathlib import Path

from k6_cloud.errors import ScriptError
from k6_cloud.models import object_of
from k6_cloud.redaction import REDACTED
from k6_cloud.safe_text import clip, one_line
from k6_cloud.scripts.script import Script

_LENGTH = 500
# The name of an archive that nobody gave, and advice for who runs k6 by hand.
_NOISE = re.compile(
    r"could not initialize 'archive\.tar': could not load (?:JS from )?test archive bundle 'archive\.tar': "
    r"| Make sure that you've specified the right path to the file\..*?#use-modules-with-docker\."
)
_SHORTEST_SECRET = 6


class Wording:
    """Cleans text about one run of `script` in `directory`."""

    def __init__(self, script: Script, directory: Path) -> None:
        self._private = re.compile(rf"(file://)?{re.escape(str(directory))}/?|file:///(?=script\.js)")
        self._secrets = _secrets(script)

    def clean(self, text: str) -> str:
        """`text` as one line."""
        text = _NOISE.sub("", self._private.sub("", text))
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return clip(one_line(" ".join(text.split())), _LENGTH)


def _secrets(script: Script) -> list[str]:
    """The API tokens and environment values that an archive carries, longest first."""
    if script.kind != "archive":
        return []
    try:
        metadata = script.metadata()
    except ScriptError:
        return []
    options = object_of(metadata.get("options"))
    tokens = [object_of(options.get("cloud")).get("token")]
    tokens += [object_of(object_of(options.get("ext")).get("loadimpact")).get("token")]
    values = [*tokens, *object_of(metadata.get("env")).values()]
    texts = [value for value in values if isinstance(value, str) and len(value) >= _SHORTEST_SECRET]
    return sorted(texts, key=len, reverse=True)
