"""Settings, read from the environment under the names k6 users already have set."""

from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from k6_cloud.connection import DEFAULT_BASE_URL
from k6_cloud.scripts import MIB
from k6_cloud_mcp.login import Login, read_login
from k6_cloud_mcp_tools.catalog import DEFAULT_TOOLSETS, SelectionError, select
from k6_cloud_mcp_tools.operation import Operation

BackendChoice = Literal["auto", "cloud", "sandbox"]


class SettingsError(Exception):
    """The settings cannot work; the message says which one and how to set it."""


def _safe_address(address: str) -> str:
    """Refuse an address to which the token would travel readable for others."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return address.rstrip("/")
    raise ValueError(
        "must be an https:// address (http:// only on this machine), so that the token stays secret"
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split(value: object) -> object:
    return (
        tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value
    )


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """What the server is told. An empty variable counts as not set: hosts pass on what the user left blank."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore", env_ignore_empty=True)

    token: SecretStr | None = Field(default=None, validation_alias="K6_CLOUD_TOKEN")
    stack_id: PositiveInt | None = Field(default=None, validation_alias="K6_CLOUD_STACK_ID")
    stack_url: str | None = Field(default=None, validation_alias="K6_CLOUD_STACK_URL")
    project_id: PositiveInt | None = Field(default=None, validation_alias="K6_CLOUD_PROJECT_ID")
    base_url: Annotated[str, AfterValidator(_safe_address)] = Field(
        default=DEFAULT_BASE_URL, validation_alias="K6_CLOUD_HOST_V6"
    )
    backend: BackendChoice = Field(default="auto", validation_alias="K6_MCP_BACKEND")
    confirm: Literal["auto", "ask", "two_step"] = Field(default="auto", validation_alias="K6_MCP_CONFIRM")
    toolsets: Names = Field(default=DEFAULT_TOOLSETS, validation_alias="K6_MCP_TOOLSETS")
    tools: Names = Field(default=(), validation_alias="K6_MCP_TOOLS")
    exclude_tools: Names = Field(default=(), validation_alias="K6_MCP_EXCLUDE_TOOLS")
    read_only: bool = Field(default=False, validation_alias="K6_MCP_READ_ONLY")
    http_token: SecretStr | None = Field(default=None, validation_alias="K6_MCP_HTTP_TOKEN")
    max_script_mib: PositiveInt = Field(default=64, validation_alias="K6_MCP_MAX_SCRIPT_MIB")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of this process: those given, then the environment, completed by what `k6 cloud login` stored.

        Raises SettingsError.
        """
        try:
            return cls(**given).with_login(read_login())
        except ValidationError as error:
            lines = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors(include_url=False)]
            raise SettingsError("; ".join(lines)) from error

    def operations(self) -> list[Operation]:
        """The tools to publish. Raises SettingsError for a name that does not exist."""
        try:
            return select(self.toolsets, self.tools, self.exclude_tools, read_only=self.read_only)
        except SelectionError as error:
            raise SettingsError(str(error)) from error

    def with_login(self, login: Login) -> Self:
        """These settings with the gaps filled from `login`; a stack is taken whole, never mixed."""
        if self.backend == "sandbox":
            return self
        update: dict[str, object] = {}
        if self.token is None and login.token:
            update["token"] = login.token
        if self.stack_id is None and self.stack_url is None:
            update |= {"stack_id": login.stack_id, "stack_url": login.stack_url}
        if self.project_id is None:
            update["project_id"] = login.project_id
        return self.model_copy(update=update)

    @property
    def max_script_bytes(self) -> int:
        """The size limit for scripts, in bytes."""
        return self.max_script_mib * MIB

    @property
    def uses_sandbox(self) -> bool:
        """Whether the sandbox is the backend. Raises SettingsError for half a set of credentials."""
        has_stack = self.stack_id is not None or self.stack_url is not None
        if self.backend == "sandbox" or (self.backend == "auto" and self.token is None and not has_stack):
            return True
        missing = [
            name
            for name, given in (
                ("K6_CLOUD_TOKEN", self.token is not None),
                ("K6_CLOUD_STACK_ID or K6_CLOUD_STACK_URL", has_stack),
            )
            if not given
        ]
        if missing:
            raise SettingsError(
                f"Grafana Cloud k6 is only half configured: {' and '.join(missing)} is missing. Set it, run "
                "`k6 cloud login`, or use the sandbox with K6_MCP_BACKEND=sandbox."
            )
        return False
