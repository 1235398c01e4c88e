"""Tokens with names, in a file that holds only their hashes."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Self

from annotated_types import MinLen
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.config.policy_rules import Tightening
from k6_cloud_mcp.config.reloading_file import BrokenFile, parsed
from k6_cloud_mcp_tools.toolsets import Scope

CLIENT = "token"
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NamedToken(BaseModel):
    """One token: its hash, what it allows, and until when. Without `stacks` it may use every profile."""

    model_config = ConfigDict(extra="forbid")

    sha256: _Hash
    scopes: Annotated[tuple[Scope, ...], MinLen(1)]
    stack: Name | None = None
    stacks: Annotated[frozenset[Name], MinLen(1)] | None = None
    expires: AwareDatetime | None = None
    policy: Tightening | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.stack and self.stacks:
            raise ValueError("set stack or stacks, not both")
        return self

    def grant(self, name: str) -> Grant:
        """The rights of the token."""
        return Grant(
            client_id=CLIENT,
            subject=name,
            scopes=[*self.scopes],
            expires_at=int(self.expires.timestamp()) if self.expires else None,
            stacks=frozenset({self.stack}) if self.stack else self.stacks,
            rules=(self.policy,) if self.policy else (),
        )

    @property
    def has_expired(self) -> bool:
        """Whether it is past its time."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tokens: dict[Name, NamedToken] = Field(default_factory=dict[str, NamedToken])


def read_tokens(text: str) -> Mapping[str, NamedToken]:
    """The tokens of a file by name. Raises BrokenFile."""
    tokens = parsed(_File, text).tokens
    if len({token.sha256 for token in tokens.values()}) < len(tokens):
        raise BrokenFile("two names have the same sha256: it would not be clear who calls.")
    return tokens


def found(tokens: Mapping[str, NamedToken], given: str) -> Grant | None:
    """The grant of the token that was given; None for one that is unknown or has expired."""
    digest = digest_of(given)
    # All of them are compared, each in constant time: how long it takes tells nothing.
    names = [name for name, token in tokens.items() if hmac.compare_digest(token.sha256, digest)]
    if not names or tokens[names[0]].has_expired:
        return None
    return tokens[names[0]].grant(names[0])


def digest_of(token: str) -> str:
    """Return what the file holds in place of a token. Tokens are random and long, so a plain hash cannot be searched."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
