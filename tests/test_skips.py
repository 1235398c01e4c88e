"""A skipped test says why, and CI does not accept a reason that nobody expects."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CONFTEST = """
import pytest
from support import skips

def pytest_terminal_summary(terminalreporter):
    skips.tell(terminalreporter)

def pytest_sessionfinish(session):
    skips.fail_on_surprises(session)
"""


def run(folder: Path, reason: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    skipping = f"import pytest\n\ndef test_one(): pytest.skip({reason!r})\n\ndef test_other(): pass\n"
    (folder / "test_sample.py").write_text(skipping, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)],
        env=os.environ | {"PYTHONPATH": str(TESTS), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


@pytest.mark.parametrize(
    ("reason", "ci", "code"),
    [
        ("the moon is full", "true", 1),
        ("the moon is full", "", 0),
        ("needs HAProxy: apt-get install haproxy", "true", 0),
        ("needs HAProxy", "true", 1),
        ("https://example.org cannot be reached: no such host", "true", 0),
    ],
)
def test_a_run_in_ci_fails_for_a_reason_that_is_not_expected(tmp_path: Path, reason: str, ci: str, code: int):
    done = run(tmp_path, reason, ci)

    assert done.returncode == code
    assert f"1 skipped: {reason}" in done.stdout
