"""When and on what it was measured, without saying whose machine it is."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from peers import FASTMCP


def described(era: str) -> str:
    """The date, the machine, the versions, and how busy the machine was before."""
    memory = psutil.virtual_memory().total / 2**30
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{_processor()}, {psutil.cpu_count()} cores, {memory:.0f} GiB",
        f"{platform.system()}, Python {platform.python_version()}",
        f"mcp {version('mcp')}, {FASTMCP.replace('==', ' ')}, protocol {era}",
        f"load average before: {busy}",
    ]
    return " · ".join(facts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
