"""The sealed state of a question, which serves once: the guard is told which one an answer came with."""

import os

from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateSecurity

from k6_cloud_mcp_tools.guard.elicitation import answered_state


class OneTimeCodec(AESGCMRequestStateCodec):
    """Seals as the SDK does, and notes the state that a request came with."""

    def unseal(self, token: str) -> bytes:
        """Open a state. Raises InvalidRequestState for one that was not sealed with our key."""
        payload = super().unseal(token)
        answered_state.set(token.encode())
        return payload


def sealing(key: bytes | None) -> RequestStateSecurity:
    """How the state of questions is sealed: with a key that several processes share, or with one of our own."""
    return RequestStateSecurity(codec=OneTimeCodec([key or os.urandom(32)]))
