"""`k6-cloud-mcp token`."""

from datetime import UTC, datetime, timedelta

import pytest

from k6_cloud_mcp.access.named_tokens import found, read_tokens
from k6_cloud_mcp.cli import main
from k6_cloud_mcp.commands.token import make_token

pytestmark = pytest.mark.usefixtures("logging_as_before")


def test_a_token_that_was_made_is_let_in_by_its_block_which_does_not_hold_it():
    token, block = make_token("ci", "k6:read,k6:run", "prod", "90d")
    assert token not in block
    tokens = read_tokens(block)
    grant = found(tokens, token)
    assert grant is not None
    assert (grant.subject, grant.scopes, grant.stacks) == ("ci", ["k6:read", "k6:run"], {"prod"})
    assert tokens["ci"].expires is not None
    assert tokens["ci"].expires - datetime.now(UTC) > timedelta(days=89)
    assert found(tokens, token + "x") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ci", "--scopes", "k6:all"], "scopes"),
        (["c i"], "tokens"),
        (["ci", "--expires", "soon"], "not like 90d"),
    ],
)
def test_what_the_file_could_not_hold_is_refused(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        main(["token", *arguments])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert "No token was made" in printed.err
    assert "k6mcp_" not in printed.out + printed.err


def test_the_token_is_printed_once(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["token", "ci"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.count("k6mcp_") == 1
    assert "[tokens.ci]" in printed
