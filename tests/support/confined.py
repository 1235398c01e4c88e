"""Commands in a confinement of their own, for tests of what it holds back."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import k6_runner
from k6_runner.confinement.system_files import program_files
from k6_runner.confinement.terms import Terms

SOURCE_ROOT = Path(k6_runner.__path__[0]).parent
_PYTHON = os.path.realpath(sys.executable)


def supervised(terms: Terms, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command under a supervisor, whose input stays open until the command has ended."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(SOURCE_ROOT)}
    supervisor = [sys.executable, "-S", "-P", "-m", "k6_runner.confinement", *command]
    source, sink = os.pipe()
    os.write(sink, f"{terms.to_json()}\n".encode())
    try:
        return subprocess.run(
            supervisor, stdin=source, capture_output=True, text=True, env=environment, check=False, timeout=60
        )
    finally:
        os.close(source)
        os.close(sink)


def confined_python(directory: Path, code: str, **terms: Any) -> subprocess.CompletedProcess[str]:
    """Run Python code under terms that let Python start."""
    readable, executable = program_files(_PYTHON)
    own = [*readable, sys.base_prefix, *terms.pop("readable", ())]
    held = Terms(str(directory), own, [*executable, *terms.pop("executable", ())], **terms)
    return supervised(held, [_PYTHON, "-I", "-S", "-c", code])


def as_ordinary_user(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code with the tests' modules as a user who owns nothing, but may read: this Python may be root's own."""
    paths = [str(Path(__file__).parents[1]), str(SOURCE_ROOT)]
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = [*user, *may_read, sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
