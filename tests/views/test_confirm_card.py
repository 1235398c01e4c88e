"""The confirmation card, in a browser, in a host that renders apps and cannot be asked."""

import pytest
from playwright.async_api import expect
from support.servers import SCRIPT
from support.view_host import NARROW, HostPage, open_host

EVIL = "<img src=x onerror=alert(1)> checkout"


@pytest.fixture(autouse=True)
def sandbox_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K6_SANDBOX_DIR", ":memory:")


async def new_test(host: HostPage, name: str = "Checkout") -> int:
    return (await host.tool("create_load_test", name=name, script=SCRIPT))["id"]


async def names(host: HostPage) -> list[str]:
    return [row["name"] for row in (await host.tool("list_load_tests", limit=100))["rows"]]


async def test_a_delete_needs_the_name_typed_and_then_is_done():
    async with open_host(NARROW) as host:
        test_id = await new_test(host, EVIL)
        await host.call("delete_load_test", {"load_test_id": test_id})
        go = host.view.get_by_role("button", name="Go ahead")
        await expect(host.view.locator(".preview")).to_contain_text(f"Delete load test '{EVIL}'")
        await expect(go).to_be_disabled()
        await host.view.get_by_label("Type").fill("checkout")
        await expect(go).to_be_disabled()
        assert EVIL in await names(host)
        await host.view.get_by_label("Type").fill(EVIL)
        await host.view.get_by_label("Type").press("Enter")
        await expect(host.view.get_by_text("Done: Delete load test.")).to_be_visible()
        await expect(host.view.get_by_text("Confirmed by you, in this card.")).to_be_visible()
        assert EVIL not in await names(host)
        assert await host.heard("calls") == ["delete_load_test"]
        [told] = await host.heard("told")
        assert told.startswith(
            "In the confirmation card the person chose to go ahead. delete_load_test was called"
        )
        assert EVIL not in told
        assert (host.complaints, host.elsewhere) == ([], [])


async def test_stop_does_nothing_and_tells_the_model_so():
    async with open_host() as host:
        test_id = await new_test(host)
        await host.call("delete_load_test", {"load_test_id": test_id})
        await host.view.get_by_role("button", name="Stop").click()
        await expect(host.view.get_by_role("status")).to_have_text("Stopped. Nothing was done.")
        await expect(host.view.get_by_role("button", name="Go ahead")).to_be_disabled()
        assert await host.heard("calls") == []
        [told] = await host.heard("told")
        assert "chose to stop: delete_load_test was not done" in told
        assert "Checkout" in await names(host)


async def test_what_changed_meanwhile_is_not_done_and_the_card_says_why():
    async with open_host() as host:
        test_id = await new_test(host)
        await host.call("delete_load_test", {"load_test_id": test_id})
        await host.view.get_by_label("Type").fill("Checkout")
        await host.tool("update_load_test", load_test_id=test_id, name="Renamed")
        await host.view.get_by_role("button", name="Go ahead").click()
        await expect(host.view.get_by_role("status")).to_contain_text("has changed since the preview")
        assert "Renamed" in await names(host)


async def test_a_card_can_be_answered_by_keyboard_alone():
    async with open_host() as host:
        first, second = await new_test(host), (await host.tool("list_projects"))["rows"][0]["id"]
        project = (await host.tool("create_project", name="Elsewhere"))["id"]
        assert project != second
        await host.call("move_load_test", {"load_test_id": first, "project_id": project})
        await expect(host.view.get_by_role("button", name="Go ahead")).to_be_visible()
        await host.page.locator("iframe").focus()
        for _ in range(2):
            await host.page.keyboard.press("Tab")
        await expect(host.view.get_by_role("button", name="Go ahead")).to_be_focused()
        await host.page.keyboard.press("Enter")
        await expect(host.view.get_by_text("Done: Move load test.")).to_be_visible()
        await expect(host.view.locator("main")).to_be_focused()


async def test_a_dry_run_is_shown_as_one():
    async with open_host() as host:
        test_id = await new_test(host)
        await host.call("delete_load_test", {"load_test_id": test_id, "dry_run": True})
        await expect(host.view.get_by_text("Dry run of Delete load test: nothing was sent.")).to_be_visible()
        assert await host.view.get_by_role("button").count() == 0
