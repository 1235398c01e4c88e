"""One-time confirmation tokens: the second rung of the guard.

A token stands for one act: the operation, its arguments, the preview as it was shown, and the caller.
It lives ten minutes and is spent once. It holds no secret and no state, only an expiry, a nonce and an
HMAC, so any process that has the key can check it.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIFETIME_SECONDS = 600
_HEAD = struct.Struct(">I8s")
_MAC_SIZE = 16
_NEW_PREVIEW = "Nothing was done. Call again without confirmation_token for a new preview."


class ConfirmationRefused(Exception):
    """A confirmation token does not authorise this call; nothing was done."""


@dataclass(frozen=True)
class Act:
    """What a confirmation is for; `preview` is the text that was shown."""

    operation: str
    arguments: dict[str, Any]
    preview: str
    caller: str

    def digest(self) -> bytes:
        """A stable fingerprint of the act."""
        parts = [self.operation, self.arguments, self.preview, self.caller]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()


class Confirmations:
    """Issues tokens and spends each of them once."""

    def __init__(self, key: bytes | None = None, now: Callable[[], float] = time.time) -> None:
        self._key = key or secrets.token_bytes(32)
        self._now = now
        self._spent: dict[bytes, int] = {}

    def issue(self, act: Act) -> str:
        """A token for `act`, valid for ten minutes."""
        head = _HEAD.pack(int(self._now()) + LIFETIME_SECONDS, secrets.token_bytes(8))
        return base64.urlsafe_b64encode(head + self._mac(head, act)).decode().rstrip("=")

    def spend(self, token: str, act: Act) -> None:
        """Use up `token` for `act`. Raises ConfirmationRefused when it does not authorise it."""
        head, mac = _split(token)
        expires, nonce = _HEAD.unpack(head)
        if not hmac.compare_digest(mac, self._mac(head, act)):
            raise ConfirmationRefused(
                "The confirmation token does not fit: it was issued for another operation, other arguments or "
                f"another caller, or what it would change has changed since the preview. {_NEW_PREVIEW}"
            )
        if expires < self._now():
            raise ConfirmationRefused(f"The confirmation token has expired (10 minutes). {_NEW_PREVIEW}")
        if nonce in self._spent:
            raise ConfirmationRefused(f"The confirmation token was already used. {_NEW_PREVIEW}")
        self._forget_expired()
        self._spent[nonce] = expires

    def _mac(self, head: bytes, act: Act) -> bytes:
        return hmac.digest(self._key, head + act.digest(), "sha256")[:_MAC_SIZE]

    def _forget_expired(self) -> None:
        now = self._now()
        self._spent = {nonce: expires for nonce, expires in self._spent.items() if expires >= now}


def _split(token: str) -> tuple[bytes, bytes]:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _HEAD.size + _MAC_SIZE:
        raise ConfirmationRefused(f"This is not a confirmation token. {_NEW_PREVIEW}")
    return raw[: _HEAD.size], raw[_HEAD.size :]
