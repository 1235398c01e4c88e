"""The program's output for --help."""

import io
import os
import re
from contextlib import redirect_stdout, suppress

from k6_cloud_mcp.cli import main

_COMMAND = re.compile(r"^  ([a-z]+)\b", re.MULTILINE)


def help_texts() -> dict[str, str]:
    """The help of `k6-cloud-mcp` and of each of its commands, by how it is called."""
    # click fits its lines to the terminal, whatever the width of that one is.
    os.environ["COLUMNS"] = "100"
    whole = _help()
    commands = _COMMAND.findall(whole.split("Commands:")[1].split("\n\n")[0])
    return {"k6-cloud-mcp": whole} | {f"k6-cloud-mcp {one}": _help(one) for one in commands}


def _help(*command: str) -> str:
    with redirect_stdout(io.StringIO()) as printed, suppress(SystemExit):
        main([*command, "--help"])
    return printed.getvalue()
