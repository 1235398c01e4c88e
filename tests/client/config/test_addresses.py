import pytest

from k6_cloud.config.addresses import is_loopback, safe_address


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://api.k6.io", "https://api.k6.io"),
        ("https://proxy.acme.test/k6/", "https://proxy.acme.test/k6"),
        ("http://127.0.0.1:6580/", "http://127.0.0.1:6580"),
        ("http://[::1]:6580", "http://[::1]:6580"),
    ],
)
def test_a_token_may_travel_encrypted_or_within_this_machine(address: str, kept: str):
    assert safe_address(address) == kept


@pytest.mark.parametrize(
    "address", ["http://api.k6.io", "api.k6.io", "ftp://127.0.0.1", "https://", "", "http://[::1"]
)
def test_a_token_may_travel_in_no_other_way(address: str):
    with pytest.raises(ValueError, match=r"https://|Invalid IPv6"):
        safe_address(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LocalHost.", True),
        ("a.localhost", True),
        ("127.255.0.3", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost.example", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("[::2]", False),
        ("", False),
    ],
)
def test_loopback_is_a_name_or_an_address(host: str, expected: bool):
    assert is_loopback(host) is expected
