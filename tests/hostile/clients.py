"""Clients that keep to the protocol and clients that do not, at the level of single requests."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import anyio
from mcp import ClientSession
from mcp.client.context import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp_types import (
    METHOD_NOT_FOUND,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    ClientCapabilities,
    DiscoverResult,
    ElicitationCapability,
    ElicitRequestFormParams,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    FormElicitationCapability,
    Implementation,
    InitializedNotification,
    InitializeRequest,
    InitializeRequestParams,
    InitializeResult,
    InputRequiredResult,
    ServerCapabilities,
    UrlElicitationCapability,
)
from pydantic import TypeAdapter

Era = Literal["2025-06-18", "2025-11-25", "2026-07-28"]
ERAS: tuple[Era, ...] = ("2025-06-18", "2025-11-25", "2026-07-28")
MODERN: Era = "2026-07-28"
Answer = Callable[[str, dict[str, Any]], Awaitable[ElicitResult | ErrorData]]

FORMS = ElicitationCapability(form=FormElicitationCapability())
BARE = ElicitationCapability()
URLS = ElicitationCapability(url=UrlElicitationCapability())
_RESULT: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
_numbers = count(1)
# A client of 2026-07-28 that takes longer for its answer never sends it.
_PATIENCE = 0.5


@dataclass(frozen=True)
class Host:
    """A client: what it declares, how it answers a form (message, schema), and by which name it goes."""

    title: str
    declares: ElicitationCapability | None
    answer: Answer
    name: str = "some-client"

    @property
    def patience(self) -> float:
        """How many seconds a server should wait for this client: hardly any where it never answers."""
        return 0.1 if self.answer is _never else 20.0


class Silence(Exception):
    """The client never sends the call that would carry its answer."""


class _Declaring(ClientSession):
    """A session that declares what it is told to, whatever it can really do."""

    declares: ElicitationCapability | None = None

    def _build_capabilities(self, version: str) -> ClientCapabilities:
        del version
        return ClientCapabilities(elicitation=self.declares)


class Caller:
    """A connected client. `asked` has the questions that it was sent."""

    def __init__(self, session: ClientSession, host: Host, asked: list[str]) -> None:
        self.session = session
        self.asked = asked
        self._host = host

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool and answer its questions in the client's own way. Raises Silence."""
        result = await self.round(tool, arguments)
        while isinstance(result, InputRequiredResult):
            answers = await self.answers(result)
            result = await self.round(tool, arguments, answers, result.request_state)
        return result

    async def round(
        self,
        tool: str,
        arguments: dict[str, Any],
        answers: dict[str, Any] | None = None,
        state: str | None = None,
    ) -> CallToolResult | InputRequiredResult:
        """One request, and its answer as it is."""
        params = CallToolRequestParams(
            name=tool, arguments=arguments, input_responses=answers, request_state=state
        )
        return await self.session.send_request(CallToolRequest(params=params), _RESULT)

    async def answers(self, question: InputRequiredResult) -> dict[str, Any]:
        """What the client answers to a question that came as a result."""
        found: dict[str, Any] = {}
        for key, request in (question.input_requests or {}).items():
            assert isinstance(request.params, ElicitRequestFormParams)
            self.asked.append(request.params.message)
            with anyio.move_on_after(_PATIENCE) as waited:
                found[key] = await self._host.answer(request.params.message, request.params.requested_schema)
            if waited.cancelled_caught:
                raise Silence
        return found


Streams = tuple[Any, Any]


@asynccontextmanager
async def joined(streams: Streams, host: Host, era: Era) -> AsyncGenerator[Caller, None]:
    """A client of this kind and era at the end of these streams. No two of them have the same version."""
    asked: list[str] = []

    async def elicited(
        context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult | ErrorData:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        asked.append(params.message)
        return await host.answer(params.message, params.requested_schema)

    info = Implementation(name=host.name, version=str(next(_numbers)))
    session = _Declaring(*streams, elicitation_callback=elicited, client_info=info)
    session.declares = host.declares
    async with session:
        await _greet(session, info, host, era)
        yield Caller(session, host, asked)


async def _greet(session: ClientSession, info: Implementation, host: Host, era: Era) -> None:
    if era == MODERN:
        session.adopt(
            DiscoverResult(
                supported_versions=[era],
                capabilities=ServerCapabilities(),
                result_type="complete",
                ttl_ms=0,
                cache_scope="public",
            )
        )
        return
    declared = ClientCapabilities(elicitation=host.declares)
    params = InitializeRequestParams(protocol_version=era, capabilities=declared, client_info=info)
    greeting = await session.send_request(InitializeRequest(params=params), InitializeResult)
    assert greeting.protocol_version == era
    session.adopt(greeting)
    await session.send_notification(InitializedNotification())


@asynccontextmanager
async def in_memory(server: MCPServer[Any]) -> AsyncGenerator[Streams, None]:
    """Streams to a server in this process."""
    inner = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]
    async with (
        create_client_server_memory_streams() as (client, (read, write)),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(inner.run, read, write, inner.create_initialization_options())
        try:
            yield client
        finally:
            tasks.cancel_scope.cancel()


def properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The fields of a form."""
    return schema["properties"]


def name_in(message: str) -> str:
    """The name to type: that of a run is its number, any other is quoted."""
    words = message.split()
    return words[2] if words[:2] == ["Delete", "run"] else message.split("'")[1]


def yes_to(message: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What a person fills in who agrees."""
    return {"name": name_in(message)} if "name" in properties(schema) else {"decision": "go ahead"}


async def agrees(message: str, schema: dict[str, Any]) -> ElicitResult:
    """A person who agrees."""
    return ElicitResult(action="accept", content=yes_to(message, schema))


async def _never(message: str, schema: dict[str, Any]) -> ElicitResult:
    del message, schema
    await anyio.sleep_forever()
    raise AssertionError


async def _declines(message: str, schema: dict[str, Any]) -> ElicitResult:
    del message, schema
    return ElicitResult(action="decline")


async def _cancels(message: str, schema: dict[str, Any]) -> ElicitResult:
    del message, schema
    return ElicitResult(action="cancel")


async def _empty(message: str, schema: dict[str, Any]) -> ElicitResult:
    del message, schema
    return ElicitResult(action="accept", content={})


async def _wrong_types(message: str, schema: dict[str, Any]) -> ElicitResult:
    """Every field, each with a value of another type."""
    del message
    return ElicitResult(action="accept", content=dict.fromkeys(properties(schema), True))


async def _wrong_value(message: str, schema: dict[str, Any]) -> ElicitResult:
    """The right fields, filled in with what was not asked for."""
    del message
    return ElicitResult(action="accept", content=dict.fromkeys(properties(schema), "Checkout"))


async def _other_fields(message: str, schema: dict[str, Any]) -> ElicitResult:
    """An agreement in fields that nobody asked for."""
    del message, schema
    return ElicitResult(action="accept", content={"confirm": True, "approved": "yes"})


async def _more_fields(message: str, schema: dict[str, Any]) -> ElicitResult:
    """A yes, and fields that nobody asked for."""
    return ElicitResult(action="accept", content={**yes_to(message, schema), "approved": "yes"})


async def _fails(message: str, schema: dict[str, Any]) -> ErrorData:
    """An error of the protocol, as a client sends it that declares what it does not implement."""
    del message, schema
    return ErrorData(code=METHOD_NOT_FOUND, message="Method not found")


POLITE = Host("shows the form, and the person agrees", FORMS, agrees)
BARE_POLITE = Host("the same, declared as `elicitation: {}`", BARE, agrees)
UNABLE = Host("declares no elicitation", None, _never)
URL_ONLY = Host("declares elicitation by URL only", URLS, _never)
SILENT = Host("declares forms, never answers", FORMS, _never)
FAILING = Host("declares forms, answers with an error", FORMS, _fails)
DECLINING = Host("declines by itself", FORMS, _declines)
CANCELLING = Host("cancels by itself", FORMS, _cancels)
EMPTY = Host("accepts with an empty form", FORMS, _empty)
WRONG_TYPES = Host("accepts with values of other types", FORMS, _wrong_types)
WRONG_VALUE = Host("accepts with another name, another choice", FORMS, _wrong_value)
OTHER_FIELDS = Host("accepts with fields of its own instead", FORMS, _other_fields)
MORE_FIELDS = Host("agrees, and adds fields of its own", FORMS, _more_fields)
CLAUDE_DESKTOP = Host("`claude-ai`, known to hang", FORMS, _never, "claude-ai")
CODEX = Host("`codex`, known to answer by itself", FORMS, _empty, "codex")
