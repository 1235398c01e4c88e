"""The machine whose hosts are configured: its system, its environment and its folders."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """`platform` as in sys.platform; `folder` is the project that `--scope project` means."""

    platform: str
    home: Path
    folder: Path
    env: Mapping[str, str]

    @classmethod
    def here(cls) -> "Machine":
        return cls(sys.platform, Path.home(), Path.cwd(), os.environ)

    @property
    def xdg_config(self) -> Path:
        """Return the folder in which command-line programs keep their configuration."""
        return self._named("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def app_config(self) -> Path:
        """Return the folder in which desktop programs keep their configuration on this system."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self._named("APPDATA") or self.home / "AppData" / "Roaming"
        return self.xdg_config

    @property
    def local_data(self) -> Path:
        """Return the folder in which Windows keeps data that does not roam."""
        return self._named("LOCALAPPDATA") or self.home / "AppData" / "Local"

    def named_or(self, variable: str, default: Path) -> Path:
        """The folder that a variable names, or else the default."""
        return self._named(variable) or default

    def has_program(self, name: str) -> bool:
        return shutil.which(name, path=self.env.get("PATH", "")) is not None

    def _named(self, variable: str) -> Path | None:
        value = self.env.get(variable)
        return Path(value) if value else None
