"""The ledger of each stack, and what holds where the state folder cannot be written to."""

import os
from pathlib import Path

import anyio
import pytest
from support.servers import open_world, text_of

from k6_cloud.auth import Credentials
from k6_cloud_mcp.state.ledgers import Ledgers
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.start_records import Start


def unwritable(folder: Path) -> Path:
    """A path below a file: not even root can make a folder there."""
    blocked = folder / "file"
    blocked.write_text("")
    return blocked / "starts"


async def test_one_stack_has_one_ledger_whoever_asks(tmp_path: Path):
    ledgers = Ledgers(tmp_path)
    first, second = (ledgers.of_credentials(Credentials(token, stack_id=7)) for token in ("a", "b"))
    other = ledgers.of_credentials(Credentials("a", stack_id=8))
    await first.begin(Start(caller="me", load_test_id=1, key="key", most_vuh=1.0))
    assert (await second.find("me", 1)) is not None
    assert (await other.find("me", 1)) is None
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {"stack-7.jsonl"}


async def test_a_stack_at_another_address_is_another_one(tmp_path: Path):
    here, there = Ledgers(tmp_path), Ledgers(tmp_path, "https://api.example.com")
    credentials = Credentials("a", stack_id=7)
    await there.of_credentials(credentials).begin(Start(caller="me", load_test_id=1, key="key", most_vuh=1.0))
    assert await here.of_credentials(credentials).find("me", 1) is None
    assert await there.of_credentials(credentials).find("me", 1) is not None


@pytest.mark.parametrize(
    "url", ["https://acme.grafana.net", "https://ACME.grafana.net/a/k6-app", "https://x.example/../.."]
)
async def test_an_address_of_a_stack_is_no_path(tmp_path: Path, url: str):
    folder = tmp_path / "starts"
    await (
        Ledgers(folder)
        .of_credentials(Credentials("a", stack_url=url))
        .begin(Start(caller="me", load_test_id=1, key="key", most_vuh=1.0))
    )
    assert [path.parent for path in tmp_path.rglob("*.jsonl")] == [folder]


async def test_without_a_folder_starts_are_remembered_while_the_server_runs(tmp_path: Path):
    ledgers = Ledgers(unwritable(tmp_path))
    ledger = ledgers.of("stack-7")
    await ledger.begin(Start(caller="me", load_test_id=1, key="key", most_vuh=1.0))
    assert await ledgers.of("stack-7").find("me", 1) is not None
    assert ledger.unkept == f"{tmp_path / 'file' / 'starts'} cannot be written to"


def test_the_folder_is_tried_before_a_ceiling_relies_on_it(tmp_path: Path):
    assert Ledgers(tmp_path / "new" / "starts").problem() is None
    assert (tmp_path / "new" / "starts").is_dir()
    assert not os.listdir(tmp_path / "new" / "starts")
    assert "cannot be written to (Not a directory)" in str(Ledgers(unwritable(tmp_path)).problem())


SHORT = "export const options = { vus: 30, duration: '1s' }; export default () => {};"


async def test_of_two_starts_at_the_same_instant_only_one_passes_the_days_ceiling(tmp_path: Path):
    # Two servers with one state folder, each with a view of its own; a run takes half a VUh.
    policy = Policy(confirm="policy", allow=frozenset({"start_load_test"}), max_vuh_per_day=0.9)
    refused: list[str] = []
    async with open_world() as world:
        tests = [await world.new_test(f"Test {number}", SHORT) for number in range(4)]

        async def start(test: int) -> None:
            ledger = Ledgers(tmp_path).of("stack-7")
            async with world.connect(policy=policy, ledger=ledger) as client:
                result = await client.call_tool("start_load_test", {"load_test_id": test})
            refused.extend([text_of(result)] if result.is_error else [])

        async with anyio.create_task_group() as tasks:
            for test in tests:
                tasks.start_soon(start, test)
        assert (await world.k6.test_runs.list(count=True)).count == 1
    assert len(refused) == 3
    assert all("K6_MCP_MAX_VUH_PER_DAY is 0.9" in text for text in refused)


async def test_a_start_that_was_never_settled_counts_on_the_next_server(tmp_path: Path):
    policy = Policy(confirm="policy", allow=frozenset({"start_load_test"}), max_vuh_per_day=0.9)
    async with open_world() as world:
        test = await world.new_test("Test", SHORT)
        await (
            Ledgers(tmp_path)
            .of("stack-7")
            .begin(Start(caller="somebody", load_test_id=test + 1, key="key", most_vuh=0.5))
        )
        async with world.connect(policy=policy, ledger=Ledgers(tmp_path).of("stack-7")) as client:
            refused = await client.call_tool("start_load_test", {"load_test_id": test})
    assert "today's runs cost 0.5 VUh, this one 0.5 more" in text_of(refused)


async def test_a_ceiling_of_a_request_is_not_taken_on_trust_where_nothing_can_be_kept(tmp_path: Path):
    policy = Policy(confirm="policy", allow=frozenset({"start_load_test"}), max_vuh_per_day=9)
    async with open_world() as world:
        test = await world.new_test("Test", SHORT)
        async with world.connect(policy=policy, ledger=Ledgers(unwritable(tmp_path)).of("stack-7")) as client:
            refused = await client.call_tool("start_load_test", {"load_test_id": test})
        assert (await world.k6.test_runs.list(count=True)).count == 0
    assert "needs a record of what was started, which cannot be kept: " in text_of(refused)
