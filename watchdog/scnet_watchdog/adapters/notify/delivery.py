"""What it means to deliver a message: the error, and the narrow view of an HTTP client."""

from collections.abc import Mapping
from typing import Protocol

from ...errors import WatchdogError
from .render import Text


class Undelivered(WatchdogError):
    """A message did not arrive, or nobody knows; the text never holds the channel's URL."""


class Reply(Protocol):
    """An answer to a request."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> bytes:
        """The whole body."""


class Http(Protocol):
    """As much of an HTTP client as a webhook needs; it keeps its own deadline."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send once and read the whole answer.

        Raises:
            WatchdogError
        """


class Way(Protocol):
    """How messages reach one kind of URL."""

    async def send(self, url: str, text: Text) -> None:
        """Deliver one message.

        Raises:
            Undelivered
        """
