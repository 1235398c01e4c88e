import subprocess
import sys

import pytest

PROGRAM = "import gc, sys; from k6_cloud_mcp.__main__ import main; sys.argv = ['k6-cloud-mcp', *{!r}]; {}"


@pytest.mark.parametrize("command", [["audit"], ["serve"]], ids=["a command", "a server"])
def test_garbage_is_collected_once_the_start_is_over(command: list[str]):
    # `serve` ends at once, because there is nobody at the other end of stdin.
    run = "\ntry: main()\nexcept SystemExit: pass\nprint(gc.isenabled(), gc.get_freeze_count() > 10000)"
    program = PROGRAM.format(command, run)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert result.stdout.splitlines()[-1] == "True True", result.stderr
