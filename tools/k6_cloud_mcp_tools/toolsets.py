"""A tool as clients see it: all that a server says of it, known before the tool itself is loaded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

if TYPE_CHECKING:
    from k6_cloud_mcp_tools.tool import K6Tool

Json = dict[str, Any]
Scope = Literal["k6:read", "k6:write", "k6:run"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True)
class Published:
    """What a client, and the rules of a server, need to know of a tool. The schemas are JSON schemas."""

    name: str
    title: str
    description: str
    scope: Scope
    is_guarded: bool
    annotations: Json
    input_schema: Json
    output_schema: Json | None

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.scope != "k6:read"

    def load(self) -> "K6Tool":
        """The tool to call. The first one takes a while: all of their code is imported."""
        from k6_cloud_mcp_tools.catalog import tool_of

        return tool_of(self.name)

    @classmethod
    def of(cls, tool: "K6Tool", scope: Scope, *, is_guarded: bool) -> Self:
        """The published form of a tool."""
        assert tool.annotations is not None
        return cls(
            name=tool.name,
            title=tool.title or tool.name,
            description=tool.description,
            scope=scope,
            is_guarded=is_guarded,
            annotations=tool.annotations.model_dump(by_alias=True, exclude_none=True),
            input_schema=tool.parameters,
            output_schema=tool.output_schema,
        )
