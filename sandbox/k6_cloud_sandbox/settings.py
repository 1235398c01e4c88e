"""Settings of the sandbox, read from the environment (`K6_SANDBOX_…`, and `K6_PATH` as k6 users know it)."""

import os
import stat
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from k6_cloud.scripts.endpoints import LARGEST_PORT
from k6_cloud.scripts.reach import Opening, opening_of
from k6_cloud.scripts.script import DEFAULT_LIMIT
from k6_cloud_sandbox.errors import SandboxError
from k6_runner.limits import RunLimits

STACK_ID = 1
# The API within a process takes any.
IN_PROCESS_TOKEN = "sandbox"
_LIMITS = RunLimits()


def _default_dir() -> Path:
    return user_data_path("k6-cloud-mcp", appauthor=False) / "sandbox"


def _opening(entry: Any) -> Opening:
    return entry if isinstance(entry, Opening) else opening_of(str(entry))


def _problem(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    variable = name if name.startswith("K6_") else f"K6_SANDBOX_{name.upper()}"
    return f"{variable}: {error['msg'].removeprefix('Value error, ')}"


class SandboxSettings(BaseSettings):
    """Settings of the sandbox: its state, its access, and the limits of a run (see RunLimits)."""

    model_config = SettingsConfigDict(env_prefix="K6_SANDBOX_", populate_by_name=True, extra="ignore")

    dir: Literal[":memory:"] | Path = Field(default_factory=_default_dir)
    token: SecretStr | None = None
    k6_path: str | None = Field(default=None, validation_alias="K6_PATH")
    allow_unconfined: bool = Field(default=False, validation_alias="K6_MCP_ALLOW_UNCONFINED")
    max_concurrent_runs: PositiveInt = 1
    max_script_bytes: PositiveInt = DEFAULT_LIMIT
    allow_hosts: Annotated[tuple[Opening, ...], NoDecode] = ()
    demo_port: Annotated[int, Field(ge=0, le=LARGEST_PORT)] | None = None
    max_vus: PositiveInt = _LIMITS.max_vus
    max_duration: PositiveFloat = _LIMITS.max_duration
    inspect_timeout: PositiveFloat = _LIMITS.inspect_timeout
    grace: PositiveFloat = _LIMITS.grace
    max_cpu_seconds: PositiveInt = _LIMITS.cpu_seconds
    max_memory_bytes: PositiveInt = _LIMITS.memory_bytes
    max_output_bytes: PositiveInt = _LIMITS.output_bytes
    max_directory_bytes: PositiveInt = _LIMITS.directory_bytes
    max_concurrent_reads: PositiveInt = _LIMITS.readers

    @classmethod
    def load(cls) -> Self:
        """The settings of this process. Raises SandboxError that names each variable that cannot be used."""
        try:
            return cls()
        except ValidationError as error:
            raise SandboxError("; ".join(map(_problem, error.errors(include_url=False)))) from error

    @field_validator("allow_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        entries = value.split(",") if isinstance(value, str) else value
        return [_opening(entry) for entry in entries if entry and str(entry).strip()]

    @field_validator("token", "k6_path", "demo_port", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return value if value and str(value) else None

    @field_validator("allow_unconfined", mode="before")
    @classmethod
    def _empty_is_no(cls, value: Any) -> Any:
        return False if value == "" else value

    @property
    def limits(self) -> RunLimits:
        """The limits of one run of k6."""
        return RunLimits(
            max_vus=self.max_vus,
            max_duration=self.max_duration,
            inspect_timeout=self.inspect_timeout,
            grace=self.grace,
            cpu_seconds=self.max_cpu_seconds,
            memory_bytes=self.max_memory_bytes,
            output_bytes=self.max_output_bytes,
            directory_bytes=self.max_directory_bytes,
            readers=self.max_concurrent_reads,
            allow_unconfined=self.allow_unconfined,
        )

    def made_dir(self) -> Path | None:
        """The directory, made where it is not there yet; None in memory. Raises SandboxError where it cannot be."""
        if self.dir == ":memory:":
            return None
        directory = Path(self.dir)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SandboxError(
                f"The sandbox's directory {directory} cannot be made: {error.strerror}. Set K6_SANDBOX_DIR to another one."
            ) from error
        if directory.stat().st_mode & stat.S_IWOTH and os.name == "posix":
            raise SandboxError(
                f"Anyone on this machine can write to the sandbox's directory {directory}, so it was not opened. Make it yours "
                f"(`chmod 700 {directory}`), or set K6_SANDBOX_DIR to a folder inside of it, which is then made for you alone."
            )
        return directory
