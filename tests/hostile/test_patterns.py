"""No pattern of ours takes more than proportional time: a text that repeats what it repeats keeps it busy for a moment."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from support.hostile_texts import METHODS, texts_against, use_all

import k6_cloud
import k6_cloud_mcp
import k6_cloud_mcp_prompts
import k6_cloud_mcp_tools
import k6_cloud_sandbox
import k6_runner
from k6_cloud.errors import NotAnalysed
from k6_runner.analysis.bounded import run_bounded

ROOMS = (k6_cloud, k6_runner, k6_cloud_sandbox, k6_cloud_mcp_tools, k6_cloud_mcp_prompts, k6_cloud_mcp)


class Use(NamedTuple):
    """A pattern, and the methods by which its module looks for it."""

    name: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]


def uses() -> Iterator[Use]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not found.name.endswith("__main__"):
                yield from uses_in(found.name)


def uses_in(module_name: str) -> Iterator[Use]:
    module = importlib.import_module(module_name)
    source = Path(str(module.__file__)).read_text("utf-8")
    for name, value in vars(module).items():
        for pattern in patterns(value):
            called = re.findall(rf"\b{name}\.(\w+)\(", source) if isinstance(value, re.Pattern) else []
            yield Use(f"{module_name}.{name}", pattern, (*sorted({*called}),) or METHODS)
    for node in ast.walk(ast.parse(source)):
        yield from inline(module_name, node)


def patterns(value: Any, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield cast(re.Pattern[Any], value)
    elif isinstance(value, dict | tuple | list | set | frozenset) and depth:
        for item in (
            cast(dict[Any, Any], value).values() if isinstance(value, dict) else cast(list[Any], value)
        ):
            yield from patterns(item, depth - 1)


def inline(module_name: str, node: ast.AST) -> Iterator[Use]:
    """The pattern of a call like `re.search("...", text)`."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="re"), attr=method),
            args=[ast.Constant(value=str(text)), _, *_],
        ) if method != "compile":
            yield Use(f"{module_name}:{node.lineno}", re.compile(text), (method,))
        case _:
            pass


USES = [*{use.pattern: use for use in uses()}.values()]


async def used(use: Use) -> int:
    texts = texts_against(use.pattern)
    return await run_bounded(
        use_all, use.pattern.pattern, use.pattern.flags, use.methods, texts, what=use.name, seconds=2
    )


@pytest.mark.parametrize("use", USES, ids=[use.name for use in USES])
async def test_a_pattern_gets_through_hostile_texts(use: Use):
    assert await used(use) > 100


@pytest.mark.parametrize(
    "careless",
    [
        r"""["'`]?(?:authorization|[\w-]*token)["'`]?\s*[:=]""",
        r"\b(?:from|import)\s*\(?\s*['\"]",
        r"\s*([\w:.]*)\s*(?:\{(.*)\})?\s*$",
        r"(\d+(?:\.\d*)?|\.\d+)(ms|s)",
    ],
)
async def test_the_texts_would_find_a_careless_pattern(careless: str):
    with pytest.raises(NotAnalysed, match="more time"):
        await used(Use("it", re.compile(careless), METHODS))
