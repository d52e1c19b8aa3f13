"""A browser's session: the token is typed once, then a signed cookie stands for it.

The cookie holds a moment and its signature; the key is derived from the token in force. So nothing
is remembered here, a session outlives a restart of the daemon, and exchanging the token ends all.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie

NAME = "scnet_watchdog_session"

LASTS = timedelta(days=7)
"""A session ends after so long, used or not: a lost device is not let in for ever."""

COOKIE_LIMIT = 4096
"""Bytes of a cookie header that are looked at; browsers send no larger cookie."""

_PURPOSE = b"scnet-watchdog browser session 1"


class Sessions:
    """Makes and checks cookies.

    Args:
        now: the wall clock, aware.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def begin(self, token: bytes, secure: bool) -> str:
        """The `Set-Cookie` of a new session.

        Args:
            secure: whether the page came by HTTPS: the cookie is then never sent without it.
        """
        ends = str(int((self._now() + LASTS).timestamp()))
        value = f"{ends}.{_signature(token, ends)}"
        return _cookie(value, int(LASTS.total_seconds()), secure)

    def end(self) -> str:
        """The `Set-Cookie` that makes a browser forget its session."""
        return _cookie("", 0, secure=False)

    def holds(self, token: bytes, header: str) -> bool:
        """Whether a `Cookie` header carries a session of this token that has not ended."""
        ends, _, signature = _value(header).partition(".")
        expected = _signature(token, ends)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return False
        # Signed by us: it is a number.
        return self._now().timestamp() < int(ends)


def _signature(token: bytes, ends: str) -> str:
    key = hmac.digest(token, _PURPOSE, sha256)
    return hmac.new(key, ends.encode("utf-8", "replace"), sha256).hexdigest()


def _cookie(value: str, lasts_s: int, secure: bool) -> str:
    last = "; Secure" if secure else ""
    return f"{NAME}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Strict{last}"


def _value(header: str) -> str:
    if len(header) > COOKIE_LIMIT:
        return ""
    try:
        found = SimpleCookie(header).get(NAME)
    except CookieError:
        return ""
    return "" if found is None else found.value
