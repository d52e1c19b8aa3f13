"""Events as they happen, as server-sent events; a client that cannot keep up is hung up on."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from ...core.event import Event
from .answers import Mask, Unacceptable, text_of

CLIENTS = 32
"""Streams open at once."""

WAITING_AT_MOST = 10_000
"""Events that may wait for one client: a storm of a large fleet tells thousands in one turn."""

KEEP_ALIVE_S = 15.0
"""A comment is sent after so long without an event: proxies close silent connections."""

Told = Callable[[Event], dict[str, object]]
"""An event as it stands in the log."""


class Client:
    """One open stream."""

    def __init__(self, hang_up: Callable[[], None]) -> None:
        self.waiting: deque[tuple[int, Event]] = deque()
        self.over = False
        self.news = asyncio.Event()
        self._hang_up = hang_up

    def put(self, number: int, event: Event) -> None:
        """One event more; past the bound the stream ends."""
        if len(self.waiting) >= WAITING_AT_MOST:
            self.end()
            self._hang_up()
            return
        self.waiting.append((number, event))
        self.news.set()

    def end(self) -> None:
        """No more events."""
        self.over = True
        self.waiting.clear()
        self.news.set()


class Streams:
    """All open streams.

    Args:
        listen: hears every event from now on; returns what ends that.
    """

    def __init__(
        self,
        listen: Callable[[Callable[[Event], None]], Callable[[], None]],
        told: Told,
        mask: Mask,
        keep_alive: float = KEEP_ALIVE_S,
    ) -> None:
        self._told = told
        self._mask = mask
        self._keep_alive = keep_alive
        self._clients: set[Client] = set()
        self._number = 0
        self._unlisten = listen(self._hear)

    @property
    def clients(self) -> int:
        """Streams open now."""
        return len(self._clients)

    def admit(self) -> None:
        """See that there is room for one more.

        Raises:
            Unacceptable: there are too many.
        """
        if len(self._clients) >= CLIENTS:
            raise Unacceptable(f"{CLIENTS} streams are open already", 503)

    async def lines(self, hang_up: Callable[[], None]) -> AsyncIterator[str]:
        """What one client is sent, until it goes or the server ends."""
        # Only now: whoever goes before the first line leaves nothing behind.
        client = Client(hang_up)
        self._clients.add(client)
        try:
            # The first bytes tell the client that it is connected and misses nothing from here.
            yield ": connected\n\n"
            while not client.over:
                if not client.waiting:
                    client.news.clear()
                    with suppress(TimeoutError):
                        # Silence is no error: a comment keeps the connection alive.
                        async with asyncio.timeout(self._keep_alive):
                            await client.news.wait()
                if client.waiting:
                    yield self._message(*client.waiting.popleft())
                elif not client.over:
                    yield ": still here\n\n"
        finally:
            self._clients.discard(client)

    def close(self) -> None:
        """End every stream."""
        self._unlisten()
        for client in tuple(self._clients):
            client.end()

    def _hear(self, event: Event) -> None:
        self._number += 1
        for client in tuple(self._clients):
            client.put(self._number, event)

    def _message(self, number: int, event: Event) -> str:
        data = text_of(self._told(event), self._mask)
        return f"id: {number}\nevent: {event.kind}\ndata: {data}\n\n"
