"""A prompt: a text with arguments that a person picks from a menu."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

_NOT_GIVEN = "(not given)"


class PromptArgumentError(ValueError):
    """A required argument is missing, or one was given that the prompt does not have."""


@dataclass(frozen=True)
class Argument:
    """One value a prompt asks for."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True)
class Prompt:
    """A named text; `template` holds a `$name` wherever an argument goes."""

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...]
    template: str

    def render(self, arguments: Mapping[str, str]) -> str:
        """The text with its arguments filled in. Raises PromptArgumentError.

        Each value stands as a JSON string: it is data, and nothing in it can end the quotation or be
        expanded as another argument.
        """
        self._check(arguments)
        values = {a.name: _quoted(arguments.get(a.name, "")) for a in self.arguments}
        return Template(self.template).substitute(values)

    def _check(self, arguments: Mapping[str, str]) -> None:
        known = [a.name for a in self.arguments]
        if unknown := [name for name in arguments if name not in known]:
            raise self._error("has no", unknown)
        required = [a.name for a in self.arguments if a.required]
        if missing := [name for name in required if not arguments.get(name, "").strip()]:
            raise self._error("needs a value for", missing)

    def _error(self, problem: str, names: Iterable[str]) -> PromptArgumentError:
        valid = ", ".join(f"{a.name} ({'required' if a.required else 'optional'})" for a in self.arguments)
        return PromptArgumentError(
            f"Prompt {self.name} {problem} {_listed(names)}. Its arguments are: {valid or 'none'}."
        )


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if value.strip() else _NOT_GIVEN


def _listed(names: Iterable[str]) -> str:
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
