"""Profiles: several Grafana stacks by name, in a file that refers to tokens and holds none."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from annotated_types import MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from k6_cloud.auth import Credentials
from k6_cloud.config.addresses import stack_address
from k6_cloud_mcp.access.named_tokens import Name
from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched, parsed
from k6_cloud_mcp.config.variables import tidy
from k6_cloud_mcp_tools.guard.policy import PositiveInteger


class _Entry(BaseModel):
    """A profile as it is written."""

    model_config = ConfigDict(extra="forbid")

    token_file: Path | None = None
    token_env: Annotated[str, MinLen(1)] | None = None
    stack_id: PositiveInteger | None = None
    stack_url: Annotated[str, AfterValidator(stack_address)] | None = None
    project_id: PositiveInteger | None = None
    sandbox: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        tokens = [given for given in (self.token_file, self.token_env) if given is not None]
        stacks = [given for given in (self.stack_id, self.stack_url) if given is not None]
        if self.sandbox and (tokens or stacks):
            raise ValueError("sandbox = true needs no token and no stack")
        if not self.sandbox and (len(tokens) != 1 or not stacks):
            raise ValueError(
                "name one of token_file and token_env, and stack_id or stack_url; or set sandbox = true"
            )
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    profiles: Annotated[dict[Name, _Entry], MinLen(1)]


@dataclass(frozen=True)
class Profile:
    """One stack; its token is in `file` or in the variable `variable`. With neither it is the sandbox."""

    name: str
    file: Watched[str] | None = None
    variable: str | None = None
    stack_id: int | None = None
    stack_url: str | None = None
    project_id: int | None = None

    @property
    def is_sandbox(self) -> bool:
        """Whether the sandbox stands behind it."""
        return self.file is None and self.variable is None

    def credentials(self) -> Credentials:
        """The credentials as they are now. Raises BrokenFile."""
        token = self.file.current() if self.file else _variable(self.variable or "")
        try:
            return Credentials(token, self.stack_id, self.stack_url)
        except ValueError as error:
            raise BrokenFile(f"profile {self.name}: {error}") from error


def read_profiles(path: Path) -> Watched[Mapping[str, Profile]]:
    """The profiles in a file, read again when it or a token file changes. Raises BrokenFile."""
    return Watched(path, lambda text: _profiles(text, path.parent))


def _profiles(text: str, folder: Path) -> Mapping[str, Profile]:
    entries = parsed(_File, text).profiles
    found = {name: _profile(name, entry, folder) for name, entry in entries.items()}
    for profile in found.values():
        if not profile.is_sandbox:
            profile.credentials()
    return found


def _profile(name: str, entry: _Entry, folder: Path) -> Profile:
    # A path is meant from where the profiles are.
    file = Watched(folder / entry.token_file.expanduser(), _token) if entry.token_file else None
    return Profile(name, file, entry.token_env, entry.stack_id, entry.stack_url, entry.project_id)


def _token(text: str) -> str:
    if not (token := tidy(text)):
        raise BrokenFile("it is empty.")
    return token


def _variable(name: str) -> str:
    if not (token := tidy(os.environ.get(name, ""))):
        raise BrokenFile(f"the variable {name} is not set.")
    return token
