"""The benchmarks run. What they find is not tested: times belong to a machine."""

import sys
from pathlib import Path

import anyio
import pytest

RUN = Path(__file__).parents[2] / "bench" / "run.py"
pytestmark = pytest.mark.skipif(not RUN.exists(), reason="the benchmarks are in a checkout only")


async def run(*arguments: str) -> list[str]:
    """The lines of a run's table."""
    command = [sys.executable, str(RUN), "--quick", "--here", *arguments]
    return (await anyio.run_process(command)).stdout.decode().splitlines()


async def test_it_tells_what_the_list_of_tools_costs_beside_the_floor():
    rows = [line for line in await run("--only", "tokens") if "eleven tools, tokens" in line]
    assert len(rows) == 1
    ours, _, floor = (cell.strip() for cell in rows[0].split("|")[2:5])
    assert int(floor.replace(",", "")) > 0
    assert ours.endswith("x)")


async def test_an_unknown_measure_is_refused_by_name():
    result = await anyio.run_process([sys.executable, str(RUN), "--only", "speed"], check=False)
    assert result.returncode == 2
    assert b"no such measure: speed" in result.stderr


async def test_it_tells_how_long_hostile_inputs_take_and_the_health_of_the_server_meanwhile():
    rows = [line.split("|") for line in await run("--only", "hostile") if line.startswith("| ")][2:]
    assert len(rows) > 15
    for _, _, _, took, delay, answer, _ in rows:
        assert float(took.replace(",", "")) > 0
        assert float(delay.replace(",", "")) >= 0
        assert answer.strip() in ("answered", "refused")
