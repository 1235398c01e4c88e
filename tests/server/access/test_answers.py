"""An answered question is worth something only to the caller that was asked, with the credentials it was asked with."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from hostile.clients import MODERN, POLITE, Caller, joined
from mcp import MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, InputRequiredResult
from support.authenticated_server import Grafana, serving, tokens_file
from support.loopback import listening

Headers = dict[str, str]
ALICE: Headers = {"authorization": "Bearer token of alice", "x-k6-token": "glsa_x", "x-k6-stack-id": "1"}
CALL = {"load_test_id": 7}


@asynccontextmanager
async def asked(address: str, headers: Headers) -> AsyncGenerator[Caller, None]:
    """A client that can be asked, at the level of single requests."""
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        streamable_http_client(f"{address}/mcp", http_client=http) as streams,
        joined(streams, POLITE, MODERN) as caller,
    ):
        yield caller


@pytest.mark.parametrize(
    "other",
    [
        {"authorization": "Bearer token of bob"},
        {"x-k6-token": "glsa_y"},
        {"x-k6-stack-id": "2"},
    ],
    ids=["another caller", "another token for Grafana", "another stack"],
)
async def test_an_answer_is_worth_nothing_with_anything_else_of_the_caller(tmp_path: Path, other: Headers):
    upstream = Grafana()
    tokens = tokens_file(tmp_path, alice={}, bob={})
    async with (
        listening(upstream) as grafana,
        serving(tokens_file=tokens, caller_credentials="required", base_url=grafana) as address,
    ):
        async with asked(address, ALICE) as caller:
            question = await caller.round("delete_load_test", CALL)
            assert isinstance(question, InputRequiredResult)
            answer = (await caller.answers(question), question.request_state)
        async with asked(address, ALICE | other) as caller:
            with pytest.raises(MCPError, match="requestState"):
                await caller.round("delete_load_test", CALL, *answer)
        assert upstream.deleted == []
        async with asked(address, ALICE) as caller:
            done = await caller.round("delete_load_test", CALL, *answer)
    assert isinstance(done, CallToolResult)
    assert not done.is_error
    assert len(upstream.deleted) == 1
