"""Settings, read from the environment under the names k6 users already have set."""

from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from k6_cloud.connection import DEFAULT_BASE_URL
from k6_cloud.scripts.script import MIB
from k6_cloud_mcp.config.k6_login import Login, read_login
from k6_cloud_mcp.config.policy_rules import (
    ManyHours,
    Projects,
    Rules,
    RulesError,
    Tools,
    problems,
    read_rules,
    split,
)
from k6_cloud_mcp.unexpanded import without_reference
from k6_cloud_mcp_tools.guard.policy import ConfirmMode, Policy
from k6_cloud_mcp_tools.selection import DEFAULT_TOOLSETS, SelectionError, select
from k6_cloud_mcp_tools.toolsets import Published

BackendChoice = Literal["auto", "cloud", "sandbox"]
CallerCredentials = Literal["off", "headers", "required"]


class SettingsError(Exception):
    """The settings cannot work; the message says which one and how to set it."""


def safe_address(address: str) -> str:
    """Refuse an address to which the token would travel readable for others."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return address.rstrip("/")
    raise ValueError(
        "must be an https:// address (http:// only on this machine), so that the token stays secret"
    )


def _safe_if_given(address: str | None) -> str | None:
    # An issuer is compared letter by letter, so it stays as it was written.
    if address is not None:
        safe_address(address)
    return address


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# Some hosts hand on `${K6_CLOUD_TOKEN}` as it stands when there is no such variable: that is no token.
Resolved = BeforeValidator(without_reference)
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]


def _default_state_dir() -> Path:
    return user_state_path("k6-cloud-mcp", appauthor=False)


class Settings(BaseSettings):
    """What the server is told. An empty variable counts as not set: hosts pass on what the user left blank."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore", env_ignore_empty=True)

    token: Annotated[SecretStr | None, Resolved] = Field(default=None, validation_alias="K6_CLOUD_TOKEN")
    stack_id: Annotated[PositiveInt | None, Resolved] = Field(
        default=None, validation_alias="K6_CLOUD_STACK_ID"
    )
    stack_url: Annotated[str | None, Resolved] = Field(default=None, validation_alias="K6_CLOUD_STACK_URL")
    project_id: Annotated[PositiveInt | None, Resolved] = Field(
        default=None, validation_alias="K6_CLOUD_PROJECT_ID"
    )
    base_url: Annotated[str, AfterValidator(safe_address)] = Field(
        default=DEFAULT_BASE_URL, validation_alias="K6_CLOUD_HOST_V6"
    )
    backend: BackendChoice = Field(default="auto", validation_alias="K6_MCP_BACKEND")
    policy_file: Path | None = Field(default=None, validation_alias="K6_MCP_POLICY_FILE")
    confirm: ConfirmMode = Field(default="auto", validation_alias="K6_MCP_CONFIRM")
    allow: Tools = Field(default=frozenset(), validation_alias="K6_MCP_ALLOW")
    projects: Projects | None = Field(default=None, validation_alias="K6_MCP_PROJECTS")
    max_vuh_per_run: PositiveFloat | None = Field(default=None, validation_alias="K6_MCP_MAX_VUH_PER_RUN")
    max_vuh_per_day: PositiveFloat | None = Field(default=None, validation_alias="K6_MCP_MAX_VUH_PER_DAY")
    max_vus: PositiveInt | None = Field(default=None, validation_alias="K6_MCP_MAX_VUS")
    quiet_hours: ManyHours = Field(default=(), validation_alias="K6_MCP_QUIET_HOURS")
    ask_seconds: PositiveFloat = Field(default=300, validation_alias="K6_MCP_ASK_SECONDS")
    shared_key: SecretStr | None = Field(default=None, min_length=32, validation_alias="K6_MCP_SHARED_KEY")
    toolsets: Names = Field(default=DEFAULT_TOOLSETS, validation_alias="K6_MCP_TOOLSETS")
    tools: Names = Field(default=(), validation_alias="K6_MCP_TOOLS")
    exclude_tools: Names = Field(default=(), validation_alias="K6_MCP_EXCLUDE_TOOLS")
    read_only: bool = Field(default=False, validation_alias="K6_MCP_READ_ONLY")
    http_token: SecretStr | None = Field(default=None, validation_alias="K6_MCP_HTTP_TOKEN")
    tokens_file: Path | None = Field(default=None, validation_alias="K6_MCP_TOKENS_FILE")
    oauth_issuer: Annotated[str | None, AfterValidator(_safe_if_given)] = Field(
        default=None, validation_alias="K6_MCP_OAUTH_ISSUER"
    )
    oauth_audience: Annotated[str | None, AfterValidator(_safe_if_given)] = Field(
        default=None, validation_alias="K6_MCP_OAUTH_AUDIENCE"
    )
    oauth_jwks_url: Annotated[str | None, AfterValidator(_safe_if_given)] = Field(
        default=None, validation_alias="K6_MCP_OAUTH_JWKS_URL"
    )
    profiles_file: Path | None = Field(default=None, validation_alias="K6_MCP_PROFILES_FILE")
    caller_credentials: CallerCredentials = Field(default="off", validation_alias="K6_MCP_CALLER_CREDENTIALS")
    state_dir: Path = Field(default_factory=_default_state_dir, validation_alias="K6_MCP_STATE_DIR")
    audit_file: Literal["off"] | Path | None = Field(default=None, validation_alias="K6_MCP_AUDIT_FILE")
    audit_max_mib: PositiveInt = Field(default=10, validation_alias="K6_MCP_AUDIT_MAX_MIB")
    backups: bool = Field(default=True, validation_alias="K6_MCP_BACKUPS")
    backup_max_mib: PositiveInt = Field(default=256, validation_alias="K6_MCP_BACKUP_MAX_MIB")
    backup_days: PositiveInt = Field(default=30, validation_alias="K6_MCP_BACKUP_DAYS")
    max_script_mib: PositiveInt = Field(default=64, validation_alias="K6_MCP_MAX_SCRIPT_MIB")
    max_body_mib: PositiveInt = Field(default=8, validation_alias="K6_MCP_MAX_BODY_MIB")
    max_calls: PositiveInt = Field(default=32, validation_alias="K6_MCP_MAX_CALLS")
    max_calls_in_all: PositiveInt = Field(default=256, validation_alias="K6_MCP_MAX_CALLS_IN_ALL")
    max_calls_per_minute: PositiveInt = Field(default=3000, validation_alias="K6_MCP_MAX_CALLS_PER_MINUTE")
    drain_seconds: NonNegativeFloat = Field(default=0, validation_alias="K6_MCP_DRAIN_SECONDS")
    log_format: Literal["text", "json"] = Field(default="text", validation_alias="K6_MCP_LOG_FORMAT")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of this process: those given, then the environment, completed by what `k6 cloud login` stored.

        Raises SettingsError.
        """
        try:
            return cls(**given).with_login(read_login())
        except ValidationError as error:
            raise SettingsError(problems(error)) from error

    def policy(self) -> Policy:
        """The operator's policy, from the environment and the policy file. Raises SettingsError."""
        given = {name: getattr(self, name) for name in Rules.model_fields if name in self.model_fields_set}
        try:
            written = read_rules(self.policy_file) if self.policy_file else {}
            if twice := sorted(given.keys() & written.keys()):
                raise SettingsError(
                    f"K6_MCP_{twice[0].upper()} is set, and {twice[0]} stands in the policy file {self.policy_file} too. "
                    "Set it in one place, so that it is clear which one holds."
                )
            return Rules.model_validate(given | written).policy()
        except RulesError as error:
            raise SettingsError(str(error)) from error

    @property
    def key(self) -> bytes | None:
        """The key for confirmations that several processes share; None where each makes its own."""
        return sha256(self.shared_key.get_secret_value().encode()).digest() if self.shared_key else None

    def published(self) -> list[Published]:
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
    def audit_path(self) -> Path | None:
        """The file of the audit; None where it is off."""
        if self.audit_file == "off":
            return None
        return (self.audit_file or self.state_dir / "audit.jsonl").expanduser()

    @property
    def max_script_bytes(self) -> int:
        """The size limit for scripts, in bytes."""
        return self.max_script_mib * MIB

    @property
    def has_no_stack_of_its_own(self) -> bool:
        """Whether callers bring the stack along, or it is one of the profiles: what the environment says does not count."""
        return self.profiles_file is not None or self.caller_credentials == "required"

    @property
    def uses_sandbox(self) -> bool:
        """Whether the sandbox is the backend. Raises SettingsError for half a set of credentials."""
        if self.has_no_stack_of_its_own:
            return False
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
