"""One-time confirmation tokens: the second rung of the guard.

A token stands for one act: the operation, its arguments, the preview as it was shown, and the caller.
It lives ten minutes and is spent once. It holds no secret and no state, only an expiry, a nonce and two
HMACs, so any process that has the key can check it. The first HMAC, over the act without its preview, tells
a token that was used or went stale from one that was made for something else.
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
from datetime import UTC, datetime
from typing import Any, Protocol, Self
from uuid import UUID

LIFETIME_SECONDS = 600
# The expiry in milliseconds, and the nonce.
_HEAD = struct.Struct(">Q8s")
_MAC_SIZE = 16
_NEW_PREVIEW = "Nothing was done. Call again without confirmation_token for a new preview."


class ConfirmationRefused(Exception):
    """A confirmation does not authorise this call; nothing was done."""


class Lapsed(ConfirmationRefused):
    """A confirmation was genuine, for this very call, but was used before or is too old; `issued` is when."""

    def __init__(self, message: str, issued: datetime) -> None:
        super().__init__(message)
        self.issued = issued


@dataclass(frozen=True)
class Act:
    """The act that a confirmation is for; `preview` is the text that was shown."""

    operation: str
    arguments: dict[str, Any]
    preview: str
    caller: str

    def digest(self) -> bytes:
        """A stable fingerprint of the act."""
        return _digest(self.operation, self.arguments, self.preview, self.caller)

    def intent(self) -> bytes:
        """A fingerprint of what is wanted, whatever the preview said."""
        return _digest(self.operation, self.arguments, self.caller)


class Spent(Protocol):
    """Remembers what was used, in whatever processes share it."""

    def claim(self, nonce: bytes, expires: float) -> bool:
        """Use `nonce` up, which need not be remembered past `expires`. False when it was used before."""
        ...


class SpentHere:
    """Remembers in this process."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._spent: dict[bytes, float] = {}

    def claim(self, nonce: bytes, expires: float) -> bool:
        """Use `nonce` up. False when it was used before."""
        now = self._now()
        self._spent = {nonce: expires for nonce, expires in self._spent.items() if expires >= now}
        if nonce in self._spent:
            return False
        self._spent[nonce] = expires
        return True


class Confirmations:
    """Issues tokens and spends each of them once. Processes that share `key` and `spent` share their tokens."""

    def __init__(
        self,
        key: bytes | None = None,
        now: Callable[[], float] = time.time,
        spent: Spent | None = None,
    ) -> None:
        self._key = key or secrets.token_bytes(32)
        self._now = now
        self._spent = spent or SpentHere(now)

    def within(self, stack: str) -> Self:
        """Confirmations that are good for one stack only, and for no other."""
        key = hmac.digest(self._key, b"stack" + stack.encode(), "sha256")
        return type(self)(key, self._now, self._spent)

    def issue(self, act: Act) -> str:
        """A token for `act`, valid for ten minutes."""
        head = _HEAD.pack(int((self._now() + LIFETIME_SECONDS) * 1000), secrets.token_bytes(8))
        macs = self._mac(head, act.intent()) + self._mac(head, act.digest())
        return base64.urlsafe_b64encode(head + macs).decode().rstrip("=")

    def spend(self, token: str, act: Act) -> None:
        """Use up `token` for `act`. Raises ConfirmationRefused when it does not authorise it."""
        head, intent, whole = _split(token)
        if not hmac.compare_digest(intent, self._mac(head, act.intent())):
            raise ConfirmationRefused(
                "The confirmation token does not fit: it was issued for another operation, other arguments or "
                f"another caller. {_NEW_PREVIEW}"
            )
        milliseconds, nonce = _HEAD.unpack(head)
        expires = milliseconds / 1000
        issued = datetime.fromtimestamp(expires - LIFETIME_SECONDS, UTC)
        if expires < self._now():
            raise Lapsed(f"The confirmation token has expired (10 minutes). {_NEW_PREVIEW}", issued)
        fits = hmac.compare_digest(whole, self._mac(head, act.digest()))
        # A token whose preview no longer fits is used up as well: it could fit again once things changed back.
        if not self._spent.claim(nonce, expires):
            raise Lapsed(f"The confirmation token was already used. {_NEW_PREVIEW}", issued)
        if not fits:
            raise ConfirmationRefused(
                "The confirmation token does not fit: what it would change has changed since the preview. "
                f"{_NEW_PREVIEW}"
            )

    def spend_answer(self, state_id: str) -> None:
        """Use up a person's answer to the question with this id. Raises Lapsed when it was used before."""
        now = self._now()
        if not self._spent.claim(bytes.fromhex(state_id), now + LIFETIME_SECONDS):
            raise Lapsed(
                "This confirmation was already used. Nothing was done. Call again to ask once more.",
                datetime.fromtimestamp(now - LIFETIME_SECONDS, UTC),
            )

    def key_for(self, act: Act) -> str:
        """A UUID for `act`: the same act has the same one, in every process that shares the key."""
        return str(UUID(bytes=hmac.digest(self._key, b"key" + act.digest(), "sha256")[:16], version=4))

    def _mac(self, head: bytes, digest: bytes) -> bytes:
        return hmac.digest(self._key, head + digest, "sha256")[:_MAC_SIZE]


def _digest(*parts: Any) -> bytes:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()


def _split(token: str) -> tuple[bytes, bytes, bytes]:
    """The head of a token and its two HMACs. Raises ConfirmationRefused for anything else."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _HEAD.size + 2 * _MAC_SIZE:
        raise ConfirmationRefused(f"This is not a confirmation token. {_NEW_PREVIEW}")
    middle = _HEAD.size + _MAC_SIZE
    return raw[: _HEAD.size], raw[_HEAD.size : middle], raw[middle:]
