"""The sealed state of a question, which serves once: each one that is opened tells the guard which it is."""

import json
import os
from hashlib import sha256
from typing import Any, cast

from mcp.server.request_state import AESGCMRequestStateCodec, RequestStateSecurity

from k6_cloud_mcp_tools.guard.elicitation import STATE_ID

_STATE = "s"


class OneTimeCodec(AESGCMRequestStateCodec):
    """Seals as the SDK does; a state that is opened has an id, which no other has."""

    def unseal(self, token: str) -> bytes:
        """Open a state. Raises InvalidRequestState for one that was not sealed with our key."""
        envelope: dict[str, Any] = json.loads(super().unseal(token))
        return json.dumps(envelope | {_STATE: _with_id(envelope[_STATE], token)}).encode()


def _with_id(state: str, token: str) -> str:
    """Add the id to a state of the SDK's, which is an object. A tool may keep any text: that stays as it is."""
    try:
        values = json.loads(state)
    except ValueError:
        return state
    if not isinstance(values, dict):
        return state
    return json.dumps({**cast(dict[str, Any], values), STATE_ID: sha256(token.encode()).hexdigest()})


def sealing(key: bytes | None) -> RequestStateSecurity:
    """The seal on the state of questions: by a key that several processes share, or by one of our own."""
    return RequestStateSecurity(codec=OneTimeCodec([key or os.urandom(32)]))
