"""A script as the service gets it: in an archive. k6 then opens what stands in the archive, and no file of this machine.

Of an archive k6 takes the options from the metadata, not from the script. So the script is read first beside a
small one of ours (`told.js`), which tells what options it exports.
"""

import io
import json
import tarfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from k6_cloud.scripts.metadata import METADATA_MEMBER
from k6_cloud.scripts.script import CHUNK, ENTRY_MEMBER, Script
from k6_runner.binary import K6
from k6_runner.k6_inspect import ANSWER_LIMIT, ScriptRejected, ask, require_small
from k6_runner.limits import MIB, RunLimits
from k6_runner.log import Log

_SCRIPT, _TELLER, _TOLD = "script.js", "teller.js", "told.js"
_TELLER_SOURCE = """\
import {{ tell }} from './told.js';
import * as script from './script.js';
tell(script.options, '{mark}', {limit});
export default function () {{}}
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
    source = _TELLER_SOURCE.format(mark=mark, limit=ANSWER_LIMIT)
    told = io.BytesIO(Path(__file__).with_name(_TOLD).read_bytes())
    with archive_of(
        _TELLER, io.BytesIO(source.encode()), {}, {_TOLD: told, _SCRIPT: script.file()}
    ) as teller:
        answer = await ask(k6, teller, limits, env, log=log)
    require_small(log.told)
    try:
        reading = json.loads(log.told)
    except ValueError:
        raise answer.refusal() from None
    if "refused" in reading:
        raise ScriptRejected(f"The options are not what k6 takes: {reading['refused']}.")
    return reading["options"]


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    tar.addfile(member, content)


def _link(tar: tarfile.TarFile, name: str, to: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.LNKTYPE, to
    tar.addfile(member)
