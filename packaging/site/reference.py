"""The reference pages, made from the code: tools, settings, resources, prompts, command line, lint rules."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
from command_help import help_texts
from pydantic_core import PydanticUndefined
from schema_tables import fields_table

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.server import build_server
from k6_cloud_mcp_prompts import Prompt, load_prompts
from k6_cloud_mcp_tools.lint.rules import RULES
from k6_cloud_mcp_tools.toolsets import DEFAULT_TOOLSETS, TOOLSETS, Published
from k6_cloud_sandbox.settings import SandboxSettings

ROOT = Path(__file__).parent.parent.parent
_TOOLS = (
    "What each kind means: **reads** changes nothing, **writes** changes something that can be changed back, "
    "**guarded** asks first ([the guard](../guard.md)). Guarded tools take two more arguments, `confirmation_token` and "
    "`dry_run`, and wrap what is shown here: `status`, `confirmed_by`, `preview`, and the `result`."
)
_RESOURCES = (
    "Documents that a host can read and show without a tool call. The scripts of the newest tests are listed, and `{id}` "
    "completes from a part of the name. Their text is other people's: data, not instructions."
)
_LINT = (
    "`lint_script` lets k6 read the script (`k6 inspect`) if there is a k6, and checks its syntax tree, JavaScript or "
    "TypeScript, without running it. It judges each file by itself: values that come from calls or other files are not "
    "followed. An **error** breaks the run or leaks something, a **warning** makes results or costs wrong, a **hint** may "
    "be meant so."
)


def root_text(name: str) -> str:
    """The text of a file in the repository's root."""
    return (ROOT / name).read_text("utf-8")


def pages() -> dict[str, str]:
    """The pages by file name."""
    makers: dict[str, Callable[[], str]] = {
        "tools.md": tools,
        "settings.md": settings,
        "resources.md": resources,
        "prompts.md": prompts,
        "command_line.md": command_line,
        "lint_rules.md": lint_rules,
    }
    return {name: make() for name, make in makers.items()}


def tools() -> str:
    """Every tool with its arguments and its result."""
    parts = [
        "# Tools",
        _TOOLS,
    ]
    for name, tools in TOOLSETS.items():
        note = "on by default" if name in DEFAULT_TOOLSETS else "off by default"
        parts += [f"## {name}", f"Toolset `{name}`, {note}.", *map(_tool, tools)]
    return "\n\n".join(parts)


def _tool(tool: Published) -> str:
    kind = "guarded" if tool.is_guarded else "writes" if tool.writes else "reads"
    arguments = _without(tool.input_schema, "confirmation_token", "dry_run")
    result = tool.output_schema or {}
    if tool.is_guarded:
        result = result.get("properties", {}).get("result", {})
    return "\n\n".join(
        [
            f"### {tool.name}",
            f"*{tool.title}* · {kind} · scope `{tool.scope}`",
            tool.description,
            fields_table("argument", arguments),
            f'??? info "Result"\n\n{_indented(fields_table("field", result))}',
        ]
    )


def _without(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    properties = {name: one for name, one in schema.get("properties", {}).items() if name not in names}
    return {**schema, "properties": properties}


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def settings() -> str:
    """Every variable, its default in the code, and its meaning in the overview."""
    meanings = _meanings(root_text("docs/overview.md"))
    rows = [(name, default, meanings.get(name, "")) for name, default in Settings.variables().items()]
    own = [
        (str(field.validation_alias or f"K6_SANDBOX_{name.upper()}"), field.default, "")
        for name, field in SandboxSettings.model_fields.items()
    ]
    return "\n\n".join(
        [
            "# Settings",
            "All are environment variables. An empty one counts as not set.",
            "## The server",
            _table(("variable", "default", "meaning"), ((f"`{a}`", _default(b), c) for a, b, c in rows)),
            "## The sandbox",
            "What they bound, and what they do not, stands in [the overview](../overview.md#the-sandbox).",
            _table(("variable", "default"), ((f"`{a}`", _default(b)) for a, b, _ in own)),
        ]
    )


def _meanings(overview: str) -> dict[str, str]:
    """The last cell of each row of the overview's tables that begins with variables."""
    rows = re.findall(r"^\| (`K6_[^|]+) \|(?:[^|]*\|)? ([^|]+) \|$", overview, re.MULTILINE)
    link = re.compile(r"\]\((#?)")
    return {
        name: link.sub(lambda found: "](../overview.md#" if found[1] else "](../", meaning)
        for names, meaning in rows
        for name in re.findall(r"`(K6_\w+)`", names)
    }


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "the user's own folder"
    if value is None or value in ((), frozenset()):
        return ""
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def resources() -> str:
    """Every resource and resource template."""
    server = build_server(_nothing, [], sandbox=True)
    templates = anyio.run(server.list_resource_templates)
    plain = anyio.run(server.list_resources)
    rows = [(f"`{one.uri_template}`", one.description or "", one.mime_type or "") for one in templates]
    rows += [(f"`{one.uri}`", one.description or "", one.mime_type or "") for one in plain]
    return "\n\n".join(
        [
            "# Resources",
            _RESOURCES,
            _table(("URI", "what it is", "type"), rows),
        ]
    )


def _nothing() -> Any:
    raise NotImplementedError("only listed, never opened")


def prompts() -> str:
    """Every prompt with its arguments and its text."""
    return "\n\n".join(
        [
            "# Prompts",
            "How they work together: [Work with the prompts](../howto/prompts.md).",
            *map(_prompt, load_prompts()),
        ]
    )


def _prompt(prompt: Prompt) -> str:
    arguments = (
        (f"`{one.name}`", "yes" if one.required else "no", one.description) for one in prompt.arguments
    )
    return "\n\n".join(
        [
            f"## {prompt.name}",
            f"*{prompt.title}*. {prompt.description}",
            _table(("argument", "required", "description"), arguments),
            f'??? note "Text"\n\n{_indented(prompt.template)}',
        ]
    )


def command_line() -> str:
    """The help of the program and of each command, as it prints it."""
    parts = ["# Command line", "Inside a clone, write `uv run` before each."]
    for command, text in help_texts().items():
        parts += [f"## {command}", f"```text\n{text.strip()}\n```"]
    return "\n\n".join(parts)


def lint_rules() -> str:
    """Every rule of lint_script."""
    rules = sorted(RULES, key=lambda rule: rule.name)
    return "\n\n".join(
        [
            "# Lint rules",
            _LINT,
            _table(
                ("rule", "severity", "why", "how to fix it"),
                ((f"`{one.name}`", one.severity, one.why, one.fix) for one in rules),
            ),
        ]
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
