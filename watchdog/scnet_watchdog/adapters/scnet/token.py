"""A token, and what it says about itself: when it expires, and whether the account is stopped."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ...core.model import BlockCause
from ...ports import SourceRefused
from ..http import Reply

ACCOUNT_STATUS = {"owe": BlockCause.ARREARS, "disable": BlockCause.DISABLED}
"""`accountStatus` inside a token that means that the account is stopped."""

SHORTEST = 6
"""A shorter value may be part of any word, and is no secret worth the name."""
MASK = b"[secret]"


class Token:
    """A token whose value shows in no repr.

    Args:
        expires_at: None where the token does not say so.
        stopped: why the account can do nothing, where the token says so.
    """

    __slots__ = ("expires_at", "stopped", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        said = payload(value)
        self.expires_at = expiry(said)
        status = said.get("accountStatus")
        self.stopped = ACCOUNT_STATUS.get(status.lower()) if isinstance(status, str) else None

    def __repr__(self) -> str:
        return "Token(…)"

    def hidden(self, reply: Reply) -> Reply:
        """The answer without this token: a platform may repeat it in what is stored and told."""
        value = self.value.encode("utf-8", "replace")
        if len(value) < SHORTEST or value not in reply.body:
            return reply
        return replace(reply, body=reply.body.replace(value, MASK))

    def usable(self) -> "Token":
        """Return the token itself.

        Raises:
            SourceRefused: it cannot be a token, or its account is stopped.
        """
        if not self.value.isascii() or not self.value.isprintable() or " " in self.value:
            raise SourceRefused("the token is not one word of ASCII", BlockCause.CREDENTIALS)
        if self.stopped is not None:
            raise SourceRefused(f"the token says: account {self.stopped}", self.stopped)
        return self


def payload(token: str) -> Mapping[str, Any]:
    """What a JWT says, unverified; empty where it cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def expiry(said: Mapping[str, Any]) -> datetime | None:
    """When a token expires: `expireTime` is text of epoch milliseconds (there is no `exp`)."""
    value = said.get("expireTime")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
