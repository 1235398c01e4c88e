"""Credentials in a host's configuration: by reference, unless it is asked for otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from k6_cloud.config.k6_login import Login
from k6_cloud_mcp.install.errors import InstallError

TOKEN = "K6_CLOUD_TOKEN"
_STACKS = ("K6_CLOUD_STACK_URL", "K6_CLOUD_STACK_ID")


@dataclass(frozen=True)
class Credentials:
    """The variables a host has to hand on, none if `login` is the file of `k6 cloud login`; `clear` has their values."""

    names: tuple[str, ...] = ()
    login: Path | None = None
    clear: Mapping[str, str] | None = None

    def hide(self, text: str) -> str:
        """The text without the token."""
        token = (self.clear or {}).get(TOKEN)
        return text.replace(token, "…") if token else text


def find_credentials(env: Mapping[str, str], login: Login, *, with_token: bool) -> Credentials:
    """Find this user's credentials: variables, a login, or none yet. Raises InstallError for `with_token` without a token."""
    stack = next((name for name in _STACKS if env.get(name)), None)
    names = (TOKEN, stack or _STACKS[0])
    if with_token:
        if not env.get(TOKEN) or stack is None:
            raise InstallError(
                "--with-token writes the values of K6_CLOUD_TOKEN and K6_CLOUD_STACK_URL (or K6_CLOUD_STACK_ID), and "
                "they are not set. Nothing was written. Set both for this command."
            )
        return Credentials(names, clear={name: env[name] for name in names})
    if login.token and not env.get(TOKEN):
        return Credentials(login=login.path)
    return Credentials(names)
