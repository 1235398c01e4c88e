"""The two forms by which a person confirms."""

from typing import Any, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from k6_cloud_mcp_tools.guard.previews import Preview


class TypedName(BaseModel):
    """Type the name to confirm. This cannot be undone."""

    name: str = Field(title="Name", description="Type the exact name to confirm.")


class Choice(BaseModel):
    """Choose whether to go ahead. An empty form does not count as a yes."""

    decision: Literal["go ahead", "stop"] = Field(
        title="Decision", description="Choose to go ahead or to stop."
    )


def form_for(preview: Preview) -> type[BaseModel]:
    """The form that goes with a preview."""
    return TypedName if preview.typed_name else Choice


def require_yes(answer: Any, preview: Preview) -> None:
    """Raise ToolError unless `answer`, to the form that goes with `preview`, is a yes."""
    if preview.typed_name:
        if not isinstance(answer, TypedName) or answer.name.strip() != preview.typed_name.strip():
            raise ToolError("Not done: the name that was typed is not the name of what would be deleted.")
    elif not isinstance(answer, Choice) or answer.decision != "go ahead":
        raise ToolError("Not done: the user chose to stop.")
