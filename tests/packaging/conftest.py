import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
Validate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def in_a_clone() -> None:
    """The packages are made in a clone; the built wheel is tested without them."""
    if not (ROOT / "packaging").exists():
        pytest.skip("not in a clone")


@pytest.fixture
def npm_program(tmp_path: Path) -> Validate:
    """Run a program of an npm package: `npm_program("@scope/name@version", "program", *arguments)`."""

    def run(package: str, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        if (npm := shutil.which("npm")) is None:
            pytest.skip("npm is not on the PATH")
        prefix = tmp_path / "npm"
        env = {**os.environ, "HOME": str(tmp_path), "npm_config_userconfig": str(Path.home() / ".npmrc")}
        install = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(prefix), package]
        if subprocess.run(install, env=env, capture_output=True, check=False).returncode:
            pytest.skip(f"npm could not fetch {package}")
        command = [str(prefix / "node_modules" / ".bin" / program), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    return run
