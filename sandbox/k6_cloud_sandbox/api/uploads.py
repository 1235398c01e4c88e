"""A script as it arrives: checked, freed of secrets, ready to store."""

import codecs
from collections.abc import Iterable

from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud.scripts.archives import clean_chunks, secret_patches
from k6_cloud.scripts.script import CHUNK, MIB, Script
from k6_cloud_sandbox.errors import InvalidRequest, TooLarge

_GZIP = b"\x1f\x8b"


def receive_script(chunks: Iterable[bytes], limit: int) -> Script:
    """The script in `chunks`, which the caller closes. Raises InvalidRequest, or TooLarge past `limit` bytes."""
    try:
        script = Script.from_chunks(chunks, limit)
    except ScriptTooLarge:
        raise TooLarge(
            f"The script is larger than {limit / MIB:g} MiB. Nothing was changed. "
            "Make it smaller, or raise K6_SANDBOX_MAX_SCRIPT_BYTES."
        ) from None
    try:
        return _accepted(script, limit)
    except ScriptError as error:
        script.__exit__()
        raise InvalidRequest.field("script", str(error)) from None


def _accepted(script: Script, limit: int) -> Script:
    if not script.size:
        raise ScriptError("The script is empty.")
    if script.read(0, len(_GZIP)) == _GZIP:
        raise ScriptError(
            "The script is compressed with gzip; k6 runs archives that are not compressed (.tar)."
        )
    if script.kind == "archive":
        return _without_secrets(script, limit)
    _require_text(script)
    return script


def _without_secrets(script: Script, limit: int) -> Script:
    """The archive itself, or in its place a copy without the tokens and `-e` values that k6 stored in it."""
    if not secret_patches(script):
        return script
    with script:
        return Script.from_chunks(clean_chunks(script), limit)


def _require_text(script: Script) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for offset in range(0, script.size, CHUNK):
            decoder.decode(script.read(offset, CHUNK))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise ScriptError("The script is neither UTF-8 text nor a k6 archive (.tar).") from None
