import base64
import io
import subprocess
import sys
from collections.abc import Awaitable, Callable

import httpx
import pytest
from mcp_types import CallToolResult, ImageContent, TextContent
from PIL import Image
from support.servers import World, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.models import TestRun
from k6_cloud_mcp_tools.metrics.chart_lines import LINES, DrawnRun
from k6_cloud_mcp_tools.metrics.drawing import draw
from k6_cloud_mcp_tools.toolsets import DEFAULT_TOOLSETS, select

Intercept = Callable[[httpx.Request], Awaitable[httpx.Response | None]]
RunScript = Callable[..., Awaitable[TestRun]]
SHOPPING = """
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: VUS, duration: '3s' };
export default () => {
  http.get(`${__ENV.SANDBOX_URL}/demo/slow?ms=${20 + Math.random() * 60}`);
  if (Math.random() < 0.2) http.get(`${__ENV.SANDBOX_URL}/demo/products/99`);
  sleep(0.1);
};
"""
IDLE = "export const options = { iterations: 1 }; export default () => {};"
LARGEST = 60_000


def picture_of(result: CallToolResult) -> tuple[bytes, str]:
    image, text = result.content
    assert isinstance(image, ImageContent)
    assert isinstance(text, TextContent)
    assert image.mime_type == "image/png"
    return base64.b64decode(image.data), text.text


async def chart(world: World, *runs: int) -> CallToolResult:
    async with world.connect() as client:
        return await client.call_tool("chart_test_run", {"test_run_ids": [*runs]})


def drawn(run_id: int, count: int) -> DrawnRun:
    points = {line.key: [(float(second), 100.0 + second % 7) for second in range(count)] for line in LINES}
    return DrawnRun(run_id, "passed", points, {})


async def test_a_run_is_drawn_as_a_small_picture_with_its_figures_in_words(
    world: World, run_script: RunScript
):
    run = await run_script(SHOPPING.replace("VUS", "3"))
    picture, words = picture_of(await chart(world, run.id))
    assert len(picture) < LARGEST
    with Image.open(io.BytesIO(picture)) as image:
        assert image.size == (800, 560)
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert len(image.getcolors() or []) > 8
    assert words.startswith(f"Run {run.id} (passed): ")
    for word in ("requests/s", "p95", "% failed"):
        assert word in words


async def test_runs_are_drawn_over_each_other_each_once(world: World, run_script: RunScript):
    first, second = await run_script(SHOPPING.replace("VUS", "2")), await run_script(IDLE)
    _, words = picture_of(await chart(world, first.id, second.id, first.id))
    assert words.count("Run ") == 2
    assert words.endswith(f"Run {second.id} (passed): nothing measured.")


async def test_what_was_never_measured_is_not_drawn(world: World, through: Callable[[Intercept], K6Cloud]):
    async def nothing_measured(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json={"value": []}) if request.url.path.endswith("/metrics") else None

    run = await world.k6.load_tests.start(await world.new_test("Idle", IDLE))
    async with world.connect(k6=through(nothing_measured)) as client:
        refused = await client.call_tool("chart_test_run", {"test_run_ids": [run.id]})
    assert refused.is_error
    assert text_of(refused).startswith("Not drawn: no metrics were measured (yet).")


@pytest.mark.parametrize("runs", [1, 4])
def test_a_small_picture_keeps_the_colours_that_tell_lines_apart(runs: int):
    picture = draw([drawn(run_id, 120) for run_id in range(runs)])
    assert len(picture) < LARGEST
    with Image.open(io.BytesIO(picture)) as image:
        colors = [
            color for _, color in image.convert("RGB").getcolors(1 << 16) or [] if isinstance(color, tuple)
        ]
    for line in ((0, 114, 178), (213, 94, 0), (0, 158, 115)):
        assert min(max(abs(a - b) for a, b in zip(line, color, strict=True)) for color in colors) < 24


def test_the_library_is_not_loaded_before_something_is_drawn():
    code = "import sys, k6_cloud_mcp_tools.catalog; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nobody_pays_for_the_tool_who_did_not_ask_for_it():
    assert "charts" not in DEFAULT_TOOLSETS
    assert "chart_test_run" in [one.name for one in select(tools=["chart_test_run"])]
