from pathlib import Path

import pytest

from k6_cloud.scripts.script import Script
from k6_runner.archives.archiving import archive
from k6_runner.binary import K6
from k6_runner.limits import RunLimits
from k6_runner.reading.k6_inspect import ScriptRejected


def entry(folder: Path, source: str) -> Path:
    (folder / "lib.js").write_text("export const one = 1;")
    (folder / "main.js").write_text(source)
    return folder / "main.js"


async def _archive(k6: K6, folder: Path, source: str, limits: RunLimits | None = None) -> Path:
    scratch = folder / "scratch"
    scratch.mkdir()
    return await archive(k6, entry(folder, source), [str(folder)], scratch, limits or RunLimits())


async def test_a_script_becomes_an_archive_with_what_it_imports(k6: K6, tmp_path: Path):
    source = "import { one } from './lib.js'; export default function () { one; }"
    made = await _archive(k6, tmp_path, source)
    with Script.from_path(made) as script:
        assert script.member("data").decode() == source
        assert any(member.path.endswith("/lib.js") for member in script.members())


async def test_init_code_without_end_is_stopped(k6: K6, tmp_path: Path):
    with pytest.raises(ScriptRejected, match="did not end within 1 s"):
        await _archive(k6, tmp_path, "while (true) {}", RunLimits(inspect_timeout=1))


async def test_the_environment_is_not_seen(k6: K6, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2")
    source = "if (__ENV.SHOP_PASSWORD) { throw new Error('seen'); } export default function () {}"
    assert (await _archive(k6, tmp_path, source)).is_file()


async def test_what_is_no_script_is_told_in_k6_s_words(k6: K6, tmp_path: Path):
    with pytest.raises(ScriptRejected, match="Unexpected end of input"):
        await _archive(k6, tmp_path, "export default {")
