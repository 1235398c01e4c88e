"""Our server with the tools, documents and prompts that the official conformance suite calls."""

import base64
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import uvicorn
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.mcpserver.server import MCPServer
from mcp_types import (
    AudioContent,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
    TextResourceContents,
    Tool,
)
from pydantic import BaseModel
from starlette.applications import Starlette

from k6_cloud_mcp.backend import open_backend, stacks_of
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.http.application import application
from k6_cloud_mcp.server import K6Server
from k6_cloud_mcp.telemetry.prometheus import PrometheusMeasures
from k6_cloud_mcp.telemetry.tool_calls import WatchedCalls
from k6_cloud_mcp_tools.context import App

_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
_WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="


class FixtureServer(K6Server):
    """Our server, which leaves the tools and prompts of the suite to the SDK."""

    async def list_tools(self) -> list[Tool]:
        """Ours and the suite's."""
        return [*await super().list_tools(), *await MCPServer[App].list_tools(self)]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[App, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool."""
        if name.startswith("test_"):
            return await MCPServer[App].call_tool(self, name, arguments, context)
        return await super().call_tool(name, arguments, context)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[App, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt."""
        if name.startswith("test_"):
            return await MCPServer[App].get_prompt(self, name, arguments, context)
        return await super().get_prompt(name, arguments, context)


def _image() -> ImageContent:
    return ImageContent(type="image", data=_PNG, mime_type="image/png")


def _embedded(uri: str) -> EmbeddedResource:
    text = TextResourceContents(uri=uri, mime_type="text/plain", text="An embedded document.")
    return EmbeddedResource(type="resource", resource=text)


def simple_text() -> str:
    """Answer with text."""
    return "This is a simple text response for testing."


def image_content() -> list[ImageContent]:
    """Answer with an image."""
    return [_image()]


def audio_content() -> list[AudioContent]:
    """Answer with sound."""
    return [AudioContent(type="audio", data=_WAV, mime_type="audio/wav")]


def embedded_resource() -> list[EmbeddedResource]:
    """Answer with a document."""
    return [_embedded("test://embedded-resource")]


def multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    """Answer with a mixture."""
    return [TextContent(type="text", text="A mixture:"), _image(), _embedded("test://mixed-content-resource")]


async def tool_with_progress(ctx: Context[App, Any]) -> str:
    """Report progress in three steps."""
    for step in (0, 50, 100):
        await ctx.report_progress(step, 100, f"Completed step {step} of 100")
    return "Done."


def error_handling() -> str:
    """Fail."""
    raise RuntimeError("This tool intentionally returns an error for testing")


def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


def static_binary() -> bytes:
    """An image."""
    return base64.b64decode(_PNG)


def template(id: str) -> str:  # noqa: A002 - the name in the URI template
    """A document by id."""
    return f'{{"id": "{id}", "templateTest": true}}'


def simple_prompt() -> list[UserMessage]:
    """A prompt."""
    return [UserMessage(TextContent(type="text", text="This is a simple prompt for testing."))]


def prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
    """A prompt with arguments."""
    return [UserMessage(TextContent(type="text", text=f"arg1='{arg1}', arg2='{arg2}'"))]


def prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
    """A prompt with a document."""
    return [UserMessage(_embedded(resourceUri)), UserMessage(TextContent(type="text", text="Process it."))]


def prompt_with_image() -> list[UserMessage]:
    """A prompt with an image."""
    return [UserMessage(_image()), UserMessage(TextContent(type="text", text="Look at it."))]


def _question() -> ElicitRequest:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return ElicitRequest(
        params=ElicitRequestFormParams(message="What is your name?", requested_schema=schema)
    )


def _sampling() -> CreateMessageRequest:
    text = TextContent(type="text", text="What is the capital of France?")
    messages = [SamplingMessage(role="user", content=text)]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=100))


_ASKED = {
    "user_name": _question,
    "confirm": _question,
    "user_context": _question,
    "step1": _question,
    "step2": _question,
    "capital_question": _sampling,
    "greeting": _sampling,
    "client_roots": ListRootsRequest,
}


def _ask(*keys: str, state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult(input_requests={key: _ASKED[key]() for key in keys}, request_state=state)


def _asking(*keys: str, state: str | None = None) -> Callable[..., Any]:
    async def tool(ctx: Context[App, Any]) -> str | InputRequiredResult:
        answers = ctx.input_responses or {}
        if not all(key in answers for key in keys) or ctx.request_state != state:
            return _ask(*keys, state=state)
        return f"state-ok: {[answers[key].model_dump_json() for key in keys]}"

    return tool


async def multi_round(ctx: Context[App, Any]) -> str | InputRequiredResult:
    """Ask twice."""
    answers = ctx.input_responses or {}
    if ctx.request_state == "two" and "step2" in answers:
        return "Done."
    if ctx.request_state == "one" and "step1" in answers:
        return _ask("step2", state="two")
    return _ask("step1", state="one")


async def input_required_result_prompt(ctx: Context[App, Any]) -> list[UserMessage] | InputRequiredResult:
    """A prompt that asks first."""
    if "user_context" not in (ctx.input_responses or {}):
        return _ask("user_context")
    return [UserMessage(TextContent(type="text", text="Thank you."))]


class Reply(BaseModel):
    """What the suite's client is asked for."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


async def elicitation(message: str, ctx: Context[App, Any]) -> str:
    """Ask the user over the session."""
    answer = await ctx.elicit(message, Reply)
    return f"User response: action={answer.action}"


async def elicitation_sep1034_defaults(ctx: Context[App, Any]) -> str:
    """Ask with defaults."""
    return await elicitation("Please provide user information", ctx)


async def capabilities(ctx: Context[App, Any]) -> str | InputRequiredResult:
    """Ask only what the client can answer."""
    can = ctx.client_capabilities
    asks = {"user_name": can and can.elicitation, "greeting": can and can.sampling}
    if ctx.input_responses or not any(asks.values()):
        return "Done."
    return _ask(*(key for key, able in asks.items() if able))


_QUESTIONS = {
    "capabilities": capabilities,
    "elicitation": _asking("user_name"),
    "sampling": _asking("capital_question"),
    "list_roots": _asking("client_roots"),
    "request_state": _asking("confirm", state="asked"),
    "tampered_state": _asking("confirm", state="asked"),
    "multiple_inputs": _asking("user_name", "greeting", "client_roots", state="asked"),
    "multi_round": multi_round,
}
_TOOLS = (
    simple_text,
    image_content,
    audio_content,
    embedded_resource,
    multiple_content_types,
    tool_with_progress,
    error_handling,
    elicitation,
    elicitation_sep1034_defaults,
)
_PROMPTS = (
    input_required_result_prompt,
    simple_prompt,
    prompt_with_arguments,
    prompt_with_embedded_resource,
    prompt_with_image,
)


def add_fixtures(server: MCPServer[App]) -> None:
    """Give a server what the suite calls."""
    for tool in _TOOLS:
        server.tool(f"test_{tool.__name__}")(tool)
    for name, tool in _QUESTIONS.items():
        server.tool(f"test_input_required_result_{name}")(tool)
    server.tool("test_missing_capability")(_asking("capital_question"))
    for prompt in _PROMPTS:
        server.prompt(f"test_{prompt.__name__}")(prompt)
    server.resource("test://static-text")(static_text)
    server.resource("test://static-binary", mime_type="image/png")(static_binary)
    server.resource("test://template/{id}/data", mime_type="application/json")(template)


def fixture_app(settings: Settings) -> Starlette:
    """The HTTP application, under the middleware and limits of the real one."""
    measures = PrometheusMeasures()
    stacks = stacks_of(settings, measures)
    tools = settings.published()
    server = FixtureServer(
        partial(open_backend, settings, local_files=False, stacks=stacks, measures=measures),
        tools,
        sandbox=settings.uses_sandbox,
        key=settings.key,
        stacks=stacks,
        watchers=[WatchedCalls(measures, (tool.name for tool in tools))],
    )
    add_fixtures(server)
    return application(server, settings, stacks, measures)


if __name__ == "__main__":
    uvicorn.run(fixture_app(Settings()), port=int(sys.argv[1]), log_level="warning")
