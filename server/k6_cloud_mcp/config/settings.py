"""Settings, read from the environment under the names k6 users already have set."""

import logging
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Gt
from platformdirs import user_state_path
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from k6_cloud.config.addresses import safe_address, stack_address
from k6_cloud.config.k6_login import Login, read_login
from k6_cloud.errors import ConfigurationError
from k6_cloud.requests.connection import DEFAULT_BASE_URL, DEFAULT_CONNECTIONS
from k6_cloud.scripts.script import MIB
from k6_cloud_mcp.config.policy_rules import RulesError, operator_policy, problems, require_guarded
from k6_cloud_mcp.config.variables import Variables
from k6_cloud_mcp_tools.guard.policy import Policy, PolicyRules, PositiveInteger, split
from k6_cloud_mcp_tools.toolsets import DEFAULT_TOOLSETS, Published, SelectionError, select

logger = logging.getLogger(__name__)
BackendChoice = Literal["auto", "cloud", "sandbox"]
CallerCredentials = Literal["off", "headers", "required"]


class SettingsError(Exception):
    """The settings cannot work; the message says which one and how to set it."""


def _safe_if_given(address: str | None) -> str | None:
    # An issuer is compared letter by letter, so it stays as it was written.
    if address is not None:
        safe_address(address)
    return address


def _stack_if_given(address: str | None) -> str | None:
    return None if address is None else stack_address(address)


Names = Annotated[tuple[str, ...], BeforeValidator(split)]
Seconds = Annotated[float, AllowInfNan(False)]
_PREFIX = "K6_MCP_"


def _default_state_dir() -> Path:
    return user_state_path("k6-cloud-mcp", appauthor=False)


class Settings(PolicyRules, BaseSettings):
    """The settings of the server. A variable that is blank or an unresolved reference counts as not set.

    A field without an alias is the variable `K6_MCP_` with its name in capitals.
    """

    model_config = SettingsConfigDict(
        populate_by_name=True,
        extra="ignore",
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        # A list is a text with commas, not JSON.
        enable_decoding=False,
    )

    token: SecretStr | None = Field(default=None, validation_alias="K6_CLOUD_TOKEN")
    stack_id: PositiveInteger | None = Field(default=None, validation_alias="K6_CLOUD_STACK_ID")
    stack_url: Annotated[str | None, AfterValidator(_stack_if_given)] = Field(
        default=None, validation_alias="K6_CLOUD_STACK_URL"
    )
    project_id: PositiveInteger | None = Field(default=None, validation_alias="K6_CLOUD_PROJECT_ID")
    base_url: Annotated[str, AfterValidator(safe_address)] = Field(
        default=DEFAULT_BASE_URL, validation_alias="K6_CLOUD_HOST_V6"
    )
    backend: BackendChoice = "auto"
    policy_file: Path | None = None
    ask_seconds: Annotated[Seconds, Gt(0)] = 300
    shared_key: SecretStr | None = Field(default=None, min_length=32)
    toolsets: Names = DEFAULT_TOOLSETS
    tools: Names = ()
    exclude_tools: Names = ()
    read_only: bool = False
    http_token: SecretStr | None = None
    tokens_file: Path | None = None
    oauth_issuer: Annotated[str | None, AfterValidator(_safe_if_given)] = None
    oauth_audience: Annotated[str | None, AfterValidator(_safe_if_given)] = None
    oauth_jwks_url: Annotated[str | None, AfterValidator(_safe_if_given)] = None
    profiles_file: Path | None = None
    caller_credentials: CallerCredentials = "off"
    state_dir: Path = Field(default_factory=_default_state_dir)
    audit_file: Literal["off"] | Path | None = None
    audit_max_mib: PositiveInteger = 10
    backups: bool = True
    backup_max_mib: PositiveInteger = 256
    backup_days: PositiveInteger = 30
    max_script_mib: PositiveInteger = 64
    max_body_mib: PositiveInteger = 8
    max_calls: PositiveInteger = 32
    max_calls_in_all: PositiveInteger = 256
    connections: PositiveInteger = DEFAULT_CONNECTIONS
    max_calls_per_minute: PositiveInteger = 3000
    drain_seconds: Annotated[Seconds, Ge(0)] = 0
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments, then the environment."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, Variables(settings_cls)

    @field_validator("allow")
    @classmethod
    def _allows_guarded_tools(cls, names: frozenset[str]) -> frozenset[str]:
        return require_guarded(names)

    @classmethod
    def variables(cls) -> dict[str, Any]:
        """Return the default of every setting by its environment variable."""
        return {
            str(field.validation_alias or f"{_PREFIX}{name.upper()}"): field.default
            for name, field in cls.model_fields.items()
        }

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of this process: those given, then the environment, completed by what `k6 cloud login` stored.

        Raises SettingsError.
        """
        try:
            settings = cls(**given)
        except ValidationError as error:
            raise SettingsError(problems(error, _PREFIX)) from error
        settings._close_state()
        return settings.with_login(settings.stored_login())

    def _close_state(self) -> None:
        """Take the right to write to the state folder from everyone else; warn if that cannot be done."""
        folder = self.state_dir.expanduser()
        if os.name != "posix" or not folder.exists() or not folder.stat().st_mode & stat.S_IWOTH:
            return
        try:
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~stat.S_IWOTH)
        except OSError:
            logger.warning(
                "Anyone on this machine can write to the state folder %s: make it private (chmod 700).",
                folder,
            )

    def stored_login(self) -> Login:
        """The login that `k6 cloud login` stored. Raises SettingsError for a broken one, if it is needed."""
        try:
            return Login() if self.backend == "sandbox" else read_login()
        except ConfigurationError as error:
            if self.token is not None and (self.stack_id is not None or self.stack_url is not None):
                return Login()
            raise SettingsError(str(error)) from error

    def policy(self) -> Policy:
        """The operator's policy, from the environment and the policy file. Raises SettingsError."""
        given = {
            name: getattr(self, name) for name in PolicyRules.model_fields if name in self.model_fields_set
        }
        try:
            return operator_policy(given, self.policy_file)
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
