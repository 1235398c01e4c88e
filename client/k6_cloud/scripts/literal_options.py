"""Options read from the text of a script, without running any of its code."""

from k6_cloud.redaction import redact_options
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud.scripts.syntax.options import options_of
from k6_cloud.scripts.syntax.tree import parse


def literal_options(source: str, name: str | None = None) -> ScriptOptions | None:
    """Read options from the text, without running any of it; None if only running it would tell them.

    `name` is the file name, whose ending tells the language. Raises ScriptError for a text that is too large or too hard to parse.
    """
    literal = options_of(parse(source, name)).literal
    if literal is None:
        return None
    return ScriptOptions(redact_options(literal), by_k6=False)


def doubts_about(source: str, name: str | None = None) -> tuple[str, ...]:
    """The reasons why the options may differ from one reading to the next. Raises ScriptError, as above."""
    return options_of(parse(source, name)).uncertain
