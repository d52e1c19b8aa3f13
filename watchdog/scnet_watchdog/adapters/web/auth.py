"""Who may see and ask: a bearer token from a file, compared in constant time."""

import asyncio
import hmac
from collections.abc import Callable
from pathlib import Path

from ...errors import WatchdogError

FILE_LIMIT = 4096
"""Bytes of a token file; ours have fifty."""

READ_AGAIN_AFTER_S = 2.0
"""The file is read again after so long: a token that was exchanged is void soon after."""


class TokenUnusable(WatchdogError):
    """The token file cannot be read, or holds no token."""


class BearerToken:
    """The token in force; a file that goes away lets nobody in.

    Args:
        learn: takes the token as a secret that must never be told.
        elapsed: a monotonic clock in seconds.

    Raises:
        TokenUnusable: from the start; later an unusable file refuses everybody.
    """

    def __init__(
        self, path: Path, learn: Callable[[str], None], elapsed: Callable[[], float]
    ) -> None:
        self._path = path
        self._learn = learn
        self._elapsed = elapsed
        self._token: bytes | None = self._read()
        self._read_at = elapsed()
        self._reading = asyncio.Lock()

    async def allows(self, header: str) -> bool:
        """Whether an `Authorization` header carries the token."""
        scheme, _, given = header.partition(" ")
        token = await self.current()
        if token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(token, given.strip().encode("utf-8", "replace"))

    async def current(self) -> bytes | None:
        """The token in force; None = its file cannot be used, and nobody is let in."""
        async with self._reading:
            if self._elapsed() >= self._read_at + READ_AGAIN_AFTER_S:
                try:
                    # In a thread: a network home that hangs must not stop the loop.
                    self._token = await asyncio.to_thread(self._read)
                except TokenUnusable:
                    self._token = None
                self._read_at = self._elapsed()
        return self._token

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                data = file.read(FILE_LIMIT + 1)
            text = data.decode().strip()
        except OSError as error:
            raise TokenUnusable(
                f"server.token_file: {self._path} cannot be read: {error.strerror}"
            ) from error
        except UnicodeDecodeError:
            raise TokenUnusable(f"server.token_file: {self._path} is no text") from None
        if not text or len(data) > FILE_LIMIT or len(text.split()) != 1:
            raise TokenUnusable(f"server.token_file: {self._path} must hold one token and no more")
        self._learn(text)
        return text.encode()
