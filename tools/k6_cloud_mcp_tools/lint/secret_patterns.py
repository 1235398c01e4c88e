"""The looks and the names of secrets in scripts and data. Every repetition is bounded."""

import re
from collections.abc import Iterator

from k6_cloud.secret_patterns import LOOKS
from k6_cloud_mcp_tools.lint.findings import Rule

SECRET = Rule(
    "hard-coded-secret",
    "error",
    "Everyone who can read the script, its runs or its archive can read it.",
    "Read it from __ENV or k6/secrets, set it in Grafana Cloud k6, and revoke this one.",
)
# The values of keys in a URL's query, and of members in JSON that is written as text.
_QUERY = re.compile(r"[?&]([\w-]{1,60})=([^&#\s\"'`<>]{1,500})")
_MEMBER = re.compile(r"\"([\w-]{1,60})\"\s{0,9}:\s{0,9}\"([^\"\\\n]{1,500})\"")
_QUERY_KEY = re.compile(r"(?i)key|sig|signature|code|auth|sas")
_NAME = re.compile(
    r"(.*[_\-])?(pass(word|wd|phrase)?|secret|token|api[_\-]?key|access[_\-]?key|client[_\-]?secret|auth[_\-]?key)|"
    r".*(Password|Secret|Token|ApiKey|AccessKey)|x-api-key|authorization",
    re.IGNORECASE,
)
_LONGEST_NAME = 60
_LONGEST_VALUE = 500
_PASSWORD = re.compile(r"pass", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?i)^[<\[{$%].*|^(https?:|/|\.).*"
    r"|.*(your|example|change.?me|placeholder|dummy|fake|redacted|todo|xxx|\*\*\*).*"
    r"|^(demo|test|password|secret|token|user|admin|string|null|none)[\d!]*$",
    re.DOTALL,
)
# A negative test sends credentials that are made up. The short words are told from parts of random text.
_WRONG = re.compile(
    r"(?i:wrong|invalid|incorrect|expired|unknown|bogus|negative|unauthori[sz]ed|forbidden|reject|denied"
    r"|mismatch|nonexist|missing)|(?<![A-Za-z0-9])(?:[Bb]ad|BAD|[Nn]ope|[Nn]ot)(?![a-z0-9])"
)


def looks(text: str) -> Iterator[tuple[int, str]]:
    """The places in a text that look like a secret, with what they look like: the first of each kind."""
    for what, pattern in LOOKS.items():
        real = (found for found in pattern.finditer(text) if not is_made_up(text[found.end(1) : found.end()]))
        if found := next(real, None):
            yield found.start(), what
    for found in _QUERY.finditer(text):
        if is_secret_in_query(found[1], found[2]):
            yield found.start(), f"the value of {found[1]!r} in a URL"
            return


def members(text: str) -> Iterator[tuple[int, str]]:
    """The members of JSON within a text that are called a secret and have the value of one."""
    for found in _MEMBER.finditer(text):
        if is_called_secret(found[1], found[2]):
            yield found.start(), f"the value of {found[1]!r}"


def says_wrong(text: str) -> bool:
    """Whether a name or value says of itself that it is wrong, as in a negative test."""
    return _WRONG.search(text) is not None


def is_made_up(value: str) -> bool:
    """Whether a value is a placeholder, or says that it is wrong."""
    return _PLACEHOLDER.fullmatch(value) is not None or says_wrong(value)


def is_secret_in_query(name: str, value: str) -> bool:
    """Whether a parameter of a URL has the name and the value of a secret."""
    is_key = _QUERY_KEY.fullmatch(name) is not None and len(value) >= 16
    return is_called_secret(name, value) or (is_key and _is_drawn(value) and not is_made_up(value))


def is_called_secret(name: str, value: str) -> bool:
    """Whether a value is called like a secret and is none that somebody made up to be shown or to be wrong."""
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or says_wrong(name):
        return False
    if not value or " " in value or len(value) > _LONGEST_VALUE:
        return False
    if is_made_up(value):
        return False
    return len(value) >= 6 if _PASSWORD.search(name) else len(value) >= 8 and _is_drawn(value)


def _is_drawn(value: str) -> bool:
    """Whether a value seems random: an identifier such as 'csrf_token' has letters only."""
    return bool(re.search(r"\d", value)) and bool(re.search(r"[a-zA-Z]", value))
