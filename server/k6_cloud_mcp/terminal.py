"""Output of commands: untrusted text cannot move the cursor, colour, or hide anything in a terminal."""

from typing import Any

import click

from k6_cloud.safe_text import escape


class Styled(str):
    """A text with our own style around it: only `styled` makes one."""

    __slots__ = ()


def styled(text: str, **style: Any) -> Styled:
    """A text in a style of click's."""
    return Styled(click.style(escape(text), **style))  # noqa: TID251


def echo(*parts: str, err: bool = False, nl: bool = True) -> None:
    """Print parts beside each other, escaped but for their styles."""
    click.echo("".join(part if isinstance(part, Styled) else escape(part) for part in parts), err=err, nl=nl)  # noqa: TID251
