"""Puts the rooms together: tools, resources, prompts and completions over one app."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import GetPromptResult, InputRequiredResult
from pydantic import AnyUrl

from k6_cloud_mcp import prompts
from k6_cloud_mcp.completions import add_completions
from k6_cloud_mcp.instructions import instructions
from k6_cloud_mcp.resource_list import list_scripts
from k6_cloud_mcp.resources import add_resources, mime_type_of
from k6_cloud_mcp_prompts.loader import load_prompts
from k6_cloud_mcp_prompts.prompt import Prompt
from k6_cloud_mcp_tools.app import App
from k6_cloud_mcp_tools.operation import Operation

OpenApp = Callable[[], AbstractAsyncContextManager[App]]


class K6Server(MCPServer[App]):
    """An SDK server whose documents carry their real type and whose prompts refuse bad arguments properly."""

    def __init__(self, open_app: OpenApp, operations: Sequence[Operation], *, sandbox: bool) -> None:
        self._running: App | None = None
        self._prompts: dict[str, Prompt] = {prompt.name: prompt for prompt in load_prompts()}
        super().__init__(
            "k6-cloud-mcp",
            title="Grafana Cloud k6",
            version=version("k6-cloud-mcp"),
            instructions=instructions({operation.name for operation in operations}, sandbox=sandbox),
            tools=[operation.build() for operation in operations],
            lifespan=lambda _: self._run(open_app),
            middleware=[list_scripts],
            subscriptions=False,
        )
        add_resources(self)
        add_completions(self, lambda: self._running)
        for prompt in self._prompts.values():
            self.add_prompt(prompts.listed(prompt))

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[App, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a document, and say of what type it really is."""
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
        context: Context[App, Any] | None = None,  # noqa: ARG002 - the SDK's signature
    ) -> GetPromptResult | InputRequiredResult:
        """Render a prompt. Bad arguments are -32602, not an internal error."""
        return prompts.rendered(self._prompts, name, arguments)

    @asynccontextmanager
    async def _run(self, open_app: OpenApp) -> AsyncGenerator[App, None]:
        async with open_app() as app:
            self._running = app
            yield app


def build_server(open_app: OpenApp, operations: Sequence[Operation], *, sandbox: bool) -> K6Server:
    """A server of some operations, over the app that `open_app` opens when it starts and closes when it stops."""
    return K6Server(open_app, operations, sandbox=sandbox)
