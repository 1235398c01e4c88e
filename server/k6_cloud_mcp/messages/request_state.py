"""The sealed state of a question, which serves once: each one that is opened tells the guard which it is."""

import json
import os
from hashlib import sha256
from typing import Any

from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateSecurity

from k6_cloud_mcp_tools.guard.elicitation import STATE_ID

_STATE = "s"


class OneTimeCodec(AESGCMRequestStateCodec):
    """Seals as the SDK does; a state that is opened has an id, which no other has."""

    def unseal(self, token: str) -> bytes:
        """Open a state. Raises InvalidRequestState for one that was not sealed with our key."""
        envelope: dict[str, Any] = json.loads(super().unseal(token))
        state: dict[str, Any] = json.loads(envelope[_STATE])
        state[STATE_ID] = sha256(token.encode()).hexdigest()
        return json.dumps(envelope | {_STATE: json.dumps(state)}).encode()


def sealing(key: bytes | None) -> RequestStateSecurity:
    """The seal on the state of questions: by a key that several processes share, or by one of our own."""
    return RequestStateSecurity(codec=OneTimeCodec([key or os.urandom(32)]))
