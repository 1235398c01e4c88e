"""The confinement that this machine offers, and what is missing for it to be enough."""

from typing import NamedTuple

from k6_runner.confinement.landlock import SCOPES_SINCE, TCP_SINCE, landlock_version
from k6_runner.confinement.seatbelt import seatbelt_works
from k6_runner.confinement.seccomp import seccomp_works
from k6_runner.confinement.terms import Abilities


def abilities_here(pretended: Abilities | None = None) -> Abilities:
    """The means of this machine; with `pretended`, no more than those."""
    real = Abilities(landlock_version(), seccomp_works(), seatbelt_works())
    if pretended is None:
        return real
    return Abilities(
        min(real.landlock, pretended.landlock),
        real.seccomp and pretended.seccomp,
        real.seatbelt and pretended.seatbelt,
    )


def missing(abilities: Abilities) -> str | None:
    """The reason why a script cannot be confined by these means; None if it can be."""
    if abilities.seatbelt or (abilities.landlock and abilities.seccomp):
        return None
    lacking = [
        name
        for name, there in {
            "Landlock, which limits the files it reaches (Linux 5.13)": abilities.landlock,
            "seccomp filters, which keep it off the network (Linux on x86-64 or ARM64)": abilities.seccomp,
        }.items()
        if not there
    ]
    return "This system has no " + " and no ".join(lacking)


def shortcomings(abilities: Abilities) -> list[str]:
    """The promises that a confinement by these means does not keep, though it is enough to run a script."""
    if abilities.seatbelt:
        return ["The profile for macOS has not been tried on a Mac."]
    found: list[str] = []
    if abilities.landlock < TCP_SINCE:
        found.append("Ports are not limited during a run: that needs Linux 6.7.")
    if abilities.landlock < SCOPES_SINCE:
        found.append("Signals to other processes are not blocked: that needs Linux 6.12.")
    return found


class ConfinementReport(NamedTuple):
    """The confinement of scripts on this machine: its means, why they are not enough, what they leave open."""

    means: str
    missing: str | None
    shortcomings: list[str]


def confinement_report(pretended: Abilities | None = None) -> ConfinementReport:
    """Tell how scripts are confined on this machine."""
    abilities = abilities_here(pretended)
    means = {
        f"Landlock (version {abilities.landlock})": abilities.landlock,
        "seccomp": abilities.seccomp,
        "Seatbelt": abilities.seatbelt,
    }
    names = " and ".join(name for name, there in means.items() if there) or "nothing"
    return ConfinementReport(names, missing(abilities), shortcomings(abilities))
