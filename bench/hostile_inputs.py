"""Inputs that kept a server busy for a long time: scripts, archives and options that nobody would write to be run."""

import tarfile
from dataclasses import dataclass, field
from typing import Any

from upstream import SMALL

Json = dict[str, Any]
_HUGE = 2**60


@dataclass(frozen=True)
class HostileInput:
    """A call of a tool, and the script that its load test has by then."""

    what: str
    tool: str
    arguments: Json = field(default_factory=lambda: {"load_test_id": SMALL})
    stored: bytes | None = None


def hostile_inputs() -> list[HostileInput]:
    """All of them."""
    return [*_texts(), *_archives(), *_arguments()]


def _texts() -> list[HostileInput]:
    start, upload = "start_load_test", "upload_load_test_script"
    squares, cubes = ("\n".join(f"{number**power % 127:x}" for number in range(50_000)) for power in (2, 3))
    return [
        _upload("one line of 60 KB of hex", "0123456789abcdef" * 3_750),
        _upload("60 KB of `token` and blanks", "token" + " " * 60_000),
        HostileInput("50,000 lines that all stand elsewhere", upload, _script(squares), cubes.encode()),
        HostileInput("comment `from` and 50 KB of blanks", start, stored=b"// from" + b" " * 50_000),
        HostileInput("options 3,000 levels deep", start, stored=b"export const options = " + b"{a:" * 3_000),
        HostileInput("8,000 URLs without an end", start, stored=b"'http://" * 8_000),
        _lint("`/[` 15,000 times", "/[" * 15_000),
        _lint("`function(` 4,000 times", "function(" * 4_000),
        _lint("60 KB of `(`", "(" * 60_000),
        _lint("60 KB of `` `${ ``", "`${" * 20_000),
        _lint("`import(` 10,000 times", "import(" * 10_000),
        _lint("60 KB of `<`", "<" * 60_000),
    ]


def _archives() -> list[HostileInput]:
    digits = b"9" * 300_000
    return [
        _download("300 KB of digits in a pax header", _member("pax", digits, tarfile.XHDTYPE)),
        _download("a sparse file of 2^60 bytes", _sparse_records() + _member("data", b"0\n")),
        _download("a sparse file of 2^60 bytes, older", _member("data", b"", tarfile.GNUTYPE_SPARSE)),
        _download("5,000 headers about headers", _member("pax", b"10 a=bcde\n", tarfile.XHDTYPE) * 5_000),
        _download("20,000 members", _member("data", b"") * 20_000),
        _download("metadata 100,000 levels deep", _member("metadata.json", b'{"a":' * 100_000)),
    ]


def _arguments() -> list[HostileInput]:
    deep: Any = 1
    for _ in range(150):
        deep = {"a": deep}
    wide = {
        f"scenario{number}": {"executor": "constant-vus", "vus": 1, "duration": "1s"}
        for number in range(5_000)
    }
    return [
        HostileInput("options 150 levels deep", "validate_options", {"options": deep}),
        HostileInput("options of 5,000 scenarios", "validate_options", {"options": {"scenarios": wide}}),
        HostileInput("an id of 5,000 digits", "get_load_test", {"load_test_id": "9" * 5_000}),
    ]


def _script(text: str) -> Json:
    return {"load_test_id": SMALL, "script": text}


def _upload(what: str, text: str) -> HostileInput:
    return HostileInput(what, "upload_load_test_script", _script(text), b"// short")


def _lint(what: str, text: str) -> HostileInput:
    return HostileInput(what, "lint_script", {"script": text})


def _download(what: str, members: bytes) -> HostileInput:
    return HostileInput(what, "download_load_test_script", stored=members + b"\0" * 1024)


def _sparse_records() -> bytes:
    records = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", str(_HUGE))]
    lines = (f" {key}={value}\n" for key, value in records)
    return _member("pax", "".join(f"{len(line) + 2}{line}" for line in lines).encode(), tarfile.XHDTYPE)


def _member(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    return info.tobuf(tarfile.USTAR_FORMAT) + content + b"\0" * (-len(content) % 512)
