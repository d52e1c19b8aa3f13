"""Whether turns have taken all that was fed: whoever reads page after page waits for them.

Otherwise the next pages are read while a turn saves and its calls leave, on the same interpreter,
and a restart waits for pages that have nothing to do with it.
"""

import asyncio
from contextlib import suppress

from .act import Act

CALLS_LEAVE_S = 0.002
"""How much longer while calls are in flight: what a call takes to reach a host nearby."""

PATIENCE_S = 0.25
"""The longest wait: a disk that hangs must not make the sources look blind."""


class CaughtUp:
    """Set while nothing waits for a turn."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._reached.set()

    def behind(self) -> None:
        """Something waits for a turn."""
        self._reached.clear()

    def reached(self) -> None:
        """Nothing waits any more."""
        self._reached.set()

    async def wait(self, act: Act) -> None:
        """Return when nothing waits and what was handed over can have left; or at the latest."""
        # A turn that has nothing to save has ended by then.
        await asyncio.sleep(0)
        if not self._reached.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    await self._reached.wait()
        if act.in_flight:
            await asyncio.sleep(CALLS_LEAVE_S)
