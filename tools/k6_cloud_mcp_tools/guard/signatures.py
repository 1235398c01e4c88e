"""Signatures made at run time: the SDK reads a tool's schema and its injected parameters from them."""

import inspect
from typing import Any

from mcp.server.mcpserver.resolve import Resolve


def is_injected(annotation: Any) -> bool:
    """Whether the SDK fills a parameter, so that it is not published."""
    return any(isinstance(extra, Resolve) for extra in getattr(annotation, "__metadata__", ()))


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """A keyword-only parameter."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def sign(function: Any, parameters: list[inspect.Parameter], result: Any = inspect.Signature.empty) -> None:
    """Give `function` the signature and annotations that the SDK reads schemas and resolvers from."""
    function.__signature__ = inspect.Signature(parameters, return_annotation=result)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {
        "return": result
    }
