import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.servers import World, content_of, text_of

from k6_cloud.client import K6Cloud

OPTIONS = {"vus": 20, "duration": "3m"}


async def test_options_are_priced_in_vuh(world: World):
    async with world.connect() as client:
        price = content_of(await client.call_tool("validate_options", {"options": OPTIONS}))
    assert price["vuh_usage"] == 1.0
    assert price["breakdown"]["protocol_vuh"] == 1.0
    assert price["breakdown"]["reduction_rate"] == 0.0


async def test_options_that_come_as_text_are_read_as_json(world: World):
    async with world.connect() as client:
        price = content_of(await client.call_tool("validate_options", {"options": json.dumps(OPTIONS)}))
    assert price["vuh_usage"] == 1.0


async def test_a_local_run_is_priced_lower(world: World):
    async with world.connect() as client:
        price = content_of(
            await client.call_tool("validate_options", {"options": OPTIONS, "is_local_execution": True})
        )
    assert price["vuh_usage"] < price["breakdown"]["base_total_vuh"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"options": {"vus": "many"}}, "options"),
        ({"options": {"vus": 1, "stages": [], "iterations": 0}}, "options"),
        ({"options": OPTIONS, "project_id": 4711}, "project_id: Project 4711 not found"),
        ({"options": {**OPTIONS, "cloud": {"projectID": 4711}}}, "options.cloud.projectID: Project 4711"),
        (
            {"options": {**OPTIONS, "cloud": {"distribution": {"a": {"loadZone": "x", "percent": 50}}}}},
            "must sum to 100, and sum to 50",
        ),
    ],
)
async def test_options_that_cannot_be_used_are_named(world: World, arguments: dict[str, Any], words: str):
    async with world.connect() as client:
        refused = await client.call_tool("validate_options", arguments)
    assert text_of(refused).startswith(
        "POST /cloud/v6/validate_options answered 400: Request validation error; "
    )
    assert words in text_of(refused)
    assert text_of(refused).endswith("Nothing was changed. Correct the named values and call again.")


async def test_options_have_to_be_an_object(world: World):
    async with world.connect() as client:
        refused = await client.call_tool("validate_options", {"options": "vus: 2"})
    assert text_of(refused) == "validate_options was not called:\n- options: should be a valid dictionary."


async def test_only_what_was_given_is_sent(world: World, through: Callable[..., K6Cloud]):
    sent: list[Any] = []

    async def look(request: httpx.Request) -> None:
        sent.append(json.loads(request.content))

    async with world.connect(k6=through(look)) as client:
        content_of(await client.call_tool("validate_options", {"options": OPTIONS, "k6_version": 0}))
        content_of(
            await client.call_tool(
                "validate_options",
                {
                    "options": OPTIONS,
                    "project_id": 1,
                    "k6_version": 3,
                    "k6_dependencies": {"k6/x/faker": ">=0.4.0"},
                    "is_local_execution": True,
                },
            )
        )
    assert sent == [
        {"options": OPTIONS},
        {
            "options": OPTIONS,
            "project_id": 1,
            "k6_version": 3,
            "k6_dependencies": {"k6/x/faker": ">=0.4.0"},
            "is_local_execution": True,
        },
    ]


async def test_an_answer_that_is_no_price_is_an_error(world: World, through: Callable[..., K6Cloud]):
    async def nonsense(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"hello": "world"})

    async with world.connect(k6=through(nonsense)) as client:
        failed = await client.call_tool("validate_options", {"options": OPTIONS})
    assert "but its answer is not the documented ValidatedOptions" in text_of(failed)
