"""The tokens file."""

import pytest
from support.authenticated_server import token_block

from k6_cloud_mcp.access.named_tokens import found, read_tokens
from k6_cloud_mcp.config.reloading_file import BrokenFile


def test_a_token_that_has_expired_is_unknown():
    tokens = read_tokens(token_block("old", expires="2020-01-01T00:00:00Z"))
    assert found(tokens, "token of old") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tokens", "not TOML"),
        ('[tokens.a]\nscopes = ["k6:read"]', "sha256"),
        (token_block("a", token="secret"), "token"),
        (token_block("a", scopes=[]), "scopes"),
        (token_block("a", policy={"confirm": "two_step"}), "tighten"),
        (token_block("a", policy={"max_vu": 3}), "max_vu"),
        (token_block("a", expires="2030-01-01T00:00:00"), "expires"),
        (token_block("a") + token_block("b").replace("tokens.b", "tokens.c").split("\n")[0] + "\n", "scopes"),
        (token_block("a") + token_block("a").replace("tokens.a", "tokens.b"), "same sha256"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, words: str):
    with pytest.raises(BrokenFile, match=words):
        read_tokens(text)
