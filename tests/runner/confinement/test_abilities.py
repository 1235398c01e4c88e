"""Enough to confine a script, or not: each fallback is forced."""

import pytest

from k6_runner.confinement.abilities import abilities_here, missing, shortcomings
from k6_runner.confinement.terms import Abilities


@pytest.mark.parametrize("abilities", [Abilities(1, True), Abilities(9, True), Abilities(seatbelt=True)])
def test_files_and_sockets_have_to_be_limited_by_one_means_or_another(abilities: Abilities):
    assert missing(abilities) is None


@pytest.mark.parametrize(
    ("abilities", "words"),
    [
        (Abilities(0, True), "This system has no Landlock, which limits the files it reaches (Linux 5.13)"),
        (Abilities(7, False), "This system has no seccomp filters, which keep it off the network"),
        (Abilities(), "no Landlock, which limits the files it reaches (Linux 5.13) and no seccomp filters"),
    ],
)
def test_a_machine_that_lacks_one_of_them_says_which(abilities: Abilities, words: str):
    assert words in (missing(abilities) or "")


@pytest.mark.parametrize(("version", "count"), [(1, 2), (3, 2), (4, 1), (5, 1), (6, 0), (9, 0)])
def test_what_an_older_landlock_does_not_hold_is_told(version: int, count: int):
    assert len(shortcomings(Abilities(version, True))) == count


def test_the_profile_for_macos_is_said_to_be_untried():
    assert shortcomings(Abilities(seatbelt=True)) == ["The profile for macOS has not been tried on a Mac."]


def test_a_machine_can_be_taken_for_less_than_it_is_and_never_for_more():
    real = abilities_here()
    assert abilities_here(Abilities(99, True, True)) == real
    assert abilities_here(Abilities()) == Abilities()
