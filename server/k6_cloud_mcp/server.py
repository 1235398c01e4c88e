"""Puts the rooms together: tools, resources, prompts and completions over one app."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerMiddleware
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult, TextContent, Tool
from pydantic import AnyUrl

from k6_cloud_mcp.documents import prompts
from k6_cloud_mcp.documents.completions import add_completions, complete_ids
from k6_cloud_mcp.documents.resources import AUDIT_URI, add_resources, mime_type_of, read_audit
from k6_cloud_mcp.documents.script_listing import list_scripts
from k6_cloud_mcp.instructions import instructions
from k6_cloud_mcp.messages.request_state import sealing
from k6_cloud_mcp.messages.safe_answers import safe_answers
from k6_cloud_mcp.stacks.stacks import Stacks
from k6_cloud_mcp.stacks.visibility import Visibility, refusal_of, require_read
from k6_cloud_mcp.startup import Loading, load_tool
from k6_cloud_mcp.views.apps import listed, views
from k6_cloud_mcp_prompts.loader import load_prompts
from k6_cloud_mcp_prompts.prompt import Prompt
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.toolsets import Published

# They change with a restart, or with the rights of a caller, who is told at a call what it may not do.
_LISTS: tuple[CacheableMethod, ...] = ("tools/list", "prompts/list", "resources/templates/list")
_FRESH = CacheHint(ttl_ms=5 * 60_000, scope="private")
Watcher = ServerMiddleware[App]
OpenApp = Callable[[], AbstractAsyncContextManager[App]]


class K6Server(MCPServer[App]):
    """An SDK server whose documents carry their real type and whose prompts refuse bad arguments properly."""

    def __init__(
        self,
        open_app: OpenApp,
        tools: Sequence[Published],
        *,
        sandbox: bool,
        key: bytes | None,
        stacks: Stacks | None,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._open_app = open_app
        self._published = {tool.name: tool for tool in tools}
        self._listed = [listed(tool) for tool in tools]
        self._loading = Loading(tools)
        self._prompts: dict[str, Prompt] = {prompt.name: prompt for prompt in load_prompts()}
        super().__init__(
            "k6-cloud-mcp",
            title="Grafana Cloud k6",
            version=version("k6-cloud-mcp"),
            instructions=instructions(tools, sandbox=sandbox),
            extensions=[views()],
            lifespan=lambda _: self._running(),
            middleware=[*watchers, safe_answers, Visibility(stacks, tools), list_scripts, complete_ids],
            request_state_security=sealing(key),
            cache_hints=dict.fromkeys(_LISTS, _FRESH),
            subscriptions=False,
        )
        add_resources(self)
        add_completions(self)
        for prompt in self._prompts.values():
            self.add_prompt(prompts.listed(prompt))

    async def list_tools(self) -> list[Tool]:
        """The tools as they are published; who lists them will soon call one."""
        self._loading.want()
        return self._listed

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[App, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; one that this caller may not call answers with what it would need."""
        tool, context = self._published.get(name), context or Context(mcp_server=self)
        call = context.request_context
        if reason := refusal_of(tool, call.request, call.lifespan_context):
            return CallToolResult(content=[TextContent(type="text", text=reason)], is_error=True)
        if tool is None:
            raise ToolError(f"Unknown tool: {name}")
        return await load_tool(name).run(arguments, context, convert_result=True)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[App, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a document, and say of what type it really is."""
        if context is not None and not str(uri).startswith("ui://"):
            require_read(context.request_context.request)
        if context is not None and str(uri) == AUDIT_URI:
            text = await read_audit(context.request_context.lifespan_context)
            return [ReadResourceContents(content=text, mime_type="application/json")]
        contents = await super().read_resource(uri, context)
        if isinstance(contents, InputRequiredResult):
            return contents
        return [
            ReadResourceContents(
                content=item.content,
                mime_type=mime_type_of(str(uri), item.content, item.mime_type),
                meta=item.meta,
            )
            for item in contents
        ]

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[App, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt. Bad arguments are -32602, not an internal error."""
        if context is not None:
            require_read(context.request_context.request)
        return prompts.rendered(self._prompts, name, arguments)

    async def run_over(self, incoming: Any, outgoing: Any) -> None:
        """Serve one client over a pair of streams, as the SDK's transports open them, until it leaves."""
        server = self._lowlevel_server
        await server.run(incoming, outgoing, server.create_initialization_options())

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[App, None]:
        async with self._open_app() as app, self._loading.when_wanted():
            yield app


def build_server(
    open_app: OpenApp,
    tools: Sequence[Published],
    *,
    sandbox: bool,
    key: bytes | None = None,
    stacks: Stacks | None = None,
    watchers: Sequence[Watcher] = (),
) -> K6Server:
    """A server of some tools, over the app that `open_app` opens when it starts and closes when it stops.

    Servers that share `key` go on with each other's questions. `stacks` tells which stack stands behind a call;
    without, it is that of the app. `watchers` see each request first.
    """
    return K6Server(open_app, tools, sandbox=sandbox, key=key, stacks=stacks, watchers=watchers)
