import pytest
from mcp import Client
from mcp_types import ElicitResult
from support.sample_operation import ERAS, Mode, Wall
from support.servers import World, text_of

from k6_cloud_mcp_tools.guard.plan import Preview
from k6_cloud_mcp_tools.guard.typed_names import folded, is_typable

PLAIN = ["Checkout", "Checkout, EU 2", "Büro", "日本語", "مدينة", "'quoted'", "a  b", " Checkout "]
UNTYPABLE = [
    " ",
    "",
    "\u3000",
    "\u2003",
    "\t",
    "\u200b",
    "a\u200bb",
    "a\u202eb",
    "a\u00a0b",
    "a\nb",
    "\u3164",
    "\u2800",
    "a\ufe0f",
]


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_that_can_be_read_is_to_be_typed(name: str):
    assert is_typable(name)
    assert Preview.naming("Delete it.", name, 7) == Preview("Delete it.", typed_name=name)


@pytest.mark.parametrize("name", UNTYPABLE, ids=map(ascii, UNTYPABLE))
def test_in_place_of_a_name_that_cannot_be_seen_the_id_is_to_be_typed(name: str):
    assert not is_typable(name)
    preview = Preview.naming("Delete it.", name, 7)
    assert preview.typed_name == "7"
    assert preview.text == "Delete it. To confirm, type its id, 7: its name has invisible characters."


def test_names_are_the_same_however_they_are_composed_and_whatever_blanks_are_around_them():
    assert folded(" Bu\u0308ro ") == folded("B\u00fcro")
    assert folded("Büro") != folded("Buro")


@pytest.mark.parametrize("mode", ERAS)
async def test_a_name_typed_in_another_composition_counts(mode: Mode):
    wall = Wall(typed_name="Bu\u0308ro")
    typed = ElicitResult(action="accept", content={"name": "B\u00fcro "})
    async with Client(wall.server(), mode=mode, elicitation_callback=wall.answers(typed)) as client:
        assert not (await client.call_tool("paint", {"color": "red"})).is_error
    assert wall.painted == ["red"]


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("name", [" ", "\u3000", "\u2003", "a\u200b"], ids=ascii)
@pytest.mark.parametrize("typed", ["", " ", "name"])
async def test_a_test_named_by_blanks_is_deleted_by_its_id_only(
    world: World, mode: Mode, name: str, typed: str
):
    test = await world.new_test(name)
    answer = name if typed == "name" else typed
    async with world.connect(mode=mode, answer={"name": answer}) as client:
        refused = await client.call_tool("delete_load_test", {"load_test_id": test})
    assert "the name that was typed is not the name" in text_of(refused)
    assert f"To confirm, type its id, {test}" in text_of(refused)
    async with world.connect(mode=mode, answer={"name": str(test)}) as client:
        assert not (await client.call_tool("delete_load_test", {"load_test_id": test})).is_error
