"""A script as the service gets it: in an archive. k6 then opens what stands in the archive, and no file of this machine.

Of an archive k6 takes the options from the metadata, not from the script. So the script is read first beside a
small one of ours, which tells what options it exports.
"""

import io
import json
import tarfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from k6_cloud.scripts import CHUNK, ENTRY_MEMBER, METADATA_MEMBER, Script
from k6_cloud_sandbox.runner.asking import ANSWER_LIMIT, ask, require_small
from k6_cloud_sandbox.runner.binary import K6
from k6_cloud_sandbox.runner.limits import MIB, RunLimits
from k6_cloud_sandbox.runner.log import Log

_SCRIPT, _TELLER = "script.js", "teller.js"
# In pieces, because a line of the log has a limit; in ASCII, because a cut may go through a character.
_PIECE = 16_000
_TELLER_SOURCE = """\
import * as script from './script.js';
const told = (JSON.stringify(script.options ?? {}) ?? '{}').replace(
  /[^\\x20-\\x7e]/g, (one) => '\\\\u' + one.charCodeAt(0).toString(16).padStart(4, '0'));
for (let at = 0; at < told.length && at <= LIMIT; at += PIECE) console.log('MARK' + told.slice(at, at + PIECE));
export default function () {}
"""


@asynccontextmanager
async def sealed(
    k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str]
) -> AsyncGenerator[Script, None]:
    """The script as an archive; an archive as it is. Raises ScriptRejected for one that k6 cannot read."""
    if script.kind == "archive":
        yield script
        return
    options = await _exported_options(k6, script, limits, env)
    with archive_of(_SCRIPT, script.file(), options) as archive:
        yield archive


def archive_of(
    name: str, source: IO[bytes], options: Any, others: Mapping[str, IO[bytes]] | None = None
) -> Script:
    """A k6 archive of an entry script with its options, beside `others` by name. The caller closes it."""
    metadata = {"type": "js", "filename": f"file:///{name}", "pwd": "file:///", "k6version": "1.0.0"}
    with SpooledTemporaryFile[bytes](max_size=MIB) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            _add(tar, METADATA_MEMBER, io.BytesIO(json.dumps({**metadata, "options": options}).encode()))
            _add(tar, ENTRY_MEMBER, source)
            _link(tar, f"file/{name}", ENTRY_MEMBER)
            for other, content in (others or {}).items():
                _add(tar, f"file/{other}", content)
        size = file.tell()
        file.seek(0)
        return Script.from_chunks(iter(lambda: file.read(CHUNK), b""), size)


async def _exported_options(k6: K6, script: Script, limits: RunLimits, env: Mapping[str, str]) -> Any:
    mark = token_hex(8)
    log = Log(mark)
    source = _TELLER_SOURCE.replace("MARK", mark)
    source = source.replace("LIMIT", str(ANSWER_LIMIT)).replace("PIECE", str(_PIECE))
    with archive_of(_TELLER, io.BytesIO(source.encode()), {}, {_SCRIPT: script.file()}) as teller:
        answer = await ask(k6, teller, limits, env, log=log)
    require_small(log.told)
    try:
        return json.loads(log.told)
    except ValueError:
        raise answer.refusal() from None


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    tar.addfile(member, content)


def _link(tar: tarfile.TarFile, name: str, to: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.LNKTYPE, to
    tar.addfile(member)
