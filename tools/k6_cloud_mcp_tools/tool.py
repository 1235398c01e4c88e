"""The tool class: strict arguments, readable errors, and one compact text equal to the structured result."""

import difflib
import inspect
import json
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Self, Union, cast, get_args, get_origin

from mcp.server.context import LifespanContextT, RequestT
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from k6_cloud.errors import K6CloudError
from k6_cloud.safe_text import clip, escape, escape_json
from k6_cloud_mcp_tools.advice import advised
from k6_cloud_mcp_tools.argument_hints import known_names
from k6_cloud_mcp_tools.argument_values import fitted
from k6_cloud_mcp_tools.context import Call, app_of
from k6_cloud_mcp_tools.exact_text import shown_values
from k6_cloud_mcp_tools.guard.acknowledgements import acknowledge
from k6_cloud_mcp_tools.guard.confirmations import ConfirmationRefused
from k6_cloud_mcp_tools.guard.plan import Guarded
from k6_cloud_mcp_tools.schemas import tidy_input, tidy_output

# Where a view finds which call a preview is of, and the name to be typed.
CONFIRM_META = "k6-cloud-mcp/confirm"
_LONGEST_FAILURE = 20_000
_EXPECTED = (K6CloudError, ConfirmationRefused)
_CRASHED = (
    " failed by a fault of this server, whose log has the details. It is not known whether it took effect: "
    "read the object before trying again."
)


class _Arguments(FuncMetadata):
    """Arguments in which text stays text: the SDK would take an optional string like `null` or `[1]` for JSON."""

    _schema: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @classmethod
    def of(cls, metadata: FuncMetadata, schema: dict[str, Any]) -> Self:
        """The same metadata, for arguments of the schema that is published."""
        arguments = cls(**dict(metadata))
        arguments._schema = schema
        return arguments

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Read JSON that came as a string, except where a string may be meant, and fit values to the schema."""
        fields = self.arg_model.model_fields
        texts = {
            name: value
            for name, value in data.items()
            if name in fields and _may_be_text(fields[name].annotation)
        }
        return fitted(super().pre_parse_json(data) | texts, self._schema, self.arg_model.__name__)


class K6Tool(Tool):
    """An SDK tool that refuses unknown arguments and words its failures for a model.

    `instead` says of arguments that it does not take what sets them.
    """

    instead: Mapping[str, str] = {}

    @classmethod
    def from_operation(
        cls,
        function: Callable[..., Any],
        title: str,
        annotations: ToolAnnotations,
        instead: Mapping[str, str],
    ) -> Self:
        """Build the tool from a function's name, docstring and types."""
        made = cls.from_function(
            function, title=title, description=inspect.getdoc(function), annotations=annotations
        )
        tool = cast(Self, made)
        tool.instead = instead
        arguments = tool.fn_metadata.arg_model
        arguments.model_config["extra"] = "forbid"
        arguments.model_rebuild(force=True)
        tool.parameters = tidy_input({**tool.parameters, "additionalProperties": False})
        tool.fn_metadata = _Arguments.of(tool.fn_metadata, tool.parameters)
        if schema := tool.fn_metadata.output_schema:
            tool.fn_metadata.output_schema = tidy_output(schema)
        return tool

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[LifespanContextT, RequestT],
        convert_result: bool = False,
    ) -> Any:
        """Run the tool; expected failures come back as a result with `isError` and a text to act on."""
        result = await self._result(arguments, context)
        return render(result, self.name) if convert_result else result

    async def _result(self, arguments: dict[str, Any], context: Context[LifespanContextT, RequestT]) -> Any:
        """Return the function's result, or an expected failure as a result."""
        try:
            await acknowledge(app_of(cast(Call, context)), self.name, arguments)
            return await super().run(arguments, context, convert_result=False)
        except ToolError as error:
            text = self._explain(error)
            if text is None:
                raise UnexpectedToolError(self.name + _CRASHED) from error.__cause__
            return _failure(text)

    def _explain(self, error: ToolError) -> str | None:
        """The text for an expected failure; None for a crash, whose text must stay on the server."""
        cause = error.__cause__
        if isinstance(cause, _EXPECTED):
            return advised(cause)
        if isinstance(error, UnexpectedToolError):
            return None
        if isinstance(cause, ValidationError):
            return self._explain_arguments(cause)
        return str(cause or error)

    def _explain_arguments(self, error: ValidationError) -> str:
        lines = [self._explain_argument(problem) for problem in error.errors(include_url=False)]
        return "\n".join([f"{self.name} was not called:", *lines])

    def _explain_argument(self, problem: ErrorDetails) -> str:
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            if name in self.instead:
                return f"- {name}: no such argument. {self.instead[name]}"
            known = sorted(known_names(self.fn_metadata.arg_model, problem["loc"]))
            close = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            return f"- {name}: no such argument.{hint} Valid: {', '.join(known)}."
        return f"- {name}: {problem['msg'].removeprefix('Input ').removeprefix('Value error, ')}."


def render(result: Any, tool: str) -> CallToolResult | InputRequiredResult:
    """A result as structured content, and as the same JSON in one compact text."""
    if not isinstance(result, BaseModel) or isinstance(result, CallToolResult | InputRequiredResult):
        return result
    structured = shown_values(result)
    text = escape_json(json.dumps(structured, ensure_ascii=False, separators=(",", ":")))
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=structured,
        _meta=_for_views(cast(Any, result), tool),
    )


def _for_views(result: Any, tool: str) -> dict[str, Any] | None:
    """Return what only a view needs of a result; hosts keep `_meta` from the model."""
    if not isinstance(result, Guarded) or result.confirmation_token is None:
        return None
    return {CONFIRM_META: {"tool": tool, "typedName": result.typed_name}}


def _failure(text: str) -> CallToolResult:
    shown = clip(escape(text), _LONGEST_FAILURE)
    return CallToolResult(content=[TextContent(type="text", text=shown)], is_error=True)


def _may_be_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return any(_may_be_text(option) for option in get_args(annotation))
    return annotation is str
