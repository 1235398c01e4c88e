import pytest

from k6_cloud_mcp_tools.confirmations import LIFETIME_SECONDS, Act, ConfirmationRefused, Confirmations

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
        Act("delete_load_test", {"load_test_id": 3}, "Delete load test 'Renamed'", "local"),
        Act("delete_load_test", {"load_test_id": 3}, ACT.preview, "somebody else"),
    ],
    ids=["operation", "arguments", "preview", "caller"],
)
def test_a_token_fits_only_the_act_it_was_issued_for(other: Act):
    confirmations = Confirmations()
    token = confirmations.issue(ACT)
    with pytest.raises(ConfirmationRefused, match="does not fit"):
        confirmations.spend(token, other)
    confirmations.spend(token, ACT)


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
