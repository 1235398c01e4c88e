"""Text that looks like a secret: one list of patterns, to hide it where it is shown and to find it in a script.

Every repetition is bounded, so that the time is proportional to the length of the text.
"""

import re
from collections.abc import Mapping

from k6_cloud.redaction import REDACTED

# The first group of each is kept when the rest is hidden.
_LOOKS = {
    "a Grafana token": r"(\bgl(?:c|sa)_)[\w=+/.\-]{8,1000}",
    "a GitHub token": r"(\bgh[pousr]_)\w{20,1000}",
    "an AWS access key": r"(\b(?:AKIA|ASIA))[0-9A-Z]{16}",
    "a Slack token": r"(\bxox[abprs]-)[\w-]{10,1000}",
    "a Stripe key": r"(\b[sr]k_live_)\w{10,1000}",
    "a Google API key": r"(\bAIza)[\w-]{30,1000}",
    "a JSON Web Token": r"(\beyJ)[\w-]{8,500}\.eyJ[\w-]{8,2000}(?:\.[\w-]{0,2000})?",
    "a private key": r"(-----BEGIN )[A-Z ]{0,30}PRIVATE KEY-----",
    # What was drawn at random has digits or capitals; a word of a sentence has none.
    "credentials in an Authorization header": (
        r"(\b(?i:bearer|basic|token)\s{1,20})(?=[\w.~+/=-]{1,60}[\dA-Z=])[\w.~+/=-]{8,4000}"
    ),
    "a password in a URL": r"(\b[a-z]{2,20}://[^/\s:@]{1,200}:)[^/\s:@]{3,200}(?=@)",
}
LOOKS: Mapping[str, re.Pattern[str]] = {what: re.compile(pattern) for what, pattern in _LOOKS.items()}
# A value in quotation marks whose name says that it is a secret, unless it is only a reference to one.
_ASSIGNED = re.compile(
    r"""((?:authorization|token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key)(?:[_-]?(?:key|value|\d{1,3}))?s?
    ["'`]?\s{0,20}[:=]\s{0,20})(?!["'`](?:\$?\{[^"'`{}]{0,100}\}|\$\w{1,100})["'`])(?:(")[^"]+"|(')[^']+'|(`)[^`]+`)""",
    re.IGNORECASE | re.VERBOSE,
)


def hide_secrets(text: str, shown: str = REDACTED) -> str:
    """The text with `shown` in place of what looks like a secret, and of values whose names say that they are one."""
    for pattern in LOOKS.values():
        text = pattern.sub(rf"\g<1>{shown}", text)
    return _ASSIGNED.sub(lambda found: _hidden(found, shown), text)


def _hidden(found: re.Match[str], shown: str) -> str:
    quote = found[2] or found[3] or found[4]
    return f"{found[1]}{quote}{shown}{quote}"
