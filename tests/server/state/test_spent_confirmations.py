import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from k6_cloud_mcp.state.spent_confirmations import SpentFiles
from k6_cloud_mcp_tools.guard.confirmations import Act, ConfirmationRefused, Confirmations

LATER = time.time() + 600


def test_what_one_process_used_no_other_uses_again(tmp_path: Path):
    assert SpentFiles(tmp_path / "spent").claim(b"nonce", LATER)
    assert not SpentFiles(tmp_path / "spent").claim(b"nonce", LATER)
    assert SpentFiles(tmp_path / "spent").claim(b"other", LATER)


def test_of_many_at_once_one_wins(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(SpentFiles(tmp_path).claim, [b"nonce"] * 64, [LATER] * 64))
    assert won.count(True) == 1


def test_what_has_expired_is_forgotten(tmp_path: Path):
    spent = SpentFiles(tmp_path, now=lambda: LATER + 1)
    assert SpentFiles(tmp_path).claim(b"old", LATER)
    assert spent.claim(b"new", LATER + 600)
    assert [path.name for path in tmp_path.iterdir()] == [b"new".hex()]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_it_cannot_be_noted_the_confirmation_is_refused(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfirmationRefused, match="K6_MCP_STATE_DIR"):
        SpentFiles(tmp_path).claim(b"nonce", LATER)


def test_a_folder_that_is_a_file_refuses_the_confirmation(tmp_path: Path):
    (tmp_path / "spent").write_text("")
    act = Act("delete_load_test", {}, "Delete it", "local")
    confirmations = Confirmations(spent=SpentFiles(tmp_path / "spent"))
    with pytest.raises(ConfirmationRefused, match="Not done: the server cannot note"):
        confirmations.spend(confirmations.issue(act), act)
