"""Many callers at once: nothing of one ever reaches another."""

import logging
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference
from support.authenticated_server import (
    ERAS,
    PREFIX,
    Grafana,
    Mode,
    calling,
    knock,
    profiles_file,
    serving,
    tokens_file,
)
from support.loopback import listening
from support.servers import content_of, text_of

_ROUNDS = 8
_TEMPLATE = ResourceTemplateReference(uri="k6://load_tests/{id}/script")


@dataclass
class Caller:
    """A client, the stack it names, and what Grafana says of whoever calls with its credentials."""

    client: Client
    who: str
    stack: str | None = None

    def arguments(self, **given: Any) -> dict[str, Any]:
        return given | ({"stack": self.stack} if self.stack else {})

    def address(self, uri: str) -> str:
        return f"{uri}?stack={self.stack}" if self.stack else uri


async def a_result(caller: Caller) -> str:
    return text_of(await caller.client.call_tool("get_load_test", caller.arguments(load_test_id=7)))


async def a_list(caller: Caller) -> str:
    return text_of(await caller.client.call_tool("list_load_tests", caller.arguments()))


async def a_preview(caller: Caller) -> str:
    return text_of(await caller.client.call_tool("delete_load_test", caller.arguments(load_test_id=7)))


async def an_error(caller: Caller) -> str:
    return text_of(await caller.client.call_tool("get_load_test", caller.arguments(load_test_id=404)))


async def a_document(caller: Caller) -> str:
    return (await caller.client.read_resource(caller.address("k6://load_tests/7/script"))).model_dump_json()


async def a_missing_document(caller: Caller) -> str:
    with pytest.raises(MCPError) as refused:
        await caller.client.read_resource(caller.address("k6://load_tests/404"))
    return str(refused.value)


async def a_completion(caller: Caller) -> str:
    """Completed by a part of the name that only this caller's test has: the answer says whether it was found."""
    owner = caller.who.split()[1]
    context = {"stack": caller.stack} if caller.stack else None
    answer = await caller.client.complete(_TEMPLATE, {"name": "id", "value": owner}, context)
    assert answer.completion.values == ["7"]
    return caller.who


KINDS = [a_result, a_list, a_preview, an_error, a_document, a_missing_document, a_completion]


@asynccontextmanager
async def four_callers(address: str, mode: Mode) -> AsyncGenerator[list[Caller], None]:
    """Two with credentials of their own behind the same token, two with profiles of the server."""
    team = {"authorization": "Bearer token of team"}
    async with AsyncExitStack() as stack:

        async def joined(who: str, name: str | None = None, **headers: str) -> Caller:
            client = await stack.enter_async_context(calling(address, mode, **headers))
            return Caller(client, f"of owner_{who}", name)

        yield [
            await joined("x_11 on 11", x_k6_token=f"{PREFIX}x_11", x_k6_stack_id="11", **team),
            await joined(
                "y_12 on 12", x_k6_token=f"{PREFIX}y_12", x_k6_stack_url="https://x-12.grafana.net", **team
            ),
            await joined("p_1 on 1", authorization="Bearer token of alice"),
            await joined("s_2 on 2", "staging", authorization="Bearer token of bob"),
        ]


@pytest.mark.parametrize("mode", ERAS)
async def test_interleaved_callers_get_their_own_and_nothing_else(
    tmp_path: Path, mode: Mode, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    tokens = tokens_file(tmp_path, team={}, alice={"stack": "prod"}, bob={})
    profiles = profiles_file(tmp_path, prod=f"{PREFIX}p_1", staging=f"{PREFIX}s_2")
    upstream = Grafana()
    secrets = [
        f"{PREFIX}x_11",
        f"{PREFIX}y_12",
        f"{PREFIX}p_1",
        f"{PREFIX}s_2",
        "token of team",
        "token of alice",
    ]
    answers: list[tuple[Caller, str]] = []
    async with (
        listening(upstream) as grafana,
        serving(
            tokens_file=tokens,
            profiles_file=profiles,
            caller_credentials="headers",
            base_url=grafana,
            confirm="two_step",
        ) as address,
        four_callers(address, mode) as callers,
    ):

        async def call(caller: Caller, kind: Any) -> None:
            answers.append((caller, await kind(caller)))

        for _ in range(_ROUNDS):
            calls = [(caller, kind) for caller in callers for kind in KINDS]
            random.shuffle(calls)
            async with anyio.create_task_group() as tasks:
                for caller, kind in calls:
                    tasks.start_soon(call, caller, kind)
        audits = [
            (caller, (await caller.client.read_resource("k6://audit")).model_dump_json())
            for caller in callers
        ]
    assert len(answers) == 4 * _ROUNDS * len(KINDS)
    assert len(answers) >= 200
    owners = {caller.who.split()[1] for caller in callers}
    for caller, answer in [*answers, *audits]:
        own = caller.who.split()[1]
        assert not [other for other in owners - {own} if other in answer]
        assert not [secret for secret in secrets if secret in answer]
    for caller, answer in answers:
        assert caller.who in answer
    for _, audit in audits:
        assert audit.count("delete_load_test") == _ROUNDS
    journal = "".join(path.read_text() for path in Path(tmp_path).rglob("audit.jsonl"))
    for secret in secrets:
        assert secret not in caplog.text + journal
    assert {who for _, who in upstream.calls if who.rpartition(" ")[2]} == {caller.who for caller in callers}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"x_k6_token": "glsa_x"}, "belong together"),
        ({"x_k6_stack_id": "1"}, "belong together"),
        ({"x_k6_token": "glsa_x", "x_k6_stack_id": "one"}, "positive number"),
        ({"x_k6_token": "glsa_x", "x_k6_stack_id": "0"}, "positive number"),
        ({}, "own credentials"),
    ],
)
async def test_credentials_that_cannot_be_used_refuse_the_request_without_being_quoted(
    headers: dict[str, str], words: str
):
    async with serving(caller_credentials="required") as address:
        answer = await knock(address, **headers)
    assert answer.status_code == 400
    assert words in answer.json()["error_description"]
    assert "glsa_x" not in answer.text


async def test_credentials_are_refused_where_the_operator_did_not_allow_them_or_named_the_stack(
    tmp_path: Path,
):
    own = {"x_k6_token": "glsa_x", "x_k6_stack_id": "1"}
    async with serving(backend="sandbox") as address:
        off = await knock(address, **own)
    tokens = tokens_file(tmp_path, alice={"stack": "prod"})
    profiles = profiles_file(tmp_path, prod="glsa_p_1")
    async with serving(tokens_file=tokens, profiles_file=profiles, caller_credentials="headers") as address:
        bound = await knock(address, "token of alice", **own)
    assert [off.status_code, bound.status_code] == [400, 400]
    assert "K6_MCP_CALLER_CREDENTIALS" in off.text
    assert "leave the X-K6-" in bound.text


async def test_a_confirmation_is_useless_with_other_credentials():
    upstream = Grafana()
    async with (
        listening(upstream) as grafana,
        serving(caller_credentials="required", base_url=grafana, confirm="two_step") as address,
    ):
        async with calling(address, x_k6_token="glsa_x", x_k6_stack_id="1") as client:
            offer = content_of(await client.call_tool("delete_load_test", {"load_test_id": 7}))
        spent = {"load_test_id": 7, "confirmation_token": offer["confirmation_token"]}
        for other in (
            {"x_k6_token": "glsa_x", "x_k6_stack_id": "2"},
            {"x_k6_token": "glsa_y", "x_k6_stack_id": "1"},
        ):
            async with calling(address, "auto", **other) as client:
                assert (await client.call_tool("delete_load_test", spent)).is_error
    assert upstream.deleted == []
