"""How callers are told apart."""

from mcp.server.auth.provider import AccessToken

from k6_cloud_mcp_tools.guard.callers import name_of


def named(client: str, subject: str | None, issuer: str | None = None) -> str:
    claims = {"iss": issuer} if issuer else None
    return name_of(AccessToken(token="x", client_id=client, scopes=[], subject=subject, claims=claims))


def test_a_name_can_be_read():
    assert named("token", "alice") == "token/alice"
    assert named("app", "a@b.c", "https://idp") == "app/a@b.c/https:%2F%2Fidp"


def test_two_principals_never_have_the_same_name():
    principals = [
        ("a/b", "c", None),
        ("a", "b/c", None),
        ("a", "b", "c"),
        ("a", None, None),
        ("a", "None", None),
        ("local", None, None),
        ("a", "b\nlocal", None),
        ("a%2Fb", "c", None),
    ]
    names = {named(*one) for one in principals}
    assert len(names) == len(principals)
    assert "local" not in names
    assert not any("\n" in name for name in names)
