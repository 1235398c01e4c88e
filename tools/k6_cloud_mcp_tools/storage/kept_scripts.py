"""Scripts that were replaced or deleted, kept by what they contain so that they can be brought back."""

from typing import Annotated, Protocol

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from k6_cloud.scripts.script import Script

_Digits = Annotated[str, Field(pattern="^[0-9a-f]{12,64}$")]
KeptSha256 = Annotated[_Digits, Field(description="kept_script_sha256, or 12 or more of its first digits.")]
ExpectedSha256 = Annotated[_Digits | None, Field(description="Refuse unless this script is stored now.")]
Projects = frozenset[int] | None


class CannotKeep(ToolError):
    """A script that should be kept cannot be; nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Not done: the script that would be lost cannot be kept: {reason.rstrip('.')}. Nothing was changed. "
            "K6_MCP_BACKUPS=false does without keeping it."
        )


class KeptScripts(Protocol):
    """A store of replaced and deleted scripts, by the SHA-256 of the bytes that the service stored.

    What is kept is without the tokens and `-e` values that an archive stores. `days` is how long, 0 for not at all;
    `max_bytes` is how much together.
    """

    days: int
    max_bytes: int

    async def check(self, script: Script) -> None:
        """Raise CannotKeep where `keep` would refuse the script for what it is."""
        ...

    async def keep(self, script: Script, project_id: int) -> bool:
        """Keep a script of a project for a while. Whether it is kept; raises CannotKeep where it should be and cannot."""
        ...

    async def find(self, sha256: str, projects: Projects) -> tuple[str, Script] | None:
        """A kept script, to be used as a context manager, and the whole SHA-256 it was found by.

        `sha256` may be its beginning. With `projects`, only what was kept for one of these. None where it is not
        (or no longer) kept, or was damaged. Raises ToolError where several begin so.
        """
        ...


class KeepsNothing:
    """Keeps no script."""

    days = 0
    max_bytes = 0

    async def check(self, script: Script) -> None:
        """Nothing is asked of a script that is not kept."""

    async def keep(self, script: Script, project_id: int) -> bool:
        """Forget it."""
        del script, project_id
        return False

    async def find(self, sha256: str, projects: Projects) -> tuple[str, Script] | None:
        """Nothing."""
        del sha256, projects
        return None


class OnlyFinds:
    """Kept scripts as a dry run may use them: what is kept is found, and nothing is added."""

    def __init__(self, kept: KeptScripts) -> None:
        self._kept = kept
        self.days = kept.days
        self.max_bytes = kept.max_bytes

    async def check(self, script: Script) -> None:
        """Raise CannotKeep where the script would be refused."""
        await self._kept.check(script)

    async def keep(self, script: Script, project_id: int) -> bool:
        """Whether it would be kept. Raises CannotKeep where it would be refused."""
        del project_id
        await self._kept.check(script)
        return self.days > 0

    async def find(self, sha256: str, projects: Projects) -> tuple[str, Script] | None:
        """A kept script (see KeptScripts)."""
        return await self._kept.find(sha256, projects)


def fate(kept: KeptScripts, what: str = "The old script") -> str:
    """Describe what becomes of a script that is replaced or deleted."""
    if not kept.days:
        return f"{what} is not kept."
    return f"{what} is kept for up to {kept.days} days: restore_load_test_script brings it back."
