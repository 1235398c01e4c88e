"""Reads the prompt texts: one Markdown file each, with TOML front matter."""

import tomllib
from importlib.resources import files

from k6_cloud_mcp_prompts.prompt import Argument, Prompt


def load_prompts() -> list[Prompt]:
    """Every prompt of this package, by name."""
    texts = [
        file.read_text("utf-8")
        for file in files("k6_cloud_mcp_prompts").iterdir()
        if file.name.endswith(".md")
    ]
    return sorted(map(parse_prompt, texts), key=lambda prompt: prompt.name)


def parse_prompt(text: str) -> Prompt:
    """One prompt: front matter (name, title, description, arguments) between `+++` lines, then the text."""
    _, front_matter, template = text.split("+++\n", 2)
    fields = tomllib.loads(front_matter)
    arguments = tuple(Argument(**argument) for argument in fields.pop("arguments", []))
    return Prompt(**fields, arguments=arguments, template=template.strip() + "\n")
