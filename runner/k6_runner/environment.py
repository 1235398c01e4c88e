"""The environment that k6 gets: nothing of this process but what an operating system needs."""

import os
from pathlib import Path


def minimal_environment(home: Path | None = None) -> dict[str, str]:
    """Environment variables for k6, with `home` as its home and temporary directory.

    K6_* variables would change the options of a run and anything else may be a secret, so none is passed on.
    One processor is plenty for a run within the limits, and leaves the rest of the machine responsive.
    A script that imports an extension must not make k6 download and run another binary.
    """
    environment = {"PATH": os.defpath, "GOMAXPROCS": "1", "K6_AUTO_EXTENSION_RESOLUTION": "false"}
    if home:
        environment |= dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(home))
    if system_root := os.environ.get("SYSTEMROOT"):
        environment["SYSTEMROOT"] = system_root
    return environment
