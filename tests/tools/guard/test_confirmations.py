from dataclasses import replace
from uuid import UUID

import pytest

from k6_cloud_mcp_tools.guard.confirmations import (
    LIFETIME_SECONDS,
    Act,
    ConfirmationRefused,
    Confirmations,
    Lapsed,
    SpentHere,
)

ACT = Act("delete_load_test", {"load_test_id": 3}, "Delete load test 'Checkout'", "local")


def test_a_token_is_spent_once():
    confirmations = Confirmations()
    token = confirmations.issue(ACT)
    confirmations.spend(token, ACT)
    with pytest.raises(ConfirmationRefused, match="already used"):
        confirmations.spend(token, ACT)


@pytest.mark.parametrize(
    "other",
    [
        Act("move_load_test", {"load_test_id": 3}, ACT.preview, "local"),
        Act("delete_load_test", {"load_test_id": 4}, ACT.preview, "local"),
        Act("delete_load_test", {"load_test_id": 3}, ACT.preview, "somebody else"),
    ],
    ids=["operation", "arguments", "caller"],
)
def test_a_token_fits_only_the_act_it_was_issued_for(other: Act):
    confirmations = Confirmations()
    token = confirmations.issue(ACT)
    with pytest.raises(ConfirmationRefused, match="does not fit"):
        confirmations.spend(token, other)
    confirmations.spend(token, ACT)


def test_a_token_whose_preview_has_changed_is_used_up_so_that_it_cannot_fit_again():
    confirmations = Confirmations()
    token = confirmations.issue(ACT)
    with pytest.raises(ConfirmationRefused, match="has changed since the preview"):
        confirmations.spend(token, replace(ACT, preview="Delete load test 'Renamed'"))
    with pytest.raises(Lapsed, match="already used"):
        confirmations.spend(token, ACT)


def test_a_genuine_token_tells_when_it_was_issued_once_it_is_used_or_too_old():
    clock = [1_000_000.0]
    confirmations = Confirmations(now=lambda: clock[0])
    used, old = confirmations.issue(ACT), confirmations.issue(ACT)
    confirmations.spend(used, ACT)
    # A start changes what its preview says: the token is still known as the one for this call.
    after = replace(ACT, preview="Delete nothing")
    with pytest.raises(Lapsed) as lapsed:
        confirmations.spend(used, after)
    assert lapsed.value.issued.timestamp() == 1_000_000
    clock[0] += LIFETIME_SECONDS + 1
    with pytest.raises(Lapsed, match="expired") as lapsed:
        confirmations.spend(old, after)
    assert lapsed.value.issued.timestamp() == 1_000_000


def test_processes_that_share_what_was_spent_do_not_spend_a_token_twice():
    spent = SpentHere()
    here, there = Confirmations(b"k" * 32, spent=spent), Confirmations(b"k" * 32, spent=spent)
    token = here.issue(ACT)
    here.spend(token, ACT)
    with pytest.raises(Lapsed, match="already used"):
        there.spend(token, ACT)


def test_an_answer_serves_once():
    confirmations = Confirmations()
    confirmations.spend_answer("5e" * 32)
    confirmations.spend_answer("a0" * 32)
    with pytest.raises(Lapsed, match="already used"):
        confirmations.spend_answer("5e" * 32)


def test_the_same_act_has_the_same_key_wherever_the_secret_is_shared_and_no_other_has_it():
    here, there = Confirmations(b"k" * 32), Confirmations(b"k" * 32)
    key = here.key_for(ACT)
    assert there.key_for(ACT) == key
    assert UUID(key).version == 4
    others = [
        replace(ACT, preview="x"),
        replace(ACT, caller="x"),
        replace(ACT, arguments={"load_test_id": 4}),
    ]
    assert key not in [here.key_for(other) for other in others]
    assert Confirmations().key_for(ACT) != key


def test_a_token_expires_after_ten_minutes():
    clock = [1_000_000.0]
    confirmations = Confirmations(now=lambda: clock[0])
    token = confirmations.issue(ACT)
    clock[0] += LIFETIME_SECONDS + 1
    with pytest.raises(ConfirmationRefused, match="expired"):
        confirmations.spend(token, ACT)


def test_a_spent_token_stays_spent_until_it_has_expired():
    clock = [1_000_000.0]
    confirmations = Confirmations(now=lambda: clock[0])
    first = confirmations.issue(ACT)
    confirmations.spend(first, ACT)
    clock[0] += LIFETIME_SECONDS - 1
    confirmations.spend(confirmations.issue(ACT), ACT)
    with pytest.raises(ConfirmationRefused, match="already used"):
        confirmations.spend(first, ACT)


@pytest.mark.parametrize("token", ["", "yes", "confirm", "A" * 38, "ü" * 38, "=" * 38])
def test_what_was_never_issued_is_refused(token: str):
    with pytest.raises(ConfirmationRefused, match="Nothing was done"):
        Confirmations().spend(token, ACT)


def test_a_process_with_the_same_key_accepts_the_token_and_one_with_another_does_not():
    token = Confirmations(b"k" * 32).issue(ACT)
    Confirmations(b"k" * 32).spend(token, ACT)
    with pytest.raises(ConfirmationRefused, match="does not fit"):
        Confirmations(b"x" * 32).spend(token, ACT)
