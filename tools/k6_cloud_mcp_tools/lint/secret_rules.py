"""Secrets that stand in a script. What is found is never quoted: only its line and what it looks like."""

import re
from collections.abc import Iterable

from k6_cloud.secret_patterns import LOOKS
from k6_cloud_mcp_tools.lint.findings import Finding, Rule
from k6_cloud_mcp_tools.lint.outline import Outline
from k6_cloud_mcp_tools.lint.tokens import Token

SECRET = Rule(
    "hard-coded-secret",
    "error",
    "Everyone who can read the script, its runs or its archive can read it.",
    "Read it from __ENV or k6/secrets, set it in Grafana Cloud k6, and revoke this one.",
)
_NAME = re.compile(
    r"(.*[_\-])?(pass(word|wd|phrase)?|secret|token|api[_\-]?key|access[_\-]?key|client[_\-]?secret|auth[_\-]?key)|"
    r".*(Password|Secret|Token|ApiKey|AccessKey)|x-api-key|authorization",
    re.IGNORECASE,
)
_LONGEST_NAME = 60
_PASSWORD = re.compile(r"pass", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?i)^$|^[<\[{$%].*|^(https?:|/|\.).*|.{0,100}(your|example|change.?me|placeholder|dummy|fake|redacted|todo|xxx|\*\*\*).*|"
    r"^(demo|test|password|secret|token|user|admin|string|null|none)[\d!]*$"
)


def secrets(file: Outline) -> Iterable[Finding]:
    """Texts that look like a secret, or are called one."""
    for position, token in enumerate(file.tokens):
        if token.kind not in ("string", "template"):
            continue
        if what := _looks_like(token.text) or _is_called(file, position):
            yield SECRET.at(token.line, f"This line holds what looks like {what}.")


def _looks_like(text: str) -> str | None:
    return next((what for what, pattern in LOOKS.items() if pattern.search(text)), None)


def _is_called(file: Outline, position: int) -> str | None:
    """What a text is called, when the name it is given to is that of a secret."""
    token, sign, name = (file.at(position - back) for back in range(3))
    if not sign.is_sign(":", "=") or name.kind not in ("name", "string") or token.glued:
        return None
    if file.at(position + 1).is_sign("${", "+"):
        return None
    return (
        f"the value of {name.text!r}"
        if len(name.text) <= _LONGEST_NAME and _NAME.fullmatch(name.text) and _is_secret(name, token)
        else None
    )


def _is_secret(name: Token, token: Token) -> bool:
    text = token.text
    if " " in text or _PLACEHOLDER.fullmatch(text):
        return False
    if _PASSWORD.search(name.text):
        return len(text) >= 6
    # An identifier such as 'csrf_token' has letters only; what was drawn at random has both.
    mixed = bool(re.search(r"\d", text)) and bool(re.search(r"[a-zA-Z]", text))
    return len(text) >= 8 and mixed
