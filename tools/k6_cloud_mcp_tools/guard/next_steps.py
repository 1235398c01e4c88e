"""What a model is to do with a token: wait for the person at the card, or ask them itself."""

from mcp.server.apps import client_supports_apps

from k6_cloud_mcp_tools.context import Call


def next_step(ctx: Call, tool: str, why: str) -> str:
    """The next step after a preview with a token; `why` says why nobody was asked by a form."""
    again = f"call {tool} again with the same arguments and this confirmation_token (valid 10 minutes, once)."
    if client_supports_apps(ctx):
        return (
            "Nothing was done yet. The user sees this preview in a card and decides there: tell them so, and wait for "
            f"what they decide. Only if they say that they see no card, and they agree, {again}"
        )
    return f"Nothing was done yet, and nobody was asked ({why}). Show the user this preview; if they agree, {again}"
