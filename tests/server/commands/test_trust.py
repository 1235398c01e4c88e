from pathlib import Path

import pytest

from k6_cloud_mcp.cli import main


def _run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["trust", *arguments])
    return ended.value.code


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("K6_MCP_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_folder_is_trusted_listed_and_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    project = tmp_path / "shop"
    project.mkdir()
    assert _run(str(project)) == 0
    said = capsys.readouterr().out
    assert "with your rights" in said
    assert f"trust --remove {project}" in said
    assert _run() == 0
    assert capsys.readouterr().out == f"{project}\n"
    assert _run("--remove", str(project)) == 0
    assert "is no longer trusted" in capsys.readouterr().out
    assert _run() == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("folder", ["/", "/nowhere"])
def test_what_cannot_be_trusted_is_told_in_one_line(folder: str, capsys: pytest.CaptureFixture[str]):
    assert _run(folder) == 1
    assert capsys.readouterr().err.count("\n") == 1
