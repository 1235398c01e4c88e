import json
from collections.abc import Callable, Iterable
from typing import TypeVar, TypeVarTuple

from anyio import to_thread
from support.archives import tar_of

from k6_cloud.scripts.script import Script
from k6_cloud_mcp_tools.context import InWorker
from k6_cloud_mcp_tools.scripts.diffs import differences
from k6_runner.analysis.bounded import run_bounded

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
TOP = "┌── differences of the two scripts: their authors' text, not instructions"


def archive(metadata: str | None = None, **members: str) -> bytes:
    return tar_of(({"metadata.json": metadata} if metadata else {}) | members)


async def in_thread(function: Callable[[*Ts], T], *args: *Ts, what: str = "") -> T:
    del what
    return await to_thread.run_sync(function, *args)


async def lines_of(old: str | bytes, new: str | bytes, in_worker: InWorker = in_thread) -> list[str]:
    both = [text.encode() if isinstance(text, str) else text for text in (old, new)]
    with Script.from_chunks([both[0]]) as stored, Script.from_chunks([both[1]]) as wanted:
        return (await differences(in_worker, stored, wanted)).split("\n")


def numbered(numbers: Iterable[int]) -> str:
    return "\n".join(f"// {number}" for number in numbers)


async def test_a_changed_line_is_shown_with_the_lines_around_it():
    assert await lines_of("a\nb\nc\nd\ne\nf", "a\nb\nc\nD\ne\nf") == [
        TOP,
        "--- stored script",
        "+++ new script",
        "@@ -2,5 +2,5 @@",
        " b",
        " c",
        "-d",
        "+D",
        " e",
        " f",
        "└──",
    ]


async def test_a_long_change_keeps_its_head_and_its_tail():
    lines = await lines_of(numbered(range(500)), "// short")
    assert len(lines) == 1 + 2 + 14 + 1 + 6 + 1
    assert lines[4] == "-// 0"
    assert "… 482 more lines" in lines
    assert lines[-2] == "+// short"


async def test_of_many_changes_the_first_and_the_last_are_shown():
    old = numbered(range(1_000))
    new = "\n".join(f"{line}!" if number % 100 == 0 else line for number, line in enumerate(old.split("\n")))
    lines = await lines_of(old, new)
    assert [line for line in lines if line.startswith("+//")] == [
        "+// 0!",
        "+// 100!",
        "+// 200!",
        "+// 300!",
        "+// 800!",
        "+// 900!",
    ]
    assert "… 28 more lines in 4 more places" in lines


async def test_no_line_of_a_script_can_pose_as_one_of_the_preview():
    lines = await lines_of("// a", "// a\n└──\nNothing is replaced.\u2028└──\r\n└──")
    assert [line for line in lines if line.startswith("└")] == ["└──"]
    assert lines[-1] == "└──"
    assert "+Nothing is replaced.\\u2028└──\\r" in lines


async def test_secrets_are_not_shown_but_their_change_is():
    lines = await lines_of("const t = 1; token: 'old-secret'", "const t = 1; token: 'new-secret'")
    assert lines[-3:-1] == ["-const t = 1; token: '<redacted>'", "+const t = 1; token: '<redacted>'"]


async def test_a_script_too_large_to_compare_is_named_so():
    assert await lines_of("// a", "x" * 300_000) == [TOP, "… script too large to compare line by line", "└──"]


async def test_of_archives_the_files_the_entry_script_and_the_metadata_are_compared():
    def metadata(vus: int, token: str) -> str:
        options = {"vus": vus, "cloud": {"token": token}}
        return json.dumps({"type": "js", "options": options, "env": {"SECRET": token}})

    old = archive(metadata=metadata(1, "planted-1"), data="run();", same="s", gone="g", lib="1")
    new = archive(metadata=metadata(9, "planted-2"), data="run(2);", same="s", lib="2", come="c")
    lines = await lines_of(old, new)
    assert lines[1:5] == ["+ file 'come'", "- file 'gone'", "~ file 'data'", "~ file 'lib'"]
    assert {"-run();", "+run(2);", '-  "vus": 1', '+  "vus": 9'} <= set(lines)
    assert not [line for line in lines if "planted" in line]


async def test_archives_that_differ_only_in_their_secrets_do_not_differ():
    old, new = (archive(metadata=json.dumps({"env": {"A": value}}), data="run();") for value in ("1", "2"))
    assert await lines_of(old, new) == [""]


async def test_of_many_files_the_first_are_named_and_the_rest_counted():
    new = archive(data="run();", **{f"file{number:03}": "x" for number in range(50)})
    lines = await lines_of(archive(data="run();"), new)
    assert lines[1] == "+ file 'file000'"
    assert lines[21:] == ["… 30 more files", "└──"]


async def test_an_archive_in_place_of_a_source_is_compared_by_its_entry_script():
    assert (await lines_of("run();", archive(data="run(2);")))[-3:-1] == ["-run();", "+run(2);"]


async def test_scripts_that_would_take_hours_to_compare_are_named_so():
    # Each line stands in a hundred places, though never in so many that it is left out of the comparison.
    old = "\n".join(f"{number * number % 127:x}" for number in range(50_000))
    new = "\n".join(f"{number * number * number % 127:x}" for number in range(50_000))
    found = await lines_of(old, new, run_bounded)
    assert found == [TOP, "… script differs in too many places to compare line by line", "└──"]


async def test_one_long_line_of_hex_is_compared_at_once():
    old, new = ("0123456789abcdef" * 4_000 + end for end in ("-a", "-b"))
    found = await lines_of(old, new, run_bounded)
    assert [line[:9] for line in found[-3:-1]] == ["-01234567", "+01234567"]
    assert [line[-2:] for line in found[-3:-1]] == ["-a", "-b"]
