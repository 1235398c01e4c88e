"""API tokens in archives, made unreadable before anything is stored.

`k6 cloud run` and `k6 cloud upload` write the caller's API token into metadata.json of the archive that
they upload. The token is overwritten by a filler of the same length, so every other byte and the tar's
structure stay as they are; size is kept, the sha256 is that of what is stored. Values of `-e` in `env` stay,
because the run needs them. A token that somebody wrote into the source of a script is source, and stays.
"""

import json
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any, cast

from k6_cloud.errors import ScriptError
from k6_cloud.scripts import CHUNK, METADATA_MEMBER, MIB, Script

_METADATA_LIMIT = MIB
_FILLER = "x"
_TOKEN_PATHS = (("options", "cloud", "token"), ("options", "ext", "loadimpact", "token"))
_TOKEN_MEMBER = re.compile(rb'"token"\s*:\s*("(?:[^"\\]|\\.)*")')

Patch = tuple[int, bytes]


def seal(script: Script, limit: int) -> Script:
    """An archive without tokens: `script` itself, or a copy in its place. Raises ScriptError when unreadable."""
    patches = _patches(script)
    if not patches:
        return script
    with script:
        return Script.from_chunks(_patched(script, patches), limit)


def _patches(script: Script) -> list[Patch]:
    places = script.positions(METADATA_MEMBER)
    return [patch for offset, size in places for patch in _fillers(script, offset, size)]


def _fillers(script: Script, offset: int, size: int) -> list[Patch]:
    if size > _METADATA_LIMIT:
        raise ScriptError(f"The archive's {METADATA_MEMBER} is larger than {_METADATA_LIMIT // MIB} MiB.")
    text = bytearray(script.read(offset, size))
    tokens = _tokens(text)
    places = [match.span(1) for match in _TOKEN_MEMBER.finditer(text) if _decoded(match[1]) in tokens]
    for start, end in places:
        text[start:end] = b'"' + _FILLER.encode() * (end - start - 2) + b'"'
    if _tokens(text):
        raise ScriptError(f"The archive's {METADATA_MEMBER} holds an API token that cannot be taken out.")
    return [(offset + start, bytes(text[start:end])) for start, end in places]


def _tokens(text: bytearray) -> set[str]:
    """What stands where k6 puts tokens, as text; a filler is none."""
    try:
        metadata: object = json.loads(text)
    except (ValueError, RecursionError):
        raise ScriptError(f"The archive's {METADATA_MEMBER} is not valid JSON.") from None
    found = [reduce(_child, path, metadata) for path in _TOKEN_PATHS]
    texts = {value if isinstance(value, str) else json.dumps(value) for value in found if value}
    return {token for token in texts if token.strip(_FILLER)}


def _decoded(quoted: bytes) -> str | None:
    try:
        return json.loads(quoted)
    except ValueError:
        return None


def _child(node: object, name: str) -> object:
    return cast(dict[str, Any], node).get(name) if isinstance(node, dict) else None


def _patched(script: Script, patches: list[Patch]) -> Iterator[bytes]:
    position = 0
    for offset, filler in patches:
        yield from _pieces(script, position, offset)
        yield filler
        position = offset + len(filler)
    yield from _pieces(script, position, script.size)


def _pieces(script: Script, start: int, end: int) -> Iterator[bytes]:
    for offset in range(start, end, CHUNK):
        yield script.read(offset, min(CHUNK, end - offset))
