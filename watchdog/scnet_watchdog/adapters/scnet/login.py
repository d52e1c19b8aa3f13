"""Tokens: minted with AK/SK and renewed in time, read from a file, or fixed.

One token per center at a time: whoever finds a stale one asks for a fresher, everyone else waits
for the same answer.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from ...core.model import BlockCause
from ...ports import Clock, SourceRefused, SourceThrottled, SourceUnavailable
from ..http import HttpClient, HttpError
from .codes import is_throttled, retry_after
from .envelope import Envelope, believed, clean
from .token import Token

RENEW_BEFORE = timedelta(minutes=5)
"""A token is renewed so long before it expires; its lifetime is documented nowhere."""
RENEW_AGAIN = timedelta(minutes=1)
"""An attempt to renew in advance is made so often: a login that fails, a token with a shorter life
or a clock that runs ahead must not make a login of every request."""
NO_REGION = "0"
"""The platform's own token: valid for platform endpoints, not for a region's containers."""
LONGEST_CHOICE = 1000
"""What a refusal says of the regions to choose from, at most."""
LARGEST_TOKEN = 64 * 1024


class Tokens(Protocol):
    """Where a center's token comes from."""

    async def get(self) -> Token:
        """The token in force.

        Raises:
            SourceRefused: none is to be had; a person must act.
            SourceUnavailable: the network or the platform failed.
        """

    async def renew(self, stale: Token) -> Token | None:
        """A token fresher than the one that was refused, or None where there is none."""


class FixedToken:
    """A token from the config: never renewed."""

    def __init__(self, value: str, learn: Callable[[str], None]) -> None:
        learn(value)
        self._token = Token(value)

    async def get(self) -> Token:
        """The one token."""
        return self._token.usable()

    async def renew(self, stale: Token) -> Token | None:
        """There is no other."""
        del stale
        return None


class FileToken:
    """A token in a file: read again when the file changes, and when the token was refused."""

    def __init__(
        self, path: Path, learn: Callable[[str], None], renewed: Callable[[], None]
    ) -> None:
        self._path = path
        self._learn = learn
        self._renewed = renewed
        self._stamp: tuple[int, ...] | None = None
        self._token: Token | None = None

    async def get(self) -> Token:
        """The token in the file as it is now."""
        try:
            found = await asyncio.to_thread(self._path.stat)
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if self._token is None or stamp != self._stamp:
                self._take(await asyncio.to_thread(self._read), stamp)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise SourceRefused(
                f"the token file {self._path} cannot be read: {why}", BlockCause.CREDENTIALS
            ) from error
        if self._token is None or not self._token.value:
            raise SourceRefused(f"the token file {self._path} is empty", BlockCause.TOKEN_EXPIRED)
        return self._token.usable()

    async def renew(self, stale: Token) -> Token | None:
        """The file's token, if it is another one than the refused."""
        self._stamp = None
        fresh = await self.get()
        return fresh if fresh.value != stale.value else None

    def _read(self) -> str:
        with self._path.open(encoding="utf-8") as opened:
            return opened.read(LARGEST_TOKEN).strip()

    def _take(self, value: str, stamp: tuple[int, ...]) -> None:
        self._stamp = stamp
        if self._token is not None and self._token.value == value:
            return
        self._learn(value)
        first, self._token = self._token is None, Token(value)
        if not first:
            self._renewed()


@dataclass(frozen=True, slots=True)
class Keys:
    """What AK/SK login needs."""

    user: str
    access_key: str
    secret_key: str
    token_url: str
    cluster_id: str | None = None

    def __repr__(self) -> str:
        return f"Keys({self.user!r}, …)"


class KeyLogin:
    """Mints tokens with AK/SK, for the one region that is meant."""

    def __init__(
        self,
        keys: Keys,
        http: HttpClient,
        clock: Clock,
        learn: Callable[[str], None],
        renewed: Callable[[], None],
    ) -> None:
        learn(keys.access_key)
        learn(keys.secret_key)
        self._keys = keys
        self._http = http
        self._clock = clock
        self._learn = learn
        self._renewed = renewed
        self._token: Token | None = None
        self._tried_at: datetime | None = None
        self._logins = 0
        self._failure: SourceUnavailable | SourceRefused | None = None
        self._one = asyncio.Lock()

    async def get(self) -> Token:
        """The token in force; a new one when it expires soon."""
        before = self._logins
        async with self._one:
            held = self._token
            if held is None:
                self._share_failure_since(before)
                return await self._mint()
            if not self._due(held):
                return held
            try:
                return await self._mint()
            except SourceUnavailable:
                # It was in advance: what we hold may be good still, and a refusal will tell.
                return held

    def _due(self, held: Token) -> bool:
        if held.expires_at is None or self._clock.wall() < held.expires_at - RENEW_BEFORE:
            return False
        return self._tried_at is None or self._clock.now() >= self._tried_at + RENEW_AGAIN

    async def renew(self, stale: Token) -> Token | None:
        """A new token, unless somebody has fetched one since the stale one was used."""
        before = self._logins
        async with self._one:
            if self._token is not None and self._token.value != stale.value:
                return self._token
            self._share_failure_since(before)
            if self._logins != before:
                return None
            fresh = await self._mint()
            return fresh if fresh.value != stale.value else None

    def _share_failure_since(self, before: int) -> None:
        """A login that failed while we waited for it has failed for us too."""
        if self._logins != before and self._failure is not None:
            raise self._failure

    async def _mint(self) -> Token:
        self._tried_at = self._clock.now()
        self._failure = None
        try:
            return await self._fetched()
        except (SourceUnavailable, SourceRefused) as error:
            self._failure = error
            raise
        finally:
            self._logins += 1

    async def _fetched(self) -> Token:
        try:
            reply = await self._http.request(
                "POST", self._keys.token_url, headers=signed(self._keys, self._clock.wall())
            )
        except HttpError as error:
            raise SourceUnavailable(f"login failed: {error}") from error
        if is_throttled(reply):
            raise SourceThrottled(f"login: HTTP {reply.status}", retry_after(reply))
        envelope = believed(reply)
        if envelope is None and reply.status in (401, 403):
            raise SourceRefused(f"login refused: HTTP {reply.status}", BlockCause.CREDENTIALS)
        if envelope is None:
            raise SourceUnavailable(f"login failed: HTTP {reply.status} without an envelope")
        if not envelope.ok:
            self._refuse(envelope)
        for value in _tokens(envelope.data):
            self._learn(value)
        value = region_token(envelope.data, self._keys.cluster_id)
        token = Token(value).usable()
        first, self._token = self._token is None, token
        if not first:
            self._renewed()
        return token

    def _refuse(self, envelope: Envelope) -> None:
        text = f"login refused with code {envelope.code}: {envelope.message}"
        if envelope.code == "10001":
            raise SourceUnavailable(text)
        cause = BlockCause.FROZEN if envelope.code == "10007" else BlockCause.CREDENTIALS
        raise SourceRefused(text, cause, envelope.code)


def signed(keys: Keys, now: datetime) -> dict[str, str]:
    """The login's headers: HMAC-SHA256 over compact JSON with a fixed key order."""
    timestamp = str(int(now.timestamp()))
    text = (
        f'{{"accessKey":"{_escaped(keys.access_key)}","timestamp":"{timestamp}",'
        f'"user":"{_escaped(keys.user)}"}}'
    )
    signature = hmac.new(keys.secret_key.encode(), text.encode(), sha256).hexdigest()
    return {
        "user": keys.user,
        "accessKey": keys.access_key,
        "signature": signature,
        "timestamp": timestamp,
    }


def _escaped(text: str) -> str:
    """Only backslash and quote are escaped; other characters stay as they are."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _tokens(data: Any) -> Iterator[str]:
    """Every region's token: none of them may be told, whichever is used."""
    for one in data if isinstance(data, list) else ():
        if isinstance(one, Mapping) and isinstance(value := one.get("token"), str):
            yield value


def region_token(data: Any, cluster_id: str | None) -> str:
    """The token of the region that is meant.

    Raises:
        SourceRefused: no such region, several to choose from, or no token: the account is stopped.
    """
    found = [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []
    named = {str(id_): one for one in found if isinstance(id_ := one.get("clusterId"), (str, int))}
    wanted = [cluster_id] if cluster_id else [name for name in named if name != NO_REGION]
    known = ", ".join(
        f"{name} {one.get('clusterName', '')}".strip()
        for name, one in named.items()
        if name != NO_REGION
    )
    if len(wanted) != 1 or wanted[0] not in named:
        text = f"set cluster_id to one of: {known}" if known else "the account has no region yet"
        raise SourceRefused(clean(f"login: {text}", LONGEST_CHOICE), BlockCause.CREDENTIALS)
    value = named[wanted[0]].get("token")
    if not isinstance(value, str) or not value:
        text = f"the account is stopped in region {wanted[0]} (no token)"
        raise SourceRefused(clean(text, LONGEST_CHOICE), BlockCause.ARREARS)
    return value
