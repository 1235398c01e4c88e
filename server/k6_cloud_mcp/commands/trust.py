"""`k6-cloud-mcp trust`: let k6 bundle the scripts of a folder on a machine that cannot confine it."""

from pathlib import Path

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.state.trusted_folders import TrustedFolders, TrustError
from k6_cloud_mcp.terminal import echo
from k6_runner.confinement.abilities import confinement_report

_NOT_NEEDED = "This has no effect as long as this machine confines scripts, as it does now, by {}."


def run_trust(folder: Path | None, *, remove: bool) -> int:
    """Trust a folder or stop trusting it; without one, list those that are trusted. Returns the exit code."""
    trusted = TrustedFolders(Settings.load().state_dir.expanduser())
    try:
        if folder is None:
            _list(trusted)
        elif remove:
            echo(f"{folder} {'is no longer' if trusted.remove(folder) else 'was not'} trusted.")
        else:
            _add(trusted, folder)
    except TrustError as error:
        echo(str(error), err=True)
        return 1
    return 0


def _list(trusted: TrustedFolders) -> None:
    for one in trusted.all():
        echo(str(one))


def _add(trusted: TrustedFolders, folder: Path) -> None:
    added = trusted.add(folder)
    echo(
        f"Scripts in {added} are bundled from now on, also without confinement: their init code then runs with your rights when a "
        f"tool is given their path. It can read your files and use the network. `k6-cloud-mcp trust --remove {added}` takes "
        "this back."
    )
    report = confinement_report()
    if report.missing is None:
        echo(_NOT_NEEDED.format(report.means))
