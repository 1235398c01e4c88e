"""The view of a run, in a browser, over runs by the real k6."""

import pytest
from playwright.async_api import Locator, expect
from support.view_host import NARROW, WIDE, HostPage, open_host

SHOP = """
import http from 'k6/http';
import { check, sleep } from 'k6';
export const options = { vus: 3, duration: 'SECONDSs', thresholds: {
  http_req_duration: ['p(95)<5000', 'max<0'],
  'http_reqs{page:none}': ['count>1'],
} };
export default () => {
  check(http.get(`${__ENV.SANDBOX_URL}/demo/products`), { 'is 200': (r) => r.status === 200, '<i>no</i>': () => false });
  sleep(0.1);
};
"""
DRAWN = """
(canvases) => canvases.filter((canvas) => {
  const { width, height } = canvas;
  return width && canvas.getContext('2d').getImageData(0, 0, width, height).data.some((value) => value);
}).length
"""
# The contrast of text with what is behind it, for each element that has text of its own.
CONTRAST = """
() => {
  const parse = (color) => { const c = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    c.fillStyle = color; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3]) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('main *')]
    .filter((e) => e.checkVisibility() && !e.disabled && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => { const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort().reverse();
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent]; })
    .filter(([contrast]) => contrast < 4.5);
}
"""


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


async def new_test(host: HostPage, seconds: int) -> int:
    script = SHOP.replace("SECONDS", str(seconds))
    return (await host.tool("create_load_test", name="Shop", script=script))["id"]


async def started(host: HostPage, seconds: int) -> int:
    test_id = await new_test(host, seconds)
    offer = await host.tool("start_load_test", load_test_id=test_id)
    token = offer["confirmation_token"]
    run = await host.tool("start_load_test", load_test_id=test_id, confirmation_token=token)
    return run["result"]["test_run_id"]


async def ended(host: HostPage, seconds: int = 3) -> int:
    run_id = await started(host, seconds)
    await host.tool("wait_for_test_run", test_run_id=run_id)
    return run_id


def badge(host: HostPage) -> Locator:
    return host.view.locator(".badge")


async def table(host: HostPage, caption: str) -> list[list[str]]:
    """The cells of a table, with its heads first."""
    found = host.view.get_by_role("table", name=caption)
    await expect(found).to_be_visible(timeout=20_000)
    script = "(table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim()))"
    return await found.evaluate(script)


async def test_a_run_is_started_by_the_card_watched_and_aborted_in_one_view():
    async with open_host() as host:
        test_id = await new_test(host, 60)
        await host.call("start_load_test", {"load_test_id": test_id})
        await expect(host.view.get_by_text("Cost: ")).to_be_visible()
        assert (await host.tool("list_load_test_runs", load_test_id=test_id))["total"] == 0
        await host.view.get_by_role("button", name="Go ahead").click()
        await expect(badge(host)).to_have_text("running", timeout=20_000)
        await expect(host.view.locator("canvas")).to_have_count(4, timeout=40_000)
        assert await host.view.locator("canvas").evaluate_all(DRAWN) == 4
        await host.view.get_by_role("button", name="Open the run's page").click()
        assert await host.heard("links")

        await host.view.get_by_role("button", name="Abort…").click()
        keep = host.view.get_by_role("button", name="Keep it running")
        await expect(keep).to_be_focused()
        await host.page.keyboard.press("Escape")
        await expect(host.view.get_by_role("button", name="Abort…")).to_be_focused()
        assert "abort_test_run" not in await host.heard("calls")
        await host.view.get_by_role("button", name="Abort…").click()
        await host.view.get_by_role("button", name="Abort the run").click()
        await expect(badge(host)).to_have_text("aborted", timeout=30_000)
        await expect(host.view.locator(".verdict")).to_contain_text("No verdict")
        await expect(host.view.get_by_role("button", name="Abort…")).to_be_hidden()
        told = await host.heard("told")
        assert "start_load_test was called with the token; its status is done, test_run_id 1." in told[0]
        assert told[1:] == [
            "The person aborted test run 1 in the view.",
            "Test run 1 has ended: aborted. get_test_run tells its verdict.",
        ]
        assert (host.complaints, host.elsewhere) == ([], [])


async def test_an_ended_run_shows_its_verdict_thresholds_checks_and_the_values_as_a_table():
    async with open_host() as host:
        await host.call("get_test_run", {"test_run_id": await ended(host)})
        await expect(badge(host)).to_have_text("failed")
        await expect(host.view.locator(".verdict")).to_contain_text("it crossed http_req_duration max<0")
        heads, *thresholds = await table(host, "Thresholds")
        assert heads == ["Threshold", "Measured", "Holds"]
        assert {name: mark for name, _, mark in thresholds} == {
            "http_req_duration p(95)<5000": "✓ yes",
            "http_req_duration max<0": "✗ no",
            "http_reqs{page:none} count>1": "– no samples",  # noqa: RUF001
        }
        checks = {row[0].split(maxsplit=2)[-1]: row[1] for row in (await table(host, "Checks"))[1:]}
        assert checks == {"<i>no</i>": "0 %", "is 200": "100 %"}
        await host.view.get_by_text("Values as a table").click()
        values = await table(host, "Values over the time")
        assert values[0] == ["Time", "VUs", "requests/s", "p50", "p95", "p99", "failed"]
        assert values[-2][1] == "3"
        plot = host.view.get_by_role("img", name="Virtual users")
        assert "at most 3" in (await plot.get_attribute("aria-label") or "")
        assert (host.complaints, host.elsewhere) == ([], [])


async def test_a_wait_shows_the_run_while_the_model_waits_and_asks_no_more_once_it_ended():
    async with open_host() as host:
        run_id = await started(host, 12)
        await host.call("wait_for_test_run", {"test_run_id": run_id})
        await expect(badge(host)).to_have_text("running", timeout=20_000)
        await expect(badge(host)).to_have_text("failed", timeout=40_000)
        await table(host, "Checks")
        # The last round of calls ends, and no other follows.
        await host.page.wait_for_timeout(6_000)
        calls = len(await host.heard("calls"))
        await host.page.wait_for_timeout(6_000)
        assert len(await host.heard("calls")) == calls


async def test_a_view_that_was_scrolled_away_rests_until_it_is_looked_at_again():
    async with open_host() as host:
        await host.call("get_test_run", {"test_run_id": await started(host, 60)})
        await expect(host.view.locator("canvas")).to_have_count(4, timeout=40_000)
        await host.page.evaluate("() => { document.body.style.paddingTop = '5000px' }")
        await host.page.wait_for_timeout(4_000)
        calls = len(await host.heard("calls"))
        await host.page.wait_for_timeout(7_000)
        assert len(await host.heard("calls")) == calls
        await host.page.evaluate("() => { document.body.style.paddingTop = '0' }")
        await host.page.wait_for_timeout(3_000)
        assert len(await host.heard("calls")) > calls


async def test_a_tool_that_the_server_does_not_offer_is_named():
    async with open_host(exclude_tools=("query_test_run_metrics", "abort_test_run")) as host:
        run_id = await started(host, 30)
        await host.call("get_test_run", {"test_run_id": run_id})
        problem = host.view.get_by_role("alert")
        await expect(problem).to_contain_text("This server does not offer query_test_run_metrics.")
        await host.view.get_by_role("button", name="Abort…").click()
        await host.view.get_by_role("button", name="Abort the run").click()
        await expect(host.view.get_by_text("This server does not offer abort_test_run.")).to_be_visible()


async def test_an_error_is_shown_in_its_own_words():
    async with open_host() as host:
        await host.call("start_load_test", {"load_test_id": 999})
        await expect(host.view.get_by_role("alert")).to_contain_text("999")


async def test_text_can_be_read_in_both_themes_and_nothing_overflows():
    async with open_host() as host:
        await host.call("get_test_run", {"test_run_id": await ended(host)}, "dark")
        await table(host, "Checks")
        root, backgrounds = host.view.locator("html"), set[str]()
        for theme in ("dark", "light"):
            await host.theme(theme)
            await expect(root).to_have_attribute("data-theme", theme)
            backgrounds.add(await root.evaluate("() => getComputedStyle(document.body).backgroundColor"))
            for viewport in (WIDE, NARROW):
                await host.page.set_viewport_size(viewport)
                assert await root.evaluate(CONTRAST) == []
                assert await root.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
        assert len(backgrounds) == 2
