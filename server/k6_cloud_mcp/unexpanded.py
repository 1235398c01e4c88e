"""References to variables that a host handed on as they stood in its configuration."""

import re

_REFERENCE = re.compile(r"\$\{(env:|input:)?[\w.-]+(:-[^}]*)?\}|\{env:\w+\}|\$[A-Z_]\w*")


def without_reference(value: object) -> object:
    """The value; None for a bare reference, such as `${env:K6_CLOUD_TOKEN}`, which the host could not resolve."""
    return None if isinstance(value, str) and _REFERENCE.fullmatch(value.strip()) else value
