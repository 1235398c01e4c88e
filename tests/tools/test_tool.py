"""The tool class around a toy operation, through a real in-memory client."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel, Field
from support.servers import content_of, text_of

from k6_cloud.client import K6Cloud
from k6_cloud.errors import TimedOut
from k6_cloud_mcp_tools.context import K6, App
from k6_cloud_mcp_tools.operation import read


class Painted(BaseModel):
    wall: str
    coats: int
    note: str | None = None
    paint: dict[str, Any] | None = None


async def paint(
    k6: K6,
    wall: str,
    coats: Annotated[int, Field(ge=1)] = 1,
    note: Annotated[str | None, Field(min_length=1)] = None,
    paint: dict[str, Any] | None = None,
) -> Painted:
    """Paint a wall."""
    del k6
    if wall == "wet":
        raise ToolError("Not painted: the wall is wet.")
    if wall == "far":
        raise TimedOut("GET /walls got no answer. Try again.")
    if wall == "cracked":
        raise RuntimeError("token=glsa_secret")
    return Painted(wall=wall, coats=coats, note=note, paint=paint)


async def call(**arguments: Any) -> CallToolResult:
    @asynccontextmanager
    async def lifespan(_: MCPServer[App]) -> AsyncGenerator[App, None]:
        async with httpx.AsyncClient() as http:
            yield App(K6Cloud(http))

    server = MCPServer("walls", tools=[read(paint, "Paint").build()], lifespan=lifespan)
    async with Client(server) as client:
        return await client.call_tool("paint", arguments)


async def test_the_text_is_the_structured_result_compactly():
    result = await call(wall="nörth", paint={"color": "red"})
    assert result.structured_content == {"wall": "nörth", "coats": 1, "paint": {"color": "red"}}
    assert text_of(result) == '{"wall":"nörth","coats":1,"paint":{"color":"red"}}'


async def test_an_unknown_argument_is_refused_with_the_one_that_was_meant():
    result = await call(wall="north", coat=2)
    assert result.is_error
    assert text_of(result) == (
        "paint was not called:\n- coat: no such argument. Did you mean coats? Valid: coats, note, paint, wall."
    )


async def test_an_unknown_argument_unlike_any_other_gets_the_list():
    assert text_of(await call(wall="north", when="now")) == (
        "paint was not called:\n- when: no such argument. Valid: coats, note, paint, wall."
    )


@pytest.mark.parametrize("name", ["k6", "ctx"])
async def test_what_the_server_fills_in_is_no_argument(name: str):
    assert f"- {name}: no such argument." in text_of(await call(wall="north", **{name: "x"}))


async def test_each_wrong_value_is_one_readable_line():
    assert text_of(await call(coats=0, note="", paint=["red"])).splitlines() == [
        "paint was not called:",
        "- wall: Field required.",
        "- coats: should be greater than or equal to 1.",
        "- paint: should be a valid dictionary.",
    ]


async def test_a_wrong_value_is_not_repeated():
    assert "secret" not in text_of(await call(wall=["secret"], coats="secret"))


@pytest.mark.parametrize("text", ["null", "[1]", '{"a": 1}', "12", '"quoted"'])
async def test_text_stays_the_text_it_is(text: str):
    assert content_of(await call(wall=text, note=text)) == {"wall": text, "note": text, "coats": 1}


async def test_an_object_that_comes_as_text_is_read():
    assert content_of(await call(wall="north", paint='{"color": "red"}'))["paint"] == {"color": "red"}


async def test_a_failure_that_was_foreseen_arrives_in_its_own_words():
    refused, failed = await call(wall="wet"), await call(wall="far")
    assert (refused.is_error, text_of(refused)) == (True, "Not painted: the wall is wet.")
    assert (failed.is_error, text_of(failed)) == (True, "GET /walls got no answer. Try again.")


async def test_the_text_of_a_crash_stays_on_the_server(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        result = await call(wall="cracked")
    assert result.is_error
    assert text_of(result) == (
        "paint failed by a fault of this server, whose log has the details. It is not known whether it took "
        "effect: read the object before trying again."
    )
    assert "Traceback" in caplog.text
