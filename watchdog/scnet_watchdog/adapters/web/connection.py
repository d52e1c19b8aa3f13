"""One connection: hangs up on whoever sends no request, and lets the stream hang up."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Connection(H11Protocol):
    """Uvicorn's connection, which would wait for a first request for ever."""

    request_within_s = 10.0
    """How long the head of a request may take to come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "hang_up": self._hang_up}
        self._impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; with a whole head the wait is over, with a part of the next it begins."""
        before = self.scope
        super().data_received(data)
        if self.scope is not before:
            self._be_patient()
        elif self._impatience is None and self.cycle.response_complete:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone."""
        self._be_patient()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._impatience = self.loop.call_later(self.request_within_s, self._hang_up)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _hang_up(self) -> None:
        self.transport.abort()
