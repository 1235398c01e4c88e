"""Publishes the prompts of the prompts room."""

from collections.abc import Mapping
from typing import Any

from mcp.server.mcpserver.prompts import Prompt as SdkPrompt
from mcp.server.mcpserver.prompts.base import PromptArgument
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptResult, PromptMessage, TextContent

from k6_cloud_mcp_prompts.prompt import Prompt, PromptArgumentError


def listed(prompt: Prompt) -> SdkPrompt:
    """A prompt as the SDK lists it; rendering goes through `rendered`, which words its failures."""
    return SdkPrompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            PromptArgument(name=argument.name, description=argument.description, required=argument.required)
            for argument in prompt.arguments
        ],
        fn=prompt.render,
        context_kwarg=None,
    )


def rendered(
    prompts: Mapping[str, Prompt], name: str, arguments: Mapping[str, Any] | None
) -> GetPromptResult:
    """The text of a prompt. An unknown prompt, and missing or unknown arguments, are invalid parameters (-32602)."""
    if (prompt := prompts.get(name)) is None:
        raise MCPError(INVALID_PARAMS, f"Unknown prompt {name!r}. Prompts: {', '.join(sorted(prompts))}.")
    try:
        text = prompt.render({key: str(value) for key, value in (arguments or {}).items()})
    except PromptArgumentError as error:
        raise MCPError(INVALID_PARAMS, str(error)) from error
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=prompt.description, messages=[message])
